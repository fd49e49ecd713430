"""A question is split by every law at once: closed forms where there are some, else what must hold."""

from dataclasses import replace

import numpy as np
import pytest

from isoflop.allocations.allocate import allocate
from isoflop.allocations.repeated import allocate_repeated
from isoflop.errors import IsoflopError
from isoflop.estimates.ensemble import Ensemble
from isoflop.laws.chinchilla import BESIROGLU_2024, HOFFMANN_2022_TEX
from isoflop.laws.data_constrained import MUENNIGHOFF_2023, RepetitionPenalty
from isoflop.laws.law import Law
from isoflop.plans.split import Aim, split

ONE = Ensemble((BESIROGLU_2024,))
TWO = Ensemble((BESIROGLU_2024, replace(BESIROGLU_2024, A=500.0)))
REPEATING = Ensemble((MUENNIGHOFF_2023,))


def test_a_budget_is_split_at_the_law_s_optimum() -> None:
    found, best = split(TWO, Aim(flops=1e22)), allocate(BESIROGLU_2024, 1e22)
    assert found.n_params[0] == pytest.approx(best.n_params, rel=1e-9)
    assert found.loss[0] == pytest.approx(best.loss, rel=1e-12)
    assert found.flops == pytest.approx(1e22)


def test_unlimited_data_is_split_as_the_closed_form_says() -> None:
    """arXiv:2203.15556, eq. 4, with Muennighoff's tied exponents: to 1e-6."""
    for unique in (None, 1e15):
        found = split(REPEATING, Aim(flops=1e21, unique_tokens=unique))
        closed = allocate(MUENNIGHOFF_2023.unrepeated, 1e21)
        assert found.n_params[0] == pytest.approx(closed.n_params, rel=1e-6)


def test_few_unique_tokens_are_repeated_as_muennighoff_s_example() -> None:
    """Specification, sec. 5: C = 1e21, U = 5e9: N 2.07e9, 16.1 epochs, loss 2.437."""
    found = split(REPEATING, Aim(flops=1e21, unique_tokens=5e9))
    assert found.n_params[0] == pytest.approx(2.07e9, rel=3e-3)
    assert found.epochs[0] == pytest.approx(16.1, rel=3e-3)
    assert found.loss[0] == pytest.approx(2.437, abs=5e-4)


@pytest.mark.parametrize(("bag", "unique"), [(ONE, None), (REPEATING, None), (REPEATING, 30e9)], ids=str)
def test_the_least_budget_for_a_loss_and_the_least_loss_for_a_budget_are_one(
    bag: Ensemble, unique: float | None
) -> None:
    there = split(bag, Aim(flops=3e21, unique_tokens=unique))
    back = split(bag, Aim(loss=float(there.loss[0]), unique_tokens=unique))
    assert back.flops[0] == pytest.approx(3e21, rel=1e-3)
    assert back.n_params[0] == pytest.approx(there.n_params[0], rel=2e-2)  # the optimum is flat


def test_serving_is_paid_from_the_budget_and_makes_the_model_smaller() -> None:
    plain, served = split(ONE, Aim(flops=1e22)), split(ONE, Aim(flops=1e22, served=1e12))
    assert served.n_params[0] < plain.n_params[0]
    assert served.flops[0] + served.serving_flops[0] == pytest.approx(1e22)
    n = served.n_params[0]
    for other in (0.98 * n, 1.02 * n):
        d = (1e22 - 2 * other * 1e12) / (6 * other)
        assert BESIROGLU_2024(other, d) > served.loss[0]


def test_sardana_s_example_is_found() -> None:
    """Specification, sec. 6: 7B-Chinchilla quality and 1e11 tokens served: 6.05e9 parameters, 1.164 times the data."""
    law = HOFFMANN_2022_TEX
    budget = 6 * (7e9 / law.G) ** (1 / law.a)  # whose best size is 7e9
    best = allocate(law, budget)
    found = split(Ensemble((law,)), Aim(loss=best.loss, served=1e11))
    assert found.n_params[0] == pytest.approx(6.055e9, rel=2e-3)
    assert found.tokens[0] / best.tokens == pytest.approx(1.164, abs=2e-3)


