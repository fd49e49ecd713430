"""Minima by Akima's interpolation and by cubics: the published exponents, planted truths and refusals."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.interpolate import Akima1DInterpolator

from isoflop.allocations.allocate import allocate
from isoflop.errors import BadInput, FitError
from isoflop.fits.akima import FINE, lowest, roughness
from isoflop.fits.frontier import frontier
from isoflop.fits.minima import Curve, cells_of, minima
from isoflop.fits.minimum import MinimumStatus
from isoflop.fits.noise import Noise
from isoflop.laws.power import OptimalSize
from isoflop.runs.table import Table
from planted_ladders import BYTES, ladder, quiet
from published import TUNED, porian_runs, rows

SINGLE = (1,) * 5
FINELY = tuple(np.geomspace(0.25, 4, 9))


def exponent(table: Table, noise: Noise | None = None, draws: int = 300) -> float:
    law = frontier(minima(table, curve="akima", noise=noise, draws=draws)).n_params.law
    assert isinstance(law, OptimalSize)
    return law.a


def test_porians_exponents_from_their_points(reference: Callable[[str], Path]) -> None:
    """arXiv:2406.19146, all 15 configurations within 0.01, the noise being what the points themselves show."""
    published = rows(reference, "published_fits.csv")
    assert len(published) == 15
    for configuration, table in porian_runs(reference).items():
        (fit,) = published[configuration]
        assert exponent(table) == pytest.approx(float(fit["weighted_n_exponent"]), abs=0.01), configuration


def test_porians_exponents_with_their_own_noise(reference: Callable[[str], Path]) -> None:
    """Seeds differed by 0.002 nats on RefinedWeb and 0.01 on OpenWebText2: the stored exponents within 0.003."""
    published = rows(reference, "published_fits.csv")
    for configuration, table in porian_runs(reference).items():
        noise = Noise(sd=0.002 if configuration[0] == "rw" else 0.01, flops=1e18, slope=0.0, df=1000, highest=np.inf)
        (fit,) = published[configuration]
        assert exponent(table, noise) == pytest.approx(float(fit["weighted_n_exponent"]), abs=0.003), configuration


def test_porians_optima_and_their_uncertainty_are_found_again(reference: Callable[[str], Path]) -> None:
    """The tuned runs: N* within a step of the grid, its standard deviation within 10 %, at each of twelve budgets."""
    noise = Noise(sd=0.002, flops=1e18, slope=0.0, df=1000, highest=np.inf)
    stored = {float(row["flops"]): row for row in rows(reference, "isoflop_optima.csv")[TUNED]}
    found = minima(porian_runs(reference)[TUNED], curve="akima", noise=noise)
    assert len(found) == 12
    for each in found:
        row = stored[each.budget]
        assert each.n_params == pytest.approx(float(row["n_star"]), rel=0.015)
        assert np.nanstd(each.draws[:, 0]) == pytest.approx(float(row["log_n_star_std"]), rel=0.1)


def test_many_curves_at_once_are_scipys_one_by_one() -> None:
    (cells, *_), _ = cells_of(ladder(spread=FINELY), "akima")
    losses = cells.loss + np.random.default_rng(0).normal(0, 0.01, (50, len(cells.x)))
    found = lowest(cells, losses)
    grid = np.linspace(cells.x[0], cells.x[-1], FINE * (len(cells.x) - 1))
    for each, loss, x in zip(losses, found.loss, found.x, strict=True):
        curve = np.exp(Akima1DInterpolator(cells.x, np.log(each))(grid))
        assert loss == pytest.approx(curve.min(), rel=1e-12)
        assert x == grid[np.argmin(curve)] or not np.isfinite(x)


@pytest.mark.parametrize("curve", ["cubic", "akima"])
def test_wide_minima_of_a_known_law_are_nearer_than_the_parabolas(curve: Curve) -> None:
    """No noise, sizes 256x apart: the parabola misses the best size by its bend, the others by a third of that."""
    table = ladder(noise=quiet, spread=tuple(np.geomspace(1 / 16, 16, 17)), seeds=SINGLE)

    def worst(by: Curve) -> float:
        return max(abs(float(np.log(m.n_params / allocate(BYTES, m.flops).n_params))) for m in minima(table, curve=by))

    assert worst(curve) < worst("parabola") / 3


def test_a_cubic_is_found_exactly() -> None:
    """L = 2 + 0.1 x^2 - 0.01 x^3 about ln 5000: a valley at 5000, a hill far beyond the sizes."""
    n = np.array([1e3, 2e3, 4e3, 8e3, 1.6e4, 3.2e4])
    x = np.log(n / 5e3)
    budget = np.full(6, 1e10)
    table = Table({"n_params": n, "flops": budget, "budget": budget, "loss": 2 + 0.1 * x**2 - 0.01 * x**3})
    (found,) = minima(table, curve="cubic")
    assert found.n_params == pytest.approx(5e3)
    assert found.loss == pytest.approx(2)
    assert found.curvature == pytest.approx(0.2)


@pytest.mark.parametrize("curve", ["cubic", "akima"])
@pytest.mark.parametrize(("off_centre", "word"), [(20.0, "smaller"), (0.05, "larger")])
def test_a_minimum_outside_the_sizes_is_refused(curve: Curve, off_centre: float, word: str) -> None:
    table = ladder(noise=quiet, off_centre=off_centre, seeds=SINGLE, spread=(0.6, 0.8, 1.0, 1.2, 1.4))
    for each in minima(table, curve=curve):
        assert each.status is MinimumStatus.NOT_BRACKETED
        assert f"train {word} ones" in each.reason
        assert np.isnan(each.n_params)


def test_a_cubic_that_opens_downward_is_refused() -> None:
    table = ladder(lambda n, d: 5 - 0.05 * np.log(n / d) ** 2, noise=quiet, seeds=SINGLE)
    assert {each.status for each in minima(table, curve="cubic")} == {MinimumStatus.OPENS_DOWNWARD}


def test_a_cubic_valley_that_an_end_undercuts_is_refused() -> None:
    """L = 2 + 0.1 x^2 - 0.03 x^3 opens upward on average, yet falls below its valley at x = 3.33."""
    x = np.linspace(-1.4, 3.5, 9)
    budget = np.full(9, 1e10)
    loss = 2 + 0.1 * x**2 - 0.03 * x**3
    (found,) = minima(Table({"n_params": 5e3 * np.exp(x), "flops": budget, "loss": loss}), curve="cubic")
    assert found.status is MinimumStatus.NOT_BRACKETED
    assert "train larger ones" in found.reason


def test_a_curve_below_zero_is_no_loss() -> None:
    x = np.linspace(-2, 2, 5)
    budget = np.full(5, 1e10)
    losses = [9.0, 1.5, 0.01, 0.5, 9.0]
    (found,) = minima(Table({"n_params": 5e3 * np.exp(x), "flops": budget, "loss": losses}))
    assert found.status is MinimumStatus.BELOW_ZERO
    assert not found.usable


def test_a_minimum_that_most_resamples_lose_is_none() -> None:
    """The dip of one noisy run beside the end: 0.05 nats of noise and 0.01 nats deep."""
    flat = ladder(lambda n, d: 3 + 0.0 * n, noise=quiet, seeds=SINGLE, spread=(0.5, 1.0, 2.0))
    loss = np.where(np.arange(15) % 3 == 1, 2.999, 3.0)
    loud = Noise(sd=0.05, flops=1e11, slope=0.0, df=1000, highest=np.inf)
    table = Table({**flat.columns, "loss": loss})
    for each in minima(table, curve="akima", noise=loud):
        assert each.status in {MinimumStatus.NOT_BRACKETED, MinimumStatus.DOUBTFUL}
        assert "of resamples have a minimum between" in each.reason


def test_an_interpolated_minimum_is_known_to_a_third_of_a_step_at_best() -> None:
    """Porian et al. 2024: the floor of ln N's standard deviation, where there is hardly any noise."""
    still = Noise(sd=1e-6, flops=1e11, slope=0.0, df=1000, highest=np.inf)
    for each in minima(ladder(noise=quiet, seeds=SINGLE), curve="akima", noise=still):
        assert np.std(each.draws[:, 0]) == pytest.approx(np.log(2) / 3, rel=0.1)
        assert each.n_params in each.intervals["n_params"]


