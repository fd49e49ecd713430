"""Intervals by resampling: refit a law to the runs drawn again and again."""

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from isoflop.errors import BadInput, FitError
from isoflop.estimates.ensemble import Ensemble
from isoflop.estimates.fit import Check, Fit, Verdict
from isoflop.estimates.objective import HUBER, Objective
from isoflop.fits.objective import Floats, from_search
from isoflop.fits.parametric import fit
from isoflop.fits.problem import problem_of
from isoflop.fits.solve import minimise
from isoflop.fits.tangent import search_point
from isoflop.laws.law import Law
from isoflop.runs.table import Table


def bootstrap(found: Fit, table: Table | None = None, *, draws: int = 1000, seed: int = 0) -> Ensemble:
    """Case bootstrap (Efron 1979): as many runs drawn with replacement, within each budget where the table has budgets.

    Each draw is refitted from the optimum to its own, with the fit's objective. Draws that do not converge or leave the
    law's domain are dropped and counted; `FitError` if that is more than a tenth.
    """
    table = found.table if table is None else table
    if table is None or draws < 1:
        raise BadInput(f"A bootstrap needs the table of the fit and at least one draw; got {draws} draws of {table}.")
    groups = np.asarray(table["budget"]) if "budget" in table else np.zeros(len(table))
    ensemble = refits(found, table, counts(groups, draws, np.random.default_rng(seed)))
    return replace(ensemble, seed=seed)


def fit_with_intervals(
    form: type[Law], table: Table, *, objective: Objective = HUBER, draws: int = 1000, seed: int = 0
) -> Fit:
    """A fit, and the intervals of its constants from `draws` resamples; with none of either, a check says why."""
    found = fit(form, table, objective=objective)
    if not draws:
        return found
    try:
        return found.with_intervals(bootstrap(found, draws=draws, seed=seed))
    except FitError as error:
        return found.with_checks(Check("intervals", Verdict.WARN, str(error)))


def counts(groups: ArrayLike, draws: int, rng: np.random.Generator) -> Floats:
    """(draws, n): how often each run is drawn when every group keeps its size. A missing group (NaN) is one group."""
    _, group = np.unique(np.asarray(groups), return_inverse=True)
    found = np.zeros((draws, len(group)))
    for each in range(group.max() + 1):
        rows = np.flatnonzero(group == each)
        found[:, rows] = rng.multinomial(len(rows), np.full(len(rows), 1 / len(rows)), size=draws)
    return found


def refits(found: Fit, table: Table, weights: Floats, *, measured: Floats | None = None) -> Ensemble:
    """The law refitted under each row of weights (draws, n), which multiply the fit's own, and of measured outputs."""
    if found.minimised is None:
        raise BadInput(f"A fit by {found.approach} has its own bootstrap: the draws of its minima.")
    form = type(found.law)
    problem = problem_of(form, table, found.minimised, found.weights if table is found.table else None)
    from_optimum = np.repeat(search_point(found.law)[None], len(weights), axis=0)
    solution = minimise(problem, from_optimum, weights * problem.weights, measured=measured)
    laws: list[Law] = []
    for theta, good in zip(solution.theta, solution.converged | (solution.gradient.max(1) < 1e-3), strict=True):
        constants = from_search(form.params(), theta)
        inside = all(p.domain[0] <= constants[p.name] <= p.domain[1] for p in form.params())
        if good and inside:
            laws.append(form(**constants, about=found.law.about))
    dropped = len(weights) - len(laws)
    if dropped > len(weights) / 10:
        raise FitError(
            f"{dropped} of {len(weights)} resampled fits of {form.__name__} have no optimum in its domain: "
            "the runs do not determine the law. Add runs at other sizes or budgets, or fit a law with fewer constants."
        )
    return Ensemble(tuple(laws), dropped=dropped)