def test_a_largest_size_caps_the_best_one() -> None:
    found = split(ONE, Aim(flops=1e22, most_params=2e9))
    assert found.n_params[0] == 2e9
    assert found.tokens[0] == pytest.approx(1e22 / 12e9)
    assert found.capped == 1.0
    assert split(ONE, Aim(flops=1e22, most_params=1e12)).capped == 0.0


def test_what_is_fixed_stays_fixed() -> None:
    judged = split(ONE, Aim(n_params=7e9, tokens=2e12))
    assert (judged.n_params[0], judged.tokens[0]) == (7e9, 2e12)
    assert judged.loss[0] == BESIROGLU_2024(7e9, 2e12)
    assert split(ONE, Aim(flops=1e22, n_params=7e9)).tokens[0] == pytest.approx(1e22 / 42e9)
    assert split(ONE, Aim(flops=1e22, tokens=2e12)).n_params[0] == pytest.approx(1e22 / 12e12)
    by_loss = split(ONE, Aim(loss=2.2, n_params=7e9))
    assert BESIROGLU_2024(7e9, by_loss.tokens[0]) == pytest.approx(2.2)
    by_data = split(REPEATING, Aim(loss=2.5, tokens=2e11, unique_tokens=5e10))
    assert MUENNIGHOFF_2023(by_data.n_params[0], 2e11, 5e10) == pytest.approx(2.5)


def test_a_loss_below_the_floor_is_refused() -> None:
    with pytest.raises(IsoflopError, match="below what the law can reach"):
        split(ONE, Aim(loss=1.5))
    with pytest.raises(IsoflopError, match="5e\\+09 unique tokens"):
        split(REPEATING, Aim(loss=2.2, unique_tokens=5e9))


def test_epochs_past_the_useful_are_not_taken() -> None:
    best = allocate_repeated(MUENNIGHOFF_2023, 9.3e21, 25e9)
    found = split(REPEATING, Aim(flops=9.3e21, unique_tokens=25e9))
    assert found.epochs[0] == pytest.approx(best.epochs)


HARMFUL = RepetitionPenalty(1.7, 480.0, 2080.0, 0.02, 0.35, 0.37, 1.0, 0.5)


@pytest.mark.parametrize("served", [0.0, 1e12])
@pytest.mark.parametrize(("law", "loss"), [(MUENNIGHOFF_2023, 2.2), (HARMFUL, 2.3)], ids=["saturating", "harmful"])
def test_no_run_reaches_a_loss_for_less_where_tokens_repeat(law: Law, loss: float, served: float) -> None:
    """Looked for by brute force among sizes about the answer and all tokens: none is cheaper by a thousandth."""
    unique = 30e9
    found = split(Ensemble((law,)), Aim(loss=loss, unique_tokens=unique, served=served))
    assert found.loss[0] == pytest.approx(loss, rel=1e-12)
    sizes = found.n_params[0] * np.geomspace(0.2, 5, 201)[:, None]
    tokens = np.geomspace(1e9, 1e14, 20_001)[None, :]
    cost = np.where(law(sizes, tokens, unique) <= loss, 6 * sizes * tokens + 2 * sizes * served, np.inf)
    assert found.cost_flops[0] == pytest.approx(np.min(cost), rel=1e-3)
    assert found.cost_flops[0] <= np.min(cost) * (1 + 1e-6)


def test_a_loss_that_repetition_keeps_out_of_reach_is_refused() -> None:
    for law in (MUENNIGHOFF_2023, HARMFUL):
        with pytest.raises(IsoflopError, match="below what the law can reach"):
            split(Ensemble((law,)), Aim(loss=2.0, unique_tokens=1e9))
