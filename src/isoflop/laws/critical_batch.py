"""How large a batch pays: steps to a loss against batch size, and the critical batch against model size."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from isoflop.conventions import Counted
from isoflop.laws.advice import Point, Spread, side_by_side
from isoflop.laws.arrays import bounded_exp, log
from isoflop.laws.law import Law, param
from isoflop.laws.published import constants

_MEANT = (
    "Not the same is meant: Zhang et al. allow a fifth more steps than 1 / B would need, others twice the fewest "
    "tokens, which is a batch three to four times as large."
)


@dataclass(frozen=True)
class StepsToTarget(Law):
    """S(B) = a + b / B

    Zhang et al. 2024, arXiv:2410.21676, there Y: optimiser steps to one target loss, from the batch in sequences (of
    512 tokens there; the unit of the batch is that of b and of the critical batch). Fitted to ln S by least squares.
    """

    a: float = param("steps", "steps that no batch can save", starts=(1e2, 1e3, 1e4), linear=True)
    b: float = param("sequences", "sequences that an infinitesimal batch needs", starts=(1e4, 1e6, 1e8), linear=True)

    inputs = ("batch_sequences",)
    paper = "zhang2024"
    output = "steps"
    output_unit = "steps"

    def __call__(self, batch_sequences: Any) -> Any:
        """S at a batch of B sequences, steps."""
        return self.a + self.b / batch_sequences

    def critical_batch(self, base: float = 256.0, overhead: float = 0.2) -> Any:
        """The batch, in sequences, that needs `overhead` more steps than if steps fell as base / B from `base` on.

        From a + b / B = (1 + overhead) (a + b / base) base / B: B = (1 + overhead) base + overhead b / a. That is not
        b / a, the critical batch of McCandlish et al. 2018, which is three to four times as large here.
        """
        return (1 + overhead) * base + overhead * self.b / self.a


@dataclass(frozen=True)
class CriticalBatch(Law):
    """B_crit = k N^a

    Zhang et al. 2024, arXiv:2410.21676, of models trained at one D/N; at one size B_crit grows with D, and at one D
    hardly with N. In sequences of 512 tokens there. Fitted by least squares of logarithms, or of batches.
    """

    k: float = param("sequences", "the critical batch at N = 1", starts=(1e-3, 0.1, 10.0), linear=True)
    a: float = param("1", "how it grows with size", starts=(0.3, 0.6), domain=(-np.inf, np.inf), scale="linear")

    inputs = ("n_params",)
    paper = "zhang2024"
    output = "batch_sequences"
    output_unit = "sequences"

    def __call__(self, n_params: Any) -> Any:
        """B_crit at N parameters, sequences."""
        return self.k * bounded_exp(self.a * log(n_params))


@dataclass(frozen=True)
class CriticalBatchByTokens(Law):
    """B_crit = k D^a

    Zhang et al. 2024, arXiv:2410.21676; Bergsma et al. 2025 (Power Lines), arXiv:2505.13738. In tokens. The two mean
    another thing by critical, which each set says.
    """

    k: float = param("tokens", "the critical batch at D = 1", starts=(1.0, 30.0, 1e3), linear=True)
    a: float = param("1", "how it grows with data", starts=(0.3, 0.6), domain=(-np.inf, np.inf), scale="linear")

    inputs = ("tokens",)
    paper = "zhang2024"
    output = "critical_batch_tokens"
    output_unit = "tokens"

    def __call__(self, tokens: Any) -> Any:
        """B_crit at D tokens, in tokens."""
        return self.k * bounded_exp(self.a * log(tokens))


def opinions(n_params: float | Counted, tokens: float) -> Spread:
    """Every published rule of the largest batch that pays at N parameters and D tokens, and how they disagree.

    Raises `BadInput`.
    """
    return side_by_side("critical_batch_tokens", Point.of(n_params, tokens), remark=_MEANT)


ZHANG_2024_85M = StepsToTarget(**constants("ZHANG_2024_85M"))
ZHANG_2024_151M = StepsToTarget(**constants("ZHANG_2024_151M"))
ZHANG_2024_302M = StepsToTarget(**constants("ZHANG_2024_302M"))
ZHANG_2024_604M = StepsToTarget(**constants("ZHANG_2024_604M"))
ZHANG_2024_1P2B = StepsToTarget(**constants("ZHANG_2024_1P2B"))
ZHANG_2024_CRITICAL = CriticalBatch(**constants("ZHANG_2024_CRITICAL"))
ZHANG_2024_CRITICAL_LINEAR = CriticalBatch(**constants("ZHANG_2024_CRITICAL_LINEAR"))
ZHANG_2024_CRITICAL_TOKENS = CriticalBatchByTokens(**constants("ZHANG_2024_CRITICAL_TOKENS"))
BERGSMA_2025_CRITICAL = CriticalBatchByTokens(**constants("BERGSMA_2025_CRITICAL"))
