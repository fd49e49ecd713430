"""Intervals, bags of laws and fits as values with their JSON."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isoflop.errors import BadInput
from isoflop.estimates.ensemble import Ensemble
from isoflop.estimates.fit import Check, Fit, FitStatus, Verdict, fits_from_json, fits_to_json
from isoflop.estimates.interval import NEW_RUN, Interval, quantiles
from isoflop.estimates.objective import HUBER
from isoflop.laws.chinchilla import HOFFMANN_2022_TEX
from isoflop.laws.power import FlooredPowerLaw, PowerLaw

NORMAL = np.random.default_rng(0).standard_normal(20_000)


def test_an_interval_of_normal_draws_has_the_normal_s_ends() -> None:
    interval = Interval.of_draws(NORMAL)
    assert (interval.low, interval.high) == pytest.approx((-1.645, 1.645), abs=0.04)
    assert 0.0 in interval
    assert 2.0 not in interval


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30), st.data())
def test_a_weight_counts_as_that_many_draws(values: list[float], data: st.DataObject) -> None:
    weights = data.draw(st.lists(st.integers(1, 4), min_size=len(values), max_size=len(values)))
    repeated = quantiles(np.repeat(values, weights), [0.5])
    low, high = quantiles(values, [0.25, 0.75], weights)
    assert low <= repeated[0] <= high


def test_weightless_draws_do_not_matter() -> None:
    assert quantiles([1.0, 2.0, 99.0], [0.9], [1, 1, 0]) == pytest.approx(quantiles([1.0, 2.0], [0.9]))


def test_draws_that_are_not_finite_are_refused() -> None:
    with pytest.raises(BadInput, match="1 not finite"):
        Interval.of_draws([1.0, float("inf")])


def test_a_new_run_adds_its_noise_in_quadrature() -> None:
    laws = Ensemble(tuple(PowerLaw(A=float(np.exp(0.3 * z)), alpha=0.0) for z in NORMAL[:4000]))
    spread = laws.interval(lambda law: np.log(law.A), noise=0.4)
    assert spread.of == NEW_RUN
    assert spread.high - spread.low == pytest.approx(2 * 1.645 * 0.5, rel=0.03)
    assert spread.median == pytest.approx(laws.interval(lambda law: np.log(law.A)).median, abs=0.01)


def test_noise_alone_makes_an_interval_of_one_law() -> None:
    interval = Ensemble((PowerLaw(2.0, 0.0),)).interval(lambda law: law(1e10), noise=0.1)
    assert (interval.low, interval.high) == pytest.approx((2 - 0.1645, 2 + 0.1645), abs=0.004)


def test_a_mixture_gives_each_form_its_share() -> None:
    few, many = Ensemble((PowerLaw(1.0, 0.0),)), Ensemble((FlooredPowerLaw(1.0, 1.0, 0.0),) * 9)
    both = Ensemble.mixture([few, many], [0.25, 0.75])
    assert both.weights[0] == pytest.approx(0.25)
    assert both.values(lambda law: law(10.0)).tolist() == [1.0] + [2.0] * 9
    with pytest.raises(BadInput, match="FlooredPowerLaw, PowerLaw"):
        both.intervals()


def test_an_empty_bag_is_refused() -> None:
    with pytest.raises(BadInput, match="at least one law"):
        Ensemble(())


def test_fit_json_keeps_every_bit() -> None:
    fit = Fit(
        law=HOFFMANN_2022_TEX,
        approach="parametric",
        objective=0.1 + 0.2,
        status=FitStatus.CONVERGED,
        convention="all parameters; 6ND",
        minimised=HUBER,
        checks=(Check("influence", Verdict.WARN, "run 3 moves it", (3,)), Check("bound", Verdict.FAIL, "E")),
        excluded=((3, "diverged"),),
        intervals={"E": Interval(1.7, 1.6, 1.8)},
        seed=7,
        draws=200,
    )
    (again,), chosen = fits_from_json(fits_to_json([fit]))
    assert chosen == 0
    assert again == fit
    assert [check.name for check in again.doubts] == ["bound", "influence"]


def test_a_newer_schema_is_refused() -> None:
    with pytest.raises(BadInput, match="schema 99"):
        fits_from_json('{"schema": 99, "fits": [], "chosen": 0}')


def test_every_status_says_what_to_do() -> None:
    assert len({status.advice for status in FitStatus}) == len(FitStatus)
