"""The best size and number of tokens for a budget, under any law and count of FLOPs per token; many laws at once."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from isoflop.errors import BadInput, IsoflopError
from isoflop.laws.law import Law

Floats = NDArray[np.float64]

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


@dataclass(frozen=True)
class Allocations:
    """An `Allocation` for each of m laws as arrays (m,); not a number where a law has no certified optimum.

    edge: -1 where the loss was lowest at the smallest size looked at, 1 at the largest, 0 inside; end: that size.
    """

    flops: Floats
    n_params: Floats
    tokens: Floats
    loss: Floats
    slope: Floats
    edge: NDArray[np.int64]
    end: Floats

    @property
    def found(self) -> NDArray[np.bool_]:
        """Which laws have a certified optimum."""
        return np.isfinite(self.n_params)


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
    best = allocate_all(law, float(flops), flops_per_token, n_params=n_params)
    if len(best.n_params) > 1:
        raise BadInput(f"One law has one allocation; this is {len(best.n_params)} laws at once: use allocate_all.")
    if best.edge[0]:
        side = "smallest" if best.edge[0] < 0 else "largest"
        raise IsoflopError(
            f"{law} has no best size at {flops:.3g} FLOPs: the loss is lowest at the {side} size looked at, "
            f"{best.end[0]:.3g} parameters. Widen n_params, or doubt the law."
        )
    if not best.found[0]:
        raise IsoflopError(f"{law}: the best size at {flops:.3g} FLOPs could not be certified near {best.end[0]:.3g}.")
    each = best.flops, best.n_params, best.tokens, best.loss, best.slope
    return Allocation(*(float(values[0]) for values in each))


def allocate_all(
    law: Law,
    flops: ArrayLike,
    flops_per_token: Callable[[Any], Any] = six_n,
    *,
    n_params: tuple[float, float] | None = None,
) -> Allocations:
    """`allocate` for many laws of one form at once, the constants of `law` being arrays (m,); flops: one, or m.

    A law without a certified optimum gets not-a-number, and `edge` says where its loss was lowest.
    """
    if law.inputs != ("n_params", "tokens"):
        raise BadInput(f"Only a law of n_params and tokens splits a budget; {type(law).__name__} has {law.inputs}.")
    budgets = np.asarray(flops, dtype=np.float64)
    if not np.all((budgets > 0) & (budgets < np.inf)):
        raise BadInput(f"A budget is a positive number of FLOPs; got {flops!r}.")
    many, m = _columns(law)
    m = max(m, budgets.size)
    C = np.broadcast_to(budgets.reshape(-1, 1), (m, 1))

    def loss(log_n: Floats, budget: Floats = C) -> Floats:
        n = np.exp(log_n)
        return np.asarray(np.broadcast_to(many(n, budget / flops_per_token(n)), (m, log_n.shape[1])), dtype=np.float64)

    low, high = (np.full((m, 1), np.log(n)) for n in n_params) if n_params else _widest(C, flops_per_token)
    share, row = np.linspace(0, 1, _GRID), np.arange(m)
    edge = np.zeros(m, np.int64)
    end = np.zeros(m)
    for _ in range(2):
        grid = low + (high - low) * share
        losses = loss(grid)
        best = np.argmin(losses, axis=1)
        lost = (best == 0) | (best == _GRID - 1) | ~np.isfinite(losses[row, best])
        end = np.where(lost & (edge == 0), np.exp(grid[row, best]), end)
        edge = np.where(lost & (edge == 0), np.where(best == 0, -1, 1), edge)
        low, high = (grid[row, np.clip(best + side, 0, _GRID - 1)][:, None] for side in (-1, 1))
    middle = grid[row, best][:, None]
    for _ in range(2):
        below, at, above = loss(middle + _STEP * np.asarray([-1.0, 0.0, 1.0])).T
        curvature = above - 2 * at + below
        convex = curvature > 0
        step = _STEP * (below - above) / np.where(convex, 2 * curvature, 1.0)
        middle = middle + np.where(convex, np.clip(step, -20 * _STEP, 20 * _STEP), 0.0)[:, None]
    below, at, above = loss(middle + 100 * _STEP * np.asarray([-1.0, 0.0, 1.0])).T
    n = np.exp(middle[:, 0])
    certified = (edge == 0) & ~(np.minimum(below, above) < at)
    # The envelope theorem: at the optimum the loss changes with C as if N stood still.
    up, down = (loss(middle, C * np.exp(step))[:, 0] for step in (_STEP, -_STEP))
    spent = np.asarray(np.broadcast_to(C / flops_per_token(n[:, None]), (m, 1)))[:, 0]
    known = (np.where(certified, each, np.nan) for each in (n, spent, at, (up - down) / (2 * _STEP)))
    size, tokens, lowest, slope = known
    return Allocations(C[:, 0].copy(), size, tokens, lowest, slope, edge, np.where(edge == 0, n, end))


def _columns(law: Law) -> tuple[Law, int]:
    """The law with its array constants as columns, so that they broadcast against sizes, and how many laws it is."""
    arrays = {p.name: np.asarray(getattr(law, p.name)) for p in law.params()}
    columns: dict[str, Any] = {name: each.reshape(-1, 1) for name, each in arrays.items() if each.ndim}
    sizes = {each.size for each in columns.values()}
    if len(sizes) > 1:
        raise BadInput(f"{type(law).__name__}: constants of {sorted(sizes)} values are not as many laws.")
    return (replace(law, **columns), sizes.pop()) if columns else (law, 1)


def _widest(C: Floats, flops_per_token: Callable[[Any], Any]) -> tuple[Floats, Floats]:
    """From 1 parameter to 1 token, in ln N."""
    return np.zeros_like(C), np.log(C / flops_per_token(1.0))
