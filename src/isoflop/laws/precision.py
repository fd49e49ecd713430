"""Bits: what training in low precision costs, and quantizing after training. Kumar et al. 2024."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from isoflop.laws.arrays import bounded_exp, exp, expm1, log, log_of, maximum, minimum
from isoflop.laws.crossing import crossing
from isoflop.laws.law import Law, param
from isoflop.laws.published import constants

_ANY = (-np.inf, np.inf)
_GAMMAS = (1.0, 3.0)
_FULL = np.inf
_SMALLEST = 1e-9  # the formulas divide by the gammas


@dataclass(frozen=True)
class TrainedPrecision(Law):
    """L(N, D, P) = A / N_eff^alpha + B / D^beta + E, N_eff = N Π_x (1 - e^(n_x - P_x / gamma_x))

    Kumar et al. 2024, arXiv:2411.04330, eq. 4 and finding 2: weights (x = w), activations (a) and attention's keys and
    values (kv) in P_x bits each, of integers, in the forward pass. The equations have no shifts n_x: as printed,
    N_eff = N Π_x (1 - e^(-P_x / gamma_x)), this form with every n_x at 0. The fits have them (app. K): below
    n_x gamma_x bits nothing of a model is left. Infinite bits are full precision. N leaves out embeddings; L in
    nats/token.
    """

    E: float = param("nats/token", "loss of an infinite model on infinite data", starts=(1.0, 2.0, 3.0), linear=True)
    A: float = param("nats/token", "what a finite model costs, at N_eff = 1", starts=(100.0, 3e3), linear=True)
    B: float = param("nats/token", "what finite data costs, at D = 1", starts=(1e3, 2e4), linear=True)
    alpha: float = param("1", "how fast size helps", starts=(0.3, 0.5))
    beta: float = param("1", "how fast data helps", starts=(0.3, 0.5))
    gamma_w: float = param("bits", "how many more bits of weights divide the loss of size by e", starts=_GAMMAS)
    gamma_a: float = param("bits", "the same of activations", starts=_GAMMAS)
    gamma_kv: float = param("bits", "the same of keys and values", starts=_GAMMAS)
    n_w: float = param("1", "shift of weights", starts=(0.0,), domain=_ANY, scale="linear")
    n_a: float = param("1", "shift of activations", starts=(0.0, 1.0), domain=_ANY, scale="linear")
    n_kv: float = param("1", "shift of keys and values", starts=(0.0, 1.0), domain=_ANY, scale="linear")

    inputs = ("n_params", "tokens", "weight_bits", "activation_bits", "cache_bits")
    paper = "kumar2024"

    def __call__(
        self,
        n_params: Any,
        tokens: Any,
        weight_bits: Any = _FULL,
        activation_bits: Any = _FULL,
        cache_bits: Any = _FULL,
    ) -> Any:
        """L at N parameters and D tokens, trained in these bits, nats/token."""
        kept = self._log_kept(weight_bits, activation_bits, cache_bits)
        size, data = bounded_exp(-self.alpha * (log(n_params) + kept)), bounded_exp(-self.beta * log(tokens))
        return self.E + self.A * size + self.B * data

    def effective_params(
        self, n_params: Any, weight_bits: Any = _FULL, activation_bits: Any = _FULL, cache_bits: Any = _FULL
    ) -> Any:
        """N_eff, parameters: the size in full precision with the same loss."""
        return n_params * exp(self._log_kept(weight_bits, activation_bits, cache_bits))

    @property
    def best_bits(self) -> Any:
        """P*, bits, of all three parts: the precision of the least loss for a budget of C = 6/16 N D P.

        Whatever D is, N P is then fixed, so that P* makes the share of N that is left, per bit, the most: it depends
        on neither C nor A, B, alpha, beta (sec. 4.3.2). Sum over x of u_x / (e^(u_x - n_x) - 1) = 1, u_x = P / gamma_x.
        """
        gammas = [np.asarray(each) for each in (self.gamma_w, self.gamma_a, self.gamma_kv)]
        shifts = [np.asarray(each) for each in (self.n_w, self.n_a, self.n_kv)]

        def gain_over_cost(log_bits: Any) -> Any:
            u = [exp(log_bits) / gamma for gamma in gammas]
            return log(sum(each / expm1(minimum(each - n, 300.0)) for each, n in zip(u, shifts, strict=True)))

        nothing_left = np.max(
            np.stack(np.broadcast_arrays(*(g * n for g, n in zip(gammas, shifts, strict=True)))), axis=0
        )
        lowest = maximum(nothing_left, _SMALLEST) * (1 + 1e-9)
        return exp(crossing(gain_over_cost, log(lowest), log(lowest + 100 * sum(gammas))))

    def _log_kept(self, weight_bits: Any, activation_bits: Any, cache_bits: Any) -> Any:
        """ln(N_eff / N)."""
        return (
            _log_share(weight_bits, self.gamma_w, self.n_w)
            + _log_share(activation_bits, self.gamma_a, self.n_a)
            + _log_share(cache_bits, self.gamma_kv, self.n_kv)
        )


def _log_share(bits: Any, gamma: Any, shift: Any) -> Any:
    """ln(1 - e^(n - P / gamma))."""
    return log_of(-expm1(minimum(shift - bits / maximum(gamma, _SMALLEST), 0.0)))


def training_flops(n_params: Any, tokens: Any, bits: Any) -> Any:
    """C = 6 N D P / 16, in FLOPs of 16 bits: the cost of training if it falls with bits as it does on paper.

    Kumar et al. 2024, sec. 4.3: all parts in P bits.
    """
    return 6 / 16 * n_params * tokens * bits


@dataclass(frozen=True)
class QuantizationPenalty(Law):
    """delta(N, D, P) = C_T D^gamma_D / N^gamma_N e^(b - P / gamma)

    Kumar et al. 2024, arXiv:2411.04330, eq. 2: what quantizing the weights to P bits adds to the loss of a model that
    was trained in 16, in nats/token. The equation as printed has b = 0; the fit has the shift (app. K). The more
    tokens a model has seen, the more it loses. For models that were trained in few bits the paper's eq. 9 lowers it.
    """

    C_T: float = param(
        "nats/token", "what 0 bits would add, at N = D = 1, without the shift", starts=(0.01, 0.1, 1.0), linear=True
    )
    gamma_D: float = param("1", "how it grows with tokens", starts=(0.2, 0.5, 1.0))
    gamma_N: float = param("1", "how it falls with size", starts=(0.2, 0.5, 1.0))
    gamma: float = param("bits", "how many more bits divide it by e", starts=(0.3, 0.6, 1.5))
    b: float = param("1", "shift", starts=(0.0,), domain=_ANY, scale="linear")

    inputs = ("n_params", "tokens", "bits")
    output = "loss_added"
    paper = "kumar2024"

    def __call__(self, n_params: Any, tokens: Any, bits: Any) -> Any:
        """What P bits of weights add at N parameters and D tokens, nats/token."""
        scale = self.gamma_D * log(tokens) - self.gamma_N * log(n_params)
        return self.C_T * bounded_exp(scale + self.b - bits / maximum(self.gamma, _SMALLEST))


def critical_tokens(trained: TrainedPrecision, penalty: QuantizationPenalty, n_params: Any, bits: Any) -> Any:
    """D_crit, tokens: past it more of them raise the loss of a model whose weights are quantized to P bits.

    (beta B N^gamma_N e^(P / gamma - b) / (gamma_D C_T))^(1 / (gamma_D + beta)); Kumar et al. 2024, eq. 13.
    """
    ratio = trained.beta * trained.B / (penalty.gamma_D * penalty.C_T) * n_params**penalty.gamma_N
    return (ratio * exp(bits / penalty.gamma - penalty.b)) ** (1 / (penalty.gamma_D + trained.beta))


KUMAR_2024 = TrainedPrecision(**constants("KUMAR_2024"))
KUMAR_2024_QUANTIZED = QuantizationPenalty(**constants("KUMAR_2024_QUANTIZED"))
