"""Doubts about a fit, each looked into with numbers: optimum, identifiability, influence, trends of residuals."""

import numpy as np

from isoflop.allocations.allocate import allocate
from isoflop.errors import IsoflopError
from isoflop.estimates.fit import Check, Verdict
from isoflop.fits.objective import Floats, from_search
from isoflop.fits.problem import Problem
from isoflop.fits.solve import minimise
from isoflop.fits.tangent import jacobian, search_point
from isoflop.laws.law import Law

DOUBTFUL, HOPELESS = 1e8, 1e13  # condition numbers of J'J; Hoffmann's law on their runs has 4e6
AHEAD = 10.0  # influence is looked at this far beyond the largest run, in compute
MANY = 1000  # with more runs than this, leaving one out is not worth the time


def verdict(good: bool, very: bool = True) -> Verdict:
    """Fail unless good, warn unless very good."""
    return Verdict.FAIL if not good else Verdict.OK if very else Verdict.WARN


def identifiability(problem: Problem, theta: Floats) -> Check:
    """The condition number of J'J and the two constants that trade off most; constants that ran to 0 are left out."""
    J = jacobian(problem, theta) * np.sqrt(problem.weights)[:, None]
    alive = np.abs(J).max(axis=0) > 1e-7 * np.abs(J).max()
    J, params = J[:, alive], [p for p, lives in zip(problem.form.params(), alive, strict=True) if lives]
    sizes = np.linalg.svd(J, compute_uv=False)
    condition = float((sizes[0] / max(sizes[-1], 1e-300)) ** 2)
    message = f"condition number of J'J {condition:.1e}"
    if len(params) > 1 and condition < HOPELESS:
        cov = np.linalg.inv(J.T @ J)
        spread = np.sqrt(np.diag(cov))
        correlation = cov / np.outer(spread, spread) - np.eye(len(params))
        i, j = np.unravel_index(np.argmax(np.triu(np.abs(correlation))), correlation.shape)
        message += f"; {params[i].name} and {params[j].name} trade off most (correlation {correlation[i, j]:+.4f})"
    elif condition >= HOPELESS:
        flat = np.abs(np.linalg.svd(J)[2][-1])
        names = [p.name for p, share in zip(params, flat, strict=True) if share > 0.1]
        message += f"; {', '.join(names)} cannot be told apart: vary N at fixed C"
    return Check("identifiability", verdict(condition < HOPELESS, condition < DOUBTFUL), message)


def influence(problem: Problem, law: Law) -> Check:
    """Refit without each run in turn: how far one run moves the best size and the forecast at ten times the compute."""
    n = len(problem.measured)
    if n > MANY:
        return Check("influence", Verdict.OK, f"not looked at: {n} runs, of which none can matter much alone")
    theta = np.repeat(search_point(law)[None], n, axis=0)
    refits = minimise(problem, theta, problem.weights * (1 - np.eye(n)))
    laws = [problem.form(**from_search(law.params(), each)) for each in refits.theta]
    quantities = _ahead(problem, law)
    if quantities is None:
        return Check("influence", Verdict.WARN, f"{law} has no best size at {AHEAD:g}x the largest compute")
    parts, worst = [], 0.0
    others = [_ahead(problem, each) for each in laws]
    lost = [row for row, each in enumerate(others) if each is None]
    for name, value in quantities.items():
        moves = [abs(np.log(each[name] / value)) if each is not None else 0.0 for each in others]
        row = int(np.argmax(moves))
        parts.append(f"{name} by {np.expm1(moves[row]):.1%} (run {row} of those in use)")
        worst = max(worst, moves[row] / (0.01 if name == "loss" else 0.25))
    message = f"leaving one run out moves, at {AHEAD:g}x the largest compute, " + ", ".join(parts)
    if lost:
        message += f"; without run {lost[0]} there is no best size"
    return Check("influence", verdict(True, worst < 1 and not lost), message)


def trends(problem: Problem, law: Law) -> tuple[Check, ...]:
    """Slopes of the residuals in ln of each input, of compute and of D/N; more than 3 standard errors warn."""
    r = -problem.residuals(law)
    axes = dict(zip(problem.form.inputs, map(np.log, problem.inputs), strict=True))
    if {"n_params", "tokens"} <= axes.keys():
        axes["compute"] = axes["n_params"] + axes["tokens"]
        axes["tokens per parameter"] = axes["tokens"] - axes["n_params"]
    bad, w = [], problem.weights / problem.weights.sum()
    for name, x in axes.items():
        x0 = x - w @ x
        spread = w @ x0**2
        if spread <= 0:
            continue
        slope = (w * x0) @ r / spread
        error = np.sqrt(np.sum((w * x0 * (r - w @ r - slope * x0)) ** 2)) / spread
        if abs(slope) > 3 * error:
            bad.append(
                f"{name}: {slope:+.2%} of loss an e-fold ({abs(slope) / max(error, 1e-300):.1f} standard errors)"
            )
    message = "; ".join(bad) if bad else f"none in {', '.join(axes)}"
    return (Check("residual trend", verdict(True, not bad), message),)


def _ahead(problem: Problem, law: Law) -> dict[str, float] | None:
    """What is forecast beyond the runs: the best size and its loss, or the output at ten times the largest input."""
    if law.inputs != ("n_params", "tokens"):
        ahead = [each.max() * AHEAD for each in problem.inputs]
        return {law.output: float(law(*ahead))}
    try:
        best = allocate(law, float(np.max(6 * problem.inputs[0] * problem.inputs[1])) * AHEAD)
    except IsoflopError:
        return None
    return {"best size": best.n_params, "loss": best.loss}
