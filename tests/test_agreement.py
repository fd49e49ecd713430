"""The table of approaches: they agree where a law is planted, and say so where they do not or cannot be run."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isoflop.allocations.allocate import allocate
from isoflop.errors import BadInput, IsoflopError
from isoflop.estimates.ensemble import Ensemble
from isoflop.estimates.fit import Check, Fit, FitStatus, Verdict
from isoflop.estimates.opinion import Opinion
from isoflop.fits.agreement import agreement
from isoflop.laws.chinchilla import BESIROGLU_2024_HUBER, Chinchilla
from isoflop.laws.power import PowerLaw
from isoflop.runs.table import Table
from published import hoffmann_runs

LAW = Chinchilla(E=1.8, A=480.0, B=2100.0, alpha=0.35, beta=0.37)
NAMES = ("approach 1", "approach 2 (parabola)", "approach 2 (cubic)", "approach 2 (akima)", "approach 3")


def grid(law: Chinchilla = LAW, noise: float = 0.001, seed: int = 0) -> Table:
    """Seven sizes at each of eight budgets, each size at several: all approaches can be run."""
    budgets = np.geomspace(1e18, 1.28e20, 8)
    sizes = np.geomspace(5e7, 5e9, 17)
    rows = [(n, c / (6 * n), c) for c in budgets for n in sizes if 0.2 < n / allocate(LAW, c).n_params < 5]
    n, d, c = np.asarray(rows).T
    loss = law(n, d) * np.exp(noise * np.random.default_rng(seed).normal(size=len(n)))
    return Table({"n_params": n, "tokens": d, "flops": c, "loss": loss})


def fitted(law: Chinchilla, spread: float = 0.01) -> Fit:
    """A fit of approach 3 with the bag of a bootstrap."""
    rng = np.random.default_rng(0)
    bag = tuple(
        Chinchilla(law.E, law.A, law.B, law.alpha * (1 + spread * x), law.beta * (1 + spread * y))
        for x, y in rng.normal(size=(50, 2))
    )
    return Fit(law, "parametric", 0.0, FitStatus.CONVERGED, sample=Ensemble(bag))


@pytest.fixture(scope="module")
def planted() -> tuple[tuple[Opinion, ...], Check]:
    return agreement(grid(), fitted(LAW, 1e-3), draws=200)


def test_every_approach_finds_the_planted_law(planted: tuple[tuple[Opinion, ...], Check]) -> None:
    rows, _ = planted
    assert tuple(row.approach for row in rows) == NAMES
    top = 1.28e20
    for row in rows:
        assert row.reason == ""
        assert row.exponent is not None
        assert row.flops == pytest.approx((top, 10 * top))
        assert row.exponent.value == pytest.approx(LAW.beta / (LAW.alpha + LAW.beta), abs=0.03), row.approach
        for size, loss, c in zip(row.n_params, row.loss, row.flops, strict=True):
            assert size.value == pytest.approx(allocate(LAW, c).n_params, rel=0.2), row.approach
            assert loss.value == pytest.approx(allocate(LAW, c).loss, rel=0.01), row.approach
            assert size.interval is not None
            assert loss.interval is not None


def test_where_they_agree_the_check_is_quiet(planted: tuple[tuple[Opinion, ...], Check]) -> None:
    assert planted[1].verdict is Verdict.OK
    assert "5 approaches say N ~ C^0." in planted[1].message
    assert "8 were found by the runs' FLOPs" in planted[1].message


def test_a_law_that_contradicts_the_minima_is_named_with_numbers() -> None:
    """Approach 3 with a tenth of B: data would be cheap and the best model larger."""
    wrong = Chinchilla(LAW.E, LAW.A, LAW.B / 10, LAW.alpha, LAW.beta)
    rows, check = agreement(grid(), fitted(wrong), draws=100)
    assert check.verdict is Verdict.WARN
    assert "approach 3" in check.message
    assert "do not overlap" in check.message
    (mine,) = [row for row in rows if row.approach == "approach 3"]
    assert f"{mine.n_params[0].value:.4g}" in check.message


def test_best_sizes_a_quarter_apart_warn_without_intervals_too() -> None:
    wrong = Chinchilla(LAW.E, LAW.A, LAW.B / 2, LAW.alpha, LAW.beta)
    rows, check = agreement(grid(noise=1e-4), wrong, draws=50)
    assert rows[-1].exponent is not None
    assert rows[-1].exponent.interval is None
    assert check.verdict is Verdict.WARN
    assert "% more" in check.message


def test_an_approach_that_cannot_be_run_is_a_row_with_its_reason() -> None:
    """Sizes that never repeat have no horizons; three a budget are too few for a cubic."""
    budgets = np.repeat(np.geomspace(1e18, 1e20, 5), 3)
    n = np.concatenate([allocate(LAW, c).n_params * np.array([0.5, 1.0, 2.0]) for c in np.unique(budgets)])
    n *= 1 + 0.01 * np.arange(15)
    table = Table({"n_params": n, "tokens": budgets / (6 * n), "flops": budgets, "loss": LAW(n, budgets / (6 * n))})
    rows, check = agreement(table, PowerLaw(A=10.0, alpha=0.05), draws=50)
    reasons = {row.approach: row.reason for row in rows}
    assert "one horizon only" in reasons["approach 1"]
    assert "needs" in reasons["approach 2 (cubic)"]
    assert "Only a law of n_params and tokens" in reasons["approach 3"]
    assert check.verdict is Verdict.WARN


def test_without_a_law_there_is_no_row_of_approach_3() -> None:
    rows, _ = agreement(grid(), draws=50)
    assert tuple(row.approach for row in rows) == NAMES[:-1]


def test_no_runs_are_bad_input() -> None:
    table = grid()
    with pytest.raises(BadInput, match="No runs are in use"):
        agreement(table.where(np.zeros(len(table), bool)))


def test_hoffmanns_runs_agree_on_the_exponent_and_doubt_the_loss(reference: Callable[[str], Path]) -> None:
    """arXiv:2404.10102 has a = 0.513 by approach 3; the four others lie within 0.06 of it."""
    rows, check = agreement(hoffmann_runs(reference), fitted(BESIROGLU_2024_HUBER, 0.02), draws=300)
    for row in rows:
        assert row.exponent is not None, row.reason
        assert row.exponent.value == pytest.approx(0.513, abs=0.06), row.approach
    assert "77 of 240 runs" in check.message


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([0.0, 0.01, 1.0, 30.0]), st.integers(1, 40))
def test_garbage_ends_in_rows_or_in_our_own_exceptions(seed: int, noise: float, n: int) -> None:
    rng = np.random.default_rng(seed)
    sizes = rng.choice(10.0 ** rng.uniform(3, 9, size=8), n)
    flops = rng.choice(10.0 ** rng.uniform(12, 22, size=5), n)
    losses = np.exp(noise * rng.normal(size=n) + 1)
    try:
        rows, _ = agreement(Table({"n_params": sizes, "flops": flops, "loss": losses}), LAW, draws=20)
    except IsoflopError:
        return
    assert len(rows) == 5
