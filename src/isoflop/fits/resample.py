"""Intervals by resampling: refit a law to runs, clusters of them, or residuals drawn again and again."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from isoflop.errors import BadInput, FitError
from isoflop.estimates.ensemble import Ensemble
from isoflop.estimates.fit import Check, Fit, Verdict
from isoflop.fits.basins import Refits, refit
from isoflop.fits.objective import Floats, from_search
from isoflop.fits.problem import Problem, problem_of
from isoflop.fits.residuals import flipped, redrawn
from isoflop.fits.tangent import search_point
from isoflop.laws.law import Law
from isoflop.runs.table import Table

CASE, CLUSTER, RESIDUAL, WILD = KINDS = ("case", "cluster", "residual", "wild")
FEW_CLUSTERS = 10
MOST_DROPPED = 0.1
CELLS = 2**24  # draws x runs at once, 128 MB


def bootstrap(
    found: Fit,
    table: Table | None = None,
    *,
    draws: int = 1000,
    seed: int = 0,
    kind: str | None = None,
    cluster: str | None = "run_id",
) -> Ensemble:
    """Refit the law, with the fit's own objective and weights, to `draws` tables that might as well have been seen.

    "case": as many runs drawn with replacement (Efron 1979). "cluster": the same of whole clusters, all rows with one
    value of the column `cluster`: checkpoints of one run depend on each other. Both draw within each budget where the
    table has budgets. "residual": the fitted outputs with residuals drawn from all runs. "wild": each run's (cluster's)
    own residuals with random signs. See fits/residuals.py. The kind is "cluster" unless asked otherwise where several
    rows share a cluster, else "case"; `how` of the result names it. `cluster` None: all rows are independent.

    Draws that do not converge or leave the law's domain are dropped and counted; `FitError` if that is more than a
    tenth. Raises `BadInput` for a kind that the table or the objective does not allow.
    """
    table = found.table if table is None else table
    if table is None or draws < 1:
        raise BadInput(f"A bootstrap needs the table of the fit and at least one draw; got {draws} draws of {table}.")
    if kind is not None and kind not in KINDS:
        raise BadInput(f"A bootstrap's kind is one of {', '.join(KINDS)}; got {kind!r}.")
    codes = clusters(table, cluster)
    n_clusters = int(codes.max()) + 1
    shared = n_clusters < len(table)
    kind = kind or (CLUSTER if shared else CASE)
    problem, theta = _problem(found, table), search_point(found.law)
    _refuse(kind, problem, shared, cluster)
    rng = np.random.default_rng(seed)
    strata = _strata(table, codes if kind == CLUSTER else np.arange(len(table)))
    parts = []
    at_once = max(1, CELLS // len(table))
    for size in [min(at_once, draws - first) for first in range(0, draws, at_once)]:
        weights: Floats | None = None
        measured: Floats | None = None
        if kind == RESIDUAL:
            measured = redrawn(problem, theta, size, rng)
        elif kind == WILD:
            measured = flipped(problem, theta, codes, size, rng)
        else:
            drawn = counts(strata, size, rng)
            weights = (drawn[:, codes] if kind == CLUSTER else drawn) * problem.weights
        parts.append(refit(problem, theta, weights, measured, size))
    of = f"{n_clusters} runs (rows with one {cluster})" if kind == CLUSTER or (kind == WILD and shared) else "all rows"
    how = f"{kind} bootstrap of {of}" + (", within each budget" if len(set(strata)) > 1 and kind in KINDS[:2] else "")
    doubts = list(_doubts(parts, kind, n_clusters, len(table), cluster))
    return replace(_ensemble(found, parts), seed=seed, how=how, checks=tuple(doubts))


def counts(groups: ArrayLike, draws: int, rng: np.random.Generator) -> Floats:
    """(draws, n): how often each run is drawn when every group keeps its size. A missing group (NaN) is one group."""
    _, group = np.unique(np.asarray(groups), return_inverse=True)
    found = np.zeros((draws, len(group)))
    for each in range(group.max() + 1):
        rows = np.flatnonzero(group == each)
        found[:, rows] = rng.multinomial(len(rows), np.full(len(rows), 1 / len(rows)), size=draws)
    return found


def clusters(table: Table, column: str | None) -> NDArray[np.intp]:
    """(n,): the number of each row's cluster; every row is its own where there is no such column, or an empty cell."""
    rows = np.arange(len(table))
    if column is None or (column == "run_id" and column not in table):
        return rows
    cells = table[column]
    names = [f"row {row}" if str(cell) in {"", "nan"} else f"= {cell}" for row, cell in zip(rows, cells, strict=True)]
    return np.asarray(np.unique(names, return_inverse=True)[1], dtype=np.intp)


