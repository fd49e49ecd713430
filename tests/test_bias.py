"""What approach 2 errs by without noise: its size by the theory, its absence where the theory has none."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from isoflop.allocations.allocate import allocate
from isoflop.errors import FitError
from isoflop.estimates.fit import Verdict
from isoflop.fits.bias import bias
from isoflop.fits.minima import Curve
from isoflop.laws.chinchilla import BESIROGLU_2024_HUBER, Chinchilla
from isoflop.runs.cost import cost_of
from isoflop.runs.table import Table
from published import hoffmann_runs

BUDGETS = tuple(np.geomspace(1e18, 1e21, 6))
EQUAL = Chinchilla(E=1.8, A=400.0, B=400.0, alpha=0.34, beta=0.34)
UNEQUAL = Chinchilla(E=1.8, A=400.0, B=40000.0, alpha=0.3, beta=0.5)
NARROW, WIDE = np.geomspace(1 / 1.5, 1.5, 7), np.geomspace(1 / 16, 16, 9)


def design(law: Chinchilla, spread: Sequence[float] | np.ndarray, drift: float = 0.0) -> Table:
    """Sizes about the law's best one, times (C / C_lowest)^drift; the losses, which do not matter, are all 3."""
    rows = [
        (n, budget / (6 * n), budget, budget, 3.0)
        for budget in BUDGETS
        for n in allocate(law, budget).n_params * np.asarray(spread) * (budget / BUDGETS[0]) ** drift
    ]
    names = ("n_params", "tokens", "flops", "budget", "loss")
    return Table(dict(zip(names, zip(*rows, strict=True), strict=True)))


@pytest.mark.parametrize("spread", [NARROW, WIDE])
def test_equal_exponents_and_centred_sizes_have_no_bias_however_wide(spread: np.ndarray) -> None:
    """The loss is then even in ln N about its minimum, as every parabola is."""
    found = bias(EQUAL, design(EQUAL, spread))
    assert found.exponent == pytest.approx(0.5, abs=1e-6)
    assert [each.error for each in found.at] == pytest.approx([0, 0, 0], abs=1e-4)
    assert found.check().verdict is Verdict.OK


def test_narrow_centred_sizes_have_nearly_none_whatever_the_exponents() -> None:
    found = bias(UNEQUAL, design(UNEQUAL, NARROW))
    assert found.true_exponent == pytest.approx(0.5 / 0.8, abs=1e-6)
    assert found.exponent == pytest.approx(found.true_exponent, abs=1e-6)
    assert abs(found.at[1].error) < 0.01


@pytest.mark.parametrize("law", [UNEQUAL, Chinchilla(E=1.8, A=40000.0, B=400.0, alpha=0.5, beta=0.3)])
def test_the_bias_has_the_size_and_the_sign_of_its_third_order(law: Chinchilla) -> None:
    """ln N is off by -(beta - alpha) m4 / (6 m2): of the sizes' moments about the best one, in ln N."""
    spread = np.geomspace(1 / 2.5, 2.5, 7)
    x = np.log(spread)
    theory = -(law.beta - law.alpha) * np.mean(x**4) / (6 * np.mean(x**2))
    for each in bias(law, design(law, spread)).at:
        assert np.log1p(each.error) == pytest.approx(theory, rel=0.1)


def test_wide_sizes_and_unequal_exponents_are_warned_of() -> None:
    found = bias(UNEQUAL, design(UNEQUAL, WIDE))
    assert found.at[1].error < -0.1
    check = found.check()
    assert check.verdict is Verdict.WARN
    assert f"{found.at[1].error:+.1%} at 1e+22" in check.message
    assert found.at[-1].waste > 0.005


def test_sizes_that_drift_off_the_best_move_the_exponent_itself() -> None:
    centred, drifting = (bias(UNEQUAL, design(UNEQUAL, WIDE, drift)) for drift in (0.0, 0.15))
    assert centred.exponent == pytest.approx(centred.true_exponent, abs=1e-5)
    assert abs(drifting.exponent - drifting.true_exponent) > 0.01


@pytest.mark.parametrize("curve", ["cubic", "akima"])
def test_cubic_and_akima_err_by_less(curve: Curve) -> None:
    table = design(UNEQUAL, WIDE)
    by_parabola, by_other = (abs(np.log1p(bias(UNEQUAL, table, curve=c).at[1].error)) for c in ("parabola", curve))
    assert by_other < by_parabola / 2


def test_the_waste_is_the_compute_that_the_best_size_would_save() -> None:
    for each in bias(UNEQUAL, design(UNEQUAL, WIDE)).at:
        named = UNEQUAL(each.n_params, each.flops / (6 * each.n_params))
        less = allocate(UNEQUAL, each.flops * (1 - each.waste))
        assert less.loss == pytest.approx(named, rel=1e-4)


def test_the_tables_own_cost_of_a_token_decides_what_is_best() -> None:
    """Exact FLOPs that fall from 8 N to 6 N: the truth is the optimum under that, not under 6 N."""
    table = design(EQUAL, NARROW)
    per_token = 6 * table.n_params * (table.n_params / table.n_params.max()) ** -0.05
    dear = Table({**table.columns, "tokens": table.flops / per_token})
    n = np.geomspace(1e7, 1e9, 5)
    assert cost_of(dear)(n) == pytest.approx(6 * n * (n / table.n_params.max()) ** -0.05)
    assert cost_of(table)(n) == pytest.approx(6 * n)
    found = bias(EQUAL, dear)
    assert found.at[1].best == pytest.approx(allocate(EQUAL, 1e22, cost_of(dear)).n_params)
    assert found.true_exponent > 0.5


def test_a_design_that_never_brackets_its_own_optimum_is_refused() -> None:
    with pytest.raises(FitError, match="would find 0 minima"):
        bias(EQUAL, design(EQUAL, 20 * NARROW))


def test_hoffmanns_own_design_is_biased_by_a_few_per_cent(reference: Callable[[str], Path]) -> None:
    """Under the law refitted to these runs (arXiv:2404.10102), in a hundredth of a second."""
    table = hoffmann_runs(reference)
    bias(BESIROGLU_2024_HUBER, table)
    began = time.process_time()
    found = bias(BESIROGLU_2024_HUBER, table)
    assert time.process_time() - began < 0.1
    assert found.minima >= 15
    assert found.true_exponent == pytest.approx(0.367183 / (0.367183 + 0.347313), abs=1e-6)
    assert 0 < found.exponent - found.true_exponent < 0.02
    assert 0 < found.at[1].error < 0.1
    assert found == bias(BESIROGLU_2024_HUBER, table)
