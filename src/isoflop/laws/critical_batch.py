"""How large a batch pays: steps to a loss against batch size, and the critical batch against model size."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from isoflop.laws.arrays import bounded_exp, log
from isoflop.laws.law import Law, param
from isoflop.laws.published import constants


@dataclass(frozen=True)
class StepsToTarget(Law):
    """Y(B) = a + b / B

    Zhang et al. 2024, arXiv:2410.21676: optimiser steps to one target loss, from the batch in sequences (of 512 tokens
    there; the unit of the batch is that of b and of the critical batch). Fitted to ln Y by least squares.
    """

    a: float = param("steps", "steps that no batch can save", starts=(1e2, 1e3, 1e4), linear=True)
    b: float = param("sequences", "sequences that an infinitesimal batch needs", starts=(1e4, 1e6, 1e8), linear=True)

    inputs = ("batch_sequences",)
    output = "steps"
    output_unit = "steps"

    def __call__(self, batch_sequences: Any) -> Any:
        """Y at a batch of B sequences, steps."""
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
    output = "batch_sequences"
    output_unit = "sequences"

    def __call__(self, n_params: Any) -> Any:
        """B_crit at N parameters, sequences."""
        return self.k * bounded_exp(self.a * log(n_params))


ZHANG_2024_85M = StepsToTarget(**constants("ZHANG_2024_85M"))
ZHANG_2024_151M = StepsToTarget(**constants("ZHANG_2024_151M"))
ZHANG_2024_302M = StepsToTarget(**constants("ZHANG_2024_302M"))
ZHANG_2024_604M = StepsToTarget(**constants("ZHANG_2024_604M"))
ZHANG_2024_1P2B = StepsToTarget(**constants("ZHANG_2024_1P2B"))
ZHANG_2024_CRITICAL = CriticalBatch(**constants("ZHANG_2024_CRITICAL"))
ZHANG_2024_CRITICAL_LINEAR = CriticalBatch(**constants("ZHANG_2024_CRITICAL_LINEAR"))
