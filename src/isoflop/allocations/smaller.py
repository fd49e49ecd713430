"""What a model smaller than the best costs in training, for the same loss: De Vries 2023."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from isoflop.allocations.allocate import Allocations, Floats, allocate_all
from isoflop.allocations.isoloss import ENDLESS, size_for, tokens_for
from isoflop.errors import BadInput
from isoflop.laws.chinchilla import Chinchilla
from isoflop.laws.law import Law
from isoflop.laws.overtraining import Overtraining


@dataclass(frozen=True)
class Smaller:
    """N = share N_opt reaches the loss of the best split with D = more_tokens D_opt; infinite where it never does.

    overhead: training FLOPs beyond the best split's, as a part of them: share * more_tokens - 1.
    """

    share: Floats
    more_tokens: Floats

    @property
    def overhead(self) -> Floats:
        """k_N k_D - 1."""
        return self.share * self.more_tokens - 1


def smaller(
    law: Law, share: ArrayLike, flops: ArrayLike | None = None, *, n_params: tuple[float, float] | None = None
) -> Smaller:
    """k_D = (1 - (k_N^-alpha - 1) beta / alpha)^(-1 / beta) for N = k_N N_opt: the tokens D = k_D D_opt that it needs.

    De Vries 2023, harmdevries.com/post/model-size-vs-compute-overhead. share is k_N > 0, above 1 for models that are
    too large. Of Chinchilla's form it holds at every budget, since A / N^alpha : B / D^beta = beta : alpha at each best
    split. Other laws need flops, the budget of that split, found within n_params as by `allocate`, and are searched.
    Share, flops and the constants of the law are one each, or m. One law without a best split is an `IsoflopError`; of
    many, it gets not-a-number. Raises `BadInput` where flops are missing.
    """
    k_N = np.asarray(share, dtype=np.float64)
    if not np.all((k_N > 0) & (k_N < np.inf)):
        raise BadInput(f"A share of the best size is a positive number; got {share!r}.")
    closed = _chinchilla(law)
    if closed is not None:
        rest = 1 - (k_N**-closed.alpha - 1) * closed.beta / closed.alpha
        more = np.where(rest > 0, np.where(rest > 0, rest, 1.0) ** (-1 / closed.beta), np.inf)
        return Smaller(k_N, more)
    best = _best(law, flops, n_params)
    more = tokens_for(law, k_N * best.n_params, best.loss) / best.tokens
    return Smaller(k_N, np.reshape(more, _shape(law, k_N, flops)))


def smallest_share(law: Law, flops: ArrayLike | None = None, *, n_params: tuple[float, float] | None = None) -> Floats:
    """k_N = (1 + alpha / beta)^(-1 / alpha): a smaller share of N_opt never reaches the loss, whatever the tokens.

    Other laws than Chinchilla's form are searched, at the budget given, as in `smaller`.
    """
    closed = _chinchilla(law)
    if closed is not None:
        return np.asarray((1 + closed.alpha / closed.beta) ** (-1 / closed.alpha))
    best = _best(law, flops, n_params)
    least = size_for(law, ENDLESS, best.loss, best.n_params) / best.n_params
    return np.reshape(least, _shape(law, flops))


def _chinchilla(law: Law) -> Any:
    law = law.chinchilla if isinstance(law, Overtraining) else law
    return law if isinstance(law, Chinchilla) else None


def _best(law: Law, flops: ArrayLike | None, n_params: tuple[float, float] | None) -> Allocations:
    if flops is None:
        raise BadInput(f"What a smaller model costs depends on the budget by {type(law).__name__}: give flops.")
    best = allocate_all(law, flops, n_params=n_params)
    if best.n_params.size == 1:
        best.check(law)
    return best


def _shape(law: Law, *given: Any) -> tuple[int, ...]:
    """Of an answer: a number where everything that was given is one."""
    return np.broadcast_shapes(*(np.shape(each) for each in (*given, *law.constants.values())))
