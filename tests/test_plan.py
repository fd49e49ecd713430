"""A plan maps over a bag of laws: planted laws give their own optimum back, one law alone has no interval."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from isoflop.allocations.allocate import allocate
from isoflop.errors import BadInput
from isoflop.estimates.ensemble import Ensemble
from isoflop.estimates.fit import Fit, FitStatus, fits_from_json, fits_to_json
from isoflop.laws.chinchilla import Chinchilla
from isoflop.laws.law import About
from isoflop.laws.power import OptimalSize, OptimalTokens, PowerLaw
from isoflop.plans.answer import answer
from isoflop.plans.plan import plan
from isoflop.plans.question import Question
from isoflop.plans.source import fitted_source
from isoflop.reports.plan_text import plan_text

LAW = Chinchilla(
    E=1.8,
    A=480.0,
    B=2100.0,
    alpha=0.348,
    beta=0.366,
    about=About(fitted={"n_params": (1e7, 1e9), "tokens": (1e9, 1e11)}),
)


def laws_around(law: Chinchilla, count: int = 300) -> Ensemble:
    random = np.random.default_rng(0)
    return Ensemble(
        tuple(replace(law, alpha=law.alpha * np.exp(0.02 * random.standard_normal())) for _ in range(count))
    )


def a_fit(law: Chinchilla | PowerLaw | OptimalSize | OptimalTokens, **changes: object) -> Fit:
    return replace(Fit(law, "parametric", 1e-3, FitStatus.CONVERGED), **changes)  # type: ignore[arg-type]


def test_one_law_plans_its_own_optimum_and_claims_no_interval() -> None:
    best = allocate(LAW, 1e21)
    made = plan(LAW, 1e21)
    assert made.n_params is not None
    assert made.tokens is not None
    assert (made.n_params.median, made.tokens.median) == (best.n_params, best.tokens)
    assert made.n_params.low is made.n_params.high is made.n_params.level is None
    assert 6 * made.n_params.median * made.tokens.median == pytest.approx(1e21)


def test_a_bag_of_laws_plans_with_intervals_that_hold_each_law_s_optimum_as_often_as_they_say() -> None:
    bag = laws_around(LAW)
    made = plan(bag, 1e21)
    assert made.n_params is not None
    assert made.n_params.low is not None
    assert made.n_params.high is not None
    inside = [made.n_params.low <= allocate(law, 1e21).n_params <= made.n_params.high for law in bag.laws]
    assert np.mean(inside) == pytest.approx(0.9, abs=0.02)


def test_a_plan_says_how_far_it_reaches_beyond_its_runs() -> None:
    assert plan(LAW, 1e19).notes == ()
    assert any("times the most that the law was fitted to" in note for note in plan(LAW, 1e24).notes)


def test_a_fit_survives_its_json_with_the_laws_it_plans_by(tmp_path: Path) -> None:
    fit = a_fit(LAW).with_intervals(laws_around(LAW))
    (back,), chosen = fits_from_json(fits_to_json([fit]))
    assert chosen == 0
    assert back == fit
    assert back.sample is not None
    assert len(back.sample) == 200
    source = fitted_source(kept(tmp_path, fit), repeats=False)
    assert source.own
    found = answer(Question(flops=1e21), source).quantity("n_params")
    assert fit.sample is not None
    best = fit.sample.interval(lambda law: allocate(law, 1e21).n_params)
    assert (found.low, found.high) == pytest.approx((best.low, best.high), rel=1e-6)


def test_a_doubtful_fit_is_planned_by_with_its_doubt_first(tmp_path: Path) -> None:
    source = fitted_source(kept(tmp_path, a_fit(LAW, status=FitStatus.UNIDENTIFIED)), repeats=False)
    made = answer(Question(flops=1e20), source)
    assert made.doubts[0].startswith("The fit is unidentified.")
    assert plan_text(made).startswith("Doubt: The fit is unidentified.")


def test_fits_that_do_not_split_a_budget_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"its fits: PowerLaw"):
        fitted_source(kept(tmp_path, a_fit(PowerLaw(A=20.0, alpha=0.05))), repeats=False)


def kept(folder: Path, fit: Fit) -> Path:
    path = folder / "fit.json"
    path.write_text(fits_to_json([fit]))
    return path


def test_a_thinned_bag_keeps_the_weights_of_the_whole() -> None:
    laws = tuple(PowerLaw(A=float(i + 1), alpha=0.1) for i in range(1000))
    weights = np.linspace(0, 1, 1000)
    bag = Ensemble(laws, weights)
    few = bag.thinned(200)
    assert len(few) == 200
    assert np.ptp(few.weights) == 0
    assert few.interval(lambda law: law.A).median == pytest.approx(bag.interval(lambda law: law.A).median, rel=0.01)
    assert few.thinned(200) is few
