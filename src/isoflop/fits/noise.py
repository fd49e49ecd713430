"""Seed noise: how far runs that differ only in their seeds lie apart, pooled over cells and followed across budgets."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from isoflop.errors import FitError
from isoflop.runs.table import Table

# Noise may shrink or grow with compute, but a few cells cannot say how fast: the slope of ln sd in ln C is held near
# 0 by a normal prior of this width (byte models at 1e10 to 1e11 FLOPs showed about -0.3).
SLOPE_PRIOR = 0.2


@dataclass(frozen=True)
class Noise:
    """Standard deviation of one run's loss about the mean over seeds: sd at `flops`, changing as C^slope; nats/token.

    df: how many independent differences it was estimated from (cells' runs beyond the first). highest: the largest
    budget among them.
    """

    sd: float
    flops: float
    slope: float
    df: int
    highest: float

    def at(self, flops: float) -> float:
        """The standard deviation at C FLOPs, never below a third or above three times the pooled value.

        Above the highest budget with several seeds it is never below the pooled value: quiet rungs do not promise a
        quiet run ten times larger (two seeds of a byte model at 5e12 FLOPs lay 0.04 nats apart, at 2e11 0.005).
        """
        least = 1 / 3 if flops <= self.highest else 1.0
        return float(self.sd * np.clip((flops / self.flops) ** self.slope, least, 3))

    def weights(self, table: Table) -> NDArray[np.float64]:
        """1 / variance of each run's ln L, the largest 1: for a `fit` that trusts quiet budgets more than others."""
        precision = np.asarray([(loss / self.at(c)) ** 2 for loss, c in zip(table.loss, table.flops, strict=True)])
        return np.asarray(precision / precision.max())


def seed_noise(table: Table) -> Noise:
    """Noise from all cells (one budget, one N) with several runs. Raises `FitError` where there is none."""
    budgets, sizes, losses = table["budget"], table.n_params, table.loss
    ln_c, squares, df = [], [], []
    for budget in np.unique(budgets):
        total, free = 0.0, 0
        for size in np.unique(sizes[budgets == budget]):
            cell = losses[(budgets == budget) & (sizes == size)]
            total += float(np.sum((cell - cell.mean()) ** 2))
            free += len(cell) - 1
        if free and total > 0:
            ln_c.append(np.log(budget))
            squares.append(total)
            df.append(free)
    if not df:
        raise FitError(
            f"None of {len(table)} runs shares its budget and size with another, so seed noise is "
            "unknown. Give the lower budgets two or three seeds a size."
        )
    at, S, nu = np.asarray(ln_c), np.asarray(squares), np.asarray(df, dtype=np.float64)
    centre = nu @ at / nu.sum()
    x = at - centre
    level, slope = 0.5 * np.log(S.sum() / nu.sum()), 0.0
    # Maximum a posteriori of S_b ~ sd_b^2 chi^2(nu_b), ln sd_b = level + slope x: Newton on a convex function of two.
    for _ in range(50):
        ratio = S * np.exp(-2 * (level + slope * x))
        gradient = np.asarray([np.sum(nu - ratio), np.sum((nu - ratio) * x) + slope / SLOPE_PRIOR**2])
        curve = 2 * ratio
        hessian = np.asarray([[curve.sum(), curve @ x], [curve @ x, curve @ x**2 + 1 / SLOPE_PRIOR**2]])
        step = np.clip(np.linalg.solve(hessian, gradient), -1, 1)  # from far off Newton's first steps overshoot
        level, slope = level - step[0], slope - step[1]
        if np.abs(step).max() < 1e-12:
            break
    return Noise(float(np.exp(level)), float(np.exp(centre)), float(slope), int(nu.sum()), float(np.exp(at.max())))
