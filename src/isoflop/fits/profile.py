"""Profile likelihood: one constant, or the output at one place, held at each of many values, all else refitted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from isoflop.errors import BadInput, FitError
from isoflop.estimates.check import Check, Verdict
from isoflop.estimates.ensemble import Ensemble
from isoflop.estimates.fit import Fit
from isoflop.fits.likelihood import deviance, threshold
from isoflop.fits.line import Constant, Held, Line, Output
from isoflop.fits.objective import Floats, from_search
from isoflop.fits.problem import problem_of
from isoflop.fits.resample import clusters
from isoflop.fits.sandwich import covariance
from isoflop.fits.solve import screen
from isoflop.fits.tangent import search_point
from isoflop.laws.law import Law
from isoflop.runs.table import Table

LIKELIHOOD = "likelihood, its scale estimated"
SANDWICH = "objective, calibrated by the sandwich"
WIDENED = 3  # times, each by as much again on a side that has not risen enough
LOOKED = 0.98  # the level up to which a profile is widened, unless
FLAT = 0.01  # its end rises by no more than this deviance over an eighth of the points


@dataclass(frozen=True)
class Profile:
    """The lowest objective at each value of `name`, and how far it rises in units of chi^2 with one degree of freedom.

    laws: the refitted law at each value. minima: (value, objective) of every local minimum that the profile passes, let
    free, the lowest first. scale: what the deviance assumes. n, p: independent runs and constants.
    """

    name: str
    values: Floats
    objective: Floats
    deviance: Floats
    laws: tuple[Law, ...]
    minima: tuple[tuple[float, float], ...]
    scale: str
    n: int
    p: int

    def within(self, level: float = 0.9) -> tuple[tuple[float, float], ...]:
        """The stretches of values whose deviance stays below the level's threshold, ends interpolated.

        A stretch that reaches the end of what was looked at ends there: `bounded` says whether one does.
        """
        inside = self.deviance <= threshold(level, self.n, self.p)
        edges = np.flatnonzero(np.diff(np.concatenate([[0], inside.astype(int), [0]])))
        return tuple(
            (self._crossing(first, first - 1, level), self._crossing(last - 1, last, level))
            for first, last in zip(edges[::2], edges[1::2], strict=True)
        )

    def bounded(self, level: float = 0.9) -> tuple[bool, bool]:
        """Whether the deviance passes the threshold at the low and at the high end of the values."""
        limit = threshold(level, self.n, self.p)
        return bool(self.deviance[0] > limit), bool(self.deviance[-1] > limit)

    def check(self, level: float = 0.9) -> Check:
        """Whether the runs identify this number: a warning where one side never rises, or minima compete."""
        limit, low, high = threshold(level, self.n, self.p), *self.bounded(level)
        spans = " and ".join(
            f"{first:.4g}{'' if low or first > self.values[0] else ' (or less)'} to "
            f"{last:.4g}{'' if high or last < self.values[-1] else ' (or more)'}"
            for first, last in self.within(level)
        )
        message = f"{self.name} lies within {spans} ({level:.0%}, {self.scale})"
        rivals = [value for value, objective in self.minima if self._deviance_of(objective) <= limit]
        if len(rivals) > 1:
            message += f"; {len(rivals)} local minima compete, at {', '.join(f'{value:.4g}' for value in rivals)}"
        good = low and high
        if not good or len(rivals) > 1:
            message = f"barely identified: {message}"
        return Check(f"profile of {self.name}", Verdict.OK if good and len(rivals) == 1 else Verdict.WARN, message)

    @property
    def ensemble(self) -> Ensemble:
        """The refitted laws, weighted so that intervals of `name` are those of the profile; all else spreads less.

        The signed root of the deviance is taken as normal. Over a hump the deviance counts as low as beyond it, so that
        no minimum is left out; what lies beyond the ends counts as at them.
        """
        from scipy.stats import norm  # noqa: PLC0415  (slow to import)

        low = int(np.argmin(self.deviance))
        left = np.minimum.accumulate(self.deviance[: low + 1])
        right = np.minimum.accumulate(self.deviance[low:][::-1])[::-1]
        root = np.concatenate([-np.sqrt(left), np.sqrt(right[1:])])
        reached = np.concatenate([[-norm.cdf(root[0])], norm.cdf(root), [2 - norm.cdf(root[-1])]])
        return Ensemble(self.laws, (reached[2:] - reached[:-2]) / 2, how=f"profile of {self.name}: {self.scale}")

    def _deviance_of(self, objective: float) -> float:
        order = np.argsort(self.objective)
        return float(np.interp(objective, self.objective[order], self.deviance[order]))

    def _crossing(self, inner: int, outer: int, level: float) -> float:
        if not 0 <= outer < len(self.values):
            return float(self.values[inner])
        limit = threshold(level, self.n, self.p)
        share = (limit - self.deviance[inner]) / (self.deviance[outer] - self.deviance[inner])
        return float(self.values[inner] + share * (self.values[outer] - self.values[inner]))


def profile(
    found: Fit,
    what: str | Mapping[str, float],
    table: Table | None = None,
    *,
    values: Sequence[float] | Floats | None = None,
    cluster: str | None = "run_id",
    scale: str | None = None,
) -> Profile:
    """Hold a constant by its name, or the output at these inputs ({"n_params": 7e10, "tokens": 1.4e12}), and refit.

    Each value has many starts: the fit's, the best of the form's grid, and the optima of its neighbours on both sides,
    until none improves (fits/line.py). values: those to look at; else around the fit, widened while a side stays below
    the threshold.
    scale: SANDWICH (the default, where there is one) multiplies twice the rise of the objective by H^-1 / (H^-1 M H^-1)
    of this number (Pace, Salvan and Sartori 2011): right whatever the noise, and for clusters, as far as the number is
    identified near the fit. LIKELIHOOD assumes that rows are independent and their density is the objective's own, of
    unknown scale (fits/likelihood.py): on the runs of Besiroglu et al. 2024, whose noise is not, 90 % of alpha is .036
    wide, against .051 by the sandwich and .047 by the bootstrap.
    """
    table = found.table if table is None else table
    if table is None or found.minimised is None:
        raise BadInput("A profile needs a fit of runs, not of minima, and its table.")
    form = type(found.law)
    problem = problem_of(form, table, found.minimised, found.weights if table is found.table else None)
    codes = clusters(table, cluster)
    held: Held = Constant(problem, what) if isinstance(what, str) else Output(problem, what)
    theta = search_point(found.law)
    try:
        cov = covariance(problem, theta, codes)
    except FitError:
        cov = None
    if scale not in {None, LIKELIHOOD, SANDWICH}:
        raise BadInput(f"A profile's scale is {LIKELIHOOD!r} or {SANDWICH!r}; got {scale!r}.")
    if scale == SANDWICH and cov is None:
        raise FitError("The runs do not determine the law, so the sandwich calibrates nothing: use LIKELIHOOD.")
    scale = scale or (SANDWICH if cov is not None else LIKELIHOOD)
    n = cov.units if scale == SANDWICH and cov is not None else int(np.sum(problem.weights > 0))
    p = len(form.params())
    line = Line(problem, held, theta, cov)

    def rise() -> Floats:
        if scale == LIKELIHOOD or cov is None:
            return deviance(problem.objective, problem.weights, line.objective, p)
        a = held.tangent(theta)[cov.alive]
        factor = (a @ cov.inverse @ a) / (a @ cov.sandwich @ a)
        return np.asarray(2 * (line.objective - line.objective.min()) * factor)

    line.solve(line.around() if values is None else _looked_at(held, values))
    for _ in range(WIDENED if values is None else 0):
        deviances, near = rise(), len(line.t) // 8
        going = [d[0] < threshold(LOOKED, n, p) and abs(d[0] - d[near]) > FLAT for d in (deviances, deviances[::-1])]
        line.solve(line.wider(*map(bool, going)))
    minima = line.minima()
    at = held.at(np.asarray(minima))
    line.solve(at[(at > line.t[0]) & (at < line.t[-1])])  # so that the lowest points are on the line
    laws = tuple(form(**from_search(form.params(), each), about=found.law.about) for each in line.theta)
    lowest = tuple(zip(_values(held, at), screen(problem, np.asarray(minima)).tolist(), strict=True))
    return Profile(held.name, line.values(), line.objective, rise(), laws, lowest, scale, n, p)


def _looked_at(held: Held, values: Sequence[float] | Floats) -> Floats:
    """The values asked for, on the scale of the search."""
    given = np.unique(np.asarray(values, dtype=np.float64))
    if len(given) < 2 or not np.all(np.isfinite(given)) or (held.log and given[0] <= 0):
        above = " above 0" if held.log else ""
        raise BadInput(f"A profile needs two or more finite values of {held.name}{above}; got {values}.")
    return np.log(given) if held.log else given


def _values(held: Held, t: Floats) -> list[float]:
    return [float(each) for each in (np.exp(t) if held.log else t)]
