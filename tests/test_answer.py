"""A plan answers any mix of constraints; contradictions are named with what would have to give."""

import json
from dataclasses import replace

import numpy as np
import pytest

from isoflop.allocations.allocate import allocate
from isoflop.conventions import Size
from isoflop.costs.flops import flops_per_token
from isoflop.errors import BadInput
from isoflop.estimates.ensemble import Ensemble
from isoflop.laws.chinchilla import BESIROGLU_2024
from isoflop.laws.data_constrained import MUENNIGHOFF_2023
from isoflop.plans.answer import Answer, answer
from isoflop.plans.question import Question
from isoflop.plans.source import Source, published_source
from isoflop.plans.whole import whole_plan
from isoflop.reports.whole_text import whole_text


def asked(**given: object) -> Answer:
    question = Question(**given)  # type: ignore[arg-type]
    return answer(question, published_source(None, repeats=question.unique_tokens is not None))


def test_a_budget_of_flops_is_the_law_s_optimum() -> None:
    found, best = asked(flops=1e22), allocate(BESIROGLU_2024, 1e22)
    assert found.n_params == pytest.approx(best.n_params)
    assert found.tokens == pytest.approx(best.tokens)
    assert found.binding == "--flops"


def test_dollars_become_flops_by_price_peak_and_mfu() -> None:
    """$100,000 at $2.5 an hour are 40,000 hours of an H100: 989e12 * 0.4 FLOP/s, less what failures cost.

    Of the FLOPs so many are attention's, which 6 N D does not count.
    """
    found = asked(dollars=1e5, gpu="h100", price=2.5)
    hours = found.of_flops(found.have.hours(1.0))
    assert hours is not None
    assert hours.median == pytest.approx(40_000)
    assert found.have.executed * found.flops == pytest.approx(40_000 * 3600 * 989e12 * 0.4 * found.have.goodput)
    assert found.shape is not None
    assert found.have.executed == flops_per_token(found.shape) / (6 * found.shape.n_params_total) > 1.03


def test_gpus_and_days_bind_where_money_does_not() -> None:
    found = asked(dollars=1e9, gpus=64.0, gpu="h200", days=10.0)
    assert found.binding == "--gpus and --days"
    days = found.of_flops(found.have.days(1.0))
    assert days is not None
    assert days.median == pytest.approx(10)


def test_few_unique_tokens_are_repeated_and_their_worth_is_muennighoff_s() -> None:
    found = asked(flops=1e21, unique_tokens=5e9)
    assert found.source.name == "MUENNIGHOFF_2023"
    assert found.quantity("epochs").median == pytest.approx(16.1, rel=3e-3)
    assert found.quantity("loss").median == pytest.approx(float(MUENNIGHOFF_2023(found.n_params, found.tokens, 5e9)))


def test_a_loss_is_reached_at_least_cost() -> None:
    found = asked(loss=2.2)
    assert allocate(BESIROGLU_2024, found.flops).loss == pytest.approx(2.2, abs=1e-6)


def test_serving_makes_the_model_smaller_at_the_same_loss() -> None:
    alone, served = asked(loss=2.2), asked(loss=2.2, inference_tokens=1e13)
    assert served.n_params < alone.n_params / 2
    assert served.quantity("loss").median == pytest.approx(2.2)


def test_a_plan_that_someone_has_is_judged_as_it_stands() -> None:
    found = asked(n_params=7e9, tokens=2e12)
    assert (found.n_params, found.tokens) == (7e9, 2e12)
    assert found.flops == pytest.approx(8.4e22)
    assert found.basin is None


def test_the_shape_comes_to_the_size_by_the_law_s_count() -> None:
    found = asked(flops=1e22)
    assert found.shape is not None
    assert found.shape.n_params_total == pytest.approx(found.n_params, rel=0.05)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"flops": 1e40}, ("decades above what was fitted", "--extrapolate")),
        ({"gpu": "abacus", "flops": 1e20}, ("abacus", "H100")),
        ({"flops": 1e20, "unique_tokens": -3.0}, ("--unique-tokens -3",)),
        ({"flops": -1.0, "mfu": 40.0}, ("--flops -1", "--mfu 40")),
        ({"days": 10.0}, ("--gpus",)),
        ({}, ("needs a budget",)),
    ],
)
def test_what_cannot_be_is_told_with_what_would_have_to_give(given: dict[str, float], said: tuple[str, ...]) -> None:
    with pytest.raises(BadInput) as refused:
        asked(**given)
    for each in said:
        assert each in str(refused.value)


def test_json_holds_every_quantity_with_its_interval_or_null() -> None:
    found = json.loads(json.dumps(asked(flops=1e22).to_json(), allow_nan=False))
    for name in ("flops", "n_params", "tokens", "loss", "gpu_hours", "days", "dollars"):
        assert set(found[name]) == {"median", "low", "high", "level"}
    assert found["defaults"]["mfu"].startswith("40%")
    assert np.isfinite(found["within"]["low"])


def test_one_gpu_and_a_speed_cap_the_size() -> None:
    """An H100 reads 3.35e12 bytes/s: at 100 tokens/s of bf16 weights no model above 16.7e9."""
    free, held, fast = asked(flops=1e24), asked(flops=1e24, one_gpu=True), asked(flops=1e24, tokens_per_second=100.0)
    assert free.n_params > held.n_params > fast.n_params
    assert 30e9 < held.n_params < 40e9
    assert 14e9 < fast.n_params < 16.75e9
    assert held.flops == pytest.approx(1e24)
    assert "--one-gpu keeps N" in " ".join(held.notes)


