"""A run's time, money and memory, and what is said of GPUs that hardly divide, or that it does not fit."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isoflop.costs.flops import flops_per_token
from isoflop.costs.goodput import PER_DEVICE_HOURS, losses, young_interval
from isoflop.costs.hardware import device
from isoflop.costs.utilisation import mfu
from isoflop.errors import BadInput
from isoflop.plans.answer import answer
from isoflop.plans.layout import layout
from isoflop.plans.models import known_run
from isoflop.plans.question import Question
from isoflop.plans.resources import Resources
from isoflop.plans.running import MUCH_LOST, Running, running
from isoflop.plans.shapes import family, shape_of
from isoflop.plans.source import published_source
from isoflop.plans.whole import whole_plan


def on(gpus: int, name: str = "H100", mfu: float = 0.4, goodput: float | None = None) -> Resources:
    gpu = device(name)
    return Resources(gpu, gpu.dollars_per_hour, mfu, gpus, losses(gpus).goodput if goodput is None else goodput, {})


def run(n_params: float, have: Resources, tokens: float = 1e12, batch: float = 4e6, context: int = 4096) -> Running:
    return running(shape_of(n_params, family("llama"), context), n_params, tokens, have, batch)


def test_llama_405b_takes_its_reported_gpu_hours() -> None:
    """30.84e6 H100-hours, by the model card: within 5 % with an MFU of 0.40 and a goodput of 0.90."""
    reported = known_run("Llama 3.1 405B").device_hours
    found = run(405e9, on(16384, goodput=0.9), 15.6e12, 16e6, 8192)
    assert found.hours == pytest.approx(reported, rel=0.05)
    assert found.days == pytest.approx(found.hours / 16384 / 24)
    assert found.lost_days == pytest.approx(0.1 * found.days)
    assert found.dollars == found.hours * 2.5
    assert found.checkpoint_bytes == pytest.approx((12 * 405e9, 16 * 405e9), rel=5e-3)


def test_the_mfu_of_the_plan_is_the_one_that_is_measured() -> None:
    """Tokens/s, measured, over the peak: attention counts in both, so at any context a user finds what was planned."""
    for context in (4096, 32_768, 131_072):
        found = run(7e9, on(64), context=context, batch=64 * 131_072)
        shape = shape_of(7e9, family("llama"), context)
        assert mfu(found.tokens_per_second, shape, device("H100"), 64) == pytest.approx(0.4 * shape.n_params / 7e9)
    asked = answer(Question(flops=1e22, context=131_072), published_source(None, repeats=False))
    assert asked.shape is not None
    assert asked.shape.n_params_total == pytest.approx(asked.n_params, rel=0.01)
    a_second = asked.tokens / (asked.have.days(asked.flops) * 86400 * asked.have.goodput)
    assert mfu(a_second, asked.shape, asked.have.device, asked.have.gpus) == pytest.approx(0.4, rel=0.01)


def test_failures_are_as_often_as_in_llama_s_run() -> None:
    found = run(405e9, on(16384), 15.6e12, 16e6, 8192)
    assert found.failures == pytest.approx(found.hours / PER_DEVICE_HOURS)
    assert found.failures == pytest.approx(419 * found.days / 54)
    assert found.checkpoint_seconds == young_interval(15, 3600 * PER_DEVICE_HOURS / 16384)
    assert found.goodput == found.losses.goodput


def test_the_mfu_alone_makes_the_time_and_the_layout_s_bound_stands_beside_it() -> None:
    """What communication costs is in an MFU that was measured: another layout's bound changes nothing of the time."""
    calm, hard = run(7e9, on(64), batch=16e6), run(7e9, on(64), batch=4e5)
    assert hard.lost is not None
    assert calm.lost is not None
    assert hard.lost > 2 * calm.lost
    assert hard.days == calm.days == pytest.approx(hard.flops_executed / (64 * 989e12 * 0.4 * 86400) / hard.goodput)
    assert hard.days_at_most == pytest.approx(hard.days / (1 - hard.lost))
    assert "communication" in hard.defaults["time"]


def test_a_layout_that_loses_much_is_doubted() -> None:
    assert any("an MFU of 40% asks for" in said for said in run(7e9, on(1024), batch=1e6).doubts)
    found = run(7e9, on(8))
    assert found.lost is not None
    assert found.lost < MUCH_LOST
    assert not any("asks for" in said for said in found.doubts)


def test_the_memory_is_the_layout_s() -> None:
    found = run(7e9, on(8))
    shape = shape_of(7e9, family("llama"), 4096)
    there = layout(shape, device("H100"), 8, 4e6, mfu=0.4)
    assert found.layout == there
    assert found.memory is not None
    assert found.memory["total"] == pytest.approx(sum(vars(there.memory).values()))
    assert found.memory["total"] <= found.memory["available"] == 72e9
    assert found.flops_executed == pytest.approx(flops_per_token(shape) * 1e12 * 7e9 / shape.n_params)


