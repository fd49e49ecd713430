"""The gradient noise scale of McCandlish et al. 2018: which batch pays, measured from gradients of two batch sizes."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from isoflop.errors import BadInput
from isoflop.laws.arrays import floats
from isoflop.laws.law import Law, param

_BATCHES = (1e1, 1e3, 1e5)


@dataclass(frozen=True)
class GradientNorm(Law):
    """E|G_B|^2 = G_squared + noise / B

    McCandlish et al. 2018, arXiv:1812.06162, eq. A.1: the squared norm of a gradient averaged over B examples. Examples
    are sequences where the loss is the mean over a sequence's tokens: those are not independent.
    """

    G_squared: float = param("gradient^2", "squared norm of the true gradient", starts=(1e-3, 1.0, 1e3), linear=True)
    noise: float = param("gradient^2 sequences", "trace of one example's covariance", starts=_BATCHES, linear=True)

    inputs = ("batch_sequences",)
    output = "gradient_norm_squared"
    output_unit = "gradient^2"
    paper = "mccandlish2018"

    def __call__(self, batch_sequences: Any) -> Any:
        """E|G_B|^2 at a batch of B sequences."""
        return self.G_squared + self.noise / batch_sequences

    @property
    def noise_scale(self) -> Any:
        """B_simple = tr(Sigma) / |G|^2, in examples: the batch at which noise is as large as the gradient."""
        return self.noise / self.G_squared

    def noise_scale_in_tokens(self, seq_len: int) -> Any:
        """B_simple in tokens, of examples that are sequences of seq_len tokens."""
        return self.noise_scale * seq_len


def estimates(small_squared: Any, big_squared: Any, batch_small: float, batch_big: float) -> tuple[Any, Any]:
    """|G|^2 and tr(Sigma) of each pair of measurements; McCandlish et al. 2018, arXiv:1812.06162, app. A.1.

    |G|^2 = (B_big |G_big|^2 - B_small |G_small|^2) / (B_big - B_small)
    tr(Sigma) = (|G_small|^2 - |G_big|^2) / (1 / B_small - 1 / B_big)

    Each is unbiased for each measurement, their ratio is not: average both, then divide (`measured`). small_squared:
    squared norms of gradients of batch_small examples, the mean over workers or micro-batches; big_squared: those of
    the gradient over batch_big. batch_small = 1, per-example gradients, gives the sample covariance with its B - 1.
    """
    small, big = floats(small_squared), floats(big_squared)
    gradient = (batch_big * big - batch_small * small) / (batch_big - batch_small)
    return gradient, (small - big) / (1 / batch_small - 1 / batch_big)


def measured(
    small_squared: ArrayLike, big_squared: ArrayLike, batch_small: float, batch_big: float, *, decay: float = 1.0
) -> GradientNorm:
    """The law that measurements in order of time give: both `estimates` averaged apart; its `noise_scale` divides them.

    decay: what a measurement still weighs when the next one comes; 1 is the plain mean, 0.99 looks back a hundred.
    Raises `BadInput` with every problem: batches that do not differ, norms that are no pairs of numbers, an average
    that is not positive because there are too few measurements.
    """
    small, big = np.asarray(small_squared, float), np.asarray(big_squared, float)
    problems = []
    if not 0 < batch_small < batch_big:
        problems.append(
            f"The batches are {batch_small:g} and {batch_big:g}; the small one must be positive and below the big one."
        )
    if small.ndim != 1 or small.shape != big.shape or not small.size:
        problems.append(f"Give one norm of each batch a measurement; the shapes are {small.shape} and {big.shape}.")
    elif not (np.isfinite(small).all() and np.isfinite(big).all()):
        wrong = int((~(np.isfinite(small) & np.isfinite(big))).sum())
        problems.append(f"{wrong} of {small.size} measurements are not finite. Leave out steps that overflowed.")
    if not 0 < decay <= 1:
        problems.append(f"decay = {decay} is outside (0, 1].")
    if problems:
        raise BadInput(problems)
    weights = decay ** np.arange(small.size)[::-1]
    gradient, noise = (
        float(np.average(each, weights=weights)) for each in estimates(small, big, batch_small, batch_big)
    )
    for name, value in (("|G|^2", gradient), ("the noise", noise)):
        if not value > 0:
            problems.append(
                f"{name} averages to {value:.3g} over {small.size} measurements, which its true value cannot be. "
                "Average more of them, or take a larger big batch."
            )
    if problems:
        raise BadInput(problems)
    return GradientNorm(gradient, noise)


def noise_scale_of(gradient: ArrayLike, covariance: ArrayLike, hessian: ArrayLike) -> float:
    """B_noise = tr(H Sigma) / (G^T H G), McCandlish et al. 2018, arXiv:1812.06162, in examples.

    G (p), covariance of one example's gradient Sigma (p, p), Hessian H (p, p). With H = I it is B_simple.
    """
    G, Sigma, H = (np.asarray(each, float) for each in (gradient, covariance, hessian))
    return float(np.trace(H @ Sigma) / (G @ H @ G))


@dataclass(frozen=True)
class BestRate(Law):
    """eta(B) = eps_max / (1 + B_noise / B)

    McCandlish et al. 2018, arXiv:1812.06162, there eps_opt: the best learning rate of SGD at a batch of B examples. Of
    Adam the rate grows as B^0.5 to B^1 below B_noise, and falls again beyond it. Unverified: the form is of a text that
    transcribes the paper, in part from memory.
    """

    eps_max: float = param("1", "the best rate of a batch without noise", starts=(1e-3, 1e-1, 1e1), linear=True)
    B_noise: float = param("sequences", "the noise scale", starts=_BATCHES)

    inputs = ("batch_sequences",)
    output = "learning_rate"
    output_unit = "1"
    paper = "mccandlish2018"

    def __call__(self, batch_sequences: Any) -> Any:
        """eta at a batch of B sequences."""
        return self.eps_max / (1 + self.B_noise / batch_sequences)


@dataclass(frozen=True)
class StepProgress(Law):
    """dL(B) = dL_max / (1 + B_noise / B)

    McCandlish et al. 2018, arXiv:1812.06162, there dL_opt: how far one step at the best rate takes the loss, at a batch
    of B examples. Half of the farthest at B = B_noise. Steps of one B_noise trade against tokens as `StepsAndTokens`
    says. Unverified: the form is of a text that transcribes the paper, in part from memory.
    """

    dL_max: float = param("nats/token", "the progress of a batch without noise", starts=(1e-4, 1e-2, 1.0), linear=True)
    B_noise: float = param("sequences", "the noise scale", starts=_BATCHES)

    inputs = ("batch_sequences",)
    output = "progress"
    paper = "mccandlish2018"

    def __call__(self, batch_sequences: Any) -> Any:
        """dL at a batch of B sequences, nats/token."""
        return self.dL_max / (1 + self.B_noise / batch_sequences)


@dataclass(frozen=True)
class StepsAndTokens(Law):
    """S(B) = S_min + E_min / B, which is (S / S_min - 1) (E / E_min - 1) = 1 with E = B S

    McCandlish et al. 2018, arXiv:1812.06162, and Kaplan et al. 2020, arXiv:2001.08361, eq. 5.1: steps to one loss
    against the batch, in tokens.
    """

    S_min: float = param("steps", "the fewest steps, at an infinite batch", starts=(1e2, 1e3, 1e4), linear=True)
    E_min: float = param("tokens", "the fewest tokens, at an infinitesimal batch", starts=(1e6, 1e8, 1e10), linear=True)

    inputs = ("batch_tokens",)
    output = "steps"
    output_unit = "steps"
    paper = "mccandlish2018"

    def __call__(self, batch_tokens: Any) -> Any:
        """S at a batch of B tokens, steps."""
        return self.S_min + self.E_min / batch_tokens

    @property
    def critical_batch(self) -> Any:
        """B_crit = E_min / S_min, tokens (Kaplan et al. 2020, eq. 5.2): twice the fewest steps and twice the tokens."""
        return self.E_min / self.S_min

    def tokens(self, batch_tokens: Any) -> Any:
        """E = B S = E_min + B S_min, tokens."""
        return self.E_min + floats(batch_tokens) * self.S_min

    def steps_for(self, tokens: Any) -> Any:
        """S = S_min / (1 - E_min / E): the steps of a run that sees E tokens, more than E_min."""
        return self.S_min / (1 - self.E_min / floats(tokens))
