"""A batch is rounded and shared as said, and steps, warm-up, cooldown and weight decay are of the batch that is run."""

from math import ceil, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isoflop.laws.weight_decay import BERGSMA_2025_TIMESCALE, timescale
from isoflop.plans.hyperparameters import hyperparameters
from isoflop.plans.rate_schedule import WARMUP_STEPS, Schedule
from isoflop.plans.sequences import in_multiples, rounded_sequences
from isoflop.reports.hyperparameters_text import hyperparameter_rows

sizes = st.floats(1e6, 1e12)
token_counts = st.floats(1e6, 1e14)
unhurried = settings(deadline=None)  # a busy machine is no failure

ONE = hyperparameters(1e9, 1e11)


# batch and steps


def test_a_batch_is_the_nearest_of_powers_of_two_and_three_halves_of_them() -> None:
    assert [rounded_sequences(each) for each in (0.01, 1, 1.4, 1.5, 2.6, 5, 7, 9.5, 271, 1000)] == [
        *(1, 1, 1, 2, 3, 6, 8, 8, 256, 1024)
    ]
    assert rounded_sequences(1000, most=5) == 4
    assert rounded_sequences(1000, most=1.9) == 1


@unhurried
@given(st.floats(2, 1e7))
def test_rounding_moves_a_batch_by_a_factor_of_sqrt_1_5_at_most(sequences: float) -> None:
    rounded = rounded_sequences(sequences)
    assert 1 / sqrt(1.5) <= rounded / sequences <= sqrt(1.5) * (1 + 1e-12)
    whole = int(rounded)
    odd = whole // (whole & -whole)
    assert odd in {1, 3}


@unhurried
@given(sizes, token_counts, st.sampled_from([512, 2048, 4096, 3000]))
def test_steps_of_whole_sequences_see_all_tokens_and_no_batch_more(n: float, d: float, context: int) -> None:
    found = hyperparameters(n, d, context=context)
    assert found.batch_tokens == found.sequences * context <= d
    assert (found.steps - 1) * found.batch_tokens < d <= found.steps * found.batch_tokens
    assert found.most_gpus == found.sequences


@unhurried
@given(st.floats(1, 1e6), st.integers(1, 5000), st.floats(1, 1e7))
def test_a_batch_that_gpus_share_is_a_multiple_of_what_they_take_and_no_longer_than_the_run(
    sequences: float, multiple: int, most: float
) -> None:
    whole = float(in_multiples(np.floor(min(sequences, most)), multiple, most))
    assert 1 <= whole <= most
    if np.floor(most) >= multiple:
        assert whole % multiple == 0
        assert whole < sequences + multiple


def test_a_batch_in_multiples_is_the_one_that_steps_and_decay_are_of() -> None:
    found = hyperparameters(1e9, 1e11, multiple=24)
    assert (found.rounded, found.sequences) == (256, 264)
    assert found.steps == ceil(1e11 / (264 * 4096))
    assert found.weight_decay == pytest.approx(ONE.weight_decay * 264 / 256)
    assert found.learning_rate == ONE.learning_rate
    assert "264 sequences (256 by the rule)" in hyperparameter_rows(found)["batch"]
    assert any("264 sequences are run, not 256" in each for each in found.notes)


# schedule and optimiser


def test_the_schedule_warms_up_stays_and_cools_down_over_a_fifth() -> None:
    plan = ONE.schedule
    rates = plan.rates()
    assert (plan.steps, plan.warmup_steps) == (ONE.steps, WARMUP_STEPS)
    assert plan.cooldown_steps == round(0.2 * plan.steps)
    assert len(rates) == plan.steps
    assert rates[0] == 0
    begin = plan.steps - plan.cooldown_steps
    assert np.all(rates[plan.warmup_steps - 1 : begin] == ONE.learning_rate)
    half = begin + plan.cooldown_steps // 2
    assert rates[half] == pytest.approx(ONE.learning_rate * (1 - sqrt((half - begin) / plan.cooldown_steps)))
    assert 0 < rates[-1] < 1e-4 * ONE.learning_rate


@unhurried
@given(st.integers(1, 300_000))
def test_every_run_has_a_schedule_and_a_short_one_a_short_warm_up(steps: int) -> None:
    plan = Schedule.of(1e-3, steps)
    assert plan.warmup_steps <= 0.1 * steps + 0.5
    assert plan.warmup_steps + plan.cooldown_steps <= plan.steps
    assert ("biases short runs" in plan.note) == (plan.warmup_steps < WARMUP_STEPS)


@pytest.mark.parametrize("steps", [1, 2, 3, 7, 1526, 95368])
def test_the_rates_are_as_many_as_the_steps_and_cool_down_as_long_as_said(steps: int) -> None:
    plan = Schedule.of(1e-3, steps)
    assert len(plan.rates()) == steps
    if plan.cooldown_steps:
        rates = plan.rates()
        assert np.sum(np.diff(rates[plan.warmup_steps :]) < 0) == plan.cooldown_steps - 1
    else:
        assert np.all(plan.rates() == 1e-3)


@unhurried
@given(sizes, token_counts)
def test_weight_decay_makes_the_timescale_the_best_one(n: float, d: float) -> None:
    found = hyperparameters(n, d)
    tau = timescale(found.batch_tokens, found.learning_rate, found.weight_decay, d)
    assert tau == pytest.approx(BERGSMA_2025_TIMESCALE(n, d), rel=1e-9)
    assert tau == pytest.approx(found.timescale.value, rel=1e-9)


def test_weight_decay_of_a_billion_parameters() -> None:
    """B / (1.084 (D/N)^-0.527 eta D): 2^20 / (1.084 * 100^-0.527 * 1.6325e-3 * 1e11) = 0.0671."""
    assert ONE.weight_decay == pytest.approx(0.0671, abs=5e-5)
    assert any("muP" in each for each in ONE.doubts)


def test_beta2_is_slow_at_small_batches() -> None:
    """Specification, sec. 4: 0.95 is bad at up to 128 sequences."""
    assert ONE.sequences > 128
    assert ONE.beta2 == 0.95
    assert hyperparameters(1e9, 1e11, context=8192).sequences == 128
    assert hyperparameters(1e9, 1e11, context=8192).beta2 == 0.99
    assert any(each.startswith("beta2: 0.99 or more") for each in hyperparameters(1e7, 1e8).notes)
