"""Approach 3: published fits reproduced, planted truths found again, invariances, loud doubts."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from isoflop.errors import BadInput, FitError
from isoflop.estimates.fit import Fit, FitStatus, Verdict
from isoflop.estimates.objective import SQUARES, Objective
from isoflop.fits.noise import seed_noise
from isoflop.fits.parametric import fit
from isoflop.fits.resample import bootstrap, counts, refits
from isoflop.laws.chinchilla import BESIROGLU_2024_HUBER, Chinchilla
from isoflop.laws.law import Law
from isoflop.laws.power import FlooredPowerLaw, PowerLaw
from isoflop.runs.table import Table
from planted_ladders import BYTES, ladder, quiet

Reference = Callable[[str], Path]

# arXiv:2404.10102: standard errors of 4000 bootstraps.
STANDARD_ERRORS = {"E": 0.0257, "A": 124.5, "B": 1293.3, "alpha": 0.0154, "beta": 0.0206}


@pytest.fixture(scope="module")
def hoffmann_runs(reference: Reference) -> Table:
    path = reference("besiroglu2024") / "svg_extracted_data.csv"
    return Table.from_csv(path, {"n_params": "Model Size", "flops": "Training FLOP"})


@pytest.fixture(scope="module")
def refit(hoffmann_runs: Table) -> Fit:
    return fit(Chinchilla, hoffmann_runs.without_worst(5))


def test_the_fit_is_besiroglu_s_global_optimum(refit: Fit) -> None:
    """240 runs read off Hoffmann's figure 4, Huber 1e-3, summed."""
    assert refit.objective == pytest.approx(0.001018274018, rel=1e-8)
    law = refit.law
    assert isinstance(law, Chinchilla)
    assert (round(law.alpha, 5), round(law.beta, 5), round(law.E, 5)) == (0.34731, 0.36717, 1.81722)
    assert pytest.approx((477.826, 2143.418), rel=1e-5) == (law.A, law.B)
    assert refit.status is FitStatus.CONVERGED
    assert len(refit.excluded) == 5


def test_the_certificate_and_the_condition_number_are_printed(refit: Fit) -> None:
    """The specification's condition number of J'J is 4.0e6, and B trades off with beta."""
    by_name = {check.name: check for check in refit.checks}
    assert by_name["optimum"].verdict is Verdict.OK
    assert "starts agree" in by_name["optimum"].message
    assert "4.0e+06; B and beta" in by_name["identifiability"].message


def test_nearly_least_absolute_deviations_gives_the_published_headline(hoffmann_runs: Table) -> None:
    """delta 1e-4, from the README's ladder of deltas; the headline's LAD fit is its limit."""
    law = fit(Chinchilla, hoffmann_runs.without_worst(5), objective=Objective(delta=1e-4), check=False).law
    assert isinstance(law, Chinchilla)
    assert (round(law.A, 1), round(law.alpha, 4), round(law.beta, 4)) == (478.7, 0.3474, 0.3654)
    assert pytest.approx(1.8158, abs=5e-5) == law.E


def test_five_bad_runs_move_the_fit_as_published(hoffmann_runs: Table) -> None:
    law = fit(Chinchilla, hoffmann_runs, check=False).law
    assert isinstance(law, Chinchilla)
    assert (law.E, law.alpha, law.beta) == pytest.approx((1.8913, 0.3493, 0.4531), abs=1e-4)


def test_the_first_resample_is_the_notebook_s(refit: Fit) -> None:
    """The first row of the published bootstrap: A 349.556, B 2356.25, E 1.79333, alpha .328633, beta .371855."""
    np.random.seed(42)
    drawn = np.bincount(np.random.choice(240, 240, replace=True), minlength=240)
    law = refits(refit, refit.table, drawn[None].astype(float)).laws[0]
    assert isinstance(law, Chinchilla)
    assert pytest.approx((1.79333, 349.556, 2356.25), rel=2e-5) == (law.E, law.A, law.B)
    assert (law.alpha, law.beta) == pytest.approx((0.328633, 0.371855), rel=1e-5)


def test_bootstrap_standard_errors_are_the_published_ones(refit: Fit) -> None:
    ensemble = bootstrap(refit, draws=400)
    assert ensemble.dropped == 0
    for name, published in STANDARD_ERRORS.items():
        spread = np.std(ensemble.values(lambda law, name=name: getattr(law, name)))  # type: ignore[misc]
        assert spread == pytest.approx(published, rel=0.15), name


def test_noiseless_runs_give_their_law_back() -> None:
    found = fit(Chinchilla, ladder(noise=quiet))
    assert found.status is FitStatus.CONVERGED, found.checks
    for name, truth in BYTES.constants.items():
        assert getattr(found.law, name) == pytest.approx(truth, rel=1e-5), name


def test_one_wild_run_hardly_moves_a_robust_fit() -> None:
    table = ladder()
    wild = np.array(table.loss)
    wild[7] *= 3
    other = Table({**table.columns, "loss": wild})
    clean, robust = (fit(Chinchilla, each, check=False).law(2e4, 2e6) for each in (table, other))
    assert robust == pytest.approx(clean, rel=0.01)


