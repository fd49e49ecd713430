"""Hyperparameters are those of one named rule beside all others, rounded as said, with every doubt told."""

import json
from dataclasses import FrozenInstanceError, replace
from math import ceil, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isoflop.conventions import Counted, Size
from isoflop.errors import BadInput, IsoflopError
from isoflop.laws import batch, critical_batch, learning_rate
from isoflop.laws.batch import BI_2024_BATCH, LI_2025_BATCH, PORIAN_2024_BATCH
from isoflop.laws.critical_batch import (
    BERGSMA_2025_CRITICAL,
    ZHANG_2024_1P2B,
    ZHANG_2024_85M,
    ZHANG_2024_151M,
    ZHANG_2024_302M,
    ZHANG_2024_604M,
    ZHANG_2024_CRITICAL_TOKENS,
)
from isoflop.laws.kaplan_batch import KAPLAN_2020_CRITICAL_BATCH
from isoflop.laws.learning_rate import BI_2024_RATE, LI_2025_RATE, PORIAN_2024_RATE
from isoflop.laws.weight_decay import BERGSMA_2025_TIMESCALE, timescale
from isoflop.plans.hyperparameters import TRADED, hyperparameters, rounded_sequences
from isoflop.plans.rate_schedule import WARMUP_STEPS, Schedule
from isoflop.plans.recommended import recommend
from isoflop.reports.hyperparameters_text import hyperparameter_rows

sizes = st.floats(1e6, 1e12)
token_counts = st.floats(1e6, 1e14)
unhurried = settings(deadline=None)  # a busy machine is no failure

ONE = hyperparameters(1e9, 1e11)


# which rule


def test_a_billion_on_a_hundred_billion_is_trained_as_step_law_says() -> None:
    """Specification, sec. 7: 1.63e-3 and 1.11M tokens."""
    assert (ONE.rate.rule, ONE.batch.rule) == ("LI_2025_RATE", "LI_2025_BATCH")
    assert ONE.learning_rate == LI_2025_RATE(1e9, 1e11) == pytest.approx(1.63e-3, abs=5e-6)
    assert ONE.batch.value == LI_2025_BATCH(1e11) == pytest.approx(1.11e6, abs=5e3)
    assert ONE.batch_tokens == 256 * 4096
    assert ONE.steps == ceil(1e11 / 2**20)
    assert ONE.rate.decades == ONE.batch.decades == 0


def test_a_size_below_step_law_s_runs_is_trained_as_porian_s_were() -> None:
    small = hyperparameters(1e7, 1e8)
    assert (small.rate.rule, small.batch.rule) == ("PORIAN_2024_RATE", "PORIAN_2024_BATCH")
    assert small.learning_rate == PORIAN_2024_RATE(1e7)
    assert small.batch.value == PORIAN_2024_BATCH(1e7)


def test_a_budget_of_deepseek_s_runs_at_no_one_s_size_is_trained_as_theirs() -> None:
    odd = hyperparameters(1e6, 1e11)
    assert odd.learning_rate == BI_2024_RATE(6e17)
    assert odd.batch.value == BI_2024_BATCH(6e17)
    assert hyperparameters(1e6, 1e11, flops=7e17).learning_rate == BI_2024_RATE(7e17)


@unhurried
@given(sizes, token_counts)
def test_rate_and_batch_are_of_one_paper_and_no_verified_pair_is_nearer(n: float, d: float) -> None:
    rates, found = learning_rate.opinions(n, d), batch.opinions(n, d)
    rate, best = recommend(rates, found)
    assert rate.row.about.paper == best.row.about.paper
    assert "M" not in {rate.row.about.tag, best.row.about.tag}
    for name in ("LI_2025", "PORIAN_2024", "BI_2024"):
        (other,) = [each for each in rates.rows if each.rule == f"{name}_RATE"]
        assert rate.decades <= max(map(abs, other.outside.values()))


