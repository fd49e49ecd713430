"""Approach 2, first half: at each budget the size of lowest loss, by a curve of choice, with its uncertainty."""

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np

from isoflop.errors import BadInput, FitError
from isoflop.fits import akima, parabola
from isoflop.fits.minimum import Bottoms, Cells, Minimum, MinimumStatus, minimum_of, no_minimum
from isoflop.fits.noise import Noise, seed_noise
from isoflop.fits.objective import Floats
from isoflop.runs.budgets import with_budgets
from isoflop.runs.table import Table

Curve = Literal["parabola", "cubic", "akima"]

DEGREES = {"parabola": parabola.PARABOLA, "cubic": parabola.CUBIC}
FEWEST = {"parabola": 3, "cubic": 4, "akima": 3}  # sizes a budget


@np.errstate(all="ignore")  # curves through garbage overflow, and are refused
def minima(
    table: Table,
    *,
    curve: Curve = "parabola",
    share_curvature: bool = False,
    noise: Noise | None = None,
    draws: int = 1000,
    seed: int = 0,
) -> tuple[Minimum, ...]:
    """The minimum of loss over size at each budget of the table (Hoffmann et al. 2022, sec. 3.2, approach 2).

    A table without budgets is grouped by its runs' FLOPs (`with_budgets`). A minimum outside the sizes tried, or a
    curve that opens downward, is refused, with the reason.

    parabola, cubic: least squares of the seeds' mean loss on powers of ln N, a cell weighing as many runs as it has.
    The noise resampled is the larger of seed noise and the misfit of the curves, normal, of uncertain size. With
    `share_curvature` all parabolas have one curvature relative to their loss: less noise, some bias where it changes.
    akima: interpolation in ln N and ln L; the median of the minima of noisy losses (Porian et al. 2024). The noise is
    the given one, that between seeds, or else the roughness of the losses along the sizes.

    Parabolas are biased where alpha and beta differ or the sizes span much (Czech et al. 2026, arXiv:2603.22339):
    fits/bias.py says by how much. Raises `FitError` where no budget has sizes enough.
    """
    _check(curve, share_curvature)
    cells, fitted = cells_of(table, curve)
    sd, df = _noise(with_budgets(table), fitted, noise, curve, share_curvature)
    rng = np.random.default_rng(seed)
    # The size of the noise is itself uncertain: its variance is drawn too, so the draws have Student's tails.
    scale = np.sqrt(df / rng.chisquare(df, size=draws)) if df else np.ones(draws)
    noisy = [
        each.loss + rng.standard_normal((draws, len(each.x))) * scale[:, None] * sd[i] / np.sqrt(each.runs)
        for i, each in enumerate(fitted)
    ]
    points = bottoms(fitted, [each.loss[None] for each in fitted], sd, curve, share_curvature)
    resampled = bottoms(fitted, noisy, sd, curve, share_curvature)
    found = {id(c): minimum_of(c, p, r) for c, p, r in zip(fitted, points, resampled, strict=True)}
    if curve == "akima":
        found = {id(c): akima.settled(c, found[id(c)], rng) for c in fitted}
    return tuple(found[id(each)] if id(each) in found else _too_few(each, curve) for each in cells)


@np.errstate(all="ignore")
def noiseless_minima(table: Table, curve: Curve = "parabola", *, share_curvature: bool = False) -> tuple[Minimum, ...]:
    """The minima of losses that are exact, without draws: what a curve finds on a law's own losses."""
    _check(curve, share_curvature)
    cells, fitted = cells_of(table, curve)
    points = bottoms(fitted, [c.loss[None] for c in fitted], np.ones(len(fitted)), curve, share_curvature)
    found = {id(c): minimum_of(c, p, Bottoms(*np.empty((3, 0)))) for c, p in zip(fitted, points, strict=True)}
    return tuple(found[id(each)] if id(each) in found else _too_few(each, curve) for each in cells)


def cells_of(table: Table, curve: Curve) -> tuple[list[Cells], list[Cells]]:
    """The cells of every budget, and of those with sizes enough for the curve."""
    table = with_budgets(table)
    budgets = table["budget"]
    cells = [Cells.of(table.where(budgets == budget)) for budget in np.unique(budgets[np.isfinite(budgets)])]
    fitted = [each for each in cells if len(each.x) >= FEWEST[curve]]
    if not fitted:
        most = max((len(each.x) for each in cells), default=0)
        raise FitError(
            f"No budget has the {FEWEST[curve]} sizes that a curve ({curve}) needs: there are {len(cells)} budgets, "
            f"with at most {most} sizes. Train more sizes a budget."
        )
    return cells, fitted


def bottoms(cells: Sequence[Cells], losses: Sequence[Floats], sd: Floats, curve: Curve, shared: bool) -> list[Bottoms]:
    """The lowest points at each budget of curves through (R, sizes) losses."""
    if curve == "akima":
        return [akima.lowest(c, np.maximum(y, np.finfo(float).tiny)) for c, y in zip(cells, losses, strict=True)]
    polynomials = parabola.coefficients(cells, losses, sd, DEGREES[curve], shared=shared)
    return [parabola.lowest(c, each) for c, each in zip(cells, polynomials, strict=True)]


def _noise(table: Table, cells: Sequence[Cells], noise: Noise | None, curve: Curve, shared: bool) -> tuple[Floats, int]:
    """Standard deviation of one run at each budget, and its degrees of freedom: seeds' scatter or misfit if larger."""
    if noise is None:
        try:
            noise = seed_noise(table)
        except FitError:
            noise = None
    sd = np.asarray([noise.at(c.budget) if noise else 1.0 for c in cells])
    if curve == "akima":  # it goes through every point: there is no misfit that could be larger
        if noise:
            return sd, noise.df
        rough, free = akima.roughness(cells)
        larger = rough
    else:
        chi2, free = parabola.misfit(cells, sd, DEGREES[curve], shared=shared)
        larger = float(np.sqrt(chi2 / free)) if free else 1.0
    if noise:
        return sd * max(1.0, larger), noise.df + (free if larger > 1 else 0)
    if not free:
        fewest = 3 if curve == "akima" else FEWEST[curve]
        raise FitError(
            f"Neither repeated seeds nor more than {fewest} sizes a budget: the minima's uncertainty is unknown. "
            "Add a size or a seed."
        )
    return sd * larger, free


def _check(curve: Curve, share_curvature: bool) -> None:
    if curve not in get_args(Curve):
        raise BadInput(f"A curve is one of {', '.join(get_args(Curve))}; got {curve!r}.")
    if share_curvature and curve != "parabola":
        raise BadInput(f"Only parabolas share a curvature; the curve is {curve!r}.")


def _too_few(cells: Cells, curve: Curve) -> Minimum:
    reason = f"{len(cells.x)} sizes where a curve ({curve}) needs {FEWEST[curve]}"
    return no_minimum(cells, MinimumStatus.TOO_FEW_SIZES, reason)
