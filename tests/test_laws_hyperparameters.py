"""Batch, learning rate, weight decay and schedules: limits, planted truths, and disagreement that is shown."""

import json
from dataclasses import FrozenInstanceError, dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isoflop.conventions import Compute, Counted, Size
from isoflop.errors import BadInput
from isoflop.laws import batch, critical_batch, learning_rate
from isoflop.laws.advice import Advice, Point, Spread, advice, side_by_side
from isoflop.laws.batch import BERGSMA_2025_BATCH, BI_2024_BATCH, LI_2025_BATCH
from isoflop.laws.catalog import PUBLISHED, form, published_law
from isoflop.laws.constants import hyperparameters, schedules
from isoflop.laws.cooldown import branched_tokens, cooldown
from isoflop.laws.critical_batch import ZHANG_2024_CRITICAL, ZHANG_2024_CRITICAL_TOKENS, StepsToTarget
from isoflop.laws.deepseek import flops_per_token
from isoflop.laws.history import whole
from isoflop.laws.kaplan_frontier import KAPLAN_2020_TABLE_6_BATCH
from isoflop.laws.law import Law, param
from isoflop.laws.learning_rate import BI_2024_RATE, BJORCK_2024, LI_2025_RATE, MeasuredRate
from isoflop.laws.parametrization import DEY_2025_EPSILON, DEY_2025_RESIDUAL, YANG_2022_HIDDEN_RATE
from isoflop.laws.schedule import schedule
from isoflop.laws.tissue import AnnealingBySize
from isoflop.laws.weight_decay import BERGSMA_2025_TIMESCALE, WeightDecay, steps_averaged, timescale
from isoflop.units import PF_DAY

sizes = st.floats(1e7, 1e11)
token_counts = st.floats(1e8, 1e13)
batches = st.floats(1e4, 1e8)
rates = st.floats(1e-5, 1e-1)


def row(spread: Spread, rule: str) -> Advice:
    (found,) = [each for each in spread.rows if each.rule == rule]
    return found


# the rules


def test_the_rates_disagree_in_sign_over_tokens_and_agree_over_size() -> None:
    spread = learning_rate.opinions(1e9, 1e11)
    assert row(spread, "LI_2025_RATE").exponents == {"n_params": -0.713, "tokens": 0.307}
    assert row(spread, "BJORCK_2024").exponents == {"n_params": -0.23, "tokens": -0.32}
    assert row(spread, "BI_2024_RATE").exponents == {"n_params": -0.125, "tokens": -0.125}
    (signs,) = [each for each in spread.statements if "disagree in sign" in each]
    assert "more tokens" in signs
    assert "rises according to Step Law (D^+0.307)" in signs
    assert "falls according to Bjorck 2024 (D^-0.32)" in signs
    assert any("nothing to do with tokens according to" in each and "Porian 2024" in each for each in spread.statements)


def test_nothing_is_averaged_and_no_rule_is_left_out() -> None:
    spread = learning_rate.opinions(1e9, 1e11)
    assert {each.rule for each in spread.rows} >= {"BI_2024_RATE", "LI_2025_RATE", "PORIAN_2024_RATE", "BJORCK_2024"}
    assert row(spread, "LI_2025_RATE").value == LI_2025_RATE(1e9, 1e11)
    assert row(spread, "BI_2024_RATE").value == BI_2024_RATE(6e20)
    values = [each.value for each in spread.rows if each.value is not None]
    assert any(f"factor of {max(values) / min(values):.2g}, from" in each for each in spread.statements)
    assert "Bjorck et al. keep the batch" in spread.statements[-1]


def test_a_rule_without_a_prefactor_says_a_rate_only_from_a_measured_one() -> None:
    alone = row(learning_rate.opinions(1e9, 1e11), "BJORCK_2024")
    assert (alone.value, alone.from_measured) == (None, None)
    found = MeasuredRate(3e-3, n_params=1e8, tokens=1e10)
    spread = learning_rate.opinions(1e9, 1e11, measured=found)
    carried = row(spread, "BJORCK_2024")
    assert carried.value is None
    assert carried.from_measured == pytest.approx(3e-3 * 10**-0.23 * 10**-0.32)
    assert row(spread, "BI_2024_RATE").from_measured == pytest.approx(3e-3 * 100**-0.125)
    assert any(each.startswith("Carried from what you measured") for each in spread.statements)