def refits(found: Fit, table: Table, weights: Floats, *, measured: Floats | None = None) -> Ensemble:
    """The law refitted under each row of weights (draws, n), which multiply the fit's own, and of measured outputs."""
    problem = _problem(found, table)
    ended = refit(problem, search_point(found.law), weights * problem.weights, measured, len(weights))
    return _ensemble(found, [ended])


def _problem(found: Fit, table: Table) -> Problem:
    if found.minimised is None:
        raise BadInput(f"A fit by {found.approach} has its own bootstrap: the draws of its minima.")
    return problem_of(type(found.law), table, found.minimised, found.weights if table is found.table else None)


def _refuse(kind: str, problem: Problem, shared: bool, cluster: str | None) -> None:
    if kind == RESIDUAL and shared:
        raise BadInput(
            f"Rows that share a {cluster} have residuals that depend on each other, so they cannot be exchanged. "
            "Draw clusters (kind 'cluster') or flip their signs together ('wild')."
        )
    if kind == WILD and problem.objective.lean != 1:
        raise BadInput(
            f"An objective that leans (by {problem.objective.lean:g}) does not stay where it is under random signs: "
            "use the kind 'case', 'cluster' or 'residual'."
        )


def _strata(table: Table, codes: NDArray[np.intp]) -> NDArray[np.intp]:
    """The budget of each unit that is drawn, as a number; one for all where there are none, or units span several.

    A budget with one unit alone would always be drawn as it is: such budgets are drawn together.
    """
    units, first, unit = np.unique(codes, return_index=True, return_inverse=True)
    alone = np.zeros(len(units), np.intp)
    if "budget" not in table:
        return alone
    _, budget, size = np.unique(table["budget"][first], return_inverse=True, return_counts=True)
    _, of_row = np.unique(table["budget"], return_inverse=True)
    if np.any(of_row != of_row[first][unit]):
        return alone
    return np.where(size[budget] > 1, budget + 1, 0)


def _ensemble(found: Fit, parts: Sequence[Refits]) -> Ensemble:
    form, params = type(found.law), type(found.law).params()
    laws: list[Law] = []
    for part in parts:
        for theta, good in zip(part.theta, part.converged, strict=True):
            constants = from_search(params, theta)
            inside = all(p.domain[0] <= constants[p.name] <= p.domain[1] for p in params)
            if good and inside:
                laws.append(form(**constants, about=found.law.about))
    draws = sum(len(part.theta) for part in parts)
    dropped = draws - len(laws)
    if dropped > MOST_DROPPED * draws:
        raise FitError(
            f"{dropped} of {draws} resampled fits of {form.__name__} have no optimum in its domain: "
            "the runs do not determine the law. Add runs at other sizes or budgets, or fit a law with fewer constants."
        )
    return Ensemble(tuple(laws), dropped=dropped)


def _doubts(parts: Sequence[Refits], kind: str, n_clusters: int, n: int, cluster: str | None) -> list[Check]:
    doubts = []
    if kind == CASE and n_clusters < n:
        message = f"{n} rows of {n_clusters} runs were drawn as if rows of one {cluster} were independent"
        doubts.append(
            Check("clusters", Verdict.WARN, f"{message}: the intervals are too narrow; use the kind 'cluster'")
        )
    if kind == CLUSTER and n_clusters < FEW_CLUSTERS:
        message = f"{n_clusters} clusters are too few to draw from: the intervals are too narrow"
        doubts.append(Check("clusters", Verdict.WARN, f"{message}; add runs, or use the kind 'wild'"))
    moved, draws = sum(part.moved for part in parts), sum(len(part.theta) for part in parts)
    basins = max(part.basins for part in parts)
    if basins > 1:
        message = (
            f"the objective has {basins} optima at least; {moved} of {draws} draws ended in another than the fit's"
        )
        doubts.append(Check("other optima", Verdict.WARN, f"{message}: the intervals hold them all"))
    return doubts
