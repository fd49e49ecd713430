"""Approach 1: the lower envelope of the loss over compute, across sizes and horizons, and power laws through it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from isoflop.errors import BadInput, FitError
from isoflop.estimates.ensemble import Ensemble
from isoflop.estimates.fit import Check, Fit, FitStatus, Verdict
from isoflop.fits.curse import winners_curse
from isoflop.fits.endpoints import clusters_of, endpoints
from isoflop.fits.floor import project
from isoflop.fits.frontier import FLOORLESS, power_laws, weighted_lines
from isoflop.fits.horizons import Horizons, Lowest
from isoflop.fits.objective import Floats
from isoflop.laws.law import About, Law
from isoflop.laws.power import FlooredPowerLaw, OptimalSize, OptimalTokens, PowerLaw
from isoflop.runs.table import Table

POINTS = 1500  # values of compute at which the best run is taken, as Hoffmann et al. 2022 have it
DRAWN = 60  # of them for each resample: a power law through these is the same to 1e-4 of its exponent
CHUNK = 100  # resamples side by side: 0.1 GB with 100 sizes
REACH = 1 / 3  # of the envelope's compute that a resample must cover, or it is dropped
MARGIN = 0.3
"""Least ln N between the best size and the smallest and largest that ran as long. Nearer to them noise can only push it
inward, which flattened a planted exponent of 0.514 by 0.010 to 0.019; with this margin by 0.004 to 0.005."""


@dataclass(frozen=True)
class Envelope:
    """What the envelope says of compute: fits of N_opt(C), D_opt(C), L(C), and their ensembles by the same names.

    floored is L(C) = E + A / C^alpha. flops, sizes, data, losses: the envelope itself, (M,) each.
    """

    n_params: Fit
    tokens: Fit
    loss: Fit
    floored: Fit
    ensembles: dict[str, Ensemble]
    flops: Floats
    sizes: Floats
    data: Floats
    losses: Floats
    checks: tuple[Check, ...]


@np.errstate(all="ignore")  # garbage overflows, and is refused where it is not finite
def envelope(table: Table, *, draws: int = 1000, seed: int = 0, convention: str = "") -> Envelope:
    """Power laws through the lowest loss of any size at each of 1,500 values of compute.

    Hoffmann et al. 2022, arXiv:2203.15556, sec. 3.1, with three differences. Only ends of schedules count
    (`endpoints`), joined over the horizons of each size in ln C and ln L; nothing is extrapolated. A size is the best
    only where smaller and larger ones have losses too. Between sizes the parabola through the best and its neighbours
    is followed, since a size on the staircase of those trained moves the exponent.

    Unweighted least squares of logarithms; intervals by a bootstrap of whole runs. Noise makes the lowest loss too low:
    a check says by how much. Raises `FitError` where no size lies between others at any compute.
    """
    if draws < 1:
        raise BadInput(f"The intervals of an envelope need at least one draw; got {draws}.")
    ends, ended = endpoints(table)
    horizons = Horizons.of(ends)
    ln_c, found, margin = _points(horizons)
    coarse = ln_c[np.unique(np.linspace(0, len(ln_c) - 1, DRAWN).astype(int))]
    rng = np.random.default_rng(seed)
    resampled = list(_resamples(horizons, clusters_of(ends), coarse, draws, rng))
    points = {"n_params": found.ln_n[0], "tokens": found.ln_d[0], "loss": found.ln_loss[0]}
    bags = {
        "n_params": np.concatenate([each.ln_n for each in resampled]),
        "tokens": np.concatenate([each.ln_d for each in resampled]),
        "loss": np.concatenate([each.ln_loss for each in resampled]),
    }
    kept = np.isfinite(bags["loss"]).sum(axis=1) >= max(4, REACH * len(coarse))
    if not kept.any():
        raise FitError(f"None of {draws} resamples of the runs has an envelope over a third of the compute: add runs.")
    winners = len(np.unique(found.winner[0]))
    about = About(
        source=f"fitted to the envelope of {len(ends)} runs",
        tag="fitted",
        fitted={"flops": (float(np.exp(ln_c[0])), float(np.exp(ln_c[-1])))},
    )
    status = FitStatus.CONVERGED if winners > 2 else FitStatus.UNIDENTIFIED
    fits: dict[str, Fit] = {}
    laws: dict[str, tuple[Law, ...]] = {}
    forms: dict[str, type[Law]] = {"n_params": OptimalSize, "tokens": OptimalTokens, "loss": PowerLaw}
    for name, form in forms.items():
        (law,) = _lines(form, ln_c, points[name][None], about)
        laws[name] = _lines(form, coarse, bags[name][kept], about)
        fits[name] = Fit(law, "envelope", _squares(law, ln_c, points[name]), status)
    laws["floored"] = _floors(coarse[::3], bags["loss"][kept][:, ::3], about)
    fits["floored"] = _floored(ln_c, points["loss"], laws["floored"], about, status)
    dropped = int(np.sum(~kept))
    checks = (
        ended,
        _extent(horizons, ln_c, winners, margin, dropped / max(1, draws)),
        winners_curse(horizons, coarse, float(fits["loss"].law.constants["alpha"]), rng),
    )
    excluded = tuple((each.row, each.why) for each in ends.excluded)
    ensembles = {name: Ensemble(bag, seed=seed, dropped=dropped) for name, bag in laws.items()}
    fits = {
        name: replace(each, convention=convention, excluded=excluded, checks=each.checks + checks).with_intervals(
            ensembles[name]
        )
        for name, each in fits.items()
    }
    sizes, data, losses = (np.exp(points[name]) for name in forms)
    return Envelope(
        **fits, ensembles=ensembles, flops=np.exp(ln_c), sizes=sizes, data=data, losses=losses, checks=checks
    )


def _points(horizons: Horizons) -> tuple[Floats, Lowest, bool]:
    """ln C and the envelope there, and whether MARGIN was kept: it is given up if it leaves a third of them or less."""
    at = np.linspace(*horizons.span, POINTS)
    found = horizons.lowest(at, np.ones((1, len(horizons.ln_loss))))
    seen = np.isfinite(found.ln_loss[0])
    if seen.sum() < 2:
        low, high = np.exp(horizons.span)
        raise FitError(
            f"From {low:.3g} to {high:.3g} FLOPs the lowest loss is always that of the smallest or the largest size "
            "trained there, so no best size is known. Train each size to more horizons, or sizes closer together."
        )
    smallest, largest = horizons.window(at)
    kept = seen
    for _ in range(3):  # the line through what is kept decides, not the noise at each C
        intercept, slope = weighted_lines(at, np.where(kept, found.ln_n[0], np.nan)[None], np.ones_like(at))
        best = intercept[0] + slope[0] * at
        kept = seen & (best - smallest >= MARGIN) & (largest - best >= MARGIN)
        if kept.sum() <= seen.sum() / 3:
            kept = seen
            break
    return (
        at[kept],
        Lowest(found.ln_n[:, kept], found.ln_d[:, kept], found.ln_loss[:, kept], found.winner[:, kept]),
        kept is not seen,
    )


def _resamples(
    horizons: Horizons, runs: NDArray[np.intp], at: Floats, draws: int, rng: np.random.Generator
) -> Iterator[Lowest]:
    """Envelopes of as many runs drawn with replacement, some draws at a time; all rows of a run go together."""
    _, run = np.unique(runs, return_inverse=True)
    n = int(run.max()) + 1
    for first in range(0, draws, CHUNK):
        size = min(CHUNK, draws - first)
        yield horizons.lowest(at, rng.multinomial(n, np.full(n, 1 / n), size=size)[:, run].astype(np.float64))


def _lines(form: type[Law], ln_c: Floats, y: Floats, about: About) -> tuple[Law, ...]:
    """The power law through each row of logarithms."""
    laws = power_laws(form, *weighted_lines(ln_c, y, np.ones_like(ln_c)), about)
    if not laws:
        raise FitError(f"The envelope's power law of {form.output} is out of range: look at the table's units.")
    return laws


def _floors(ln_c: Floats, ln_loss: Floats, about: About) -> tuple[Law, ...]:
    """E + A / C^alpha through each row of ln L."""
    seen = np.isfinite(ln_loss)
    found = project(ln_c, np.where(seen, ln_loss, 0.0), seen.astype(np.float64), np.ones_like(ln_c))
    return tuple(FlooredPowerLaw(E=e, A=a, alpha=s, about=about) for e, a, s in zip(*found[:3], strict=True))


def _floored(ln_c: Floats, ln_loss: Floats, bag: tuple[Law, ...], about: About, status: FitStatus) -> Fit:
    """E + A / C^alpha, and whether the resamples have a floor at all."""
    (law,) = _floors(ln_c, ln_loss[None], about)
    without = float(np.mean([each.constants["E"] == 0 for each in bag]))
    if law.constants["E"] == 0:
        status = FitStatus.AT_BOUND
    elif without >= FLOORLESS:
        status = FitStatus.UNIDENTIFIED
    message = f"{without:.0%} of resamples fit best without a floor"
    check = Check("floor", Verdict.OK if without < FLOORLESS else Verdict.WARN, message)
    return Fit(law, "envelope", _squares(law, ln_c, ln_loss), status, checks=(check,))


def _squares(law: Law, ln_c: Floats, y: Floats) -> float:
    return float(np.sum((np.log(law(np.exp(ln_c))) - y) ** 2))


def _extent(horizons: Horizons, ln_c: Floats, winners: int, margin: bool, dropped: float) -> Check:
    """What part of the compute has a best size, and how many sizes took part."""
    low, high = horizons.span
    message = (
        f"{winners} of {len(horizons.sizes)} sizes are best somewhere between {np.exp(ln_c[0]):.3g} and "
        f"{np.exp(ln_c[-1]):.3g} FLOPs, {(ln_c[-1] - ln_c[0]) / (high - low):.0%} of the decades that the runs span"
    )
    if horizons.alone:
        message += f"; {horizons.alone} sizes of one horizon take no part"
    if not margin:
        message += "; the best sizes lie close to the smallest or largest that ran as long, which flattens the exponent"
    if dropped:
        message += f"; {dropped:.0%} of the resamples cover less than a third of that and were dropped"
    bad = winners < 3 or not margin or dropped > 1 / 4
    return Check("envelope", Verdict.WARN if bad else Verdict.OK, message)
