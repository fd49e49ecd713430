"""What pre-training is worth, in data: Hernandez et al. 2021."""

from dataclasses import dataclass
from typing import Any

from isoflop.laws.arrays import bounded_exp, log, log_of, logsumexp, maximum
from isoflop.laws.kaplan import Kaplan
from isoflop.laws.law import Law, param
from isoflop.laws.published import constants


@dataclass(frozen=True)
class Transfer(Law):
    """D_T(D_F, N) = k D_F^alpha N^beta

    Hernandez et al. 2021, arXiv:2102.01293, eq. 1.1: a model of N parameters that was trained from scratch would need
    D_F + D_T of the data to reach what a pre-trained one reaches with D_F. Holds where data is scarce: D_F up to a
    tenth of what such a model can use. alpha: the lower, the nearer the two texts; beta: how model size makes use of
    pre-training. D in one unit throughout, N without embeddings.
    """

    k: float = param(
        "data^(1 - alpha) parameters^-beta",
        "what pre-training is worth, at D_F = N = 1",
        starts=(1e3, 3e4, 1e6),
        linear=True,
    )
    alpha: float = param("1", "how it grows with the data fine-tuned on", starts=(0.1, 0.3, 0.7))
    beta: float = param("1", "how it grows with size", starts=(0.2, 0.4, 0.8))

    inputs = ("finetuning_tokens", "n_params")
    output = "transferred"
    output_unit = "tokens"
    paper = "hernandez2021"

    def __call__(self, finetuning_tokens: Any, n_params: Any) -> Any:
        """D_T of a model of N parameters fine-tuned on D_F, in the unit of D_F."""
        return self.k * bounded_exp(self.alpha * log(finetuning_tokens) + self.beta * log(n_params))

    def multiplier(self, finetuning_tokens: Any, n_params: Any) -> Any:
        """(D_F + D_T) / D_F: how many times more data pre-training is as good as; eq. 1.2."""
        return 1 + self(finetuning_tokens, n_params) / finetuning_tokens


@dataclass(frozen=True)
class TransferLoss(Law):
    """L(N, D_F) = [(N_c / N)^(alpha_N / alpha_D) + R / (D_F^alpha N^beta)]^alpha_D

    Hernandez et al. 2021, arXiv:2102.01293, eq. 6.1: the law of Kaplan et al. 2020 with D_T in the place of D, so that
    R = D_c / k. Where D_T is far above D_F. L in nats/token after fine-tuning; N leaves out embeddings.
    """

    N_c: float = param("parameters", "the size at which the loss would be 1 on infinite data", starts=(1e10, 1e14))
    R: float = param("data^alpha parameters^beta", "D_c over k", starts=(1e4, 1e8, 1e12))
    alpha_N: float = param("1", "how fast size helps", starts=(0.05, 0.1))
    alpha_D: float = param("1", "how fast data helps", starts=(0.05, 0.1, 0.3))
    alpha: float = param("1", "how D_T grows with the data fine-tuned on", starts=(0.1, 0.3))
    beta: float = param("1", "how D_T grows with size", starts=(0.2, 0.6))

    inputs = ("n_params", "finetuning_tokens")
    paper = "hernandez2021"

    def __call__(self, n_params: Any, finetuning_tokens: Any) -> Any:
        """L of N parameters after fine-tuning on D_F, nats/token."""
        alpha_D = maximum(self.alpha_D, 1e-9)  # the formula divides by it
        size = self.alpha_N / alpha_D * (log_of(self.N_c) - log(n_params))
        data = log_of(self.R) - self.alpha * log(finetuning_tokens) - self.beta * log(n_params)
        return bounded_exp(alpha_D * logsumexp(size, data))

    @classmethod
    def of(cls, scratch: Kaplan, transfer: Transfer) -> "TransferLoss":
        """The law that the loss from scratch and the data transferred give together."""
        return cls(
            N_c=scratch.N_c,
            R=scratch.D_c / transfer.k,
            alpha_N=scratch.alpha_N,
            alpha_D=scratch.alpha_D,
            alpha=transfer.alpha,
            beta=transfer.beta,
        )


HERNANDEZ_2021_TEXT = Transfer(**constants("HERNANDEZ_2021_TEXT"))
HERNANDEZ_2021_MIXED = Transfer(**constants("HERNANDEZ_2021_MIXED"))