@given(rates, sizes, token_counts)
def test_where_the_rate_was_measured_every_rule_says_that_rate(rate: float, n: float, d: float) -> None:
    for each in learning_rate.opinions(n, d, measured=MeasuredRate(rate, n, d)).rows:
        assert each.from_measured is None or each.from_measured == pytest.approx(rate, rel=1e-9)
    assert BJORCK_2024(1.0, 1.0) == 1.0


def test_a_rule_says_how_far_outside_its_runs_it_is_asked() -> None:
    spread = learning_rate.opinions(1e10, 1e11)
    assert row(spread, "LI_2025_RATE").outside == pytest.approx({"n_params": 1.0})
    assert row(spread, "LI_2025_RATE").in_range is False
    assert "N 10x beyond what was fitted" in str(row(spread, "LI_2025_RATE"))
    assert row(spread, "BJORCK_2024").in_range is None
    assert row(learning_rate.opinions(6e6, 1e11), "LI_2025_RATE").outside == pytest.approx({"n_params": -1.0})
    assert row(learning_rate.opinions(1e8, 2e9), "BI_2024_RATE").in_range is True


def test_given_flops_are_taken_for_6nd_and_move_with_both() -> None:
    spread = batch.opinions(1e9, 1e11, flops=1e21)
    assert row(spread, "BI_2024_BATCH").value == BI_2024_BATCH(1e21)
    assert row(spread, "BI_2024_BATCH").exponents == {"n_params": 0.3271, "tokens": 0.3271}


def test_kaplan_s_batch_is_asked_at_the_least_compute_half_of_what_a_run_at_it_spends() -> None:
    """arXiv:2001.08361, Table 6 and eq. 5.5: at the critical batch C = 2 C_min."""
    kaplan = row(batch.opinions(1e9, 1e11, flops=1e21), "KAPLAN_2020_TABLE_6_BATCH")
    assert kaplan.value == pytest.approx(KAPLAN_2020_TABLE_6_BATCH(1e21 / PF_DAY / 2))
    assert kaplan.exponents == {"n_params": 0.24, "tokens": 0.24}


def test_batches_grow_by_different_powers_of_tokens() -> None:
    spread = batch.opinions(1e9, 1e11)
    assert row(spread, "LI_2025_BATCH").exponents == {"n_params": 0.0, "tokens": 0.571}
    assert row(spread, "BERGSMA_2025_BATCH").exponents["tokens"] == 0.383
    assert not any("disagree in sign" in each for each in spread.statements)
    assert "more tokens the batch rises, by Step Law (D^+0.571)" in spread.statements[0]


def test_what_is_from_memory_says_so_beside_its_number() -> None:
    for spread in (batch.opinions(1e9, 1e11), critical_batch.opinions(1e9, 1e11)):
        for each in spread.rows:
            assert ("unverified" in str(each)) == bool(each.about.unverified)
    assert row(critical_batch.opinions(1e9, 1e11), "BERGSMA_2025_CRITICAL").about.unverified


def test_a_size_counted_otherwise_is_doubted() -> None:
    counted = learning_rate.opinions(Counted(1e9, Size.TOTAL), 1e11)
    plain = learning_rate.opinions(1e9, 1e11)
    assert row(counted, "LI_2025_RATE").value == row(plain, "LI_2025_RATE").value
    assert any("nonembedding_of" in doubt for doubt in row(counted, "LI_2025_RATE").doubts)
    assert row(counted, "BI_2024_RATE").doubts == row(plain, "BI_2024_RATE").doubts
    same = learning_rate.opinions(Counted(1e9, Size.NON_EMBEDDING), 1e11)
    assert row(same, "LI_2025_RATE").doubts == row(plain, "LI_2025_RATE").doubts


