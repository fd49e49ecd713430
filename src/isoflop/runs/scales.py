"""Columns in another unit than ours: millions where counts are meant, PFLOPs for FLOPs, perplexity for loss."""

import itertools
from collections.abc import Collection, Mapping

import numpy as np
from numpy.typing import NDArray

from isoflop.runs.columns import TRIANGLE
from isoflop.units import PF_DAY

COUNTS = {1.0: "", 1e6: "millions", 1e9: "billions", 1e12: "trillions"}
FLOPS = {1.0: "", 1e9: "GFLOPs", 1e12: "TFLOPs", 1e15: "PFLOPs", 1e18: "EFLOPs", 1e21: "ZFLOPs", PF_DAY: "PF-days"}
UNITS = {"n_params": COUNTS, "tokens": COUNTS, "flops": FLOPS}

FAR = (-4.0, 5.0)  # decades of D/N
FEW = (5.0, 4.0)  # decades of N and D: no run is as small in both
# The same, for numbers that are no counts. 1e5 million tokens or more, beside millions of parameters and without
# FLOPs, go unseen: 5,000 parameters and 500,000 tokens are also what the smallest studies of bytes have.
FRACTIONS = (4.0, 5.0)
SAME = 0.5  # decades that C/(6 N D) of an honest table spans, attention and embeddings counted or not
# A thousand alone names no unit that tables are kept in, and is only noted (`doubts`).
UNIT_SLIP = 4.5  # decades

TOKENS_PER_PARAM = 20.0  # Hoffmann et al. 2022: what a table of runs lies around
POSSIBLE = ((5.0, 12.5), (6.0, 14.0))  # decades of N and D: what would have to be left for a unit to be in doubt
USUAL = ((6.5, 10.5), (8.0, 13.0))  # decades of N and D that tell millions from billions

PERPLEXITY = 20.0


def wrong_units(
    arrays: Mapping[str, NDArray[np.generic]], rows: NDArray[np.int64], derived: Collection[str]
) -> list[str]:
    """What cannot be in our units, with the factor that mends it. Looked at are these rows; derived columns are not.

    A table that brings flops_6nd, and rightly, was written by us, in our units, however small its runs may be.
    """
    problems = []
    columns = {name: np.asarray(arrays[name], np.float64)[rows] for name in (*TRIANGLE, "loss") if name in arrays}
    for column in columns.values():
        column[~(np.isfinite(column) & (column > 0))] = np.nan  # told elsewhere
    if all(name in columns for name in TRIANGLE):
        counts = np.log10(np.stack([columns[name] for name in TRIANGLE]))
        fine = np.isfinite(counts).all(axis=0)
        six_nd = arrays["flops_6nd"][rows] if "flops_6nd" in arrays and "flops_6nd" not in derived else np.nan
        with np.errstate(over="ignore"):  # infinite, which is told elsewhere
            expected = 6 * columns["n_params"] * columns["tokens"]
        if np.allclose(six_nd, expected, rtol=1e-9, atol=0):
            return []
        if fine.any():
            problems += _miscounted(counts[:, fine], rows[fine], [name for name in TRIANGLE if name not in derived])
    loss = columns.get("loss", np.full(0, np.nan))
    loss = loss[np.isfinite(loss)]
    # Above 20 nats/token a guess among 485 million words would do better: as a loss, no run of any model is so bad,
    # let alone all. A fit to perplexities converges as well as any and is wrong in E and every exponent, so that
    # this is no note. Where only some losses are that high, they may be of runs that diverged (`doubts`).
    if loss.size and loss.min() > PERPLEXITY:
        problems.append(
            f"loss: every one of {loss.size} is above {PERPLEXITY:g} nats/token (from {loss.min():.4g} to "
            f"{loss.max():.4g}), as perplexity would be. Give its natural logarithm, or map the loss: --map loss=NAME."
        )
    return problems


def _miscounted(counts: NDArray[np.float64], rows: NDArray[np.int64], given: list[str]) -> list[str]:
    """log10 of N, D and C, a row each; given says which of them were read, the others having been derived.

    Tried are all units for what was given. Of those under which C = 6 N D holds in every row the likeliest has D/N
    nearest to 20 and sizes as models have them. Between millions and billions of both it may name the wrong one.
    """
    n, d, c = counts
    ratio = c - n - d - np.log10(6)
    slipped = len(given) == len(TRIANGLE) and abs(np.median(ratio)) > UNIT_SLIP and np.ptp(ratio) < 2 * SAME
    if not (slipped or _suspect(n, d, given)):
        return []
    readings: list[tuple[float, ...]] = [
        units
        for units in itertools.product(*(tuple(UNITS[name]) if name in given else (1.0,) for name in TRIANGLE))
        if len(given) < len(TRIANGLE) or np.abs(ratio + np.log10(units[2] / (units[0] * units[1]))).max() <= SAME
    ]
    as_given = (1.0, 1.0, 1.0)
    if min(readings, key=lambda r: _oddity(counts, r, given, POSSIBLE), default=as_given) == as_given:
        return []
    likely = min((r for r in readings if r != as_given), key=lambda r: _oddity(counts, r, given, USUAL))
    wrong = [(i, name, unit) for i, (name, unit) in enumerate(zip(TRIANGLE, likely, strict=True)) if unit != 1]
    first = f"row {rows[0]} is a model of {10 ** n[0]:.4g} parameters trained on {10 ** d[0]:.4g} tokens"
    seen = f"C/(6 N D) is about {10 ** np.median(ratio):.2g} in all of {len(rows)} rows" if slipped else first
    read = " and ".join(f"{name} in {UNITS[name][unit]}" for _, name, unit in wrong)
    mend = " and ".join(
        f"{name} ({10 ** counts[i, 0]:.4g} in row {rows[0]}) by {f'{unit:g}'.replace('e+', 'e').replace('e0', 'e')}"
        for i, name, unit in wrong
    )
    return [f"{read}, it seems: {seen}. The units are parameters, tokens and FLOPs: multiply {mend}."]


def _suspect(n: NDArray[np.float64], d: NDArray[np.float64], given: list[str]) -> bool:
    """Far more or fewer tokens a parameter than any run has, or few of both: no counts, the more so if fractions."""
    if (d - n > FAR[1]).all() or (d - n < FAR[0]).all():
        return True
    counts = [10**each for name, each in zip(TRIANGLE, (n, d), strict=False) if name in given]
    fractions = any((np.abs(each - np.round(each)) > 1e-6 * each).any() for each in counts)
    small = (FEW, FRACTIONS) if fractions else (FEW,)
    return any(bool((n < n_below).all() and (d < d_below).all()) for n_below, d_below in small)


def _oddity(
    counts: NDArray[np.float64], units: tuple[float, ...], given: list[str], lies: tuple[tuple[float, float], ...]
) -> float:
    """How odd the runs would be in these units, in decades: D/N from 20, twice how far N and D are out of bounds."""
    n, d, c = np.median(counts, axis=1) + np.log10(units)
    if "n_params" not in given:
        n = c - d - np.log10(6)
    if "tokens" not in given:
        d = c - n - np.log10(6)
    beyond = sum(max(low - x, x - high, 0.0) for x, (low, high) in zip((n, d), lies, strict=True))
    return float(abs(d - n - np.log10(TOKENS_PER_PARAM)) + 2 * beyond + 0.3 * sum(unit != 1 for unit in units))
