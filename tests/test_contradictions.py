"""Constraints that cannot hold together are named, and each way out that is told is really one."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isoflop.conventions import Size
from isoflop.errors import BadInput
from isoflop.estimates.ensemble import Ensemble
from isoflop.laws.chinchilla import BESIROGLU_2024
from isoflop.plans.answer import Answer, answer
from isoflop.plans.question import Question
from isoflop.plans.source import Source, published_source
from isoflop.units import parse_count, parse_dollars, parse_flops

READ: dict[str, Callable[[str], float]] = {
    "flops": parse_flops,
    "dollars": parse_dollars,
    "loss": float,
    "days": float,
    "gpus": float,
}
READ |= {"tokens_per_second": float, "epochs": float}


def asked(**given: Any) -> Answer:
    question = Question(**given)
    return answer(question, published_source(None, repeats=question.unique_tokens is not None))


def refused(**given: Any) -> str:
    with pytest.raises(BadInput) as error:
        asked(**given)
    return str(error.value)


def ways(message: str) -> list[dict[str, Any]]:
    """The changes that a message tells, each as the fields of a question."""
    found = []
    told = re.search(r"Relax one: (.*)\.$", message)
    assert told, message
    for way in re.split(r", or |, (?=--|leave)", told[1]):
        changes: dict[str, Any] = {}
        for part in way.split(" together with "):
            if left_out := re.fullmatch(r"leave out --([a-z-]+)", part):
                changes[left_out[1].replace("-", "_")] = False
                continue
            if gpu := re.fullmatch(r'--gpu "(.+)"', part):
                changes["gpu"] = gpu[1]
                continue
            option = re.match(r"--([a-z-]+) to (\S+)", part)
            assert option, part
            name = option[1].replace("-", "_")
            changes[name] = READ[name](option[2]) if name in READ else parse_count(option[2], name)
        found.append(changes)
    return found


CONTRADICTIONS: list[tuple[dict[str, Any], tuple[str, ...]]] = [
    ({"flops": 1e22, "n_params": 7e9, "tokens": 2e12}, ("8.4 times less", "--flops to 8.4e22", "--tokens to 238B")),
    ({"flops": 1e22, "n_params": 7e9, "tokens": 1e11, "inference_tokens": 1e13}, ("serving included", "--inference")),
    ({"dollars": 1e4, "n_params": 7e9, "tokens": 2e12}, ("--dollars allows", "--dollars to $")),
    ({"gpus": 64.0, "days": 10.0, "n_params": 7e10, "tokens": 1e12}, ("--days to", "--gpus to")),
    ({"gpus": 64.0, "days": 10.0, "dollars": 1e3, "n_params": 7e10, "tokens": 1e12}, ("together with", "--tokens to")),
    ({"loss": 1.9, "dollars": 1000.0}, ("--loss 1.9 takes", "--dollars to $", "--loss to 2.3")),
    ({"loss": 2.1, "flops": 1e20, "dollars": 100.0}, ("--flops to", "together with --dollars to")),
    ({"loss": 2.1, "gpus": 8.0, "days": 3.0}, ("--days to", "--gpus to", "--loss to")),
    ({"loss": 2.0, "n_params": 1e9}, ("the lowest", "--n-params to 6.9", "is cheapest")),
    ({"loss": 2.0, "tokens": 1e9}, ("with --tokens 1.00B", "--tokens to", "is cheapest")),
    ({"loss": 1.9, "one_gpu": True, "gpu": "4090"}, ("--one-gpu, 1", "leave out --one-gpu")),
    ({"loss": 1.95, "tokens_per_second": 1000.0}, ("--tokens-per-second", "--tokens-per-second to")),
    ({"loss": 1.5}, ("below 1.8175", "--loss to 1.8")),
    ({"loss": 2.0, "unique_tokens": 1e9}, ("with --unique-tokens 1.00B", "--unique-tokens to", "--loss to 2.7")),
    ({"loss": 2.1, "n_params": 7e9, "tokens": 140e9}, ("the loss is 2.17", "--tokens to", "--n-params to")),
    ({"flops": 1e22, "inference_tokens": 1e19}, ("--inference-tokens to", "before anything is trained")),
    ({"flops": 1e22, "n_params": 7e9, "inference_tokens": 1e13}, ("14 times less", "--n-params to", "--flops to 1.4")),
    ({"n_params": 7e10, "flops": 1e24, "one_gpu": True}, ("--one-gpu allows 35", "leave out --one-gpu")),
    ({"n_params": 7e10, "flops": 1e24, "one_gpu": True, "tokens_per_second": 50.0}, ("allows 35", '--gpu "')),
    ({"n_params": 1e9, "flops": 1e12, "extrapolate": True}, ("--context 4,096", "--flops to", "--n-params to")),
    ({"loss": 2.5, "unique_tokens": 1e9, "epochs": 4.0}, ("with --epochs 4 (4.00B tokens)", "--unique-tokens to")),
    ({"n_params": 7e9, "unique_tokens": 1e9, "epochs": 4.0, "flops": 1e19}, ("--epochs 4", "--epochs to 0.238")),
    ({"loss": 2.2, "inference_tokens": 1e13, "output_tokens": 2e12, "dollars": 1e4}, ("--inference-tokens", "--doll")),
]


@pytest.mark.parametrize(("asks", "said"), CONTRADICTIONS)
def test_a_contradiction_is_named_in_the_user_s_numbers_and_every_way_out_told_is_one(
    asks: dict[str, Any], said: tuple[str, ...]
) -> None:
    message = refused(**asks)
    for each in said:
        assert each in message, message
    for changes in ways(message):
        asked(**{**asks, **changes})


@pytest.mark.parametrize("i", [0, 2, 5, 8, 11, 13])
def test_a_little_less_than_what_is_told_is_not_enough(i: int) -> None:
    asks = CONTRADICTIONS[i][0]
    for changes in ways(refused(**asks)):
        for name, value in changes.items():
            if name == "gpu":
                continue
            near = asks[name] * (value / asks[name]) ** 0.97 if value else None
            if near is not None and name != "loss":
                refused(**{**asks, name: near})


def test_a_loss_that_the_run_given_reaches_is_no_contradiction() -> None:
    """Both N and D given, the loss is an aim that is met or missed, not one that is passed over."""
    assert "to spare" in " ".join(asked(n_params=7e9, tokens=140e9, loss=2.2).notes)


def test_tokens_given_and_a_limit_on_the_size_spend_less_than_the_budget() -> None:
    found = asked(flops=1e25, tokens=2e12, one_gpu=True)
    assert found.n_params == pytest.approx(found.most["--one-gpu"])
    assert found.flops < 1e25


def powers(low: float, high: float) -> st.SearchStrategy[float | None]:
    return st.none() | st.floats(low, high).map(lambda x: float(f"{10.0**x:.3g}"))


@settings(deadline=None, max_examples=60, derandomize=True)
@given(
    flops=powers(18, 25),
    dollars=powers(2, 8),
    days=powers(0, 2.5),
    loss=st.none() | st.floats(1.85, 3.5).map(lambda x: round(x, 2)),
    n_params=powers(8, 11.5),
    tokens=powers(9, 13.5),
    inference_tokens=powers(10, 15),
    one_gpu=st.booleans(),
)
def test_any_mix_of_constraints_has_an_answer_or_a_way_out_that_is_one(**drawn: Any) -> None:
    asks = {name: value for name, value in drawn.items() if value is not None}
    if "days" in asks:
        asks["gpus"] = 64.0
    try:
        asked(**asks)
    except BadInput as bad:
        if "Relax one" in str(bad):
            for changes in ways(str(bad)):
                asked(**{**asks, **changes})
        else:
            assert re.search(r"needs a budget|--extrapolate|leave out some of|ask for another", str(bad)), bad


def test_a_bag_of_laws_is_told_ways_out_by_all_of_them() -> None:
    """They are looked for by 32 of the laws; each is held to all 300, and moved on where those say otherwise."""
    random = np.random.default_rng(3)
    laws = tuple(replace(BESIROGLU_2024, A=BESIROGLU_2024.A * np.exp(0.3 * random.normal())) for _ in range(300))
    source = Source("planted", Ensemble(laws), Size.TOTAL)
    cases: list[dict[str, Any]] = [{"loss": 2.1, "flops": 1e21}, {"loss": 2.0, "n_params": 1e9}]
    for asks in (*cases, {"loss": 2.1, "tokens": 3e9}):
        with pytest.raises(BadInput) as error:
            answer(Question(**asks), source)
        for changes in ways(str(error.value)):
            answer(Question(**{**asks, **changes}), source)