def test_opinions_are_values_with_whole_json() -> None:
    for spread in (
        learning_rate.opinions(1e9, 1e11, measured=MeasuredRate(1e-3, 1e8, 1e10)),
        batch.opinions(1e9, 1e11),
        critical_batch.opinions(1e9, 1e11),
    ):
        told = json.loads(json.dumps(spread.to_json(), allow_nan=False))
        assert [each["rule"] for each in told["rules"]] == [each.rule for each in spread.rows]
        assert all(each["about"]["source"] for each in told["rules"])
        assert told["statements"] == list(spread.statements)
        assert str(spread).count("\n") == len(spread.rows) + len(spread.statements)
        with pytest.raises(FrozenInstanceError):
            spread.rows = ()  # type: ignore[misc]


@dataclass(frozen=True)
class Line(Law):
    """eta = a - b ln N, as Kaplan's: it falls through 0 for large models."""

    a: float = param("1", "the rate at N = 1", starts=(1e-2,))
    b: float = param("1", "what an e-fold of size takes", starts=(1e-4,))
    inputs = ("n_params",)
    output = "learning_rate"

    def __call__(self, n_params: Any) -> Any:
        return self.a - self.b * np.log(n_params)


def test_a_rule_of_your_own_is_laid_beside_the_others_and_one_that_gives_no_number_says_so() -> None:
    line = Line(a=3e-3, b=1.4e-4)
    here, there = Point.of(1e8, 1e10), Point.of(1e12, 1e12)
    mine = advice("mine", line, here)
    assert mine.value == line(1e8)
    assert mine.exponents == pytest.approx({"n_params": -1.4e-4 / line(1e8), "tokens": 0.0}, rel=1e-6)
    assert mine.label == "mine"
    assert advice("mine", line, here, origin=there, measured=1e-3).from_measured is None
    nothing = advice("mine", line, there, origin=here, measured=1e-3)
    assert (nothing.value, nothing.from_measured, nothing.exponents) == (None, None, {})
    spread = Spread("learning_rate", there, (nothing, *learning_rate.opinions(1e12, 1e12).rows))
    assert "mine: gives no number above 0 here (-0.000868)" in str(spread)
    assert not any("mine" in each for each in spread.statements)
    json.dumps(spread.to_json(), allow_nan=False)


def test_numbers_that_are_none_are_refused_all_at_once() -> None:
    with pytest.raises(BadInput) as caught:
        learning_rate.opinions(-1, float("nan"))
    assert len(caught.value.problems) == 3
    with pytest.raises(BadInput, match="n_params counts parameters; got petaflop"):
        batch.opinions(Counted(1e9, Compute.PF_DAYS), 1e11)
    with pytest.raises(BadInput) as caught:
        MeasuredRate(0.0, n_params=1e9, tokens=-1)
    assert len(caught.value.problems) == 2


def test_a_quantity_that_no_rule_gives_has_no_rows() -> None:
    spread = side_by_side("weight_decay", Point.of(1e9, 1e11))
    assert (spread.rows, spread.statements) == ((), ())


# the sets


def test_deepseek_s_and_step_law_s_batches_are_near_each_other_at_a_billion_parameters() -> None:
    assert BI_2024_BATCH(1e21) == pytest.approx(LI_2025_BATCH(1e11), rel=1)


def test_zhang_s_laws_of_size_and_of_tokens_agree_at_twenty_tokens_a_parameter() -> None:
    """So 22.91 is of sequences of 512 tokens and of D in millions: with D in billions it is 26 times too small."""
    n = np.geomspace(85e6, 1.2e9, 5)
    assert ZHANG_2024_CRITICAL_TOKENS(20 * n) == pytest.approx(512 * ZHANG_2024_CRITICAL(n), rel=0.02)


def test_zhang_s_models_have_their_critical_batch_where_the_law_of_tokens_says() -> None:
    """Tokens of each model's run at a batch of 256: 13282 to 187500 steps of 512 tokens."""
    steps = {"85M": 13282, "151M": 23438, "302M": 46875, "604M": 93750, "1P2B": 187500}
    for model, count in steps.items():
        law = getattr(critical_batch, f"ZHANG_2024_{model}")
        assert isinstance(law, StepsToTarget)
        said = ZHANG_2024_CRITICAL_TOKENS(count * 256 * 512) / 512
        assert said == pytest.approx(law.critical_batch(), rel=0.1), model


