"""Reinforcement learning: reward against compute (Khatri et al. 2025), training against search (Jones 2021)."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from isoflop.laws.arrays import bounded_exp, log, log_of, softplus
from isoflop.laws.law import Law, param
from isoflop.laws.published import constants

_ANY = (-np.inf, np.inf)
_LN10 = float(np.log(10))


@dataclass(frozen=True)
class SigmoidReward(Law):
    """R(C) = R_0 + (A - R_0) / (1 + (C_mid / C)^B)

    Khatri et al. 2025 (ScaleRL), arXiv:2510.13786, eq. 1. R is the mean reward (pass rate) on held-out prompts, C the
    compute of reinforcement learning alone, in the unit of C_mid: FLOPs here, while the authors count GPU-hours. What
    is better in the end (A) and what is fast (B, C_mid) are apart. Leave out the noisy beginning; hold R_0 at what was
    measured before training, with `fixed`.
    """

    R_0: float = param("1", "reward before reinforcement learning", starts=(0.1, 0.3), linear=True)
    A: float = param("1", "reward after infinite compute", starts=(0.5, 0.7, 0.9), linear=True)
    C_mid: float = param("FLOPs", "where half of the gain is reached", starts=tuple(10.0**k for k in range(2, 25, 2)))
    B: float = param("1", "how suddenly it comes", starts=(0.5, 1.0, 2.0))

    inputs = ("flops",)
    output = "reward"
    output_unit = "1"
    paper = "khatri2025"

    def __call__(self, flops: Any) -> Any:
        """R after reinforcement learning with C FLOPs."""
        share = bounded_exp(-softplus(self.B * (log_of(self.C_mid) - log(flops))))
        return self.R_0 + (self.A - self.R_0) * share


@dataclass(frozen=True)
class PlayCompute(Law):
    """log10 C_test = -s log10 C_train + e Elo + c

    Jones 2021, arXiv:2104.03113: how much compute an AlphaZero player needs at play (tree search) to be as strong as
    Elo after training with C_train. Ten times the training saves s decades of search.
    """

    s: float = param("1", "decades of search that a decade of training saves", starts=(0.5, 1.0, 1.5))
    e: float = param("1/Elo", "decades of search that one Elo costs", starts=(0.001, 0.003, 0.01))
    c: float = param("1", "log10 C_test at Elo = 0 and C_train = 1", starts=(10.0, 30.0), domain=_ANY, scale="linear")

    inputs = ("elo", "flops")
    output = "test_flops"
    output_unit = "FLOPs"
    paper = "jones2021"

    def __call__(self, elo: Any, flops: Any) -> Any:
        """C_test, FLOPs, of a player of this strength after C_train FLOPs of training."""
        return bounded_exp(_LN10 * (self.e * elo + self.c) - self.s * log(flops))

    def elo(self, flops: Any, test_flops: Any) -> Any:
        """The strength after C_train FLOPs of training with C_test FLOPs of search."""
        return ((log(test_flops) + self.s * log(flops)) / _LN10 - self.c) / self.e


JONES_2021 = PlayCompute(**constants("JONES_2021"))
