"""Many answers to one problem: pass@k without bias, coverage as a power law and as a mixture, compute at test time."""

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isoflop.errors import BadInput
from isoflop.estimates.fit import FitStatus
from isoflop.estimates.objective import RAW, Objective
from isoflop.fits.parametric import fit
from isoflop.laws.test_time import BROWN_2024_SWE_BENCH, BetaCoverage, Coverage, LogLinearAccuracy, pass_at_k
from isoflop.runs.table import Table


def by_counting(n: int, c: int, k: int) -> float:
    """1 - C(n - c, k) / C(n, k) in whole numbers."""
    return float(1 - Fraction(math.comb(n - c, k), math.comb(n, k)))


@given(st.data())
def test_pass_at_k_is_the_share_of_draws_with_a_right_answer(data: st.DataObject) -> None:
    """arXiv:2107.03374, counted in whole numbers."""
    n = data.draw(st.integers(1, 400))
    c, k = data.draw(st.integers(0, n)), data.draw(st.integers(1, n))
    assert float(pass_at_k(n, c, k)) == pytest.approx(by_counting(n, c, k), abs=1e-12)


def test_pass_at_k_keeps_its_digits_where_binomials_overflow() -> None:
    """C(1e6, 1e5) has 141,000 digits."""
    assert float(pass_at_k(10**6, 3 * 10**5, 1)) == pytest.approx(0.3, abs=1e-13)
    assert float(pass_at_k(10**6, 7, 10**5)) == pytest.approx(by_counting(10**6, 7, 10**5), abs=1e-12)
    assert float(pass_at_k(10**6, 10**5, 7)) == float(pass_at_k(10**6, 7, 10**5))
    assert float(pass_at_k(10**9, 1, 1)) == pytest.approx(1e-9, rel=1e-6)


def test_pass_at_k_takes_arrays_and_at_k_of_one_is_the_share_of_right_answers() -> None:
    correct, k = np.asarray([0, 3, 10]), np.asarray([1, 5, 10])
    found = pass_at_k(10, correct[:, None], k)
    assert found == pytest.approx(np.asarray([[by_counting(10, int(c), int(each)) for each in k] for c in correct]))
    assert found[:, 0] == pytest.approx(correct / 10)
    assert found.mean(axis=0) == pytest.approx([0.4333, 0.6389, 0.6667], abs=5e-5)
    assert not np.signbit(found).any()


def test_pass_at_k_has_no_bias_where_the_plain_estimate_has() -> None:
    """Over all c of 6 answers with p = 0.3, the mean is 1 - 0.7^k; that of 1 - (1 - c/n)^k is below it."""
    n, p, k = 6, 0.3, 3
    c = np.arange(n + 1)
    chance = np.asarray([math.comb(n, int(each)) * p**each * (1 - p) ** (n - each) for each in c])
    assert chance @ pass_at_k(n, c, k) == pytest.approx(1 - 0.7**k)
    assert chance @ (1 - (1 - c / n) ** k) < 1 - 0.7**k - 0.01


def test_what_cannot_be_counted_is_told_at_once() -> None:
    with pytest.raises(BadInput) as caught:
        pass_at_k(10, [3, 11], 12)
    assert len(caught.value.problems) == 2
    assert "11 right answers of 10" in str(caught.value)
    assert "k = 12 of 10 answers" in str(caught.value)
    with pytest.raises(BadInput, match="whole numbers"):
        pass_at_k(10, 2.5, 1)


def test_coverage_is_a_power_law_of_its_logarithm() -> None:
    """arXiv:2407.21787: -ln c falls by the same factor each decade; in the end all is solved."""
    law = Coverage(a=-1.8, b=-0.3)
    minus_log = -np.log(law(np.asarray([1.0, 10.0, 100.0])))
    assert minus_log[0] == pytest.approx(1.8)
    assert minus_log[1:] / minus_log[:-1] == pytest.approx(10**-0.3)
    assert law(1e300) == pytest.approx(1.0)
    assert (np.diff(law(np.arange(1.0, 50.0))) > 0).all()


def test_the_derived_curve_goes_through_both_points_it_is_derived_from() -> None:
    assert BROWN_2024_SWE_BENCH(np.asarray([1, 250])) == pytest.approx([0.159, 0.56])
    assert BROWN_2024_SWE_BENCH.about.tag == "D"


@given(st.floats(0.05, 20), st.floats(0.05, 50))
def test_a_beta_mixture_is_its_mean_at_one_answer_and_its_moments_at_two(a: float, b: float) -> None:
    law = BetaCoverage(a, b)
    mean = a / (a + b)
    assert law(1) == pytest.approx(mean, rel=1e-9)
    assert law(2) == pytest.approx(1 - (b / (a + b)) * ((b + 1) / (a + b + 1)), rel=1e-9)
    assert law(1e-9) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(("a", "b"), [(0.2, 0.5), (0.7, 3.0), (2.0, 40.0)])