def test_every_set_here_says_where_it_is_from_and_what_is_from_memory() -> None:
    for name, published in {**hyperparameters.SETS, **schedules.SETS}.items():
        about = published.about
        assert about.source, name
        assert about.paper, name
        assert (about.tag == "M") <= bool(about.unverified), name
        assert set(about.fitted) <= {*form(published.form).inputs, "n_params"}, name
    assert "BJORCK_2024" in PUBLISHED
    assert "1.3192e-5" in PUBLISHED["BJORCK_2024"].about.disputed


def test_flops_a_token_are_six_times_the_weights_and_attention() -> None:
    """arXiv:2401.02954: 12 n d^2 weights without the vocabulary; at l = 0 M is 6 N."""
    assert flops_per_token(30, 4096, 0) == 6 * 12 * 30 * 4096**2
    assert flops_per_token(30, 4096, 4096) / flops_per_token(30, 4096, 0) == pytest.approx(1 + 1 / 6)


# weight decay


@given(sizes, token_counts, batches, rates)
def test_tau_times_eta_times_lambda_times_d_is_the_batch(n: float, d: float, b: float, eta: float) -> None:
    decay = BERGSMA_2025_TIMESCALE.weight_decay(n, d, b, eta)
    assert BERGSMA_2025_TIMESCALE(n, d) * eta * decay * d == pytest.approx(b)
    assert timescale(b, eta, decay, d) == pytest.approx(BERGSMA_2025_TIMESCALE(n, d))
    assert steps_averaged(eta, decay) / (d / b) == pytest.approx(timescale(b, eta, decay, d))


@given(sizes, token_counts, batches, rates)
def test_the_best_decay_is_as_the_batch_and_falls_with_tokens_by_less_than_their_number(
    n: float, d: float, b: float, eta: float
) -> None:
    law = BERGSMA_2025_TIMESCALE
    decay = law.weight_decay(n, d, b, eta)
    assert law.weight_decay(n, d, 2 * b, eta) == pytest.approx(2 * decay)
    assert law.weight_decay(n, 10 * d, b, eta) == pytest.approx(decay * 10 ** (0.527 - 1))
    assert law(n, 10 * d) < law(n, d)


@given(batches, rates, st.floats(1e-4, 1.0), token_counts, st.tuples(*2 * [st.floats(0.1, 100)]))
def test_one_timescale_for_all_data_sets(
    b: float, eta: float, decay: float, unique: float, factors: tuple[float, float]
) -> None:
    """arXiv:2405.13698: lambda falls as data grow and rises with the batch; the setting it was taken from stays."""
    more, larger = factors
    law = WeightDecay.of(b, eta, decay, unique)
    assert law(b, eta, unique) == pytest.approx(decay)
    assert law(larger * b, eta, more * unique) == pytest.approx(decay * larger / more)
    assert timescale(larger * b, eta, law(larger * b, eta, more * unique), more * unique) == pytest.approx(law.tau)


# width and depth


def test_nothing_moves_where_neither_width_nor_depth_does() -> None:
    transfers = [name for name, each in PUBLISHED.items() if each.form == "Parametrization"]
    assert len(transfers) >= 6
    for name in transfers:
        assert published_law(name)(1.0, 1.0) == 1.0


@given(st.floats(1, 100), st.floats(1, 100))
def test_rates_fall_with_width_and_residual_branches_with_depth(width: float, depth: float) -> None:
    assert YANG_2022_HIDDEN_RATE(width, depth) == pytest.approx(1 / width)
    assert DEY_2025_RESIDUAL(width, depth) == pytest.approx(1 / depth)
    assert DEY_2025_EPSILON(width, depth) == pytest.approx(1 / (width * depth))


# schedules


