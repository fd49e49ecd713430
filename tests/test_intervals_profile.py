"""Profiles: every published local minimum, flatness told, minima that are minima, likelihoods with their own scale."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import t as student

from isoflop.errors import BadInput, FitError
from isoflop.estimates.fit import Fit, FitStatus, Verdict
from isoflop.estimates.objective import HUBER, LEAST_ABSOLUTE, SQUARES, Objective
from isoflop.fits.likelihood import deviance, threshold
from isoflop.fits.objective import from_search
from isoflop.fits.parametric import fit
from isoflop.fits.problem import problem_of
from isoflop.fits.profile import LIKELIHOOD, SANDWICH, Profile, profile
from isoflop.fits.resample import bootstrap
from isoflop.fits.sandwich import sandwich
from isoflop.fits.solve import minimise
from isoflop.fits.tangent import search_point
from isoflop.laws.chinchilla import Chinchilla
from isoflop.laws.power import PowerLaw
from isoflop.runs.table import Table
from planted_ladders import BYTES, ladder
from published_runs import Repetition, besiroglu, gemstones, muennighoff

Reference = Callable[[str], Path]


@pytest.fixture(scope="module")
def huber(reference: Reference) -> Fit:
    return fit(Chinchilla, besiroglu(reference("besiroglu2024")), check=False)


@pytest.fixture(scope="module")
def alpha(huber: Fit) -> Profile:
    return profile(huber, "alpha")


@pytest.fixture(scope="module")
def repeated(reference: Reference) -> Fit:
    return fit(Repetition, muennighoff(reference("muennighoff2023")), check=False)


@pytest.fixture(scope="module")
def planted() -> Fit:
    return fit(Chinchilla, ladder(), objective=SQUARES, check=False)


def test_repetition_s_half_life_is_barely_identified(repeated: Fit) -> None:
    """Muennighoff et al. 2023 published R_D* = 15.39, a local minimum; the profile passes four within 0.14 %."""
    along = profile(repeated, "R_D", values=np.geomspace(3, 1000, 60))
    published = {15.37: 0.0158259321, 46.99: 0.0158074, 95.365: 0.0158047, 160.7: 0.0158113}
    for value, objective in published.items():
        near = [each for at, each in along.minima if at == pytest.approx(value, rel=1e-3)]
        assert near == [pytest.approx(objective, rel=3e-6)], value
    ((low, high),) = along.within()
    assert low < 15.4
    assert high == pytest.approx(1000)
    assert along.bounded() == (True, False)
    check = along.check()
    assert check.verdict is Verdict.WARN
    assert check.message.startswith("barely identified: R_D lies within ")
    assert "to 1000 (or more)" in check.message
    assert "local minima compete, at 95.37, 46.99" in check.message


def test_the_published_basin_is_found_from_a_start_in_it_alone(repeated: Fit) -> None:
    """Their optimiser began at R_D* up to 20 and ended at 15.37, 5.315."""
    along = profile(repeated, "R_D", values=np.linspace(10, 20, 11))
    at = int(np.argmin(np.abs(along.values - 15.3718)))
    law = along.laws[at]
    assert isinstance(law, Repetition)
    assert pytest.approx((15.3718, 5.3151), rel=1e-4) == (law.R_D, law.R_N)
    assert along.objective[at] == pytest.approx(0.0158259321, rel=1e-8)
    assert np.argmin(along.objective[along.values < 20]) == at


def test_each_point_is_the_lowest_with_that_constant(huber: Fit, alpha: Profile) -> None:
    """Nelder and Mead, begun beside it, get no lower with alpha held."""
    table = huber.table

    def value(z: Any, at: Chinchilla, unit: float = 1.0) -> float:
        e, a, b, beta = np.exp(np.asarray(z) * (0.01, 0.01, 0.1, 0.01))
        moved = Chinchilla(at.E * e, at.A * a, at.B * b, at.alpha, at.beta * beta)
        return float(HUBER.value(HUBER.residuals(moved(table.n_params, table.tokens), table.loss))) / unit

    for place in (3, 12, 30):
        law = alpha.laws[place]
        assert isinstance(law, Chinchilla)
        assert law.alpha == pytest.approx(alpha.values[place], rel=1e-12)
        here = value(np.zeros(4), law)
        assert here == pytest.approx(alpha.objective[place], rel=1e-9)
        options: Any = {"maxfev": 800}
        found: Any = minimize(value, np.full(4, 0.1), (law, here), method="Nelder-Mead", options=options)
        assert found.fun > 1 - 1e-8


def test_a_profile_agrees_with_the_bootstrap(huber: Fit, alpha: Profile) -> None:
    """alpha of Besiroglu et al. 2024, calibrated by the sandwich; the objective's own likelihood is too sure of it."""
    bag = bootstrap(huber, draws=300).interval(lambda law: law.alpha)
    ((low, high),) = alpha.within()
    assert (low, high) == pytest.approx((bag.low, bag.high), abs=0.006)
    assert huber.law.alpha in alpha.values  # type: ignore[attr-defined]
    assert alpha.check().verdict is Verdict.OK
    ((inner, outer),) = profile(huber, "alpha", scale=LIKELIHOOD).within()
    assert outer - inner < 0.8 * (high - low)


def test_its_laws_are_a_bag_with_the_profile_s_intervals(alpha: Profile) -> None:
    interval = alpha.ensemble.interval(lambda law: law.alpha)
    ((low, high),) = alpha.within()
    assert (interval.low, interval.high) == pytest.approx((low, high), abs=0.1 * (high - low))
    assert alpha.ensemble.how == f"profile of alpha: {SANDWICH}"


