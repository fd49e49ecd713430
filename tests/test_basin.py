"""How flat the optimum is, and what acting on the median costs: by hand where a law can be turned round by hand."""

from dataclasses import replace

import numpy as np
import pytest

from isoflop.allocations.target import flops_for
from isoflop.estimates.ensemble import Ensemble
from isoflop.laws.chinchilla import BESIROGLU_2024
from isoflop.laws.data_constrained import MUENNIGHOFF_2023
from isoflop.plans.basin import basin, regret
from isoflop.plans.split import Aim, Split, split


def bag(spread: float, count: int = 200) -> Ensemble:
    random = np.random.default_rng(1)
    return Ensemble(
        tuple(replace(BESIROGLU_2024, A=BESIROGLU_2024.A * np.exp(spread * random.normal())) for _ in range(count))
    )


def budget(laws: Ensemble, **limits: float) -> Split:
    return split(laws, Aim(flops=1e22, **limits))


def test_the_ends_of_the_basin_are_one_percent_above_the_best() -> None:
    found = budget(Ensemble((BESIROGLU_2024,)))
    around = basin(found)
    for size in (around.low, around.high):
        assert BESIROGLU_2024(size, 1e22 / 6 / size) / found.loss[0] == pytest.approx(1.01, abs=5e-4)
    assert around.low < found.n_params[0] < around.high


def test_one_law_alone_has_nothing_to_regret() -> None:
    assert regret(budget(Ensemble((BESIROGLU_2024,)))) is None


def test_more_doubt_is_more_to_regret_and_none_is_none() -> None:
    none, some, more = (regret(budget(bag(spread))) for spread in (0.0, 0.1, 0.4))
    assert none is not None
    assert some is not None
    assert more is not None
    assert none.worst == pytest.approx(0, abs=1e-9)
    assert 0 < some.typical < some.worst < more.worst
    assert some.compute > some.worst  # one per cent of loss is several of compute


def test_serving_narrows_the_basin_from_above() -> None:
    """A large model spends the budget on serving, and has few tokens left."""
    laws = Ensemble((BESIROGLU_2024,))
    alone, served = basin(budget(laws)), basin(budget(laws, served=5e11))
    assert served.high < min(alone.high, 1e22 / 2 / 5e11)
    at = BESIROGLU_2024(served.high, (1e22 - 2 * served.high * 5e11) / 6 / served.high)
    assert at / budget(laws, served=5e11).loss[0] == pytest.approx(1.01, abs=2e-3)


def test_where_tokens_repeat_the_ends_are_one_percent_above_the_best_too() -> None:
    found = budget(Ensemble((MUENNIGHOFF_2023,)), unique_tokens=30e9)
    around = basin(found)
    for size in (around.low, around.high):
        assert MUENNIGHOFF_2023(size, 1e22 / 6 / size, 30e9) / found.loss[0] == pytest.approx(1.01, abs=5e-4)


def test_the_compute_that_the_median_wastes_is_what_the_same_loss_needs_less() -> None:
    """By the one law of two that the median size is wrong for: to first order in the loss."""
    laws = Ensemble((BESIROGLU_2024, replace(BESIROGLU_2024, A=BESIROGLU_2024.A * 1.3)), np.asarray([0.6, 0.4]))
    found, wasted = budget(laws), regret(budget(laws))
    assert wasted is not None
    n = found.median("n_params")
    need = flops_for(laws.laws[1], float(laws.laws[1](n, 1e22 / 6 / n)))
    assert wasted.compute == pytest.approx(1 - need.item() / 1e22, rel=0.05)