@given(st.floats(1e6, 1e13), st.floats(0.01, 1))
def test_one_horizon_costs_its_own_tokens(tokens: float, fraction: float) -> None:
    assert branched_tokens([tokens], fraction=fraction) == pytest.approx(tokens)


@given(st.lists(st.floats(1e6, 1e13), min_size=1, max_size=8), st.floats(0.01, 1))
def test_branches_cost_no_more_than_runs_of_their_own_and_no_less_than_the_longest(
    horizons: list[float], fraction: float
) -> None:
    cost = branched_tokens(horizons, fraction=fraction)
    assert max(horizons) * (1 - 1e-12) <= cost <= sum(horizons) * (1 + 1e-12)
    assert branched_tokens(horizons, fraction=1.0) == pytest.approx(sum(horizons))


def test_ten_twenty_and_thirty_tokens_a_parameter_cost_three_fifths() -> None:
    """By max(D) (1 - f) + f sum D_i at f = 0.2: 36 of 60. The halving that is told of is the limit of no cooldown."""
    assert branched_tokens([10, 20, 30]) / 60 == pytest.approx(0.6)
    assert branched_tokens([10, 20, 30], fraction=1e-9) / 60 == pytest.approx(0.5)


def test_a_cooldown_is_hagele_s_formula() -> None:
    """lr = eta (1 - sqrt((n - n_const) / n_cd)); a fifth of 1000 steps: n_const 800, n_cd 200."""
    rates = cooldown(1000, 3e-4, warmup=50)
    n = np.arange(800, 1000)
    assert rates[50:801] == pytest.approx(3e-4)
    assert rates[800:] == pytest.approx(3e-4 * (1 - np.sqrt((n - 800) / 200)))


def test_a_shorter_run_branches_off_a_longer_one_where_its_cooldown_begins() -> None:
    short, long = cooldown(1000, 1e-3, warmup=20), cooldown(4000, 1e-3, warmup=20)
    assert np.array_equal(short[:800], long[:800])
    assert short[900] < long[900]


@pytest.mark.parametrize("fraction", [0.0, -0.1, 1.1])
def test_a_cooldown_is_a_share_of_the_run(fraction: float) -> None:
    with pytest.raises(BadInput, match="share"):
        cooldown(100, 1e-3, fraction=fraction)
    with pytest.raises(BadInput, match="share"):
        branched_tokens([1.0], fraction=fraction)


@pytest.mark.parametrize("horizons", [[], [1e9, 0.0], [float("nan")]])
def test_horizons_are_tokens(horizons: list[float]) -> None:
    with pytest.raises(BadInput, match="Horizons"):
        branched_tokens(horizons)


def test_at_one_size_the_annealing_law_of_sizes_is_that_of_curves() -> None:
    law = AnnealingBySize(L_0=1.7, A=0.5, B=400.0, C=2.0, alpha=0.4, beta=0.34, tau=500.0)
    steps = np.arange(200, 3000, 300)
    seen: dict[str, Any] = whole(schedule(3000, 1e-3, warmup=100), steps)
    curve_inputs = [seen[name] for name in ("lr_sum", "lr_drops", "steps_since")]
    assert law(1e8, *curve_inputs) == pytest.approx(law.at(1e8)(*curve_inputs))
    assert np.all(law(1e9, *curve_inputs) < law(1e8, *curve_inputs))
    gap = law(1e8, *curve_inputs) - law(1e9, *curve_inputs)
    assert gap == pytest.approx(400 * (1e8**-0.34 - 1e9**-0.34))


@pytest.mark.parametrize("law", [LI_2025_RATE, BERGSMA_2025_TIMESCALE, BERGSMA_2025_BATCH, WeightDecay(1.0)], ids=repr)
def test_jax_differentiates_the_rules_as_finite_differences_do(law: Law) -> None:
    import jax

    at = [3e5, 0.5, 2e6][: len(law.inputs)]
    slope = jax.grad(lambda x: law(x, *at[1:]))(at[0])
    by_hand = (law(at[0] * 1.001, *at[1:]) - law(at[0] * 0.999, *at[1:])) / (0.002 * at[0])
    assert float(slope) == pytest.approx(by_hand, rel=1e-3)
