"""The best split of a budget: closed forms, budgets spent, refusals."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isoflop.allocations.allocate import allocate
from isoflop.errors import BadInput, IsoflopError
from isoflop.laws.chinchilla import BESIROGLU_2024, HOFFMANN_2022, HOFFMANN_2022_TEX, Chinchilla
from isoflop.laws.power import PowerLaw

LAWS = st.builds(
    Chinchilla,
    E=st.floats(0.5, 2),
    A=st.floats(50, 2000),
    B=st.floats(50, 5000),
    alpha=st.floats(0.25, 0.5),
    beta=st.floats(0.25, 0.5),
)


@given(LAWS, st.floats(17, 25))
def test_the_optimum_is_hoffmann_s_closed_form(law: Chinchilla, log_flops: float) -> None:
    """arXiv:2203.15556, eq. 4: N_opt = G (C/6)^(beta/(alpha+beta))."""
    C = 10**log_flops
    G = (law.alpha * law.A / (law.beta * law.B)) ** (1 / (law.alpha + law.beta))
    best = allocate(law, C)
    assert best.n_params == pytest.approx(G * (C / 6) ** (law.beta / (law.alpha + law.beta)), rel=1e-6)
    assert 6 * best.n_params * best.tokens == pytest.approx(C)


@pytest.mark.parametrize(
    ("law", "flops", "n_params", "tokens"),
    [
        (HOFFMANN_2022, 5.76e23, 3.22e10, 2.98e12),
        (HOFFMANN_2022_TEX, 5.76e23, 4.04e10, 2.38e12),
        (BESIROGLU_2024, 5.76e23, 7.23e10, 1.33e12),
        (HOFFMANN_2022_TEX, 1e21, 2.22e9, 7.52e10),
        (BESIROGLU_2024, 3.8e25, 6.19e11, 1.02e13),
    ],
)
def test_worked_examples(law: Chinchilla, flops: float, n_params: float, tokens: float) -> None:
    """Chinchilla's and Llama 3's budgets under three sets of constants."""
    best = allocate(law, flops)
    assert best.n_params == pytest.approx(n_params, rel=0.006)
    assert best.tokens == pytest.approx(tokens, rel=0.006)


def test_the_slope_is_that_of_the_frontier() -> None:
    step = 1e-3
    here = allocate(BESIROGLU_2024, 1e21)
    up, down = (allocate(BESIROGLU_2024, 1e21 * np.exp(s)) for s in (step, -step))
    assert here.slope == pytest.approx((up.loss - down.loss) / (2 * step), rel=1e-5)


def test_flops_per_token_may_be_counted_in_another_way() -> None:
    """Twice the FLOPs a token is half the budget."""
    dear = allocate(BESIROGLU_2024, 1e21, lambda n: 12 * n)
    assert dear.n_params == pytest.approx(allocate(BESIROGLU_2024, 5e20).n_params, rel=1e-7)


def test_no_best_size_inside_the_range_is_an_error_that_says_where_it_looked() -> None:
    with pytest.raises(IsoflopError, match="largest size looked at, 1e\\+08"):
        allocate(BESIROGLU_2024, 1e21, n_params=(1e6, 1e8))


def test_a_law_of_compute_alone_cannot_be_split() -> None:
    with pytest.raises(BadInput, match="flops"):
        allocate(PowerLaw(10.0, 0.1), 1e21)
