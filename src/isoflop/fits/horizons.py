"""Losses of each size across its horizons, and the lowest of them at any compute in between."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from isoflop.errors import FitError
from isoflop.fits.objective import Floats
from isoflop.runs.budgets import SAME_SIZE, clusters
from isoflop.runs.table import Table

SAME_HORIZON = 0.01  # runs of a size nearer than this, as ln C, are one end with several seeds

NEAR = 0.5  # of the distance of two ends: a third one nearer than this to either says nothing of their curve's bend


@dataclass(frozen=True)
class Size:
    """A size: ln N, ln of FLOPs per token, and its ends in rising ln C. cell: the end of each of `rows`, in order."""

    ln_n: float
    ln_cost: float
    ln_c: Floats
    rows: NDArray[np.intp]
    cell: NDArray[np.intp]

    def curves(self, ln_loss: Floats, weights: Floats, at: Floats) -> Floats:
        """(R, M) of ln L at M values of ln C between the ends, infinite beyond them.

        ln_loss, weights: (R, runs of the whole table). Ends whose runs all weigh nothing are left out. Between two ends
        the line through them, bent as the next ones on either side say: lines alone lie up to 0.3 % above the convex
        curves of four horizons 2.5x apart, and draw the winner towards its ends.
        """
        h = len(self.ln_c)
        starts = np.searchsorted(self.cell, np.arange(h))
        mine = weights[:, self.rows]
        mass = np.add.reduceat(mine, starts, axis=1)
        sums = np.add.reduceat(mine * ln_loss[:, self.rows], starts, axis=1)
        there = mass > 0
        value = np.where(there, sums / np.where(there, mass, 1.0), 0.0)
        # The nearest end that is there, to the left of every end and to the right; -1 and h where there is none.
        left = np.maximum.accumulate(np.where(there, np.arange(h), -1), axis=1)
        right = np.minimum.accumulate(np.where(there, np.arange(h), h)[:, ::-1], axis=1)[:, ::-1]
        between = np.clip(np.searchsorted(self.ln_c, at, side="right") - 1, 0, h - 2)
        i, j = left[:, between], right[:, between + 1]
        inside = (i >= 0) & (j < h) & (at >= self.ln_c[0]) & (at <= self.ln_c[-1])
        i, j = np.where(inside, i, 0), np.where(inside, j, 1)
        each = np.arange(len(weights))[:, None]
        before = np.where(i > 0, left[each, i - 1], -1)
        after = np.where(j < h - 1, right[each, np.minimum(j + 1, h - 1)], h)

        def slope(low: NDArray[np.intp], high: NDArray[np.intp]) -> Floats:
            return np.asarray((value[each, high] - value[each, low]) / (self.ln_c[high] - self.ln_c[low]))

        middle, width = slope(i, j), self.ln_c[j] - self.ln_c[i]
        # Second divided differences to either side, averaged. One with a third end so near the second that their noise
        # would decide the slope is left out.
        has_before = (before >= 0) & (self.ln_c[i] - self.ln_c[before] >= NEAR * width)
        has_after = (after < h) & (self.ln_c[np.minimum(after, h - 1)] - self.ln_c[j] >= NEAR * width)
        k, m = np.where(has_before, before, j), np.where(has_after, after, i)
        bend = np.where(has_before, (middle - slope(k, i)) / (self.ln_c[j] - self.ln_c[k] + ~has_before), 0.0)
        bend += np.where(has_after, (slope(j, m) - middle) / (self.ln_c[m] - self.ln_c[i] + ~has_after), 0.0)
        bend /= np.maximum(has_before.astype(int) + has_after, 1)
        x = at - self.ln_c[i]
        return np.where(inside, value[each, i] + middle * x + bend * x * (at - self.ln_c[j]), np.inf)


@dataclass(frozen=True)
class Lowest:
    """The lower envelope at M values of ln C: (R, M) of ln N, ln D and ln L, nan where no size between others wins.

    winner: (R, M), the number of the size of lowest loss.
    """

    ln_n: Floats
    ln_d: Floats
    ln_loss: Floats
    winner: NDArray[np.intp]


@dataclass(frozen=True)
class Horizons:
    """The sizes that have two ends or more, in rising N; alone: how many sizes have one only, which show no curve."""

    sizes: tuple[Size, ...]
    ln_loss: Floats
    alone: int

    @classmethod
    def of(cls, ends: Table) -> Self:
        """From a table of ends. Raises `FitError` with fewer than three sizes of two horizons: none could be best."""
        ln_n, ln_c = np.log(ends.n_params), np.log(ends.flops)
        ln_cost = ln_c - np.log(ends.tokens)
        size = clusters(ln_n, SAME_SIZE)
        runs_of = np.bincount(size)
        sizes = []
        order = np.argsort(size, kind="stable")
        starts = np.cumsum(runs_of) - runs_of
        for first, count in zip(starts[runs_of > 1], runs_of[runs_of > 1], strict=True):
            rows = order[first : first + count]
            cell = clusters(ln_c[rows], SAME_HORIZON)
            runs = np.bincount(cell)
            if len(runs) > 1:
                at = np.bincount(cell, ln_c[rows]) / runs
                by_end = np.argsort(cell, kind="stable")
                ln_size, cost = float(ln_n[rows].mean()), float(ln_cost[rows].mean())
                sizes.append(Size(ln_size, cost, at, rows[by_end], cell[by_end]))
        alone = len(runs_of) - len(sizes)
        if len(sizes) < 3:
            raise FitError(
                f"An envelope needs three sizes that were trained to two horizons or more; there are {len(sizes)}, and "
                f"{alone} sizes have one horizon only. Train the same sizes for longer and shorter, or use approach 2."
            )
        return cls(tuple(sizes), np.log(ends.loss), alone)

    @property
    def span(self) -> tuple[float, float]:
        """The ln C between which some size has losses."""
        return min(float(s.ln_c[0]) for s in self.sizes), max(float(s.ln_c[-1]) for s in self.sizes)

    def window(self, at: Floats) -> tuple[Floats, Floats]:
        """ln N of the smallest and of the largest size that has losses at each ln C; infinite where none has."""
        there = np.stack([(at >= size.ln_c[0]) & (at <= size.ln_c[-1]) for size in self.sizes])
        ln_n = np.asarray([size.ln_n for size in self.sizes])[:, None]
        return np.where(there, ln_n, np.inf).min(axis=0), np.where(there, ln_n, -np.inf).max(axis=0)

    def lowest(self, at: Floats, weights: Floats, ln_loss: Floats | None = None) -> Lowest:
        """At each ln C the size of lowest loss, if smaller and larger ones have losses there too.

        The best run itself has one of the sizes that were trained, so its size is a staircase of compute, whose slope
        errs by the square of one over its steps. The lowest point of the parabola of ln L through it and its two
        neighbours in ln N lies between the two halfway points and has no such steps. Losses: (R, runs) or the table's.
        """
        losses = np.broadcast_to(self.ln_loss, weights.shape) if ln_loss is None else ln_loss
        curves = np.stack([size.curves(losses, weights, at) for size in self.sizes])  # (sizes, R, M)
        seen = np.isfinite(curves)
        number = np.arange(len(curves))[:, None, None]
        below = np.maximum.accumulate(np.where(seen, number, -1), axis=0)
        above = np.minimum.accumulate(np.where(seen, number, len(curves))[::-1], axis=0)[::-1]
        winner = np.argmin(curves, axis=0)

        def pick(of: NDArray[np.intp], which: NDArray[np.intp]) -> NDArray[np.intp]:
            return np.asarray(np.take_along_axis(of, np.clip(which, 0, len(curves) - 1)[None], axis=0)[0])

        low = np.where(winner > 0, pick(below, winner - 1), -1)
        high = np.where(winner < len(curves) - 1, pick(above, winner + 1), len(curves))
        between = (low >= 0) & (high < len(curves)) & np.take_along_axis(seen, winner[None], axis=0)[0]
        three = np.stack([np.where(between, low, 0), np.where(between, winner, 1), np.where(between, high, 2)])
        x = np.asarray([size.ln_n for size in self.sizes])[three]
        y = np.where(between, np.take_along_axis(curves, three, axis=0), [[[1.0]], [[0.0]], [[1.0]]])
        cost = np.asarray([size.ln_cost for size in self.sizes])[three]
        best = _vertex(x, y)
        ln_n, ln_loss, ln_cost = best, _through(x, y, best), _through(x, cost, best)
        none = np.where(between, 0.0, np.nan)
        return Lowest(ln_n + none, at - ln_cost + none, ln_loss + none, np.where(between, winner, -1))


def _slopes(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """The first divided difference and the second of three points."""
    first = (y[1] - y[0]) / (x[1] - x[0])
    return first, ((y[2] - y[1]) / (x[2] - x[1]) - first) / (x[2] - x[0])


def _vertex(x: Floats, y: Floats) -> Floats:
    """Where the parabola through three points is lowest, the middle one being the lowest of them."""
    first, second = _slopes(x, y)
    level = second <= 0  # three equal losses
    return np.asarray(np.where(level, x[1], (x[0] + x[1]) / 2 - first / (2 * np.where(level, 1.0, second))))


def _through(x: Floats, y: Floats, at: Floats) -> Floats:
    """The parabola through three points, elsewhere."""
    first, second = _slopes(x, y)
    return np.asarray(y[0] + first * (at - x[0]) + second * (at - x[0]) * (at - x[1]))
