"""The noise of seeds against what the law leaves: whether runs that differ only in their seed explain the residuals."""

import numpy as np
from numpy.typing import NDArray

from isoflop.estimates.fit import Check, Verdict
from isoflop.fits.fitted import Fitted, verdict

UNLIKELY = 1e-3  # of such a ratio by chance, if the law held


def seed_noise_explains(fitted: Fitted, off: NDArray[np.bool_]) -> Check:
    """Pure error against lack of fit (Fisher 1922): the means of cells, runs of the same inputs, against their spread.

    Rows that are `off` the law anyway are left out. Unlike `noise.seed_noise` it needs no budgets, and assumes nothing
    of how noise changes with them.
    """
    name = "seed noise"
    rows = np.flatnonzero(~off & (fitted.problem.weights > 0))
    cells = _cells(fitted, rows)
    size = np.bincount(cells)
    repeated = size[cells] > 1
    if not repeated.any():
        message = (
            "unknown: no two runs differ in their seed alone. Two or three seeds at the smallest budgets would tell "
            "what of a residual is chance"
        )
        return Check(name, Verdict.OK, message)
    rows, cells = rows[repeated], np.unique(cells[repeated], return_inverse=True)[1]
    size, above = np.bincount(cells), fitted.above[rows]
    means = np.bincount(cells, above) / size
    free = len(rows) - len(size)
    within = float(np.sum((above - means[cells]) ** 2)) / free
    left = max(1.0, len(size) * (1 - len(fitted.theta) / (len(fitted.table) or 1)))
    between = float(np.sum(size * means**2)) / left
    unit = fitted.problem.scale
    told = (
        f"runs of the same inputs differ by {np.sqrt(within) / unit:.2%} (sd, {free} repeats in {len(size)} cells); "
        f"the means of these cells lie {np.sqrt(np.mean(means**2)) / unit:.2%} off the law"
    )
    if within == 0:
        return Check(name, Verdict.OK, told)
    from scipy.special import fdtrc  # noqa: PLC0415  (a process that fits nothing should not pay for it)

    explained = bool(fdtrc(left, free, between / within) > UNLIKELY)
    expected = np.sqrt(within * np.mean(1 / size)) / unit
    why = (
        f", as chance would have it ({expected:.2%})"
        if explained
        else (f", where chance would leave {expected:.2%}: the law misses something that is not noise, try another")
    )
    return Check(name, verdict(True, explained), told + why)


def _cells(fitted: Fitted, rows: NDArray[np.intp]) -> NDArray[np.intp]:
    """Rows of equal inputs, N and D (to six digits) have one number, whatever the law looks at."""
    others = [np.asarray(fitted.table[name], np.float64) for name in ("n_params", "tokens") if name in fitted.table]
    with np.errstate(divide="ignore", invalid="ignore"):
        keys = [np.round(np.log(x[rows]), 6).reshape(len(rows), -1) for x in (*fitted.problem.inputs, *others)]
    order = np.column_stack(keys)
    same = np.unique(order, axis=0, return_inverse=True)[1].reshape(-1)
    return np.asarray(same)
