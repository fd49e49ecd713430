"""How flat the optimum is: the sizes that are nearly as good, and what it costs to act on the median of many laws."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from isoflop.allocations.allocate import Floats, six_n
from isoflop.plans.quantities import Best

TOLERANCE = 0.01  # of the loss
_FACTORS = np.exp(np.linspace(-np.log(100), np.log(100), 401))  # sizes looked at, times the best


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


def losses_around(found: Best, n_params: Floats, flops_per_token: Callable[[Any], Any] = six_n) -> Floats:
    """L at these sizes and the tokens that the budget leaves, by every law: (laws, sizes), nats/token."""
    losses = np.empty((len(found.bag), len(n_params)))
    tokens = found.flops / flops_per_token(n_params)
    for law, places in found.bag.stacks():
        column = _as_columns(law)
        losses[places] = np.broadcast_to(column(n_params[None, :], tokens[None, :]), (len(places), len(n_params)))
    return losses


def basin(found: Best, tolerance: float = TOLERANCE, flops_per_token: Callable[[Any], Any] = six_n) -> Basin:
    """The sizes within a tolerance of the best loss, by every law's own best, as weighted medians of their ends."""
    middle = float(np.median(found.n_params))
    sizes = middle * _FACTORS
    losses = losses_around(found, sizes, flops_per_token)
    ok = losses <= (1 + tolerance) * found.loss[:, None]
    first, last = np.argmax(ok, axis=1), ok.shape[1] - 1 - np.argmax(ok[:, ::-1], axis=1)
    low, high = found.bag.interval(sizes[first]).median, found.bag.interval(sizes[last]).median
    return Basin(low, high, tolerance)


def regret(found: Best, flops_per_token: Callable[[Any], Any] = six_n) -> Regret | None:
    """What the median size costs under each law; None for one law alone, which has nothing to regret."""
    if len(found.bag) < 2:
        return None
    middle = found.interval("n_params").median
    at = losses_around(found, np.asarray([middle]), flops_per_token)[:, 0]
    lost = at - found.loss
    shares = found.bag.interval(lost / found.loss, level=0.9)
    spent = found.bag.interval(lost / np.abs(found.slope), level=0.9)
    return Regret(max(0.0, shares.median), max(0.0, shares.high), max(0.0, spent.high))


def _as_columns(law: Any) -> Any:
    from dataclasses import replace  # noqa: PLC0415

    arrays = {p.name: np.asarray(getattr(law, p.name)).reshape(-1, 1) for p in law.params()}
    return replace(law, **{name: each for name, each in arrays.items() if each.size > 1})
