"""Kaplan et al. 2020: limits, monotone where the paper says so, inverses, and the warnings its constants carry."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isoflop.conventions import Compute, Counted
from isoflop.errors import BadInput
from isoflop.laws.kaplan import KAPLAN_2020, KAPLAN_2020_DATA_NEEDED, KAPLAN_2020_STEPS
from isoflop.laws.kaplan_batch import KAPLAN_2020_CRITICAL_BATCH
from isoflop.laws.kaplan_frontier import (
    KAPLAN_2020_EQ_6_7_TOKENS,
    KAPLAN_2020_TABLE_6_SIZE,
    KAPLAN_2020_TABLE_6_TOKENS,
    contradiction,
    tokens_processed,
)
from isoflop.laws.kaplan_protocol import KAPLAN_2020_LEARNING_RATE, KAPLAN_2020_RUN
from isoflop.laws.kaplan_single import (
    BROWN_2020,
    KAPLAN_2020_CONTEXT_1,
    KAPLAN_2020_CONTEXT_LARGEST,
    KAPLAN_2020_FIG_23_LOGARITHM,
    KAPLAN_2020_TABLE_5_COMPUTE_MIN,
    KAPLAN_2020_TABLE_5_DATA,
    KAPLAN_2020_TABLE_5_SIZE,
)
from isoflop.laws.noise_scale import StepsAndTokens
from isoflop.laws.published import PUBLISHED
from isoflop.units import flops_of

ENDLESS = 1e40
sizes, tokens = st.floats(768, 1e13), st.floats(1e6, 1e14)


@given(sizes, tokens)
def test_the_joint_law_s_limits_are_laws_of_one_variable(n: float, d: float) -> None:
    assert KAPLAN_2020(n, ENDLESS) == pytest.approx(KAPLAN_2020.on_infinite_data(n))
    assert KAPLAN_2020(ENDLESS, d) == pytest.approx(KAPLAN_2020.of_infinite_size(d))


@given(sizes)
def test_endless_steps_leave_the_converged_loss(n: float) -> None:
    assert KAPLAN_2020_STEPS(n, ENDLESS) == pytest.approx(KAPLAN_2020_STEPS.converged(n))


@given(sizes, tokens)
def test_more_of_anything_lowers_the_loss(n: float, d: float) -> None:
    assert KAPLAN_2020(1.1 * n, d) < KAPLAN_2020(n, d)
    assert KAPLAN_2020(n, 1.1 * d) < KAPLAN_2020(n, d)
    assert KAPLAN_2020_STEPS(1.1 * n, d) < KAPLAN_2020_STEPS(n, d)
    assert KAPLAN_2020_TABLE_5_SIZE(1.1 * n) < KAPLAN_2020_TABLE_5_SIZE(n)
    assert KAPLAN_2020_TABLE_5_DATA(1.1 * d) < KAPLAN_2020_TABLE_5_DATA(d)


@given(sizes, tokens)
def test_overfitting_is_what_the_joint_law_loses_relative_to_infinite_data(n: float, d: float) -> None:
    """Eq. 4.2 by its definition, and its positivity: errata 29."""
    by_definition = KAPLAN_2020(n, d) / KAPLAN_2020.on_infinite_data(n) - 1
    assert KAPLAN_2020.overfitting(n, d) == pytest.approx(by_definition, abs=1e-12)
    assert KAPLAN_2020.overfitting(n, d) > 0


@given(sizes, st.floats(1e-6, 1.0))
def test_the_data_needed_overfit_by_the_penalty_allowed(n: float, penalty: float) -> None:
    needed = KAPLAN_2020.data_needed(penalty)
    assert KAPLAN_2020.overfitting(n, needed(n)) == pytest.approx(penalty)
    assert needed.largest_size(needed(n)) == pytest.approx(n)


def test_the_printed_rule_of_data_agrees_with_its_derivation_within_a_tenth() -> None:
    n = np.geomspace(1e6, 1e10, 5)
    assert KAPLAN_2020_DATA_NEEDED(n) == pytest.approx(KAPLAN_2020.data_needed(0.02)(n), rel=0.1)


@pytest.mark.parametrize("penalty", [0.0, -0.1, float("nan")])
def test_no_overfitting_at_all_is_refused(penalty: float) -> None:
    with pytest.raises(BadInput, match=r"Overfitting by .* infinite data"):
        KAPLAN_2020.data_needed(penalty)


def test_stopping_comes_later_with_more_data_and_by_its_formula() -> None:
    """Eq. 5.7 by hand: S_c / [L(N, D) - L(N, inf)]^(1/alpha_S)."""
    gap = KAPLAN_2020(1e8, 1e9) - (6.4e13 / 1e8) ** 0.076
    early = KAPLAN_2020_STEPS.steps_before_stopping(KAPLAN_2020, 1e8, 1e9)
    assert early == pytest.approx(2.1e3 / gap ** (1 / 0.76))
    assert KAPLAN_2020_STEPS.steps_before_stopping(KAPLAN_2020, 1e8, 1e10) > early


@given(st.floats(1, 10), st.floats(1e2, 1e6), st.floats(1e3, 1e9))
def test_steps_and_tokens_of_a_loss_lie_on_the_hyperbola(loss: float, fewest: float, batch: float) -> None:
    """Eq. 5.1, 5.2, 5.4 and 5.5 agree with each other."""
    law = KAPLAN_2020_CRITICAL_BATCH
    trade = law.trade(loss, fewest)
    steps, seen = trade(batch), trade.tokens(batch)
    assert trade.critical_batch == pytest.approx(law(loss))
    assert (steps / trade.S_min - 1) * (seen / trade.E_min - 1) == pytest.approx(1)
    assert law.fewest_steps(steps, batch, loss) == pytest.approx(trade.S_min)
    assert law.fewest_tokens(seen, batch, loss) == pytest.approx(trade.E_min)
    assert law.least_compute(6 * 1e9 * seen, batch, loss) == pytest.approx(6 * 1e9 * trade.E_min)


@given(st.floats(0.5, 10))
def test_the_critical_batch_doubles_at_13p5_percent_less_loss(loss: float) -> None:
    law = KAPLAN_2020_CRITICAL_BATCH
    assert law((1 - 0.1355) * loss) / law(loss) == pytest.approx(2, rel=1e-3)
    assert law.loss_at(law(loss)) == pytest.approx(loss)


def test_whole_numbers_are_sizes_too() -> None:
    assert KAPLAN_2020.overfitting(10**9, 22 * 10**9) == KAPLAN_2020.overfitting(1e9, 2.2e10)
    assert KAPLAN_2020_RUN.flops(10**12) == 6e12 * KAPLAN_2020_RUN.tokens


def test_the_contradiction_lies_on_all_its_laws() -> None:
    at = contradiction(
        KAPLAN_2020_TABLE_5_COMPUTE_MIN, KAPLAN_2020_TABLE_5_DATA, KAPLAN_2020_TABLE_6_TOKENS, KAPLAN_2020_TABLE_6_SIZE
    )
    assert at.loss == pytest.approx(KAPLAN_2020_TABLE_5_DATA(at.tokens))
    assert at.loss == pytest.approx(KAPLAN_2020_TABLE_5_COMPUTE_MIN(at.pf_days))
    assert at.n_params == KAPLAN_2020_TABLE_6_SIZE(at.pf_days)
    beyond = 10 * at.pf_days
    allowed = KAPLAN_2020_TABLE_5_DATA(KAPLAN_2020_TABLE_6_TOKENS(beyond))
    assert KAPLAN_2020_TABLE_5_COMPUTE_MIN(beyond) < allowed


def test_far_below_the_critical_batch_half_the_tokens_are_enough() -> None:
    assert 6 * 1.3e9 * tokens_processed(1, 1.3e9, 0) == pytest.approx(flops_of(1))
    assert tokens_processed(1, 1.3e9, 1) == 2 * tokens_processed(1, 1.3e9, 0)


def test_the_paper_s_two_prefactors_of_tokens_disagree_and_one_says_so() -> None:
    assert KAPLAN_2020_EQ_6_7_TOKENS(1) == 2 * KAPLAN_2020_TABLE_6_TOKENS(1)
    assert "Table 6" in KAPLAN_2020_EQ_6_7_TOKENS.about.disputed


@given(st.floats(1e-6, 1e6))
def test_compute_for_a_loss_is_the_law_s_inverse(pf_days: float) -> None:
    law = KAPLAN_2020_TABLE_5_COMPUTE_MIN
    assert law.pf_days_for(law(pf_days)) == pytest.approx(pf_days)
    assert law(pf_days * law.compute_worth(1.01)) * 1.01 == pytest.approx(law(pf_days))


def test_flops_are_refused_where_pf_days_are_meant() -> None:
    """Errata 1: 1e21 FLOPs taken for PF-days give 0.24 nats."""
    with pytest.raises(BadInput, match=r"1e\+21 .*pf_days_of"):
        KAPLAN_2020_TABLE_5_COMPUTE_MIN(Counted(1e21, Compute.SIX_ND_NON_EMBEDDING))
    assert KAPLAN_2020_TABLE_5_COMPUTE_MIN(Counted(11.574, Compute.PF_DAYS)) == pytest.approx(2.3518, abs=1e-4)


def test_gpt_3_s_law_is_as_printed() -> None:
    c = np.geomspace(1e-3, 1e4, 8)
    assert BROWN_2020(c) == pytest.approx(2.57 * c**-0.048)


def test_the_learning_rate_falls_with_size_to_its_zero() -> None:
    law = KAPLAN_2020_LEARNING_RATE
    assert law(1e6) > law(1e9) > 0 > law(2e10)
    assert law(law.zero) == pytest.approx(0, abs=1e-15)


def test_the_rejected_form_agrees_where_it_was_fitted_and_fails_beyond() -> None:
    n = np.geomspace(1e6, 1.5e9, 10)
    assert KAPLAN_2020_FIG_23_LOGARITHM(n) == pytest.approx(KAPLAN_2020_TABLE_5_SIZE(n), rel=0.15)
    assert KAPLAN_2020_FIG_23_LOGARITHM(7.2e12) < 0 < KAPLAN_2020_TABLE_5_SIZE(7.2e12)


def test_later_tokens_of_a_context_are_easier() -> None:
    places = np.arange(1, 1025)
    assert (np.diff(KAPLAN_2020_CONTEXT_LARGEST(places)) < 0).all()
    assert KAPLAN_2020_CONTEXT_LARGEST(1) == pytest.approx(2.3 + 5.4)


def test_what_nobody_saw_says_so() -> None:
    assert KAPLAN_2020_CONTEXT_1.about.unverified
    unseen = {name for name, row in PUBLISHED.items() if row.about.paper == "kaplan2020" and row.about.tag == "M"}
    assert unseen == {f"KAPLAN_2020_CONTEXT_{place}" for place in range(1, 6)}
    assert all(PUBLISHED[name].about.unverified for name in unseen)


def test_laws_of_pf_days_say_so_and_the_three_tables_warn() -> None:
    for name, row in PUBLISHED.items():
        if row.about.flops == Compute.PF_DAYS and row.about.paper in {"kaplan2020", "brown2020"}:
            assert "PF-days of 8.64e19 FLOPs, not in FLOPs" in row.about.note, name
    for name in ("", "_STEPS", "_TABLE_5_SIZE", "_TABLE_5_DATA"):
        assert "not to be mixed" in PUBLISHED[f"KAPLAN_2020{name}"].about.note


def test_a_trade_at_the_critical_batch_doubles_both() -> None:
    trade = StepsAndTokens(S_min=1e4, E_min=1e10)
    assert trade(trade.critical_batch) == 2 * trade.S_min
    assert trade.tokens(trade.critical_batch) == 2 * trade.E_min
    assert trade.steps_for(2 * trade.E_min) == 2 * trade.S_min
