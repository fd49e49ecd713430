"""The best size and number of tokens for a budget, under any law and count of FLOPs per token; many laws at once."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from isoflop.allocations.lowest import STEP, lowest
from isoflop.errors import BadInput, IsoflopError
from isoflop.laws.law import Law

Floats = NDArray[np.float64]


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

    def check(self, law: Law) -> None:
        """Raise `IsoflopError` unless this is the one certified optimum of one law, `BadInput` if it is of many."""
        if len(self.n_params) > 1:
            raise BadInput(f"One law has one allocation; this is {len(self.n_params)} laws at once: use allocate_all.")
        if self.edge[0]:
            side = "smallest" if self.edge[0] < 0 else "largest"
            raise IsoflopError(
                f"{law} has no best size at {self.flops[0]:.3g} FLOPs: the loss is lowest at the {side} size looked "
                f"at, {self.end[0]:.3g} parameters. Widen n_params, or doubt the law."
            )
        if not self.found[0]:
            raise IsoflopError(
                f"{law}: the best size at {self.flops[0]:.3g} FLOPs could not be certified near {self.end[0]:.3g}."
            )


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
    best.check(law)
    each = best.flops, best.n_params, best.tokens, best.loss, best.slope
    return Allocation(*(float(values[0]) for values in each))


def allocate_all(
    law: Law,
    flops: ArrayLike,
    flops_per_token: Callable[[Any], Any] = six_n,
    *,
    n_params: tuple[float, float] | None = None,
    unique_tokens: ArrayLike | None = None,
) -> Allocations:
    """`allocate` for many laws of one form at once, the constants of `law` being arrays (m,); flops: one, or m.

    A law without a certified optimum gets not-a-number, and `edge` says where its loss was lowest. unique_tokens: U,
    one or m, which a law of n_params, tokens and unique_tokens needs (`allocate_repeated` looks at its corners too).
    """
    wanted = ("n_params", "tokens") if unique_tokens is None else ("n_params", "tokens", "unique_tokens")
    if law.inputs != wanted:
        hint = " Where tokens are repeated, ask allocate_repeated." if "unique_tokens" in law.inputs else ""
        said = f"Only a law of {' and '.join(wanted)} splits this budget; "
        raise BadInput(f"{said}{type(law).__name__} has {', '.join(law.inputs)}.{hint}")
    budgets = np.asarray(flops, dtype=np.float64)
    if not np.all((budgets > 0) & (budgets < np.inf)):
        raise BadInput(f"A budget is a positive number of FLOPs; got {flops!r}.")
    caps = () if unique_tokens is None else (np.asarray(unique_tokens, dtype=np.float64).reshape(-1, 1),)
    many, m = columns(law)
    m = max(m, budgets.size, *(cap.size for cap in caps))
    C = np.broadcast_to(budgets.reshape(-1, 1), (m, 1))

    def loss(log_n: Floats, budget: Floats = C) -> Floats:
        n = np.exp(log_n)
        at = many(n, budget / flops_per_token(n), *caps)
        return np.asarray(np.broadcast_to(at, (m, log_n.shape[1])), dtype=np.float64)

    low, high = (np.full((m, 1), np.log(n)) for n in n_params) if n_params else _widest(C, flops_per_token)
    found = lowest(loss, low, high)
    middle = found.at[:, None]
    n = np.exp(found.at)
    # The envelope theorem: at the optimum the loss changes with C as if N stood still.
    up, down = (loss(middle, C * np.exp(step))[:, 0] for step in (STEP, -STEP))
    spent = np.asarray(np.broadcast_to(C / flops_per_token(n[:, None]), (m, 1)))[:, 0]
    known = (np.where(found.certified, each, np.nan) for each in (n, spent, found.value, (up - down) / (2 * STEP)))
    size, tokens, best, slope = known
    return Allocations(C[:, 0].copy(), size, tokens, best, slope, found.edge, np.exp(found.end))


def columns(law: Law) -> tuple[Law, int]:
    """The law with its array constants as columns, so that they broadcast against sizes, and how many laws it is."""
    arrays = {p.name: np.asarray(getattr(law, p.name)) for p in law.params()}
    upright: dict[str, Any] = {name: each.reshape(-1, 1) for name, each in arrays.items() if each.ndim}
    sizes = {each.size for each in upright.values()}
    if len(sizes) > 1:
        raise BadInput(f"{type(law).__name__}: constants of {sorted(sizes)} values are not as many laws.")
    return (replace(law, **upright), sizes.pop()) if upright else (law, 1)


def _widest(C: Floats, flops_per_token: Callable[[Any], Any]) -> tuple[Floats, Floats]:
    """From 1 parameter to 1 token, in ln N."""
    return np.zeros_like(C), np.log(C / flops_per_token(1.0))