def test_tokens_that_are_written_cost_more_than_those_that_are_read() -> None:
    read = asked(loss=2.2, inference_tokens=1e12)
    written = asked(loss=2.2, inference_tokens=1e12, output_tokens=1e12)
    assert written.n_params < read.n_params
    assert written.quantity("loss").median == pytest.approx(2.2)
    assert written.quantity("serving_flops").median == pytest.approx(2 * written.n_params * 1e12)


def test_a_law_that_values_repeats_plans_without_a_limit_too() -> None:
    found = answer(Question(flops=1e20), published_source("MUENNIGHOFF_2023", repeats=False))
    assert found.n_params == pytest.approx(allocate(MUENNIGHOFF_2023.unrepeated, 1e20).n_params, rel=1e-6)


def test_a_law_of_something_else_is_no_law_to_plan_by() -> None:
    for name in ("LI_2025_RATE", "KAPLAN_2020_TABLE_6_SIZE", "chinchilla", "farseer"):
        with pytest.raises(BadInput, match=r"splits no budget|needs constants"):
            published_source(name, repeats=False)


@pytest.mark.parametrize(
    "given",
    [
        {"dollars": 1e5, "inference_tokens": 1e13, "output_tokens": 2e12},
        {"dollars": 1e5, "inference_tokens": 1e13, "output_tokens": 2e12, "context": 32_768.0},
        {"dollars": 3e4, "inference_tokens": 1e12, "output_tokens": 2e11},
        {"dollars": 1e6, "inference_tokens": 1e13, "output_tokens": 5e12},
        {"gpus": 64.0, "days": 10.0, "price": 2.5, "inference_tokens": 1e12, "output_tokens": 1e11},
        {"dollars": 1e5, "tokens": 1e12, "inference_tokens": 1e13, "output_tokens": 1e12},
        {"dollars": 1e3, "tokens": 1e10, "inference_tokens": 1e10, "output_tokens": 1e9},
    ],
)
def test_training_and_serving_together_cost_what_is_allowed_and_no_more(given: dict[str, float]) -> None:
    question = Question(**given)  # type: ignore[arg-type]
    plan = whole_plan(question, published_source(None, repeats=False))
    trained, served = plan.answer.have.dollars(plan.answer.flops), plan.serving.dollars
    assert trained is not None
    assert served is not None
    allowed = given.get("dollars", 64 * 240 * 2.5)
    assert trained + served <= allowed * (1 + 1e-6)
    assert trained + served >= allowed * (0.99 if "tokens" in given else 1 - 1e-6)  # shapes come in steps


def test_what_a_size_executes_is_in_the_intervals_of_time_and_money() -> None:
    """By FLOPs, hours differ between laws as attention's share does; by dollars the FLOPs do, and the hours do not."""
    random = np.random.default_rng(0)
    laws = tuple(replace(BESIROGLU_2024, A=BESIROGLU_2024.A * np.exp(0.3 * random.normal())) for _ in range(100))
    many = Source("planted", Ensemble(laws), Size.TOTAL)
    free, paid = answer(Question(flops=1e21), many), answer(Question(dollars=1e4), many)
    days, flops = free.of_flops(free.have.days(1.0)), paid.quantity("flops")
    money = paid.of_flops(paid.have.dollars(1.0))
    assert days is not None
    assert money is not None
    n = free.split.n_params
    each = np.asarray([free.have.at(float(size)).days(1e21) for size in n])
    assert days.median == pytest.approx(free.have.days(1e21))  # of the size that is planned
    assert days.high == pytest.approx(np.quantile(each, 0.95), rel=0.02)
    assert days.low is not None
    assert days.low < days.median
    assert flops.low is not None
    assert flops.low < flops.median
    assert money.low == pytest.approx(1e4)
    assert money.high == pytest.approx(1e4)


def test_gpus_that_nobody_named_hold_the_model_and_those_named_that_do_not_are_a_problem() -> None:
    chosen = whole_plan(Question(flops=1e22, n_params=200e9), published_source(None, repeats=False))
    assert chosen.problem == ""
    assert chosen.running is not None
    assert chosen.running.layout is not None
    assert "and hold the model" in chosen.answer.defaults["gpus"]
    named = whole_plan(Question(flops=1e22, gpu="4090", gpus=8.0), published_source(None, repeats=False))
    assert "do not fit 8 x RTX 4090" in named.problem
    assert named.to_json()["problem"] == named.problem
    assert whole_text(named).startswith("Problem: ")
    assert "if it fitted, 237 days" in whole_text(named)


def test_more_money_is_never_a_worse_loss_where_output_is_priced_apart() -> None:
    """Shapes and the MFU's classes come in steps, at which the price of serving jumps by half."""
    spent, losses = [], []
    for money in (1e3, 7e3, 1e4, 1.4e4, 1.5e4, 2e4, 4e4, 4.8e4, 1e5):
        question = Question(dollars=money, inference_tokens=1e13, output_tokens=2e12)
        plan = whole_plan(question, published_source(None, repeats=False))
        trained, served = plan.answer.have.dollars(plan.answer.flops), plan.serving.dollars
        assert trained is not None
        assert served is not None
        spent.append((trained + served) / money)
        losses.append(plan.answer.split.median("loss"))
    assert spent == pytest.approx([1.0] * len(spent), rel=1e-6)
    assert losses == sorted(losses, reverse=True)


def test_the_plan_is_one_run_with_one_price_wherever_it_stands() -> None:
    random = np.random.default_rng(0)
    laws = tuple(replace(BESIROGLU_2024, A=BESIROGLU_2024.A * np.exp(0.3 * random.normal())) for _ in range(50))
    plan = whole_plan(Question(loss=2.3, gpus=64.0), Source("planted", Ensemble(laws), Size.TOTAL))
    days = plan.answer.of_flops(plan.answer.have.days(1.0))
    assert plan.running is not None
    assert days is not None
    assert days.median == pytest.approx(plan.running.days)
