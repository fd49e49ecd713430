"""Whether the runs determine the constants: their trade-offs, their standard errors, and how far each could go."""

import numpy as np

from isoflop.estimates.fit import Check, Verdict
from isoflop.fits.fitted import Fitted, spread, verdict
from isoflop.fits.objective import LN_LOW, Floats
from isoflop.fits.problem import Problem
from isoflop.fits.solve import minimise
from isoflop.fits.tangent import jacobian

DOUBTFUL, HOPELESS = 1e8, 1e13  # condition numbers of J'J; Hoffmann's law on their runs has 4e6
STRETCH = 5.0  # each constant is tried this many times larger and smaller
LIKELY = 2.71  # chi^2 with one degree of freedom is larger in a tenth of all cases
MANY = 512  # with more runs, so many say how the objective rises
ALIVE = 1e-7  # a constant that moves residuals by less than this share of what another does has run to its end


def trade_offs(problem: Problem, theta: Floats) -> Check:
    """The condition number of J'J and the two constants that trade off most; constants that ran to 0 are left out."""
    J = jacobian(problem, theta) * np.sqrt(problem.weights)[:, None]
    if not np.isfinite(J).all():
        return Check("identifiability", Verdict.FAIL, "some derivatives of the law are not finite at this point")
    alive = _alive(J)
    J, params = J[:, alive], [p for p, lives in zip(problem.form.params(), alive, strict=True) if lives]
    sizes = np.linalg.svd(J, compute_uv=False)
    condition = min(float(sizes[0]) / max(float(sizes[-1]), 1e-150), 1e150) ** 2
    message = f"condition number of J'J {condition:.1e}"
    if len(params) > 1 and condition < HOPELESS:
        cov = np.linalg.inv(J.T @ J)
        error = np.sqrt(np.diag(cov))
        correlation = cov / np.outer(error, error) - np.eye(len(params))
        i, j = np.unravel_index(np.argmax(np.triu(np.abs(correlation))), correlation.shape)
        message += f"; {params[i].name} and {params[j].name} trade off most (correlation {correlation[i, j]:+.4f})"
    elif condition >= HOPELESS:
        flat = np.abs(np.linalg.svd(J, full_matrices=False)[2][-1])
        names = [p.name for p, share in zip(params, flat, strict=True) if share > 0.1]
        message += f"; {', '.join(names)} cannot be told apart: vary N at fixed C"
    return Check("identifiability", verdict(condition < HOPELESS, condition < DOUBTFUL), message)


def loose_constants(fitted: Fitted) -> Check:
    """Constants whose standard error exceeds their value, and those that could be STRETCH times larger or smaller.

    Each is held there in turn and the others are refitted. A rise of the objective is no evidence where the robust
    likelihood ratio, 2 rise E psi' / E psi^2 (Ronchetti 1982), stays below LIKELY. Example: Muennighoff et al. 2023,
    arXiv:2305.16264, give R_D* = 15.4 where 95 is as good.
    """
    name = "loose constants"
    params = fitted.law.params()
    J = fitted.jacobian * fitted.trust[:, None]
    alive = np.flatnonzero(_alive(J))
    covariance, likelihood = robust_covariance(fitted, alive)
    if covariance is None:
        return Check(name, Verdict.WARN, "not looked at: the constants cannot be told apart")
    error = np.sqrt(np.diag(covariance))
    said = {int(i): text for i, e in zip(alive, error, strict=True) if (text := _uncertain(fitted, int(i), e))}
    for i, text in _stretched(fitted, alive, covariance, likelihood).items():
        said[i] = f"{said[i]}, and {text}" if i in said else f"{params[i].name} {text}"
    if not said:
        return Check(name, Verdict.OK, f"none: {STRETCH:g} times larger or smaller, each would fit the runs worse")
    told = "; ".join(said[i] for i in sorted(said))
    return Check(name, Verdict.WARN, f"{told}. Trust what follows from all constants together, not these")