def test_a_beta_mixture_is_the_integral_it_stands_for(a: float, b: float) -> None:
    """E[(1 - p)^k] over p ~ Beta(a, b), by a sum over p = u^m, whose density has no pole."""
    m = 2 / a
    u = (np.arange(400_000) + 0.5) / 400_000
    p = u**m
    log_density = (a - 1) * np.log(p) + (b - 1) * np.log1p(-p) + np.log(m) + (m - 1) * np.log(u)
    weight = np.exp(log_density - math.lgamma(a) - math.lgamma(b) + math.lgamma(a + b)) / len(u)
    for k in (1, 10, 300):
        missed = float(weight @ (1 - p) ** k)
        assert BetaCoverage(a, b).missed(k) == pytest.approx(missed, rel=2e-3)
        assert BetaCoverage(a, b)(k) == pytest.approx(1 - missed, abs=2e-3)


def test_what_a_mixture_misses_ends_as_a_power_law() -> None:
    """arXiv:2502.17578: the exponent is that of the density of p near 0; no digits are lost far out."""
    law = BetaCoverage(a=0.35, b=1.7)
    k = np.asarray([1e6, 1e9, 1e13])
    assert law.missed(k) == pytest.approx(law.tail_scale * k**-law.tail_exponent, rel=1e-5)
    assert law.tail_scale == pytest.approx(math.gamma(2.05) / math.gamma(1.7))
    slope = np.log(law.missed(1e7) / law.missed(1e6)) / np.log(10)
    assert slope == pytest.approx(-0.35, rel=1e-5)
    assert law(k) == pytest.approx(1 - law.missed(k), abs=1e-12)


def test_an_exponential_is_a_mixture_of_one_chance() -> None:
    """A Beta of no width: 1 - (1 - p)^k."""
    narrow = BetaCoverage(a=0.2e9, b=0.8e9)
    assert narrow(np.asarray([1, 5, 20])) == pytest.approx(1 - 0.8 ** np.asarray([1, 5, 20]), abs=1e-6)


def test_moments_of_counts_find_the_mixture_again() -> None:
    rng = np.random.default_rng(0)
    p = rng.beta(0.6, 2.4, 20_000)
    law = BetaCoverage.from_counts(40, rng.binomial(40, p))
    assert (law.a, law.b) == pytest.approx((0.6, 2.4), rel=0.04)
    assert law(400) == pytest.approx(float(np.mean(1 - (1 - p) ** 400)), abs=0.01)
    assert law.about.fitted == {"attempts": (1.0, 40.0)}


def test_moments_meet_pass_at_one_and_at_two() -> None:
    """The two moments are pass@1 and pass@2 in other words: the law repeats their means."""
    samples = np.asarray([8, 10, 12, 20, 9, 10])
    correct = np.asarray([0, 1, 7, 20, 3, 0])
    law = BetaCoverage.from_counts(samples, correct)
    assert law(1) == pytest.approx(pass_at_k(samples, correct, 1).mean())
    assert law(2) == pytest.approx(pass_at_k(samples, correct, 2).mean())


def test_counts_of_no_mixture_are_refused() -> None:
    with pytest.raises(BadInput, match="of no Beta distribution"):
        BetaCoverage.from_counts(10, [5, 5, 5, 5])
    with pytest.raises(BadInput, match="of no Beta distribution"):
        BetaCoverage.from_counts(10, [0, 0, 0])
    with pytest.raises(BadInput, match="two answers or more"):
        BetaCoverage.from_counts(1, [0, 1, 1])
    with pytest.raises(BadInput, match="no problems"):
        BetaCoverage.from_counts([], [])


def test_accuracy_at_test_time_is_its_base_at_once_the_compute_and_never_above_one() -> None:
    law = LogLinearAccuracy(base=0.8, gain=0.08)
    assert law(1) == 0.8
    assert law(10) == pytest.approx(0.88)
    assert law(np.geomspace(1, 1e9, 40)).max() == 1.0
    assert LogLinearAccuracy(base=0.3, gain=-0.2)(1e9) == 0.0


PLANTED: dict[str, Any] = {
    "coverage": Coverage(a=-2.2, b=-0.25),
    "a mixture": BetaCoverage(a=0.4, b=3.0),
    "a line": LogLinearAccuracy(base=0.35, gain=0.12),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_law_is_found_again(name: str) -> None:
    law, rng = PLANTED[name], np.random.default_rng(0)
    x = np.geomspace(1, 1000, 30)
    measured = law(x) + 0.001 * rng.normal(size=30)
    table = Table({law.inputs[0]: x, law.output: measured}, needed=(law.inputs[0], law.output))
    found = fit(type(law), table, objective=Objective(delta=float("inf"), scale=RAW), check=False)
    assert found.status is FitStatus.CONVERGED, found.checks
    for constant, value in law.constants.items():
        assert found.law.constants[constant] == pytest.approx(value, rel=0.02), constant


@pytest.mark.parametrize("law", PLANTED.values(), ids=PLANTED)
def test_the_slope_by_jax_is_that_of_differences(law: Any) -> None:
    import jax

    with jax.enable_x64(True):
        slope = float(jax.grad(law)(50.0))
    assert slope == pytest.approx((law(50.001) - law(49.999)) / 0.002, rel=1e-5)
