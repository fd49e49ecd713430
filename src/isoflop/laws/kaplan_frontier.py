"""Kaplan et al. 2020, the best size, batch, steps and tokens for a budget, as measured, and where that ends."""

from dataclasses import dataclass
from typing import Any

from isoflop.laws.arrays import bounded_exp, exp, floats, log
from isoflop.laws.kaplan_single import KaplanCompute, KaplanData
from isoflop.laws.law import Law, param
from isoflop.laws.published import constants
from isoflop.units import flops_of, pf_days_of

_SCALES = (1e2, 1e4, 1e6, 1e8, 1e10)
_EXPONENTS = (0.03, 0.25, 0.75)


@dataclass(frozen=True)
class KaplanOptimalSize(Law):
    """N_opt = k C_min^a

    Kaplan et al. 2020, arXiv:2001.08361, eq. 6.1 and Table 6. C_min in PF-days of 8.64e19 FLOPs, not in FLOPs: the
    compute at a batch far below the critical one. N leaves out embeddings.
    """

    k: float = param("parameters", "best size at 1 PF-day", starts=_SCALES, linear=True)
    a: float = param("1", "how the best size grows", starts=_EXPONENTS)

    inputs = ("pf_days",)
    output = "n_params"
    output_unit = "parameters"
    paper = "kaplan2020"

    def __call__(self, pf_days: Any) -> Any:
        """N_opt at C_min PF-days, parameters."""
        return self.k * bounded_exp(self.a * log(pf_days))


@dataclass(frozen=True)
class KaplanOptimalBatch(Law):
    """B_opt = k C_min^a

    Kaplan et al. 2020, arXiv:2001.08361, Table 6: the critical batch of the loss that C_min reaches. B in tokens,
    C_min in PF-days.
    """

    k: float = param("tokens", "best batch at 1 PF-day", starts=_SCALES, linear=True)
    a: float = param("1", "how the best batch grows", starts=_EXPONENTS)

    inputs = ("pf_days",)
    output = "batch_tokens"
    output_unit = "tokens"
    paper = "kaplan2020"

    def __call__(self, pf_days: Any) -> Any:
        """B_opt at C_min PF-days, tokens."""
        return self.k * bounded_exp(self.a * log(pf_days))


@dataclass(frozen=True)
class KaplanOptimalSteps(Law):
    """S_opt = k C_min^a

    Kaplan et al. 2020, arXiv:2001.08361, Table 6: S_min, the fewest steps, at a batch far above the critical one; twice
    as many at the critical batch. C_min in PF-days.
    """

    k: float = param("steps", "fewest steps at 1 PF-day", starts=_SCALES, linear=True)
    a: float = param("1", "how the fewest steps grow", starts=_EXPONENTS)

    inputs = ("pf_days",)
    output = "steps"
    output_unit = "steps"
    paper = "kaplan2020"

    def __call__(self, pf_days: Any) -> Any:
        """S_min at C_min PF-days, steps."""
        return self.k * bounded_exp(self.a * log(pf_days))


@dataclass(frozen=True)
class KaplanOptimalTokens(Law):
    """D_opt = k C_min^a

    Kaplan et al. 2020, arXiv:2001.08361, eq. 6.7 and Table 6: tokens of one epoch at the critical batch, where the
    compute spent is 2 C_min: D = 2 C_min / (6 N), so 6 N D is not C_min. C_min in PF-days.
    """

    k: float = param("tokens", "best tokens at 1 PF-day", starts=_SCALES, linear=True)
    a: float = param("1", "how the best tokens grow", starts=_EXPONENTS)

    inputs = ("pf_days",)
    output = "tokens"
    output_unit = "tokens"
    paper = "kaplan2020"

    def __call__(self, pf_days: Any) -> Any:
        """D_opt at C_min PF-days, tokens."""
        return self.k * bounded_exp(self.a * log(pf_days))


def least_compute(flops: Any) -> Any:
    """C_min = C / 2, PF-days, of C FLOPs spent at the critical batch, where Table 6 is to be used (eq. 5.5)."""
    return pf_days_of(floats(flops)) / 2


def tokens_processed(pf_days: Any, n_params: Any, batch_ratio: Any) -> Any:
    """D = (1 + B / B_crit) C_min / (6 N), of eq. 5.5 and C = 6 N D; C_min in PF-days, N non-embedding, D in tokens.

    batch_ratio: B / B_crit, 1 at the critical batch (Table 6), 0 far below it.
    """
    return (1 + floats(batch_ratio)) * flops_of(floats(pf_days)) / (6 * floats(n_params))


@dataclass(frozen=True)
class Contradiction:
    """Where the laws of Kaplan et al. 2020 contradict each other, sec. 6.3: C in PF-days, N, D in tokens, L.

    Each uncertain by an order of magnitude either way, they say.
    """

    pf_days: float
    n_params: float
    tokens: float
    loss: float


def contradiction(
    reached: KaplanCompute, allowed: KaplanData, tokens: KaplanOptimalTokens, size: KaplanOptimalSize
) -> Contradiction:
    """C* at which L(D_opt(C)) = L(C): beyond, the best run would reach a loss below what its data allow (eq. 6.8).

    reached: L(C_min), of eq. 1.3. allowed: L(D), the data's own limit. tokens: D_opt(C_min). size: N_opt(C_min).
    Solved in logarithms, where all four are straight: alpha_C (ln C_c - ln C) = alpha_D (ln D_c - ln k - a ln C).
    """
    rise = reached.alpha_C * log(reached.C_c) - allowed.alpha_D * (log(allowed.D_c) - log(tokens.k))
    at = exp(rise / (reached.alpha_C - allowed.alpha_D * tokens.a))
    return Contradiction(pf_days=at, n_params=size(at), tokens=tokens(at), loss=reached(at))


KAPLAN_2020_TABLE_6_SIZE = KaplanOptimalSize(**constants("KAPLAN_2020_TABLE_6_SIZE"))
KAPLAN_2020_TABLE_6_BATCH = KaplanOptimalBatch(**constants("KAPLAN_2020_TABLE_6_BATCH"))
KAPLAN_2020_TABLE_6_STEPS = KaplanOptimalSteps(**constants("KAPLAN_2020_TABLE_6_STEPS"))
KAPLAN_2020_TABLE_6_TOKENS = KaplanOptimalTokens(**constants("KAPLAN_2020_TABLE_6_TOKENS"))
KAPLAN_2020_EQ_6_7_TOKENS = KaplanOptimalTokens(**constants("KAPLAN_2020_EQ_6_7_TOKENS"))
