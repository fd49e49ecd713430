"""Laws of what a model can do, chains of them, rewards, breaks, and forms of a user's own."""

import json
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isoflop.conventions import LossUnit
from isoflop.errors import BadInput
from isoflop.estimates.fit import FitStatus
from isoflop.estimates.objective import RAW, SQUARES, Objective
from isoflop.fits.parametric import fit
from isoflop.laws.breaks import bnsl
from isoflop.laws.catalog import FORMS, form, law_from_json, loss_form, loss_forms
from isoflop.laws.chain import Chain
from isoflop.laws.chinchilla import HOFFMANN_2022, Chinchilla
from isoflop.laws.downstream import (
    AnswerAccuracy,
    AnswerNLL,
    Capability,
    CapabilityAccuracy,
    LossAccuracy,
    TaskAccuracy,
    TaskLoss,
)
from isoflop.laws.fixing import fixed
from isoflop.laws.generic import sum_of_powers
from isoflop.laws.law import About, Law
from isoflop.laws.learning_curves import M2, M3, M4
from isoflop.laws.power import FlooredPowerLaw, PowerLaw
from isoflop.laws.reinforcement import JONES_2021, SigmoidReward
from isoflop.runs.table import Table

ENDLESS = 1e30
TASK_LOSS = TaskLoss(E=0.4, A=40.0, B=60.0, alpha=0.25, beta=0.22)
TASK_ACCURACY = TaskAccuracy(a=-0.7, b=0.95, k=5.0, L0=0.8)
NLL = AnswerNLL(a=3.2, b=0.05)
FROM_NLL = AnswerAccuracy(chance=0.25, top=0.95, k=8.0, L_mid=0.7)
FROM_LOSS = LossAccuracy(chance=0.25, top=0.9, k=4.0, L_mid=2.1)
OWN: Any = sum_of_powers("n_params", "tokens")
REWARD = SigmoidReward(R_0=0.2, A=0.6, C_mid=3e20, B=1.5)


@given(st.floats(0.01, 20), st.floats(0.01, 20))
def test_accuracy_falls_with_the_loss_from_the_best_to_chance(one: float, other: float) -> None:
    low, high = sorted((one, other))
    for law, floor, top in ((TASK_ACCURACY, 0.25, 0.95), (FROM_NLL, 0.25, 0.95), (FROM_LOSS, 0.25, 0.9)):
        assert floor <= law(high) <= law(low) <= top
        assert law(np.array([1e6, -1e6])) == pytest.approx([floor, top])  # limits, beyond what a loss can be


def test_a_logistic_is_halfway_at_its_middle() -> None:
    assert TASK_ACCURACY(0.8) == pytest.approx((0.25 + 0.95) / 2)
    assert FROM_LOSS(2.1) == pytest.approx((0.25 + 0.9) / 2)


def test_olmo_s_sigmoid_is_the_logistic_with_a_floor() -> None:
    """a = chance - top, b = top; arXiv:2412.04403."""
    loss = np.linspace(0, 3, 20)
    same = LossAccuracy(chance=0.25, top=0.95, k=5.0, L_mid=0.8)
    assert same(loss) == pytest.approx(TASK_ACCURACY(loss))


def test_task_loss_is_a_power_law_of_size_where_data_are_endless() -> None:
    assert TASK_LOSS(1e9, ENDLESS**3) == pytest.approx(0.4 + 40 / 1e9**0.25)
    assert TASK_LOSS(ENDLESS**3, 1e11) == pytest.approx(0.4 + 60 / 1e11**0.22)


def test_llama_s_first_step_is_a_line_in_log_compute() -> None:
    assert NLL(1e22) - NLL(1e21) == pytest.approx(NLL(1e25) - NLL(1e24))
    assert NLL(np.e * 1e22) - NLL(1e22) == pytest.approx(-0.05)


def test_the_logit_of_a_score_is_linear_in_log_compute() -> None:
    """arXiv:2405.10938: logit(E) = beta (theta ln C + nu) + alpha."""
    chain = Chain(Capability(theta=0.4, nu=-18.0), CapabilityAccuracy(beta=0.9, alpha=-0.5))
    score = chain(np.asarray([1e20, 1e22, 1e24]))
    logit = np.log(score / (1 - score))
    assert np.diff(logit) == pytest.approx(0.9 * 0.4 * np.log(100))
    assert logit[0] == pytest.approx(0.9 * (0.4 * np.log(1e20) - 18) - 0.5)


