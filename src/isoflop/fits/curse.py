"""The winner's curse: the lowest of noisy losses is lower than the loss of the best size."""

import numpy as np

from isoflop.estimates.fit import Check, Verdict
from isoflop.fits.horizons import Horizons
from isoflop.fits.objective import Floats
from isoflop.fits.roughness import MEDIAN_OF_NORMAL, third_differences

COPIES = 200  # noisy copies of the losses that it is estimated from
TELLING = 0.05  # worth a warning if it is worth more compute than this share


def winners_curse(horizons: Horizons, at: Floats, slope: float, rng: np.random.Generator) -> Check:
    """How much lower the envelope is at these ln C, from what noise added twice over takes off it.

    Simulation and extrapolation, as Cook and Stefanski 1994 (J. Am. Stat. Assoc. 89) undo errors of measurement.
    slope: how fast L(C) falls, -d ln L / d ln C, which turns the loss into compute.
    """
    noise, source = _noise(horizons, at)
    if not source:
        message = (
            "the lowest of noisy losses is too low, by how much is unknown: no size has two runs of one horizon, none "
            "has four horizons. Repeat some runs with another seed"
        )
        return Check("winner's curse", Verdict.WARN, message)
    once, twice = (_lowered(horizons, at, times * noise, rng) for times in (1.0, np.sqrt(3.0)))
    # Noise of s lowers by K s^p: adding s^2 and 3 s^2 to its variance by K (2^(p/2) - 1) and K (4^(p/2) - 1) more. p is
    # 1 where noise decides who wins, 2 where it hardly does.
    ratio = float(np.clip(twice / once, 1 + np.sqrt(2), 3)) if once > 0 else 3.0
    lower = max(0.0, once) / (ratio - 2)
    compute = 1 - float(np.exp(-lower / slope)) if slope > 0 else 1.0
    message = (
        f"the lowest of noisy losses is too low by about {lower:.2%} of the loss, worth {compute:.1%} of the compute "
        f"(noise of a run: {noise:.2%} of its loss, by {source})"
    )
    return Check("winner's curse", Verdict.OK if compute < TELLING else Verdict.WARN, message)


def _lowered(horizons: Horizons, at: Floats, noise: float, rng: np.random.Generator) -> float:
    """By how much noise on every ln L lowers the envelope, on average."""
    n = len(horizons.ln_loss)
    quiet = horizons.lowest(at, np.ones((1, n))).ln_loss
    noisy = horizons.ln_loss + noise * rng.standard_normal((COPIES, n))
    change = horizons.lowest(at, np.ones((COPIES, n)), noisy).ln_loss - quiet
    return -float(np.mean(change[np.isfinite(change)]))


def _noise(horizons: Horizons, at: Floats) -> tuple[float, str]:
    """Standard deviation of one run's ln L and what it was seen from; "" where nothing shows it.

    Without repeats, the roughness of each size's losses round the compute where it wins: large models trained for short
    are rough for reasons of their own, and never win.
    """
    winner = horizons.lowest(at, np.ones((1, len(horizons.ln_loss)))).winner[0]
    squares, free, rough = 0.0, 0, []
    for number, size in enumerate(horizons.sizes):
        y = horizons.ln_loss[size.rows]
        runs = np.bincount(size.cell).astype(np.float64)
        mean = np.bincount(size.cell, y) / runs
        squares += float(np.sum((y - mean[size.cell]) ** 2))
        free += len(y) - len(runs)
        if np.any(winner == number):
            near = int(np.argmin(np.abs(size.ln_c - at[winner == number].mean())))
            rough.append(third_differences(size.ln_c, mean, runs)[max(0, near - 3) : near + 1])
    if squares > 0:
        return float(np.sqrt(squares / free)), f"{free} repeats"
    every = np.concatenate(rough) if rough else np.empty(0)
    if not len(every):
        return 0.0, ""
    return float(np.median(every)) / MEDIAN_OF_NORMAL, "the roughness of losses along the horizons"
