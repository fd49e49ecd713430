"""Runs that do not belong are named, with their rows and with what they do to the forecast; the others are not."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from isoflop.errors import BadInput
from isoflop.estimates.fit import Check, Fit, Verdict
from isoflop.estimates.objective import HUBER, LEAST_ABSOLUTE, SQUARES, Objective
from isoflop.fits.checks import looked_into, proposed
from isoflop.fits.groups import rising_curves
from isoflop.fits.outliers import law_of_the_others
from isoflop.fits.parametric import fit
from isoflop.fits.suspects import suspects
from isoflop.laws.chinchilla import Chinchilla
from isoflop.runs.table import Table
from planted_grids import NOISE, RUNGS, SIZES, TRUTH, changed, fitted, grid

CHINCHILLA_BUDGET = 5.76e23  # FLOPs; Hoffmann et al. 2022
FIVE = [0, 1, 2, 3, 4]


@pytest.fixture(scope="module")
def all_245(reference: Callable[[str], Path]) -> Table:
    """The runs read off Hoffmann's figure 4; Besiroglu et al. 2024, arXiv:2404.10102, leave out five."""
    path = reference("besiroglu2024") / "svg_extracted_data.csv"
    return Table.from_csv(path, {"n_params": "Model Size", "flops": "Training FLOP"})


@pytest.fixture(scope="module")
def of_245(all_245: Table) -> Fit:
    return fit(Chinchilla, all_245, flops=CHINCHILLA_BUDGET)


def suspicion(found: Fit) -> Check:
    return next(check for check in found.checks if check.name == "suspicious runs")


def named(table: Table) -> list[list[int]]:
    view = fitted(table)
    return [each.rows.tolist() for each in suspects(view, law_of_the_others(view))]


def test_the_five_runs_are_named_first_with_what_they_do(of_245: Fit) -> None:
    """Without them Chinchilla's budget asks for 73 B parameters, with them for 119 B, by least squares for 217 B."""
    first = of_245.doubts[0]
    assert first is suspicion(of_245)
    assert first.verdict is Verdict.FAIL
    assert "At 5.76e+23 FLOPs (44.5x the largest run) the fit says best size 119B" in first.message
    assert "(least squares of the same runs: best size 217B" in first.message
    five = first.message.partition("Rows 0, 1, 2, 3, 4: ")[2]
    assert five.startswith(
        "6.30% to 36.70% above the law of the others (9 to 41 standard deviations), D/N 0.0361 to 0.4"
    )
    assert "Without, best size 73.2B, loss 1.974" in five
    assert "None is left out" in five


def test_nothing_is_left_out_unsaid(of_245: Fit, all_245: Table) -> None:
    assert of_245.table is all_245
    assert of_245.excluded == ()
    assert of_245.law == fit(Chinchilla, all_245, check=False).law


@pytest.mark.parametrize("objective", [HUBER, SQUARES, LEAST_ABSOLUTE], ids=str)
def test_the_five_are_found_whatever_is_minimised(all_245: Table, objective: Objective) -> None:
    """Least squares bends so far to them that rows 2 and 4 lie below it: masking."""
    found = proposed(fit(Chinchilla, all_245, objective=objective, check=False))
    assert found[0].rows.tolist() == FIVE
    if objective == SQUARES:
        table, law = all_245, fit(Chinchilla, all_245, objective=objective, check=False).law
        assert (table.loss[[2, 4]] < law(table.n_params[[2, 4]], table.tokens[[2, 4]])).all()


def test_of_the_240_few_are_proposed_and_none_matters(all_245: Table) -> None:
    """Three lie 6 to 8 standard deviations off, with 0.46 to 0.63 tokens a parameter; they hardly move the forecast."""
    clean = fit(Chinchilla, all_245.without_worst(5), flops=CHINCHILLA_BUDGET)
    assert suspicion(clean).verdict is Verdict.WARN
    rows = np.concatenate([each.rows for each in proposed(clean)])
    assert set(rows.tolist()) == {5, 10, 11}
    again = fit(Chinchilla, clean.table.excluding(rows, "off"), check=False)
    assert again.law(7e10, 1.4e12) == pytest.approx(clean.law(7e10, 1.4e12), rel=5e-3)


@pytest.mark.parametrize("row", [0, 7, 22, 35, 39])
def test_a_diverged_run_is_named_wherever_it_is(row: int) -> None:
    assert named(changed(grid(), "loss", row, 1.06)) == [[row]]


