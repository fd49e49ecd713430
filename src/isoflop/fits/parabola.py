"""Approach 2, first half: at each budget a parabola of loss in ln N, and its minimum with its uncertainty."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np

from isoflop.errors import BadInput, FitError
from isoflop.estimates.interval import Interval
from isoflop.fits.noise import Noise, seed_noise
from isoflop.fits.objective import Floats
from isoflop.runs.table import Table

SPREAD = 0.05  # a budget whose runs' true FLOPs differ by more than this is not one budget
CERTAIN = 0.8  # a minimum is doubtful if a smaller share of its resamples has a minimum between the sizes


class MinimumStatus(StrEnum):
    """Whether a budget has a minimum; only FOUND ones are used."""

    FOUND = "found"
    NOT_BRACKETED = "not bracketed"
    OPENS_DOWNWARD = "opens downward"
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
class _Cells:
    """One budget: a row a size. x = ln N - centre, losses averaged over seeds, runs a cell."""

    budget: float
    ln_flops: float
    centre: float
    x: Floats
    loss: Floats
    runs: Floats
    to_tokens: Floats  # ln D as a quadratic of x: exact FLOPs per token make D no plain power of N


def minima(
    table: Table, *, share_curvature: bool = False, noise: Noise | None = None, draws: int = 1000, seed: int = 0
) -> tuple[Minimum, ...]:
    """The minimum of loss over size at each budget of the table (Hoffmann et al. 2022, sec. 3.2, approach 2).

    Least squares of the seeds' mean loss on (ln N)^2, ln N and 1, a cell weighing as many runs as it has. A minimum
    outside the sizes tried, or a parabola that opens downward, is refused. With `share_curvature` all budgets have one
    curvature relative to their loss: less noise, some bias where it changes. The noise resampled is the larger of seed
    noise and the misfit of the parabolas, normal, of uncertain size.

    Parabolas are biased where alpha and beta differ or the sizes span much
    (Czech et al. 2026, arXiv:2603.22339): compare with approach 3.
    """
    if "budget" not in table:
        raise BadInput("Approach 2 needs the column budget: which runs share a budget.")
    cells = [_cells(table.where(table["budget"] == budget)) for budget in np.unique(table["budget"])]
    fitted = [each for each in cells if len(each.x) >= 3]
    if not fitted:
        raise FitError("No budget has three sizes or more, so no parabola can be laid. Train more sizes a budget.")
    sd, df = _noise(table, fitted, noise, share_curvature)
    rng = np.random.default_rng(seed)
    # The size of the noise is itself uncertain: its variance is drawn too, so the draws have Student's tails.
    scale = np.sqrt(df / rng.chisquare(df, size=draws)) if df else np.ones(draws)
    noisy = [
        each.loss + rng.standard_normal((draws, len(each.x))) * scale[:, None] * sd[i] / np.sqrt(each.runs)
        for i, each in enumerate(fitted)
    ]
    point = _coefficients(fitted, [each.loss[None] for each in fitted], sd, share_curvature)
    resampled = _coefficients(fitted, noisy, sd, share_curvature)
    found = {id(c): _minimum(c, p[0], r) for c, p, r in zip(fitted, point, resampled, strict=True)}
    return tuple(found[id(each)] if id(each) in found else _none(each) for each in cells)


def _cells(rung: Table) -> _Cells:
    ln_n, ln_c = np.log(rung.n_params), np.log(rung.flops)
    if np.ptp(ln_c) > SPREAD:
        raise BadInput(
            f"The runs of budget {rung['budget'][0]:.3g} spent from {rung.flops.min():.4g} to {rung.flops.max():.4g} "
            "FLOPs: that is not one budget. Correct the column budget."
        )
    sizes, cell = np.unique(ln_n, return_inverse=True)
    runs = np.bincount(cell).astype(np.float64)
    centre = float(sizes.mean())
    x = sizes - centre
    ln_d = np.bincount(cell, np.log(rung.tokens)) / runs
    to_tokens = np.polyfit(x, ln_d, min(2, len(x) - 1))
    loss = np.bincount(cell, rung.loss) / runs
    return _Cells(float(rung["budget"][0]), float(ln_c.mean()), centre, x, loss, runs, to_tokens)


def _coefficients(cells: list[_Cells], losses: list[Floats], sd: Floats, shared: bool) -> list[Floats]:
    """(draws, 3) of a, b, c in loss = a x^2 + b x + c for each budget, by weighted least squares."""
    powers = [np.stack([c.x**2, c.x, np.ones_like(c.x)], axis=1) for c in cells]
    roots = [np.sqrt(c.runs) / s for c, s in zip(cells, sd, strict=True)]
    if not shared:
        return [
            (y * root) @ np.linalg.pinv(power * root[:, None]).T
            for y, power, root in zip(losses, powers, roots, strict=True)
        ]
    # One column for the common a / L, then b and c of each budget.
    level = np.asarray([float(c.runs @ c.loss / c.runs.sum()) for c in cells])
    rows = sum(len(c.x) for c in cells)
    design, start = np.zeros((rows, 1 + 2 * len(cells))), 0
    for i, power in enumerate(powers):
        stop = start + len(power)
        design[start:stop, 0] = power[:, 0] * level[i]
        design[start:stop, 1 + 2 * i : 3 + 2 * i] = power[:, 1:]
        start = stop
    root = np.concatenate(roots)
    solved = (np.concatenate(losses, axis=1) * root) @ np.linalg.pinv(design * root[:, None]).T
    return [solved[:, [0, 1 + 2 * i, 2 + 2 * i]] * [level[i], 1, 1] for i in range(len(cells))]


def _noise(table: Table, cells: list[_Cells], noise: Noise | None, shared: bool) -> tuple[Floats, int]:
    """Standard deviation of one run at each budget, and its degrees of freedom: seeds' scatter or misfit if larger."""
    if noise is None:
        try:
            noise = seed_noise(table)
        except FitError:
            noise = None
    sd = np.asarray([noise.at(c.budget) if noise else 1.0 for c in cells])
    fits = _coefficients(cells, [c.loss[None] for c in cells], sd, shared)
    residuals = [c.loss - np.polyval(fit[0], c.x) for c, fit in zip(cells, fits, strict=True)]
    chi2 = sum(float(np.sum(c.runs * r**2)) / s**2 for c, r, s in zip(cells, residuals, sd, strict=True))
    free = sum(len(c.x) for c in cells) - (1 + 2 * len(cells) if shared else 3 * len(cells))
    misfit = np.sqrt(chi2 / free) if free else 1.0
    if noise is None:
        if not free:
            raise FitError(
                "Neither repeated seeds nor more than three sizes a budget: the minima's uncertainty is unknown. "
                "Add a size or a seed."
            )
        return sd * misfit, free
    return sd * max(1.0, misfit), noise.df + (free if misfit > 1 else 0)


