"""What repeated data is worth, over-training, and the law that both come from."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isoflop.allocations.allocate import allocate
from isoflop.errors import BadInput
from isoflop.laws.chinchilla import BESIROGLU_2024, Chinchilla
from isoflop.laws.data_constrained import (
    MUENNIGHOFF_2023,
    MUENNIGHOFF_2023_UNTIED,
    DataConstrained,
    RepetitionPenalty,
)
from isoflop.laws.overtraining import GADRE_2024_C4, GADRE_2024_REDPAJAMA, GADRE_2024_REFINEDWEB, Overtraining
from isoflop.laws.published import PUBLISHED

PENALTY = RepetitionPenalty(1.8, 400.0, 1500.0, 0.05, 0.34, 0.36, 1.2, 0.5)
REPEATED = [MUENNIGHOFF_2023, MUENNIGHOFF_2023_UNTIED]
OVERTRAINED = [GADRE_2024_C4, GADRE_2024_REDPAJAMA, GADRE_2024_REFINEDWEB]
EPOCHS = np.geomspace(1, 1e4, 50)
SIZES = np.geomspace(1e6, 1e12, 25)


@pytest.mark.parametrize("law", REPEATED)
def test_each_epoch_adds_less_and_all_of_them_no_more_than_the_limit(law: DataConstrained) -> None:
    data = law.effective_tokens(EPOCHS * 1e9, 1e9)
    assert np.all(np.diff(data) >= 0)
    assert np.all(np.diff(law.worth_of_epochs(EPOCHS)) < 0)
    assert data[0] == 1e9
    assert data[-1] == pytest.approx(law.most_tokens(1e9))
    assert law.worth_of_epochs(EPOCHS) == pytest.approx(data / (EPOCHS * 1e9), rel=1e-12)


@pytest.mark.parametrize("law", REPEATED)
def test_what_lowers_the_loss_of_new_data_never_raises_it_here(law: DataConstrained) -> None:
    """The law cannot say that repetition harms, nor size."""
    losses = law(SIZES[:, None], EPOCHS * 1e9, 1e9)
    assert np.all(np.diff(losses, axis=0) <= 0)
    assert np.all(np.diff(losses, axis=1) <= 0)
    assert np.all(losses >= law.unrepeated(SIZES[:, None], EPOCHS * 1e9) * (1 - 1e-14))


@pytest.mark.parametrize("law", REPEATED)
def test_the_formula_is_that_of_effective_data_and_parameters(law: DataConstrained) -> None:
    """Eq. 5 and 6 by hand; tokens short of U are all different, and U_N is of those that were seen."""
    n, unique = 1e10, 1e9
    for tokens in (5e8, 1e9, 7e9):
        seen = min(tokens, unique)
        G = (law.alpha * law.A / (law.beta * law.B)) ** (1 / (law.alpha + law.beta))
        best = (seen * G) ** (law.beta / law.alpha) * G
        assert law.best_size(seen) == pytest.approx(best, rel=1e-12)
        size = best + best * law.R_N_star * (1 - np.exp(-(n / best - 1) / law.R_N_star))
        data = seen + seen * law.R_D_star * (1 - np.exp(-(tokens / seen - 1) / law.R_D_star))
        assert law.effective_params(n, seen) == pytest.approx(size, rel=1e-12)
        assert law.effective_tokens(tokens, unique) == pytest.approx(data, rel=1e-12)
        assert law(n, tokens, unique) == pytest.approx(law.E + law.A / size**law.alpha + law.B / data**law.beta)


@pytest.mark.parametrize("law", [*REPEATED, PENALTY])
def test_without_repetition_and_excess_it_is_chinchilla_s_law(law: Any) -> None:
    tokens = np.geomspace(1e8, 1e12, 9)
    sizes = np.minimum(1e8, MUENNIGHOFF_2023_UNTIED.best_size(tokens) / 10)
    assert law(sizes, tokens, 1e12) == pytest.approx(law.unrepeated(sizes, tokens), rel=1e-12)
    assert law.unrepeated.about == law.about


def test_a_law_of_repetition_differentiates_in_its_constants() -> None:
    import jax

    constants = dict(MUENNIGHOFF_2023.constants)

    def loss(star: Any) -> Any:
        return DataConstrained(**{**constants, "R_D_star": star})(2e9, 1e11, 5e9)

    step = 1e-3
    by_hand = (loss(15.0 + step) - loss(15.0 - step)) / (2 * step)
    with jax.enable_x64(True):
        assert float(jax.grad(loss)(15.0)) == pytest.approx(by_hand, rel=1e-5)


def test_repetition_harms_the_more_the_larger_the_model_is() -> None:
    """arXiv:2605.01640: P R^delta (N / U)^kappa over the law of new data."""
    repeats = np.asarray([0.0, 1.0, 4.0, 16.0])
    for size in (1e8, 1e10):
        extra = PENALTY(size, (1 + repeats) * 1e9, 1e9) - PENALTY.unrepeated(size, (1 + repeats) * 1e9)
        assert extra == pytest.approx(0.05 * repeats**1.2 * (size / 1e9) ** 0.5, rel=1e-9)


@given(
    st.builds(Overtraining, st.floats(0.5, 2), st.floats(10, 1e3), st.floats(10, 1e3), st.floats(0.02, 0.3)),
    st.floats(7, 12),
    st.floats(8, 13),
)
def test_overtraining_is_chinchilla_s_law_there_and_back(law: Overtraining, log_size: float, log_tokens: float) -> None:
    E, a, b, eta = law.constants.values()
    n, d = 10**log_size, 10**log_tokens
    same = law.chinchilla
    assert same.alpha == same.beta == 2 * eta
    assert law(n, d) == pytest.approx(same(n, d), rel=1e-12)
    assert law.at_ratio(6 * n * d, d / n) == pytest.approx(
        E + (a * (d / n) ** eta + b * (d / n) ** -eta) * (6 * n * d) ** -eta
    )
    again = Overtraining.from_chinchilla(same)
    assert (again.E, again.eta) == (E, eta)
    assert (again.a, again.b) == pytest.approx((a, b), rel=4e-16)


def test_a_law_of_two_exponents_is_no_overtraining_law() -> None:
    with pytest.raises(BadInput, match="two exponents"):
        Overtraining.from_chinchilla(BESIROGLU_2024)


@pytest.mark.parametrize("law", OVERTRAINED)
def test_the_best_ratio_is_that_of_the_best_split_at_every_budget(law: Overtraining) -> None:
    for flops in (1e18, 1e22):
        best = allocate(law, flops)
        assert best.tokens / best.n_params == pytest.approx(law.best_ratio, rel=1e-6)
        assert law.at_ratio(flops, 10 * law.best_ratio) > best.loss


def test_constants_from_memory_say_so() -> None:
    gadre = {name: row for name, row in PUBLISHED.items() if name.startswith("GADRE_2024")}
    assert len(gadre) == 6
    for row in gadre.values():
        assert row.about.tag == "M"
        assert "memory" in row.about.unverified


def test_many_laws_of_repetition_are_each_of_them() -> None:
    stars: Any = np.asarray([5.0, 15.0, 50.0])
    base = dict(MUENNIGHOFF_2023.constants)
    many = DataConstrained(**{**base, "R_D_star": stars})
    each = [DataConstrained(**{**base, "R_D_star": float(star)}) for star in stars]
    assert many.worth_of_epochs(4.0) == pytest.approx([law.worth_of_epochs(4.0) for law in each])
    assert many.most_tokens(1e9) == pytest.approx([law.most_tokens(1e9) for law in each])


def test_unrepeated_laws_are_the_two_part_law() -> None:
    assert isinstance(PENALTY.unrepeated, Chinchilla)
    assert PENALTY.unrepeated.constants == {name: PENALTY.constants[name] for name in ("E", "A", "B", "alpha", "beta")}
