"""Approach 2's curves by least squares: at each budget a parabola or a cubic of the loss in ln N."""

from collections.abc import Sequence

import numpy as np

from isoflop.fits.minimum import Bottoms, Cells
from isoflop.fits.objective import Floats

PARABOLA, CUBIC = 2, 3


def coefficients(
    cells: Sequence[Cells], losses: Sequence[Floats], sd: Floats, degree: int, *, shared: bool = False
) -> list[Floats]:
    """(draws, degree + 1) of the polynomial at each budget, highest power of x first, by weighted least squares.

    losses: (draws, sizes) a budget; sd: of one run at each budget. shared: one curvature of parabolas relative to their
    loss for all budgets.
    """
    powers = [np.vander(c.x, degree + 1) for c in cells]
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


def misfit(cells: Sequence[Cells], sd: Floats, degree: int, *, shared: bool = False) -> tuple[float, int]:
    """Chi^2 of the polynomials about the cells' losses, and its degrees of freedom."""
    fits = coefficients(cells, [c.loss[None] for c in cells], sd, degree, shared=shared)
    residuals = [c.loss - np.polyval(fit[0], c.x) for c, fit in zip(cells, fits, strict=True)]
    chi2 = sum(float(np.sum(c.runs * r**2)) / s**2 for c, r, s in zip(cells, residuals, sd, strict=True))
    constants = 1 + 2 * len(cells) if shared else (degree + 1) * len(cells)
    return chi2, sum(len(c.x) for c in cells) - constants


def lowest(cells: Cells, polynomials: Floats) -> Bottoms:
    """The lowest points of the polynomials of one budget, as `coefficients` gives them."""
    return _of_parabolas(polynomials) if polynomials.shape[1] == PARABOLA + 1 else _of_cubics(cells, polynomials)


def _of_parabolas(polynomials: Floats) -> Bottoms:
    a, b, c = polynomials.T
    up = a > 0
    x = np.where(up, -b / (2 * np.where(up, a, 1.0)), np.nan)
    return Bottoms(x, a * x**2 + b * x + c, 2 * a)


def _of_cubics(cells: Cells, polynomials: Floats) -> Bottoms:
    """Where d x^3 + c x^2 + b x + a has its valley, unless an end of the sizes lies lower still.

    A cubic without a valley between the sizes opens downward if it does so on average over them; else it falls to one
    end.
    """
    d, c, b, a = polynomials.T
    low, high = cells.x[0], cells.x[-1]
    square = c**2 - 3 * b * d
    root = np.sqrt(np.maximum(square, 0))
    with np.errstate(divide="ignore", invalid="ignore"):
        # The two ways to write the root, each where nothing cancels; the first is the parabola's where d = 0.
        x = np.where(c > 0, -b / (c + root), (root - c) / (3 * d))

    def at(x: Floats | float) -> Floats:
        return np.asarray(((d * x + c) * x + b) * x + a)

    ends = np.stack([at(low), at(high)])
    inside = (square > 0) & (x > low) & (x < high)
    with np.errstate(invalid="ignore"):
        inside &= at(x) <= ends.min(axis=0)
    outward = np.where((square > 0) & ((x <= low) | (x >= high)), x, np.where(ends[0] < ends[1], -np.inf, np.inf))
    mean_curvature = 2 * c + 3 * d * (low + high)
    return Bottoms(
        np.where(inside, x, outward),
        np.where(inside, at(np.where(inside, x, 0.0)), np.nan),
        np.where(inside, 2 * root, mean_curvature),
    )
