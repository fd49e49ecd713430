"""Doubts about a fit to loss curves: what one curve is worth, what they determine, and how well each is described."""

from collections.abc import Sequence

import numpy as np

from isoflop.estimates.fit import Check, Verdict
from isoflop.fits.objective import Floats
from isoflop.fits.problem import Problem
from isoflop.fits.tangent import jacobian
from isoflop.laws.history import curve as follow
from isoflop.laws.law import Law
from isoflop.runs.curve import LossCurve

DOUBTFUL, HOPELESS = 1e8, 1e13  # condition numbers of J'J, as for laws of N and D
WORTH = 5  # independent losses a constant, below which the constants are worth little
COARSE = 0.2  # of the typical residual, the error of taking drops together that is worth a warning
OFF = 0.005  # the error of a left-out curve, or at a curve's end, that is worth a warning: 0.5 % of loss
END = 0.1  # the last share of a curve


def residuals(law: Law, curves: Sequence[LossCurve]) -> list[Floats]:
    """ln y - ln law of each curve, from every drop of its schedule: above 0 where the run was worse than the law."""
    return [np.log(each.losses) - np.log(follow(law, each.learning_rates, each.steps)) for each in curves]


def correlation(r: Floats) -> float:
    """Of neighbouring residuals about 0, within 0 and 0.99; 0 where there are too few to say."""
    square = float(r @ r)
    return float(np.clip(r[1:] @ r[:-1] / square, 0, 0.99)) if len(r) > 2 and square > 0 else 0.0


def dependence(law: Law, curves: Sequence[LossCurve]) -> Check:
    """How many independent losses the curves are worth: n (1 - rho) / (1 + rho) each (an autoregression's mean)."""
    parts = residuals(law, curves)
    rho = [correlation(r) for r in parts]
    worth = sum(len(r) * (1 - c) / (1 + c) for r, c in zip(parts, rho, strict=True))
    n, p = sum(map(len, parts)), len(law.params())
    message = (
        f"residuals of neighbours within a curve correlate {min(rho):+.2f} to {max(rho):+.2f}: {n} losses of "
        f"{len(curves)} curves are worth about {worth:.0f} independent ones for {p} constants"
    )
    return Check("dependence", Verdict.OK if worth >= WORTH * p else Verdict.WARN, message)


def identifiability(problem: Problem, theta: Floats) -> Check:
    """The condition number of J'J and the two constants that trade off most; constants that ran to 0 are left out."""
    J = jacobian(problem, theta)
    alive = np.abs(J).max(axis=0) > 1e-7 * np.abs(J).max()
    J, names = J[:, alive], [p.name for p, lives in zip(problem.form.params(), alive, strict=True) if lives]
    sizes, axes = np.linalg.svd(J)[1:]
    condition = float((sizes[0] / max(sizes[-1], 1e-300)) ** 2)
    message = f"condition number of J'J {condition:.1e}"
    if condition >= HOPELESS:
        flat = [name for name, share in zip(names, np.abs(axes[-1]), strict=True) if share > 0.1]
        message += f"; {', '.join(flat)} cannot be told apart: add curves whose rates decay earlier, later or further"
    elif len(names) > 1:
        cov = np.linalg.inv(J.T @ J)
        spread = np.sqrt(np.diag(cov))
        shared = np.triu(cov / np.outer(spread, spread), 1)
        i, j = np.unravel_index(np.argmax(np.abs(shared)), shared.shape)
        message += f"; {names[i]} and {names[j]} trade off most (correlation {shared[i, j]:+.4f})"
    good = Verdict.OK if condition < DOUBTFUL else Verdict.WARN
    return Check("identifiability", good if condition < HOPELESS else Verdict.FAIL, message)


def grouping(problem: Problem, law: Law, curves: Sequence[LossCurve]) -> Check:
    """How far taking drops of the rate together moves the law at the measured steps, against the typical residual."""
    grouped = np.log(law(*problem.inputs))
    every = np.concatenate([np.log(follow(law, each.learning_rates, each.steps)) for each in curves])
    moved = float(np.max(np.abs(grouped - every)))
    typical = float(np.median(np.abs(np.log(problem.measured) - every)))
    message = f"taking drops of the rate together moves ln L by {moved:.1e} at most; residuals are {typical:.1e}"
    return Check("grouping", Verdict.OK if moved <= max(COARSE * typical, 1e-4) else Verdict.WARN, message)


def foretelling(missed: Floats, curves: Sequence[LossCurve]) -> Check:
    """How far each curve lies from what the others foretell: root mean squares, not a number where they say nothing."""
    name = "left-out curve"
    if len(curves) < 2:
        return Check(name, Verdict.WARN, "one curve alone: nothing shows that the law holds under another schedule")
    if lost := [each.run_id for each, off in zip(curves, missed, strict=True) if not np.isfinite(off)]:
        return Check(name, Verdict.WARN, f"without the curve of {', '.join(lost)} the others determine no law")
    worst = int(np.argmax(missed))
    run = curves[worst].run_id
    message = f"fitted to the others, the law misses the curve of {run} by {missed[worst]:.2%}, others by less"
    return Check(name, Verdict.OK if missed[worst] < OFF else Verdict.WARN, message)


def ends(law: Law, curves: Sequence[LossCurve]) -> Check:
    """The curve whose last tenth the law misses most, on the average."""
    missed = [float(np.mean(r[-max(1, int(END * len(r))) :])) for r in residuals(law, curves)]
    worst = int(np.argmax(np.abs(missed)))
    message = f"at its end the curve of {curves[worst].run_id} lies {missed[worst]:+.2%} from the law, the others less"
    return Check("ends of curves", Verdict.OK if abs(missed[worst]) < OFF else Verdict.WARN, message)
