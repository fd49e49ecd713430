"""Kaplan et al. 2020, one variable at a time: loss from size, data, compute, and the place in the context."""

from dataclasses import dataclass
from typing import Any

from isoflop.laws.arrays import bounded_exp, floats, log, log_of
from isoflop.laws.law import Law, param
from isoflop.laws.published import constants

_SCALES = (1e4, 1e7, 1e10, 1e13, 1e16)
_EXPONENTS = (0.05, 0.1, 0.3)


@dataclass(frozen=True)
class KaplanSize(Law):
    """L(N) = (N_c / N)^alpha_N

    Kaplan et al. 2020, arXiv:2001.08361, eq. 1.1: trained to convergence on infinite data. For N far below N_c, where
    the loss would be 1. N leaves out embeddings; L in nats/token, without a floor.
    """

    N_c: float = param("parameters", "the size at which the loss would be 1", starts=_SCALES)
    alpha_N: float = param("1", "how fast size helps", starts=_EXPONENTS)

    inputs = ("n_params",)
    paper = "kaplan2020"

    def __call__(self, n_params: Any) -> Any:
        """L at N parameters, nats/token."""
        return bounded_exp(self.alpha_N * (log_of(self.N_c) - log(n_params)))


@dataclass(frozen=True)
class KaplanData(Law):
    """L(D) = (D_c / D)^alpha_D

    Kaplan et al. 2020, arXiv:2001.08361, eq. 1.2: a large model, stopped early. D in tokens of the training set; L in
    nats/token, without a floor.
    """

    D_c: float = param("tokens", "the data at which the loss would be 1", starts=_SCALES)
    alpha_D: float = param("1", "how fast data helps", starts=_EXPONENTS)

    inputs = ("tokens",)
    paper = "kaplan2020"

    def __call__(self, tokens: Any) -> Any:
        """L on D tokens, nats/token."""
        return bounded_exp(self.alpha_D * (log_of(self.D_c) - log(tokens)))


@dataclass(frozen=True)
class KaplanCompute(Law):
    """L(C) = (C_c / C)^alpha_C

    Kaplan et al. 2020, arXiv:2001.08361, eq. 1.3 and 3.3: the best size for each C. C in PF-days of 8.64e19 FLOPs, not
    in FLOPs; C = 6 N B S with N non-embedding. With C_min, what a batch far below the critical one would need, it is
    eq. 1.3; with C as it was spent at one fixed batch, eq. 3.3. L in nats/token, without a floor.
    """

    C_c: float = param("PF-days", "the compute at which the loss would be 1", starts=(1e3, 1e6, 1e9))
    alpha_C: float = param("1", "how fast compute helps", starts=_EXPONENTS)

    inputs = ("pf_days",)
    paper = "kaplan2020"

    def __call__(self, pf_days: Any) -> Any:
        """L at C PF-days, nats/token."""
        return bounded_exp(self.alpha_C * (log_of(self.C_c) - log(pf_days)))

    def pf_days_for(self, loss: Any) -> Any:
        """C = C_c / L^(1/alpha_C): the PF-days that reach a loss."""
        return self.C_c * self.compute_worth(1 / floats(loss))

    def compute_worth(self, loss_ratio: Any) -> Any:
        """ratio^(1/alpha_C): times more compute that divides the loss by this ratio; 1.01 is worth 22 % (sec. 3.1)."""
        return floats(loss_ratio) ** (1 / self.alpha_C)


@dataclass(frozen=True)
class KaplanLogarithm(Law):
    """L(N) = -k ln(N / N_0)

    Kaplan et al. 2020, arXiv:2001.08361, Fig. 23: the form they rejected beside eq. 1.1. It is negative beyond N_0.
    """

    k: float = param("nats/token", "what an e-fold of size takes off the loss", starts=(0.1, 0.25, 1.0), linear=True)
    N_0: float = param("parameters", "the size at which the loss would be 0", starts=_SCALES)

    inputs = ("n_params",)
    paper = "kaplan2020"

    def __call__(self, n_params: Any) -> Any:
        """L at N parameters, nats/token."""
        return self.k * (log_of(self.N_0) - log(n_params))


@dataclass(frozen=True)
class LossInContext(Law):
    """L(T) = a + b / T^c

    Kaplan et al. 2020, arXiv:2001.08361, sec. D.5 and Fig. 20: the loss of one model on the T-th token of its context,
    of which the loss elsewhere is the mean over T = 1 to 1024. Larger models have a larger c. L in nats/token.
    """

    a: float = param(
        "nats/token", "the loss on the last of infinitely many tokens", starts=(1.0, 2.0, 4.0), linear=True
    )
    b: float = param("nats/token", "what the first token costs beyond that", starts=(2.0, 5.0, 10.0), linear=True)
    c: float = param("1", "how fast context helps", starts=(0.3, 0.6, 1.0))

    inputs = ("context_position",)
    paper = "kaplan2020"

    def __call__(self, context_position: Any) -> Any:
        """L on the T-th token, nats/token."""
        return self.a + self.b * bounded_exp(-self.c * log(context_position))


KAPLAN_2020_TABLE_5_SIZE = KaplanSize(**constants("KAPLAN_2020_TABLE_5_SIZE"))
KAPLAN_2020_TABLE_5_DATA = KaplanData(**constants("KAPLAN_2020_TABLE_5_DATA"))
KAPLAN_2020_TABLE_5_COMPUTE_MIN = KaplanCompute(**constants("KAPLAN_2020_TABLE_5_COMPUTE_MIN"))
KAPLAN_2020_TABLE_5_COMPUTE_NAIVE = KaplanCompute(**constants("KAPLAN_2020_TABLE_5_COMPUTE_NAIVE"))
BROWN_2020 = KaplanCompute(**constants("BROWN_2020"))
KAPLAN_2020_FIG_23_LOGARITHM = KaplanLogarithm(**constants("KAPLAN_2020_FIG_23_LOGARITHM"))
KAPLAN_2020_CONTEXT_LARGEST = LossInContext(**constants("KAPLAN_2020_CONTEXT_LARGEST"))
KAPLAN_2020_CONTEXT_1 = LossInContext(**constants("KAPLAN_2020_CONTEXT_1"))
KAPLAN_2020_CONTEXT_2 = LossInContext(**constants("KAPLAN_2020_CONTEXT_2"))
KAPLAN_2020_CONTEXT_3 = LossInContext(**constants("KAPLAN_2020_CONTEXT_3"))
KAPLAN_2020_CONTEXT_4 = LossInContext(**constants("KAPLAN_2020_CONTEXT_4"))
KAPLAN_2020_CONTEXT_5 = LossInContext(**constants("KAPLAN_2020_CONTEXT_5"))