def test_roughness_is_the_noise_that_was_put_in() -> None:
    """Sizes 16x apart of a known law with 0.01 nats of noise, which no repeat shows."""
    table = ladder(noise=lambda _: 0.01, seeds=SINGLE, spread=FINELY, seed=3)
    sd, df = roughness(cells_of(table, "akima")[1])
    assert 0.005 < sd < 0.02
    assert df >= 3


def test_roughness_sees_no_noise_where_there_is_none() -> None:
    smooth = ladder(noise=quiet, seeds=SINGLE, spread=FINELY)
    assert roughness(cells_of(smooth, "akima")[1])[0] < 2e-3


def test_three_sizes_and_one_seed_show_no_noise_to_interpolate_with() -> None:
    with pytest.raises(FitError, match="nor more than 3 sizes"):
        minima(ladder(seeds=SINGLE, spread=(0.5, 1.0, 2.0)), curve="akima")


def test_three_sizes_are_too_few_for_a_cubic() -> None:
    with pytest.raises(FitError, match="No budget has the 4 sizes"):
        minima(ladder(spread=(0.5, 1.0, 2.0)), curve="cubic")


def test_an_unknown_curve_and_a_shared_curvature_of_none_are_refused() -> None:
    with pytest.raises(BadInput, match="parabola, cubic, akima"):
        minima(ladder(), curve="spline")  # type: ignore[arg-type]
    with pytest.raises(BadInput, match="Only parabolas"):
        minima(ladder(), curve="akima", share_curvature=True)


def test_the_same_seed_gives_the_same_interpolated_minima() -> None:
    table = ladder()
    assert minima(table, curve="akima", draws=100, seed=5) == minima(table, curve="akima", draws=100, seed=5)
