"""Approach 3: any law fitted to runs by a robust loss of logarithms, to a certified global optimum."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from isoflop.errors import FitError
from isoflop.estimates.fit import Fit, Verdict
from isoflop.estimates.objective import HUBER, Objective
from isoflop.estimates.reach import spans
from isoflop.fits.certificate import at_bound, certificate, status
from isoflop.fits.checks import looked_into
from isoflop.fits.fitted import Fitted
from isoflop.fits.identifiability import trade_offs
from isoflop.fits.objective import Floats, from_search
from isoflop.fits.problem import Problem, problem_of
from isoflop.fits.solve import Solution, minimise
from isoflop.fits.starts import best_starts
from isoflop.fits.tangent import search_point
from isoflop.laws.law import About, Law
from isoflop.runs.table import Table

MANY = 512  # with more runs, so many find the optima, and all of them polish the best few
POLISHED = 4
ROUNDS, LED = 4, 8  # how often the best so many starts go on that have not converged
CLOSE = 1.3  # an optimum this many times higher on MANY runs is not the lowest on all
SAME = 1e-6  # two starts ended in one optimum if their objectives differ by less than this share


def fit(
    form: type[Law],
    table: Table,
    *,
    objective: Objective = HUBER,
    weights: ArrayLike | None = None,
    near: Law | None = None,
    check: bool = True,
    flops: float | None = None,
    convention: str = "",
) -> Fit:
    """Minimise sum_i w_i Huber_delta(ln law(x_i) - ln y_i), or another `Objective`, over the law's constants.

    Hoffmann et al. 2022, arXiv:2203.15556, sec. D.2, summed, not averaged (Besiroglu et al. 2024, arXiv:2404.10102: the
    mean made their solver stop early). delta = 1e-3 is nearly least absolute deviations; `SQUARES` suits `weights` =
    1 / variance of ln y. `near` adds a start, such as the same law fitted to fewer runs. With `check` off the slower
    checks are left out; flops is the budget where they look at the forecast (default: ten times the largest run). The
    status says whether to believe the result; `FitError` means that there is none.
    """
    problem = problem_of(form, table, objective, weights)
    start = best_starts(problem)
    if near is not None:
        start[-1] = search_point(near)
    solution = solve(problem, start)
    best = int(np.argmin(solution.objective))
    theta, value = solution.theta[best], float(solution.objective[best])
    law = form(**_constants(problem, theta, value), about=_about(form, problem, table))
    bound = at_bound(problem, theta, value)
    certified = certificate(problem, solution, best)
    identified = trade_offs(problem, theta)
    found = Fit(
        law=law,
        approach="parametric",
        objective=value,
        status=status(certified, identified, bool(bound)),
        convention=convention,
        minimised=objective,
        checks=(certified, identified, *bound),
        excluded=tuple((each.row, each.why) for each in table.excluded),
        table=table,
        weights=problem.weights,
    )
    if not check:
        return found
    return found.with_checks(*looked_into(Fitted(problem, law, table, flops)))


def solve(problem: Problem, start: Floats) -> Solution:
    """Every start to its optimum; of a table of many runs, a part finds the optima and the whole polishes the best.

    Starts that ended in one optimum are polished once, for all of them; those that ended high are infinite.
    """
    few = problem.thinned(MANY)
    if few is problem:
        return _further(problem, minimise(problem, start))
    rough = _further(few, minimise(few, start))
    order = np.argsort(rough.objective, kind="stable")
    lowest = rough.objective[order[0]]
    order = order[rough.objective[order] <= CLOSE * lowest]
    with np.errstate(invalid="ignore"):  # no start at all gives a number
        optimum = np.cumsum(np.diff(rough.objective[order], prepend=lowest) > SAME * lowest)
    order, optimum = order[optimum < POLISHED], optimum[optimum < POLISHED]
    fine = minimise(problem, rough.theta[order[np.unique(optimum, return_index=True)[1]]])
    theta, objective = rough.theta.copy(), np.full(len(start), np.inf)
    gradient, converged = np.ones(theta.shape), np.zeros(len(start), bool)
    theta[order], objective[order] = fine.theta[optimum], fine.objective[optimum]
    gradient[order], converged[order] = fine.gradient[optimum], fine.converged[optimum]
    return Solution(theta, objective, gradient, converged, rough.steps + fine.steps)


def _further(problem: Problem, found: Solution) -> Solution:
    """The best few go on where the best has not converged: curved valleys take more steps than most fits need."""
    theta, objective = found.theta.copy(), found.objective.copy()
    gradient, converged, steps = found.gradient.copy(), found.converged.copy(), found.steps
    for _ in range(ROUNDS):
        best = np.argsort(objective, kind="stable")[:LED]
        if converged[best[0]] or not np.isfinite(objective[best[0]]):
            break
        again = minimise(problem, theta[best])
        lower = again.objective <= objective[best]
        rows = best[lower]
        theta[rows], objective[rows] = again.theta[lower], again.objective[lower]
        gradient[rows], converged[rows] = again.gradient[lower], again.converged[lower]
        steps += again.steps
    return Solution(theta, objective, gradient, converged, steps)


def _constants(problem: Problem, theta: Floats, value: float) -> Mapping[str, float]:
    form = problem.form
    if not np.isfinite(value):
        spans = (f"{n} {x.min():.3g} to {x.max():.3g}" for n, x in zip(form.inputs, problem.inputs, strict=True))
        raise FitError(
            f"{form.__name__} gives no finite value from any of its starts. Look at the table's units: "
            f"{', '.join(spans)}."
        )
    constants = from_search(form.params(), theta)
    outside = [p.name for p in form.params() if not p.domain[0] <= constants[p.name] <= p.domain[1]]
    if outside:
        found = f"The best {form.__name__} has {', '.join(f'{name} = {constants[name]:.4g}' for name in outside)}"
        identified = trade_offs(problem, theta)
        if identified.verdict == Verdict.OK:
            raise FitError(
                f"{found}, outside its domain: these runs do not follow the law. Look for undertuned or mislabelled "
                "runs, or fit another law."
            )
        raise FitError(
            f"{found}, outside its domain: these runs do not determine the law ({identified.message}). Add runs that "
            "vary each input while the others stay, such as N at fixed C, or fit a law with fewer constants."
        )
    return constants


def _about(form: type[Law], problem: Problem, table: Table) -> About:
    fitted = spans(dict(zip(form.inputs, problem.inputs, strict=True)))
    return About(source=f"fitted to {len(table)} runs", tag="fitted", fitted=fitted)
