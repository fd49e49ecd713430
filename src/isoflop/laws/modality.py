"""Beyond text: Henighan et al. 2020 on images, video and mathematics, Shukor et al. 2025 on text with images."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from isoflop.laws.arrays import bounded_exp, log, log_of
from isoflop.laws.law import Law, param
from isoflop.laws.published import constants

_ANY = (-np.inf, np.inf)


@dataclass(frozen=True)
class ModalityLoss(Law):
    """L(x) = L_inf + (x_0 / x)^alpha

    Henighan et al. 2020, arXiv:2010.14701, eq. 1.1; x is size, data or compute, in the unit of x_0. L_inf is the
    entropy of the data, which no model lowers and which sets each modality off from the others; the rest is how far the
    model is from the data (a Kullback-Leibler divergence), which is what falls. L in the unit of L_inf: nats per token,
    or per image. `FlooredPowerLaw` is the same curve with A = x_0^alpha.
    """

    L_inf: float = param("output", "irreducible: the entropy of the data", starts=(0.1, 0.5, 1.0, 2.0), linear=True)
    x_0: float = param("input", "the x at which the reducible loss is 1", starts=(1e-3, 1.0, 1e4, 1e8, 1e12))
    alpha: float = param("1", "how fast the reducible loss falls", starts=(0.05, 0.1, 0.2, 0.5))

    inputs = ("x",)
    output_unit = "output"
    paper = "henighan2020"

    def __call__(self, x: Any) -> Any:
        """L at x."""
        return self.L_inf + self.reducible(x)

    def reducible(self, x: Any) -> Any:
        """(x_0 / x)^alpha: the part of the loss that scale lowers."""
        return bounded_exp(self.alpha * (log_of(self.x_0) - log(x)))

    def needed(self, reducible: Any) -> Any:
        """The x that leaves this reducible loss."""
        return self.x_0 * reducible ** (-1 / self.alpha)


@dataclass(frozen=True)
class SizeGrowth(Law):
    """N_opt(r C) / N_opt(C) = r^a

    How many times larger the best model becomes with r times the compute, for papers whose exponent is known and whose
    prefactor is not: it tells no size, only how one grows.
    """

    a: float = param("1", "the exponent of compute", starts=(0.5, 0.7), domain=_ANY, scale="linear")

    inputs = ("flops_ratio",)
    output = "size_growth"
    output_unit = "1"

    def __call__(self, flops_ratio: Any) -> Any:
        """How many times larger, at r times the compute."""
        return bounded_exp(self.a * log(flops_ratio))


@dataclass(frozen=True)
class TokensGrowth(Law):
    """D_opt(r C) / D_opt(C) = r^b

    How many times more the best tokens become with r times the compute; see `SizeGrowth`.
    """

    b: float = param("1", "the exponent of compute", starts=(0.3, 0.5), domain=_ANY, scale="linear")

    inputs = ("flops_ratio",)
    output = "tokens_growth"
    output_unit = "1"

    def __call__(self, flops_ratio: Any) -> Any:
        """How many times more, at r times the compute."""
        return bounded_exp(self.b * log(flops_ratio))


HENIGHAN_2020_SIZE = SizeGrowth(**constants("HENIGHAN_2020_SIZE"))
SHUKOR_2025_EARLY_SIZE = SizeGrowth(**constants("SHUKOR_2025_EARLY_SIZE"))
SHUKOR_2025_EARLY_TOKENS = TokensGrowth(**constants("SHUKOR_2025_EARLY_TOKENS"))
SHUKOR_2025_LATE_SIZE = SizeGrowth(**constants("SHUKOR_2025_LATE_SIZE"))
SHUKOR_2025_LATE_TOKENS = TokensGrowth(**constants("SHUKOR_2025_LATE_TOKENS"))
SHUKOR_2025_SPARSE_SIZE = SizeGrowth(**constants("SHUKOR_2025_SPARSE_SIZE"))
SHUKOR_2025_SPARSE_TOKENS = TokensGrowth(**constants("SHUKOR_2025_SPARSE_TOKENS"))
