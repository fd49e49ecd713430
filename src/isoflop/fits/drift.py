"""What a law leaves over and how it drifts with compute: weighed by its evidence, and carried into forecasts.

Residuals of a law that describes its runs are noise. Else they drift: here as integrated Brownian motion in ln C, of
the loss (level) and of its slope in ln N (tilt, which moves the best size), about the tangent of the fit (Kennedy and
O'Hagan 2001, with Wahba's prior of smoothing splines). All is linear and normal, so evidence and draws are exact.
"""

from dataclasses import dataclass
from itertools import product

import numpy as np

from isoflop.fits.objective import Floats

LEVELS = (0.0, 0.0015, 0.004)
"""Sizes of the drift of ln L that are weighed: change of its slope per e-fold, over one e-fold of compute."""

TILTS = (0.0, 0.0007, 0.002, 0.006)
"""The same of the slope of ln L in ln N."""

CREDIBLE = 0.57
"""A drifting level is carried into forecasts unless the runs speak against it: if its evidence is at least this many
times that of none. Missing one costs more than carrying one in vain. Planted worlds (benches/coverage.py) set the
number: there 96 % of the intervals of the loss held the truth where Chinchilla's law was true, 82 % where its exponent
broke; at 0.75 it was about 92 and 73 %.
"""

WANDER = 0.6
"""The share of its Brownian motion that a drift goes on with beyond the runs. At 1 intervals were a third wider and
covered no more where Chinchilla's law was true; at 0 they missed half of the breaks."""

TILT_ODDS = 0.04
"""Prior odds of a drifting tilt. Runs hardly show one, so that this number alone keeps N_opt from being unknown."""

EXACT = 1e-6  # less noise than this is rounding

NOISES = tuple(np.exp(np.linspace(-0.5, 0.3, 6)))
"""Seed noise that is weighed, as multiples of the residuals' standard deviation."""


@dataclass(frozen=True)
class Drift:
    """Draws of the constants' displacements (m, p), and of level, slope, wander, tilt, turn and sway at the top (m, 6).

    As in `laws.drifting`; wander and sway are where Brownian motion may take them beyond the runs. odds: evidence of a
    drifting level over that of none; carried: whether the draws have it.
    """

    displaced: Floats
    top: Floats
    odds: float
    carried: bool


def drift(ln_c: Floats, off: Floats, J: Floats, residuals: Floats, *, draws: int, rng: np.random.Generator) -> Drift:
    """Posterior draws of a fit's displacement and drift, from residuals (ln y - ln f) and the tangent J (n, p) of ln f.

    ln_c: ln of the runs' compute; off: ln N less the middle of the sizes there. The constants' prior is flat.
    """
    n, p = J.shape
    t = ln_c - ln_c.min()
    span = float(t.max())
    both = np.minimum.outer(t, t) ** 2 * (3 * np.maximum.outer(t, t) - np.minimum.outer(t, t)) / 6
    kernels = both, both * np.outer(off, off)
    # Covariance of every run's drift with the level and the slope at the top, and of those two.
    ahead = np.stack([t**2 * (3 * span - t) / 6, t**2 / 2], axis=1)
    at_top = np.asarray([[span**3 / 3, span**2 / 2], [span**2 / 2, span]])
    scale = np.linalg.norm(J, axis=0)
    J = J / np.where(scale > 0, scale, 1.0)
    sd = max(EXACT, float(np.sqrt(residuals @ residuals / max(1, n - p))))
    cells = [
        (level, tilt, _cell(J, residuals, (sd * noise) ** 2 * np.eye(n) + level**2 * kernels[0] + tilt**2 * kernels[1]))
        for level, tilt, noise in product(LEVELS, TILTS, NOISES)
    ]
    ln = np.asarray([cell.evidence for _, _, cell in cells])
    levels = np.asarray([level for level, _, _ in cells])
    tilts = np.asarray([tilt for _, tilt, _ in cells])
    share = np.exp(ln - ln.max()) * np.where(tilts > 0, TILT_ODDS / (len(TILTS) - 1), 1.0)
    odds = float(share[levels > 0].sum() / (len(LEVELS) - 1) / share[levels == 0].sum())
    carried = odds >= CREDIBLE
    share = np.where((levels > 0) == carried, share, 0.0)
    counts = rng.multinomial(draws, share / share.sum())
    displaced, top, done = np.empty((draws, p)), np.zeros((draws, 6)), 0
    for (level, tilt, cell), count in zip(cells, counts, strict=True):
        if not count:
            continue
        at = slice(done, done + count)
        done += count
        displaced[at] = cell.displaced(rng.standard_normal((count, p)))
        if level or tilt:
            left = residuals - displaced[at] @ J.T
            cov = np.hstack([level**2 * ahead, tilt**2 * ahead * off[:, None]])
            whole = np.zeros((4, 4))
            whole[:2, :2], whole[2:, 2:] = level**2 * at_top, tilt**2 * at_top
            gain = np.linalg.solve(cell.variance, cov)
            size, axes = np.linalg.eigh(whole - cov.T @ gain)
            noise = rng.standard_normal((count, 4)) * np.sqrt(np.maximum(size, 0.0))
            top[at, :] = np.insert(left @ gain + noise @ axes.T, (2, 4), 0.0, axis=1)
            # Integrated Brownian motion that sets out at the top has the variance t^3 / 3 there.
            top[at, 2::3] = rng.standard_normal((count, 2)) * np.asarray([level, tilt]) * WANDER / np.sqrt(3)
    return Drift(displaced / np.where(scale > 0, scale, 1.0), top, odds, bool(carried))


@dataclass(frozen=True)
class _Cell:
    """One variance of the residuals: its evidence with the constants integrated out, their mean and covariance."""

    variance: Floats
    evidence: float
    mean: Floats
    root: Floats

    def displaced(self, normal: Floats) -> Floats:
        return self.mean + normal @ self.root.T


def _cell(J: Floats, r: Floats, variance: Floats) -> _Cell:
    C = np.linalg.cholesky(variance)
    white = np.linalg.solve(C, np.column_stack([J, r]))
    X, y = white[:, :-1], white[:, -1]
    # A constant that no run shows has an endless range: a ridge far below what any run can see keeps it finite.
    A = X.T @ X
    A += 1e-9 * np.diag(np.diag(A))
    mean = np.linalg.solve(A, X.T @ y)
    size, axes = np.linalg.eigh(A)
    ln_det = float(2 * np.log(np.diag(C)).sum() + np.log(np.maximum(size, 1e-300)).sum())
    misfit = float(y @ y - (X.T @ y) @ mean)
    return _Cell(variance, -0.5 * (ln_det + misfit), mean, axes / np.sqrt(np.maximum(size, 1e-300)))
