"""The size and tokens that reach a loss for least where tokens repeat, serving included; many laws at once."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from isoflop.allocations.allocate import Floats, columns
from isoflop.allocations.isoloss import ENDLESS, size_for
from isoflop.allocations.lowest import lowest
from isoflop.allocations.serving import serve_all
from isoflop.errors import BadInput
from isoflop.laws.crossing import crossing
from isoflop.laws.data_constrained import DataConstrained
from isoflop.laws.law import Law

_LARGEST = 1e18  # parameters looked at
_MOST = 1e30  # tokens looked at
_GOLDEN, _SECTIONS = (5**0.5 - 1) / 2, 40  # of ln D: to 1e-6
_SIDE = 1e-2  # of a logarithm: how far off a corner is certified


def size_for_repeated(law: DataConstrained, tokens: ArrayLike, unique_tokens: ArrayLike, loss: ArrayLike) -> Floats:
    """N with L(N, D, U) = loss, parameters; infinite where no size brings so much data so low.

    Closed: N' = (A / (L - E - B / D'^beta))^(1 / alpha), and N = N' up to N_u, the best size for min(D, U) tokens,
    beyond it N_u (1 - R_N* ln(1 - (N' / N_u - 1) / R_N*)) (Muennighoff et al. 2023, arXiv:2305.16264, eq. 6 turned
    round). D, U, loss and the constants broadcast.
    """
    data, unique = np.asarray(tokens, dtype=np.float64), np.asarray(unique_tokens, dtype=np.float64)
    worth = size_for(law.unrepeated, law.effective_tokens(data, unique), loss)
    most = np.maximum(law.best_size(np.minimum(data, unique)), 1.0)
    star = np.maximum(law.R_N_star, 1e-9)
    share = np.maximum(worth / most - 1, 0.0) / star
    beyond = most * (1 - star * np.log1p(-np.minimum(share, 1 - 1e-16)))
    return np.where(worth <= most, worth, np.where(share < 1, beyond, np.inf))


def tokens_for_repeated(law: Law, n_params: ArrayLike, unique_tokens: float, loss: ArrayLike) -> Floats:
    """D with L(N, D, U) = loss, tokens, the fewest; not a number where no amount of data brings that size so low.

    N, loss and the constants broadcast. Searched up to where more tokens no longer help: by some laws repeats harm.
    """
    size, target = np.asarray(n_params, dtype=np.float64), np.asarray(loss, dtype=np.float64)

    def excess(log_d: Floats) -> Floats:
        return np.asarray(law(size, np.exp(log_d), unique_tokens) - target, dtype=np.float64)

    shape = excess(np.zeros(np.broadcast_shapes(size.shape, target.shape))).shape
    low, high = np.zeros(shape), np.full(shape, np.log(ENDLESS))
    with np.errstate(over="ignore"):
        top = high if isinstance(law, DataConstrained) else _valley(excess, low, high)
        found: Floats = np.exp(crossing(excess, low, top))
    return found


def reach_all(law: Law, loss: ArrayLike, unique_tokens: float, served: float = 0.0) -> tuple[Floats, Floats]:
    """N and D, (m,), with the lowest 6 N D + 2 N D_inf among those with L(N, D, U) = loss; not a number where none is.

    For m laws of n_params, tokens and unique_tokens at once, their constants arrays (m,); loss: one, or m. Sardana et
    al. 2024, arXiv:2401.00448, eq. 3, where tokens may repeat too. Of `DataConstrained`, whose size for a loss is
    closed, it is searched along D and at the corner D = U, and taken from the law as if all were new where that is
    within it; of other forms it is searched along N.
    """
    if "unique_tokens" not in law.inputs:
        raise BadInput(f"Repeats are of a law of unique tokens; {type(law).__name__} has {', '.join(law.inputs)}.")
    upright, m = columns(law)
    target = np.asarray(loss, dtype=np.float64).reshape(-1, 1)
    m = max(m, target.size)
    if not isinstance(law, DataConstrained):
        return _along_sizes(upright, m, target, unique_tokens, served)

    def size(log_d: Floats) -> Floats:
        return size_for_repeated(upright, np.exp(log_d), unique_tokens, target)  # type: ignore[arg-type]

    def cost(log_d: Floats) -> Floats:
        found = np.log(size(log_d)) + np.log(6 * np.exp(log_d) + 2 * served)
        return np.broadcast_to(found, (m, log_d.shape[1]))

    corner = np.full((m, 1), np.log(min(unique_tokens, _MOST)))
    with np.errstate(invalid="ignore", over="ignore"):  # infinite costs have no differences
        inside = lowest(cost, np.zeros((m, 1)), np.full((m, 1), np.log(_MOST)))
        at_corner, below, above = cost(corner + _SIDE * np.asarray([0.0, -1.0, 1.0])).T
    bent = (at_corner <= below) & (at_corner <= above) & (at_corner <= np.where(inside.certified, inside.value, np.inf))
    log_d = np.where(bent, corner[:, 0], np.where(inside.certified, inside.at, np.nan))[:, None]
    d, n = np.exp(log_d)[:, 0], np.broadcast_to(size(log_d), (m, 1))[:, 0]
    free = serve_all(law.unrepeated, loss, served)
    new = (free.tokens <= unique_tokens) & (free.n_params <= law.best_size(free.tokens) * (1 + 1e-12))
    n, d = np.where(new, free.n_params, n), np.where(new, free.tokens, d)
    there = np.isfinite(n) & np.isfinite(d)
    return np.where(there, n, np.nan), np.where(there, d, np.nan)


def _along_sizes(upright: Any, m: int, target: Floats, unique_tokens: float, served: float) -> tuple[Floats, Floats]:
    """The same for any form, D for each N being searched too."""

    def tokens(log_n: Floats) -> Floats:
        return np.broadcast_to(tokens_for_repeated(upright, np.exp(log_n), unique_tokens, target), (m, log_n.shape[1]))

    def cost(log_n: Floats) -> Floats:
        spent = tokens(log_n)
        ok = np.isfinite(spent) & (spent < _MOST)
        return np.where(ok, log_n + np.log(6 * np.where(ok, spent, 1.0) + 2 * served), np.inf)

    with np.errstate(invalid="ignore", over="ignore"):
        found = lowest(cost, np.zeros((m, 1)), np.full((m, 1), np.log(_LARGEST)))
    log_n = np.where(found.certified, found.at, np.nan)[:, None]
    return np.exp(log_n)[:, 0], np.where(np.isfinite(log_n), tokens(np.nan_to_num(log_n)), np.nan)[:, 0]


def _valley(function: Callable[[Floats], Floats], low: Floats, high: Floats) -> Floats:
    """x where the function, falling then rising, is lowest, elementwise: by golden sections."""
    for _ in range(_SECTIONS):
        left, right = high - (high - low) * _GOLDEN, low + (high - low) * _GOLDEN
        falling = function(left) > function(right)
        low, high = np.where(falling, left, low), np.where(falling, high, right)
    return (low + high) / 2
