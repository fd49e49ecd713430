"""The best size and number of tokens for a budget where only so many tokens are different, and how often to repeat."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from isoflop.allocations.allocate import Allocation, Allocations, Floats, allocate_all, columns, six_n
from isoflop.allocations.lowest import STEP, lowest
from isoflop.errors import BadInput
from isoflop.laws.crossing import crossing
from isoflop.laws.data_constrained import DataConstrained, RepetitionPenalty
from isoflop.laws.law import Law

_EQUAL = 1e-14  # of the loss: below it two splits are as good as each other
_MOST_EPOCHS = 1e9
_ALL = 1e300  # unique tokens: more than any budget can use, and still a number where it is squared in part


@dataclass(frozen=True)
class RepeatedAllocation(Allocation):
    """The optimum where tokens may be repeated: D counts repeats; unique_tokens are the different ones among D."""

    unique_tokens: float

    @property
    def epochs(self) -> float:
        """How often each token is seen: D over its different ones."""
        return self.tokens / self.unique_tokens


@dataclass(frozen=True)
class RepeatedAllocations(Allocations):
    """A `RepeatedAllocation` for each of m laws as arrays (m,)."""

    unique_tokens: Floats

    @property
    def epochs(self) -> Floats:
        """How often each token is seen."""
        return self.tokens / self.unique_tokens


def allocate_repeated(
    law: Law,
    flops: float,
    unique_tokens: float,
    flops_per_token: Callable[[Any], Any] = six_n,
    *,
    n_params: tuple[float, float] | None = None,
) -> RepeatedAllocation:
    """argmin over N of L(N, D, U) with D = C / flops_per_token(N), of which at most U are different.

    Muennighoff et al. 2023, arXiv:2305.16264, look for it on a grid too. U may be infinite. Raises `IsoflopError` where
    the loss has no minimum inside the sizes looked at.
    """
    best = allocate_repeated_all(law, float(flops), float(unique_tokens), flops_per_token, n_params=n_params)
    best.check(law)
    return RepeatedAllocation(**{f.name: float(getattr(best, f.name)[0]) for f in fields(RepeatedAllocation)})


def allocate_repeated_all(
    law: Law,
    flops: ArrayLike,
    unique_tokens: ArrayLike,
    flops_per_token: Callable[[Any], Any] = six_n,
    *,
    n_params: tuple[float, float] | None = None,
) -> RepeatedAllocations:
    """`allocate_repeated` for many laws of one form at once, the constants being arrays (m,); C and U: one each, or m.

    Of three splits the best: where the loss is lowest on a grid, refined; where it would be lowest were all tokens new
    (the law is nowhere lower than that, but bends there); and where every token is seen once (it may have a corner).
    """
    given = np.asarray(unique_tokens, dtype=np.float64)
    if not np.all(given > 0):
        raise BadInput(f"There is a positive number of unique tokens; got {unique_tokens!r}.")
    cap = np.minimum(given.reshape(-1), _ALL)
    inside = allocate_all(law, flops, flops_per_token, n_params=n_params, unique_tokens=cap)
    C = inside.flops

    def tokens(n: Floats, budget: Floats = C) -> Floats:
        return np.asarray(budget / flops_per_token(n), dtype=np.float64)

    def once(budget: Floats) -> Floats:
        """N with D = U."""

        def excess(log_n: Floats) -> Floats:
            return np.log(tokens(np.exp(log_n), budget)) - np.log(cap)

        found: Floats = np.exp(crossing(excess, np.zeros_like(C), np.log(tokens(np.ones_like(C), budget))))
        return found

    def loss(n: Floats) -> Floats:
        return np.broadcast_to(law(n, tokens(n), cap), C.shape)

    corner = once(C)
    up, down = (law(once(C * np.exp(step)), cap, cap) for step in (STEP, -STEP))
    splits = [(inside.end, inside.slope), (corner, np.broadcast_to((up - down) / (2 * STEP), C.shape))]
    if isinstance(law, DataConstrained | RepetitionPenalty):
        free = allocate_all(law.unrepeated, C, flops_per_token, n_params=n_params)
        splits.insert(0, (free.n_params, free.slope))
    sizes, slopes = (np.stack(each) for each in zip(*splits, strict=True))
    losses = np.stack([loss(n) for n in sizes])
    losses = np.where(np.isfinite(losses), losses, np.inf)
    chosen = np.argmax(losses <= losses.min(axis=0) * (1 + _EQUAL), axis=0), np.arange(C.size)
    n, at = sizes[chosen], losses[chosen]
    certified = (inside.edge == 0) & (at < np.inf)
    for side in (-100 * STEP, 100 * STEP):
        certified &= ~(loss(n * np.exp(side)) < at)
    n, at, slope = (np.where(certified, each, np.nan) for each in (n, at, slopes[chosen]))
    spent = tokens(n)
    return RepeatedAllocations(C, n, spent, at, slope, inside.edge, inside.end, np.minimum(spent, cap))


def useful_epochs(law: Law, n_params: ArrayLike, unique_tokens: ArrayLike) -> Floats:
    """How many epochs over U tokens give N parameters the lowest loss, (m,): past them each further one hurts.

    1 where the first repetition hurts already, infinite where none does (of `DataConstrained` none can). For any law
    of n_params, tokens and unique_tokens; N, U: one, or m, as the law's constants.
    """
    wanted = ("n_params", "tokens", "unique_tokens")
    if law.inputs != wanted:
        raise BadInput(f"Epochs are of a law of {', '.join(wanted)}; {type(law).__name__} has {', '.join(law.inputs)}.")
    many, m = columns(law)
    size, unique = (np.asarray(each, dtype=np.float64).reshape(-1, 1) for each in (n_params, unique_tokens))
    if not np.all((size > 0) & (unique > 0) & (size < np.inf) & (unique < np.inf)):
        raise BadInput(f"Sizes and unique tokens are positive numbers; got {n_params!r} and {unique_tokens!r}.")
    m = max(m, size.size, unique.size)

    def loss(log_epochs: Floats) -> Floats:
        return np.broadcast_to(many(size, np.exp(log_epochs) * unique, unique), (m, log_epochs.shape[1]))

    last = np.full((m, 1), np.log(_MOST_EPOCHS))
    found = lowest(loss, np.zeros((m, 1)), last)
    never = loss(last)[:, 0] <= found.value * (1 + _EQUAL)
    return np.where(never | (found.edge > 0), np.inf, np.where(found.edge < 0, 1.0, np.exp(found.at)))
