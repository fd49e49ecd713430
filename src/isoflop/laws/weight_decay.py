"""Weight decay of AdamW as a timescale: over which share of the run do the weights average what they learn."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from isoflop.laws.arrays import bounded_exp, log, maximum
from isoflop.laws.law import Law, param
from isoflop.laws.published import constants

SHORTEST = 1e-9  # passes over the data; a timescale below is none


@dataclass(frozen=True)
class Timescale(Law):
    """tau_opt = k (D / N)^a, tau = B / (eta lambda D)

    Bergsma et al. 2025 (Power Lines), arXiv:2505.13738. tau is the share of the run over which AdamW averages: the more
    tokens a parameter gets, the shorter.
    """

    k: float = param("1", "the best timescale at D = N", starts=(0.1, 1.0, 10.0), linear=True)
    a: float = param(
        "1", "how it moves with tokens a parameter", starts=(-0.5, 0.0), domain=(-np.inf, np.inf), scale="linear"
    )

    inputs = ("n_params", "tokens")
    paper = "bergsma2025"
    output = "timescale"
    output_unit = "1"

    def __call__(self, n_params: Any, tokens: Any) -> Any:
        """tau_opt at N parameters and D tokens, as a share of the run."""
        return self.k * bounded_exp(self.a * (log(tokens) - log(n_params)))

    def weight_decay(self, n_params: Any, tokens: Any, batch_tokens: Any, learning_rate: Any) -> Any:
        """lambda_opt = B / (tau_opt eta D), for a batch and a peak rate that were chosen before."""
        return batch_tokens / (self(n_params, tokens) * learning_rate * tokens)


@dataclass(frozen=True)
class WeightDecay(Law):
    """lambda = B / (tau eta U), one tau for all

    Wang and Aitchison 2024, arXiv:2405.13698: the timescale in passes over the data is the same for a small data set
    and a large one (from 1 to the number of epochs). So lambda falls as data grow, and rises with the batch.
    """

    tau: float = param("epochs", "passes over the data that the weights average", starts=(0.1, 1.0, 10.0))

    inputs = ("batch_tokens", "learning_rate", "unique_tokens")
    paper = "wang2024"
    output = "weight_decay"
    output_unit = "1"

    def __call__(self, batch_tokens: Any, learning_rate: Any, unique_tokens: Any) -> Any:
        """lambda for a batch of B tokens, a peak rate eta and U different tokens."""
        return batch_tokens / (maximum(self.tau, SHORTEST) * learning_rate * unique_tokens)

    @classmethod
    def of(cls, batch_tokens: float, learning_rate: float, weight_decay: float, unique_tokens: float) -> "WeightDecay":
        """The law through one setting that is known to be good; call it at another."""
        return cls(timescale(batch_tokens, learning_rate, weight_decay, unique_tokens))


def timescale(batch_tokens: Any, learning_rate: Any, weight_decay: Any, tokens: Any) -> Any:
    """tau = B / (eta lambda D), the share of D over which AdamW averages: of a run, or with U of one epoch (tau_epoch).

    Bergsma et al. 2025, arXiv:2505.13738; Wang and Aitchison 2024, arXiv:2405.13698. `weight_decay` is decoupled: a
    step takes eta lambda of the weights.
    """
    return batch_tokens / (learning_rate * weight_decay * tokens)


def steps_averaged(learning_rate: Any, weight_decay: Any) -> Any:
    """tau_iter = 1 / (eta lambda), steps over which AdamW averages its updates.

    Wang and Aitchison 2024, arXiv:2405.13698: AdamW is an exponential moving average of updates.
    """
    return 1 / (learning_rate * weight_decay)


BERGSMA_2025_TIMESCALE = Timescale(**constants("BERGSMA_2025_TIMESCALE"))
