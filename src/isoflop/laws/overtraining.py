"""Over-trained models and their downstream error: Gadre et al. 2024."""

from dataclasses import dataclass
from typing import Any

from isoflop.laws.arrays import bounded_exp, log
from isoflop.laws.law import Law, param


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

    def __call__(self, n_params: Any, tokens: Any) -> Any:
        """L at N parameters and D tokens, nats/token."""
        ln_C, ln_M = log(6 * n_params * tokens), log(tokens / n_params)
        return self.E + self.a * bounded_exp(self.eta * (ln_M - ln_C)) + self.b * bounded_exp(-self.eta * (ln_M + ln_C))


@dataclass(frozen=True)
class DownstreamError(Law):
    """Err(L) = epsilon - k exp(-gamma L)

    Gadre et al. 2024, arXiv:2403.08540, eq. 5: mean top-1 error over tasks from the loss, by least squares of errors.
    """

    epsilon: float = param("1", "error of a model that knows nothing", starts=(0.6, 0.85, 1.0), linear=True)
    k: float = param("1", "what a loss of 0 would gain", starts=(0.3, 1.0, 3.0), linear=True)
    gamma: float = param("token/nat", "how fast the error rises with the loss", starts=(0.3, 0.7, 1.5))

    inputs = ("loss",)
    output = "error"
    output_unit = "1"

    def __call__(self, loss: Any) -> Any:
        """Err at a loss in nats/token."""
        return self.epsilon - self.k * bounded_exp(-self.gamma * loss)
