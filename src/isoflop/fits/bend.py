"""A power law with a drifting exponent through the minima: for ladders that are not straight in logarithms."""

from collections.abc import Sequence

import numpy as np

from isoflop.errors import FitError
from isoflop.estimates.ensemble import Ensemble
from isoflop.estimates.fit import Check, Fit, FitStatus, Verdict
from isoflop.fits.minimum import Minimum
from isoflop.fits.objective import Floats
from isoflop.laws.law import About
from isoflop.laws.power import BendingPowerLaw

FEWEST = 4
STRAIGHT = 2.0  # the bend is worth a word if it is this many of its standard errors


def bend(minima: Sequence[Minimum], *, seed: int = 0, convention: str = "") -> tuple[Fit, Ensemble]:
    """ln L = ln A - alpha ln C - gamma (ln C)^2 by least squares through the usable minima, and for each resample.

    Weighted by 1 / variance of the minima. Raises `FitError` with fewer than four, through which any bend passes.
    """
    used = [each for each in minima if each.usable]
    if len(used) < FEWEST:
        raise FitError(f"A bend needs {FEWEST} minima or more to be more than their noise; there are {len(used)}.")
    ln_c = np.log([each.flops for each in used])
    y = np.log([each.loss for each in used])
    draws = np.log(np.stack([each.draws[:, 2] for each in used], axis=1))
    weight = 1 / np.nanvar(draws, axis=0)
    centre = float(ln_c.mean())
    X = np.stack([np.ones_like(ln_c), ln_c - centre, (ln_c - centre) ** 2], axis=1)
    solve = np.linalg.solve((X.T * weight) @ X, X.T * weight)
    whole = np.isfinite(draws).all(axis=1)
    point, resampled = solve @ y, draws[whole] @ solve.T
    chi2 = float(weight @ (y - X @ point) ** 2)
    about = About(
        source=f"fitted to {len(used)} minima",
        tag="fitted",
        fitted={"flops": (float(np.exp(ln_c.min())), float(np.exp(ln_c.max())))},
    )
    laws = tuple(_law(coefficients, centre, about) for coefficients in resampled)
    significance = abs(point[2]) / max(float(resampled[:, 2].std()), np.finfo(float).tiny)
    local = [-(point[1] + 2 * point[2] * (end - centre)) for end in (ln_c[0], ln_c[-1])]
    message = (
        f"the local exponent of L(C) goes from {local[0]:.4f} to {local[1]:.4f} over the ladder, a bend of "
        f"{significance:.1f} standard errors"
    )
    check = Check("straightness", Verdict.OK if significance < STRAIGHT else Verdict.WARN, message)
    found = Fit(_law(point, centre, about), "minima", chi2, FitStatus.CONVERGED, convention, checks=(check,))
    bag = Ensemble(laws, seed=seed, dropped=int(np.sum(~whole)))
    return found.with_intervals(bag), bag


def _law(coefficients: Floats, centre: float, about: About) -> BendingPowerLaw:
    """From powers of ln C - centre to powers of ln C."""
    c, b, a = (float(each) for each in coefficients)
    ln_A = c - b * centre + a * centre**2
    return BendingPowerLaw(A=float(np.exp(ln_A)), alpha=-b + 2 * a * centre, gamma=-a, about=about)
