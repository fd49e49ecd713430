"""The best split where tokens run out, and how often to repeat them."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isoflop.allocations.allocate import allocate, allocate_all
from isoflop.allocations.repeated import allocate_repeated, allocate_repeated_all, useful_epochs
from isoflop.errors import BadInput, IsoflopError
from isoflop.laws.chinchilla import BESIROGLU_2024, Chinchilla
from isoflop.laws.data_constrained import (
    MUENNIGHOFF_2023,
    MUENNIGHOFF_2023_UNTIED,
    DataConstrained,
    RepetitionPenalty,
)

CORNERED = RepetitionPenalty(1.8, 400.0, 1500.0, 0.05, 0.34, 0.36, 1.0, 0.5)
SMOOTH = replace(CORNERED, delta=1.5, P=0.003)
CHINCHILLA = st.builds(
    Chinchilla, st.floats(0.5, 2), st.floats(50, 2000), st.floats(50, 5000), st.floats(0.25, 0.5), st.floats(0.25, 0.5)
)


def closed_form(law: Chinchilla, flops: float) -> float:
    """arXiv:2203.15556, eq. 4."""
    G = (law.alpha * law.A / (law.beta * law.B)) ** (1 / (law.alpha + law.beta))
    return float(G * (flops / 6) ** (law.beta / (law.alpha + law.beta)))


@given(CHINCHILLA, st.floats(1, 100), st.floats(0.5, 50), st.floats(18, 25))
@settings(max_examples=50)
def test_with_unlimited_data_the_split_is_the_unconstrained_closed_form(
    free: Chinchilla, R_D: float, R_N: float, log_flops: float
) -> None:
    law, C = DataConstrained(**free.constants, R_D_star=R_D, R_N_star=R_N), 10**log_flops
    best = allocate_repeated(law, C, np.inf)
    assert best.n_params == pytest.approx(closed_form(free, C), rel=1e-6)
    assert best.loss == pytest.approx(allocate(free, C).loss, rel=1e-12)
    assert best.epochs == 1
    assert 6 * best.n_params * best.tokens == pytest.approx(C)


@pytest.mark.parametrize("law", [MUENNIGHOFF_2023, MUENNIGHOFF_2023_UNTIED, CORNERED, SMOOTH])
@pytest.mark.parametrize("unique", [1e8, 5e9, 25e9, 1e12])
def test_no_split_on_a_fine_grid_is_better(law: Any, unique: float) -> None:
    C = 1e21
    best = allocate_repeated(law, C, unique)
    sizes = np.geomspace(1e6, 1e13, 100_001)
    losses = law(sizes, C / (6 * sizes), unique)
    assert best.loss <= losses.min() * (1 + 1e-13)
    assert best.loss == pytest.approx(losses.min(), rel=1e-4)
    assert best.unique_tokens == min(unique, best.tokens)


def test_just_past_where_data_runs_out_the_split_hardly_moves() -> None:
    """The law bends where the cap begins to bind: the split passes it without a jump."""
    free = allocate(MUENNIGHOFF_2023.unrepeated, 1e21)
    for less in (1e-6, 1e-4, 1e-3):
        best = allocate_repeated(MUENNIGHOFF_2023, 1e21, free.tokens * (1 - less))
        assert best.n_params == pytest.approx(free.n_params, rel=less)
        assert best.loss >= free.loss


def test_where_data_is_short_more_compute_goes_to_epochs_faster_than_to_parameters() -> None:
    """R_N* < R_D*, arXiv:2305.16264."""
    one, ten = (allocate_repeated(MUENNIGHOFF_2023, C, 5e9) for C in (1e20, 1e21))
    assert ten.epochs / one.epochs > ten.n_params / one.n_params > 1


@pytest.mark.parametrize(
    ("law", "flops"), [(MUENNIGHOFF_2023, 1e21), (SMOOTH, 1e21), (CORNERED, 1e22), (CORNERED, 1e20)]
)
def test_the_slope_is_that_of_the_frontier_with_this_data(law: Any, flops: float) -> None:
    step = 1e-3
    up, down = (allocate_repeated(law, flops * np.exp(s), 25e9) for s in (step, -step))
    assert allocate_repeated(law, flops, 25e9).slope == pytest.approx((up.loss - down.loss) / (2 * step), rel=1e-4)


def test_where_the_first_repetition_hurts_every_token_is_seen_once() -> None:
    """With delta = 1 the loss has a corner at one epoch: from there compute is better spent on parameters."""
    best = allocate_repeated(CORNERED, 1e22, 25e9)
    assert best.epochs == pytest.approx(1, abs=1e-12)
    assert best.n_params == pytest.approx(1e22 / 6 / 25e9, rel=1e-12)
    many = allocate_repeated(MUENNIGHOFF_2023, 1e22, 25e9)
    assert many.epochs > 9


def test_past_some_epochs_each_further_one_hurts() -> None:
    """With delta = 1, beta B U^-beta (1 + R)^-(1 + beta) = P (N / U)^kappa."""
    law, U = CORNERED, 25e9
    sizes = np.asarray([1e8, 1e9, 1e11, 1e12])
    by_hand = (law.beta * law.B * U**-law.beta / (law.P * (sizes / U) ** law.kappa)) ** (1 / (1 + law.beta))
    found = useful_epochs(law, sizes, U)
    assert found == pytest.approx(np.maximum(by_hand, 1.0), rel=1e-6)
    assert found[-1] == 1
    for size, epochs in zip(sizes, found, strict=True):
        assert law(size, 1.01 * epochs * U, U) > law(size, epochs * U, U)


def test_epochs_never_hurt_by_a_law_that_cannot_say_so() -> None:
    assert useful_epochs(MUENNIGHOFF_2023, 1e9, 1e9) == np.inf
    assert useful_epochs(replace(SMOOTH, P=0.0), 1e9, 1e9) == np.inf


def test_many_laws_and_budgets_are_split_as_each_of_them() -> None:
    stars: Any = np.asarray([5.0, 15.0, 50.0])
    budgets, unique = np.asarray([1e20, 1e21, 1e22]), np.asarray([1e9, 1e12, 25e9])
    many = allocate_repeated_all(replace(MUENNIGHOFF_2023, R_D_star=stars), budgets, unique)
    for i in range(3):
        law = replace(MUENNIGHOFF_2023, R_D_star=float(stars[i]))
        one = allocate_repeated(law, budgets[i], unique[i])
        assert (many.n_params[i], many.loss[i]) == pytest.approx((one.n_params, one.loss), rel=1e-9)
        assert (many.epochs[i], many.slope[i]) == pytest.approx((one.epochs, one.slope), rel=1e-6)


def test_another_count_of_flops_is_another_split() -> None:
    def dear(n: Any) -> Any:
        return 6 * n + 1e9

    best = allocate_repeated(MUENNIGHOFF_2023, 1e21, 5e9, dear)
    sizes = np.geomspace(1e7, 1e11, 20_001)
    assert best.loss <= MUENNIGHOFF_2023(sizes, 1e21 / dear(sizes), 5e9).min()
    assert dear(best.n_params) * best.tokens == pytest.approx(1e21)


def test_a_best_size_outside_the_range_is_an_error() -> None:
    with pytest.raises(IsoflopError, match="smallest size looked at, 1e\\+10"):
        allocate_repeated(MUENNIGHOFF_2023, 1e21, 5e9, n_params=(1e10, 1e12))
    lost = allocate_repeated_all(MUENNIGHOFF_2023, [1e21, 1e24], 5e9, n_params=(1e10, 1e12))
    assert lost.found.tolist() == [False, True]
    assert np.isnan(lost.loss[0])


def test_splits_are_refused_that_make_no_sense() -> None:
    with pytest.raises(BadInput, match="unique_tokens"):
        allocate_repeated(BESIROGLU_2024, 1e21, 5e9)
    with pytest.raises(BadInput, match="allocate_repeated"):
        allocate(MUENNIGHOFF_2023, 1e21)
    for none in (0.0, -1.0, float("nan")):
        with pytest.raises(BadInput, match="positive"):
            allocate_repeated(MUENNIGHOFF_2023, 1e21, none)
    with pytest.raises(BadInput, match="Epochs"):
        useful_epochs(BESIROGLU_2024, 1e9, 1e9)
    with pytest.raises(BadInput, match="positive"):
        useful_epochs(MUENNIGHOFF_2023, 0.0, 1e9)


def test_allocate_all_takes_the_cap_as_it_takes_the_budget() -> None:
    inside = allocate_all(MUENNIGHOFF_2023, 1e21, unique_tokens=[5e9, 25e9])
    assert inside.n_params == pytest.approx(
        [allocate_repeated(MUENNIGHOFF_2023, 1e21, u).n_params for u in (5e9, 25e9)]
    )
