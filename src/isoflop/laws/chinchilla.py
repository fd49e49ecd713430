"""The law of Hoffmann et al. 2022 (Chinchilla) with its published and corrected constants."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from isoflop.laws.arrays import floats
from isoflop.laws.law import Law, param
from isoflop.laws.published import constants

_EXPONENTS = (0.0, 0.5, 1.0, 1.5, 2.0)
_SCALES = tuple(float(np.exp(a)) for a in (0, 5, 10, 15, 20, 25))
_FLOORS = tuple(float(np.exp(e)) for e in (-1.0, -0.5, 0.0, 0.5, 1.0))


@dataclass(frozen=True)
class Chinchilla(Law):
    """L(N, D) = E + A / N^alpha + B / D^beta

    Hoffmann et al. 2022, arXiv:2203.15556, eq. 2; starts as in its sec. D.2. There N counts all parameters, embeddings
    included. L in nats/token.
    """

    E: float = param("nats/token", "loss of an infinite model on infinite data", starts=_FLOORS, linear=True)
    A: float = param("nats/token", "what a finite model costs, at N = 1", starts=_SCALES, linear=True)
    B: float = param("nats/token", "what finite data costs, at D = 1", starts=_SCALES, linear=True)
    alpha: float = param("1", "how fast size helps", starts=_EXPONENTS, scale="linear")
    beta: float = param("1", "how fast data helps", starts=_EXPONENTS, scale="linear")

    inputs = ("n_params", "tokens")
    paper = "hoffmann2022"

    def __call__(self, n_params: Any, tokens: Any) -> Any:
        """L at N parameters and D tokens, nats/token."""
        return self.E + self.A / n_params**self.alpha + self.B / tokens**self.beta

    # The optimum for C = 6 N D (eq. 4), where alpha and beta are above 0.

    @property
    def a(self) -> Any:
        """beta / (alpha + beta): the best size grows as C^a."""
        return self.beta / (self.alpha + self.beta)

    @property
    def b(self) -> Any:
        """alpha / (alpha + beta): the best tokens grow as C^b."""
        return self.alpha / (self.alpha + self.beta)

    @property
    def G(self) -> Any:  # noqa: N802
        """(alpha A / (beta B))^(1 / (alpha + beta))."""
        return (self.alpha * self.A / (self.beta * self.B)) ** (1 / (self.alpha + self.beta))

    @property
    def frontier_exponent(self) -> Any:
        """alpha beta / (alpha + beta): the best loss falls towards E as C^-this."""
        return self.alpha * self.a

    def optimal_size(self, flops: Any) -> Any:
        """N_opt = G (C/6)^a, parameters."""
        return self.G * (floats(flops) / 6) ** self.a

    def optimal_tokens(self, flops: Any) -> Any:
        """D_opt = (C/6)^b / G, tokens."""
        return (floats(flops) / 6) ** self.b / self.G

    def optimal_loss(self, flops: Any) -> Any:
        """L(N_opt, D_opt), nats/token; there A / N^alpha is to B / D^beta as beta to alpha."""
        return self(self.optimal_size(flops), self.optimal_tokens(flops))


HOFFMANN_2022_TEX = Chinchilla(**constants("HOFFMANN_2022_TEX"))
HOFFMANN_2022 = Chinchilla(**constants("HOFFMANN_2022"))
BESIROGLU_2024 = Chinchilla(**constants("BESIROGLU_2024"))
BESIROGLU_2024_LAD = Chinchilla(**constants("BESIROGLU_2024_LAD"))
BESIROGLU_2024_HUBER = Chinchilla(**constants("BESIROGLU_2024_HUBER"))
BESIROGLU_2024_ALL_RUNS = Chinchilla(**constants("BESIROGLU_2024_ALL_RUNS"))
