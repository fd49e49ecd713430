"""Judging laws by what they say of rungs they never saw: forward hold-out, and the weights that follow from it.

Each rung from the fourth on is forecast from the rungs below it. In-sample fit plays no part.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from isoflop.estimates.fit import Check, Verdict
from isoflop.estimates.interval import Interval
from isoflop.fits.ladder import LadderFit, fit_ladder, loss_at
from isoflop.fits.objective import Floats
from isoflop.fits.parabola import Minimum
from isoflop.runs.table import Table

FEWEST = 3
"""Rungs that a hold-out is forecast from, at the least."""

DRAWS = 300
WIDE = 2.0
"""Widening past which the hold-outs say that no law here describes the ladder."""

NORMAL_90 = 1.6448536269514722  # half-width of a central 90 % interval, in standard deviations


@dataclass(frozen=True)
class HoldOut:
    """One rung held out: the fit of the rungs below, and what was found.

    said: by law, the draws of the loss at the rung's minimum, nats/token. found and found_sd: the minimum of the rung's
    own parabola.
    """

    budget: float
    below: LadderFit
    said: Mapping[str, Floats]
    found: float
    found_sd: float

    def error(self, name: str) -> float:
        """found / median of what a law said - 1."""
        return float(self.found / np.median(self.said[name]) - 1)

    def told(self, weights: Mapping[str, float]) -> Interval:
        """What the bag says of the mean, its laws weighted so; laws that had too few rungs are left out."""
        names = [name for name in self.said if weights.get(name, 0) > 0] or list(self.said)
        share = {name: weights.get(name, 0) or 1.0 for name in names}
        mass = [np.full(len(self.said[name]), share[name] / len(self.said[name])) for name in names]
        return Interval.of_draws(np.concatenate([self.said[name] for name in names]), np.concatenate(mass))

    def miss(self, weights: Mapping[str, float]) -> float:
        """(found - told) in standard deviations of both."""
        told = self.told(weights)
        sd = (told.high - told.low) / (2 * NORMAL_90)
        return (self.found - told.median) / float(np.hypot(sd, self.found_sd))


def fit_and_judge(table: Table, *, seed: int = 0) -> tuple[LadderFit, tuple[HoldOut, ...]]:
    """The fit of a whole ladder, its laws weighted by hold-outs, with what they said among its checks."""
    whole = fit_ladder(table, seed=seed)
    judged = hold_outs(table, whole.minima, seed=seed)
    fit = weighted(whole, judged)
    return replace(fit, checks=(*fit.checks, *verdict(judged, fit))), judged


def hold_outs(table: Table, minima: Sequence[Minimum], *, seed: int = 0) -> tuple[HoldOut, ...]:
    """Every rung that has FEWEST rungs below it and a minimum of its own, forecast from those below."""
    judged: list[HoldOut] = []
    usable = [each for each in minima if each.usable]
    for rung in usable[FEWEST:]:
        below = weighted(fit_ladder(table.where(table["budget"] < rung.budget), seed=seed, draws=DRAWS), judged)
        at = loss_at(rung.n_params, rung.tokens, rung.flops)
        said = {name: below.ensembles[name].values(at) for name in below.weights}
        judged.append(HoldOut(rung.budget, below, said, rung.loss, float(np.nanstd(rung.draws[:, 2]))))
    return tuple(judged)


def weighted(fit: LadderFit, judged: Sequence[HoldOut]) -> LadderFit:
    """The fit with its loss laws weighted by their hold-outs, and its interval as wide as the hold-outs demand.

    widening^2 is the mean square of the misses, never below 1; each miss is that of a bag weighted by the other
    hold-outs.
    """
    if not judged or not fit.weights:
        return fit
    misses = [each.miss(shares(fit.weights, [*judged[:i], *judged[i + 1 :]])) for i, each in enumerate(judged)]
    widening = max(1.0, float(np.sqrt(np.mean(np.square(misses)))))
    return replace(fit, weights=shares(fit.weights, judged), widening=widening)


def shares(laws: Iterable[str], judged: Sequence[HoldOut]) -> dict[str, float]:
    """The weight of each law: (mean square error)^(-n/2) over the n hold-outs that judged it.

    That is the likelihood of normal errors of unknown size (Jeffreys' prior), with the minima's own uncertainty added
    to the square, so that no law wins by luck. A law that none has judged gets the mean weight of the others.
    """
    names = list(laws)
    ln: dict[str, float] = {}
    for name in names:
        squares = [each.error(name) ** 2 + (each.found_sd / each.found) ** 2 for each in judged if name in each.said]
        if squares:
            ln[name] = -len(judged) / 2 * float(np.log(np.mean(squares)))
    if not ln:
        return {name: 1 / len(names) for name in names}
    found = {name: float(np.exp(value - max(ln.values()))) for name, value in ln.items()}
    whole = {name: found.get(name, float(np.mean(list(found.values())))) for name in names}
    total = sum(whole.values())
    return {name: share / total for name, share in whole.items()}


def verdict(judged: Sequence[HoldOut], fit: LadderFit) -> tuple[Check, ...]:
    """What the hold-outs say of the forecast, in a sentence; none where too few rungs left none."""
    if not judged:
        message = f"No rung has {FEWEST} rungs below it, so no forecast was tested on a rung that it never saw."
        return (Check("hold-out", Verdict.WARN, message),)
    told = [each.told(fit.weights).median for each in judged]
    errors = ", ".join(
        f"{each.found / said - 1:+.2%} at {each.budget:.3g} FLOPs" for each, said in zip(judged, told, strict=True)
    )
    weights = ", ".join(f"{name} {share:.0%}" for name, share in fit.weights.items())
    message = f"Rungs forecast from those below were found {errors}. Weights of the laws: {weights}."
    if fit.widening > 1:
        message += f" The interval is widened {fit.widening:.2f} times, as these misses demand."
    return (Check("hold-out", Verdict.OK if fit.widening < WIDE else Verdict.WARN, message),)
