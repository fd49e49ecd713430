"""What follows from a bag of laws, each as an interval: best size and data, the loss there, the compute for a loss."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from isoflop.allocations.allocate import Floats, allocate, allocate_all, six_n
from isoflop.allocations.target import flops_for, frontier
from isoflop.errors import IsoflopError
from isoflop.estimates.ensemble import Ensemble
from isoflop.estimates.interval import Interval

MOST_LOST = 0.1  # laws without an optimum that are left out with a note; with more there is no result


@dataclass(frozen=True)
class Best:
    """For each law of a bag at a budget (FLOPs): N (parameters), D (tokens), loss (nats/token), and what is left out.

    slope is dL/d ln C along each law's frontier. The arrays and `bag` hold only laws that have a certified optimum;
    left_out counts the others.
    """

    flops: float
    bag: Ensemble
    n_params: Floats
    tokens: Floats
    loss: Floats
    slope: Floats
    left_out: int

    def interval(self, name: str, level: float = 0.9, *, noise: float = 0.0) -> Interval:
        """Of n_params, tokens, tokens_per_param or loss, of the mean; noise (nats/token) makes it a new run's loss."""
        values = self.tokens / self.n_params if name == "tokens_per_param" else getattr(self, name)
        return self.bag.interval(values, level, noise=noise)


def best(bag: Ensemble, flops: float, flops_per_token: Callable[[Any], Any] = six_n) -> Best:
    """The optimum of every law of the bag at a budget. Raises `IsoflopError` if more than a tenth have none."""
    found = np.full((4, len(bag)), np.nan)
    for law, places in bag.stacks():
        each = allocate_all(law, flops, flops_per_token)
        found[:, places] = each.n_params, each.tokens, each.loss, each.slope
    kept = np.isfinite(found[0])
    lost = int(np.sum(~kept))
    if lost > MOST_LOST * len(bag):
        first = bag.laws[int(np.argmin(kept))]
        try:
            allocate(first, flops, flops_per_token)
        except IsoflopError as error:
            raise IsoflopError(f"{lost} of {len(bag)} laws have no best size at {flops:.3g} FLOPs: {error}") from None
    n_params, tokens, loss, slope = found[:, kept]
    return Best(float(flops), bag.only(kept), n_params, tokens, loss, slope, lost)


def flops_interval(
    bag: Ensemble,
    loss: float,
    level: float = 0.9,
    *,
    noise: float = 0.0,
    flops_per_token: Callable[[Any], Any] = six_n,
) -> Interval:
    """The compute, FLOPs, with which the best run reaches a loss (nats/token); its high end may be infinite.

    noise is the standard deviation of one run's loss: given, the interval is of the compute with which one new run
    reaches it (noise over the frontier's slope is the spread of ln C). Raises `IsoflopError` if half or more of the
    laws never reach it.
    """
    ln_C, spread = np.full(len(bag), np.nan), np.zeros(len(bag))
    for law, places in bag.stacks():
        C = flops_for(law, loss, flops_per_token)
        ln_C[places] = np.log(C)
        if noise:
            near = np.where(np.isfinite(C), C, 1.0)
            spread[places] = np.where(np.isfinite(C), noise / np.abs(frontier(law, near, flops_per_token)[1]), 0.0)
    known, reached = ~np.isnan(ln_C), np.isfinite(ln_C)
    never = float(np.sum(bag.weights[known & ~reached]))
    if 2 * never >= np.sum(bag.weights[known]) or np.sum(~known) > MOST_LOST * len(bag):
        raise IsoflopError(
            f"{never:.0%} of {len(bag)} laws never fall to {loss:g} nats/token, and {np.sum(~known)} have no best size "
            "on the way: there is no compute to name. Aim at a loss further above the floor, or doubt the law."
        )
    top = float(np.max(ln_C[reached]))
    beyond = top + 100 + 10 * float(spread.max())  # stands for infinity while quantiles are taken
    found = bag.only(known).interval(np.where(reached, ln_C, beyond)[known], level, noise=spread[known])
    median, low, high = (
        float(np.exp(end)) if end <= beyond - 50 else np.inf for end in (found.median, found.low, found.high)
    )
    return Interval(median, low, high, level, found.of)
