"""The critical batch of a loss, Kaplan et al. 2020, and what a run would have cost far from it."""

from dataclasses import dataclass
from typing import Any

from isoflop.laws.arrays import bounded_exp, floats, log, log_of, maximum
from isoflop.laws.law import Law, param
from isoflop.laws.noise_scale import StepsAndTokens
from isoflop.laws.published import constants


@dataclass(frozen=True)
class CriticalBatchOfLoss(Law):
    """B_crit(L) = B_* / L^(1 / alpha_B)

    Kaplan et al. 2020, arXiv:2001.08361, eq. 1.4 and 5.3. Of the loss alone: size does not matter, and the exponent
    0.24 of Table 6 is one of compute. B in tokens, L in nats/token. At B_crit a run takes twice the fewest steps and
    twice the fewest tokens.
    """

    B_star: float = param("tokens", "the critical batch at a loss of 1", starts=(1e6, 1e8, 1e10), linear=True)
    alpha_B: float = param("1", "how the loss falls with the critical batch", starts=(0.1, 0.2, 0.4))

    inputs = ("loss",)
    output = "batch_tokens"
    output_unit = "tokens"
    paper = "kaplan2020"

    def __call__(self, loss: Any) -> Any:
        """B_crit at L nats/token, tokens."""
        alpha_B = maximum(self.alpha_B, 1e-9)  # the formula divides by it
        return self.B_star * bounded_exp(-log(loss) / alpha_B)

    def loss_at(self, batch_tokens: Any) -> Any:
        """L = (B_* / B)^alpha_B: the loss whose critical batch is B tokens."""
        return bounded_exp(self.alpha_B * (log_of(self.B_star) - log(floats(batch_tokens))))

    def trade(self, loss: Any, fewest_steps: Any) -> StepsAndTokens:
        """Steps against batch at this loss, eq. 5.1, of S_min fewest steps: E_min = B_crit S_min, eq. 5.2."""
        return StepsAndTokens(fewest_steps, self(loss) * floats(fewest_steps))

    def fewest_steps(self, steps: Any, batch_tokens: Any, loss: Any) -> Any:
        """S_min = S / (1 + B_crit / B), eq. 5.4: the steps to the same loss at a batch far above the critical one."""
        return floats(steps) / (1 + self(loss) / floats(batch_tokens))

    def fewest_tokens(self, tokens: Any, batch_tokens: Any, loss: Any) -> Any:
        """E_min = E / (1 + B / B_crit), with eq. 5.1: the tokens to the same loss at a batch far below the critical."""
        return floats(tokens) / (1 + floats(batch_tokens) / self(loss))

    def least_compute(self, compute: Any, batch_tokens: Any, loss: Any) -> Any:
        """C_min = C / (1 + B / B_crit), eq. 5.5, in the unit of C: the compute at a batch far below the critical."""
        return floats(compute) / (1 + floats(batch_tokens) / self(loss))


KAPLAN_2020_CRITICAL_BATCH = CriticalBatchOfLoss(**constants("KAPLAN_2020_CRITICAL_BATCH"))
KAPLAN_2020_TABLE_5_CRITICAL_BATCH = CriticalBatchOfLoss(**constants("KAPLAN_2020_TABLE_5_CRITICAL_BATCH"))
