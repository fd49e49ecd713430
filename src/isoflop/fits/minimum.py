"""The best size at a budget, as a value with its doubts, and the budget's runs that it was read from."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from isoflop.errors import BadInput
from isoflop.estimates.interval import Interval
from isoflop.fits.objective import Floats
from isoflop.runs.budgets import SAME_SIZE, SPREAD, clusters
from isoflop.runs.table import Table

CERTAIN = 0.8  # a minimum is doubtful if a smaller share of its resamples has a minimum between the sizes


class MinimumStatus(StrEnum):
    """Whether a budget has a minimum; only FOUND ones are used."""

    FOUND = "found"
    NOT_BRACKETED = "not bracketed"
    OPENS_DOWNWARD = "opens downward"
    BELOW_ZERO = "below zero"  # a curve through garbage
    TOO_FEW_SIZES = "too few sizes"
    DOUBTFUL = "doubtful"  # found, but noise could have made it: used, with its wide interval


@dataclass(frozen=True)
class Minimum:
    """The best size at a budget: N, D, L there (nan where there is none), its status and why, and 90 % intervals.

    flops are the runs' true FLOPs (geometric mean); budget is the rung's label. curvature = d2L/d(ln N)2. draws: (R, 3)
    of ln N, ln D, L under resampled noise, nan where a resample has no minimum.
    """

    budget: float
    flops: float
    n_params: float
    tokens: float
    loss: float
    curvature: float
    status: MinimumStatus
    reason: str = ""
    intervals: Mapping[str, Interval] = field(default_factory=dict)
    draws: Floats = field(default_factory=lambda: np.empty((0, 3)), compare=False, repr=False)

    @property
    def usable(self) -> bool:
        """Whether a power law may be laid through it."""
        return self.status in {MinimumStatus.FOUND, MinimumStatus.DOUBTFUL}


@dataclass(frozen=True)
class Cells:
    """One budget: a row a size. x = ln N - centre, losses averaged over seeds, runs a cell."""

    budget: float
    ln_flops: float
    centre: float
    x: Floats
    loss: Floats
    runs: Floats
    to_tokens: Floats  # ln D as a quadratic of x: exact FLOPs per token make D no plain power of N

    @classmethod
    def of(cls, rung: Table) -> "Cells":
        """The cells of a table whose runs share one budget. Raises `BadInput` where their true FLOPs do not."""
        ln_n, ln_c = np.log(rung.n_params), np.log(rung.flops)
        if np.ptp(ln_c) > SPREAD * (1 + 1e-9):
            raise BadInput(
                f"The runs of budget {rung['budget'][0]:.3g} spent from {rung.flops.min():.4g} to "
                f"{rung.flops.max():.4g} FLOPs: that is not one budget. Correct the column budget, or leave it out: "
                "runs are then grouped by what they spent."
            )
        cell = clusters(ln_n, SAME_SIZE)
        runs = np.bincount(cell).astype(np.float64)
        sizes = np.bincount(cell, ln_n) / runs
        centre = float(sizes.mean())
        x = sizes - centre
        ln_d = np.bincount(cell, np.log(rung.tokens)) / runs
        to_tokens = np.polyfit(x, ln_d, min(2, len(x) - 1))
        loss = np.bincount(cell, rung.loss) / runs
        return cls(float(rung["budget"][0]), float(ln_c.mean()), centre, x, loss, runs, to_tokens)

    @property
    def step(self) -> float:
        """The mean distance of neighbouring sizes, in ln N."""
        return float(np.ptp(self.x) / (len(self.x) - 1))

    @property
    def span(self) -> str:
        """The sizes, for a sentence."""
        low, high = np.exp(self.centre + self.x[[0, -1]])
        return f"the sizes tried, {low:.3g} to {high:.3g} parameters"


class Bottoms(NamedTuple):
    """The lowest points of R curves through one budget's cells, each (R,).

    x is ln N - centre, outside the sizes or infinite where a curve falls to an end; curvature = d2L/d(ln N)2 there,
    negative where the curve opens downward.
    """

    x: Floats
    loss: Floats
    curvature: Floats


def minimum_of(cells: Cells, point: Bottoms, draws: Bottoms) -> Minimum:
    """One curve's lowest point and those of its resamples as a minimum, or as the reason why there is none."""
    x, loss, curvature = (float(each[0]) for each in point)
    none = no_minimum(cells, MinimumStatus.NOT_BRACKETED, "", curvature)
    if curvature <= 0:
        reason = f"the curve opens downward (curvature {curvature:.3g}): no best size among {cells.span}"
        return replace(none, status=MinimumStatus.OPENS_DOWNWARD, reason=reason)
    if not cells.x[0] < x < cells.x[-1]:
        side = "smaller" if x <= cells.x[0] else "larger"
        about = f", about {np.exp(cells.centre + x):.3g}," if np.isfinite(x) else ""
        return replace(none, reason=f"the best size{about} lies outside {cells.span}: train {side} ones")
    if not 0 < loss < np.inf:
        reason = f"the curve dips to a loss of {loss:.3g} between {cells.span}: it does not describe these runs"
        return replace(none, status=MinimumStatus.BELOW_ZERO, reason=reason)
    vertex = _vertices(cells, draws)
    kept = vertex[np.isfinite(vertex[:, 0])]
    share = len(kept) / max(1, len(vertex))
    status, reason = MinimumStatus.FOUND, ""
    if len(vertex) and share < CERTAIN:
        status = MinimumStatus.DOUBTFUL
        reason = f"only {share:.0%} of resamples have a minimum between the sizes: add seeds or wider sizes"
    intervals = {}
    if len(kept):
        columns = {"n_params": np.exp(kept[:, 0]), "tokens": np.exp(kept[:, 1]), "loss": kept[:, 2]}
        intervals = {name: Interval.of_draws(values) for name, values in columns.items()}
    return replace(
        none,
        n_params=float(np.exp(cells.centre + x)),
        tokens=float(np.exp(np.polyval(cells.to_tokens, x))),
        loss=loss,
        status=status,
        reason=reason,
        intervals=intervals,
        draws=vertex,
    )


def _vertices(cells: Cells, bottoms: Bottoms) -> Floats:
    """(draws, 3) of ln N, ln D, L at the minimum; nan where there is none between the sizes."""
    inside = (bottoms.curvature > 0) & (bottoms.x > cells.x[0]) & (bottoms.x < cells.x[-1]) & (bottoms.loss > 0)
    inside &= np.isfinite(bottoms.loss)
    x = np.where(inside, bottoms.x, np.nan)
    return np.stack([cells.centre + x, np.polyval(cells.to_tokens, x), np.where(inside, bottoms.loss, np.nan)], axis=1)


def no_minimum(cells: Cells, status: MinimumStatus, reason: str, curvature: float = np.nan) -> Minimum:
    """A budget without a minimum."""
    flops = float(np.exp(cells.ln_flops))
    return Minimum(cells.budget, flops, np.nan, np.nan, np.nan, curvature, status=status, reason=reason)
