"""Which runs do not belong: rows off the law of the others, even where several of them have bent the fit."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from isoflop.errors import BadInput
from isoflop.estimates.objective import Objective
from isoflop.fits.fitted import Fitted, spread
from isoflop.fits.objective import Floats
from isoflop.fits.problem import Problem
from isoflop.fits.solve import minimise
from isoflop.fits.tangent import jacobian

OFF = 5.0  # standard deviations from the law of the others; normal noise is beyond in 6 runs of 10 million
SMALL = 1e-3  # and at least this share of the output: less is lost in the noise of evaluation
MANY = 512  # of more runs, so many give the law of the others
ROUNDS = 3
HIGH, PART = 2.0, 5  # leverage: that many times the mean is high; one part of so many is dropped at the most


@dataclass(frozen=True)
class Others:
    """The law of the runs that agree: a point of the search, and of every row its distance from it.

    above: ln y - ln f, or y - f. deviations: the same in standard deviations of a run that the law has not seen.
    width: the standard deviation of the runs that agree.
    """

    theta: Floats
    above: Floats
    deviations: Floats
    width: float

    @property
    def off(self) -> NDArray[np.bool_]:
        """Rows that do not belong."""
        return np.abs(self.deviations) > OFF


def law_of_the_others(fitted: Fitted) -> Others:
    """The law that most runs follow, found although bad runs may hide each other (masking).

    Four fits begin: of all runs; of those without the highest leverage, which could have drawn the law to themselves;
    without those most above it, as diverged and undertuned runs are; and without those most below. Each goes on with
    the runs that agree with it, within what the noise and its own standard error allow there, and the one which then
    describes the most runs best is taken (concentration as of Rousseeuw and Van Driessen 1999, nomination as of Billor,
    Hadi and Velleman 2000).
    """
    whole, few = fitted.problem, fitted.problem.thinned(MANY)
    began = above, J = -few.residuals(fitted.law), jacobian(few, fitted.theta)
    keep = np.stack(list(_beginnings(few, J, above)))
    theta = np.repeat(fitted.theta[None], len(keep), axis=0)
    width = spread(above, J.shape[1])
    for _ in range(ROUNDS):
        theta = minimise(gentle(few, width), theta, few.weights * keep).theta
        seen = [look(few, each) or began for each in theta]
        width = min(spread(each, J.shape[1]) for each, _ in seen)
        before = keep
        keep = np.stack([np.abs(_deviations(few, *each, k)) <= OFF for each, k in zip(seen, keep, strict=True)])
        if np.array_equal(keep, before):
            break
    bounded = [few.weights @ np.minimum(each**2, (OFF * width) ** 2) for each, _ in seen]
    best = theta[int(np.argmin(bounded))]
    above, J = look(whole, best) or (fitted.above, fitted.jacobian)
    agree = np.abs(_deviations(whole, above, J, np.ones(len(above), bool))) <= OFF
    deviations = _deviations(whole, above, J, agree, sharp=True)
    small = np.abs(above) <= SMALL * fitted.problem.scale
    return Others(best, above, np.where(small, 0.0, deviations), width)


def leverage(at: Floats, J: Floats, w: Floats) -> Floats:
    """a (J'WJ)^-1 a' for each line a of `at`: the variance there of what is fitted to rows of unit noise.

    A constant that the rows do not determine makes it large, not small.
    """
    unit = np.maximum(np.abs(J).max(axis=0), 1e-300)
    sizes, axes = np.linalg.eigh(((J / unit).T * w) @ (J / unit))
    along = (at / unit) @ axes
    return np.asarray(np.sum(along**2 / np.maximum(sizes, max(1e-13 * sizes[-1], 1e-300)), axis=-1))


def gentle(problem: Problem, width: float) -> Problem:
    """The problem with Huber's function at 1.345 standard deviations: of normal noise, 95 % as sharp as squares."""
    return replace(problem, objective=Objective(1.345 * max(width, 1e-9 * problem.scale), problem.objective.scale))


def _beginnings(problem: Problem, J: Floats, above: Floats) -> Iterator[NDArray[np.bool_]]:
    n = len(above)
    yield np.ones(n, bool)
    pull = problem.weights * leverage(J, J, problem.weights)
    yield pull <= max(HIGH * J.shape[1] / n, np.partition(pull, -(n // PART) - 1)[-(n // PART) - 1])
    yield above <= np.quantile(above, 1 - 1 / PART)
    yield above >= np.quantile(above, 1 / PART)


def look(problem: Problem, theta: Floats) -> tuple[Floats, Floats] | None:
    """How far every run lies above the law at a point, and the Jacobian there; nothing where there is no law."""
    with np.errstate(all="ignore"):
        try:
            above = -problem.objective.residuals(problem.fitted(theta), problem.measured)
        except BadInput:  # outside the domain of a constant
            return None
    J = jacobian(problem, theta)
    return (above, J) if np.isfinite(above).all() and np.isfinite(J).all() else None


def _deviations(problem: Problem, above: Floats, J: Floats, keep: NDArray[np.bool_], *, sharp: bool = False) -> Floats:
    """above ÷ sqrt(s^2 / w + s^2 J (J'WJ)^-1 J'), J'WJ being of the runs kept, s by the median of all.

    That median is too small once in a while where runs are few; the last and sharp look takes the root mean square of
    the runs kept where that is larger, and counts as OFF what Student's t leaves as rarely beyond.
    """
    from scipy.special import ndtr, stdtrit  # noqa: PLC0415  (a process that fits nothing should not pay for it)

    w = problem.weights / np.median(problem.weights[problem.weights > 0])
    hat = leverage(J, J, w * keep)
    width = max(spread(above * np.sqrt(w), J.shape[1]), 1e-9 * problem.scale)
    if sharp:
        free = max(int(keep.sum()) - J.shape[1], 1)
        width = max(width, float(np.sqrt(np.sum((w * above**2)[keep]) / free)))
        width *= float(stdtrit(free, ndtr(OFF))) / OFF
    return np.asarray(above / (width * np.sqrt(1 / np.maximum(w, 1e-12) + hat)))
