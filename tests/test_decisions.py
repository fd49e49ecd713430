"""Decisions beyond the loss: accuracy through points of one's own, samples against size, training against answers."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isoflop.errors import BadInput, IsoflopError
from isoflop.laws.downstream import LossAccuracy
from isoflop.laws.test_time import BROWN_2024_SWE_BENCH, BetaCoverage, Coverage, LogLinearAccuracy
from isoflop.plans.decisions import Contender, accuracy, attempts_for, exchange

TRUTH = LossAccuracy(chance=0.25, top=1.0, k=4.0, L_mid=2.2)
LOSSES = np.linspace(1.8, 3.0, 9)


def points(law: LossAccuracy = TRUTH, noise: float = 0.0) -> list[tuple[float, float]]:
    shift = np.random.default_rng(0).normal(size=LOSSES.size)
    return [(float(x), float(y)) for x, y in zip(LOSSES, law(LOSSES) + noise * shift, strict=True)]


# --- accuracy from the loss


@given(st.floats(0.0, 0.4), st.floats(1.0, 8.0), st.floats(2.0, 2.8))
@settings(max_examples=30, deadline=None)
def test_a_planted_curve_is_found_again(chance: float, k: float, middle: float) -> None:
    true = LossAccuracy(chance, 1.0, k, middle)
    for known in (None, chance):
        found = accuracy(points(true), 1.9, chance=known)
        assert found.value == pytest.approx(float(true(1.9)), abs=1e-4)
        assert found.error < 1e-3


def test_the_curve_is_the_lowest_of_a_plain_grid() -> None:
    found = accuracy(points(noise=0.02), 1.9, chance=0.25)
    x, y = np.asarray(points(noise=0.02)).T
    k, middle = np.meshgrid(np.linspace(1, 10, 181), np.linspace(1.9, 2.6, 281), indexing="ij")
    fitted = 0.25 + 0.75 / (1 + np.exp(k[..., None] * (x - middle[..., None])))
    at = np.unravel_index(np.argmin(np.sum((fitted - y) ** 2, -1)), k.shape)
    assert found.law.k == pytest.approx(k[at], abs=0.05)
    assert found.law.L_mid == pytest.approx(middle[at], abs=0.0025)


def test_the_error_is_what_left_out_points_are_missed_by() -> None:
    found = accuracy(points(noise=0.02), 1.9, chance=0.25)
    missed = []
    for i, (x, y) in enumerate(points(noise=0.02)):
        rest = [each for j, each in enumerate(points(noise=0.02)) if j != i]
        missed.append(accuracy(rest, x, chance=0.25).value - y)
    assert found.error == pytest.approx(np.sqrt(np.mean(np.square(missed))), rel=1e-6)
    assert 0.01 < found.error < 0.05
    assert found.low < found.value < found.high


def test_points_in_any_order_give_the_same() -> None:
    one, other = accuracy(points(noise=0.02), 2.0), accuracy(points(noise=0.02)[::-1], 2.0)
    assert one.value == pytest.approx(other.value, abs=1e-7)


def test_what_is_assumed_and_doubtful_is_told() -> None:
    assert "chance 0.25 given" in accuracy(points(), 1.9, chance=0.25).notes[0]
    assert "fitted" in accuracy(points(), 1.9).notes[0]
    assert any("beyond the points" in note for note in accuracy(points(), 1.7).notes)
    low = points(LossAccuracy(0.25, 1.0, 4.0, 0.9))
    assert any("above chance" in note for note in accuracy(low, 1.9, chance=0.25).notes)
    rising = points(LossAccuracy(0.25, 1.0, 4.0, 1.7))
    assert any("beyond the points" in note for note in accuracy(rising, 1.9, chance=0.25).notes)
    assert json.loads(json.dumps(accuracy(points(), 1.9).to_json(), allow_nan=False))["points"] == 9


@pytest.mark.parametrize(
    ("given", "loss", "said"),
    [
        (points()[:3], 1.9, "3 points at 3 different losses"),
        ([(2.0, 0.5)] * 5, 2.0, "5 points at 1 different losses"),
        (points(), 1.2, "0.6 below the lowest of the points"),
        (points(), 3.5, "0.5 above the highest"),
        ([(x, 1 - y) for x, y in points()], 2.0, "does not rise"),
        ([(x, 0.5) for x, _ in points()], 2.0, "does not rise"),
        ([(x, 100 * y) for x, y in points()], 2.0, "from 0 to 1"),
    ],
)
def test_too_few_too_far_and_unrelated_points_are_refused(
    given: list[tuple[float, float]], loss: float, said: str
) -> None:
    with pytest.raises(BadInput, match=said):
        accuracy(given, loss)


# --- coverage against samples


@given(st.floats(-5.0, -0.2), st.floats(-0.8, -0.1), st.floats(0.05, 0.95))
def test_so_many_attempts_cover_so_much(a: float, b: float, coverage: float) -> None:
    law = Coverage(a=a, b=b)
    try:
        found = attempts_for(law, coverage)
    except IsoflopError:
        assert float(law(1e12)) < coverage
    else:
        assert float(law(found.attempts)) == pytest.approx(coverage) or found.attempts == 1


def test_a_mixture_is_searched() -> None:
    law = BetaCoverage(a=0.3, b=3.0)
    assert float(law(attempts_for(law, 0.5).attempts)) == pytest.approx(0.5)


def test_attempts_beyond_those_fitted_are_told() -> None:
    """SWE-bench Lite: 15.9 % with one answer, 56 % with 250 (arXiv:2407.21787)."""
    assert attempts_for(BROWN_2024_SWE_BENCH, 0.56).attempts == pytest.approx(250)
    assert attempts_for(BROWN_2024_SWE_BENCH, 0.1).attempts == 1
    assert "times the 250 answers" in attempts_for(BROWN_2024_SWE_BENCH, 0.8).notes[-1]
    assert "not known" in attempts_for(Coverage(a=-1.8, b=-0.3), 0.5).notes[-1]


def test_what_sampling_cannot_reach_is_an_error() -> None:
    with pytest.raises(IsoflopError, match="out of reach"):
        attempts_for(BetaCoverage(a=0.01, b=50.0), 0.9)
    with pytest.raises(BadInput) as caught:
        attempts_for(LogLinearAccuracy(base=0.5, gain=0.1), 1.5)
    assert len(caught.value.problems) == 2


# --- training against answers


def test_without_a_prompt_the_small_model_affords_as_many_samples_as_it_is_smaller() -> None:
    """2 N_1 k = 2 N_2."""
    found = exchange(Contender(7e9, 2e12), Contender(70e9, 1.4e12), 1e9, answer_tokens=500)
    assert found.even_samples == pytest.approx(10)
    assert found.small_flops == pytest.approx(6 * 7e9 * 2e12 + 1e9 * 2 * 7e9 * 500)
    assert found.cheaper == "small"
    assert found.even_queries is None


@given(st.floats(1e8, 1e10), st.floats(1.1, 100), st.floats(1, 1000), st.floats(0, 5000), st.floats(1, 5000))
def test_at_the_even_samples_a_query_costs_the_same(
    n: float, larger: float, samples: float, prompt: float, answer: float
) -> None:
    small, large = Contender(n, 1e12), Contender(larger * n, 1e12, samples)
    even = exchange(small, large, 1.0, answer_tokens=answer, prompt_tokens=prompt).even_samples
    at = Contender(n, 1e12, even)
    assert at.query_flops(answer, prompt) == pytest.approx(large.query_flops(answer, prompt))


def test_at_the_even_queries_both_cost_the_same_and_beyond_them_the_large_one_is_cheaper() -> None:
    small, large = Contender(7e9, 2e12, samples=100), Contender(70e9, 1.4e12)
    even = exchange(small, large, 1.0, answer_tokens=500).even_queries
    assert even is not None
    at = exchange(small, large, even, answer_tokens=500)
    assert at.small_flops == pytest.approx(at.large_flops)
    assert exchange(small, large, even / 2, answer_tokens=500).cheaper == "small"
    beyond = exchange(small, large, even * 2, answer_tokens=500)
    assert beyond.cheaper == "large"
    assert "70.0B is cheaper, from 800M queries" in str(beyond)


def test_training_that_is_done_costs_nothing() -> None:
    small, large = Contender(7e9, 2e12, samples=100), Contender(70e9, 1.4e12, trained=True)
    found = exchange(small, large, 1.0, answer_tokens=500)
    assert found.large_flops == pytest.approx(2 * 70e9 * 500)
    assert found.cheaper == "large"
    assert found.even_queries is None
    plain = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert plain["cheaper"] == "large"
    assert len(plain["assumptions"]) == 4


def test_a_larger_small_model_and_numbers_that_are_none_are_refused_together() -> None:
    with pytest.raises(BadInput) as caught:
        exchange(Contender(7e10, 1e12), Contender(7e9, 1e12), -1.0, answer_tokens=0.0)
    assert len(caught.value.problems) == 3
    with pytest.raises(BadInput, match="no positive number"):
        Contender(0.0, 1e12)
