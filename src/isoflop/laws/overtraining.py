"""Over-trained models and their downstream error: Gadre et al. 2024."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from isoflop.errors import BadInput
from isoflop.laws.arrays import bounded_exp, log
from isoflop.laws.chinchilla import Chinchilla
from isoflop.laws.law import Law, param
from isoflop.laws.published import constants


@dataclass(frozen=True)
class Overtraining(Law):
    """L(C, M) = E + (a M^eta + b M^-eta) C^-eta, C = 6 N D, M = D / N

    Gadre et al. 2024, arXiv:2403.08540, eq. 4. It is Chinchilla's law with one exponent, 2 eta, for N and D. There N
    counts all parameters, embeddings included; the authors fit it by least squares of losses, not of logarithms.
    L in nats/token.
    """

    E: float = param("nats/token", "loss of an infinite model on infinite data", starts=(0.5, 1.5, 2.5), linear=True)
    a: float = param("nats/token", "what a finite model costs, at C = M = 1", starts=(10, 100, 1e3), linear=True)
    b: float = param("nats/token", "what finite data costs, at C = M = 1", starts=(10, 100, 1e3), linear=True)
    eta: float = param("1", "how fast compute helps at one D/N", starts=(0.05, 0.1, 0.15, 0.3))

    inputs = ("n_params", "tokens")
    paper = "gadre2024"

    def __call__(self, n_params: Any, tokens: Any) -> Any:
        """L at N parameters and D tokens, nats/token."""
        return self.at_ratio(6 * n_params * tokens, tokens / n_params)

    def at_ratio(self, flops: Any, tokens_per_param: Any) -> Any:
        """L(C, M) at C = 6 N D FLOPs and M = D / N, as the paper writes it, nats/token."""
        ln_C, ln_M = log(flops), log(tokens_per_param)
        return self.E + self.a * bounded_exp(self.eta * (ln_M - ln_C)) + self.b * bounded_exp(-self.eta * (ln_M + ln_C))

    @property
    def best_ratio(self) -> Any:
        """M = (b / a)^(1 / (2 eta)), tokens a parameter, best at every budget; beyond it a model is over-trained."""
        return (self.b / self.a) ** (1 / (2 * self.eta))

    @property
    def chinchilla(self) -> Chinchilla:
        """The same law as L(N, D): A = a 6^-eta, B = b 6^-eta, alpha = beta = 2 eta."""
        six, both = 6**self.eta, 2 * self.eta
        return Chinchilla(self.E, self.a / six, self.b / six, both, both, about=self.about)

    @classmethod
    def from_chinchilla(cls, law: Chinchilla) -> Self:
        """The same law as L(C, M): a = A 6^eta, b = B 6^eta. Raises `BadInput` where alpha and beta are not equal."""
        if not np.all(np.equal(law.alpha, law.beta)):
            raise BadInput(
                f"{law} has two exponents; an over-training law has one, 2 eta = alpha = beta. Fit it with one."
            )
        eta = law.alpha / 2
        return cls(law.E, law.A * 6**eta, law.B * 6**eta, eta, about=law.about)


@dataclass(frozen=True)
class DownstreamError(Law):
    """Err(L) = epsilon - k exp(-gamma L)

    Gadre et al. 2024, arXiv:2403.08540, eq. 5: mean top-1 error over tasks from the loss, by least squares of errors.
    """

    epsilon: float = param("1", "error of a model that knows nothing", starts=(0.6, 0.85, 1.0), linear=True)
    k: float = param("1", "what a loss of 0 would gain", starts=(0.3, 1.0, 3.0), linear=True)
    gamma: float = param("token/nat", "how fast the error rises with the loss", starts=(0.3, 0.7, 1.5))

    inputs = ("loss",)
    paper = "gadre2024"
    output = "error"
    output_unit = "1"

    def __call__(self, loss: Any) -> Any:
        """Err at a loss in nats/token."""
        return self.epsilon - self.k * bounded_exp(-self.gamma * loss)


GADRE_2024_C4 = Overtraining(**constants("GADRE_2024_C4"))
GADRE_2024_REDPAJAMA = Overtraining(**constants("GADRE_2024_REDPAJAMA"))
GADRE_2024_REFINEDWEB = Overtraining(**constants("GADRE_2024_REFINEDWEB"))
GADRE_2024_C4_ERROR = DownstreamError(**constants("GADRE_2024_C4_ERROR"))
GADRE_2024_REDPAJAMA_ERROR = DownstreamError(**constants("GADRE_2024_REDPAJAMA_ERROR"))
GADRE_2024_REFINEDWEB_ERROR = DownstreamError(**constants("GADRE_2024_REFINEDWEB_ERROR"))
DEVRIES_2023 = Chinchilla(**constants("DEVRIES_2023"))
