"""How flat the optimum is, and what acting on the median costs: by hand where a law can be turned round by hand."""

from dataclasses import replace

import numpy as np
import pytest

from isoflop.estimates.ensemble import Ensemble
from isoflop.laws.chinchilla import BESIROGLU_2024
from isoflop.plans.basin import basin, regret
from isoflop.plans.quantities import best


def bag(spread: float, count: int = 200) -> Ensemble:
    random = np.random.default_rng(1)
    return Ensemble(
        tuple(replace(BESIROGLU_2024, A=BESIROGLU_2024.A * np.exp(spread * random.normal())) for _ in range(count))
    )


def test_the_ends_of_the_basin_are_one_percent_above_the_best() -> None:
    found = best(Ensemble((BESIROGLU_2024,)), 1e22)
    around = basin(found)
    for size in (around.low, around.high):
        assert BESIROGLU_2024(size, 1e22 / 6 / size) / found.loss[0] == pytest.approx(1.01, abs=5e-4)
    assert around.low < found.n_params[0] < around.high


def test_one_law_alone_has_nothing_to_regret() -> None:
    assert regret(best(Ensemble((BESIROGLU_2024,)), 1e22)) is None


def test_more_doubt_is_more_to_regret_and_none_is_none() -> None:
    none, some, more = (regret(best(bag(spread), 1e22)) for spread in (0.0, 0.1, 0.4))
    assert none is not None
    assert some is not None
    assert more is not None
    assert none.worst == pytest.approx(0, abs=1e-9)
    assert 0 < some.typical < some.worst < more.worst
    assert some.compute > some.worst  # one per cent of loss is several of compute
