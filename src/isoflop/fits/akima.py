"""Approach 2's curve by interpolation: Akima's through all sizes of a budget, its noise and its resolution."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from isoflop.estimates.interval import Interval
from isoflop.fits.minimum import Bottoms, Cells, Minimum, MinimumStatus, no_minimum
from isoflop.fits.objective import Floats
from isoflop.fits.roughness import MEDIAN_OF_NORMAL, OVERLAP, third_differences

FINE = 25  # points of the grid for each step between sizes, as Porian et al. 2024 have it
RESOLUTION = 1 / 3
"""Least standard deviation of ln N at the minimum, in steps between sizes: interpolation knows it no better (Porian et
al. 2024 use 0.33)."""
HALF = 0.5  # a minimum that fewer of its resamples have between the sizes is none (Porian et al. 2024)

LEAST_DF = 3  # with fewer, Student's tails would reach any loss at all


def lowest(cells: Cells, losses: Floats) -> Bottoms:
    """The lowest points of Akima's interpolants through (R, sizes) losses, in ln N and ln L, on a grid.

    Porian et al. 2024, arXiv:2406.19146: 25 (k - 1) points for k sizes. One at an end of the sizes is infinite. Their
    curvature is that over a step between sizes to either side, or over less near an end.
    """
    from scipy.interpolate import Akima1DInterpolator  # noqa: PLC0415  (0.2 s that a parabola need not pay)

    x = np.linspace(cells.x[0], cells.x[-1], FINE * (len(cells.x) - 1))
    curves = np.exp(Akima1DInterpolator(cells.x, np.log(losses).T)(x))  # (grid, R)
    best, each = np.argmin(curves, axis=0), np.arange(curves.shape[1])
    last = len(x) - 1
    inside = (best > 0) & (best < last)
    h = np.clip(np.minimum(best, last - best), 1, FINE)
    middle = np.clip(best, 1, last - 1)
    bend = curves[middle - h, each] - 2 * curves[middle, each] + curves[middle + h, each]
    return Bottoms(
        np.where(inside, x[best], np.where(best == 0, -np.inf, np.inf)),
        curves[best, each],
        np.where(inside, np.maximum(bend, np.finfo(float).tiny) / (h * (x[1] - x[0])) ** 2, np.nan),
    )


def roughness(cells: Sequence[Cells]) -> tuple[float, int]:
    """Standard deviation of one run as the roughness of the losses along the sizes shows it, and degrees of freedom.

    By the fours of sizes round the lowest loss, and their median: runs far from the best size are rough for reasons of
    their own (0.09 against 0.005 nats in Porian et al.'s tuned runs). No degrees of freedom where no budget has four
    sizes.
    """
    rough = []
    for each in cells:
        lowest = int(np.argmin(each.loss))
        rough.append(third_differences(each.x, each.loss, each.runs)[max(0, lowest - 3) : lowest + 1])
    every = np.concatenate(rough)
    if not len(every):
        return 0.0, 0
    return float(np.median(every)) / MEDIAN_OF_NORMAL, max(LEAST_DF, round(len(every) / OVERLAP))


def settled(cells: Cells, found: Minimum, rng: np.random.Generator) -> Minimum:
    """The minimum at the medians of its resamples, none if fewer than half have one, its draws as wide as RESOLUTION.

    Interpolants have their minima at or near the sizes that were tried, so draws alone can lie closer together than the
    sizes tell.
    """
    draws = found.draws
    kept = draws[np.isfinite(draws[:, 0])]
    if not found.usable or not len(draws):
        return found
    if len(kept) < HALF * len(draws):
        reason = f"only {len(kept) / len(draws):.0%} of resamples have a minimum between {cells.span}"
        return no_minimum(cells, MinimumStatus.NOT_BRACKETED, f"{reason}: add seeds or wider sizes", found.curvature)
    ln_n, _, loss = np.median(kept, axis=0)
    lacking = np.sqrt(max(0.0, (RESOLUTION * cells.step) ** 2 - float(np.var(kept[:, 0]))))
    wider = draws[:, 0] + lacking * rng.standard_normal(len(draws))
    draws = np.stack([wider, np.polyval(cells.to_tokens, wider - cells.centre), draws[:, 2]], axis=1)
    seen = draws[np.isfinite(draws[:, 0])]
    sizes = {"n_params": Interval.of_draws(np.exp(seen[:, 0])), "tokens": Interval.of_draws(np.exp(seen[:, 1]))}
    return replace(
        found,
        n_params=float(np.exp(ln_n)),
        tokens=float(np.exp(np.polyval(cells.to_tokens, ln_n - cells.centre))),
        loss=float(loss),
        intervals={**found.intervals, **sizes},
        draws=draws,
    )