def test_the_fit_does_not_depend_on_the_order_or_the_weights_scale() -> None:
    table = ladder()
    first = fit(Chinchilla, table, check=False)
    turned = Table({name: column[::-1] for name, column in table.columns.items()})
    heavy = fit(Chinchilla, turned, weights=np.full(len(table), 1e6), check=False)
    assert heavy.objective == pytest.approx(1e6 * first.objective, rel=1e-9)
    assert heavy.law(1e4, 1e6) == pytest.approx(first.law(1e4, 1e6), rel=1e-6)


def test_a_weight_counts_as_that_many_runs() -> None:
    table = ladder()
    doubled = Table({name: np.concatenate([column, column[:5]]) for name, column in table.columns.items()})
    weights = np.where(np.arange(len(table)) < 5, 2.0, 1.0)
    found, twice = fit(Chinchilla, table, weights=weights, check=False), fit(Chinchilla, doubled, check=False)
    assert found.objective == pytest.approx(twice.objective, rel=1e-9)


def test_units_move_only_the_constants_that_carry_them() -> None:
    """Counting tokens in thousands divides B by 1000^beta and changes nothing else."""
    table = ladder()
    thousands = Table({**table.columns, "tokens": table.tokens / 1e3})
    a, b = fit(Chinchilla, table, check=False), fit(Chinchilla, thousands, check=False)
    assert isinstance(a.law, Chinchilla)
    assert isinstance(b.law, Chinchilla)
    assert b.objective == pytest.approx(a.objective, rel=1e-8)
    assert b.law.B * 1e3**b.law.beta == pytest.approx(a.law.B, rel=1e-3)


def test_runs_on_the_frontier_alone_do_not_identify_the_law() -> None:
    """One D/N: ln N and ln D are collinear, so alpha and beta cannot be told apart."""
    n = np.geomspace(1e3, 1e6, 30)
    runs = Table({"n_params": n, "tokens": 20 * n, "flops": 120 * n**2, "loss": BYTES(n, 20 * n)})
    found = fit(Chinchilla, runs, check=False)
    assert found.status is not FitStatus.CONVERGED
    assert found.doubts


def test_a_law_without_a_floor_sends_the_floor_to_its_bound() -> None:
    c = np.geomspace(1e10, 1e15, 12)
    rng = np.random.default_rng(0)
    runs = Table({"n_params": c, "tokens": c, "flops": c, "loss": 30 * c**-0.1 * np.exp(rng.normal(size=12) * 1e-3)})
    assert fit(PowerLaw, runs).status is FitStatus.CONVERGED
    bent = Table({**runs.columns, "loss": runs.loss * np.exp(-0.002 * (np.log(c) - 28) ** 2)})
    found = fit(FlooredPowerLaw, bent)
    assert found.status is FitStatus.AT_BOUND
    assert "E runs to 0: no run shows it" in [check.message for check in found.doubts]


def test_fewer_runs_than_constants_is_an_error_with_both_numbers() -> None:
    table = ladder()
    with pytest.raises(FitError, match=r"5 constants, but the table has only 4 runs"):
        fit(Chinchilla, table.where(np.arange(len(table)) < 4))


def test_weights_that_do_not_fit_the_table_are_refused() -> None:
    with pytest.raises(BadInput, match="runs need as many weights"):
        fit(Chinchilla, ladder(), weights=[1.0, 2.0])


def test_resampling_keeps_every_budget_s_share() -> None:
    groups = np.repeat([1.0, 2.0], [15, 5])
    drawn = counts(groups, 50, np.random.default_rng(0))
    assert (drawn[:, :15].sum(1) == 15).all()
    assert (drawn[:, 15:].sum(1) == 5).all()
    assert drawn.std(0).min() > 0


def ahead(law: Law) -> float:
    return float(law(2e4, 2e7))


def test_a_bootstrap_is_the_same_for_the_same_seed() -> None:
    found = fit(Chinchilla, ladder(), objective=SQUARES, check=False)
    once, again, other = (bootstrap(found, draws=40, seed=seed).interval(ahead) for seed in (3, 3, 4))
    assert once == again
    assert once != other


def test_forecasts_of_planted_ladders_are_near_and_inside_their_intervals() -> None:
    """Five times beyond the runs, noise-weighted least squares: 1 % on the average; 90 % intervals, 5 of 8 or more."""
    errors, inside = [], 0
    for seed in range(8):
        table = ladder(seed=seed)
        found = fit(Chinchilla, table, objective=SQUARES, weights=seed_noise(table).weights(table), check=False)
        interval = bootstrap(found, draws=40, seed=seed).interval(ahead)
        errors.append(ahead(found.law) / ahead(BYTES) - 1)
        inside += ahead(BYTES) in interval
    assert np.sqrt(np.mean(np.square(errors))) < 0.01
    assert inside >= 5


def test_a_fit_leaves_the_process_in_single_precision() -> None:
    import jax.numpy as jnp

    before = jnp.sum(jnp.linspace(0, 1, 1000) ** 3)
    fit(PowerLaw, ladder(), check=False)
    after = jnp.sum(jnp.linspace(0, 1, 1000) ** 3)
    assert after.dtype == jnp.float32
    assert np.asarray(before).tobytes() == np.asarray(after).tobytes()


def test_besiroglu_s_notebook_constants_are_near_the_optimum(refit: Fit) -> None:
    assert refit.law(7e10, 1.4e12) == pytest.approx(BESIROGLU_2024_HUBER(7e10, 1.4e12), rel=1e-5)
