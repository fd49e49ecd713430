"""The multi-power law of Luo et al. 2025: a loss curve under any learning-rate schedule."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from isoflop.laws.arrays import exp, log
from isoflop.laws.law import Law, param
from isoflop.laws.published import constants

_ANY = (-np.inf, np.inf)


@dataclass(frozen=True)
class MultiPower(Law):
    """L(t) = L_0 + A S_1(t)^-alpha - B sum_(k <= t) (eta_(k-1) - eta_k) [1 - (1 + C eta_k^-gamma S_k(t))^-beta]

    Luo et al. 2025, arXiv:2503.12811. S_1 is the sum of all learning rates up to step t, S_k that from step k on. The
    authors write A (S_1 + S_W)^-alpha, S_W being the sum of the warm-up's rates and S_1 that of those after it. Here
    S_1 begins with the warm-up, so that S_W is in it. And k runs over all steps, those of the warm-up too, whose drops
    are negative. Their constants hold for both: so all of their test metrics come out to the last digit, where S_W
    added again, or no drop below 0, does not come near. Inputs: `laws/history.py`.
    """

    L_0: float = param("nats/token", "loss after an infinite sum of rates", starts=(0.5, 1.0, 2.0, 4.0), linear=True)
    A: float = param("nats/token", "loss above it at S_1 = 1", starts=(0.1, 0.3, 1.0, 3.0), linear=True)
    B: float = param("nats/token", "what a drop of the rate by 1 gains in the end", starts=(100.0, 1e3), linear=True)
    C: float = param("1", "how soon a drop gains it", starts=(1e-3, 1e-1, 10.0))
    alpha: float = param("1", "how fast the sum of rates helps", starts=(0.2, 0.5, 1.0), scale="linear")
    beta: float = param("1", "how soon the gain of a drop ends", starts=(0.2, 0.5, 1.0))
    gamma: float = param("1", "how much sooner at a lower rate", starts=(0.0, 0.5, 1.5), domain=_ANY, scale="linear")

    inputs = ("lr_sum", "lr_drops", "lr_after", "lr_since")
    paper = "luo2025"

    def __call__(self, lr_sum: Any, lr_drops: Any, lr_after: Any, lr_since: Any) -> Any:
        """L at steps with these histories, nats/token."""
        C, beta, gamma = (per_drop(each) for each in (self.C, self.beta, self.gamma))
        yet_to_come = exp(-beta * log(1 + C * exp(-gamma * log(lr_after)) * lr_since))
        return self.L_0 + self.A / lr_sum**self.alpha - self.B * (lr_drops * (1 - yet_to_come)).sum(-1)


def per_drop(constant: Any) -> Any:
    """A constant that is an array (many laws at once) with a further axis, for the drops of each step."""
    return constant[..., None] if np.ndim(constant) else constant


LUO_2025_25M = MultiPower(**constants("LUO_2025_25M"))
LUO_2025_100M = MultiPower(**constants("LUO_2025_100M"))
LUO_2025_400M = MultiPower(**constants("LUO_2025_400M"))
