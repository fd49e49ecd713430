"""How a whole plan is trained: intervals over the laws, a batch that the GPUs share, every default said."""

import json
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from isoflop.conventions import Size
from isoflop.costs.flops import flops_per_token
from isoflop.estimates.ensemble import Ensemble
from isoflop.laws.chinchilla import BESIROGLU_2024
from isoflop.laws.critical_batch import BERGSMA_2025_CRITICAL
from isoflop.laws.learning_rate import LI_2025_RATE
from isoflop.plans.footprint import footprint
from isoflop.plans.question import Question
from isoflop.plans.shapes import shape_of
from isoflop.plans.source import Source, published_source
from isoflop.plans.training_spread import TrainingSpread
from isoflop.plans.whole import WholePlan, whole_plan
from isoflop.reports.between import between
from isoflop.reports.hyperparameters_text import hyperparameter_rows
from isoflop.reports.running_text import running_rows

WIDE = 0.9  # the interval's level


def many(laws: int = 200, spread: float = 0.02) -> Source:
    """Laws around Besiroglu's whose exponents differ."""
    noise = np.random.default_rng(0).normal(0, spread, (laws, 2))
    drawn = tuple(
        replace(BESIROGLU_2024, alpha=BESIROGLU_2024.alpha * (1 + a), beta=BESIROGLU_2024.beta * (1 + b))
        for a, b in noise
    )
    return replace(published_source("BESIROGLU_2024", repeats=False), bag=Ensemble(drawn, how="planted"))


@cache
def planned(of_many: bool = True, **asked: float) -> WholePlan:
    source = many() if of_many else published_source(None, repeats=False)
    return whole_plan(Question(**{"flops": 1e22} | asked if "loss" not in asked else asked), source)  # type: ignore[arg-type]


def spread_of(plan: WholePlan) -> TrainingSpread:
    assert plan.spread is not None
    return plan.spread


# intervals


@pytest.mark.parametrize("asked", [{"flops": 1e22}, {"loss": 2.2}, {"flops": 1e20, "gpus": 24}], ids=str)
def test_every_number_lies_within_its_interval(asked: dict[str, float]) -> None:
    plan = planned(**asked)
    for name, found in vars(spread_of(plan)).items():
        assert found.low <= found.median <= found.high, name
        assert found.level == WIDE
    found = spread_of(plan)
    assert found.batch_tokens.median == plan.training.batch_tokens
    assert found.learning_rate.median == plan.training.learning_rate
    assert found.learning_rate.low < found.learning_rate.high  # type: ignore[operator]


def test_an_interval_is_of_the_rule_at_each_law_s_own_size_and_tokens() -> None:
    """Of a fixed budget D falls where N rises: so the rates at the ends of N are the ends of the rate."""
    plan = planned()
    found, split, shape = spread_of(plan), plan.answer.split, plan.answer.shape
    assert shape is not None
    d = split.interval("tokens")
    assert found.critical_batch.low == pytest.approx(BERGSMA_2025_CRITICAL(d.low), rel=1e-3)
    assert found.critical_batch.high == pytest.approx(BERGSMA_2025_CRITICAL(d.high), rel=1e-3)
    n = split.interval("n_params")
    small = shape_of(n.low, plan.answer.question.like, 4096, Size.TOTAL)
    bare = n.low * small.n_params_nonembedding / small.n_params_total
    assert found.learning_rate.high == pytest.approx(LI_2025_RATE(bare, 1e22 / (6 * n.low)), rel=0.02)


def test_memory_and_speed_are_those_of_the_shapes_at_the_ends_in_the_same_layout() -> None:
    plan = planned()
    found, n = spread_of(plan), plan.answer.split.interval("n_params")
    assert plan.running is not None
    assert plan.running.layout is not None
    assert plan.answer.shape is not None
    large = shape_of(n.high, plan.answer.question.like, 4096, Size.TOTAL)
    assert found.memory_bytes is not None
    assert found.tokens_per_second is not None
    assert found.memory_bytes.high == footprint(large, plan.running.layout.split).total
    slower = flops_per_token(plan.answer.shape) / flops_per_token(large)
    assert found.tokens_per_second.low == pytest.approx(plan.running.tokens_per_second * slower)


def test_a_batch_at_an_end_is_one_that_would_be_run() -> None:
    for asked in ({"flops": 1e22}, {"loss": 2.2}, {"flops": 1e20, "gpus": 24}):
        plan = planned(**asked)
        found = spread_of(plan).batch_tokens
        for end in (found.low, found.high):
            assert end is not None
            assert end % (4096 * plan.training.multiple) == 0


def test_one_law_alone_has_no_interval_and_laws_that_agree_have_one_number() -> None:
    alone = planned(of_many=False)
    assert alone.spread is None
    told = alone.to_json()["training"]["batch_tokens"]
    assert told == {"median": alone.training.batch_tokens, "low": None, "high": None, "level": None}
    assert between(None) == ""
    fixed = planned(n_params=7e9, tokens=2e12, flops=None)
    rate = spread_of(fixed).learning_rate
    assert rate.low == pytest.approx(rate.median) == pytest.approx(rate.high)
    assert hyperparameter_rows(fixed.training, fixed.spread) == hyperparameter_rows(fixed.training)


