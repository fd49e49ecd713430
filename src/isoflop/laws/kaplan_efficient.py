"""Kaplan et al. 2020, appendix B: the efficient frontier that L(N, S) and B_crit(L) imply, in closed form."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from isoflop.conventions import Compute
from isoflop.errors import BadInput
from isoflop.laws.arrays import bounded_exp, exp, floats, log, log_of, logsumexp, maximum, where
from isoflop.laws.kaplan import KaplanSteps
from isoflop.laws.kaplan_batch import CriticalBatchOfLoss
from isoflop.laws.kaplan_frontier import KaplanOptimalBatch, KaplanOptimalSize, KaplanOptimalSteps
from isoflop.laws.kaplan_single import KaplanCompute
from isoflop.laws.law import About
from isoflop.units import flops_of, pf_days_of

_NEWTON = 12
"""Steps that solve eq. B.3: they close in from below, each squares the error, and the first is within ln 2."""
_HALVINGS = 100


@dataclass(frozen=True)
class Ratios:
    """What one run needs over another that reaches the same loss: parameters, steps, compute."""

    n_params: Any
    steps: Any
    compute: Any


@dataclass(frozen=True)
class ComputeEfficient:
    """The frontier of L(N, S_min) where C_min = 6 N B_crit(L) S_min; Kaplan et al. 2020, arXiv:2001.08361, appendix B.

    C is C_min throughout, in PF-days. N is non-embedding. The frontier is derived from two fitted laws; Table 6
    (`laws/kaplan_frontier.py`) measured it. The two differ, by a factor of 2 in N at 1 PF-day.
    """

    steps: KaplanSteps
    critical: CriticalBatchOfLoss

    @property
    def convergence_factor(self) -> Any:
        """f = alpha_N / alpha_S: the best run stops at (1 + f) times its converged loss, eq. B.5."""
        return self.steps.alpha_N / self.steps.alpha_S

    @property
    def alpha_C(self) -> Any:  # noqa: N802
        """1 / (1 / alpha_S + 1 / alpha_B + 1 / alpha_N), eq. 1.7 and B.7."""
        return 1 / (1 / self.steps.alpha_S + 1 / self.critical.alpha_B + 1 / self.steps.alpha_N)

    @property
    def C_c(self) -> Any:  # noqa: N802
        """6 N_c B_* S_c (1 + f)^(1 / alpha_S + 1 / alpha_N) f^(-1 / alpha_S), eq. B.8, in PF-days."""
        f, alpha_N, alpha_S = self.convergence_factor, self.steps.alpha_N, self.steps.alpha_S
        return self._unit * (1 + f) ** (1 / alpha_S + 1 / alpha_N) * f ** (-1 / alpha_S)

    @property
    def _unit(self) -> Any:
        """6 N_c B_* S_c in PF-days."""
        return pf_days_of(6 * self.steps.N_c * self.critical.B_star * self.steps.S_c)

    @property
    def loss_law(self) -> KaplanCompute:
        """L(C) = (C_c / C)^alpha_C, eq. B.6."""
        return KaplanCompute(self.C_c, self.alpha_C, about=self._about("B.6-B.8"))

    @property
    def size_law(self) -> KaplanOptimalSize:
        """N(C) = N_c (C / C_c)^(alpha_C / alpha_N) (1 + f)^(1 / alpha_N), eq. B.9."""
        alpha_N = self.steps.alpha_N
        a = self.alpha_C / alpha_N
        k = self.steps.N_c * self.C_c**-a * (1 + self.convergence_factor) ** (1 / alpha_N)
        return KaplanOptimalSize(k, a, about=self._about("B.9"))

    @property
    def steps_law(self) -> KaplanOptimalSteps:
        """S(C) = C_c / (6 N_c B_*) (1 + f)^(-1 / alpha_N) (C / C_c)^(alpha_C / alpha_S), eq. B.10."""
        a = self.alpha_C / self.steps.alpha_S
        k = flops_of(self.C_c) / (6 * self.steps.N_c * self.critical.B_star) * self.C_c**-a
        k *= (1 + self.convergence_factor) ** (-1 / self.steps.alpha_N)
        return KaplanOptimalSteps(k, a, about=self._about("B.10"))

    @property
    def batch_law(self) -> KaplanOptimalBatch:
        """B(C) = B_crit(L(C)) = B_* (C / C_c)^(alpha_C / alpha_B), eq. 1.7."""
        a = self.alpha_C / self.critical.alpha_B
        return KaplanOptimalBatch(self.critical.B_star * self.C_c**-a, a, about=self._about("1.7"))

    def _about(self, equation: str) -> About:
        source = f"derived: eq. {equation} from {self.steps.about.source}; {self.critical.about.source}"
        return replace(self.steps.about, flops=Compute.PF_DAYS, source=source, tag="D", fitted={})

    def loss(self, n_params: Any, pf_days: Any) -> Any:
        """L(N, C) = (N_c / N)^alpha_N + (6 B_* S_c N / (L^(1 / alpha_B) C))^alpha_S, eq. B.3, solved for L.

        In ln L the equation bends one way only, so that Newton's steps from below cannot overshoot.
        """
        n_params, pf_days = floats(n_params), floats(pf_days)
        alpha_S, bend = self.steps.alpha_S, self.steps.alpha_S / self.critical.alpha_B
        size = log(self.steps.converged(n_params))
        time = alpha_S * (log(self._unit / self.steps.N_c) + log(n_params) - log(pf_days))
        answer = maximum(size, time / (1 + bend))
        for _ in range(_NEWTON):
            right = logsumexp(size, time - bend * answer)
            answer = answer + (right - answer) / (1 + bend * exp(time - bend * answer - right))
        return exp(answer)

    def compute(self, n_params: Any, loss: Any) -> Any:
        """C(N, L) = 6 B_* S_c N / L^(1 / alpha_B) [L - (N_c / N)^alpha_N]^(-1 / alpha_S), eq. B.15, in PF-days.

        Infinite where N parameters never reach L.
        """
        n_params, loss = floats(n_params), floats(loss)
        steps = _power(loss - self.steps.converged(n_params), -1 / self.steps.alpha_S)
        return self._unit / self.steps.N_c / self.critical.B_star * self.critical(loss) * n_params * steps

    def at_size(self, size_ratio: Any) -> Ratios:
        """What N = size_ratio N_eff needs over the best size to the same loss, eq. B.16 and B.17.

        S / S_eff = [1 + (1 - (N_eff / N)^alpha_N) / f]^(-1 / alpha_S) and C / C_eff = size_ratio S / S_eff; both
        infinite at and below `smallest_ratio`.
        """
        size_ratio = floats(size_ratio)
        left = 1 + (1 - size_ratio**-self.steps.alpha_N) / self.convergence_factor
        steps = _power(left, -1 / self.steps.alpha_S)
        return Ratios(size_ratio, steps, size_ratio * steps)

    @property
    def smallest_ratio(self) -> Any:
        """(1 + f)^(-1 / alpha_N): N / N_eff of the model whose converged loss is the loss wanted."""
        return (1 + self.convergence_factor) ** (-1 / self.steps.alpha_N)

    def sizes_within(self, overhead: float) -> tuple[float, float]:
        """The smallest and the largest N / N_eff that cost at most this share of compute more, 0.2 for 20 %.

        Halved to the last bit between `smallest_ratio`, 1, and a size that costs more. Raises `BadInput` for an
        overhead that is not positive.
        """
        if not overhead > 0:
            raise BadInput(f"An overhead of {overhead} leaves the best size alone. Allow more, 0.2 for 20 %.")
        smallest = float(self.smallest_ratio)
        # C / C_eff exceeds N / N_eff times what infinitely large models save in steps.
        largest = (1 + overhead) * (1 + 1 / self.convergence_factor) ** (1 / self.steps.alpha_S)
        return self._edge(smallest, overhead), self._edge(float(largest), overhead)

    def _edge(self, outside: float, overhead: float) -> float:
        """Where between the best size and one outside the compute is 1 + overhead times the least."""
        inside = 1.0
        for _ in range(_HALVINGS):
            middle = float(np.sqrt(inside * outside))
            if self.at_size(middle).compute > 1 + overhead:
                outside = middle
            else:
                inside = middle
        return inside

    def to_convergence(self, factor: Any, other: Any) -> Ratios:
        """What a run that stops at (1 + factor) L(N, ∞) needs over one that stops at (1 + other), at equal loss.

        N ratio ((1 + f) / (1 + f'))^(1 / alpha_N), S ratio ((1 + 1 / f) / (1 + 1 / f'))^(1 / alpha_S), and C ratio
        their product, eq. B.12-B.14.
        """
        factor, other = floats(factor), floats(other)
        size = ((1 + factor) / (1 + other)) ** (1 / self.steps.alpha_N)
        steps = ((1 + 1 / factor) / (1 + 1 / other)) ** (1 / self.steps.alpha_S)
        return Ratios(size, steps, size * steps)


def _power(x: Any, exponent: Any) -> Any:
    """x^exponent of a negative exponent, infinite where x is not positive."""
    return where(x > 0, bounded_exp(exponent * log_of(x)), np.inf)