def _minimum(cells: _Cells, point: Floats, draws: Floats) -> Minimum:
    a, b, c = point
    sizes = np.exp(cells.centre + cells.x)
    none = _none(cells, float(2 * a))
    if a <= 0:
        reason = f"the parabola opens downward (curvature {2 * a:.3g}): no best size among {_listed(sizes)}"
        return replace(none, status=MinimumStatus.OPENS_DOWNWARD, reason=reason)
    x = -b / (2 * a)
    if not cells.x[0] < x < cells.x[-1]:
        side = "smaller" if x <= cells.x[0] else "larger"
        reason = (
            f"the best size, about {np.exp(cells.centre + x):.3g}, lies outside {_listed(sizes)}: train {side} ones"
        )
        return replace(none, status=MinimumStatus.NOT_BRACKETED, reason=reason)
    vertex = _vertices(cells, draws)
    kept = vertex[np.isfinite(vertex[:, 0])]
    share = len(kept) / max(1, len(vertex))
    status, reason = MinimumStatus.FOUND, ""
    if share < CERTAIN:
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
        loss=float(c - b**2 / (4 * a)),
        status=status,
        reason=reason,
        intervals=intervals,
        draws=vertex,
    )


def _vertices(cells: _Cells, coefficients: Floats) -> Floats:
    """(draws, 3) of ln N, ln D, L at the minimum; nan where there is none between the sizes."""
    a, b, c = coefficients.T
    up = a > 0
    x = np.where(up, -b / (2 * np.where(up, a, 1.0)), np.nan)
    x = np.where((x > cells.x[0]) & (x < cells.x[-1]), x, np.nan)
    return np.stack([cells.centre + x, np.polyval(cells.to_tokens, x), a * x**2 + b * x + c], axis=1)


def _none(cells: _Cells, curvature: float = np.nan) -> Minimum:
    """A budget without a minimum, until one is found."""
    reason = f"{len(cells.x)} sizes where a parabola needs 3"
    flops = float(np.exp(cells.ln_flops))
    return Minimum(
        cells.budget, flops, np.nan, np.nan, np.nan, curvature, status=MinimumStatus.TOO_FEW_SIZES, reason=reason
    )


def _listed(sizes: Floats) -> str:
    return f"the sizes tried, {sizes[0]:.3g} to {sizes[-1]:.3g} parameters"
