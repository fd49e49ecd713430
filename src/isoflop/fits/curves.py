"""Loss curves: a law of the learning-rate schedule fitted to the curves of whole runs."""

from collections.abc import Sequence

import numpy as np

from isoflop.errors import BadInput, FitError
from isoflop.estimates.fit import Fit
from isoflop.estimates.objective import HUBER, LOG, Objective
from isoflop.fits import curve_checks as checks
from isoflop.fits.certificate import at_bound, certificate, status
from isoflop.fits.objective import Floats, from_search
from isoflop.fits.problem import Problem
from isoflop.fits.solve import Solution, minimise
from isoflop.fits.starts import best_starts
from isoflop.fits.tangent import search_point
from isoflop.laws.history import NEAR, features, stacked
from isoflop.laws.law import About, Law
from isoflop.runs.curve import LossCurve

FEW = 64  # losses, and
ROUGH = 3.0  # the factor within which drops are taken together, by which the optima are found
POLISHED = 8  # of them are polished on all losses


def fit_curves(
    form: type[Law],
    curves: Sequence[LossCurve],
    *,
    objective: Objective = HUBER,
    check: bool = True,
    convention: str = "",
) -> Fit:
    """Minimise sum_i Huber_delta(ln law - ln y_i), or another `Objective`, over the losses of all curves.

    Luo et al. 2025, arXiv:2503.12811, with delta = 1e-3. Their constants lie far from the optimum: their objective is
    2, 13 and 7 times as high for 25M, 100M and 400M. Drops of the learning rate that lie together are taken as one
    (laws/history.py); a check compares with all of them. Losses of one run depend on each other, so that the optimum is
    certain and the constants are not: see the check "dependence" and `resample_curves`. A law that fits best need not
    foretell best: see `judge_curves`. With `check` off the slower checks are left out. Raises `BadInput`, or `FitError`
    where there is nothing to fit.
    """
    problem = problem_of_curves(form, curves, objective)
    few = problem_of_curves(form, thinned(curves, FEW), objective, near=ROUGH)
    rough = minimise(few, best_starts(few))
    solution = minimise(problem, rough.theta[np.argsort(rough.objective, kind="stable")[:POLISHED]])
    best = int(np.argmin(solution.objective))
    theta = solution.theta[best]
    law = form(**_constants(problem, solution, best), about=_about(problem, curves))
    certified, identified = certificate(problem, solution, best), checks.identifiability(problem, theta)
    bound = at_bound(problem, theta, float(solution.objective[best]))
    found = Fit(
        law=law,
        approach="curves",
        objective=float(solution.objective[best]),
        status=status(certified, identified, bool(bound)),
        convention=convention,
        minimised=objective,
        checks=(certified, identified, *bound, checks.dependence(law, curves), checks.grouping(problem, law, curves)),
    )
    if not check:
        return found
    return found.with_checks(checks.foretelling(left_out(law, curves, objective), curves), checks.ends(law, curves))


def problem_of_curves(
    form: type[Law], curves: Sequence[LossCurve], objective: Objective = HUBER, *, near: float = NEAR
) -> Problem:
    """The numbers of a fit to curves, one after the other. Raises `BadInput` or `FitError` where there are too few."""
    names = [curve.run_id for curve in curves]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise BadInput(f"Curves are told apart by their run_id; {', '.join(map(repr, twice))} is there more than once.")
    if objective.scale != LOG:
        raise BadInput("Loss curves are compared by logarithms: give an objective of log residuals.")
    n_losses, n_constants = sum(len(curve) for curve in curves), len(form.params())
    if n_losses <= n_constants:
        raise FitError(
            f"{form.__name__} has {n_constants} constants, but {len(curves)} curves have only {n_losses} losses. "
            "Add curves, or log the loss more often."
        )
    parts = [features(form, curve.learning_rates, curve.steps, near=near) for curve in curves]
    measured = np.concatenate([curve.losses for curve in curves])
    return Problem(form, stacked(form, parts), measured, np.ones(n_losses), objective)


def _constants(problem: Problem, solution: Solution, best: int) -> dict[str, float]:
    name, params = problem.form.__name__, problem.form.params()
    if not np.isfinite(solution.objective[best]):
        raise FitError(f"{name} gives no finite loss from any of its starts. Look at the units of the learning rates.")
    constants = from_search(params, solution.theta[best])
    outside = [p.name for p in params if not p.domain[0] <= constants[p.name] <= p.domain[1]]
    if outside:
        raise FitError(
            f"The best {name} has {', '.join(f'{each} = {constants[each]:.4g}' for each in outside)}, outside its "
            "domain: these curves do not follow the law. Leave out the warm-up, or fit another law."
        )
    return constants


def _about(problem: Problem, curves: Sequence[LossCurve]) -> About:
    spans = {
        name: (float(x.min()), float(x.max()))
        for name, x in zip(problem.form.inputs, problem.inputs, strict=True)
        if x.ndim == 1
    }
    source = f"fitted to {len(problem.measured)} losses of {len(curves)} curves"
    return About(loss="nats/token", source=source, tag="fitted", fitted=spans)


def left_out(law: Law, curves: Sequence[LossCurve], objective: Objective = HUBER) -> Floats:
    """(curves,): the law is refitted without each curve in turn, and misses it by this, a root mean square of ln L.

    Refits begin at the law's constants and use some of the losses. Not a number where the others determine no law.
    """
    form, part = type(law), thinned(curves, FEW)
    few = problem_of_curves(form, part, objective, near=ROUGH)
    owner = np.repeat(np.arange(len(part)), [len(each) for each in part])
    others = owner != np.arange(len(part))[:, None]
    refits = minimise(few, np.repeat(search_point(law)[None], len(part), axis=0), others * few.weights)
    missed = np.full(len(part), np.nan)
    for i, theta in enumerate(refits.theta):
        try:
            off = few.residuals(form(**from_search(form.params(), theta)))[owner == i]
        except BadInput:  # outside the domain of a constant
            continue
        missed[i] = np.sqrt(np.mean(off**2))
    return missed


def thinned(curves: Sequence[LossCurve], most: int) -> list[LossCurve]:
    """The same curves with about so many losses in all, each with its share, evenly taken."""
    share = most / sum(map(len, curves))
    if share >= 1:
        return list(curves)
    few = [max(2, int(share * len(each))) for each in curves]
    at = [np.linspace(0, len(each) - 1, n).round().astype(int) for each, n in zip(curves, few, strict=True)]
    return [each.only(np.unique(rows)) for each, rows in zip(curves, at, strict=True)]