def test_two_steps_are_one_law_after_the_other() -> None:
    chain = Chain(TASK_LOSS, TASK_ACCURACY)
    n, d = np.geomspace(1e8, 1e11, 4)[:, None], np.geomspace(1e9, 1e13, 3)
    assert chain(n, d) == pytest.approx(TASK_ACCURACY(TASK_LOSS(n, d)))
    assert chain(tokens=1e12, n_params=7e9) == chain(7e9, 1e12)
    assert (chain.inputs, chain.output, chain.output_unit) == (("n_params", "tokens"), "accuracy", "1")
    assert Chain(NLL, FROM_NLL)(1e25) == FROM_NLL(NLL(1e25))
    assert (np.diff(chain(n, 1e12)[:, 0]) > 0).all()


def test_steps_that_do_not_fit_together_are_not_chained() -> None:
    with pytest.raises(BadInput, match="TaskAccuracy takes task_loss, but AnswerNLL gives nll"):
        Chain(NLL, TASK_ACCURACY)
    with pytest.raises(BadInput, match="Chinchilla takes n_params, tokens"):
        Chain(NLL, HOFFMANN_2022)


def test_a_step_fitted_on_bits_per_byte_refuses_nats_per_token() -> None:
    constants: dict[str, float] = FROM_LOSS.constants
    on_bits = LossAccuracy(**constants, about=About(loss=LossUnit.BITS_PER_BYTE))
    with pytest.raises(BadInput) as refused:
        Chain(HOFFMANN_2022, on_bits)
    for said in ("nats per token", "bits per byte", "isoflop.units.bits_per_byte"):
        assert said in str(refused.value)
    on_nats = LossAccuracy(**constants, about=About(loss=LossUnit.NATS_PER_TOKEN))
    assert Chain(HOFFMANN_2022, on_nats)(7e10, 1.4e12) == on_nats(HOFFMANN_2022(7e10, 1.4e12))
    assert Chain(HOFFMANN_2022, FROM_LOSS)(7e10, 1.4e12) == FROM_LOSS(HOFFMANN_2022(7e10, 1.4e12))


def test_a_reward_rises_from_that_before_training_to_its_asymptote() -> None:
    """arXiv:2510.13786, eq. 1: half of the gain at C_mid; early on a power law of exponent B."""
    assert REWARD(3e20) == pytest.approx(0.4)
    assert (REWARD(1e10), REWARD(ENDLESS)) == pytest.approx((0.2, 0.6))
    assert (np.diff(REWARD(np.geomspace(1e18, 1e23, 30))) > 0).all()
    assert (REWARD(2e14) - 0.2) / (REWARD(1e14) - 0.2) == pytest.approx(2**1.5, rel=1e-6)
    by_hand = 0.2 + (0.6 - 0.2) / (1 + (3e20 / 1e21) ** 1.5)
    assert REWARD(1e21) == pytest.approx(by_hand)


def test_jones_s_law_gives_back_the_strength_it_was_asked_for() -> None:
    elo, train = np.asarray([-1500.0, -500.0, 0.0]), 1e15
    assert JONES_2021.elo(train, JONES_2021(elo, train)) == pytest.approx(elo)
    assert JONES_2021(-500.0, 1e15) == pytest.approx(1e9)


def test_m4_without_its_bend_is_m2_and_m3_without_its_floor_a_power_law() -> None:
    """arXiv:2209.06640: M2 is M4 with alpha = 0; M3 with gamma = 0 falls for ever."""
    x = np.geomspace(1e2, 1e9, 8)
    assert M4(2.0, -0.4, 0.1, 0.0, 10.0)(x) == pytest.approx(M2(2.0, -0.4, 0.1)(x), rel=1e-6)
    assert M3(2.0, 0.0, 0.4)(x) == pytest.approx(PowerLaw(2.0, 0.4)(x))
    assert M3(2.0, 1e-6, 0.4)(1e20) == pytest.approx(2.0 * 1e-6**0.4)


