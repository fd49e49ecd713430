"""The same loss in other ways, by every law of a bag: with another size, for least compute, and what compute it is."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from isoflop.allocations.allocate import Allocations, Floats, allocate_all, columns
from isoflop.allocations.isoloss import ENDLESS, tokens_for
from isoflop.allocations.repeated import allocate_repeated_all
from isoflop.allocations.repeated_target import reach_all, tokens_for_repeated
from isoflop.allocations.serving import serve_all
from isoflop.estimates.ensemble import Ensemble
from isoflop.laws.chinchilla import Chinchilla
from isoflop.laws.data_constrained import DataConstrained
from isoflop.laws.law import Law
from isoflop.laws.overtraining import Overtraining
from isoflop.plans.quantities import MOST_LOST
from isoflop.plans.split import Split

FEW = 32
"""Laws of a bag that are asked where each has to be searched, and where only medians are told."""
_STEPS = 40
_LONGEST_STEP = 3.0  # of ln C: further off the tangent is no guide
_CLOSE = 1e-11


def median(bag: Ensemble, values: Floats) -> float | None:
    """The weighted median over the laws; None where more than a tenth of them have no number."""
    known = np.isfinite(values)
    if np.all(known):
        return bag.interval(values).median
    if np.sum(~known) > MOST_LOST * len(bag):
        return None
    return bag.only(known).interval(values[known]).median


def few(found: Split) -> Split:
    """The same split by at most `FEW` laws, spread evenly over the weights."""
    kept = found.bag.thinned(FEW)
    if len(kept) == len(found.bag):
        return found
    place = {id(law): i for i, law in enumerate(found.bag.laws)}
    at = [place[id(law)] for law in kept.laws]
    return replace(found, bag=kept, n_params=found.n_params[at], tokens=found.tokens[at], loss=found.loss[at])


def is_closed(bag: Ensemble) -> bool:
    """Whether the size that reaches a loss has a closed form by all laws, so that thousands take no time."""
    return all(isinstance(law, Chinchilla | Overtraining | DataConstrained) for law in bag.laws)


def losses(bag: Ensemble, n_params: Floats, tokens: Floats, unique_tokens: float | None) -> Floats:
    """L of (laws, k) runs, or of (1, k) for all, nats/token."""
    n, d = (np.broadcast_to(each, (len(bag), each.shape[1])) for each in (n_params, tokens))
    found = np.empty(n.shape)
    for law, places in bag.stacks():
        found[places] = _loss(law, unique_tokens)(n[places], d[places])
    return found


def same_loss(bag: Ensemble, n_params: Floats, loss: Floats, unique_tokens: float | None) -> Floats:
    """D with L(N, D) = loss, for each law its own N and loss, (laws,); not finite where it is never reached."""
    found = np.empty(len(bag))
    for law, places in bag.stacks():
        n, target = n_params[places][:, None], loss[places][:, None]
        found[places] = _tokens(law, unique_tokens)(n, target)[:, 0]
    return found


def cheapest(bag: Ensemble, loss: Floats, served: float, unique_tokens: float | None) -> tuple[Floats, Floats]:
    """N and D that reach each law's loss, (laws,), with the lowest 6 N D + 2 N served; not a number where none does.

    Sardana et al. 2024, arXiv:2401.00448, eq. 3, where tokens may repeat too.
    """
    n, d = np.empty(len(bag)), np.empty(len(bag))
    for law, places in bag.stacks():
        if "unique_tokens" in law.inputs:
            n[places], d[places] = reach_all(law, loss[places], unique_tokens or ENDLESS, served)
        else:
            best = serve_all(law, loss[places], served)
            n[places], d[places] = best.n_params, best.tokens
    return n, d


def least_flops(bag: Ensemble, loss: Floats, flops: float, unique_tokens: float | None) -> Floats:
    """C whose best split has each law's losses, (laws, k): FLOPs, where `flops` would come lower.

    Newton's method on ln C, whose derivative is the slope of the frontier. Infinite where the loss is no number.
    """
    found = np.empty(loss.shape)
    for law, places in bag.stacks():
        k = loss.shape[1]
        constants: dict[str, Any] = {name: np.repeat(values, k) for name, values in law.constants.items()}
        many = replace(law, **constants)
        target = loss[places].ravel()
        log_c = np.full(target.shape, np.log(flops))
        for _ in range(_STEPS):
            best = _best(many, np.exp(log_c), unique_tokens)
            step = np.clip((target - best.loss) / best.slope, -_LONGEST_STEP, _LONGEST_STEP)
            log_c = np.where(np.isfinite(step), log_c + step, log_c)
            if not np.any(np.abs(step[np.isfinite(step)]) > _CLOSE):
                break
        found[places] = np.where(np.isfinite(best.loss) & np.isfinite(target), np.exp(log_c), np.inf).reshape(-1, k)
    return found


def frontier_slope(bag: Ensemble, flops: float, unique_tokens: float | None) -> float:
    """dL/d ln C of the best splits at C FLOPs, the median over the laws; 0 where too few have a best split."""
    slopes = np.full(len(bag), np.nan)
    for law, places in bag.stacks():
        slopes[places] = _best(law, np.full(len(places), flops), unique_tokens).slope
    return median(bag, slopes) or 0.0


def _best(law: Law, flops: Floats, unique_tokens: float | None) -> Allocations:
    if "unique_tokens" in law.inputs:
        return allocate_repeated_all(law, flops, unique_tokens or ENDLESS)
    return allocate_all(law, flops)


def _loss(law: Law, unique_tokens: float | None) -> Callable[[Floats, Floats], Floats]:
    """L at (m, k) sizes and tokens of m laws, whose constants are arrays (m,)."""
    upright, _ = columns(law)
    if "unique_tokens" in law.inputs:
        return lambda n, d: np.asarray(upright(n, d, unique_tokens or ENDLESS), np.float64)
    return lambda n, d: np.asarray(upright(n, d), np.float64)


def _tokens(law: Law, unique_tokens: float | None) -> Callable[[Floats, Floats], Floats]:
    """D that brings (m, k) sizes to a loss (m, 1)."""
    upright, _ = columns(law)
    if "unique_tokens" not in law.inputs:
        return lambda n, target: tokens_for(upright, n, target)
    return lambda n, target: tokens_for_repeated(upright, n, unique_tokens or ENDLESS, target)
