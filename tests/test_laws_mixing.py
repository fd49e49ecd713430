"""Laws of data and beyond text: mixtures, transfer, modalities."""

import pickle
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isoflop.errors import BadInput
from isoflop.estimates.fit import FitStatus
from isoflop.estimates.objective import SQUARES
from isoflop.fits.parametric import fit
from isoflop.laws.catalog import PUBLISHED
from isoflop.laws.fixing import fixed
from isoflop.laws.kaplan import KAPLAN_2020
from isoflop.laws.mixing import Mixing, mixing, overall_loss
from isoflop.laws.modality import ModalityLoss
from isoflop.laws.power import FlooredPowerLaw
from isoflop.laws.transfer import HERNANDEZ_2021_MIXED, HERNANDEZ_2021_TEXT, TransferLoss
from isoflop.runs.table import Table

# Mixtures


THREE: Any = mixing(3)
LAW: Mixing = THREE(c=1.5, k=2.0, t_1=-2.0, t_2=0.5, t_3=-0.3)
SHARES = st.lists(st.floats(0.01, 1), min_size=3, max_size=3).map(lambda r: np.array(r) / sum(r))


@given(SHARES, SHARES, st.floats(0, 1))
def test_a_mixing_law_is_convex_and_above_its_floor(one: Any, other: Any, part: float) -> None:
    between = part * one + (1 - part) * other
    assert LAW(*between) <= part * LAW(*one) + (1 - part) * LAW(*other) + 1e-12
    assert LAW(*between) > LAW.constants["c"]


@given(SHARES, st.floats(-2, 2))
def test_shares_sum_to_one_so_that_one_exponent_is_free(shares: Any, shift: float) -> None:
    c = LAW.constants
    moved = THREE(c["c"], c["k"] * np.exp(-shift), *(c[f"t_{j}"] + shift for j in (1, 2, 3)))
    assert moved(*shares) == pytest.approx(LAW(*shares))


def test_shares_come_in_order_or_by_name_and_broadcast() -> None:
    assert LAW(0.2, 0.3, 0.5) == LAW(share_3=0.5, share_1=0.2, share_2=0.3) == LAW(0.2, share_3=0.5, share_2=0.3)
    assert LAW(np.array([0.2, 0.4]), 0.1, np.array([0.7, 0.5])).shape == (2,)
    with pytest.raises(BadInput, match="3 domains; got 2"):
        LAW(0.5, 0.5)
    with pytest.raises(BadInput, match="3 domains"):
        LAW(0.2, 0.3, 0.5, share_1=0.2)


def test_the_form_of_n_domains_is_one_class_that_pickles_and_has_bounds() -> None:
    assert mixing(4) is mixing(4)
    assert pickle.loads(pickle.dumps(LAW)) == LAW
    with pytest.raises(BadInput, match="2 to 9"):
        mixing(1)


def test_a_text_of_hidden_domains_has_the_weighted_loss_of_them() -> None:
    other = THREE(c=1.0, k=1.0, t_1=0.4, t_2=-1.0, t_3=0.0)
    r = (0.2, 0.3, 0.5)
    assert overall_loss([LAW, other], [0.25, 0.75], *r) == pytest.approx(0.25 * LAW(*r) + 0.75 * other(*r))
    assert overall_loss([LAW], [1.0], *r) == LAW(*r)
    with pytest.raises(BadInput, match="2 laws and 1 weights") as caught:
        overall_loss([LAW, other], [0.9], *r)
    assert len(caught.value.problems) == 2


def test_a_planted_mixing_law_is_found_again_from_columns_of_shares() -> None:
    rng = np.random.default_rng(0)
    planted = THREE(**(LAW.constants | {"t_3": 0.0}))
    shares = dict(zip(planted.inputs, rng.dirichlet(np.ones(3), 40).T, strict=True))
    loss = planted(**shares) * np.exp(0.001 * rng.normal(size=40))
    table = Table({**shares, "loss": loss}, needed=(*planted.inputs, "loss"))
    found = fit(fixed(THREE, t_3=0.0), table, objective=SQUARES, check=False)
    assert found.status is FitStatus.CONVERGED, found.checks
    assert found.law(**shares) == pytest.approx(planted(**shares), rel=0.002)
    assert found.law.constants["t_1"] == pytest.approx(planted.constants["t_1"], abs=0.1)


# Transfer


@given(st.floats(1e5, 1e9), st.floats(1e6, 1e10))
def test_pre_training_is_worth_more_to_larger_models_and_multiplies_little_data_most(data: float, size: float) -> None:
    for law in (HERNANDEZ_2021_TEXT, HERNANDEZ_2021_MIXED):
        assert law(data, 2 * size) > law(data, size) > 0
        assert law.multiplier(data, size) > law.multiplier(2 * data, size) > 1
        assert law(data, 10 * size) / law(data, size) == pytest.approx(10**law.beta)


def test_pre_training_on_other_code_is_worth_more_where_data_is_scarce_and_its_lead_shrinks() -> None:
    text, mixed = HERNANDEZ_2021_TEXT, HERNANDEZ_2021_MIXED
    assert mixed(1e6, 1e8) > text(1e6, 1e8)
    assert mixed(1e9, 1e8) / text(1e9, 1e8) < mixed(1e6, 1e8) / text(1e6, 1e8)


@given(st.floats(1e6, 1e10), st.floats(1e4, 1e9))
def test_the_loss_after_transfer_is_kaplan_s_at_the_data_transferred(size: float, data: float) -> None:
    law = TransferLoss.of(KAPLAN_2020, HERNANDEZ_2021_TEXT)
    assert law(size, data) == pytest.approx(KAPLAN_2020(size, HERNANDEZ_2021_TEXT(data, size)), rel=1e-10)


# Modalities


@given(st.floats(0.1, 5), st.floats(1, 1e10), st.floats(0.05, 0.6), st.floats(1e3, 1e15))
def test_a_modality_s_loss_is_its_entropy_and_what_scale_lowers(
    L_inf: float, x_0: float, alpha: float, x: float
) -> None:
    law = ModalityLoss(L_inf, x_0, alpha)
    assert law(x) == pytest.approx(FlooredPowerLaw(L_inf, x_0**alpha, alpha)(x))
    assert law.reducible(x_0) == 1
    assert law.needed(law.reducible(x)) == pytest.approx(x)
    assert replace(law, L_inf=L_inf + 1)(x) - law(x) == pytest.approx(1)


def test_growth_of_size_and_tokens_spends_the_compute_where_c_is_six_n_d() -> None:
    """Of late fusion the two exponents sum to 1.098, which its set says."""
    sums = {
        kind: PUBLISHED[f"SHUKOR_2025_{kind}_SIZE"].values["a"] + PUBLISHED[f"SHUKOR_2025_{kind}_TOKENS"].values["b"]
        for kind in ("EARLY", "LATE", "SPARSE")
    }
    assert sums["EARLY"] == pytest.approx(1, abs=0.02)
    assert sums["SPARSE"] == pytest.approx(1, abs=0.02)
    assert f"{sums['LATE']:.3f}" in PUBLISHED["SHUKOR_2025_LATE_SIZE"].about.disputed
