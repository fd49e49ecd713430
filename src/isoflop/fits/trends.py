"""What the residuals still say about size, data and compute: drifts and bends that the law should have taken up."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from isoflop.estimates.fit import Check
from isoflop.fits.fitted import Fitted, spread, verdict
from isoflop.fits.objective import Floats

SURE = 3.5  # standard errors; of 120 clean planted fits, eight tests each, 2 had one beyond
SMALL = 1e-3  # of the output, root mean square over the runs: 0.1 % of loss is lost in the noise of evaluation
TOLD = 2  # the surest; the others mostly tell of the same
CLIPPED = 3.0  # residuals count up to so many standard deviations
OWN = 1e-7  # directions of the constants smaller than this share of the largest are rounding
NEW = 0.01  # a drift that the law's own constants can make to this share has nothing left to be seen


def trends(fitted: Fitted, off: NDArray[np.bool_]) -> Check:
    """Drifts (linear) and bends (quadratic) of the residuals in ln of each input, of compute and of D/N.

    Rows that are `off` the law anyway are not looked at.

    A score test (Rao 1948) of a constant that the law does not have: the part of x, or of x^2, that the law's own
    constants cannot make is regressed on, with standard errors that hold whatever the noise of each run (White 1980)
    and within each run (its checkpoints are one cluster).
    """
    w = fitted.problem.weights * ~off
    r, w = fitted.above, w / w.sum()
    limit = CLIPPED * spread(r[~off])
    psi = np.clip(r, -limit, limit)
    J = fitted.jacobian / np.maximum(np.abs(fitted.jacobian).max(axis=0), 1e-300)
    root = np.sqrt(w)[:, None]
    axes, sizes, _ = np.linalg.svd(np.column_stack([J, np.ones(len(w))]) * root, full_matrices=False)
    basis = axes[:, sizes > OWN * sizes[0]]
    bad, names = [], []
    for name, what, x in _axes(fitted, w):
        names += [name] if what == "drift" else []
        z = x - (basis @ (basis.T @ (x * root[:, 0]))) / np.where(root > 0, root, 1.0)[:, 0]
        information = float(w @ z**2)
        if information < NEW**2 * float(w @ x**2):
            continue
        slope = float((w * z) @ psi) / information
        error = _error(fitted, w * z * (psi - slope * z)) / information
        size = slope * np.sqrt(information) / fitted.problem.scale
        if abs(slope) > SURE * error and abs(size) > SMALL:
            sure = abs(slope) / max(error, 1e-300)
            bad.append((sure, f"a {what} in {name} ({size:+.2%}, {sure:.1f} standard errors)"))
    if not bad:
        return Check("residual trend", verdict(True), f"none in {', '.join(names)}")
    told = [text for _, text in sorted(bad, reverse=True)]
    message = (
        f"the law leaves {' and '.join(told[:TOLD])}, so it lacks something or the runs do: try another law, "
        "and doubt this one beyond the runs"
    )
    return Check("residual trend", verdict(True, False), message)


def _axes(fitted: Fitted, w: Floats) -> Iterator[tuple[str, str, Floats]]:
    """Name, what a slope on it is called, and the values: logarithms about their mean, and their squares."""
    inputs = dict(zip(fitted.law.inputs, fitted.problem.inputs, strict=True))
    axes = {name: np.log(each) for name, each in inputs.items()}
    if {"n_params", "tokens"} <= axes.keys():
        axes["compute"] = axes["n_params"] + axes["tokens"]
        axes["tokens per parameter"] = axes["tokens"] - axes["n_params"]
    for name, values in axes.items():
        x = values - w @ values
        if np.ptp(x) > 0:
            yield name, "drift", x
            yield name, "bend", x**2 - w @ x**2


def _error(fitted: Fitted, scores: Floats) -> float:
    """The standard error of a sum of scores, those of one run summed first."""
    n, p = fitted.jacobian.shape
    by_run = np.bincount(fitted.runs, scores)
    return float(np.sqrt(np.sum(by_run**2) * n / max(n - p - 1, 1)))
