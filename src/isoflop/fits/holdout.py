"""Judging laws by what they say of rungs they never saw: forward hold-out, and the weights that follow from it.

Each rung from the fourth on is forecast from every shorter ladder below it. In-sample fit plays no part.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from isoflop.estimates.fit import Check, Verdict
from isoflop.fits.ladder import LadderFit, fit_ladder, loss_at
from isoflop.fits.minimum import Minimum
from isoflop.runs.table import Table

FEWEST = 3
"""Rungs that a hold-out is forecast from, at the least."""

DRAWS = 300
LARGE = 0.02
"""Drift, as a share of the loss per e-fold of compute, past which no law here describes the ladder."""


@dataclass(frozen=True)
class HoldOut:
    """One rung as the rungs up to a lower one foresee it: their fit, and what was found.

    distance: ln of the compute between the highest rung seen and this one. said: by law, the median of the loss at this
    rung's minimum, nats/token. found and found_sd: the minimum of the rung's own parabola.
    """

    budget: float
    below: LadderFit
    distance: float
    said: Mapping[str, float]
    found: float
    found_sd: float

    def rate(self, name: str) -> float:
        """(found / said - 1) / distance: a law's relative error per e-fold of compute."""
        return (self.found / self.said[name] - 1) / self.distance

    def told(self, weights: Mapping[str, float]) -> float:
        """The weighted mean of what the laws said; those that had too few rungs are left out."""
        share = {name: weights.get(name, 0.0) for name in self.said}
        total = sum(share.values())
        if total == 0:
            return float(np.mean(list(self.said.values())))
        return sum(said * share[name] for name, said in self.said.items()) / total


def fit_and_judge(table: Table, *, seed: int = 0) -> tuple[LadderFit, tuple[HoldOut, ...]]:
    """The fit of a whole ladder, its laws weighted by hold-outs, with what they said among its checks."""
    whole = fit_ladder(table, seed=seed)
    judged = hold_outs(table, whole.minima, seed=seed)
    fit = weighted(whole, judged)
    return replace(fit, checks=(*fit.checks, *verdict(judged, fit))), judged


def hold_outs(table: Table, minima: Sequence[Minimum], *, seed: int = 0) -> tuple[HoldOut, ...]:
    """Every rung with FEWEST rungs below it, as each shorter ladder foresees it: one rung ahead, two, and so on."""
    judged: list[HoldOut] = []
    usable = [each for each in minima if each.usable]
    for seen in range(FEWEST, len(usable)):
        top = usable[seen - 1]
        shorter = fit_ladder(table.where(table["budget"] <= top.budget), seed=seed, draws=DRAWS, check=False)
        below = weighted(shorter, [each for each in judged if each.budget <= top.budget])
        for rung in usable[seen:]:
            at = loss_at(rung.n_params, rung.tokens, rung.flops)
            said = {name: float(np.median(below.ensembles[name].values(at))) for name in below.weights}
            distance = float(np.log(rung.flops / top.flops))
            found_sd = float(np.nanstd(rung.draws[:, 2]))
            judged.append(HoldOut(rung.budget, below, distance, said, rung.loss, found_sd))
    return tuple(judged)


def one_ahead(judged: Sequence[HoldOut]) -> tuple[HoldOut, ...]:
    """Of each shorter ladder, only what it foresaw of the very next rung."""
    nearest = {id(each.below): each for each in reversed(judged)}
    return tuple(each for each in judged if nearest[id(each.below)] is each)


def ladders(judged: Sequence[HoldOut]) -> int:
    """How many shorter ladders did the judging."""
    return len({id(each.below) for each in judged})


def weighted(fit: LadderFit, judged: Sequence[HoldOut]) -> LadderFit:
    """The fit with its loss laws weighted by their hold-outs, and the drift that the hold-outs show.

    drift: root mean square of the bag's relative error per e-fold of compute, each shorter ladder being judged by
    weights from the others.
    """
    if not judged or not fit.weights:
        return fit
    rates = []
    for each in judged:
        others = [other for other in judged if other.below is not each.below]
        rates.append((each.found / each.told(shares(fit.weights, others)) - 1) / each.distance)
    drift = float(np.sqrt(np.mean(np.square(rates))))
    return replace(fit, weights=shares(fit.weights, judged), drift=drift, judges=ladders(judged))


def shares(laws: Iterable[str], judged: Sequence[HoldOut]) -> dict[str, float]:
    """The weight of each law: (mean square error per e-fold)^(-n/2), n being how many shorter ladders judged.

    That is the likelihood of normal errors of unknown size (Jeffreys' prior), with the minima's own uncertainty added
    to the square, so that no law wins by luck. A law that none has judged gets the mean weight of the others.
    """
    names = list(laws)
    n = ladders(judged)
    ln: dict[str, float] = {}
    for name in names:
        squares = [
            each.rate(name) ** 2 + (each.found_sd / each.found / each.distance) ** 2
            for each in judged
            if name in each.said
        ]
        if squares:
            ln[name] = -n / 2 * float(np.log(np.mean(squares)))
    if not ln:
        return {name: 1 / len(names) for name in names}
    found = {name: float(np.exp(value - max(ln.values()))) for name, value in ln.items()}
    whole = {name: found.get(name, float(np.mean(list(found.values())))) for name in names}
    total = sum(whole.values())
    return {name: share / total for name, share in whole.items()}


def verdict(judged: Sequence[HoldOut], fit: LadderFit) -> tuple[Check, ...]:
    """What the hold-outs say of the forecast, in a sentence; a warning where too few rungs left none."""
    if not judged:
        message = f"No rung has {FEWEST} rungs below it, so no forecast was tested on a rung that it never saw."
        return (Check("hold-out", Verdict.WARN, message),)
    errors = ", ".join(
        f"{each.found / each.told(fit.weights) - 1:+.2%} at {each.budget:.3g} FLOPs" for each in one_ahead(judged)
    )
    weights = ", ".join(f"{name} {share:.0%}" for name, share in fit.weights.items())
    message = (
        f"Rungs forecast from those below were found {errors}. Over all distances the error is {fit.drift:.2%} of the "
        "loss per e-fold of compute, and intervals beyond the ladder are as wide as that asks. "
        f"Weights of the laws: {weights}."
    )
    return (Check("hold-out", Verdict.OK if fit.drift < LARGE else Verdict.WARN, message),)