def test_a_break_of_no_strength_is_no_break_in_however_many() -> None:
    """Twelve breaks, eleven of which change nothing, are one; the class is found again by its name."""
    one: Any = bnsl(1)
    many: Any = bnsl(12)
    constants = {each.name: each.starts[0] for each in many.params()}
    constants |= {f"c{i}": 0.0 for i in range(2, 13)}
    law = many(**constants)
    same = one(*(constants[name] for name in ("a", "b", "c0", "c1", "d1", "f1")))
    x = np.geomspace(1, 1e20, 30)
    assert law(x) == pytest.approx(same(x))
    assert law_from_json(json.loads(json.dumps(law.to_json()))) == law
    assert form("BNSL12") is many
    assert pickle.loads(pickle.dumps(law)) == law


def test_a_sum_of_powers_is_chinchilla_s_form_in_size_and_data() -> None:
    law = OWN(E=1.69, A_n_params=406.4, alpha_n_params=0.34, A_tokens=410.7, alpha_tokens=0.28)
    n, d = np.geomspace(1e6, 1e11, 4)[:, None], np.geomspace(1e8, 1e13, 3)
    assert law(n, d) == pytest.approx(HOFFMANN_2022(n, d), rel=1e-12)
    assert law(tokens=1e10, n_params=1e9) == law(1e9, 1e10)
    assert OWN.__doc__.startswith("loss = E + A_n_params / n_params^alpha_n_params + A_tokens / tokens^alpha_tokens")


def test_with_one_input_it_is_a_power_law_with_or_without_a_floor() -> None:
    x = np.geomspace(1, 1e20, 9)
    one: Any = form("SumOfPowers")
    bare: Any = sum_of_powers("examples", floor=False, output="error")
    assert one(E=0.5, A_x=3.0, alpha_x=0.2)(x) == pytest.approx(FlooredPowerLaw(0.5, 3.0, 0.2)(x))
    assert bare(3.0, 0.2)(x) == pytest.approx(PowerLaw(3.0, 0.2)(x))
    assert (bare.output, bare.output_unit, bare.inputs) == ("error", "1", ("examples",))
    assert [each.name for each in bare.params()] == ["A_examples", "alpha_examples"]


@pytest.mark.parametrize(
    ("inputs", "options"),
    [
        (("x",), {}),
        (("n_params", "tokens"), {}),
        (("n_params",), {"floor": False}),
        (("tokens", "width"), {"floor": False, "output": "task_loss"}),
        (("examples",), {"output": "error"}),
    ],
)
def test_a_law_of_one_s_own_is_found_again_by_its_name(inputs: tuple[str, ...], options: dict[str, Any]) -> None:
    made: Any = sum_of_powers(*inputs, **options)
    assert sum_of_powers(*inputs, **options) is made
    assert form(made.__name__) is made
    law = made(*(each.starts[1] for each in made.params()))
    assert law_from_json(json.loads(json.dumps(law.to_json()))) == law
    assert pickle.loads(pickle.dumps(law)) == law


def test_two_laws_of_one_s_own_do_not_share_a_name() -> None:
    made = [
        sum_of_powers(*inputs, floor=floor, output=output)
        for inputs in (("x",), ("tokens",), ("n_params", "tokens"), ("tokens", "n_params"))
        for floor in (True, False)
        for output in ("loss", "error")
    ]
    assert len({each.__name__ for each in made}) == len(made)


def test_names_that_can_be_no_column_are_told_at_once() -> None:
    with pytest.raises(BadInput) as caught:
        sum_of_powers("batch size", "tokens", "tokens", "2d")
    assert len(caught.value.problems) == 3
    with pytest.raises(BadInput, match="needs an input"):
        sum_of_powers()
    with pytest.raises(BadInput, match="No law is called 'SumOfPower"):
        form("SumOfPower(tokens)")
    with pytest.raises(TypeError, match="takes n_params, tokens, each once"):
        OWN(1.0, 1.0, 0.5, 1.0, 0.5)(1e9)