def robust_covariance(fitted: Fitted, alive: np.ndarray) -> tuple[Floats | None, float]:
    """The sandwich covariance of the constants `alive`, and sum w psi' / sum (w psi)^2, which makes rises likelihoods.

    Scores of one run are summed first (its checkpoints are one cluster). psi has too few residuals on its slope where
    delta is small or 0, so the slope's mean is taken over a window of the size of the residuals (Powell 1991).
    """
    problem, r = fitted.smooth, -fitted.above
    J, w, delta = fitted.jacobian[:, alive], problem.weights, problem.objective.delta
    size = max(spread(r, J.shape[1]), 1e-14 * problem.scale)
    lean = np.where(r < 0, problem.objective.lean, 1.0)
    window = max(delta, 0.7 * size)
    psi = lean * np.clip(r, -delta, delta)
    slope = lean * (np.abs(r) < window) * (delta / window if delta < np.inf else 1.0)
    scale = np.abs(J).max(axis=0)
    J = J / scale
    bread = ((w * slope)[:, None] * J).T @ J
    scores = np.zeros((fitted.runs.max() + 1, J.shape[1]))
    np.add.at(scores, fitted.runs, (w * psi)[:, None] * J)
    if not np.isfinite(bread).all() or np.linalg.cond(bread) > HOPELESS:
        return None, 0.0
    inverse = np.linalg.inv(bread)
    covariance = inverse @ (scores.T @ scores) @ inverse / np.outer(scale, scale)
    return covariance, float(np.sum(w * slope) / max(np.sum((w * psi) ** 2), 1e-300))


def _alive(J: Floats) -> np.ndarray:
    return np.asarray(np.abs(J).max(axis=0) > ALIVE * np.abs(J).max())


def _uncertain(fitted: Fitted, i: int, error: float) -> str:
    """A constant with its standard error, where that exceeds it."""
    p = fitted.law.params()[i]
    value = float(fitted.law.constants[p.name])
    if p.scale == "log":
        return f"{p.name} = {value:.3g} is known only to a factor of {np.exp(min(error, 99)):.3g}" if error > 1 else ""
    return f"{p.name} = {value:.3g} has a standard error of {error:.2g}" if error > abs(value) else ""


def _stretched(fitted: Fitted, alive: np.ndarray, covariance: Floats, likelihood: float) -> dict[int, str]:
    """For constants that the runs would let go STRETCH times up or down: how little the objective would rise."""
    params, theta = fitted.law.params(), fitted.theta
    tried, held, which = [theta], [np.zeros(theta.size, bool)], []
    for k, i in enumerate(alive):
        for times in (STRETCH, 1 / STRETCH):
            step = np.log(times) if params[i].scale == "log" else theta[i] * (times - 1)
            there = theta.copy()
            there[alive] += (
                covariance[:, k] / max(covariance[k, k], 1e-300) * step
            )  # where the others are likely to follow
            there[i] = theta[i] + step
            if step and there[i] > LN_LOW:
                tried.append(there)
                held.append(np.arange(theta.size) == i)
                which.append((int(i), "larger" if times > 1 else "smaller"))
    few = fitted.smooth.thinned(MANY)
    found = minimise(few, np.asarray(tried), held=np.asarray(held)).objective
    rise = np.maximum(found[1:] - found[0], 0.0)
    with np.errstate(over="ignore"):  # an exact fit
        ratio = 2 * rise * likelihood * len(fitted.problem.measured) / len(few.measured)
    loose: dict[int, list[tuple[str, float]]] = {}
    for (i, way), likely, share in zip(which, ratio < LIKELY, rise / max(found[0], 1e-300), strict=True):
        if likely:
            loose.setdefault(i, []).append((way, share))
    return {
        i: f"could be {STRETCH:g} times {' or '.join(way for way, _ in ways)}: the objective would rise by only "
        f"{' and '.join(f'{share:.2%}' for _, share in ways)}"
        for i, ways in loose.items()
    }
