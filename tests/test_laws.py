"""Laws are values: published numbers, units, broadcasting, tracing, JSON."""

import json
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isoflop.errors import BadInput
from isoflop.laws import arrays
from isoflop.laws.catalog import FORMS, PUBLISHED, form, law_from_json
from isoflop.laws.chinchilla import BESIROGLU_2024, HOFFMANN_2022, HOFFMANN_2022_TEX, Chinchilla
from isoflop.laws.law import Law, param
from isoflop.laws.power import FlooredPowerLaw, OptimalSize, PowerLaw

ALL_SETS = [form(row.form)(**row.values, about=row.about) for row in PUBLISHED.values()]


def test_the_tex_constants_round_to_the_printed_ones() -> None:
    law = HOFFMANN_2022_TEX
    assert (round(law.E, 2), round(law.A, 1), round(law.B, 1)) == (1.69, 406.4, 410.7)
    assert (round(law.alpha, 2), round(law.beta, 2)) == (0.34, 0.28)


def test_chinchilla_at_seventy_billion_and_1p4_trillion() -> None:
    """E + A/N^alpha + B/D^beta by hand: 1.69 + 406.4/70e9^.34 + 410.7/1.4e12^.28."""
    assert HOFFMANN_2022(70e9, 1.4e12) == pytest.approx(1.69 + 0.08363 + 0.16298, abs=2e-4)


def test_integer_counts_do_not_overflow() -> None:
    """6 N D of whole numbers leaves 64 bits at GPT-3's size."""

    @dataclass(frozen=True)
    class SixND(Law):
        scale: float = param("FLOPs", "FLOPs per parameter and token", starts=(6.0,))
        inputs = ("n_params", "tokens")
        output = "flops"

        def __call__(self, n_params: Any, tokens: Any) -> Any:
            return n_params * tokens * self.scale

    n, d = np.int64(175_000_000_000), np.array([300_000_000_000], dtype=np.int64)
    assert SixND(6.0)(n, d) == pytest.approx([3.15e23])


def test_a_law_broadcasts_and_agrees_with_itself_on_scalars() -> None:
    n, d = np.geomspace(1e6, 1e9, 4)[:, None], np.geomspace(1e8, 1e11, 3)
    grid = BESIROGLU_2024(n, d)
    assert grid.shape == (4, 3)
    assert grid[2, 1] == BESIROGLU_2024(float(n[2, 0]), float(d[1]))


def test_constants_may_be_arrays_and_are_then_many_laws() -> None:
    constants: dict[str, Any] = {"A": np.array([10.0, 20.0]), "alpha": np.array([0.1, 0.2])}
    many = PowerLaw(**constants)
    assert many(1e10) == pytest.approx([PowerLaw(10.0, 0.1)(1e10), PowerLaw(20.0, 0.2)(1e10)])


def test_every_constant_outside_its_domain_is_named_at_once() -> None:
    with pytest.raises(BadInput) as caught:
        Chinchilla(E=-1.0, A=1.0, B=float("nan"), alpha=0.3, beta=0.3)
    assert len(caught.value.problems) == 2
    assert "E = -1.0" in str(caught.value)
    assert "B = nan" in str(caught.value)


@pytest.mark.parametrize("law", ALL_SETS, ids=list(PUBLISHED))
def test_json_keeps_every_bit_of_a_law(law: Law) -> None:
    again = law_from_json(json.loads(json.dumps(law.to_json())))
    assert again == law
    assert again.about == law.about


def test_what_a_law_is_about_is_not_compared() -> None:
    assert Chinchilla(**HOFFMANN_2022.constants) == HOFFMANN_2022


@pytest.mark.parametrize("name", FORMS)
def test_every_form_says_its_formula_and_its_units(name: str) -> None:
    found = form(name)
    assert found.__name__ == name
    assert "=" in (found.__doc__ or "").splitlines()[0]
    assert all(each.unit and each.meaning and each.starts for each in found.params())


@pytest.mark.parametrize("name", FORMS)
def test_a_law_is_affine_in_the_constants_marked_so(name: str) -> None:
    """All of them together, the others held: half-way between two sets of constants is half-way between the outputs."""
    found: Any = form(name)
    rng = np.random.default_rng(0)
    inputs = [10 ** rng.uniform(1, 10, 20) for _ in found.inputs]
    for _ in range(10):
        one = {each.name: float(rng.choice(each.starts)) for each in found.params()}
        other = one | {each.name: float(rng.choice(each.starts)) for each in found.params() if each.linear}
        between = {each: (one[each] + other[each]) / 2 for each in one}
        ends = found(**one)(*inputs) + found(**other)(*inputs)
        assert found(**between)(*inputs) == pytest.approx(ends / 2, rel=1e-9)


def test_an_unknown_form_is_refused_with_those_there_are() -> None:
    with pytest.raises(BadInput, match="Chinchilla"):
        form("chincilla")


def test_kaplan_s_scale_is_where_the_output_is_one() -> None:
    """arXiv:2001.08361, eq. 1.1: L(N) = (8.8e13 / N)^0.076."""
    law = PowerLaw(A=8.8e13**0.076, alpha=0.076)
    assert law.x_c == pytest.approx(8.8e13)
    assert law(1e9) == pytest.approx((8.8e13 / 1e9) ** 0.076)


@given(st.floats(0.05, 3), st.floats(1, 1e4), st.floats(0.05, 1), st.floats(1e6, 1e20))
def test_a_floor_is_approached_from_above(E: float, A: float, alpha: float, flops: float) -> None:
    law = FlooredPowerLaw(E, A, alpha)
    assert E <= law(10 * flops) <= law(flops)
    assert law(flops) - E == pytest.approx(PowerLaw(A, alpha)(flops), rel=1e-6, abs=1e-12)


def test_jax_differentiates_a_law_as_finite_differences_do() -> None:
    import jax

    slope = jax.grad(lambda n: HOFFMANN_2022(n, 1e5))(1e4)
    step = 10.0
    by_hand = (HOFFMANN_2022(1e4 + step, 1e5) - HOFFMANN_2022(1e4 - step, 1e5)) / (2 * step)
    assert float(slope) == pytest.approx(by_hand, rel=1e-4)


@given(st.lists(st.floats(-700, 700), min_size=1, max_size=4))
def test_logsumexp_does_not_overflow(terms: list[float]) -> None:
    top = max(terms)
    assert arrays.logsumexp(*terms) == pytest.approx(top + np.log(sum(np.exp(t - top) for t in terms)))


def test_laws_estimates_and_allocations_need_no_jax() -> None:
    code = (
        "import sys; sys.modules['jax'] = None; sys.modules['scipy'] = None\n"
        "from isoflop.laws.chinchilla import HOFFMANN_2022 as law\n"
        "from isoflop.allocations.allocate import allocate\n"
        "from isoflop.estimates.ensemble import Ensemble\n"
        "print(Ensemble((law, law)).interval(lambda law: allocate(law, 1e21).loss).median)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) == pytest.approx(2.3289, abs=1e-4)


def test_optimal_size_grows_as_its_exponent_says() -> None:
    law = OptimalSize(k=0.1, a=0.5)
    assert law(1e12) / law(1e10) == pytest.approx(10)