def test_a_batch_limits_the_replicas() -> None:
    found = run(7e9, on(8))
    assert found.layout is not None
    assert found.most_replicas == round(4e6 / 4096)
    assert found.most_gpus == found.most_replicas * found.layout.split.tensor * found.layout.split.pipeline
    few = running(shape_of(7e9, family("llama"), 4096), 7e9, 1e12, on(1021), 1e5)
    assert few.used < 1021
    assert any("24 sequences of 4,096: too few to feed 1,021" in said for said in few.doubts)


def test_a_run_that_fits_nothing_says_why_and_how_many_would() -> None:
    found = run(405e9, on(8))
    assert found.layout is None
    assert found.memory is None
    assert "do not fit 8 x H100 SXM" in found.problem
    assert found.enough == 128
    assert run(405e9, on(128)).problem == ""
    assert found.to_json()["layout"] is None


def test_a_prime_number_of_gpus_leaves_some_idle_where_it_must() -> None:
    """1,009 is prime, and 405B fits no device whole: only 1,008 of them share the work, and only they are paid."""
    found = run(405e9, on(1009))
    assert (found.gpus, found.used) == (1009, 1008)
    assert found.problem == ""
    assert any("It does fit 1,008 of them" in said and "leaves 1 idle" in said for said in found.doubts)
    assert found.hours == pytest.approx(found.days * 24 * 1008)


def test_gpus_that_divide_badly_are_told_how_many_do_better() -> None:
    found, whole = run(34e9, on(97)), run(34e9, on(96))
    assert found.used == 97
    assert any("97 GPUs divide badly" in said and "leave 1 idle" in said for said in found.doubts)
    assert found.days_at_most is not None
    assert whole.days_at_most is not None
    assert whole.days_at_most < found.days_at_most
    assert not any("divide badly" in said for said in whole.doubts)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 200), st.sampled_from([1e9, 7e9, 70e9]), st.sampled_from(["H100", "4090"]))
def test_any_number_of_gpus_has_an_honest_answer(gpus: int, n_params: float, name: str) -> None:
    found = run(n_params, on(gpus, name))
    assert found.used <= found.gpus == gpus
    if found.layout is None:
        assert found.problem
        assert found.enough is None or found.enough > 1
    else:
        assert found.layout.n_devices == found.used
        assert found.layout.memory.total <= found.layout.available
        assert found.used == gpus or any("idle" in said for said in found.doubts)
    json.dumps(found.to_json(), allow_nan=False)


def test_what_was_assumed_is_said() -> None:
    have = replace(on(8), price=None, defaults={"mfu": "40%: a rule"})
    found = run(7e9, have)
    assert found.dollars is None
    assert found.mfu_source == "40%: a rule"
    assert any("measure yours" in said for said in found.doubts)
    assert "15 s, a failure 300 s, an assumption" in found.defaults["checkpoints"]
    assert run(7e9, on(8)).mfu_source == "given"


def test_the_speeds_taken_of_links_that_a_device_does_not_say_are_told_on_the_screen(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    numbers = "flops_per_second = 400e12\nmemory_bytes = 96e9\nbytes_per_second = 2.4e12\ndomain = 8\n"
    file.write_text(f'["My chip"]\n{numbers}', encoding="utf-8")

    def told(**given: Any) -> str:
        return whole_plan(Question(flops=1e20, **given), published_source(None, repeats=False)).defaults.get(
            "links", ""
        )

    mine = {"gpu": "My chip", "devices": str(file)}
    said = "300 GB/s within its fast domain and 25 GB/s beyond it, assumed of My chip (--devices)"
    assert told(**mine, gpus=8.0) == said
    assert told(**mine, gpus=1.0) == ""
    assert told() == ""


def test_flops_of_another_count_are_taken() -> None:
    shape = shape_of(7e9, family("llama"), 4096)
    half = running(shape, 7e9, 1e12, on(8), 4e6, flops=3 * 7e9 * 1e12)
    assert half.hours == pytest.approx(run(7e9, on(8)).hours / 2)
    assert half.tokens_per_second == pytest.approx(2 * run(7e9, on(8)).tokens_per_second)


def test_bad_input_is_told_at_once() -> None:
    shape = shape_of(7e9, family("llama"), 4096)
    with pytest.raises(BadInput) as refused:
        running(shape, -1, 0, on(8), float("inf"))
    assert len(refused.value.problems) == 3
    with pytest.raises(BadInput, match="not even one sequence"):
        running(shape, 7e9, 1e12, on(8), 1000)
