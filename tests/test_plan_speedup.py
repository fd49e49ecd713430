"""Speed is bought with FLOPs as Kaplan's and McCandlish's formulas price it, up to a limit that no batch passes."""

import json
from math import inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isoflop.errors import BadInput
from isoflop.laws.noise_scale import StepsAndTokens
from isoflop.plans.speedup import most_gpus, speedup

batches = st.floats(1e3, 1e8)
unhurried = settings(deadline=None)  # a busy machine is no failure


@unhurried
@given(batches)
def test_at_the_critical_batch_steps_and_compute_are_twice_the_fewest(critical: float) -> None:
    at = speedup(critical, critical)
    assert at.fastest == at.spent == 2
    assert not at.possible
    assert at.new_batch == at.flops_ratio == at.gpus_ratio == inf
    assert "out of reach" in str(at)


@unhurried
@given(batches, st.floats(1e-3, 1e3), st.floats(0.01, 0.99))
def test_a_trade_is_that_of_the_law_of_steps_and_tokens(critical: float, share: float, of_limit: float) -> None:
    """arXiv:2001.08361, eq. 5.1: the new batch takes 1 / f of the steps, and its tokens are C' / C of those before."""
    law = StepsAndTokens(S_min=1e4, E_min=1e4 * critical)
    now = share * critical
    factor = of_limit * speedup(critical, now).fastest
    trade = speedup(critical, now, factor)
    assert trade.possible
    assert trade.fastest == pytest.approx(law(now) / law.S_min)
    assert trade.spent == pytest.approx(law.tokens(now) / law.E_min)
    assert law(trade.new_batch) == pytest.approx(law(now) / factor)
    assert law.tokens(trade.new_batch) / law.tokens(now) == pytest.approx(trade.flops_ratio)
    assert trade.gpus_ratio == pytest.approx(factor * trade.flops_ratio)


@unhurried
@given(st.floats(1e-6, 0.01))
def test_halving_the_time_far_below_the_critical_batch_costs_little(share: float) -> None:
    trade = speedup(1e6, share * 1e6)
    assert 0 < trade.flops_ratio - 1 < 1.02 * share
    assert trade.gpus_ratio == pytest.approx(2, rel=0.02)


def test_halving_the_time_at_a_tenth_of_the_critical_batch_costs_a_ninth() -> None:
    trade = speedup(1e7, 1e6)
    assert trade.flops_ratio - 1 == pytest.approx(1 / 9)
    assert "11.1% more FLOPs" in str(trade)
    assert "half the time" in str(trade)


@unhurried
@given(batches, batches)
def test_beyond_the_step_limit_nothing_is_fast_enough_and_it_is_said(critical: float, now: float) -> None:
    limit = speedup(critical, now).fastest
    over = speedup(critical, now, limit * 1.001)
    assert not over.possible
    assert over.flops_ratio == inf
    assert f"only {limit:.3g} times as fast" in str(over)
    told = json.loads(json.dumps(over.to_json(), allow_nan=False))
    assert told["flops_ratio"] is told["new_batch"] is None
    assert told["possible"] is False
    under = speedup(critical, now, 1 + 0.99 * (limit - 1))
    assert under.possible
    assert under.flops_ratio == pytest.approx(100, rel=1e-6)


@unhurried
@given(batches, batches)
def test_the_same_time_is_the_same_run_and_a_longer_one_is_cheaper(critical: float, now: float) -> None:
    assert speedup(critical, now, 1).new_batch == pytest.approx(now)
    slow = speedup(critical, now, 0.5)
    assert slow.flops_ratio < 1
    assert slow.new_batch < now
    assert slow.flops_ratio > 1 / slow.spent
    assert "fewer FLOPs" in str(slow)


def test_a_trade_takes_numbers_above_0_only() -> None:
    with pytest.raises(BadInput) as caught:
        speedup(0, -1, inf)
    assert len(caught.value.problems) == 3


def test_most_gpus_are_the_sequences_times_what_a_replica_takes() -> None:
    assert most_gpus(2**20, 4096) == 256
    assert most_gpus(2**20 + 4095, 4096, gpus_per_replica=8) == 2048
    for bad in ((4095, 4096, 1), (inf, 4096, 1), (2**20, 0, 1), (2**20, 4096, 0)):
        with pytest.raises(BadInput):
            most_gpus(*bad)
