"""A fit as its checks look at it: the problem, the law, the table, and what several of them ask, computed once."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from isoflop.allocations.allocate import allocate
from isoflop.errors import IsoflopError
from isoflop.estimates.fit import Verdict
from isoflop.fits.objective import Floats, from_search
from isoflop.fits.problem import Problem
from isoflop.fits.tangent import jacobian, search_point
from isoflop.laws.law import Law
from isoflop.runs.table import Table

AHEAD = 10.0  # a forecast is looked at this far beyond the largest run, in compute, if nobody says where
NORMAL = 1.4826  # median of |r| → standard deviation, where r is normal
SMOOTH = 0.2  # Huber's threshold, in standard deviations, that moves no conclusion from absolute deviations
SIZE = "best size"
SHOWN = 20  # row numbers that a message lists


@dataclass(frozen=True)
class Fitted:
    """A law fitted to a table; flops: the budget that the law is wanted for (default: AHEAD times the largest run)."""

    problem: Problem
    law: Law
    table: Table
    flops: float | None = None

    @cached_property
    def smooth(self) -> Problem:
        """The problem that refits are made of: absolute deviations, whose descent is slow, become Huber's function."""
        objective = self.problem.objective
        if objective.delta > 0:
            return self.problem
        width = max(spread(self.above, len(self.theta)), 1e-9 * self.problem.scale)
        return replace(self.problem, objective=replace(objective, delta=SMOOTH * width))

    @cached_property
    def theta(self) -> Floats:
        """The law's constants in search coordinates."""
        return search_point(self.law)

    @cached_property
    def jacobian(self) -> Floats:
        """(n, p): how what the law says of each run moves with the search coordinates."""
        return jacobian(self.problem, self.theta)

    @cached_property
    def above(self) -> Floats:
        """How far each run lies above the law: ln y - ln f, or y - f."""
        return -self.problem.residuals(self.law)

    @cached_property
    def trust(self) -> Floats:
        """The square root of each run's weight, the typical one 1: residuals times this are of one size."""
        w = self.problem.weights
        return np.sqrt(w / np.median(w[w > 0]))

    @cached_property
    def runs(self) -> NDArray[np.intp]:
        """Which run each row belongs to, from 0: rows of one run_id are checkpoints of one run."""
        if "run_id" not in self.table:
            return np.arange(len(self.table))
        ids = np.asarray(self.table["run_id"])
        _, run = np.unique(ids, return_inverse=True)
        alone = run.max() + 1 + np.arange(len(ids))
        return np.asarray(np.unique(np.where(ids != "", run, alone), return_inverse=True)[1])

    @cached_property
    def splits(self) -> bool:
        """Whether the law says how to split a budget."""
        return self.law.inputs == ("n_params", "tokens")

    @cached_property
    def largest(self) -> float:
        """The largest run, FLOPs by the count of parameters that was fitted: 6 N D."""
        return float(np.max(6 * self.problem.inputs[0] * self.problem.inputs[1])) if self.splits else float("nan")

    @cached_property
    def budget(self) -> float:
        """Where the forecast is looked at, FLOPs."""
        return self.flops or AHEAD * self.largest

    @property
    def where(self) -> str:
        """That place in words."""
        if not self.splits:
            return f"at {AHEAD:g}x the largest inputs"
        return f"at {self.budget:.3g} FLOPs ({self.budget / self.largest:.3g}x the largest run)"

    def forecast(self, theta: Floats) -> dict[str, Floats]:
        """The forecast by each of m points of the search: (m,) best sizes and losses there, or outputs; NaN where none.

        A law of other inputs than N and D is asked for its output at AHEAD times its largest inputs.
        """
        found: dict[str, list[float]] = {SIZE: [], self.law.output: []} if self.splits else {self.law.output: []}
        for each in np.atleast_2d(theta):
            for name, value in zip(found, self._forecast(each), strict=True):
                found[name].append(value)
        return {name: np.asarray(values) for name, values in found.items()}

    def _forecast(self, theta: Floats) -> tuple[float, ...]:
        try:
            law = self.problem.form(**from_search(self.law.params(), theta))
            with np.errstate(all="ignore"):
                if not self.splits:
                    return (float(law(*(each.max() * AHEAD for each in self.problem.inputs))),)
                best = allocate(law, self.budget)
        except IsoflopError:
            return (np.nan, np.nan) if self.splits else (np.nan,)
        return best.n_params, best.loss

    def rows(self, positions: Iterable[int] | NDArray[np.intp]) -> str:
        """The rows' numbers in the table, in words; of checkpoints, the runs too where they are whole."""
        at = np.asarray(positions)
        numbers = [str(self.table.rows[i]) for i in at]
        if len(numbers) == 1:
            return f"row {numbers[0]}"
        whole = np.unique(self.runs[at])
        if len(whole) < len(at) == np.isin(self.runs, whole).sum():
            ids = [str(self.table["run_id"][np.argmax(self.runs == run)]) for run in whole[:SHOWN]]
            span = f"rows {numbers[0]} to {numbers[-1]}" if len(whole) == 1 else f"{len(at)} rows"
            return f"{'run' if len(whole) == 1 else 'runs'} {_listed(ids, len(whole))} ({span})"
        return f"rows {_listed(numbers[:SHOWN], len(numbers))}"


def _listed(names: list[str], count: int) -> str:
    more = f" and {count - len(names)} more" if count > len(names) else ""
    return f"{', '.join(names)}{more}"


def spread(residuals: Floats, constants: int = 0) -> float:
    """The standard deviation of most residuals: the median of their sizes, of as many as constants leave free."""
    n = len(residuals)
    return float(NORMAL * np.median(np.abs(residuals)) * np.sqrt(n / max(n - constants, 1)))


def verdict(good: bool, very: bool = True) -> Verdict:
    """Fail unless good, warn unless very good."""
    return Verdict.FAIL if not good else Verdict.OK if very else Verdict.WARN
