"""Dense models: closed forms are numeric optima, counts convert there and back, tables are met, doubts are said."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isoflop.allocations.allocate import allocate
from isoflop.conventions import Counted, Size
from isoflop.costs.counts import total_of
from isoflop.errors import BadInput
from isoflop.laws.catalog import PUBLISHED, published_law, sets_of
from isoflop.laws.chinchilla import (
    BESIROGLU_2024,
    BESIROGLU_2024_ALL_RUNS,
    BESIROGLU_2024_HUBER,
    HOFFMANN_2022,
    HOFFMANN_2022_TEX,
    Chinchilla,
)
from isoflop.laws.constants.frontiers import HOFFMANN_TABLE_3, HOFFMANN_TABLE_A3, Best
from isoflop.laws.counting import PEARCE_2024, PEARCE_2024_BPE, TotalSize
from isoflop.laws.power import (
    DEY_2023,
    DUBEY_2024,
    DUBEY_2024_PRINTED,
    HOFFMANN_2022_APPROACH_1_SIZE,
    HOFFMANN_2022_APPROACH_2_SIZE,
    HU_2024,
    OptimalSize,
    TokensPerParam,
)

JOINT: list[Any] = [published_law(name) for name in sets_of("Chinchilla")]


@pytest.mark.parametrize("law", JOINT, ids=sets_of("Chinchilla"))
@pytest.mark.parametrize("flops", [1e15, 1e21, 3.8e25])
def test_the_closed_form_is_the_numeric_optimum(law: Chinchilla, flops: float) -> None:
    """arXiv:2203.15556, eq. 4."""
    found = allocate(law, flops)
    assert law.optimal_size(flops) == pytest.approx(found.n_params, rel=1e-6)
    assert law.optimal_tokens(flops) == pytest.approx(found.tokens, rel=1e-6)
    assert law.optimal_loss(flops) == pytest.approx(found.loss, rel=1e-12)


@given(st.floats(1, 3), st.floats(10, 1e4), st.floats(10, 1e4), st.floats(0.1, 0.9), st.floats(0.1, 0.9))
def test_at_the_optimum_the_terms_are_as_beta_to_alpha_and_fall_together(
    E: float, A: float, B: float, alpha: float, beta: float
) -> None:
    law = Chinchilla(E, A, B, alpha, beta)
    size, tokens = law.optimal_size(1e21), law.optimal_tokens(1e21)
    assert 6 * size * tokens == pytest.approx(1e21)
    assert (A / size**alpha) / (B / tokens**beta) == pytest.approx(beta / alpha)
    fall = (law.optimal_loss(1e23) - E) / (law.optimal_loss(1e21) - E)
    assert fall == pytest.approx(100**-law.frontier_exponent, rel=1e-6)
    assert law.a + law.b == pytest.approx(1)


def test_the_loss_falls_with_size_and_with_data_to_its_floor() -> None:
    n, d = np.geomspace(1e6, 1e13, 8)[:, None], np.geomspace(1e7, 1e14, 8)
    for law in JOINT:
        losses = law(n, d)
        assert np.all(np.diff(losses, axis=0) < 0)
        assert np.all(np.diff(losses, axis=1) < 0)
        assert np.all(losses > law.E)
        assert law(1e300, 1e300) == law.E


def test_the_ratio_of_a_joint_law_is_a_law_of_the_ratio() -> None:
    law = BESIROGLU_2024
    ratio = TokensPerParam(r=law.G**-2, s=law.b - law.a)
    flops = np.geomspace(1e18, 1e26, 5)
    assert ratio(flops) == pytest.approx(law.optimal_tokens(flops) / law.optimal_size(flops))
    assert ratio.optimal_size(flops) == pytest.approx(law.optimal_size(flops))
    assert ratio.optimal_tokens(flops) == pytest.approx(law.optimal_tokens(flops))


@pytest.mark.parametrize(
    ("law", "rows", "off"),
    [
        (HOFFMANN_2022_APPROACH_1_SIZE, HOFFMANN_TABLE_3, 0.013),
        (HOFFMANN_2022_APPROACH_2_SIZE, HOFFMANN_TABLE_A3, 0.035),
    ],
    ids=["approach 1", "approach 2"],
)
def test_the_rows_of_hoffmann_s_tables_lie_on_a_line(law: OptimalSize, rows: tuple[Best, ...], off: float) -> None:
    for row in rows:
        assert law(row.flops) == pytest.approx(row.n_params, rel=off)
        assert row.flops == pytest.approx(6 * row.n_params * row.tokens, rel=0.05)


def test_approach_2_asks_for_63_billion_parameters_at_gopher_s_budget() -> None:
    assert HOFFMANN_2022_APPROACH_2_SIZE(5.76e23) == pytest.approx(63e9, rel=0.01)


def test_llama_3_s_exponent_rounded_in_the_text_loses_a_third_of_the_tokens() -> None:
    assert DUBEY_2024_PRINTED(3.8e25) / DUBEY_2024(3.8e25) == pytest.approx(0.64, abs=0.01)


def test_minicpm_s_constants_make_sense_in_the_units_of_its_figure_alone() -> None:
    """K^2 = 0.01 and eta = -0.10 with C in FLOPs ask for 1e4 tokens a parameter; with C in 1e18, for some 200."""
    assert HU_2024(1e21) == pytest.approx((1e3 / 6) ** 0.10 / 0.01)
    assert (1e21 / 6) ** 0.10 / 0.01 > 1e4


def test_minicpm_s_192_lies_within_the_rounding_of_one_digit() -> None:
    """K^2 = 0.01 stands for 0.005 to 0.015: the same law from 111 to 333 tokens a parameter at 1e21 FLOPs."""
    lowest, highest = (replace(HU_2024, r=HU_2024.r * 0.01 / K_squared)(1e21) for K_squared in (0.015, 0.005))
    assert (lowest, highest) == pytest.approx((111, 333), abs=1)
    assert lowest < 192 < highest
    assert PUBLISHED["HU_2024"].about.tag == "D"
    assert PUBLISHED["HU_2024"].about.unverified


@pytest.mark.parametrize(
    ("flops", "loss"),
    [(2.6e18, 2.566), (1.3e19, 2.299), (6.1e19, 2.184), (2.8e20, 1.996), (1.1e21, 1.834), (6.3e21, 1.704)],
)
def test_cerebras_s_law_is_within_4_percent_of_its_models(flops: float, loss: float) -> None:
    assert DEY_2023(flops) == pytest.approx(loss, rel=0.04)


@given(st.floats(0, 16), st.floats(2, 6))
def test_total_and_non_embedding_counts_convert_there_and_back(log_size: float, log_omega: float) -> None:
    law = TotalSize(10**log_omega)
    size = 10**log_size
    assert law.nonembedding(law(size)) == pytest.approx(size, rel=1e-9)
    step = 1e-4 * size
    assert law.slope(size) == pytest.approx((law(size + step) - law(size - step)) / (2 * step), rel=1e-5)


def test_counts_convert_as_arrays_and_in_jax() -> None:
    import jax
    import jax.numpy as jnp

    sizes = np.geomspace(768, 1.5e9, 7)
    assert PEARCE_2024.nonembedding(PEARCE_2024(sizes)) == pytest.approx(sizes)
    with jax.enable_x64(True):
        back = jax.vmap(PEARCE_2024.nonembedding)(jnp.asarray(PEARCE_2024(sizes)))
        slope = jax.grad(PEARCE_2024)(1e8)
    assert np.asarray(back) == pytest.approx(sizes)
    assert float(slope) == pytest.approx(float(PEARCE_2024.slope(1e8)))


def test_omega_is_one_embedding_at_its_aspect() -> None:
    """12 layers of width 470 have the aspect 39.2: N = 12 n d^2, and the embedding is what `total_of` adds."""
    law = TotalSize.of(vocab_size=50257, aspect=480 / 12)
    size = 12 * 12 * 480**2
    exact: Any = total_of(Counted(size, Size.NON_EMBEDDING), vocab_size=50257, width=480, tied=True)
    assert law(size) == pytest.approx(exact.value)
    assert PEARCE_2024_BPE.aspect(50257) == pytest.approx(PEARCE_2024.aspect(32000))


def test_a_law_of_layers_refuses_a_total_count() -> None:
    with pytest.raises(BadInput, match="nonembedding_of"):
        PEARCE_2024(Counted(1e8, Size.TOTAL))


DERIVED = [name for name in PUBLISHED if name.startswith("HOFFMANN_2022_APPROACH")] + [
    "BESIROGLU_2024_ALL_RUNS",
    "DUBEY_2024",
    "HU_2024",
]


@pytest.mark.parametrize("name", DERIVED)
def test_what_was_not_read_in_a_source_is_said(name: str) -> None:
    about = published_law(name).about
    assert about.unverified
    assert about.source
    assert about.paper


def test_what_besiroglu_found_wrong_stands_with_hoffmann_s_constants() -> None:
    for law in (HOFFMANN_2022, HOFFMANN_2022_TEX):
        assert "averaged" in law.about.disputed
    assert "estimator" in BESIROGLU_2024.about.source
    sixfold = BESIROGLU_2024_ALL_RUNS.B / BESIROGLU_2024_HUBER.B
    assert sixfold == pytest.approx(6, abs=0.1)
