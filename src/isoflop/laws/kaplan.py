"""The joint laws of Kaplan et al. 2020: loss from size and data, and from size and steps."""

from dataclasses import dataclass
from typing import Any

from isoflop.laws.arrays import bounded_exp, log, log_of, logsumexp, maximum
from isoflop.laws.law import Law, param
from isoflop.laws.published import constants

_SCALES = (1e4, 1e7, 1e10, 1e13, 1e16)
_EXPONENTS = (0.05, 0.1, 0.3)


@dataclass(frozen=True)
class Kaplan(Law):
    """L(N, D) = [(N_c / N)^(alpha_N / alpha_D) + D_c / D]^alpha_D

    Kaplan et al. 2020, arXiv:2001.08361, eq. 1.5. N leaves out embeddings; L in nats/token, without a floor. The
    constants of this joint law are of its Table 2, not of the laws in one variable (Table 5).
    """

    N_c: float = param("parameters", "the size at which the loss would be 1 on infinite data", starts=_SCALES)
    D_c: float = param("tokens", "the data at which the loss would be 1 for an infinite model", starts=_SCALES)
    alpha_N: float = param("1", "how fast size helps", starts=_EXPONENTS)
    alpha_D: float = param("1", "how fast data helps", starts=_EXPONENTS)

    inputs = ("n_params", "tokens")

    def __call__(self, n_params: Any, tokens: Any) -> Any:
        """L at N parameters and D tokens, nats/token."""
        alpha_D = maximum(self.alpha_D, 1e-9)  # the formula divides by it
        size = self.alpha_N / alpha_D * (log_of(self.N_c) - log(n_params))
        return bounded_exp(alpha_D * logsumexp(size, log_of(self.D_c) - log(tokens)))


@dataclass(frozen=True)
class KaplanSteps(Law):
    """L(N, S) = (N_c / N)^alpha_N + (S_c / S_min)^alpha_S

    Kaplan et al. 2020, arXiv:2001.08361, eq. 1.6, on infinite data. S_min is the number of steps at a batch far above
    the critical one: S / (1 + B_crit / B), eq. 5.4. N leaves out embeddings; L in nats/token. Poor at few steps.
    """

    N_c: float = param("parameters", "the size at which the loss would be 1 after infinite steps", starts=_SCALES)
    S_c: float = param("steps", "the steps that leave a loss of 1 over that of infinite steps", starts=(10, 1e3, 1e5))
    alpha_N: float = param("1", "how fast size helps", starts=_EXPONENTS)
    alpha_S: float = param("1", "how fast steps help", starts=(0.3, 0.7, 1.2))

    inputs = ("n_params", "steps")

    def __call__(self, n_params: Any, steps: Any) -> Any:
        """L of N parameters after S_min steps, nats/token."""
        size = bounded_exp(self.alpha_N * (log_of(self.N_c) - log(n_params)))
        return size + bounded_exp(self.alpha_S * (log_of(self.S_c) - log(steps)))


KAPLAN_2020 = Kaplan(**constants("KAPLAN_2020"))
KAPLAN_2020_STEPS = KaplanSteps(**constants("KAPLAN_2020_STEPS"))
