"""The best size by every law of a fit's sample, from the runs' compute out to a hundred times the most."""

from collections.abc import Callable
from typing import Any

import numpy as np

from isoflop.errors import IsoflopError
from isoflop.estimates.ensemble import Ensemble
from isoflop.estimates.fit import Fit
from isoflop.plans.quantities import best

AHEAD = 100.0
STEPS = 22
LEVEL, INNER = 0.9, 0.5


def best_sizes(fit: Fit, low: float, top: float, flops_per_token: Callable[[Any], Any]) -> list[dict[str, float]]:
    """Rows of flops, n_params and loss along the frontier, from `low` FLOPs over `top` to `AHEAD` times that.

    n_params is that of the median law; low and high hold `LEVEL` of the laws, inner_low and inner_high `INNER` of
    them; without a sample all are the fitted law's own. It ends where more than a tenth of the laws have no best size.
    """
    bag = fit.sample or Ensemble((fit.law,))
    rows: list[dict[str, float]] = []
    for flops in np.concatenate([np.geomspace(low, top, STEPS), np.geomspace(top, AHEAD * top, STEPS)[1:]]):
        try:
            found = best(bag, float(flops), flops_per_token)
        except IsoflopError:
            if rows:
                break
            continue
        outer, inner = (found.interval("n_params", level) for level in (LEVEL, INNER))
        loss = found.interval("loss", LEVEL)
        rows.append(
            {
                "flops": float(flops), "n_params": outer.median, "low": outer.low, "high": outer.high,
                "inner_low": inner.low, "inner_high": inner.high,
                "loss": loss.median, "loss_low": loss.low, "loss_high": loss.high,
            }
        )  # fmt: skip
    return rows
