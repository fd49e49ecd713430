"""What is known of a law's constants before any run, and coordinates in which their posterior is round."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from isoflop.fits.objective import Floats
from isoflop.fits.problem import Problem
from isoflop.fits.tangent import jacobian, search_point
from isoflop.laws.law import Law, Param

EXPONENT = 0.35, 0.7
"""Median of an exponent and the spread of its logarithm: 90 % within .11 and 1.1. Those published for text, of N and of
D, lie between .2 and .8."""
SIGNED = 0.3, 0.5
"""Mean and spread of an exponent that may be negative."""
STEEPEST = 2.5  # a dimensionless constant whose starts go higher is no exponent
VAGUE = 5.0  # spread of ln of what the runs hardly determine, for the coordinates alone; it is no prior


@dataclass(frozen=True)
class Coordinates:
    """place = centre + axes u: logarithms of constants that are positive, others as they are; u is of unit size.

    Priors. A dimensionless constant (unit "1") that is searched near 0 to 2.5 is an exponent and has a normal prior
    (prior_mean, prior_sd) on its logarithm, EXPONENT, or SIGNED on itself. Another dimensionless one has one as wide as
    the starts of the form. All others are flat (prior_sd infinite). Those the law is linear in (E, A, B) are flat in
    the size of their term in the middle of the runs, in nats: E, A and B depend on text and tokenizer and carry nothing
    over. Flat in ln A instead would be improper: a term that has vanished would be as likely at every A below. Flat in
    A itself, at N = 1, would prefer steep exponents. What remains, such as a scale in tokens, is flat in its logarithm.
    """

    centre: Floats
    axes: Floats
    prior_mean: Floats
    prior_sd: Floats
    middle: tuple[Floats, ...]

    @classmethod
    def around(cls, law: Law, problem: Problem, noise: Floats) -> Self:
        """Around a fitted law; noise (n,) is the relative noise of each run, infinite for one that does not count."""
        params, p = law.params(), len(law.params())
        on_log = np.asarray(positive(type(law)))
        constants = np.asarray([float(getattr(law, each.name)) for each in params])
        gone = on_log & (constants <= 0)
        theta = search_point(law)
        J = jacobian(problem, theta)
        of_log = np.asarray(
            [c if log and each.scale != "log" else 1.0 for c, log, each in zip(constants, on_log, params, strict=True)]
        )
        used = np.isfinite(noise)
        r = problem.residuals(law)[used]
        size = noise[used] * max(float(np.median(np.abs(r / noise[used]))) * 1.48, 1e-6)
        J = np.where(gone, 0.0, J * of_log)[used] / size[:, None]
        mean, sd = _priors(params, on_log)
        axes = np.linalg.cholesky(np.linalg.inv(J.T @ J + np.diag(np.minimum(sd, VAGUE) ** -2.0)))
        middle = int(np.argsort(np.where(used, problem.measured, np.inf))[used.sum() // 2])
        # A constant that ran to 0 begins where its term is a tenth of the output.
        begin = np.where(gone, np.where(sd < np.inf, np.exp(mean), 0.1 * problem.measured[middle]), constants)
        with np.errstate(all="ignore"):
            centre = np.where(on_log, np.log(begin), constants)
        at = tuple(np.asarray(x[middle]) for x in problem.inputs)
        return cls(centre, np.asarray(axes).reshape(p, p), mean, sd, at)

    @property
    def arrays(self) -> tuple[object, ...]:
        """All of it, in the order that the density takes."""
        return self.centre, self.axes, self.prior_mean, self.prior_sd**-2.0, self.middle

    def laws(self, law: Law, u: Floats) -> tuple[Law, ...]:
        """Whitened draws (m, k or more) as laws of `law`'s form, without those outside its domain."""
        place = self.centre + u[:, : len(self.centre)] @ self.axes.T
        on_log = np.asarray(positive(type(law)))
        with np.errstate(over="ignore"):
            constants = np.where(on_log, np.exp(np.where(on_log, place, 0.0)), place)
        params = law.params()
        inside = np.all(
            [(c >= p.domain[0]) & (c <= p.domain[1]) for c, p in zip(constants.T, params, strict=True)], axis=0
        )
        names = [p.name for p in params]
        return tuple(
            type(law)(**dict(zip(names, map(float, row), strict=True)), about=law.about) for row in constants[inside]
        )


def positive(form: type[Law]) -> tuple[bool, ...]:
    """Which constants cannot be negative: their logarithms are the coordinates."""
    return tuple(p.domain[0] >= 0 for p in form.params())


def flat_terms(form: type[Law]) -> tuple[str, ...]:
    """The constants that the law is linear in, whose prior is flat in the size of their term."""
    return tuple(p.name for p in form.params() if p.linear and p.domain[0] >= 0 and p.unit != "1")


def _priors(params: tuple[Param, ...], on_log: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    mean, sd = np.zeros(len(params)), np.full(len(params), np.inf)
    for i, each in enumerate(params):
        if each.unit != "1":
            continue
        starts = np.asarray([start for start in each.starts if start > 0] or [1.0])
        if not on_log[i]:
            mean[i], sd[i] = SIGNED
        elif max(each.starts) <= STEEPEST:
            mean[i], sd[i] = np.log(EXPONENT[0]), EXPONENT[1]
        else:
            mean[i] = float(np.mean(np.log(starts[[0, -1]])))
            sd[i] = max(1.0, float(np.ptp(np.log(starts))) / 2)
    return mean, sd
