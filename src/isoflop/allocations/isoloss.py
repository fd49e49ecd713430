"""What reaches a loss: the tokens that a model of a given size needs, and the size that given tokens need."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from isoflop.errors import BadInput
from isoflop.laws.chinchilla import Chinchilla
from isoflop.laws.crossing import Floats, crossing
from isoflop.laws.law import Law
from isoflop.laws.overtraining import Overtraining

ENDLESS = 1e60  # tokens or parameters: as good as no end of them


def tokens_for(law: Law, n_params: ArrayLike, loss: ArrayLike) -> Floats:
    """D with L(N, D) = loss, tokens; infinite where no amount of data brings that size so low.

    Closed for Chinchilla's form, D = (B / (L - E - A / N^alpha))^(1 / beta) (Sardana et al. 2024, arXiv:2401.00448,
    sec. 2), else searched up to 1e60 tokens; not a number where the loss is lower already at one token. N, loss and
    the constants of the law broadcast. Raises `BadInput` for laws of other inputs than n_params and tokens.
    """
    law, size, target = _curve(law), np.asarray(n_params, dtype=np.float64), np.asarray(loss, dtype=np.float64)
    if isinstance(law, Chinchilla):
        return _power(law.B, target - law.E - law.A / size**law.alpha, law.beta)
    return _searched(lambda log_tokens: law(size, np.exp(log_tokens)) - target, np.log(ENDLESS))


def size_for(law: Law, tokens: ArrayLike, loss: ArrayLike, largest: ArrayLike = ENDLESS) -> Floats:
    """N with L(N, D) = loss, parameters; as `tokens_for`. With endless tokens it is the smallest that gets there.

    Searched up to the largest, where the loss must be lower: laws may rise again in N.
    """
    law, data, target = _curve(law), np.asarray(tokens, dtype=np.float64), np.asarray(loss, dtype=np.float64)
    if isinstance(law, Chinchilla):
        return _power(law.A, target - law.E - law.B / data**law.beta, law.alpha)
    return _searched(lambda log_size: law(np.exp(log_size), data) - target, np.log(largest))


def _curve(law: Law) -> Law:
    if law.inputs != ("n_params", "tokens"):
        raise BadInput(f"Only a law of n_params, tokens has such a curve; {type(law).__name__} has {law.inputs}.")
    return law.chinchilla if isinstance(law, Overtraining) else law


def _power(scale: Any, rest: Any, exponent: Any) -> Floats:
    """x with scale / x^exponent = rest."""
    found: Floats = np.where(rest > 0, (scale / np.where(rest > 0, rest, 1.0)) ** (1 / exponent), np.inf)
    return found


def _searched(excess: Callable[[Floats], Any], most: ArrayLike) -> Floats:
    """e^x where the excess over the target, falling in x, is 0."""
    there = np.asarray(excess(np.asarray(most)), dtype=np.float64)
    high = np.broadcast_to(most, there.shape)
    return np.where(there > 0, np.inf, np.exp(crossing(excess, np.zeros(there.shape), high)))
