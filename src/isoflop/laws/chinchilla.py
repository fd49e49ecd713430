"""The law of Hoffmann et al. 2022 (Chinchilla) with its published and corrected constants."""

from dataclasses import dataclass
from typing import Any

import numpy as np

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

    def __call__(self, n_params: Any, tokens: Any) -> Any:
        """L at N parameters and D tokens, nats/token."""
        return self.E + self.A / n_params**self.alpha + self.B / tokens**self.beta


HOFFMANN_2022_TEX = Chinchilla(**constants("HOFFMANN_2022_TEX"))
HOFFMANN_2022 = Chinchilla(**constants("HOFFMANN_2022"))
BESIROGLU_2024 = Chinchilla(**constants("BESIROGLU_2024"))
BESIROGLU_2024_HUBER = Chinchilla(**constants("BESIROGLU_2024_HUBER"))
