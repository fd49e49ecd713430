"""What repeated data is worth: Muennighoff et al. 2023, and the overfitting penalty of Lovelace et al. 2026."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from isoflop.laws.arrays import bounded_exp, expm1, log, log_of, maximum, minimum, where
from isoflop.laws.chinchilla import Chinchilla
from isoflop.laws.law import Law, param
from isoflop.laws.published import constants

_FLOORS = (0.7, 1.5, 2.5)
_SCALES = tuple(float(np.exp(a)) for a in (3, 6, 9))
_EXPONENTS = (0.2, 0.35, 0.6)


@dataclass(frozen=True)
class DataConstrained(Law):
    """L(N, D, U) = E + A / N'^alpha + B / D'^beta, D' = w(D, u, R_D*), N' = w(N, min(N, N_u), R_N*), u = min(D, U)

    Muennighoff et al. 2023, arXiv:2305.16264, eq. 5 and 6, with w(x, y, R) = y + y R (1 - e^(-(x / y - 1) / R)) and N_u
    the size that is best for u tokens (`best_size`). U are unique tokens; each repetition, D / u - 1 of them, adds
    less. Parameters beyond N_u add less too. The paper writes U_D for u and U_N for min(N, N_u). The authors hold the
    first five constants at a fit to runs without repetition (see `fixed`) and fit R_D* and R_N*. L in nats/token. The
    law cannot say that repetition harms.
    """

    E: float = param("nats/token", "loss of an infinite model on infinite data", starts=_FLOORS, linear=True)
    A: float = param("nats/token", "what a finite model costs, at N' = 1", starts=_SCALES)
    B: float = param("nats/token", "what finite data costs, at D' = 1", starts=_SCALES)
    alpha: float = param("1", "how fast size helps", starts=_EXPONENTS)
    beta: float = param("1", "how fast data helps", starts=_EXPONENTS)
    R_D_star: float = param("1", "repetitions after which one more adds 1/e of the first", starts=(1, 4, 16, 64, 256))
    R_N_star: float = param("1", "the same of parameters beyond the best for U", starts=(0.5, 2, 8, 32))

    inputs = ("n_params", "tokens", "unique_tokens")
    paper = "muennighoff2023"

    def __call__(self, n_params: Any, tokens: Any, unique_tokens: Any) -> Any:
        """L at N parameters and D tokens of which U are different, nats/token."""
        data = self.effective_tokens(tokens, unique_tokens)
        size = self.effective_params(n_params, minimum(tokens, unique_tokens))
        return self.E + self.A * bounded_exp(-self.alpha * log(size)) + self.B * bounded_exp(-self.beta * log(data))

    def effective_tokens(self, tokens: Any, unique_tokens: Any) -> Any:
        """D', eq. 5: the new tokens that D tokens are worth, of which U are different."""
        unique = minimum(tokens, unique_tokens)
        return _worth(unique, tokens / unique - 1, self.R_D_star)

    def effective_params(self, n_params: Any, unique_tokens: Any) -> Any:
        """N', eq. 6: what N parameters are worth where U different tokens were seen: less than N beyond U_N."""
        best = maximum(minimum(n_params, self.best_size(unique_tokens)), 1.0)
        return _worth(best, maximum(n_params / best - 1, 0.0), self.R_N_star)

    def worth_of_epochs(self, epochs: Any) -> Any:
        """D' / D of data seen so many times: what a token is worth on average, 1 if it were new."""
        return self.effective_tokens(epochs, 1.0) / epochs

    def most_tokens(self, unique_tokens: Any) -> Any:
        """(1 + R_D*) U: the new tokens that U different ones are worth after ever so many epochs."""
        return (1 + self.R_D_star) * unique_tokens

    def best_size(self, tokens: Any) -> Any:
        """N_opt, parameters: the best size for D tokens, none repeated, with N_opt / G = (G D)^(beta / alpha).

        G = (alpha A / (beta B))^(1 / (alpha + beta)). Of the unique tokens it is U_N.
        """
        alpha, beta = maximum(self.alpha, 1e-9), maximum(self.beta, 1e-9)  # the formula divides by them
        ln_G = (log(alpha) + log_of(self.A) - log(beta) - log_of(self.B)) / (alpha + beta)
        return bounded_exp((log(tokens) + ln_G) * beta / alpha + ln_G)

    @property
    def unrepeated(self) -> Chinchilla:
        """The law as if every token were new: nowhere above this one, and equal to it at N <= N_opt(D), D <= U."""
        return Chinchilla(self.E, self.A, self.B, self.alpha, self.beta, about=self.about)


def _worth(first: Any, repeats: Any, star: Any) -> Any:
    """first (1 + R* (1 - e^(-R / R*))): what `repeats` more are worth, counted as if all were new."""
    star = maximum(star, 1e-9)  # below it nothing repeated is worth anything
    return first - first * star * expm1(-repeats / star)


@dataclass(frozen=True)
class RepetitionPenalty(Law):
    """L(N, D, U) = E + A / N^alpha + B / D^beta + P R^delta (N / U)^kappa, R = D / U - 1

    Lovelace et al. 2026, arXiv:2605.01640: repetition may harm, so that beyond a point compute is better spent on
    parameters. P alone is to be fitted and compared between recipes (a weight decay of 1.0 lowers it by about 70 %,
    says the abstract); fix the others with `fixed`, or fit them where the runs allow it. There are no published
    constants here: nobody has read them; theirs are of about 300 models of 15e6 to 1e9 parameters on 50e6 to 6e9 unique
    tokens. U are unique tokens; L in nats/token.
    """

    E: float = param("nats/token", "loss of an infinite model on infinite data", starts=_FLOORS, linear=True)
    A: float = param("nats/token", "what a finite model costs, at N = 1", starts=_SCALES, linear=True)
    B: float = param("nats/token", "what finite data costs, at D = 1", starts=_SCALES, linear=True)
    P: float = param("nats/token", "what one repetition costs, at N = U", starts=(0.01, 0.1, 1.0), linear=True)
    alpha: float = param("1", "how fast size helps", starts=_EXPONENTS)
    beta: float = param("1", "how fast data helps", starts=_EXPONENTS)
    delta: float = param("1", "how the penalty grows with repetitions", starts=(0.5, 1.0, 2.0))
    kappa: float = param("1", "how the penalty grows with parameters per unique token", starts=(0.3, 1.0))

    inputs = ("n_params", "tokens", "unique_tokens")
    paper = "lovelace2026"

    def __call__(self, n_params: Any, tokens: Any, unique_tokens: Any) -> Any:
        """L at N parameters and D tokens of which U are different, nats/token."""
        repeats = maximum(tokens / unique_tokens - 1, 0.0)
        some = where(repeats > 0, repeats, 1.0)  # the logarithm of no repetition is not needed, nor its slope
        penalty = bounded_exp(self.delta * log(some) + self.kappa * log(n_params / unique_tokens))
        size, data = bounded_exp(-self.alpha * log(n_params)), bounded_exp(-self.beta * log(tokens))
        return self.E + self.A * size + self.B * data + self.P * where(repeats > 0, penalty, 0.0)

    @property
    def unrepeated(self) -> Chinchilla:
        """The law as if every token were new: nowhere above this one, and equal to it where D <= U."""
        return Chinchilla(self.E, self.A, self.B, self.alpha, self.beta, about=self.about)


MUENNIGHOFF_2023 = DataConstrained(**constants("MUENNIGHOFF_2023"))
MUENNIGHOFF_2023_UNTIED = DataConstrained(**constants("MUENNIGHOFF_2023_UNTIED"))
