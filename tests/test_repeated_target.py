"""The cheapest run to a loss where tokens repeat: none near it is cheaper, with endless data it is the closed one."""

import numpy as np
import pytest

from isoflop.allocations.repeated import allocate_repeated
from isoflop.allocations.repeated_target import reach_all, size_for_repeated, tokens_for_repeated
from isoflop.allocations.serving import serve
from isoflop.errors import BadInput
from isoflop.laws.chinchilla import BESIROGLU_2024
from isoflop.laws.data_constrained import MUENNIGHOFF_2023, MUENNIGHOFF_2023_UNTIED, DataConstrained, RepetitionPenalty
from planted_bags import bag

PENALTY = RepetitionPenalty(E=1.8, A=500.0, B=1500.0, P=0.01, alpha=0.35, beta=0.35, delta=1.0, kappa=0.3)


@pytest.mark.parametrize("law", [MUENNIGHOFF_2023, MUENNIGHOFF_2023_UNTIED])
@pytest.mark.parametrize("tokens", [1e9, 3e10, 5e11])
@pytest.mark.parametrize("n_params", [1e8, 1e9])
def test_the_size_for_a_loss_is_the_law_turned_round(law: DataConstrained, tokens: float, n_params: float) -> None:
    loss = float(law(n_params, tokens, 3e10))
    found = float(size_for_repeated(law, tokens, 3e10, loss))
    assert float(law(found, tokens, 3e10)) == pytest.approx(loss, rel=1e-13)
    assert found == pytest.approx(n_params, rel=1e-7)


def test_a_loss_below_what_so_much_data_allows_has_no_size() -> None:
    assert float(size_for_repeated(MUENNIGHOFF_2023, 1e9, 1e9, 2.0)) == np.inf


@pytest.mark.parametrize("unique", [1e9, 3e10, 1e12])
@pytest.mark.parametrize("served", [0.0, 1e11, 1e13])
def test_no_run_near_it_comes_to_the_loss_for_less(unique: float, served: float) -> None:
    law, loss = MUENNIGHOFF_2023, 3.0
    n, d = (float(each[0]) for each in reach_all(law, loss, unique, served))
    assert float(law(n, d, unique)) == pytest.approx(loss, rel=1e-12)
    tokens = d * np.exp(np.linspace(-2, 2, 4001))
    sizes = size_for_repeated(law, tokens, unique, loss)
    cost = sizes * (6 * tokens + 2 * served)
    assert np.min(cost) >= n * (6 * d + 2 * served) * (1 - 1e-12)


@pytest.mark.parametrize("unique", [5e9, 3e10])
def test_serving_nobody_it_is_the_best_split_of_its_compute(unique: float) -> None:
    for flops in (1e20, 1e21, 1e22):
        best = allocate_repeated(MUENNIGHOFF_2023, flops, unique)
        n, d = reach_all(MUENNIGHOFF_2023, best.loss, unique)
        assert float(6 * n[0] * d[0]) == pytest.approx(flops, rel=1e-9)
        assert float(n[0]) == pytest.approx(best.n_params, rel=1e-5)


@pytest.mark.parametrize("served", [0.0, 1e12])
def test_with_endless_data_it_is_that_of_the_law_without_repeats(served: float) -> None:
    n, d = reach_all(MUENNIGHOFF_2023, 2.3, 1e60, served)
    one = serve(MUENNIGHOFF_2023.unrepeated, 2.3, served)
    assert (float(n[0]), float(d[0])) == pytest.approx((float(one.n_params), float(one.tokens)), rel=1e-12)


@pytest.mark.parametrize(("loss", "served"), [(2.5, 0.0), (2.4, 1e12)])
def test_it_is_what_a_search_along_sizes_finds(loss: float, served: float) -> None:
    n, d = reach_all(MUENNIGHOFF_2023, loss, 3e10, served)
    sizes = np.geomspace(float(n[0]) / 4, 4 * float(n[0]), 4001)
    tokens = tokens_for_repeated(MUENNIGHOFF_2023, sizes, 3e10, loss)
    cost = sizes * (6 * tokens + 2 * served)
    assert float(n[0] * (6 * d[0] + 2 * served)) == pytest.approx(np.nanmin(cost), rel=1e-6)
    assert float(n[0]) == pytest.approx(sizes[np.nanargmin(cost)], rel=2e-3)


@pytest.mark.parametrize("loss", [2.6, 2.2])
def test_where_repeats_harm_the_loss_is_still_reached_for_least(loss: float) -> None:
    """By Lovelace's form the loss rises again with epochs; the first tokens that reach it are asked for."""
    n, d = (float(each[0]) for each in reach_all(PENALTY, loss, 3e10))
    assert float(PENALTY(n, d, 3e10)) == pytest.approx(loss, rel=1e-10)
    assert float(PENALTY(n, 1.01 * d, 3e10)) < loss
    assert allocate_repeated(PENALTY, 6 * n * d, 3e10).loss == pytest.approx(loss, rel=1e-7)
    assert np.isnan(tokens_for_repeated(PENALTY, 1e6, 3e10, loss))


def test_a_loss_that_is_never_reached_is_no_number() -> None:
    n, d = reach_all(MUENNIGHOFF_2023, 2.0, 1e9)
    assert np.isnan(n[0])
    assert np.isnan(d[0])
    with pytest.raises(BadInput, match="unique"):
        reach_all(BESIROGLU_2024, 2.2, 1e9)


def test_of_a_thousand_laws_each_is_itself() -> None:
    laws = bag(MUENNIGHOFF_2023, laws=1000, spread=0.005).bag
    stacked = laws.stacked()
    n, d = reach_all(stacked, 2.3, 3e10, 1e12)
    for i in (0, 17, 999):
        one_n, one_d = reach_all(laws.laws[i], 2.3, 3e10, 1e12)
        assert (n[i], d[i]) == pytest.approx((one_n[0], one_d[0]), rel=1e-9)
