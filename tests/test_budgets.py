"""Runs are grouped into budgets by what they spent, and what belongs to none is said."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from isoflop.errors import FitError
from isoflop.fits.minima import minima
from isoflop.runs.budgets import budget_notes, clusters, with_budgets
from isoflop.runs.table import Table
from planted_ladders import BUDGETS, ladder
from published import TUNED, hoffmann_runs, porian_runs

Floats = NDArray[np.float64]


def spent(flops: Floats, sizes: Floats | None = None) -> Table:
    """Runs of those FLOPs, each of another size unless sizes are given; the losses do not matter."""
    n = 1e6 * 1.5 ** np.arange(len(flops)) if sizes is None else sizes
    return Table({"n_params": n, "flops": flops, "loss": np.full(len(flops), 3.0)})


def found(table: Table) -> list[float]:
    budget = table["budget"]
    return [float(each) for each in np.unique(budget[np.isfinite(budget)])]


def test_a_ladder_without_its_budgets_gets_them_back_and_the_same_minima() -> None:
    table = ladder()
    without = Table({name: column for name, column in table.columns.items() if name != "budget"})
    assert found(with_budgets(without)) == pytest.approx(BUDGETS)
    assert [m.n_params for m in minima(without, draws=50)] == [m.n_params for m in minima(table, draws=50)]


def test_budgets_that_are_given_are_left_alone() -> None:
    table = ladder()
    assert with_budgets(table) is table
    assert budget_notes(table) == ()


def test_a_column_of_missing_budgets_is_none() -> None:
    flops = np.full(4, 1e18)
    empty = Table({**spent(flops).columns, "budget": np.full(4, np.nan)})
    assert found(with_budgets(empty)) == [1e18]


def test_nominal_budgets_keep_their_very_number() -> None:
    flops = np.repeat([1.25e16, 2.5e16], 4)
    assert found(with_budgets(spent(flops))) == [1.25e16, 2.5e16]


def test_runs_that_vary_about_a_budget_are_of_it_and_others_are_not() -> None:
    about = 1e18 * np.exp(np.linspace(-0.04, 0.04, 7))
    table = with_budgets(spent(np.concatenate([about, [1.4e18, 2e18]])))
    assert found(table) == pytest.approx([1e18])
    assert np.isnan(table["budget"][-2:]).all()
    assert any("2 of 9 runs" in note and "rows 7, 8" in note for note in budget_notes(table))


def test_two_sizes_are_no_budget_whatever_their_repeats() -> None:
    table = with_budgets(spent(np.full(6, 1e18), np.repeat([1e6, 2e6], 3)))
    assert found(table) == []
    with pytest.raises(FitError, match="No budget has the 3 sizes"):
        minima(table)


def test_a_continuum_of_compute_is_not_cut_into_budgets() -> None:
    """200 runs an e-fold: whatever window is taken, its neighbours hold as many runs."""
    table = with_budgets(spent(np.geomspace(1e18, 1e20, 920), 1e6 * np.exp(np.random.default_rng(0).normal(size=920))))
    assert len(found(table)) <= 2  # the two ends have neighbours on one side only
    assert np.isnan(table["budget"]).mean() > 0.95


def test_a_stripe_within_a_continuum_is_found() -> None:
    rng = np.random.default_rng(0)
    stripe = 1e19 * np.exp(rng.uniform(-0.04, 0.04, 20))
    table = with_budgets(
        spent(np.concatenate([stripe, np.geomspace(1e18, 1e20, 30)]), 1e6 * np.exp(rng.normal(size=50)))
    )
    assert any(budget == pytest.approx(1e19, rel=0.03) for budget in found(table))


def test_rows_left_out_take_no_part_and_stay_left_out() -> None:
    table = spent(np.full(5, 1e18)).excluding([4], "diverged")
    grouped = with_budgets(table)
    assert len(grouped) == 4
    assert np.isnan(grouped.columns["budget"][4])
    assert grouped.excluded == table.excluded
    assert grouped.rows.tolist() == table.rows.tolist()


def test_hoffmanns_nine_budgets_are_found_in_the_figure(reference: Callable[[str], Path]) -> None:
    """arXiv:2203.15556, sec. 3.2. Read off the figure, their FLOPs lie 2 to 10 % below the nominal ones."""
    table = with_budgets(hoffmann_runs(reference))
    for nominal in (6e18, 1e19, 3e19, 6e19, 1e20, 3e20, 6e20, 1e21, 3e21):
        nearest = min(found(table), key=lambda budget: abs(np.log(budget / nominal)))
        assert 0.89 < nearest / nominal < 1
        assert np.sum(table["budget"] == nearest) >= 8


def test_porians_twelve_budgets_are_found_exactly(reference: Callable[[str], Path]) -> None:
    table = with_budgets(porian_runs(reference)[TUNED])
    assert found(table) == pytest.approx(1.25e16 * 2.0 ** np.arange(12), rel=1e-12)
    assert np.isfinite(table["budget"]).all()


def test_equal_values_are_one_group_and_a_chain_of_neighbours_is_not() -> None:
    assert clusters(np.array([3.0, 1.0, 1.0 + 1e-9, 2.0]), 1e-3).tolist() == [2, 0, 0, 1]
    chain = clusters(np.linspace(0, 0.1, 1001), 1e-3)
    assert 10 <= chain.max() + 1 <= 11
    assert clusters(np.empty(0), 1.0).tolist() == []


def test_a_large_table_is_grouped_at_once() -> None:
    """100,000 runs at ten budgets and at any compute; a loop over runs would take minutes."""
    rng = np.random.default_rng(0)
    flops = np.concatenate([np.repeat(4.0 ** np.arange(30, 40), 5000), np.exp(rng.uniform(40, 60, 50_000))])
    table = with_budgets(spent(flops, 1e6 * np.exp(rng.uniform(0, 5, len(flops)))))
    assert {4.0**power for power in range(30, 40)} <= set(found(table))
