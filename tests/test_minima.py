"""Approach 2: minima found, refused and believed as much as they deserve, and power laws through them."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from isoflop.allocations.allocate import allocate
from isoflop.errors import BadInput, FitError
from isoflop.estimates.fit import FitStatus
from isoflop.fits.frontier import excess, frontier, weighted_line
from isoflop.fits.minima import minima
from isoflop.fits.minimum import Minimum, MinimumStatus
from isoflop.fits.noise import seed_noise
from isoflop.laws.power import FlooredPowerLaw, OptimalSize
from isoflop.runs.table import Table
from planted_ladders import BUDGETS, BYTES, ladder, quiet, seed_noise_at
from published import TUNED, porian_runs, rows

NARROW = (0.8, 0.9, 1.0, 1.1, 1.2)


def test_a_parabola_is_found_exactly() -> None:
    """L = 2 + 0.1 (ln N - ln 5000)^2."""
    n = np.array([1e3, 2e3, 4e3, 8e3, 1.6e4])
    loss = 2 + 0.1 * np.log(n / 5e3) ** 2
    budget = np.full(5, 1e10)
    (found,) = minima(Table({"n_params": n, "tokens": 1e10 / 6 / n, "flops": budget, "budget": budget, "loss": loss}))
    assert found.status is MinimumStatus.FOUND
    assert found.n_params == pytest.approx(5e3)
    assert found.loss == pytest.approx(2)
    assert found.curvature == pytest.approx(0.2)
    assert 6 * found.n_params * found.tokens == pytest.approx(1e10)


def test_minima_of_a_known_law_are_its_optima() -> None:
    """Narrow sizes, no noise: the parabola's bias vanishes with the square of the span."""
    for each in minima(ladder(noise=quiet, spread=NARROW)):
        best = allocate(BYTES, each.flops)
        assert each.n_params == pytest.approx(best.n_params, rel=0.01)
        assert each.tokens == pytest.approx(best.tokens, rel=0.01)
        assert each.loss == pytest.approx(best.loss, rel=1e-4)


@pytest.mark.parametrize(("off_centre", "word"), [(20.0, "smaller"), (0.05, "larger")])
def test_a_minimum_outside_the_sizes_is_refused_and_says_which_to_train(off_centre: float, word: str) -> None:
    for each in minima(ladder(noise=quiet, off_centre=off_centre, spread=NARROW)):
        assert each.status is MinimumStatus.NOT_BRACKETED
        assert f"train {word} ones" in each.reason
        assert np.isnan(each.n_params)
        assert not each.usable


def test_a_curve_that_opens_downward_is_refused() -> None:
    for each in minima(ladder(lambda n, d: 5 - 0.05 * np.log(n / d) ** 2, noise=quiet)):
        assert each.status is MinimumStatus.OPENS_DOWNWARD


def test_two_sizes_are_too_few() -> None:
    table = ladder()
    two = table.where((table["budget"] != BUDGETS[0]) | (table.n_params < np.quantile(table.n_params[:15], 0.4)))
    assert [each.status for each in minima(two)][:2] == [MinimumStatus.TOO_FEW_SIZES, MinimumStatus.FOUND]


def test_runs_of_another_budget_are_not_mixed_in() -> None:
    table = ladder()
    flops = np.array(table.flops)
    flops[0] *= 1.5
    with pytest.raises(BadInput, match="not one budget"):
        minima(Table({**table.columns, "flops": flops}))


def test_seeds_and_repeats_only_narrow_the_interval() -> None:
    few, many = (minima(ladder(seeds=(k,) * 5, noise=lambda _: 0.02), draws=400)[0].intervals["loss"] for k in (2, 8))
    assert many.high - many.low < 0.75 * (few.high - few.low)


def test_seed_noise_is_found_again_with_its_trend() -> None:
    noise = seed_noise(ladder(seeds=(40, 40, 40, 40, 1)))
    for flops in (1e10, 1e11):
        assert noise.at(flops) == pytest.approx(seed_noise_at(flops), rel=0.1)
    assert noise.df == 4 * 5 * 39
    assert noise.slope == pytest.approx(-0.15, abs=0.05)


def test_seed_noise_from_few_runs_does_not_run_away() -> None:
    """Two budgets with one repeat each: whatever the seeds say, the trend stays weak."""
    slopes = [seed_noise(ladder(seeds=(2, 2, 1, 1, 1), seed=s)).slope for s in range(20)]
    assert np.abs(slopes).max() < 0.5
    assert seed_noise(ladder(seeds=(2, 2, 1, 1, 1))).at(1e20) >= seed_noise(ladder(seeds=(2, 2, 1, 1, 1))).sd / 3


def test_no_repeats_means_no_seed_noise_but_misfit_still_gives_intervals() -> None:
    single = ladder(seeds=(1,) * 5)
    with pytest.raises(FitError, match="seeds a size"):
        seed_noise(single)
    assert all(each.intervals for each in minima(single) if each.usable)


