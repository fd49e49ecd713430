"""Where a function of one variable is lowest, for many functions at once, with what certifies it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

STEP = 1e-4  # of the last parabola: its error is of the order of STEP^2, its rounding of 1e-16 / STEP
_GRID = 401


@dataclass(frozen=True)
class Lowest:
    """The minimum of each of m functions, as arrays (m,).

    at: where it is; value there. edge: -1 where the function was lowest at the low end of the range, 1 at the high end,
    0 inside; end: that place. certified: inside, and not lower at 100 steps on either side.
    """

    at: Floats
    value: Floats
    edge: NDArray[np.int64]
    end: Floats
    certified: NDArray[np.bool_]


def lowest(function: Callable[[Floats], Floats], low: Floats, high: Floats) -> Lowest:
    """The minimum of m functions between low and high, (m, 1); the function maps (m, k) places to (m, k) values.

    Searched on a grid, then on a finer one about its best place, then refined by parabolas. Infinite values are allowed
    where the function has none.
    """
    m = len(low)
    share, row = np.linspace(0, 1, _GRID), np.arange(m)
    edge = np.zeros(m, np.int64)
    end = np.zeros(m)
    for _ in range(2):
        grid = low + (high - low) * share
        values = function(grid)
        best = np.argmin(values, axis=1)
        lost = (best == 0) | (best == _GRID - 1) | ~np.isfinite(values[row, best])
        end = np.where(lost & (edge == 0), grid[row, best], end)
        edge = np.where(lost & (edge == 0), np.where(best == 0, -1, 1), edge)
        low, high = (grid[row, np.clip(best + side, 0, _GRID - 1)][:, None] for side in (-1, 1))
    middle = grid[row, best][:, None]
    for _ in range(2):
        below, at, above = function(middle + STEP * np.asarray([-1.0, 0.0, 1.0])).T
        curvature = above - 2 * at + below
        convex = curvature > 0
        step = STEP * (below - above) / np.where(convex, 2 * curvature, 1.0)
        middle = middle + np.where(convex, np.clip(step, -20 * STEP, 20 * STEP), 0.0)[:, None]
    below, at, above = function(middle + 100 * STEP * np.asarray([-1.0, 0.0, 1.0])).T
    certified = (edge == 0) & ~(np.minimum(below, above) < at)
    return Lowest(middle[:, 0], at, edge, np.where(edge == 0, middle[:, 0], end), certified)
