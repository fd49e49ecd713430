"""What reaches a loss, the cheapest model to be served, and what a smaller one costs."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isoflop.allocations.allocate import allocate
from isoflop.allocations.isoloss import size_for, tokens_for
from isoflop.allocations.serving import Prices, serve, serve_all
from isoflop.allocations.smaller import smaller, smallest_share
from isoflop.errors import BadInput, IsoflopError
from isoflop.laws.chinchilla import BESIROGLU_2024, HOFFMANN_2022, HOFFMANN_2022_TEX, Chinchilla
from isoflop.laws.crossing import crossing
from isoflop.laws.data_constrained import (
    MUENNIGHOFF_2023,
)
from isoflop.laws.farseer import Farseer
from isoflop.laws.kaplan import KAPLAN_2020
from isoflop.laws.law import Law
from isoflop.laws.overtraining import DEVRIES_2023, GADRE_2024_REDPAJAMA

FARSEER = Farseer(a1=-0.124, b1=0.424, alpha=0.123, a2=88.0, b2=-5.29, beta=-0.1, a3=-0.021, b3=0.091, gamma=0.169)
CHINCHILLA = st.builds(
    Chinchilla, st.floats(0.5, 2), st.floats(50, 2000), st.floats(50, 5000), st.floats(0.25, 0.5), st.floats(0.25, 0.5)
)


@dataclass(frozen=True)
class Searched(Chinchilla):
    """L(N, D) = Chinchilla's law, as a form that nothing knows to solve."""

    def __call__(self, n_params: Any, tokens: Any) -> Any:
        return super().__call__(n_params, tokens)


# --- what reaches a loss


@given(st.lists(st.floats(-50, 50), min_size=1, max_size=5))
def test_crossings_are_found_to_the_last_digits(roots: list[float]) -> None:
    x = np.asarray(roots)
    for function in (lambda at: np.expm1((at - x) / 10), lambda at: (x - at) ** 3):
        assert crossing(function, np.full_like(x, -60.0), np.full_like(x, 70.0)) == pytest.approx(x, abs=1e-4)
    found = crossing(lambda at: np.exp(-at / 3) - np.exp(-x / 3), np.full_like(x, -60.0), np.full_like(x, 70.0))
    assert found == pytest.approx(x, rel=1e-12, abs=1e-12)
    assert np.isnan(crossing(lambda at: at * 0 + 1.0, x, x + 1)).all()


@pytest.mark.parametrize(
    "law", [BESIROGLU_2024, GADRE_2024_REDPAJAMA, KAPLAN_2020, Searched(**BESIROGLU_2024.constants)]
)
def test_tokens_and_sizes_that_reach_a_loss_reach_it(law: Law) -> None:
    n, d = np.geomspace(1e7, 1e11, 5), np.geomspace(1e9, 1e12, 5)
    losses = law(n, d)
    assert tokens_for(law, n, losses) == pytest.approx(d, rel=1e-9)
    assert size_for(law, d, losses) == pytest.approx(n, rel=1e-9)
    assert tokens_for(law, 1e3, 1.9) == np.inf
    assert size_for(law, 1e4, 1.9) == np.inf


def test_a_law_of_other_inputs_has_no_such_curve() -> None:
    with pytest.raises(BadInput, match="n_params, tokens"):
        tokens_for(MUENNIGHOFF_2023, 1e9, 2.5)


# --- models to be served


@given(CHINCHILLA, st.floats(18, 25), st.floats(8, 15))
@settings(max_examples=50)
def test_at_the_cheapest_size_the_elasticities_are_as_the_tokens_served(
    law: Chinchilla, log_flops: float, log_served: float
) -> None:
    """eps_N / eps_D = 1 + D_inf / (3 D) with eps_N = alpha A / N^alpha, eps_D = beta B / D^beta."""
    loss, served = allocate(law, 10**log_flops).loss, 10**log_served
    best = serve(law, loss, served)
    of_size = law.alpha * law.A / best.n_params**law.alpha
    of_data = law.beta * law.B / best.tokens**law.beta
    assert of_size / of_data == pytest.approx(1 + served / (3 * best.tokens), rel=1e-5)
    assert law(best.n_params, best.tokens) == pytest.approx(loss)
    assert best.cost == pytest.approx(6 * best.n_params * best.tokens + 2 * best.n_params * served)


@pytest.mark.parametrize("law", [HOFFMANN_2022_TEX, KAPLAN_2020, GADRE_2024_REDPAJAMA])
def test_a_model_that_is_not_served_is_the_best_split(law: Law) -> None:
    best = allocate(law, 1e21)
    alone = serve(law, best.loss, 0.0)
    assert alone.n_params == pytest.approx(best.n_params, rel=1e-5)
    assert alone.training_flops == pytest.approx(1e21, rel=1e-9)
    assert alone.inference_flops == 0
    served = serve(law, best.loss, 1e12)
    assert served.n_params < alone.n_params
    assert served.cost < alone.cost + 2 * alone.n_params * 1e12


def test_the_search_agrees_with_the_closed_form() -> None:
    same = Searched(**BESIROGLU_2024.constants)
    one, other = (serve(law, 2.2, 1e12) for law in (BESIROGLU_2024, same))
    assert (one.n_params, one.tokens, one.cost) == pytest.approx((other.n_params, other.tokens, other.cost), rel=1e-6)


