"""Served tokens at the price of training, and the size that is the best at the price of serving it."""

from itertools import pairwise
from math import exp, log

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isoflop.conventions import Size
from isoflop.costs.hardware import device
from isoflop.estimates.ensemble import Ensemble
from isoflop.laws.chinchilla import BESIROGLU_2024
from isoflop.plans.resources import Resources
from isoflop.plans.served import served_tokens, settled
from isoflop.plans.serving import serving_cost
from isoflop.plans.shapes import family, shape_of
from isoflop.plans.split import Aim, split

HAVE = Resources(device("H100"), 2.5, 0.4, 8, 0.9, {})


def test_they_cost_as_much_as_serving_does() -> None:
    shape = shape_of(7e9, family("llama"), 4096)
    found = served_tokens(7e9, 9e12, 1e12, HAVE, shape=shape)
    cost = serving_cost(7e9, 9e12, 1e12, HAVE, shape=shape)
    assert HAVE.hours(2 * 7e9 * found) == pytest.approx(cost.hours)
    assert served_tokens(7e9, 9e12, 1e12, HAVE) == pytest.approx(found, rel=0.1)


def test_tokens_read_at_the_mfu_of_training_cost_a_third_of_training_on_them() -> None:
    """Forward against forward and backward, both with attention; a goodput of 0.9 makes training dearer."""
    found = served_tokens(1e6, 1e12, 0, HAVE)  # too small for a shape
    assert found == pytest.approx(0.9 * 1e12)


def test_nothing_served_costs_nothing() -> None:
    assert served_tokens(7e9, 0, 0, HAVE) == 0


def test_they_are_continuous_in_size() -> None:
    sizes = [7e7 * 1.002**i for i in range(300)]
    found = [served_tokens(n, 9e12, 1e12, HAVE, counts=Size.TOTAL) for n in sizes]
    assert max(abs(log(b / a)) for a, b in pairwise(found)) < 0.03
    with_steps = [serving_cost(n, 9e12, 1e12, HAVE, counts=Size.TOTAL).training_flops / (2 * n) for n in sizes]
    assert max(abs(log(b / a)) for a, b in pairwise(with_steps)) > 0.1


CASES = [(1e22, 1e12, 4096), (3e21, 1e12, 4096), (1e22, 1e12, 65536)]


@pytest.mark.parametrize(("flops", "output_tokens", "context"), CASES)
def test_a_size_settles_where_putting_it_in_again_does_not(flops: float, output_tokens: float, context: int) -> None:
    calls = 0

    def after(n: float) -> float:
        nonlocal calls
        calls += 1
        served = served_tokens(n, 9e12, output_tokens, HAVE, context=context, counts=Size.TOTAL)
        return split(Ensemble((BESIROGLU_2024,)), Aim(flops=flops, served=served)).median("n_params")

    n = settled(after, 1e9)
    assert calls <= 25
    assert after(n) == pytest.approx(n, rel=1e-5)
    again = 1e9
    for _ in range(12):
        again = after(again)
    assert again != pytest.approx(n, rel=1e-3)


@settings(max_examples=50, deadline=None)
@given(st.floats(-8, 0.9), st.floats(10, 30), st.floats(10, 30))
def test_what_is_smooth_settles_from_anywhere(slope: float, at: float, guess: float) -> None:
    assert log(settled(lambda n: exp(at + slope * (log(n) - at)), exp(guess))) == pytest.approx(at, abs=1e-5)


def test_what_never_changes_is_asked_twice() -> None:
    asked: list[float] = []

    def after(n: float) -> float:
        asked.append(n)
        return 3e9

    assert settled(after, 1e9) == pytest.approx(3e9)
    assert len(asked) == 2


def test_where_the_answer_jumps_past_it_the_size_is_at_the_jump() -> None:
    assert settled(lambda n: 8e9 if n < 2e9 else 1e9, 3e8) == pytest.approx(2e9, rel=1e-6)
