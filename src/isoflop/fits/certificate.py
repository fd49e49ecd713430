"""Whether a solver ended at the optimum: its gradient, other starts, another optimiser, another scale; and bounds."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from isoflop.errors import IsoflopError
from isoflop.estimates.fit import Check, FitStatus, Verdict
from isoflop.fits.objective import LN_LOW, Floats, from_search
from isoflop.fits.problem import Problem
from isoflop.fits.solve import Solution, minimise
from isoflop.fits.tangent import jacobian

AT_BOUND = 1e-6  # a constant is at its bound if going all the way there raises the objective by less than this share
GRADIENT = 1e-6  # of the certificate; optima reached in float64 show 1e-9 or less
LOWER = 1e-8  # how much lower (relative) another optimiser may end
RESCALED = 1e6  # the objective is multiplied and divided by this, which must move nothing
AGREE = 1e-6  # starts agree if their objectives do to this share


def certificate(problem: Problem, solution: Solution, best: int) -> Check:
    """Newton's promise, the gradient, the share of starts that agree, a second optimiser, and the objective's scale.

    The mean instead of the sum, 240 times smaller, stopped Hoffmann's solver early (Besiroglu et al. 2024,
    arXiv:2404.10102): here a fit is repeated with its objective 1e6 times larger and smaller.
    """
    objective, gradient = solution.objective[best], solution.gradient[best].max()
    theta = solution.theta[best]
    share = float(np.mean(solution.objective <= objective * (1 + AGREE)))
    second = second_opinion(problem, theta)
    lower = (objective - second) / objective if objective > 0 else 0.0
    moved = rescaled(problem, theta, objective)
    ends = "finds no number here" if np.isnan(lower) else f"ends {abs(lower):.1e} {'below' if lower > 0 else 'above'}"
    message = (
        f"objective {objective:.10g}; gradient {gradient:.1e} of its parts; {share:.0%} of {len(solution.objective)} "
        f"starts agree; Nelder-Mead from a displaced start {ends}; "
        f"the objective times and over {RESCALED:g} ends {moved:.1e} away"
    )
    # An exact fit (planted, noiseless) has an objective of rounding errors, whose parts cancel no further.
    exact = objective < 1e-20 * max(1.0, problem.weights.sum()) * problem.scale**2
    flat = gradient < GRADIENT or problem.objective.delta == 0  # absolute deviations end at a kink
    good = (solution.converged[best] and flat and lower < LOWER and moved < LOWER) or exact
    verdict = Verdict.FAIL if not good else Verdict.OK if share > 0.05 or exact else Verdict.WARN
    return Check("optimum", verdict, message)


def rescaled(problem: Problem, theta: Floats, objective: float) -> float:
    """How far (relative) the optimum moves when the objective is multiplied and divided by RESCALED."""
    scales = np.asarray([RESCALED, 1 / RESCALED])
    displaced = theta + 1e-3 * np.where(theta == LN_LOW, 0.0, 1.0)
    again = minimise(problem, np.repeat(displaced[None], 2, axis=0), scales[:, None] * problem.weights)
    return float(np.max(np.abs(again.objective / scales / objective - 1))) if objective > 0 else 0.0


def second_opinion(problem: Problem, theta: Floats) -> float:
    """The objective a derivative-free optimiser reaches from a start displaced from theta, computed with NumPy alone.

    Nelder and Mead 1965, in coordinates in which the objective is round near theta, from where it is a tenth higher.
    Not a number where the law gives none at theta.
    """
    from scipy.optimize import minimize  # noqa: PLC0415  (0.3 s that a process which fits nothing should not pay)

    params, form = problem.form.params(), problem.form

    def objective(theta: Floats) -> float:
        try:
            value = problem.value(form(**from_search(params, theta)))
        except IsoflopError:  # outside the domain of a constant
            return np.inf
        return value if np.isfinite(value) else np.inf

    here, at = objective(theta), jacobian(problem, theta)
    if not (np.isfinite(here) and np.isfinite(at).all()):
        return np.nan
    residual = np.abs(problem.residuals(form(**from_search(params, theta))))
    delta = problem.objective.delta or float(np.median(residual))
    pull = problem.weights * np.minimum(1, delta / np.maximum(residual, 1e-300))
    scale = np.maximum(np.sqrt(np.einsum("ni,n->i", at**2, pull)), 1e-150)
    sizes, axes = np.linalg.eigh(((at / scale).T * pull) @ (at / scale))
    unit = here * (delta if problem.objective.delta == 0 else 1.0)
    round_ = axes * np.sqrt(max(2 * unit, 1e-300) / np.maximum(sizes, max(1e-12 * sizes.max(), 1e-200)))
    round_ /= scale[:, None]

    def rise(z: NDArray[Any]) -> float:
        return objective(theta + round_ @ z) / here if here > 0 else 0.0

    with np.errstate(all="ignore"):
        options: Any = {"xatol": 1e-7, "fatol": 1e-11, "maxfev": 400 * theta.size, "adaptive": True}
        displaced: Floats = np.full(theta.size, np.sqrt(0.1 / theta.size))
        found = minimize(rise, displaced, method="Nelder-Mead", options=options)
    return float(found.fun) * here


def at_bound(problem: Problem, theta: Floats, objective: float) -> tuple[Check, ...]:
    """Constants whose removal hardly matters: each log-scale one is sent to its lower end in turn."""
    params = problem.form.params()
    on_log = [i for i, p in enumerate(params) if p.scale == "log"]
    if not on_log:
        return ()
    ends = np.repeat(theta[None], len(on_log), axis=0)
    ends[range(len(on_log)), on_log] = LN_LOW
    there = [problem.form(**from_search(params, each)) for each in ends]
    rises = np.asarray([problem.value(law) for law in there]) - objective
    gone = [params[i].name for i, rise in zip(on_log, rises, strict=True) if rise <= AT_BOUND * objective]
    return tuple(Check("bound", Verdict.FAIL, f"{name} runs to 0: no run shows it") for name in gone)


def status(certified: Check, identified: Check, bound: bool) -> FitStatus:
    """What the certificate, the identifiability and the bounds come to."""
    if certified.verdict == "fail":
        return FitStatus.NOT_CERTIFIED
    if bound:
        return FitStatus.AT_BOUND
    if identified.verdict == "fail":
        return FitStatus.UNIDENTIFIED
    return FitStatus.CONVERGED
