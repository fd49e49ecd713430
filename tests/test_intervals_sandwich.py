"""Standard errors without refits: the textbook's for squares, the published ones for Huber, clusters, refusals."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from isoflop.errors import BadInput, FitError
from isoflop.estimates.ensemble import Ensemble
from isoflop.estimates.fit import Fit, FitStatus, Verdict
from isoflop.estimates.objective import HUBER, LEAST_ABSOLUTE, SQUARES, UNDERTUNED, Objective
from isoflop.fits.parametric import fit
from isoflop.fits.problem import problem_of
from isoflop.fits.sandwich import covariance, sandwich, slopes
from isoflop.fits.tangent import jacobian, search_point
from isoflop.laws.chinchilla import Chinchilla
from isoflop.laws.power import PowerLaw
from isoflop.runs.table import Table
from planted_ladders import BYTES, ladder
from published_runs import besiroglu, gemstones
from test_parametric import STANDARD_ERRORS

Reference = Callable[[str], Path]


@pytest.fixture(scope="module")
def planted() -> Fit:
    return fit(Chinchilla, ladder(), objective=SQUARES, check=False)


def spread(bag: Ensemble, name: str) -> float:
    return float(np.std(np.asarray(getattr(bag.stacked(), name))))


@pytest.mark.parametrize("objective", [HUBER, LEAST_ABSOLUTE], ids=str)
def test_robust_standard_errors_are_the_published_ones(reference: Reference, objective: Objective) -> None:
    """Of 4,000 bootstraps (Besiroglu et al. 2024), within a fifth for E, alpha and beta.

    The Hessian of the objective itself says nothing here: with delta = 1e-3 it counts one run in five, with 0 none.
    """
    found = fit(Chinchilla, besiroglu(reference("besiroglu2024")), objective=objective, check=False)
    bag = sandwich(found, draws=4000)
    assert bag.how == "sandwich, 240 rows"
    assert (bag.dropped, bag.seed) == (0, 0)
    for name in ("E", "alpha", "beta"):
        assert spread(bag, name) == pytest.approx(STANDARD_ERRORS[name], rel=0.2), name


def test_for_squares_it_is_white_s_estimate(planted: Fit) -> None:
    """(J'J)^-1 J' diag(r^2) J (J'J)^-1 n / (n - p), White 1980."""
    problem = problem_of(Chinchilla, planted.table, SQUARES)
    theta = search_point(planted.law)
    J, r, n = jacobian(problem, theta), problem.residuals(planted.law), len(planted.table)
    bread = np.linalg.inv(J.T @ J)
    expected = bread @ (J.T * r**2) @ J @ bread * n / (n - 5)
    assert covariance(problem, theta, np.arange(n)).sandwich == pytest.approx(expected, rel=1e-6)


def test_rows_of_one_cluster_count_once(planted: Fit) -> None:
    """Every run three times: known as clusters they tell as much as once, taken as rows a third of the variance."""
    plain = planted.table
    columns = {name: np.repeat(plain[name], 3) for name in ("n_params", "tokens", "loss")}
    tripled = Table({**columns, "run_id": np.repeat([f"{i}" for i in range(len(plain))], 3)})
    found = fit(Chinchilla, tripled, objective=SQUARES, check=False)
    once, rows, runs = sandwich(planted), sandwich(found, cluster=None), sandwich(found)
    assert spread(rows, "alpha") == pytest.approx(spread(once, "alpha") / np.sqrt(3), rel=0.07)
    assert spread(runs, "alpha") == pytest.approx(spread(once, "alpha"), rel=0.07)
    assert runs.how == "sandwich, 55 runs (rows with one run_id)"


def test_checkpoints_widen_it_as_they_do_the_bootstrap(reference: Reference) -> None:
    found = fit(Chinchilla, gemstones(reference("gemstones2025"), "cool_end"), check=False)
    assert spread(sandwich(found), "alpha") > 1.5 * spread(sandwich(found, cluster=None), "alpha")


def test_the_smoothed_derivative_is_that_of_the_smoothed_pull(planted: Fit) -> None:
    """Its sum over a shift of all residuals is the change of the pull, whatever the threshold and the lean."""
    r = np.linspace(-1, 1, 20001)
    for objective in (HUBER, Objective(0.2), UNDERTUNED, Objective(0.05, lean=0.3), LEAST_ABSOLUTE, SQUARES):
        pull, bend = slopes(problem_of(Chinchilla, planted.table, objective), r, np.ones(len(r)))
        inner = np.abs(r) < 0.999
        risen = pull[inner][-1] - pull[inner][0]
        total = np.sum(bend) * (r[1] - r[0])
        assert total == pytest.approx(risen, rel=0.6 if objective is SQUARES else 0.2), objective


def test_a_law_that_the_runs_do_not_determine_has_no_standard_errors() -> None:
    """One size alone: E, A and alpha cannot be told apart."""
    d = np.geomspace(1e6, 1e9, 30)
    runs = Table({"n_params": np.full(30, 1e5), "tokens": d, "loss": BYTES(1e5, d) * np.exp(0.01 * np.cos(7 * d))})
    found = fit(Chinchilla, runs, check=False)
    assert found.status is not FitStatus.CONVERGED
    with pytest.raises(FitError, match="do not determine"):
        sandwich(found)


def test_draws_outside_the_domain_are_dropped_and_counted() -> None:
    """Noise of 0.1 and 0.15 nats: some normal draws of alpha are negative, and L(N, D) allows none."""
    noisy = fit(Chinchilla, ladder(noise=lambda _: 0.1, seeds=(1,) * 5, seed=4), objective=SQUARES, check=False)
    bag = sandwich(noisy, draws=500)
    assert 0 < bag.dropped < 50
    assert len(bag) + bag.dropped == 500
    noisier = fit(Chinchilla, ladder(noise=lambda _: 0.15, seeds=(1,) * 5, seed=1), objective=SQUARES, check=False)
    with pytest.raises(FitError, match="of 500 normal draws of Chinchilla leave its domain"):
        sandwich(noisier, draws=500)


def test_too_few_runs_for_standard_errors_are_told() -> None:
    table = ladder(seeds=(1,) * 5)
    found = fit(Chinchilla, table.where(np.arange(25) % 5 < 2), objective=SQUARES, check=False)
    assert [check.verdict for check in sandwich(found).checks] == [Verdict.WARN]


def test_a_fit_of_minima_is_refused() -> None:
    with pytest.raises(BadInput, match="not of minima"):
        sandwich(Fit(PowerLaw(1.0, 0.1), "minima", 0.0, FitStatus.CONVERGED))
