"""The gradient noise scale: the estimators are unbiased, find a planted scale, and refuse what they cannot use."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isoflop.errors import BadInput
from isoflop.laws.noise_scale import BestRate, GradientNorm, StepProgress, estimates, measured, noise_scale_of

positive = st.floats(1e-6, 1e6)


@given(positive, positive, st.floats(1, 100), st.floats(1.1, 100))
def test_norms_on_the_law_give_the_law_back(G_squared: float, noise: float, small: float, more: float) -> None:
    law, big = GradientNorm(G_squared, noise), more * small
    gradient, trace = estimates(law(small), law(big), small, big)
    scale = law(small)
    assert gradient == pytest.approx(G_squared, abs=1e-9 * scale * more / (more - 1))
    assert trace == pytest.approx(noise, abs=1e-9 * scale * small * more / (more - 1))


def gradients(steps: int, batch: int, dim: int, seed: int) -> tuple[np.ndarray, float, float]:
    """Per-example gradients (steps, batch, dim) of a known mean and covariance, |G|^2 and its trace."""
    rng = np.random.default_rng(seed)
    mean, deviations = rng.normal(size=dim), rng.uniform(1, 5, size=dim)
    drawn = mean + deviations * rng.normal(size=(steps, batch, dim))
    return drawn, float(mean @ mean), float(deviations @ deviations)


def squared(gradient: np.ndarray) -> np.ndarray:
    return np.asarray((gradient**2).sum(-1))


def test_a_planted_noise_scale_is_found_from_two_batches() -> None:
    """Eight workers of 4 examples each, 4000 steps: |G_small|^2 is the mean over workers."""
    drawn, G_squared, trace = gradients(steps=4000, batch=32, dim=10, seed=0)
    workers = drawn.reshape(4000, 8, 4, 10).mean(2)
    law = measured(squared(workers).mean(1), squared(drawn.mean(1)), 4, 32)
    assert law.G_squared == pytest.approx(G_squared, rel=0.03)
    assert law.noise == pytest.approx(trace, rel=0.01)
    assert law.noise_scale == pytest.approx(trace / G_squared, rel=0.03)


def test_the_mean_of_ratios_would_be_wrong() -> None:
    """Why both are averaged before one is divided by the other: on the same draws the median ratio is far off."""
    drawn, G_squared, trace = gradients(steps=4000, batch=32, dim=10, seed=0)
    workers = drawn.reshape(4000, 8, 4, 10).mean(2)
    gradient, noise = estimates(squared(workers).mean(1), squared(drawn.mean(1)), 4, 32)
    assert abs(np.mean(noise / gradient) / (trace / G_squared) - 1) > 0.1


def test_gradients_of_single_examples_give_the_sample_covariance() -> None:
    """batch_small = 1: the trace has its B - 1."""
    drawn, _, _ = gradients(steps=1, batch=16, dim=5, seed=1)
    (one,) = drawn
    _, noise = estimates(squared(one).mean(), squared(one.mean(0)), 1, 16)
    assert noise == pytest.approx(np.trace(np.cov(one, rowvar=False)))


def test_decay_forgets_what_is_long_past() -> None:
    """The scale grows a hundredfold half-way; only the decaying average has it at the end."""
    then, now = GradientNorm(1.0, 10.0), GradientNorm(1.0, 1000.0)
    small, big = (np.array([then(b)] * 500 + [now(b)] * 500) for b in (4.0, 64.0))
    assert measured(small, big, 4, 64, decay=0.95).noise_scale == pytest.approx(1000, rel=1e-3)
    assert measured(small, big, 4, 64).noise_scale == pytest.approx(505)


def test_the_scale_in_tokens_counts_sequences() -> None:
    assert GradientNorm(2.0, 100.0).noise_scale_in_tokens(1024) == 50 * 1024


def test_curvature_of_one_value_changes_nothing() -> None:
    gradient, covariance = np.array([1.0, 2.0]), np.diag([3.0, 5.0])
    simple = np.trace(covariance) / (gradient @ gradient)
    assert noise_scale_of(gradient, covariance, 7 * np.eye(2)) == pytest.approx(simple)
    assert noise_scale_of(gradient, covariance, np.diag([1.0, 0.0])) == pytest.approx(3.0)


def test_at_the_noise_scale_rate_and_progress_are_half_of_the_most() -> None:
    assert BestRate(eps_max=0.4, B_noise=256.0)(256) == pytest.approx(0.2)
    assert StepProgress(dL_max=0.1, B_noise=256.0)(256) == pytest.approx(0.05)


@given(positive, st.floats(1, 1e4))
def test_steps_of_one_noise_scale_trade_along_the_hyperbola(batch: float, B_noise: float) -> None:
    """S / S_min is dL_max / dL_opt(B), so that (S / S_min - 1) (E / E_min - 1) = 1, eq. 5.1 of Kaplan."""
    progress = StepProgress(dL_max=1.0, B_noise=B_noise)
    steps, examples, fewest = 1 / progress(batch), batch / progress(batch), B_noise
    assert (steps - 1) * (examples / fewest - 1) == pytest.approx(1, rel=1e-3)


def test_every_problem_with_measurements_is_told_at_once() -> None:
    with pytest.raises(BadInput) as caught:
        measured([1.0, 2.0], [1.0], 64, 64, decay=0.0)
    assert len(caught.value.problems) == 3
    for said in ("64 and 64", "(2,) and (1,)", "decay = 0.0"):
        assert said in str(caught.value)


def test_steps_that_overflowed_are_named() -> None:
    with pytest.raises(BadInput, match="2 of 3 measurements are not finite"):
        measured([1.0, np.inf, 1.0], [1.0, 1.0, np.nan], 1, 8)


def test_too_few_measurements_of_a_small_gradient_are_refused_not_divided() -> None:
    with pytest.raises(BadInput, match=r"\|G\|\^2 averages to -.* over 1 measurements"):
        measured([10.0], [1.0], 4, 8)
    with pytest.raises(BadInput, match="the noise averages to -"):
        measured([1.0], [2.0], 4, 8)