def test_json_and_screen_have_the_intervals() -> None:
    plan = planned()
    told = json.loads(json.dumps(plan.to_json(), allow_nan=False))
    training, running = told["training"], told["running"]
    quantities = [training[name] for name in ("batch_tokens", "learning_rate", "weight_decay", "steps")]
    quantities += [training["critical_batch"]["value"], training["schedule"]["warmup_steps"]]
    quantities += [running["memory_bytes"], running["tokens_per_second"]]
    assert all(set(each) == {"median", "low", "high", "level"} and each["level"] == WIDE for each in quantities)
    rows = hyperparameter_rows(plan.training, plan.spread)
    for name in ("peak rate", "steps", "AdamW", "critical"):
        assert " to " in rows[name].split(" by ")[0].split(":")[0], name
    assert plan.running is not None
    assert " to " in running_rows(plan.running, plan.spread)["memory"].split(" a GPU")[0]
    assert " to " not in running_rows(plan.running)["memory"]


def test_a_layout_too_small_for_the_high_end_of_n_is_doubted() -> None:
    plan = planned()
    held = spread_of(plan).memory_bytes
    assert plan.running is not None
    assert plan.running.layout is not None
    assert held is not None
    assert held.high is not None
    doubted = any(each.startswith("Memory: at the high end of N") for each in plan.doubts)
    assert doubted == (held.high > plan.running.layout.available)
    roomy = replace(plan.running, layout=replace(plan.running.layout, available=held.high))
    cramped = replace(plan.running, layout=replace(plan.running.layout, available=0.99 * held.high))
    assert not any(each.startswith("Memory:") for each in replace(plan, running=roomy).doubts)
    assert any(each.startswith("Memory:") for each in replace(plan, running=cramped).doubts)


# the batch that is run


@pytest.mark.parametrize("gpus", [1, 3, 7, 8, 24, 56, 100, 1000, 1016])
def test_the_batch_of_a_plan_is_the_one_that_its_gpus_run(gpus: int) -> None:
    plan = planned(of_many=False, gpus=gpus)
    assert plan.running is not None
    if plan.running.layout is None:
        return
    split = plan.running.layout.split
    assert split.data * split.micro_batch * split.accumulation == plan.training.sequences
    assert plan.running.batch_tokens == plan.training.batch_tokens
    assert plan.running.most_replicas == plan.training.sequences
    assert plan.training.rounded <= plan.training.sequences


def test_gpus_that_divide_the_batch_leave_it_as_it_is() -> None:
    plan = planned(of_many=False, gpus=64)
    assert plan.training.sequences == plan.training.rounded == 384


@pytest.mark.parametrize("exponent", range(14, 29))
def test_a_run_of_any_size_has_a_sane_schedule(exponent: int) -> None:
    """No warm-up or batch beyond the run, no plural of one."""
    source = published_source(None, repeats=False)
    plan = whole_plan(Question(flops=10.0**exponent, extrapolate=True), source)
    schedule = plan.training.schedule
    assert schedule.warmup_steps + schedule.cooldown_steps < schedule.steps
    assert plan.training.batch_tokens < plan.answer.tokens
    assert 1e-6 < plan.training.learning_rate < 0.1
    assert 1e-3 < plan.training.weight_decay < 1
    rows = hyperparameter_rows(plan.training, plan.spread)
    rows |= {} if plan.running is None else running_rows(plan.running, plan.spread)
    for said in rows.values():
        assert not any(word in f" {said}" for word in (" 1 sequences", " 1 steps", " 1 replicas", "e+"))
    if plan.running is not None and plan.running.layout is None:
        assert set(running_rows(plan.running)) == {"layout"}


def test_what_the_layout_loses_and_the_days_it_takes_at_most_are_said() -> None:
    plan = planned(of_many=False, gpus=100)
    assert plan.running is not None
    said = running_rows(plan.running)["lost"]
    assert said.startswith(f"up to {plan.running.lost:.0%} of a step, mostly to ")
    assert said.endswith(f"{plan.running.days_at_most:.3g} days")


# defaults


def test_every_default_is_a_clause_with_its_option() -> None:
    said = planned(of_many=False).defaults
    for name in ("law", "gpu", "mfu", "price", "gpus", "context", "shape", "vocabulary"):
        assert "(--" in said[name], name
    assert {"warm-up", "cooldown", "beta2", "precision", "attention", "memory", "checkpoints", "goodput"} <= set(said)
    assert "15 s" in said["checkpoints"]
    assert "300 s" in said["checkpoints"]
    assert "16 bytes" in said["precision"]
    assert "10%" in said["memory"]
    assert all(len(f"{name}: {text}") <= 98 for name, text in said.items())


def test_what_was_asked_for_is_no_default() -> None:
    source = published_source("BESIROGLU_2024", repeats=False)
    asked = Question(flops=1e22, context=2048, vocab=50_000, gpu="h100", gpus=64, mfu=0.35, price=2.0)
    said = whole_plan(asked, source).defaults
    assert not {"law", "context", "vocabulary", "gpu", "gpus", "mfu", "price"} & set(said)
    assert "shape" in said
    fixed = Question(sizes=(32, 4096), tokens=1e11)
    assert "shape" not in whole_plan(fixed, source).defaults


def test_the_reasons_stand_beside_the_clauses() -> None:
    told = planned(of_many=False).to_json()
    assert told["defaults"] == dict(planned(of_many=False).defaults)
    why = told["defaults_why"]
    assert "2405.18392" in why["cooldown"]
    assert "2404.10102" in why["law"]
    assert "2407.21783" in why["goodput"]
    assert not set(why.items()) & set(told["defaults"].items())
