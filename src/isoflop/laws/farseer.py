"""Farseer (Li et al. 2025): floor, data term and data exponent all change with the size of the model."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from isoflop.laws.arrays import bounded_exp, log
from isoflop.laws.law import Law, param

_ANY = (-np.inf, np.inf)


@dataclass(frozen=True)
class Farseer(Law):
    """L(N, D) = exp(a3 N^gamma + b3) + exp(a2 N^beta + b2) D^(-exp(a1 N^alpha + b1))

    Li et al. 2025, arXiv:2506.10972. The three stretched exponentials of N are the loss of that size on infinite data,
    what finite data costs it, and how fast data helps it: the best D/N therefore changes with compute. L in nats/token.
    No constants are published here: those of the paper were not seen, so that the form is there to be fitted.
    """

    a1: float = param("1", "how the data exponent moves with N^alpha", starts=(-0.1, 0.1), domain=_ANY, scale="linear")
    b1: float = param("1", "ln of the data exponent at a1 N^alpha = 0", starts=(-1.0, 0.0), domain=_ANY, scale="linear")
    alpha: float = param("1", "how the data exponent bends in N", starts=(0.05, 0.12), domain=_ANY, scale="linear")
    a2: float = param("1", "how the data term changes with N^beta", starts=(10.0, 40.0), domain=_ANY, scale="linear")
    b2: float = param("1", "ln of the data term, at a2 N^beta = 0", starts=(-5.0, 0.0), domain=_ANY, scale="linear")
    beta: float = param("1", "how the data term bends in N", starts=(-0.1, -0.03), domain=_ANY, scale="linear")
    a3: float = param("1", "how the floor changes with N^gamma", starts=(-0.1, -0.02), domain=_ANY, scale="linear")
    b3: float = param("1", "ln of the floor, at a3 N^gamma = 0", starts=(0.1, 1.0), domain=_ANY, scale="linear")
    gamma: float = param("1", "how the floor bends in N", starts=(0.07, 0.17), domain=_ANY, scale="linear")

    inputs = ("n_params", "tokens")
    paper = "li2025farseer"

    def __call__(self, n_params: Any, tokens: Any) -> Any:
        """L at N parameters and D tokens, nats/token."""
        ln_n = log(n_params)
        falls = bounded_exp(self.a1 * bounded_exp(self.alpha * ln_n) + self.b1)
        floor = bounded_exp(self.a3 * bounded_exp(self.gamma * ln_n) + self.b3)
        return floor + bounded_exp(self.a2 * bounded_exp(self.beta * ln_n) + self.b2 - falls * log(tokens))