def test_intervals_of_the_minima_cover_the_truth() -> None:
    """90 % intervals of the lowest loss in 60 worlds of narrow sizes; binomial noise allows 80 %."""
    inside, seen = 0, 0
    for seed in range(60):
        for each in minima(ladder(seed=seed, spread=(0.4, 0.65, 1.0, 1.6, 2.5)), draws=200, seed=seed):
            if each.usable:
                seen += 1
                inside += allocate(BYTES, each.flops).loss in each.intervals["loss"]
    assert seen > 250
    assert 0.8 <= inside / seen <= 0.99


def test_the_same_seed_gives_the_same_minima() -> None:
    assert minima(ladder(), seed=5) == minima(ladder(), seed=5)
    assert minima(ladder(), seed=5)[0].intervals != minima(ladder(), seed=6)[0].intervals


def test_power_laws_through_exact_minima_are_the_planted_ones() -> None:
    """a = beta / (alpha + beta); the loss over its floor falls as C^-(alpha beta / (alpha + beta))."""
    found = frontier(minima(ladder(noise=quiet, spread=NARROW, seeds=(1,) * 5)))
    a = BYTES.beta / (BYTES.alpha + BYTES.beta)
    assert isinstance(found.n_params.law, OptimalSize)
    assert found.n_params.law.a == pytest.approx(a, abs=0.003)
    assert found.floored is not None
    law = found.floored.law
    assert isinstance(law, FlooredPowerLaw)
    assert law.alpha == pytest.approx(BYTES.alpha * a, abs=0.005)
    assert pytest.approx(BYTES.E, abs=0.05) == law.E
    assert law(5e12) == pytest.approx(allocate(BYTES, 5e12).loss, rel=2e-3)


def test_n_and_d_of_the_frontier_spend_the_budget() -> None:
    found = frontier(minima(ladder()))
    for flops in (1e10, 5e12):
        assert 6 * found.n_params.law(flops) * found.tokens.law(flops) == pytest.approx(flops, rel=1e-6)


def test_a_refused_minimum_is_left_out_and_named() -> None:
    found = minima(ladder())
    refused = replace(found[1], status=MinimumStatus.NOT_BRACKETED, reason="outside", n_params=np.nan)
    fits = frontier([found[0], refused, *found[2:]])
    assert fits.loss.excluded == ((1, f"{found[1].budget:.3g} FLOPs: outside"),)
    assert fits.floored is not None


def test_one_minimum_makes_no_power_law() -> None:
    with pytest.raises(FitError, match="there are 1"):
        frontier(minima(ladder())[:1])


def test_two_minima_make_a_line_that_nothing_tests() -> None:
    found = frontier(minima(ladder())[:2])
    assert found.loss.status is FitStatus.UNIDENTIFIED
    assert found.floored is None


def test_scatter_beyond_the_minima_s_own_widens_the_forecast() -> None:
    """The same minima with their losses shaken by 3 %."""

    def width(found: tuple[Minimum, ...]) -> float:
        interval = frontier(found).ensembles["loss"].interval(lambda law: law(5e12))
        return interval.high - interval.low

    calm = minima(ladder())
    shaken = tuple(
        replace(each, loss=each.loss * factor, draws=each.draws * [1, 1, factor])
        for each, factor in zip(calm, (1.03, 0.97, 1.03, 0.97, 1.03), strict=True)
    )
    assert width(shaken) > 2 * width(calm)


def test_excess_is_the_variance_that_was_put_in() -> None:
    rng = np.random.default_rng(0)
    x = np.linspace(0, 1, 400)
    variance = rng.uniform(0.01, 0.05, 400)
    y = 3 + 2 * x + rng.normal(size=400) * np.sqrt(variance + 0.04)
    assert excess(x, y, variance) == pytest.approx(0.04, rel=0.2)
    assert excess(x, 3 + 2 * x, variance) == 0


def test_porian_s_exponents_from_their_stored_optima(reference: Callable[[str], Path]) -> None:
    """arXiv:2406.19146: ln N* on ln C, weighted by 1 / sd^2, in all 15 configurations to 3 decimals."""
    optima, published = rows(reference, "isoflop_optima.csv"), rows(reference, "published_fits.csv")
    assert len(published) == 15
    for configuration, (fit,) in published.items():
        mine = [row for row in optima[configuration] if row["n_star"]]
        ln_c, ln_n = (np.log([float(row[name]) for row in mine]) for name in ("flops", "n_star"))
        variance = np.square([float(row["log_n_star_std"]) for row in mine])
        assert weighted_line(ln_c, ln_n, variance)[1] == pytest.approx(float(fit["weighted_n_exponent"]), abs=5e-4)


def test_porian_s_points_give_minima_near_their_optima(reference: Callable[[str], Path]) -> None:
    """Their tuned RefinedWeb runs, sizes within 4x: N* within a quarter, as far as parabola and Akima differ."""
    stars = {float(row["flops"]): float(row["n_star"]) for row in rows(reference, "isoflop_optima.csv")[TUNED]}
    runs = porian_runs(reference)[TUNED]
    ratio = runs.n_params / np.asarray([stars.get(c, np.inf) for c in runs.flops])
    found = [m for m in minima(runs.where((ratio > 0.25) & (ratio < 4))) if m.usable]
    assert len(found) >= 8
    ratios = [m.n_params / stars[m.budget] for m in found]
    assert np.abs(np.log(ratios)).max() < 0.25
