"""Hyperparameters are those of one named rule beside all others, rounded as said, with every doubt told."""

import json
from dataclasses import FrozenInstanceError, replace
from math import ceil

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
from isoflop.plans.hyperparameters import TRADED, hyperparameters
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
    assert any("2.0 decades outside Step Law's runs" in each for each in large.doubts)
    assert not any("decades outside Step Law" in each for each in ONE.doubts)


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
    assert "Rate, batch: Step Law counts N as non-embedding, and the N here is total." in counted.doubts
    assert any("nonembedding_of" in each for each in counted.notes)
    assert not any("counts N as" in each for each in ONE.doubts)
    assert "N counts" not in counted.defaults
    assert "N counts" in ONE.defaults


def test_a_rule_is_given_the_n_that_it_counts() -> None:
    """Porian's N has the head in it, Step Law's has not."""
    sizes = {Size.NON_EMBEDDING: 2e7, Size.WITH_HEAD: 5e7, Size.TOTAL: 9e7}
    found = hyperparameters(Counted(2e7, Size.NON_EMBEDDING), 1e9, sizes=sizes)
    assert found.rate.rule == "PORIAN_2024_RATE"
    assert found.learning_rate == PORIAN_2024_RATE(5e7)
    assert found.batch.value == PORIAN_2024_BATCH(5e7)
    said = {row.rule: row.value for row in found.rate.spread.rows}
    assert said["LI_2025_RATE"] == LI_2025_RATE(2e7, 1e9)
    assert said["BI_2024_RATE"] == BI_2024_RATE(6 * 2e7 * 1e9)
    assert not any("counts N as" in each for each in found.doubts)
    alone = hyperparameters(Counted(2e7, Size.NON_EMBEDDING), 1e9)
    assert any("Porian 2024 counts N as matrices and head" in each for each in alone.doubts)


@pytest.mark.parametrize("n", [1e6, 3e7, 1e9, 1e11, 1e13])
@pytest.mark.parametrize("d", [5e3, 1e8, 1e11, 1e14])
@pytest.mark.parametrize("counts", [None, Size.TOTAL])
def test_a_doubt_is_a_line(n: float, d: float, counts: Size | None) -> None:
    found = hyperparameters(n if counts is None else Counted(n, counts), d)
    assert max(map(len, found.doubts)) <= 98
    assert all(each.endswith(".") and ".." not in each for each in (*found.doubts, *found.notes))


# how large a batch pays


def test_the_critical_batch_that_is_traded_by_is_twice_the_fewest_steps_not_a_fifth_more() -> None:
    assert ONE.critical_batch == BERGSMA_2025_CRITICAL(1e11)
    assert ONE.to_json()["critical_batch"]["rule"] == TRADED == "BERGSMA_2025_CRITICAL"
    values = {each.rule: each.value for each in ONE.critical.rows}
    assert values["ZHANG_2024_CRITICAL_TOKENS"] == ZHANG_2024_CRITICAL_TOKENS(1e11)
    assert any("the prefactor of Power Lines" in each for each in ONE.doubts)
    assert any("0.0471 sequences" in each for each in ONE.notes)
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
    assert not any("above critical" in each for each in ONE.doubts)
    wide = hyperparameters(1e9, 1e6, context=65536)
    assert wide.sequences == 1
    assert wide.batch_tokens > wide.critical_batch
    assert any(each.startswith("Batch: above critical (") and "Power Lines" in each for each in wide.doubts)
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
    chosen = {"warm-up", "cooldown", "beta2"}
    assert ONE.defaults.keys() == {"C", "N counts", "context", *chosen}
    assert hyperparameters(Counted(1e9, Size.TOTAL), 1e11, 6e20, context=2048).defaults.keys() == chosen
    assert "2405.18392" in ONE.defaults["cooldown"]
    assert "DeepSeek" in ONE.defaults["warm-up"]


def test_everything_wrong_is_said_at_once() -> None:
    with pytest.raises(BadInput) as caught:
        hyperparameters(-1, 1e11, flops=0, loss=-2, context=0.5)
    assert len(caught.value.problems) == 4
    with pytest.raises(BadInput, match="not even one sequence of 4,096"):
        hyperparameters(1e9, 4000)


def test_the_screen_names_the_rule_taken_and_the_ends_of_the_others() -> None:
    rows = hyperparameter_rows(ONE)
    assert rows["batch"].startswith(
        "1.05M tokens by Step Law, 256 sequences; rules: 1.02M (Power Lines) to 2.70M (Kaplan"
    )
    assert rows["peak rate"].startswith("0.00163 by Step Law; rules: 0.00035 (Kaplan) to 0.0021 (")
    assert rows["critical"] == "11.7M tokens by Power Lines, 2.63M by Zhang; at most 256 replicas"
    assert rows["faster"] == str(ONE.faster())
    assert "95,368: 2,000 warm up" in rows["steps"]
    assert all(len(f"  {label:<11}{row}") <= 100 for label, row in rows.items())


def test_a_run_of_a_few_steps_says_that_no_rule_is_of_it() -> None:
    short = hyperparameters(2e8, 1e5, context=65536)
    assert (short.sequences, short.steps) == (1, 2)
    rows = hyperparameter_rows(short)
    assert "1 sequence;" in rows["batch"]
    assert rows["critical"].endswith("at most 1 replica")
    assert rows["steps"] == "2: too few to warm up: constant"
    assert rows["AdamW"].startswith("weight decay hardly matters")
    assert any("2 steps are far fewer" in each for each in short.doubts)
    assert any("1 step is far fewer" in each for each in hyperparameters(2e8, 4096).doubts)
    assert not any("far fewer" in each for each in ONE.doubts)
