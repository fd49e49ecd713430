"""The best size for a budget that pays for serving too, where what is written is priced apart.

Its price goes by the shape that is built, which comes in steps, and the MFU by the class of size: no size settles by
putting it in again, so every size is asked what it costs, and the one with the lowest loss is taken.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from isoflop.allocations.allocate import Floats
from isoflop.estimates.ensemble import Ensemble
from isoflop.plans.same_loss import FEW, losses
from isoflop.plans.split import Aim, Split, split

_FIRST, _THEN = 57, 25  # sizes looked at, and again about the best of them
_SMALLEST, _LARGEST = 1e6, 1e14


@dataclass(frozen=True)
class Priced:
    """What a size is allowed in training FLOPs, serving included, and its served tokens T: 2 N T cost as much."""

    allowed: float
    served: float


def best_priced(bag: Ensemble, aim: Aim, priced: Callable[[float], Priced]) -> tuple[float, Priced] | None:
    """N whose loss is lowest by the median law, once serving is paid; None where serving leaves no size any tokens."""
    few = bag.thinned(FEW)
    low, high = np.log(_SMALLEST), np.log(min(_LARGEST, aim.most_params))
    best: tuple[float, float, Priced] | None = None
    for count in (_FIRST, _THEN):
        sizes = np.exp(np.linspace(low, high, count))
        for n in map(float, sizes):
            found = priced(n)
            d = found.allowed / (6 * n) - found.served / 3
            if d < 1:
                continue
            at = losses(few, np.asarray([[n]]), np.asarray([[d]]), aim.unique_tokens)[:, 0]
            loss = few.interval(at).median
            if best is None or loss < best[0]:
                best = loss, n, found
        if best is None:
            return None
        step = (high - low) / (count - 1)
        low, high = np.log(best[1]) - step, min(np.log(best[1]) + step, high)
    return None if best is None else (best[1], best[2])


def split_priced(bag: Ensemble, aim: Aim, n_params: float, found: Priced) -> Split:
    """The split at that size: every law has its own about it, as far from it as at a price that all sizes share."""
    aim = replace(aim, flops=found.allowed, served=found.served)
    shared = split(bag, aim)
    n: Floats = shared.n_params * (n_params / shared.median("n_params"))
    n = np.minimum(n, 0.99 * found.allowed / (2 * found.served)) if found.served else n
    tokens = found.allowed / (6 * n) - found.served / 3
    loss = losses(shared.bag, n[:, None], tokens[:, None], aim.unique_tokens)[:, 0]
    return replace(shared, aim=aim, n_params=n, tokens=tokens, loss=loss)
