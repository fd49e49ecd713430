"""Muennighoff et al. 2023, arXiv:2305.16264: what repeated data is worth, and how little the runs say of it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from isoflop.estimates.fit import Fit, FitStatus
from isoflop.fits.objective import from_search
from isoflop.fits.parametric import fit
from isoflop.fits.problem import problem_of
from isoflop.fits.resample import bootstrap
from isoflop.fits.solve import minimise
from isoflop.fits.tangent import search_point
from isoflop.laws.chinchilla import Chinchilla
from isoflop.laws.data_constrained import MUENNIGHOFF_2023, DataConstrained
from isoflop.laws.fixing import fixed
from isoflop.laws.law import Law
from isoflop.runs.readers.read import read_table
from isoflop.runs.table import Table

# A fit to runs without repetition, which the authors hold while they fit R_D* and R_N*.
WITHOUT_REPETITION = {name: MUENNIGHOFF_2023.constants[name] for name in ("E", "A", "B", "alpha", "beta")}
REPEATED: Any = fixed(DataConstrained, **WITHOUT_REPETITION)
NOTHING_LOST = 1e12  # repetitions after which one more still adds as much as the first


@pytest.fixture(scope="module")
def runs(reference: Callable[[str], Path]) -> Table:
    """The 182 runs that the authors fit, of 296: those whose loss repetition or size raised are left out."""
    table = read_table(reference("muennighoff2023") / "datablations_c4_runs.csv", needed=(*REPEATED.inputs, "loss"))
    return table.where(table["fit_set"] == 1)


@pytest.fixture(scope="module")
def refit(runs: Table) -> Fit:
    return fit(REPEATED, runs)


def determination(law: Law, runs: Table) -> float:
    """R^2 of losses."""
    said = law(*(runs[name] for name in law.inputs))
    return float(1 - np.sum((runs.loss - said) ** 2) / np.sum((runs.loss - runs.loss.mean()) ** 2))


def test_the_law_gives_the_notebook_s_test_vectors() -> None:
    assert MUENNIGHOFF_2023(6.34e9, 242e9, 25e9) == pytest.approx(2.2256440889984477, rel=1e-15)
    assert MUENNIGHOFF_2023(8.67e9, 178e9, 25e9) == pytest.approx(2.2269634075087867, rel=1e-15)


def test_the_best_sizes_for_unique_tokens_are_the_published_ones() -> None:
    published = {100e6: 5098652, 400e6: 20394607, 1.5e9: 76479776, 55e9: 2.80426e9, 84e9: 4.28287e9, 178e9: 9.07560e9}
    for tokens, best in published.items():
        assert MUENNIGHOFF_2023.best_size(tokens) == pytest.approx(best, rel=1e-6)


def test_four_epochs_are_nearly_as_good_as_new_data_and_forty_worth_little() -> None:
    """D'/D by the law's first equation: 2 epochs .984, 4 .931, 16 .661, 40 .379."""
    law, unique = MUENNIGHOFF_2023, 1e9
    for epochs, worth in {2: 0.984, 4: 0.931, 16: 0.661, 40: 0.379}.items():
        size = law.best_size(unique)  # no excess parameters
        data = law.B / (law(size, epochs * unique, unique) - law.E - law.A / size**law.alpha)
        assert data ** (1 / law.beta) / (epochs * unique) == pytest.approx(worth, abs=5e-4)


def test_the_published_constants_explain_as_much_as_published(runs: Table) -> None:
    """R^2 .77220; of Chinchilla's law, to which every token is new, .44517."""
    assert len(runs) == 182
    assert determination(MUENNIGHOFF_2023, runs) == pytest.approx(0.7722046084968408, abs=1e-13)
    assert determination(Chinchilla(**WITHOUT_REPETITION), runs) == pytest.approx(0.4451684378759987, abs=1e-13)


def test_from_the_published_constants_the_nearest_optimum_is_the_published_basin(runs: Table) -> None:
    """R_D* 15.3718, R_N* 5.3151, objective .0158259321; printed were 15.387756, 5.309743 and .0158259353 there."""
    problem = problem_of(REPEATED, runs)
    published = REPEATED(**{name: MUENNIGHOFF_2023.constants[name] for name in ("R_D_star", "R_N_star")})
    assert problem.value(published) == pytest.approx(0.0158259353, rel=2e-8)
    starts = np.repeat(search_point(published)[None], 3, axis=0) + np.log([[1.0, 1.0], [0.7, 1.2], [1.4, 0.8]])
    found = minimise(problem, starts)
    assert found.converged.all()
    assert found.objective == pytest.approx(np.full(3, 0.0158259321), rel=1e-8)
    local = from_search(REPEATED.params(), found.theta[0])
    assert (round(local["R_D_star"], 4), round(local["R_N_star"], 4)) == (15.3718, 5.3151)


def test_the_global_optimum_lies_elsewhere(refit: Fit) -> None:
    """R_D* 95.365, R_N* 1.7059, objective .0158047: 0.13 % below the paper's optimum, at six times its R_D*."""
    assert refit.status is FitStatus.CONVERGED, refit.checks
    assert refit.law.constants["R_D_star"] == pytest.approx(95.365, abs=5e-4)
    assert refit.law.constants["R_N_star"] == pytest.approx(1.7059, abs=5e-5)
    assert refit.objective == pytest.approx(0.0158047, abs=5e-8)


def test_optima_far_apart_are_as_good_as_each_other(runs: Table, refit: Fit) -> None:
    """From a grid of starts: four optima within 0.14 % of the objective, from R_D* 15.4 to 161."""
    grid = np.log([[data, size] for data in np.geomspace(1, 300, 8) for size in (0.5, 2, 8)])
    found = minimise(problem_of(REPEATED, runs), grid)
    close = found.converged & (found.objective < 1.0014 * refit.objective)
    assert np.unique(np.exp(found.theta[close, 0]).round()).tolist() == [15, 47, 95, 161]


def test_r_d_is_barely_identified_and_the_fit_says_so(refit: Fit) -> None:
    """Five times larger or smaller, the objective would rise by a third of a per cent."""
    loose = next(check for check in refit.doubts if check.name == "loose constants")
    assert "R_D_star could be 5 times larger or smaller" in loose.message
    data = bootstrap(refit, draws=100).interval(lambda law: law.R_D_star)
    assert data.high > 4 * data.low
    assert 15.387756 in data


def test_if_data_alone_decays_the_fit_is_worse_as_published(runs: Table) -> None:
    """.016922 and R^2 .73545 at R_D* 2.916; the optimum, 2.9149, is lower by 3e-8 of the objective."""
    only_data: Any = fixed(REPEATED, R_N_star=NOTHING_LOST)
    found = fit(only_data, runs, check=False)
    assert found.objective == pytest.approx(0.016922, abs=5e-7)
    assert found.law.constants["R_D_star"] == pytest.approx(2.916, rel=5e-4)
    assert problem_of(only_data, runs).value(only_data(2.916)) == pytest.approx(found.objective, rel=5e-8)
    assert determination(only_data(2.916), runs) == pytest.approx(0.73545, abs=5e-6)


def test_if_no_data_decayed_the_fit_would_hardly_be_worse(runs: Table, refit: Fit) -> None:
    """R_D* at infinity costs less than 1 % of the objective: no upper end of R_D* follows from these runs."""
    found = fit(fixed(REPEATED, R_D_star=NOTHING_LOST), runs, check=False)
    assert refit.objective < found.objective < 1.01 * refit.objective