def test_a_run_that_is_too_good_is_named_too() -> None:
    view = fitted(changed(grid(), "loss", 12, 0.95))
    (found,) = suspects(view, law_of_the_others(view))
    assert found.rows.tolist() == [12]
    assert "below the law of the others" in found.why
    assert "leak" in found.look_for


def test_a_mislabelled_size_is_named() -> None:
    """One row's N is 10 times what it was."""
    assert named(changed(grid(), "n_params", 17, 10.0)) == [[17]]


@pytest.mark.parametrize("rung", [0, 3, RUNGS - 1])
def test_an_undertuned_rung_is_named_as_a_whole(rung: int) -> None:
    """2.5 % too high: six times the noise, and no single run is five standard deviations off at every rung."""
    rows = np.arange(rung * SIZES, (rung + 1) * SIZES)
    view = fitted(changed(grid(), "loss", rows, 1.025))
    found = next(suspects(view, law_of_the_others(view)))
    assert found.rows.tolist() == rows.tolist()
    assert "the rung of" in found.who
    assert "above the law of the others" in found.why
    assert "undertuned" in found.look_for


@pytest.mark.parametrize("times", [0.9, 1.1])
@pytest.mark.parametrize("axis", ["n_params", "tokens"])
def test_bad_runs_that_hide_each_other_are_all_named(axis: str, times: float) -> None:
    """A fifth of all runs, the largest of one kind, 10 % too high or too low: the fit goes half of the way."""
    columns = grid()
    bad = np.sort(np.argsort(columns[axis])[-RUNGS:])
    view = fitted(changed(columns, "loss", bad, times))
    assert np.median(np.abs(view.above[bad])) < np.abs(np.log(times)) / 2
    found = np.concatenate([each.rows for each in suspects(view, law_of_the_others(view))])
    assert sorted(found.tolist()) == bad.tolist()


def test_rows_are_numbered_as_in_the_table() -> None:
    table = changed(grid(), "loss", 22, 1.06).excluding([0, 1, 5], "not mine")
    assert named(table) == [[22]]


def test_clean_runs_are_not_proposed() -> None:
    """Of 25 worlds of 40 runs with normal noise, none: 5 standard deviations are 1 run in 2 million."""
    assert [rows for seed in range(25) for rows in named(Table(grid(seed)))] == []


def test_heavy_tails_cost_few_runs() -> None:
    """Student's t with 4 degrees of freedom: 0.6 % of its values lie so far out; no more than 2 % are proposed."""
    proposals = 0
    for seed in range(15):
        columns = grid(noise=0.0)
        noise = NOISE * np.random.default_rng(seed).standard_t(4, len(columns["loss"]))
        proposals += sum(len(rows) for rows in named(Table({**columns, "loss": columns["loss"] * np.exp(noise)})))
    assert proposals <= 0.02 * 15 * RUNGS * SIZES


def test_a_noiseless_fit_has_no_outliers_of_rounding() -> None:
    assert named(Table(grid(noise=0.0))) == []


def curves(rise: float) -> Table:
    """Four runs with eight checkpoints each; the third ends a share above its lowest."""
    n_params = np.repeat(np.geomspace(1e8, 1e9, 4), 8)
    tokens = n_params * np.tile(np.geomspace(5, 60, 8), 4)
    loss = TRUTH(n_params, tokens) * np.exp(NOISE * np.random.default_rng(0).normal(size=32))
    loss[22:24] *= 1 + rise
    return Table({"n_params": n_params, "tokens": tokens, "loss": loss, "run_id": [f"run{i // 8}" for i in range(32)]})


def test_a_curve_that_rises_is_named_as_one_run() -> None:
    view = fitted(curves(0.2))
    ((rows, rise),) = rising_curves(view)
    assert rows.tolist() == list(range(16, 24))
    assert 0.05 < rise < 0.25
    found = next(each for each in suspects(view, law_of_the_others(view)) if "quarter of the curve" in each.why)
    assert found.who == "run run2 (rows 16 to 23)"


def test_curves_that_fall_are_left_alone() -> None:
    assert list(rising_curves(fitted(curves(0.0)))) == []


def test_a_suspect_that_moves_nothing_only_warns() -> None:
    check = looked_into(fitted(changed(grid(), "loss", 22, 1.06)))[0]
    assert check.verdict is Verdict.WARN
    assert check.message.count("Row 22: ") == 1


def test_only_a_parametric_fit_with_its_table_has_proposals() -> None:
    found = fit(Chinchilla, Table(grid()), check=False)
    with pytest.raises(BadInput, match="a parametric fit, and this one has no table"):
        proposed(Fit(found.law, "minima", 0.0, found.status))
