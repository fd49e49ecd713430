"""Power laws in one named input, with and without a floor, and of best sizes; subclass one to name another input."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from isoflop.laws.arrays import floats, log, sqrt
from isoflop.laws.law import Law, param
from isoflop.laws.published import constants

_SCALES = tuple(float(np.exp(a)) for a in (-5, 0, 5, 10, 15))


@dataclass(frozen=True)
class PowerLaw(Law):
    """L(C) = A / C^alpha = (C_c / C)^alpha with C_c = A^(1/alpha)

    Kaplan et al. 2020, arXiv:2001.08361, eq. 1.1-1.3 write it with C_c, which overflows where alpha is small. Subclass
    it to name another input or output.
    """

    A: float = param("output", "the output at C = 1", starts=_SCALES, linear=True)
    alpha: float = param(
        "1", "how fast it falls", starts=(0.0, 0.1, 0.5, 1.0), domain=(-np.inf, np.inf), scale="linear"
    )

    inputs = ("flops",)
    paper = "kaplan2020"

    def __call__(self, flops: Any) -> Any:
        """The output at C."""
        return self.A / flops**self.alpha

    @property
    def x_c(self) -> Any:
        """Where the output is 1, in the unit of the input; C_c of Kaplan et al. 2020."""
        return self.A ** (1 / self.alpha)


@dataclass(frozen=True)
class FlooredPowerLaw(Law):
    """L(C) = E + A / C^alpha

    Henighan et al. 2020, arXiv:2010.14701, eq. 1.1: a reducible loss over an irreducible one. Subclass it to name
    another input or output.
    """

    E: float = param("output", "the floor: the output at infinite C", starts=(0.1, 0.5, 1.0, 2.0), linear=True)
    A: float = param("output", "the reducible part at C = 1", starts=_SCALES, linear=True)
    alpha: float = param("1", "how fast the reducible part falls", starts=(0.05, 0.1, 0.2, 0.5, 1.0), scale="linear")

    inputs = ("flops",)
    paper = "henighan2020"

    def __call__(self, flops: Any) -> Any:
        """The output at C."""
        return self.E + self.A / flops**self.alpha


@dataclass(frozen=True)
class BendingPowerLaw(Law):
    """L(C) = A / C^(alpha + gamma ln C)

    A power law whose exponent drifts with scale: the second-order expansion of ln L in ln C, for ladders too small to
    show their asymptote. It is of no use far beyond what it was fitted to: the local exponent, alpha + 2 gamma ln C,
    has no limit. Subclass it to name another input or output.
    """

    A: float = param("output", "the output at C = 1", starts=_SCALES, linear=True)
    alpha: float = param("1", "the exponent at C = 1", starts=(0.0, 0.1, 0.5), domain=(-np.inf, np.inf), scale="linear")
    gamma: float = param(
        "1", "half of what the exponent gains each e-fold", starts=(0.0,), domain=(-np.inf, np.inf), scale="linear"
    )

    inputs = ("flops",)

    def __call__(self, flops: Any) -> Any:
        """The output at C."""
        return self.A / flops ** (self.alpha + self.gamma * log(flops))


@dataclass(frozen=True)
class OptimalSize(Law):
    """N_opt = k C^a

    Hoffmann et al. 2022, arXiv:2203.15556, sec. 3: the best size for a budget. N in parameters, C in FLOPs.
    """

    k: float = param("parameters", "best size at C = 1", starts=_SCALES, linear=True)
    a: float = param("1", "how the best size grows", starts=(0.25, 0.5, 0.75), domain=(-np.inf, np.inf), scale="linear")

    inputs = ("flops",)
    paper = "hoffmann2022"
    output = "n_params"
    output_unit = "parameters"

    def __call__(self, flops: Any) -> Any:
        """N_opt at C FLOPs, parameters."""
        return self.k * flops**self.a


@dataclass(frozen=True)
class OptimalTokens(Law):
    """D_opt = k C^b

    Hoffmann et al. 2022, arXiv:2203.15556, sec. 3: the best number of tokens for a budget. D in tokens, C in FLOPs.
    """

    k: float = param("tokens", "best tokens at C = 1", starts=_SCALES, linear=True)
    b: float = param(
        "1", "how the best tokens grow", starts=(0.25, 0.5, 0.75), domain=(-np.inf, np.inf), scale="linear"
    )

    inputs = ("flops",)
    paper = "hoffmann2022"
    output = "tokens"
    output_unit = "tokens"

    def __call__(self, flops: Any) -> Any:
        """D_opt at C FLOPs, tokens."""
        return self.k * flops**self.b


@dataclass(frozen=True)
class TokensPerParam(Law):
    """D_opt / N_opt = r (C / 6)^s

    Hu et al. 2024 (MiniCPM), arXiv:2404.06395, eq. 3, turned over and with C = 6 N D in FLOPs: there N/D = K^2
    (C/6)^eta. A law of Hoffmann's form has r = G^-2 and s = b - a.
    """

    r: float = param("tokens/parameter", "best tokens a parameter at C = 6", starts=_SCALES, linear=True)
    s: float = param("1", "how the ratio grows", starts=(-0.1, 0.0, 0.1), domain=(-np.inf, np.inf), scale="linear")

    inputs = ("flops",)
    paper = "hu2024"
    output = "tokens_per_param"
    output_unit = "tokens/parameter"

    def __call__(self, flops: Any) -> Any:
        """D/N at C FLOPs, tokens a parameter."""
        return self.r * (flops / 6) ** self.s

    def optimal_size(self, flops: Any) -> Any:
        """N with 6 N D = C, parameters."""
        return sqrt(floats(flops) / 6 / self(flops))

    def optimal_tokens(self, flops: Any) -> Any:
        """D with 6 N D = C, tokens."""
        return sqrt(floats(flops) / 6 * self(flops))


HOFFMANN_2022_APPROACH_1_SIZE = OptimalSize(**constants("HOFFMANN_2022_APPROACH_1_SIZE"))
HOFFMANN_2022_APPROACH_1_TOKENS = OptimalTokens(**constants("HOFFMANN_2022_APPROACH_1_TOKENS"))
HOFFMANN_2022_APPROACH_2_SIZE = OptimalSize(**constants("HOFFMANN_2022_APPROACH_2_SIZE"))
HOFFMANN_2022_APPROACH_2_TOKENS = OptimalTokens(**constants("HOFFMANN_2022_APPROACH_2_TOKENS"))
HOFFMANN_2022_TWENTY_SIZE = OptimalSize(**constants("HOFFMANN_2022_TWENTY_SIZE"))
HOFFMANN_2022_TWENTY_TOKENS = OptimalTokens(**constants("HOFFMANN_2022_TWENTY_TOKENS"))
DUBEY_2024 = OptimalTokens(**constants("DUBEY_2024"))
DUBEY_2024_PRINTED = OptimalTokens(**constants("DUBEY_2024_PRINTED"))
HU_2024 = TokensPerParam(**constants("HU_2024"))
DEY_2023 = FlooredPowerLaw(**constants("DEY_2023"))
