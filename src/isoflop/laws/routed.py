"""Routed models (mixtures of experts): Clark et al. 2022."""

from dataclasses import dataclass
from math import log as ln
from typing import Any

import numpy as np

from isoflop.laws.arrays import bounded_exp, log, maximum
from isoflop.laws.law import Law, param
from isoflop.laws.published import constants

_ANY = (-np.inf, np.inf)


@dataclass(frozen=True)
class Routed(Law):
    """log10 L(N, E) = a log10 N + b log10 F + c log10 N log10 F + d

    Clark et al. 2022, arXiv:2202.01169, with 1/F = 1/(E - 1 + 1/(1/E_start - 1/E_max)) + 1/E_max, where they write E
    with a hat: the number of experts that matters, from E_start of a dense model up to E_max. N counts the parameters
    that one token sees. L in nats/token, all at one number of tokens.
    """

    a: float = param("1", "the exponent of N, at F = 1", starts=(-0.1, -0.05), domain=_ANY, scale="linear")
    b: float = param("1", "the exponent of F, at N = 1", starts=(-0.2, -0.1), domain=_ANY, scale="linear")
    c: float = param("1", "how either exponent fades with the other", starts=(0.0, 0.01), domain=_ANY, scale="linear")
    d: float = param("1", "log10 of the loss at N = F = 1", starts=(0.5, 1.0), domain=_ANY, scale="linear")
    E_start: float = param("experts", "what a dense model's one expert counts for", starts=(1.5, 3.0, 6.0))
    E_max: float = param("experts", "what infinitely many experts count for", starts=(100.0, 300.0, 1000.0))

    inputs = ("n_params", "experts")
    paper = "clark2022"

    def __call__(self, n_params: Any, experts: Any) -> Any:
        """L at N parameters and E experts, nats/token."""
        n, f = log(n_params) / ln(10), log(self.effective_experts(experts)) / ln(10)
        return bounded_exp(ln(10) * (self.a * n + self.b * f + self.c * n * f + self.d))

    def effective_experts(self, experts: Any) -> Any:
        """F, the number of experts that matters."""
        start, most = maximum(self.E_start, 1e-6), maximum(self.E_max, 1e-6)
        gap = maximum(1 / start - 1 / most, 1e-12)  # E_start past E_max: then every number of experts counts the same
        return 1 / (1 / (experts - 1 + 1 / gap) + 1 / most)

    @property
    def cutoff(self) -> Any:
        """N past which routing no longer helps: 10^(-b / c). Rounded constants move it by a factor of two and more."""
        return bounded_exp(-self.b / self.c * ln(10))


CLARK_2022_S_BASE = Routed(**constants("CLARK_2022_S_BASE"))
CLARK_2022_RL_R = Routed(**constants("CLARK_2022_RL_R"))
CLARK_2022_HASH = Routed(**constants("CLARK_2022_HASH"))
