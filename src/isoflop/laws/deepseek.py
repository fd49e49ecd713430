"""DeepSeek LLM's measure of size, FLOPs a token, and its best value and tokens for a budget: Bi et al. 2024."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from isoflop.laws.arrays import bounded_exp, log
from isoflop.laws.law import Law, param
from isoflop.laws.power import OptimalTokens
from isoflop.laws.published import constants


@dataclass(frozen=True)
class OptimalScale(Law):
    """M_opt = k C^a

    Bi et al. 2024 (DeepSeek LLM), arXiv:2401.02954: the best size for a budget, measured in FLOPs that one token costs
    without the vocabulary, so that C = M D. M in FLOPs/token, C in FLOPs.
    """

    k: float = param("FLOPs/token", "the best size at C = 1", starts=(0.01, 0.1, 1.0, 10.0), linear=True)
    a: float = param("1", "how the best size grows", starts=(0.25, 0.5, 0.75), domain=(-np.inf, np.inf), scale="linear")

    inputs = ("flops",)
    paper = "bi2024"
    output = "flops_per_token"
    output_unit = "FLOPs/token"

    def __call__(self, flops: Any) -> Any:
        """M_opt at C FLOPs, FLOPs/token."""
        return self.k * bounded_exp(self.a * log(flops))


def flops_per_token(n_layers: float, width: float, context: float) -> float:
    """M = 72 n_layer d^2 + 12 n_layer d l, FLOPs that one token of training costs, the vocabulary left out.

    Bi et al. 2024, arXiv:2401.02954: 6 times the 12 n_layer d^2 weights, and attention over l tokens of context.
    """
    return 72.0 * n_layers * width**2 + 12.0 * n_layers * width * context


BI_2024_SCALE = OptimalScale(**constants("BI_2024_SCALE"))
BI_2024_TOKENS = OptimalTokens(**constants("BI_2024_TOKENS"))