def test_the_output_at_a_place_has_a_profile_too(planted: Fit) -> None:
    """The loss far ahead: each law of the profile says its value there; the interval is the sandwich's, bent."""
    place = {"n_params": 2e5, "tokens": 5e7}
    along = profile(planted, place)
    said = [float(law(**place)) for law in along.laws]
    assert said == pytest.approx(along.values.tolist(), rel=1e-9)
    assert along.objective.min() == pytest.approx(planted.objective, rel=1e-9)
    assert along.name == "loss at n_params = 2e+05, tokens = 5e+07"
    ((low, high),) = along.within()
    normal = sandwich(planted, draws=4000).interval(lambda law: law(**place))
    assert high - low == pytest.approx(normal.high - normal.low, rel=0.2)
    assert low < float(planted.law(**place)) < high


def test_clusters_widen_it(reference: Reference) -> None:
    found = fit(Chinchilla, gemstones(reference("gemstones2025"), "cool_end"), check=False)
    values = np.linspace(0.15, 0.5, 29)
    runs, rows = (profile(found, "alpha", values=values, cluster=cluster) for cluster in ("run_id", None))
    assert runs.n == 20
    assert np.ptp(runs.within()[0]) > 1.5 * np.ptp(rows.within()[0])


def test_profiles_cover_planted_truths() -> None:
    """90 % of alpha, even normal noise, 25 runs: 16 of 20 worlds or more."""
    table = ladder(seeds=(1,) * 5)
    truth = np.asarray(BYTES(table.n_params, table.tokens))
    outputs = truth * np.exp(0.008 * np.random.default_rng(0).normal(size=(20, 25)))
    start = np.repeat(search_point(BYTES)[None], 20, axis=0)
    solution = minimise(problem_of(Chinchilla, table, SQUARES), start, measured=outputs)
    inside = 0
    for loss, theta, lowest in zip(outputs, solution.theta, solution.objective, strict=True):
        world = Table({"n_params": table.n_params, "tokens": table.tokens, "loss": loss})
        law = Chinchilla(**from_search(Chinchilla.params(), theta))
        found = Fit(law, "parametric", float(lowest), FitStatus.CONVERGED, minimised=SQUARES, table=world)
        along = profile(found, "alpha", world, scale=LIKELIHOOD, values=np.linspace(0.3, 0.5, 15))
        inside += any(low <= BYTES.alpha <= high for low, high in along.within())
    assert inside >= 16


def test_a_likelihood_of_unknown_scale_is_laplace_s_or_the_normal_s_at_its_ends() -> None:
    weights, values = np.ones(200), np.asarray([1.0, 1.01, 1.1])
    laplace, normal = 2 * 200 * np.log(values) * 195 / 200, 200 * np.log(values) * 195 / 200
    assert deviance(LEAST_ABSOLUTE, weights, values, 5) == pytest.approx(laplace, abs=1e-5)
    assert deviance(SQUARES, weights, values, 5) == pytest.approx(normal, abs=1e-5)
    assert deviance(Objective(delta=1e3), weights, values, 5) == pytest.approx(normal, abs=1e-4)
    assert deviance(Objective(delta=1e-8), weights, 1e-8 * values, 5) == pytest.approx(laplace, abs=1e-3)
    between = deviance(Objective(delta=0.1), weights, 0.1 * values, 5)
    assert (normal[1:] <= between[1:]).all()
    assert (between[1:] <= laplace[1:]).all()
    assert threshold(0.9, 25, 5) == pytest.approx(student.ppf(0.95, 20) ** 2)


def test_a_scale_that_weighs_runs_moves_no_deviance() -> None:
    values = np.asarray([1.0, 1.2])
    for objective in (SQUARES, Objective(delta=0.1, lean=0.5)):
        one, many = (deviance(objective, np.full(50, w), w * values, 3) for w in (1.0, 7.0))
        assert many == pytest.approx(one, rel=1e-5)


def test_what_has_no_profile_is_refused(planted: Fit) -> None:
    with pytest.raises(BadInput, match=r"no constant 'gamma'; it has E, A, B, alpha, beta"):
        profile(planted, "gamma")
    with pytest.raises(BadInput, match="output at n_params, tokens"):
        profile(planted, {"flops": 1e20})
    with pytest.raises(BadInput, match="two or more finite values of A above 0"):
        profile(planted, "A", values=[-1.0, 2.0])
    with pytest.raises(BadInput, match="scale is"):
        profile(planted, "A", scale="Bayes")
    with pytest.raises(BadInput, match="not of minima"):
        profile(Fit(PowerLaw(1.0, 0.1), "minima", 0.0, FitStatus.CONVERGED), "alpha")


def test_where_the_sandwich_has_none_the_likelihood_is_taken() -> None:
    d = np.geomspace(1e6, 1e9, 30)
    runs = Table({"n_params": np.full(30, 1e5), "tokens": d, "loss": BYTES(1e5, d) * np.exp(0.01 * np.cos(7 * d))})
    found = fit(Chinchilla, runs, objective=SQUARES, check=False)
    along = profile(found, "alpha", values=[0.1, 0.3, 0.5, 0.7])
    assert along.scale == LIKELIHOOD
    assert along.deviance.max() < 0.01
    assert along.check().verdict is Verdict.WARN
    assert "0.1 (or less) to 0.7 (or more)" in along.check().message
    with pytest.raises(FitError, match="calibrates nothing"):
        profile(found, "alpha", scale=SANDWICH)
