"""Mixtures of experts in size, tokens and how they are cut: Krajewski et al. 2024 and Abnar et al. 2025."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from isoflop.laws.arrays import bounded_exp, log, log_of, maximum
from isoflop.laws.chinchilla import Chinchilla
from isoflop.laws.law import Law, param
from isoflop.laws.published import constants

_FLOORS = (0.4, 1.0, 1.7)
_SCALES = (1.0, 20.0, 400.0, 8e3)
_EXPONENTS = (0.1, 0.3, 0.6)
_ANY = (-np.inf, np.inf)


@dataclass(frozen=True)
class FineGrainedExperts(Law):
    """L(N, D, G) = c + (g / G^gamma + a) / N^alpha + b / D^beta, N of all experts

    Krajewski et al. 2024, arXiv:2402.07871, eq. 9, at one expansion rate. An expert is G times narrower than the dense
    layer it replaces, and each token goes to G of them, so that G leaves both counts of parameters as they are. N
    counts all experts: a dense law is compared at equal FLOPs, not at equal N. L in nats/token. Routing, which costs
    more with larger G, costs nothing here.
    """

    c: float = param("nats/token", "loss of an infinite model on infinite data", starts=_FLOORS, linear=True)
    a: float = param("nats/token", "what a finite model of infinite G costs, at N = 1", starts=_SCALES, linear=True)
    b: float = param("nats/token", "what finite data costs, at D = 1", starts=_SCALES, linear=True)
    g: float = param("nats/token", "what undivided experts cost, at N = 1", starts=(1.0, 10.0), linear=True)
    alpha: float = param("1", "how fast size helps", starts=_EXPONENTS)
    beta: float = param("1", "how fast data helps", starts=_EXPONENTS)
    gamma: float = param("1", "how fast dividing experts helps", starts=(0.3, 0.6, 1.0))

    inputs = ("n_params", "tokens", "granularity")
    paper = "krajewski2024"

    def __call__(self, n_params: Any, tokens: Any, granularity: Any) -> Any:
        """L at N parameters, D tokens and granularity G, nats/token."""
        size, data = bounded_exp(-self.alpha * log(n_params)), bounded_exp(-self.beta * log(tokens))
        return self.c + (self.g * bounded_exp(-self.gamma * log(granularity)) + self.a) * size + self.b * data

    def at(self, granularity: Any) -> Chinchilla:
        """The law in N and D alone that holds at one granularity."""
        A = self.a + self.g * granularity**-self.gamma
        return Chinchilla(E=self.c, A=A, B=self.b, alpha=self.alpha, beta=self.beta, about=self.about)


def all_experts(active_params: Any, expansion: Any) -> Any:
    """N with all experts, of a model that uses so many parameters a token: N_act (8 E + 4) / 12, no embeddings.

    Krajewski et al. 2024, sec. 6.1: four square matrices of attention, and E times the eight of a dense layer.
    """
    return active_params * (8 * expansion + 4) / 12


@dataclass(frozen=True)
class SparseExperts(Law):
    """L(N, D, S) = a / N^alpha + b / D^beta + c / (1 - S)^lambda + d / ((1 - S)^delta N^gamma) + e, N of all experts

    Abnar et al. 2025, arXiv:2501.12370, eq. 6. S is the share of the experts that a token does not use, below 1; N
    counts all parameters, used or not. With lambda below 0 the third term falls as S grows and the fourth rises. L in
    nats/token.
    """

    a: float = param("nats/token", "what a finite model costs, at N = 1", starts=_SCALES, linear=True)
    b: float = param("nats/token", "what finite data costs, at D = 1", starts=_SCALES, linear=True)
    c: float = param("nats/token", "what sparsity changes at any size, at S = 0", starts=(0.1, 0.5), linear=True)
    d: float = param("nats/token", "what it costs a finite model, at S = 0 and N = 1", starts=(1.0, 20.0), linear=True)
    e: float = param(
        "nats/token", "the floor, for infinite N and D and all experts unused", starts=_FLOORS, linear=True
    )
    alpha: float = param("1", "how fast size helps", starts=(0.3, 0.6))
    beta: float = param("1", "how fast data helps", starts=(0.3, 0.4))
    lambda_: float = param(
        "1", "lambda: how the third term changes with S", starts=(-0.2, 0.2), domain=_ANY, scale="linear"
    )
    delta: float = param("1", "how the fourth term rises with S", starts=(0.15,), domain=_ANY, scale="linear")
    gamma: float = param("1", "how fast it falls with size", starts=(0.15, 0.4))

    inputs = ("n_params", "tokens", "sparsity")
    paper = "abnar2025"

    def __call__(self, n_params: Any, tokens: Any, sparsity: Any) -> Any:
        """L at N parameters in all, D tokens and sparsity S, nats/token."""
        n, used = log(n_params), log_of(1 - sparsity)
        return (
            self.e
            + self.a * bounded_exp(-self.alpha * n)
            + self.b * bounded_exp(-self.beta * log(tokens))
            + self.c * bounded_exp(-self.lambda_ * used)
            + self.d * bounded_exp(-self.delta * used - self.gamma * n)
        )

    def best_sparsity(self, n_params: Any) -> Any:
        """S of the least loss at N parameters in all and any one D.

        1 - (delta d / (-lambda c N^gamma))^(1 / (delta - lambda)), or 0 where being sparse does not help.
        Holds for lambda < 0 < delta. That a sparser model has FLOPs left for more tokens is no merit here.
        """
        ratio = self.delta * self.d / (-self.lambda_ * self.c) * n_params**-self.gamma
        return maximum(0.0, 1 - ratio ** (1 / (self.delta - self.lambda_)))


KRAJEWSKI_2024 = FineGrainedExperts(**constants("KRAJEWSKI_2024"))
KRAJEWSKI_2024_DENSE = Chinchilla(**constants("KRAJEWSKI_2024_DENSE"))
ABNAR_2025 = SparseExperts(**constants("ABNAR_2025"))
