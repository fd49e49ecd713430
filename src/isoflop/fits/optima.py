"""The best size, its data and its loss at a budget, for every law of a bag at once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from isoflop.fits.objective import Floats
from isoflop.laws.drifting import Drifting
from isoflop.laws.law import Law

REACH = 4.6  # e-folds of N on either side of the middle that a best size is looked for in: a factor of 100
GRID = 93


@dataclass(frozen=True)
class Middle:
    """The line through the middle of the sizes tried, ln N = size + growth (ln C - top), and the span of ln C."""

    size: float
    growth: float
    top: float
    low: float

    def at(self, ln_c: Any) -> Any:
        """ln N there."""
        return self.size + self.growth * (ln_c - self.top)


def optima(laws: Sequence[Law], flops: float, middle: Middle) -> Floats:
    """(m, 3): ln N, ln D and ln L at the minimum of L(N, C / 6N) nearest the middle line; nan where there is none.

    The nearest, since flexible forms turn over far from their runs. A grid, and a parabola through its lowest three.
    """
    found = np.full((len(laws), 3), np.nan)
    kinds = {(type(law), type(law.base) if isinstance(law, Drifting) else type(law)) for law in laws}
    for kind, base in kinds:
        rows = [
            i
            for i, law in enumerate(laws)
            if type(law) is kind and (not isinstance(law, Drifting) or type(law.base) is base)
        ]
        found[rows] = _minima(_stacked([laws[i] for i in rows]), len(rows), np.log(flops), middle)
    return found


def _stacked(laws: Sequence[Law]) -> Law:
    """Laws of one form as one law whose constants are columns."""
    first = laws[0]
    columns: dict[str, Any] = {
        name: np.asarray([getattr(law, name) for law in laws])[:, None] for name in first.constants
    }
    if isinstance(first, Drifting):
        return replace(first, base=_stacked([law.base for law in laws if isinstance(law, Drifting)]), **columns)
    return replace(first, **columns)


def _minima(law: Law, m: int, ln_c: float, middle: Middle) -> Floats:
    x = middle.at(ln_c) + np.linspace(-REACH, REACH, GRID)
    ln_d = ln_c - np.log(6) - x
    with np.errstate(all="ignore"):
        y = np.broadcast_to(np.log(law(np.exp(x), np.exp(ln_d))), (m, GRID))
    y = np.where(np.isfinite(y), y, np.inf)
    inside = (y[:, 1:-1] <= y[:, :-2]) & (y[:, 1:-1] < y[:, 2:])
    far = np.where(inside, np.abs(np.arange(1, GRID - 1) - GRID // 2), GRID)
    at = far.argmin(1) + 1
    rows = np.arange(m)
    below, here, above = y[rows, at - 1], y[rows, at], y[rows, at + 1]
    with np.errstate(all="ignore"):
        curve = below - 2 * here + above
        shift = np.where(curve > 0, 0.5 * (below - above) / curve, 0.0)
        n = x[at] + shift * (x[1] - x[0])
        found = np.stack([n, ln_c - np.log(6) - n, here - 0.25 * (below - above) * shift], axis=1)
    return np.where((far.min(1) < GRID)[:, None], found, np.nan)
