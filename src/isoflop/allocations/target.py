"""The budget that reaches a loss: the frontier of a law turned round, for many laws at once."""

from collections.abc import Callable
from typing import Any

import numpy as np

from isoflop.allocations.allocate import Floats, allocate_all, six_n
from isoflop.errors import BadInput
from isoflop.laws.law import Law

LOWEST, HIGHEST = 1e3, 1e45  # FLOPs between which budgets are looked for; a petaflop/s-century is 3e24
_STEPS = 100
_CLOSE = 1e-11  # of ln C


def frontier(law: Law, flops: Floats, flops_per_token: Callable[[Any], Any] = six_n) -> tuple[Floats, Floats]:
    """The lowest loss that each of m laws reaches with C FLOPs (m,), and its slope dL/d ln C; or L(C) and its slope."""
    if law.inputs == ("flops",):
        step = 1e-4
        down, at, up = (np.asarray(law(flops * np.exp(shift)), dtype=np.float64) for shift in (-step, 0.0, step))
        return at, (up - down) / (2 * step)
    best = allocate_all(law, flops, flops_per_token)
    return best.loss, best.slope


def flops_for(law: Law, loss: float, flops_per_token: Callable[[Any], Any] = six_n) -> Floats:
    """C with min over N of L(N, D) = loss, or with L(C) = loss: FLOPs, (m,) for m laws at once (`allocate_all`).

    Newton's method on ln C, by the frontier's slope, kept inside a bracket that halves where Newton leaves it. Infinite
    for a law that does not fall so far below 1e45 FLOPs; not a number where it has no best size on the way, or lies
    below that loss at 1e3 FLOPs already.
    """
    if not 0 < loss < np.inf:
        raise BadInput(f"A target is a positive loss in nats/token; got {loss}.")
    m = max(np.size(getattr(law, p.name)) for p in law.params())
    low, high = np.full(m, np.log(LOWEST)), np.full(m, np.log(HIGHEST))
    with np.errstate(all="ignore"):
        never, always = (
            frontier(law, np.exp(high), flops_per_token)[0] > loss,
            frontier(law, np.exp(low), flops_per_token)[0] < loss,
        )
        x = np.full(m, np.log(1e21))
        for _ in range(_STEPS):
            at, slope = frontier(law, np.exp(x), flops_per_token)
            low, high = np.where(at > loss, x, low), np.where(at > loss, high, x)
            there = x + (loss - at) / slope
            inside = (there > low) & (there < high)
            there = np.where(inside, there, (low + high) / 2)
            moved, x = np.abs(there - x), np.where(np.isfinite(at), there, np.nan)
            if not np.any(moved[np.isfinite(x) & ~never] > _CLOSE):
                break
    return np.where(never, np.inf, np.where(always, np.nan, np.exp(x)))
