"""The batch that reaches the lowest loss, by papers that disagree; how large it may be: `critical_batch.py`."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from isoflop.conventions import Counted
from isoflop.laws.advice import Point, Spread, side_by_side
from isoflop.laws.arrays import bounded_exp, log
from isoflop.laws.law import Law, param
from isoflop.laws.published import constants

_ANY = (-np.inf, np.inf)
_SCALES = (0.1, 1.0, 10.0, 1e3)
_EXPONENTS = (0.2, 0.5, 0.8)


@dataclass(frozen=True)
class BatchByTokens(Law):
    """B_opt = k D^a

    Li et al. 2025 (Step Law), arXiv:2503.04715; Bergsma et al. 2025 (Power Lines), arXiv:2505.13738. B in tokens; it
    hardly moves with size.
    """

    k: float = param("tokens", "the batch at D = 1", starts=_SCALES, linear=True)
    a: float = param("1", "how the batch grows with tokens", starts=_EXPONENTS, domain=_ANY, scale="linear")

    inputs = ("tokens",)
    paper = "li2025"
    output = "batch_tokens"
    output_unit = "tokens"

    def __call__(self, tokens: Any) -> Any:
        """B at D tokens, in tokens."""
        return self.k * bounded_exp(self.a * log(tokens))


@dataclass(frozen=True)
class BatchBySize(Law):
    """B_opt = k N^a

    Porian et al. 2024, arXiv:2406.19146: the best rate and batch of each size, both tuned. In tokens.
    """

    k: float = param("tokens", "the batch at N = 1", starts=_SCALES, linear=True)
    a: float = param("1", "how the batch grows with size", starts=_EXPONENTS, domain=_ANY, scale="linear")

    inputs = ("n_params",)
    paper = "porian2024"
    output = "batch_tokens"
    output_unit = "tokens"

    def __call__(self, n_params: Any) -> Any:
        """B at N parameters, in tokens."""
        return self.k * bounded_exp(self.a * log(n_params))


@dataclass(frozen=True)
class BatchByCompute(Law):
    """B_opt = k C^a

    Bi et al. 2024 (DeepSeek LLM), arXiv:2401.02954: in tokens, of runs with the best size for their compute.
    C = M D, with M of `deepseek.flops_per_token`.
    """

    k: float = param("tokens", "the batch at C = 1", starts=_SCALES, linear=True)
    a: float = param("1", "how the batch grows with compute", starts=_EXPONENTS, domain=_ANY, scale="linear")

    inputs = ("flops",)
    paper = "bi2024"
    output = "batch_tokens"
    output_unit = "tokens"

    def __call__(self, flops: Any) -> Any:
        """B at C FLOPs, in tokens."""
        return self.k * bounded_exp(self.a * log(flops))


def opinions(n_params: float | Counted, tokens: float, *, flops: float | None = None) -> Spread:
    """Every published rule of the best batch at N parameters and D tokens, and how they disagree.

    C is 6 N D unless flops says otherwise. Raises `BadInput`.
    """
    return side_by_side("batch_tokens", Point.of(n_params, tokens, flops))


LI_2025_BATCH = BatchByTokens(**constants("LI_2025_BATCH"))
BERGSMA_2025_BATCH = BatchByTokens(**constants("BERGSMA_2025_BATCH"))
PORIAN_2024_BATCH = BatchBySize(**constants("PORIAN_2024_BATCH"))
BI_2024_BATCH = BatchByCompute(**constants("BI_2024_BATCH"))
