"""The joint laws of Kaplan et al. 2020: loss from size and data, and from size and steps; what overfitting costs."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from isoflop.errors import BadInput
from isoflop.laws.arrays import bounded_exp, expm1, floats, is_concrete, log, log_of, logsumexp, maximum, softplus
from isoflop.laws.kaplan_single import KaplanData, KaplanSize
from isoflop.laws.law import Law, param
from isoflop.laws.published import constants

_SCALES = (1e4, 1e7, 1e10, 1e13, 1e16)
_EXPONENTS = (0.05, 0.1, 0.3)


@dataclass(frozen=True)
class DataNeeded(Law):
    """D = k N^a

    Kaplan et al. 2020, arXiv:2001.08361, eq. 4.4: tokens of a training set that keep overfitting below the noise of
    seeds, 2 % of the loss. N leaves out embeddings. `Kaplan.data_needed` gives it for another penalty.
    """

    k: float = param("tokens", "tokens needed at N = 1", starts=(1e2, 1e4, 1e6), linear=True)
    a: float = param("1", "how the need grows with size", starts=(0.5, 0.75, 1.0))

    inputs = ("n_params",)
    output = "tokens"
    output_unit = "tokens"
    paper = "kaplan2020"

    def __call__(self, n_params: Any) -> Any:
        """D for N parameters, tokens."""
        return self.k * bounded_exp(self.a * log(n_params))

    def largest_size(self, tokens: Any) -> Any:
        """N = (D / k)^(1/a): the largest model that D tokens are enough for, parameters."""
        return (floats(tokens) / self.k) ** (1 / self.a)


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
    spends_tokens = False
    paper = "kaplan2020"

    def __call__(self, n_params: Any, tokens: Any) -> Any:
        """L at N parameters and D tokens, nats/token."""
        alpha_D = maximum(self.alpha_D, 1e-9)  # the formula divides by it
        size = self.alpha_N / alpha_D * (log_of(self.N_c) - log(n_params))
        return bounded_exp(alpha_D * logsumexp(size, log_of(self.D_c) - log(tokens)))

    @property
    def on_infinite_data(self) -> KaplanSize:
        """L(N, ∞) = (N_c / N)^alpha_N."""
        return KaplanSize(self.N_c, self.alpha_N, about=self.about)

    @property
    def of_infinite_size(self) -> KaplanData:
        """L(∞, D) = (D_c / D)^alpha_D."""
        return KaplanData(self.D_c, self.alpha_D, about=self.about)

    def overfitting(self, n_params: Any, tokens: Any) -> Any:
        """dL(N, D) = L(N, D) / L(N, ∞) - 1 = [1 + (N / N_c)^(alpha_N / alpha_D) D_c / D]^alpha_D - 1, eq. 4.2 and 4.3.

        Relative: 0.02 is 2 % of the loss. It depends on N^(alpha_N / alpha_D) / D alone.
        """
        size = self.alpha_N / self.alpha_D * (log(floats(n_params)) - log(self.N_c))
        return expm1(self.alpha_D * softplus(size + log(self.D_c) - log(floats(tokens))))

    def data_needed(self, penalty: float = 0.02) -> DataNeeded:
        """D(N) at which overfitting costs this share of the loss: eq. 4.3 solved for D, which makes eq. 4.4 exact.

        k = D_c N_c^(-alpha_N / alpha_D) / [(1 + penalty)^(1 / alpha_D) - 1] and a = alpha_N / alpha_D. Raises
        `BadInput` where the penalty is not positive.
        """
        if is_concrete(penalty) and not np.all(np.asarray(penalty) > 0):
            raise BadInput(f"Overfitting by {penalty} of the loss asks for infinite data. Allow a little, say 0.02.")
        a = self.alpha_N / self.alpha_D
        k = self.D_c * self.N_c**-a / expm1(log(1 + floats(penalty)) / self.alpha_D)
        source = f"derived: eq. 4.3 = {penalty} with the constants of {self.about.source or 'a law of unknown source'}"
        return DataNeeded(k, a, about=replace(self.about, source=source, tag="D", fitted={}))


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
    paper = "kaplan2020"

    def __call__(self, n_params: Any, steps: Any) -> Any:
        """L of N parameters after S_min steps, nats/token."""
        size = bounded_exp(self.alpha_N * (log_of(self.N_c) - log(n_params)))
        return size + bounded_exp(self.alpha_S * (log_of(self.S_c) - log(steps)))

    @property
    def converged(self) -> KaplanSize:
        """L(N, ∞) = (N_c / N)^alpha_N."""
        return KaplanSize(self.N_c, self.alpha_N, about=self.about)

    def steps_before_stopping(self, joint: Kaplan, n_params: Any, tokens: Any) -> Any:
        """S_stop >= S_c / [L(N, D) - L(N, ∞)]^(1 / alpha_S), eq. 5.7: no earlier does a model overfit D tokens.

        joint gives both losses. Steps at a batch far above the critical one. A lower bound, and too low.
        """
        gap = joint.on_infinite_data(n_params) * joint.overfitting(n_params, tokens)
        return self.S_c / gap ** (1 / self.alpha_S)


KAPLAN_2020 = Kaplan(**constants("KAPLAN_2020"))
KAPLAN_2020_STEPS = KaplanSteps(**constants("KAPLAN_2020_STEPS"))
KAPLAN_2020_DATA_NEEDED = DataNeeded(**constants("KAPLAN_2020_DATA_NEEDED"))
