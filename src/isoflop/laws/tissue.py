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
    each drop are a geometric series. Inputs: `laws/history.py`; L in nats/token.
    """

    L_0: float = param("nats/token", "loss after an infinite sum of rates", starts=(0.5, 1.0, 2.0, 4.0), linear=True)
    A: float = param("nats/token", "loss above it at S_1 = 1", starts=(0.1, 0.3, 1.0, 3.0), linear=True)
    C: float = param("nats/token", "what an area of 1 of decay gains", starts=(0.1, 1.0, 10.0), linear=True)
    alpha: float = param("1", "how fast the sum of rates helps", starts=(0.2, 0.5, 1.0), scale="linear")
    tau: float = param("steps", "how long a drop goes on gaining", starts=(100.0, 1e3, 1e4))

    inputs = ("lr_sum", "lr_drops", "steps_since")

    def __call__(self, lr_sum: Any, lr_drops: Any, steps_since: Any) -> Any:
        """L at steps with these histories, nats/token."""
        tau = maximum(self.tau, AT_ONCE)
        gained = 1 - exp(-steps_since / per_drop(tau))
        area = (lr_drops * gained).sum(-1) / (1 - exp(-1 / tau))
        return self.L_0 + self.A / lr_sum**self.alpha - self.C * area

    @property
    def decay(self) -> Any:
        """lambda, the share of a drop's momentum that one step leaves."""
        return np.exp(-1 / self.tau)
