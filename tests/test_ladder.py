"""A ladder's forecast: hold-outs find the law that holds, and say how far to trust it when none does."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from isoflop.errors import FitError
from isoflop.estimates.fit import Verdict
from isoflop.fits.bend import bend
from isoflop.fits.holdout import HoldOut, fit_and_judge, one_ahead, shares
from isoflop.fits.ladder import LadderFit, fit_ladder
from isoflop.fits.minima import minima
from isoflop.laws.power import BendingPowerLaw
from isoflop.runs.table import Table
from planted_ladders import BUDGETS, BYTES, ladder

SIX_BUDGETS = tuple(np.geomspace(1e10, 5e11, 6))
SEEDS = (3, 3, 3, 2, 2, 1)
CURVATURE = 0.06  # relative, as measured on byte models
TENFOLD = 10 * SIX_BUDGETS[-1]

Loss = Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]]


def best_size(flops: Any) -> Any:
    """That of the ladders' own centres: G (C/6)^(beta/(alpha + beta)), Hoffmann et al. 2022, eq. 4."""
    G = (BYTES.alpha * BYTES.A / (BYTES.beta * BYTES.B)) ** (1 / (BYTES.alpha + BYTES.beta))
    return G * (flops / 6) ** (BYTES.beta / (BYTES.alpha + BYTES.beta))


def world(law: Callable[[Any], Any]) -> Loss:
    """L(N, D) with L(C) at the best size as given, and a parabola in ln N around it."""

    def loss(n: NDArray[np.float64], d: NDArray[np.float64]) -> NDArray[np.float64]:
        flops = 6 * n * d
        off = np.log(n / best_size(flops))
        return np.asarray(law(flops) * (1 + CURVATURE * off**2 / 2))

    return loss


def noise(flops: float) -> float:
    return 0.008 + 0 * flops


STRAIGHT = world(lambda C: 8.7 / C**0.0555)
BENT_LAW = BendingPowerLaw(A=1.166, alpha=-0.106, gamma=0.00323)
BENT = world(BENT_LAW)


def a_ladder(law: Loss, seed: int = 0) -> Table:
    return ladder(law, noise=noise, budgets=SIX_BUDGETS, seeds=SEEDS, seed=seed)


@pytest.fixture(scope="module")
def straight() -> tuple[LadderFit, tuple[HoldOut, ...]]:
    return fit_and_judge(a_ladder(STRAIGHT))


@pytest.fixture(scope="module")
def bent() -> tuple[LadderFit, tuple[HoldOut, ...]]:
    return fit_and_judge(a_ladder(BENT))


def at(fit: LadderFit, flops: float, *, new_run: bool = False) -> tuple[float, float, float]:
    n = best_size(flops)
    found = fit.loss(n, flops / (6 * n), flops, new_run=new_run)
    return found.low, found.median, found.high


def test_a_straight_ladder_is_forecast_tenfold_within_two_percent(straight: tuple[LadderFit, object]) -> None:
    low, median, high = at(straight[0], TENFOLD)
    truth = 8.7 / TENFOLD**0.0555
    assert median == pytest.approx(truth, rel=0.02)
    assert low < truth < high


def test_a_bent_ladder_is_forecast_tenfold_within_two_percent(bent: tuple[LadderFit, object]) -> None:
    low, median, high = at(bent[0], TENFOLD)
    truth = float(BENT_LAW(TENFOLD))
    assert median == pytest.approx(truth, rel=0.02)
    assert low < truth < high


def test_hold_outs_prefer_the_law_that_bends_where_the_ladder_does(bent: tuple[LadderFit, object]) -> None:
    weights = bent[0].weights
    assert max(weights, key=lambda name: weights[name]) == "bending power law"
    assert sum(weights.values()) == pytest.approx(1)


def test_each_shorter_ladder_is_judged_at_every_distance(straight: tuple[LadderFit, tuple[HoldOut, ...]]) -> None:
    fit, judged = straight
    assert [(len(np.unique(each.below.table["budget"])), each.budget) for each in judged] == [
        (seen, budget) for seen in (3, 4, 5) for budget in SIX_BUDGETS[seen:]
    ]
    assert [each.budget for each in one_ahead(judged)] == list(SIX_BUDGETS[3:])
    assert fit.judges == 3


def test_a_shorter_ladder_never_sees_the_rung_it_foretells(bent: tuple[LadderFit, tuple[HoldOut, ...]]) -> None:
    for each in bent[1]:
        assert max(each.below.table["budget"]) < each.budget
        alone = fit_ladder(each.below.table, seed=0, draws=50, check=False)
        assert {m.loss for m in alone.minima} == {m.loss for m in each.below.minima}


def test_the_interval_grows_with_distance_and_with_noise(bent: tuple[LadderFit, object]) -> None:
    fit = bent[0]
    widths = [at(fit, factor * SIX_BUDGETS[-1])[2] - at(fit, factor * SIX_BUDGETS[-1])[0] for factor in (1.5, 4, 10)]
    assert widths[0] < widths[1] < widths[2]
    low, _, high = at(fit, TENFOLD, new_run=True)
    assert high - low > widths[2]


def test_a_drift_makes_the_interval_as_wide_as_it_asks(straight: tuple[LadderFit, object]) -> None:
    """Student's t for 3 degrees of freedom: 2.353 at 90 %."""
    _, median, high = at(replace(straight[0], drift=0.02, judges=3), TENFOLD)
    distance = np.log(TENFOLD / straight[0].table.flops.max())
    assert high / median - 1 == pytest.approx(2.353 * 0.02 * distance, rel=1e-3)


def test_a_forecast_off_the_best_size_is_raised(straight: tuple[LadderFit, object]) -> None:
    fit = straight[0]
    best = fit.ensembles["n_params"].interval(lambda law: law(TENFOLD)).median
    assert fit.off_best(best, TENFOLD) == pytest.approx(1)
    assert fit.off_best(2 * best, TENFOLD) == pytest.approx(1 + CURVATURE * np.log(2) ** 2 / 2, abs=0.005)


def test_a_ladder_too_short_to_judge_says_so() -> None:
    fit, judged = fit_and_judge(ladder(STRAIGHT, noise=noise, budgets=BUDGETS[:3], seeds=(3, 3, 3)))
    assert judged == ()
    (check,) = [check for check in fit.checks if check.name == "hold-out"]
    assert check.verdict is Verdict.WARN
    assert "No rung has 3 rungs below it" in check.message


def test_a_bend_is_found_again_where_there_is_hardly_any_noise() -> None:
    table = ladder(BENT, noise=lambda flops: 1e-5 + 0 * flops, budgets=SIX_BUDGETS, seeds=SEEDS)
    law = bend(minima(table, draws=50))[0].law
    for flops in (1e10, 1e11, 1e12, TENFOLD):
        assert float(law(flops)) == pytest.approx(float(BENT_LAW(flops)), rel=2e-3)


def test_three_minima_are_too_few_for_a_bend() -> None:
    table = ladder(STRAIGHT, noise=noise, budgets=BUDGETS[:3], seeds=(3, 3, 3))
    with pytest.raises(FitError, match="needs 4 minima or more"):
        bend(minima(table, draws=50))


def test_a_law_that_nobody_judged_gets_the_mean_weight(bent: tuple[LadderFit, tuple[HoldOut, ...]]) -> None:
    weights = shares(["power law", "L(N, D)", "unheard of"], bent[1])
    assert weights["unheard of"] == pytest.approx((weights["power law"] + weights["L(N, D)"]) / 2)