@unhurried
@given(st.floats(60e6, 901e6), token_counts)
def test_of_two_rules_that_hold_the_point_the_one_that_looks_at_more_is_taken(n: float, d: float) -> None:
    """Porian's runs are as near, but their rules do not know D."""
    rate, _ = recommend(learning_rate.opinions(n, d), batch.opinions(n, d))
    assert rate.rule == "LI_2025_RATE"


def test_it_is_said_which_rule_why_and_how_far_it_is_asked() -> None:
    assert "nearest in decades" in ONE.rate.why
    assert "within the N of 60.0M to 1.00B" in ONE.rate.why
    assert "over which D it was fitted is not recorded" in ONE.rate.why
    assert "tuned together" in ONE.batch.why
    large = hyperparameters(1e11, 2e12)
    assert large.rate.decades == pytest.approx(2)
    assert "2.0 decades beyond" in large.rate.why
    assert any("Step Law is asked 2.0 decades outside" in each for each in large.doubts)
    assert not any("decades outside" in each for each in ONE.doubts)


def test_no_rule_is_left_out_and_none_is_averaged() -> None:
    assert ONE.rate.spread == learning_rate.opinions(1e9, 1e11, flops=6e20)
    assert ONE.batch.spread == batch.opinions(1e9, 1e11, flops=6e20)
    assert ONE.critical == critical_batch.opinions(1e9, 1e11)
    assert ONE.rate.row not in ONE.rate.others
    assert len(ONE.rate.others) == len(ONE.rate.spread.rows) - 1
    assert any("disagree in sign" in each for each in ONE.rate.spread.statements)
    assert any("Bjorck et al. 2024 find the other sign" in each for each in ONE.doubts)


def test_without_rules_tuned_together_nothing_is_recommended() -> None:
    rates, found = ONE.rate.spread, ONE.batch.spread
    alone = replace(rates, rows=tuple(each for each in rates.rows if each.about.paper == "kaplan2020"))
    with pytest.raises(IsoflopError, match="together"):
        recommend(alone, found)


def test_a_rule_from_memory_is_shown_but_not_recommended() -> None:
    rates = tuple(
        replace(each, about=replace(each.about, tag="M")) if each.rule == "LI_2025_RATE" else each
        for each in ONE.rate.spread.rows
    )
    rate, best = recommend(replace(ONE.rate.spread, rows=rates), ONE.batch.spread)
    assert (rate.rule, best.rule) == ("PORIAN_2024_RATE", "PORIAN_2024_BATCH")
    assert "LI_2025_RATE" in {each.rule for each in rate.others}


def test_a_size_counted_otherwise_is_doubted() -> None:
    counted = hyperparameters(Counted(1e9, Size.TOTAL), 1e11)
    assert counted.learning_rate == ONE.learning_rate
    assert any("nonembedding_of" in each for each in counted.doubts)
    assert "N counts" not in counted.defaults
    assert "N counts" in ONE.defaults


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
    odd = rounded // (rounded & -rounded)
    assert odd in {1, 3}


@unhurried
@given(sizes, token_counts, st.sampled_from([512, 2048, 4096, 3000]))
def test_steps_of_whole_sequences_see_all_tokens_and_no_batch_more(n: float, d: float, context: int) -> None:
    found = hyperparameters(n, d, context=context)
    assert found.batch_tokens == found.sequences * context <= d
    assert (found.steps - 1) * found.batch_tokens < d <= found.steps * found.batch_tokens
    assert found.most_gpus == found.sequences


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


# how large a batch pays


def test_the_critical_batch_that_is_traded_by_is_twice_the_fewest_steps_not_a_fifth_more() -> None:
    assert ONE.critical_batch == BERGSMA_2025_CRITICAL(1e11)
    assert ONE.to_json()["critical_batch"]["rule"] == TRADED == "BERGSMA_2025_CRITICAL"
    values = {each.rule: each.value for each in ONE.critical.rows}
    assert values["ZHANG_2024_CRITICAL_TOKENS"] == ZHANG_2024_CRITICAL_TOKENS(1e11)
    assert any("0.0471 sequences" in each for each in ONE.doubts)
    assert "Not the same is meant" in ONE.critical.statements[-1]


