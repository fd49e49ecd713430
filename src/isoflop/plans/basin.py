"""How flat the optimum is: the sizes that are nearly as good, and what it costs to act on the median of many laws."""

from dataclasses import dataclass

import numpy as np

from isoflop.allocations.allocate import Floats
from isoflop.plans.same_loss import losses
from isoflop.plans.split import Split

TOLERANCE = 0.01  # of the loss
_FACTORS = np.exp(np.linspace(-np.log(100), np.log(100), 401))  # sizes looked at, times the best
_STEP = 1e-4  # of ln C, for a slope
_FLAT = 1e-12  # nats/token for each of ln C: where more compute gains nothing, all of it may be lost


@dataclass(frozen=True)
class Basin:
    """Sizes at one budget whose loss is at most (1 + tolerance) of the best: parameters, by the median law's ends.

    low or high is at a hundredth or a hundred times the best where the loss is still within the tolerance there.
    """

    low: float
    high: float
    tolerance: float


@dataclass(frozen=True)
class Regret:
    """What acting on the median N costs if each law of the bag were the true one: relative loss, and compute lost.

    typical and worst are the median and the 95th percentile over the laws; compute is the worst as a share of C, by
    each law's own slope dL/d ln C.
    """

    typical: float
    worst: float
    compute: float


def losses_around(found: Split, n_params: Floats, flops: float) -> Floats:
    """L of these sizes, (laws or 1, k), on the tokens that C and serving leave them: (laws, k).

    Infinite where serving leaves none.
    """
    left = (flops - 2 * n_params * found.aim.served) / (6 * n_params)
    at = losses(found.bag, n_params, np.maximum(left, 1.0), found.aim.unique_tokens)
    return np.where(left >= 1, at, np.inf)


def basin(found: Split, tolerance: float = TOLERANCE) -> Basin:
    """The sizes within a tolerance of the best loss, by every law's own best, as weighted medians of their ends.

    found: a split of a budget, whatever is served and repeated.
    """
    sizes = found.median("n_params") * _FACTORS
    ok = losses_around(found, sizes[None, :], _budget(found)) <= (1 + tolerance) * found.loss[:, None]
    first, last = np.argmax(ok, axis=1), ok.shape[1] - 1 - np.argmax(ok[:, ::-1], axis=1)
    low, high = found.bag.interval(sizes[first]).median, found.bag.interval(sizes[last]).median
    return Basin(low, high, tolerance)


def regret(found: Split) -> Regret | None:
    """What the median size costs under each law; None for one law alone, which has nothing to regret."""
    if len(found.bag) < 2:
        return None
    middle, own, C = np.asarray([[found.median("n_params")]]), found.n_params[:, None], _budget(found)
    lost = losses_around(found, middle, C)[:, 0] - found.loss
    slope = (losses_around(found, own, C * np.exp(_STEP))[:, 0] - found.loss) / _STEP  # N need not move (envelope)
    shares = found.bag.interval(lost / found.loss, level=0.9)
    spent = found.bag.interval(np.minimum(lost / np.maximum(np.abs(slope), _FLAT), 1.0), level=0.9)
    return Regret(max(0.0, shares.median), max(0.0, shares.high), max(0.0, spent.high))


def _budget(found: Split) -> float:
    return float(found.aim.flops or 0.0)
