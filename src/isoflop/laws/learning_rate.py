"""The best peak learning rate, by papers that disagree: shown side by side, never averaged."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from isoflop.conventions import Counted
from isoflop.errors import BadInput
from isoflop.laws.advice import Point, Spread, side_by_side
from isoflop.laws.arrays import bounded_exp, log
from isoflop.laws.law import Law, param
from isoflop.laws.published import constants

_ANY = (-np.inf, np.inf)
_SCALES = (1e-3, 0.1, 1.0, 10.0)
_EXPONENTS = (-0.5, -0.2, 0.2)
_HELD = "Not the same is held: Bjorck et al. keep the batch, with Step Law it grows with the tokens."


@dataclass(frozen=True)
class LearningRate(Law):
    """eta = k N^a D^b

    Li et al. 2025 (Step Law), arXiv:2503.04715. The peak rate, at the best batch for D. N leaves out the vocabulary.
    """

    k: float = param("1", "the rate at N = D = 1", starts=_SCALES, linear=True)
    a: float = param("1", "how the rate moves with size", starts=_EXPONENTS, domain=_ANY, scale="linear")
    b: float = param("1", "how the rate moves with tokens", starts=_EXPONENTS, domain=_ANY, scale="linear")

    inputs = ("n_params", "tokens")
    paper = "li2025"
    output = "learning_rate"
    output_unit = "1"

    def __call__(self, n_params: Any, tokens: Any) -> Any:
        """eta at N parameters and D tokens."""
        return self.k * bounded_exp(self.a * log(n_params) + self.b * log(tokens))


@dataclass(frozen=True)
class LearningRateBySize(Law):
    """eta = k N^a

    Porian et al. 2024, arXiv:2406.19146: the best rate and batch of each size, both tuned.
    """

    k: float = param("1", "the rate at N = 1", starts=_SCALES, linear=True)
    a: float = param("1", "how the rate moves with size", starts=_EXPONENTS, domain=_ANY, scale="linear")

    inputs = ("n_params",)
    paper = "porian2024"
    output = "learning_rate"
    output_unit = "1"

    def __call__(self, n_params: Any) -> Any:
        """eta at N parameters."""
        return self.k * bounded_exp(self.a * log(n_params))


@dataclass(frozen=True)
class LearningRateByCompute(Law):
    """eta = k C^a

    Bi et al. 2024 (DeepSeek LLM), arXiv:2401.02954: of runs with the best size for their compute. C = M D, with M
    of `deepseek.flops_per_token`.
    """

    k: float = param("1", "the rate at C = 1", starts=_SCALES, linear=True)
    a: float = param("1", "how the rate moves with compute", starts=_EXPONENTS, domain=_ANY, scale="linear")

    inputs = ("flops",)
    paper = "bi2024"
    output = "learning_rate"
    output_unit = "1"

    def __call__(self, flops: Any) -> Any:
        """eta at C FLOPs."""
        return self.k * bounded_exp(self.a * log(flops))


@dataclass(frozen=True)
class LearningRateRatio(Law):
    """eta / eta_0 = (N / N_0)^a (D / D_0)^b

    Bjorck et al. 2024, arXiv:2409.19913: the best rate at (N, D) against one that was found at (N_0, D_0), with one
    batch. It needs no prefactor: `opinions` takes the measured rate.
    """

    a: float = param("1", "how the rate moves with size", starts=_EXPONENTS, domain=_ANY, scale="linear")
    b: float = param("1", "how the rate moves with tokens", starts=_EXPONENTS, domain=_ANY, scale="linear")

    inputs = ("size_ratio", "tokens_ratio")
    paper = "bjorck2024"
    output = "rate_ratio"
    output_unit = "1"

    def __call__(self, size_ratio: Any, tokens_ratio: Any) -> Any:
        """eta / eta_0 at N / N_0 and D / D_0."""
        return bounded_exp(self.a * log(size_ratio) + self.b * log(tokens_ratio))


@dataclass(frozen=True)
class MeasuredRate:
    """The best peak rate someone found, and for which N and D. Raises `BadInput` with each that is not above 0."""

    learning_rate: float
    n_params: float
    tokens: float

    def __post_init__(self) -> None:
        if wrong := [f"{name} is a number above 0; got {x}." for name, x in vars(self).items() if not 0 < x < np.inf]:
            raise BadInput(wrong)


def opinions(
    n_params: float | Counted, tokens: float, *, flops: float | None = None, measured: MeasuredRate | None = None
) -> Spread:
    """Every published rule of the peak learning rate at N parameters and D tokens, and how they disagree.

    C is 6 N D unless flops says otherwise. With a measured rate each rule's ratio carries that rate here too: the only
    way to a number for a rule without a prefactor. N counts what each rule says; of a `Counted` one a rule that counts
    otherwise doubts it. Raises `BadInput`.
    """
    point = Point.of(n_params, tokens, flops)
    origin = None
    if measured is not None:
        origin = point.moved(measured.n_params / point.n_params, measured.tokens / point.tokens)
    rate = measured.learning_rate if measured is not None else None
    return side_by_side("learning_rate", point, ratio="rate_ratio", origin=origin, measured=rate, remark=_HELD)


LI_2025_RATE = LearningRate(**constants("LI_2025_RATE"))
PORIAN_2024_RATE = LearningRateBySize(**constants("PORIAN_2024_RATE"))
BI_2024_RATE = LearningRateByCompute(**constants("BI_2024_RATE"))
BJORCK_2024 = LearningRateRatio(**constants("BJORCK_2024"))
