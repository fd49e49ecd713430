"""Approach 3: any law fitted to runs by a robust loss of logarithms, to a certified global optimum."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from isoflop.errors import BadInput, FitError
from isoflop.estimates.fit import Check, Fit, FitStatus, Verdict
from isoflop.fits import checks
from isoflop.fits.objective import LN_LOW, Floats, from_search
from isoflop.fits.solve import SLOTS, Problem, Solution, best_starts, minimise, screen, starts
from isoflop.laws.law import About, Law
from isoflop.runs.table import Table

AT_BOUND = 1e-6  # a constant is at its bound if going all the way there raises the objective by less than this share
GRADIENT = 1e-6  # of the certificate; optima reached in float64 show 1e-9 or less


def problem_of(form: type[Law], table: Table, delta: float, weights: ArrayLike | None = None) -> Problem:
    """The numbers of a fit. Raises `BadInput` or `FitError` where there is nothing to fit."""
    n_constants = len(form.params())
    if len(table) <= n_constants:
        raise FitError(
            f"{form.__name__} has {n_constants} constants, but the table has only {len(table)} runs in use. "
            "Add runs, or fit a law with fewer constants."
        )
    w = np.ones(len(table)) if weights is None else np.asarray(weights, dtype=np.float64)
    if w.shape != (len(table),) or not np.all(w >= 0) or not 0 < w.sum() < np.inf:
        raise BadInput(f"{len(table)} runs need as many weights, none below 0 and not all 0; got {w.size}.")
    if not 0 < delta < np.inf:
        raise BadInput(f"The Huber threshold delta is a positive number; got {delta}.")
    columns = {name: np.asarray(table[name], dtype=np.float64) for name in (*form.inputs, form.output)}
    bad = [
        f"{name}: {int(np.sum(~(c > 0)))} values are not above 0" for name, c in columns.items() if not np.all(c > 0)
    ]
    if bad:
        raise BadInput([f"{each}; a law of powers needs positive numbers." for each in bad])
    return Problem(form, np.stack([columns[name] for name in form.inputs]), np.log(columns[form.output]), w, delta)


def fit(
    form: type[Law],
    table: Table,
    *,
    delta: float = 1e-3,
    weights: ArrayLike | None = None,
    near: Law | None = None,
    check: bool = True,
    convention: str = "",
) -> Fit:
    """Minimise sum_i w_i Huber_delta(ln law(x_i) - ln y_i) over the law's constants.

    Hoffmann et al. 2022, arXiv:2203.15556, sec. D.2, summed, not averaged (Besiroglu et al. 2024, arXiv:2404.10102: the
    mean made their solver stop early). delta = 1e-3 is nearly least absolute deviations; 0.1 or more is least squares
    of logarithms, which suits `weights` = 1 / variance of ln y. `near` adds a start, such as the same law fitted to
    fewer runs. With `check` off the slower checks are left out. The status says whether to believe the result;
    `FitError` means that there is none.
    """
    problem = problem_of(form, table, delta, weights)
    grid = best_starts(problem, starts(form), SLOTS)
    if near is not None:
        grid[-1] = checks.search_point(near)
    solution = minimise(problem, grid)
    best = int(np.argmin(solution.objective))
    objective = float(solution.objective[best])
    if not np.isfinite(objective):
        spans = (f"{n} {x.min():.3g} to {x.max():.3g}" for n, x in zip(form.inputs, problem.inputs, strict=True))
        raise FitError(
            f"{form.__name__} gives no finite value from any of {len(grid)} starts. Look at the table's units: "
            f"{', '.join(spans)}."
        )
    theta = solution.theta[best]
    constants = from_search(form.params(), theta)
    outside = [p.name for p in form.params() if not p.domain[0] <= constants[p.name] <= p.domain[1]]
    if outside:
        raise FitError(
            f"The best {form.__name__} has {', '.join(f'{name} = {constants[name]:.4g}' for name in outside)}, outside "
            "its domain: these runs do not follow the law. Look for undertuned or mislabelled runs, or fit another law."
        )
    at_bound = _at_bound(problem, theta, objective)
    certificate = _certificate(problem, solution, best)
    identified = checks.identifiability(problem, theta)
    found = Fit(
        law=form(**constants, about=_about(form, problem, table)),
        approach="parametric",
        objective=objective,
        status=_status(certificate, identified, bool(at_bound)),
        convention=convention,
        delta=delta,
        checks=(certificate, identified, *at_bound),
        excluded=tuple((each.row, each.why) for each in table.excluded),
        table=table,
        weights=problem.weights,
    )
    if not check:
        return found
    return found.with_checks(checks.influence(problem, found.law), *checks.trends(problem, found.law))


def _about(form: type[Law], problem: Problem, table: Table) -> About:
    spans: Mapping[str, tuple[float, float]] = {
        name: (float(x.min()), float(x.max())) for name, x in zip(form.inputs, problem.inputs, strict=True)
    }
    return About(source=f"fitted to {len(table)} runs", tag="fitted", fitted=spans)


def _certificate(problem: Problem, solution: Solution, best: int) -> Check:
    """Newton's promise, the gradient, the share of starts that agree, and a second optimiser that uses neither."""
    objective, gradient = solution.objective[best], solution.gradient[best].max()
    share = float(np.mean(solution.objective <= objective * (1 + 1e-6)))
    second = checks.second_opinion(problem, solution.theta[best])
    lower = (objective - second) / objective
    message = (
        f"objective {objective:.10g}; gradient {gradient:.1e} of its parts; {share:.0%} of {len(solution.objective)} "
        f"starts agree; Nelder-Mead from a displaced start ends {abs(lower):.1e} {'below' if lower > 0 else 'above'}"
    )
    # An exact fit (planted, noiseless) has an objective of rounding errors, whose parts cancel no further.
    exact = objective < 1e-20 * max(1.0, problem.weights.sum())
    good = (solution.converged[best] and gradient < GRADIENT and lower < 1e-8) or exact
    return Check("optimum", checks.verdict(good, share > 0.05 or exact), message)


def _at_bound(problem: Problem, theta: Floats, objective: float) -> tuple[Check, ...]:
    """Constants whose removal hardly matters: each log-scale one is sent to its lower end in turn."""
    params = problem.form.params()
    on_log = [i for i, p in enumerate(params) if p.scale == "log"]
    if not on_log:
        return ()
    ends = np.repeat(theta[None], len(on_log), axis=0)
    ends[range(len(on_log)), on_log] = LN_LOW
    rises = screen(problem, ends) - objective
    gone = [params[i].name for i, rise in zip(on_log, rises, strict=True) if rise <= AT_BOUND * objective]
    return tuple(Check("bound", Verdict.FAIL, f"{name} runs to 0: no run shows it") for name in gone)


def _status(certificate: Check, identified: Check, at_bound: bool) -> FitStatus:
    if certificate.verdict == "fail":
        return FitStatus.NOT_CERTIFIED
    if at_bound:
        return FitStatus.AT_BOUND
    if identified.verdict == "fail":
        return FitStatus.UNIDENTIFIED
    return FitStatus.CONVERGED
