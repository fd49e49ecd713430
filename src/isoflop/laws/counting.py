"""From the parameters of the layers to all of them and back, where shapes keep their aspect (Pearce & Song 2024)."""

from dataclasses import dataclass
from typing import Any, Self

from isoflop.laws.arrays import exp, expm1, floats, log, maximum, sqrt
from isoflop.laws.law import Law, param
from isoflop.laws.published import constants


@dataclass(frozen=True)
class TotalSize(Law):
    """N_T = N + omega N^(1/3)

    Pearce & Song 2024, arXiv:2406.12907. N leaves out the embedding, N_T counts it once (tied with the head, or the
    head alone). With N = 12 n_layer d^2 and an aspect d / n_layer that all sizes share, d = (aspect N / 12)^(1/3), so
    that omega = (aspect / 12)^(1/3) n_vocab.
    """

    omega: float = param(
        "parameters",
        "what the embedding holds, at N = 1",
        starts=(1e3, 1e4, 1e5),
        linear=True,
    )

    inputs = ("n_params",)
    paper = "pearce2024"
    output = "n_params_total"
    output_unit = "parameters"

    def __call__(self, n_params: Any) -> Any:
        """N_T of N, parameters."""
        return n_params + self.omega * n_params ** (1 / 3)

    @classmethod
    def of(cls, *, vocab_size: float, aspect: float) -> Self:
        """The law of all shapes of this vocabulary and this aspect: width over layers."""
        return cls(omega=(aspect / 12) ** (1 / 3) * vocab_size)

    def aspect(self, vocab_size: float) -> Any:
        """12 (omega / n_vocab)^3: width over layers, for a vocabulary."""
        return 12 * (self.omega / vocab_size) ** 3

    def nonembedding(self, n_params_total: Any) -> Any:
        """N with N + omega N^(1/3) = N_T: the one real root of t^3 + omega t = N_T, cubed.

        t = 2 sqrt(omega/3) sinh(asinh(x) / 3) with x = (3/2) (N_T/omega) sqrt(3/omega), and a step of Newton's method
        for the last digits.
        """
        total, omega = floats(n_params_total), maximum(self.omega, 1e-9)
        x = 1.5 * total / omega * sqrt(3 / omega)
        third = log(x + sqrt(x * x + 1)) / 3
        t = sqrt(omega / 3) * (expm1(third) - expm1(-third))
        t = t - (t**3 + omega * t - total) / (3 * t**2 + omega)
        return t**3

    def slope(self, n_params: Any) -> Any:
        """d N_T / d N."""
        return 1 + self.omega / 3 * exp(-2 / 3 * log(floats(n_params)))


PEARCE_2024 = TotalSize(**constants("PEARCE_2024"))
PEARCE_2024_BPE = TotalSize(**constants("PEARCE_2024_BPE"))
