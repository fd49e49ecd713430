"""Judging laws by what they say of rungs they never saw: forward hold-out, and the weights that follow from it.

Each rung from the fourth on is forecast from the rungs below it. In-sample fit plays no part.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from isoflop.estimates.fit import Check, Verdict
from isoflop.estimates.interval import Interval
from isoflop.fits.ladder import LadderFit, fit_ladder, loss_at
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
    """One rung held out: the fit of the rungs below, what each law said of its minimum, and what was found.

    said: by law, (mean, standard deviation) of the loss at the rung's minimum, nats/token; told: the whole bag's
    interval of the mean, not widened; found and found_sd: the minimum of the rung's own parabola.
    """

    budget: float
    below: LadderFit
    said: Mapping[str, tuple[float, float]]
    told: Interval
    found: float
    found_sd: float

    @property
    def miss(self) -> float:
        """(found - forecast) in standard deviations of both, the bag's before any widening."""
        sd = (self.told.high - self.told.low) / (2 * NORMAL_90)
        return (self.found - self.told.median) / float(np.hypot(sd, self.found_sd))

    def score(self, name: str) -> float:
        """-2 ln likelihood of what was found under what a law said, nats/token being the unit; lower is better."""
        mean, sd = self.said[name]
        variance = sd**2 + self.found_sd**2
        return float((self.found - mean) ** 2 / variance + np.log(variance))


def hold_outs(table: Table, minima: Sequence[Minimum], *, seed: int = 0) -> tuple[HoldOut, ...]:
    """Every rung that has FEWEST rungs below it and a minimum of its own, forecast from those below."""
    judged: list[HoldOut] = []
    usable = [each for each in minima if each.usable]
    for rung in usable[FEWEST:]:
        below = fit_ladder(table.where(table["budget"] < rung.budget), seed=seed, draws=DRAWS)
        below = weighted(below, judged)
        at = loss_at(rung.n_params, rung.tokens, rung.flops)
        said = {name: below.ensembles[name].values(at) for name in below.weights}
        found_sd = float(np.nanstd(rung.draws[:, 2]))
        spread = {name: (float(np.median(values)), float(values.std())) for name, values in said.items()}
        told = replace(below, widening=1.0).loss(rung.n_params, rung.tokens, rung.flops, new_run=False, best=True)
        judged.append(HoldOut(rung.budget, below, spread, told, rung.loss, found_sd))
    return tuple(judged)


def weighted(fit: LadderFit, judged: Sequence[HoldOut]) -> LadderFit:
    """The fit with its loss laws weighted by exp(-score / 2), and its interval widened until the hold-outs fit in.

    A law that no hold-out has judged gets the mean weight of the others. widening^2 is the mean square of
    (found - forecast) / sd over the hold-outs, never below 1.
    """
    if not judged:
        return fit
    scores = {
        name: float(np.mean([each.score(name) for each in judged if name in each.said]))
        for name in fit.weights
        if any(name in each.said for each in judged)
    }
    best = min(scores.values())
    weights = {name: float(np.exp(-(score - best) * len(judged) / 2)) for name, score in scores.items()}
    unjudged = {name: float(np.mean(list(weights.values()))) for name in fit.weights if name not in weights}
    total = sum(weights.values()) + sum(unjudged.values())
    shares = {name: (weights | unjudged)[name] / total for name in fit.weights}
    squares = [each.miss**2 for each in judged]
    return replace(fit, weights=shares, widening=max(1.0, float(np.sqrt(np.mean(squares)))))


def verdict(judged: Sequence[HoldOut], fit: LadderFit) -> tuple[Check, ...]:
    """What the hold-outs say of the forecast, in a sentence; none where too few rungs left none."""
    if not judged:
        message = f"No rung has {FEWEST} rungs below it, so no forecast was tested on a rung that it never saw."
        return (Check("hold-out", Verdict.WARN, message),)
    errors = ", ".join(f"{each.found / each.told.median - 1:+.2%} at {each.budget:.3g} FLOPs" for each in judged)
    shares = ", ".join(f"{name} {share:.0%}" for name, share in fit.weights.items())
    message = f"Rungs forecast from those below were found {errors}. Weights: {shares}."
    if fit.widening > 1:
        message += f" The interval is widened {fit.widening:.2f} times, as these misses demand."
    return (Check("hold-out", Verdict.OK if fit.widening < WIDE else Verdict.WARN, message),)
