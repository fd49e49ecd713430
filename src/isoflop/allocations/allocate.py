"""The best size and number of tokens for a budget, under any law and any count of FLOPs per token."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from isoflop.errors import BadInput, IsoflopError
from isoflop.laws.law import Law

_GRID = 401
_STEP = 1e-4  # in ln N, of the last parabola: its error is of the order of _STEP^2, its rounding of 1e-16 / _STEP


def six_n(n_params: Any) -> Any:
    """6 N training FLOPs per token (Kaplan et al. 2020, eq. 2.2 without the context term)."""
    return 6 * n_params


@dataclass(frozen=True)
class Allocation:
    """The optimum for a budget: C in FLOPs, N, D, the loss there, and slope = dL/d ln C along the frontier.

    ΔL ÷ |slope| turns an error of loss into one of compute.
    """

    flops: float
    n_params: float
    tokens: float
    loss: float
    slope: float


def allocate(
    law: Law,
    flops: float,
    flops_per_token: Callable[[Any], Any] = six_n,
    *,
    n_params: tuple[float, float] | None = None,
) -> Allocation:
    """argmin over N of L(N, D) with D = C / flops_per_token(N).

    Searched on a grid of ln N within `n_params` (default: from 1 parameter to 1 token), then refined to about 1e-8
    of N. Certified: the loss on both sides is not lower. Raises `IsoflopError` where the loss has no minimum inside.
    """
    if law.inputs != ("n_params", "tokens"):
        raise BadInput(f"Only a law of n_params and tokens splits a budget; {type(law).__name__} has {law.inputs}.")
    if not 0 < flops < np.inf:
        raise BadInput(f"A budget is a positive number of FLOPs; got {flops}.")

    def loss(log_n: Any, budget: float = flops) -> Any:
        n = np.exp(log_n)
        return law(n, budget / flops_per_token(n))

    low, high = np.log(n_params) if n_params else (0.0, np.log(flops / flops_per_token(1.0)))
    left, right = low, high
    for _ in range(2):
        grid = np.linspace(left, right, _GRID)
        losses = loss(grid)
        best = int(np.argmin(losses))
        if best in {0, _GRID - 1} or not np.isfinite(losses[best]):
            side = "smallest" if best == 0 else "largest"
            raise IsoflopError(
                f"{law} has no best size at {flops:.3g} FLOPs: the loss is lowest at the {side} size looked at, "
                f"{np.exp(grid[best]):.3g} parameters. Widen n_params, or doubt the law."
            )
        left, right = grid[best - 1], grid[best + 1]
    middle = grid[best]
    for _ in range(2):
        below, at, above = loss(np.asarray([middle - _STEP, middle, middle + _STEP]))
        curvature = above - 2 * at + below
        if curvature > 0:
            middle += np.clip(_STEP * (below - above) / (2 * curvature), -_STEP * 20, _STEP * 20)
    at = float(loss(middle))
    if min(loss(middle - 100 * _STEP), loss(middle + 100 * _STEP)) < at:
        raise IsoflopError(
            f"{law}: the best size at {flops:.3g} FLOPs could not be certified near {np.exp(middle):.3g}."
        )
    n = float(np.exp(middle))
    # The envelope theorem: at the optimum the loss changes with C as if N stood still.
    slope = float(loss(middle, flops * np.exp(_STEP)) - loss(middle, flops * np.exp(-_STEP))) / (2 * _STEP)
    return Allocation(float(flops), n, float(flops / flops_per_token(n)), at, slope)