def test_a_planted_sum_of_powers_is_found_again() -> None:
    """Three inputs, noise of 0.1 %; and with one exponent held, which a fit does not look for."""
    Mine: Any = sum_of_powers("n_params", "tokens", "batch_tokens")
    truth = Mine(1.7, 400.0, 0.34, 900.0, 0.32, 20.0, 0.4)
    rng = np.random.default_rng(0)
    runs = {name: 10 ** rng.uniform(low, low + 3, 60) for name, low in zip(Mine.inputs, (6, 8, 3.5), strict=True)}
    loss = truth(**runs) * np.exp(0.001 * rng.normal(size=60))
    table = Table({**runs, "loss": loss}, needed=(*Mine.inputs, "loss"))
    found = fit(Mine, table, objective=SQUARES, check=False)
    assert found.status is FitStatus.CONVERGED
    assert found.law(**runs) == pytest.approx(truth(**runs), rel=2e-3)
    assert found.law.constants["alpha_batch_tokens"] == pytest.approx(0.4, abs=0.03)
    held = fit(fixed(Mine, alpha_n_params=0.34), table, objective=SQUARES, check=False)
    assert held.law.constants["alpha_n_params"] == 0.34
    assert held.law.constants["alpha_tokens"] == pytest.approx(0.32, abs=0.01)
    assert law_from_json(held.law.to_json()).constants == held.law.constants


PLANTED: dict[str, tuple[Law, Any]] = {
    "task loss": (TASK_LOSS, SQUARES),
    "task accuracy": (TASK_ACCURACY, Objective(delta=float("inf"), scale=RAW)),
    "NLL of an answer": (NLL, Objective(delta=float("inf"), scale=RAW)),
    "reward": (REWARD, Objective(delta=float("inf"), scale=RAW)),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_law_is_found_again(name: str) -> None:
    (law, objective), rng, n = PLANTED[name], np.random.default_rng(1), 40
    columns = {
        "n_params": 10 ** rng.uniform(7, 10, n),
        "tokens": 10 ** rng.uniform(9, 12, n),
        "flops": 10 ** rng.uniform(18.5, 22.5, n),
        "task_loss": rng.uniform(0.2, 1.6, n),
    }
    inputs = {each: columns[each] for each in law.inputs}
    measured = law(**inputs) * np.exp(0.002 * rng.normal(size=n))
    table = Table({**inputs, law.output: measured}, needed=(*law.inputs, law.output))
    found = fit(type(law), table, objective=objective, check=False)
    assert found.status is FitStatus.CONVERGED, found.checks
    assert found.law(**inputs) == pytest.approx(law(**inputs), rel=0.005)


def test_the_chance_level_of_a_task_can_be_held() -> None:
    four: Any = fixed(LossAccuracy, chance=0.25)
    law = four(top=0.9, k=4.0, L_mid=2.1)
    assert law(np.asarray([1.5, 2.5])) == pytest.approx(FROM_LOSS(np.asarray([1.5, 2.5])))


@pytest.mark.parametrize(
    ("law", "at"),
    [
        (TASK_LOSS, (1e9, 1e11)),
        (TASK_ACCURACY, (0.9,)),
        (FROM_NLL, (0.6,)),
        (NLL, (1e22,)),
        (Capability(0.4, -18.0), (1e22,)),
        (CapabilityAccuracy(0.9, -0.5), (1.5,)),
        (REWARD, (1e21,)),
        (JONES_2021, (-500.0, 1e15)),
        (OWN(1.69, 406.4, 0.34, 410.7, 0.28), (1e9, 1e11)),
    ],
    ids=lambda each: type(each).__name__,
)
def test_the_slope_by_jax_is_that_of_differences(law: Law, at: tuple[float, ...]) -> None:
    import jax

    with jax.enable_x64(True):
        slopes = jax.grad(law, argnums=tuple(range(len(at))))(*at)
    for i, slope in enumerate(slopes):
        step = 1e-5 * abs(at[i])
        above, below = (law(*at[:i], at[i] + way * step, *at[i + 1 :]) for way in (1, -1))
        assert float(slope) == pytest.approx((above - below) / (2 * step), rel=1e-5)


def test_a_law_of_one_s_own_is_fitted_where_it_is_asked_for_as_people_type_it_and_not_unasked() -> None:
    """Among all laws it would be Chinchilla's form twice."""
    assert loss_form("sum-of-powers(n_params, tokens)") is OWN
    assert loss_form("SumOfPowers(n_params,tokens)") is OWN
    assert loss_form("sum-of-powers(tokens, floor=False)") is sum_of_powers("tokens", floor=False)
    with pytest.raises(BadInput, match=r"No law of the loss is called 'sum-of-powers\(tokens, output=error\)'"):
        loss_form("sum-of-powers(tokens, output=error)")
    there = loss_forms(("n_params", "tokens", "x"))
    assert Chinchilla in there
    assert not any(each.__name__.startswith("SumOfPowers") for each in there)
    assert "SumOfPowers" in FORMS
