"""The annealing law of Tissue et al. 2024: a loss curve from the area under a schedule and the area of its decay."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from isoflop.laws.arrays import exp, maximum
from isoflop.laws.law import Law, param
from isoflop.laws.multipower import per_drop

AT_ONCE = 1e-3  # steps; a shorter tau is the same: lambda is 0 to all digits


@dataclass(frozen=True)
class Annealing(Law):
    """L(t) = L_0 + A S_1(t)^-alpha - C S_2(t), S_2 = sum_(i <= t) sum_(k <= i) (eta_(k-1) - eta_k) lambda^(i-k)

    Tissue et al. 2024, arXiv:2408.11029, with lambda = exp(-1 / tau), fitted like the others. The inner sums of
    each drop are a geometric series. Inputs: `laws/history.py`; L in nats/token. No constants of it were seen, only
    that lambda is about 0.99 to 0.999 (from memory, unverified).
    """

    L_0: float = param("nats/token", "loss after an infinite sum of rates", starts=(0.5, 1.0, 2.0, 4.0), linear=True)
    A: float = param("nats/token", "loss above it at S_1 = 1", starts=(0.1, 0.3, 1.0, 3.0), linear=True)
    C: float = param("nats/token", "what an area of 1 of decay gains", starts=(0.1, 1.0, 10.0), linear=True)
    alpha: float = param("1", "how fast the sum of rates helps", starts=(0.2, 0.5, 1.0), scale="linear")
    tau: float = param("steps", "how long a drop goes on gaining", starts=(100.0, 1e3, 1e4))

    inputs = ("lr_sum", "lr_drops", "steps_since")
    paper = "tissue2024"

    def __call__(self, lr_sum: Any, lr_drops: Any, steps_since: Any) -> Any:
        """L at steps with these histories, nats/token."""
        return self.L_0 + self.A / lr_sum**self.alpha - self.C * annealed(self.tau, lr_drops, steps_since)

    @property
    def decay(self) -> Any:
        """lambda, the share of a drop's momentum that one step leaves."""
        return np.exp(-1 / self.tau)


@dataclass(frozen=True)
class AnnealingBySize(Law):
    """L(N, t) = L_0 + A S_1(t)^-alpha + B N^-beta - C S_2(t)

    Tissue et al. 2024, arXiv:2408.11029: `Annealing` for many sizes at once. The form is from memory, unverified; no
    constants of it were seen. What N counts is the fitter's choice; L in nats/token.
    """

    L_0: float = param("nats/token", "loss of an infinite model in the end", starts=(0.5, 1.0, 2.0), linear=True)
    A: float = param("nats/token", "what the rates so far leave at S_1 = 1", starts=(0.1, 0.3, 1.0, 3.0), linear=True)
    B: float = param("nats/token", "what a finite model costs, at N = 1", starts=(1.0, 100.0, 1e4), linear=True)
    C: float = param("nats/token", "what an area of 1 of decay gains", starts=(0.1, 1.0, 10.0), linear=True)
    alpha: float = param("1", "how fast the sum of rates helps", starts=(0.2, 0.5, 1.0), scale="linear")
    beta: float = param("1", "how fast size helps", starts=(0.1, 0.3, 0.5), scale="linear")
    tau: float = param("steps", "how long a drop goes on gaining", starts=(100.0, 1e3, 1e4))

    inputs = ("n_params", "lr_sum", "lr_drops", "steps_since")
    paper = "tissue2024"

    def __call__(self, n_params: Any, lr_sum: Any, lr_drops: Any, steps_since: Any) -> Any:
        """L of N parameters at steps with these histories, nats/token."""
        floor = self.L_0 + self.B / n_params**self.beta
        return floor + self.A / lr_sum**self.alpha - self.C * annealed(self.tau, lr_drops, steps_since)

    def at(self, n_params: float) -> Annealing:
        """The law of one size."""
        return Annealing(self.L_0 + self.B / float(n_params) ** self.beta, self.A, self.C, self.alpha, self.tau)


def annealed(tau: Any, lr_drops: Any, steps_since: Any) -> Any:
    """S_2, the area of the decay so far: what each drop has gained, 1 + lambda + ... lambda^(i - k), summed."""
    tau = maximum(tau, AT_ONCE)
    gained = 1 - exp(-steps_since / per_drop(tau))
    return (lr_drops * gained).sum(-1) / (1 - exp(-1 / tau))