@pytest.mark.parametrize("law", [ZHANG_2024_85M, ZHANG_2024_151M, ZHANG_2024_302M, ZHANG_2024_604M, ZHANG_2024_1P2B])
def test_what_zhang_measured_speaks_for_the_unverified_prefactor(law: critical_batch.StepsToTarget) -> None:
    """E_min / S_min of each size, sequences of 512 tokens, is within a third of Power Lines' rule at its E_min."""
    measured, fewest = 512 * law.b / law.a, 512 * law.b
    assert 2 / 3 < measured / BERGSMA_2025_CRITICAL(fewest) < 3 / 2


def test_the_critical_batch_of_a_loss_is_told_as_a_hint() -> None:
    found = hyperparameters(1e9, 1e11, loss=2.5)
    assert found.of_loss == KAPLAN_2020_CRITICAL_BATCH(2.5)
    (note,) = [each for each in found.notes if each.startswith("Critical batch at a loss of 2.5")]
    assert "hint" in note
    assert "another text" in note
    assert ONE.of_loss is None
    assert not any("hint" in each for each in ONE.notes)
    assert found.critical_batch == ONE.critical_batch


def test_a_batch_above_a_critical_one_is_doubted() -> None:
    assert not any("calls critical" in each for each in ONE.doubts)
    wide = hyperparameters(1e9, 1e6, context=65536)
    assert wide.sequences == 1
    assert wide.batch_tokens > wide.critical_batch
    assert any("what Power Lines calls critical" in each for each in wide.doubts)
    assert not wide.faster().possible


# values


def test_hyperparameters_are_values_with_whole_json() -> None:
    for found in (ONE, hyperparameters(1e12, 1e14, loss=1.5), hyperparameters(1e6, 5e3)):
        told = json.loads(json.dumps(found.to_json(), allow_nan=False))
        assert told["batch_tokens"] == found.batch_tokens
        assert told["learning_rate_rules"]["rule"] == found.rate.rule
        assert len(told["learning_rate_rules"]["spread"]["rules"]) == len(found.rate.spread.rows)
        assert told["schedule"]["steps"] == found.steps
        assert told["doubts"] == list(found.doubts)
        assert told["twice_as_fast"]["batch"] == found.batch_tokens
    with pytest.raises(FrozenInstanceError):
        ONE.beta2 = 0.9  # type: ignore[misc]


def test_what_was_assumed_is_told() -> None:
    assert ONE.defaults.keys() == {"C", "N counts", "context"}
    assert hyperparameters(Counted(1e9, Size.TOTAL), 1e11, 6e20, context=2048).defaults == {}


def test_everything_wrong_is_said_at_once() -> None:
    with pytest.raises(BadInput) as caught:
        hyperparameters(-1, 1e11, flops=0, loss=-2, context=0.5)
    assert len(caught.value.problems) == 4
    with pytest.raises(BadInput, match="not even one sequence of 4,096"):
        hyperparameters(1e9, 4000)


def test_the_screen_names_the_rule_taken_and_the_ends_of_the_others() -> None:
    rows = hyperparameter_rows(ONE)
    assert "by Step Law; 5 rules say 1.02M (Power Lines) to 2.70M (Kaplan 2020)" in rows["batch"]
    assert rows["peak learning rate"].startswith("0.00163; by Step Law; 4 rules say 0.000348 (Kaplan 2020) to 0.00213")
    assert rows["critical batch"] == "11.7M (Power Lines), 2.63M (Zhang 2024)"
    assert rows["speed against FLOPs"] == str(ONE.faster())
