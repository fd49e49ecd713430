"""Failures cost what a simulation of them costs, and Young's interval is the one that costs least."""

import math
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isoflop.costs.goodput import (
    LLAMA_3_DEVICES,
    LLAMA_3_PLANNED,
    LLAMA_3_UNEXPECTED,
    PER_DEVICE_HOURS,
    effective_days,
    hours_between_failures,
    losses,
    young_interval,
)
from isoflop.errors import BadInput

unhurried = settings(deadline=None)  # a busy machine is no failure


def simulated(interval: float, save: float, restart: float, between: float, *, segments: int) -> float:
    """The share of time that trains, failure by failure; none happens while restarting."""
    draw = random.Random(0)
    clock = 0.0
    for _ in range(segments):
        while (failure := draw.expovariate(1 / between)) < interval + save:
            clock += failure + restart
        clock += interval + save
    return segments * interval / clock


@pytest.mark.parametrize("hours", [0.1, 0.5, 4.0])
def test_losses_are_those_of_simulated_failures(hours: float) -> None:
    found = losses(1, per_device_hours=hours, save_seconds=60, restart_seconds=300, interval=900)
    assert found.goodput == pytest.approx(simulated(900, 60, 300, 3600 * hours, segments=40_000), abs=0.005)


def test_llama_3_s_failures_leave_more_than_nine_tenths() -> None:
    """arXiv:2407.21783, sec. 3.3.4: 466 interruptions in 54 days, more than 90 % effective."""
    assert LLAMA_3_UNEXPECTED + LLAMA_3_PLANNED == 466
    assert losses(LLAMA_3_DEVICES).goodput > 0.9


def test_a_cluster_fails_as_often_as_it_has_devices() -> None:
    assert hours_between_failures(1) == PER_DEVICE_HOURS
    assert hours_between_failures(8) == pytest.approx(PER_DEVICE_HOURS / 8)
    with pytest.raises(BadInput, match=r"0 devices \(--gpus\) of which each fails once in 50,677 hours"):
        hours_between_failures(0)


@unhurried
@given(st.floats(1, 100), st.floats(3.5, 7))
def test_young_s_interval_loses_least(save: float, log_between: float) -> None:
    between = 10**log_between
    best = young_interval(save, between)
    assert best == pytest.approx(math.sqrt(2 * save * between))
    around = best * np.geomspace(0.2, 5, 61)
    lost = [losses(1, per_device_hours=between / 3600, save_seconds=save, interval=each).lost for each in around]
    at = losses(1, per_device_hours=between / 3600, save_seconds=save).lost
    assert at <= min(lost) * 1.02 + 1e-9


def test_where_failures_are_rare_losses_are_young_s() -> None:
    found = losses(1, per_device_hours=1e6, save_seconds=10, restart_seconds=100, interval=3600)
    between = 3.6e9
    assert found.checkpoint == pytest.approx(10 / 3610, rel=1e-4)
    assert found.rework == pytest.approx(3600 / (2 * between), rel=0.01)
    assert found.restart == pytest.approx(100 / between, rel=0.01)


@unhurried
@given(st.floats(1, 1e5), st.floats(0.1, 600), st.floats(0, 3600))
def test_shares_are_shares_and_more_devices_lose_more(n_devices: float, save: float, restart: float) -> None:
    found = losses(n_devices, save_seconds=save, restart_seconds=restart)
    assert 0 <= found.goodput <= 1
    assert min(found.checkpoint, found.rework, found.restart) >= -1e-12
    assert found.lost <= losses(2 * n_devices, save_seconds=save, restart_seconds=restart).lost + 1e-12


def test_a_checkpoint_that_is_never_reached_is_refused_with_the_user_s_numbers_and_the_option() -> None:
    with pytest.raises(BadInput, match=r"none is ever reached\. Plan for fewer --gpus: 16,384 ran") as refused:
        losses(1e6, interval=1e6)
    for part in ("Of 1,000,000 devices (--gpus) one fails each 182 s", "once in 50,677 hours", "takes 1e+06 s"):
        assert part in str(refused.value)
    with pytest.raises(BadInput, match=r"1,000,000,000,000 devices"):
        losses(1e12)
    with pytest.raises(BadInput, match=r"(?s)save_seconds = -1.*interval = 0"):
        losses(8, save_seconds=-1, interval=0)


@unhurried
@given(st.floats(1, 1e300))
def test_any_number_of_devices_has_losses_or_is_refused(n_devices: float) -> None:
    try:
        found = losses(n_devices)
    except BadInput as bad:
        assert "--gpus" in str(bad)
    else:
        assert 0 <= found.goodput <= 1


def test_days_on_the_calendar() -> None:
    assert effective_days(9, 0.9) == pytest.approx(10)
    with pytest.raises(BadInput, match="Goodput"):
        effective_days(9, 0)
