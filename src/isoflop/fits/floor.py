"""L = E + A / C^alpha through many rows of losses at once, by variable projection: a search over alpha alone."""

import numpy as np

from isoflop.fits.objective import Floats

ALPHAS = (0.01, 3.0)  # where the exponent over a floor is looked for


def project(ln_c: Floats, ln_loss: Floats, mask: Floats, variance: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """(E, A, alpha, chi^2) for each row of ln L: a grid of alpha, narrowed round its best point nine times."""
    loss = np.exp(ln_loss)
    w = mask / (variance * loss**2)  # residuals relative to the loss, which are those of its logarithm to first order
    centre = ln_c.mean()
    low, high = (np.full(len(loss), np.log(end)) for end in ALPHAS)
    for _ in range(9):
        grid = np.exp(np.linspace(low, high, 25, axis=1))  # (R, 25)
        E, A, chi2 = _linear(grid, ln_c - centre, loss, w)
        best = np.argmin(chi2, axis=1)
        rows = np.arange(len(loss))
        width = (high - low) / 24
        middle = np.log(grid[rows, best])
        found = E[rows, best], A[rows, best], grid[rows, best], chi2[rows, best]
        low = np.maximum(middle - width, np.log(ALPHAS[0]))
        high = np.minimum(middle + width, np.log(ALPHAS[1]))
    E, A, alpha, chi2 = found
    return E, A * np.exp(alpha * centre), alpha, chi2


def _linear(alpha: Floats, x: Floats, loss: Floats, w: Floats) -> tuple[Floats, Floats, Floats]:
    """E >= 0 and A (at x = 0) that minimise sum w (loss - E - A e^(-alpha x))^2 for each row and alpha."""
    z = np.exp(-alpha[:, :, None] * x)  # (R, grid, n)
    W = w[:, None, :]
    s, sz, szz = np.sum(W, -1), np.sum(W * z, -1), np.sum(W * z * z, -1)
    sl, slz = np.sum(W * loss[:, None], -1), np.sum(W * loss[:, None] * z, -1)
    # Where alpha is so small that z hardly varies, floor and reducible part cannot be told apart: none is then fitted.
    apart = s * szz - sz**2
    flat = apart <= 1e-12 * s * szz
    A = (s * slz - sz * sl) / np.where(flat, 1.0, apart)
    E = (sl - A * sz) / s
    floorless = flat | (E < 0) | (A <= 0)
    A = np.where(floorless, slz / szz, A)
    E = np.where(floorless, 0.0, E)
    chi2 = np.sum(W * (loss[:, None] - E[:, :, None] - A[:, :, None] * z) ** 2, -1)
    return E, A, chi2