def test_dear_inference_counts_as_much_more_of_it() -> None:
    """Eq. 6: only C_inf / C_tr * MFU_tr / MFU weighs."""
    prices = Prices(training=2e-18, inference=3e-18, mfu_training=0.5, mfu_input=0.5, mfu_output=0.01)
    dear = serve(HOFFMANN_2022_TEX, 2.1, 7e10, 3e10, prices)
    same = serve(HOFFMANN_2022_TEX, 2.1, (7e10 + 50 * 3e10) * 1.5)
    assert dear.n_params == pytest.approx(same.n_params, rel=1e-6)
    assert dear.cost == pytest.approx(same.cost * 2e-18 / 0.5, rel=1e-9)
    assert dear.inference_flops == pytest.approx(2 * dear.n_params * 1e11)


def test_many_laws_are_served_as_each_of_them() -> None:
    A: Any = np.asarray([300.0, 400.0, 500.0])
    losses, served = np.asarray([2.2, 2.3, 1.0]), np.asarray([1e10, 1e12, 1e12])
    many = serve_all(replace(BESIROGLU_2024, A=A), losses, served)
    for i in range(2):
        one = serve(replace(BESIROGLU_2024, A=float(A[i])), losses[i], served[i])
        assert (many.n_params[i], many.cost[i]) == pytest.approx((one.n_params, one.cost), rel=1e-9)
    assert np.isnan(many.n_params[2])


def test_a_loss_out_of_reach_is_an_error() -> None:
    with pytest.raises(IsoflopError, match="1\\.5"):
        serve(BESIROGLU_2024, 1.5, 1e12)
    with pytest.raises(BadInput) as caught:
        serve(BESIROGLU_2024, -1.0, -1.0)
    assert len(caught.value.problems) == 2
    with pytest.raises(BadInput) as caught:
        Prices(training=0.0, mfu_output=2.0)
    assert len(caught.value.problems) == 2


# --- smaller models


def test_the_overhead_of_a_smaller_model_is_the_same_at_every_budget() -> None:
    shares = np.asarray([0.2, 0.5, 1.0, 2.0])
    closed = smaller(BESIROGLU_2024, shares)
    assert closed.overhead[2] == 0
    assert np.all(closed.overhead[[0, 1, 3]] > 0)
    for flops in (1e19, 1e25):
        searched = smaller(Searched(**BESIROGLU_2024.constants), shares, flops)
        assert searched.more_tokens == pytest.approx(closed.more_tokens, rel=1e-6)
        best = allocate(BESIROGLU_2024, flops)
        losses = BESIROGLU_2024(shares * best.n_params, closed.more_tokens * best.tokens)
        assert losses == pytest.approx(np.full(4, best.loss), rel=1e-8)


@pytest.mark.parametrize(
    ("law", "flops"), [(HOFFMANN_2022, None), (GADRE_2024_REDPAJAMA, None), (KAPLAN_2020, 1e21), (FARSEER, 1e21)]
)
def test_below_the_smallest_share_no_data_is_enough(law: Law, flops: float | None) -> None:
    sizes = (1e7, 4e10)
    least = float(smallest_share(law, flops, n_params=sizes))
    assert 0 < least < 1
    assert smaller(law, 0.999 * least, flops, n_params=sizes).more_tokens == np.inf
    assert np.isfinite(smaller(law, 1.05 * least, flops, n_params=sizes).more_tokens)


def test_the_overhead_depends_on_the_budget_where_the_data_exponent_does_on_size() -> None:
    one, other = (float(smaller(FARSEER, 0.5, C, n_params=(1e8, 1e12)).overhead) for C in (1e21, 1e24))
    assert one != pytest.approx(other, rel=1e-2)
    one, other = (float(smaller(KAPLAN_2020, 0.6, C).overhead) for C in (1e21, 1e24))
    assert one == pytest.approx(other, rel=1e-6)
    with pytest.raises(BadInput, match="give flops"):
        smaller(KAPLAN_2020, 0.5)
    with pytest.raises(BadInput, match="positive"):
        smaller(HOFFMANN_2022, [0.5, 0.0])


def test_de_vries_s_table_is_met() -> None:
    """The post's last table: tokens at half the best size and at .3 of it, in 1e9, where the best are 415.53."""
    best = allocate(DEVRIES_2023, 2.46e22)
    assert best.n_params / 1e9 == pytest.approx(9.87, abs=5e-3)
    assert best.tokens / 1e9 == pytest.approx(415.53, abs=5e-3)
    more = smaller(DEVRIES_2023, [0.5, 0.3]).more_tokens
    assert more * best.tokens / 1e9 == pytest.approx([1003.77, 2847.27], abs=0.02)
    assert 100 * smaller(DEVRIES_2023, 0.75).overhead == pytest.approx(2.8, abs=0.05)


def test_half_a_model_costs_many_laws_as_each_of_them() -> None:
    A: Any = np.asarray([300.0, 500.0])
    alphas: Any = np.asarray([0.3, 0.4])
    many = smaller(replace(BESIROGLU_2024, alpha=alphas, A=A), 0.5)
    for i, alpha in enumerate((0.3, 0.4)):
        one = smaller(replace(BESIROGLU_2024, alpha=alpha), 0.5)
        assert many.overhead[i] == pytest.approx(float(one.overhead))
