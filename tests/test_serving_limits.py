"""Limits that serving sets on a size: what they take for granted, and what is said where they leave no model."""

import re
from dataclasses import replace
from functools import partial

import pytest

from isoflop.conventions import Size
from isoflop.costs.gated import GatedShape
from isoflop.costs.hardware import device
from isoflop.costs.serving import kv_cache_bytes
from isoflop.costs.shape import Shape
from isoflop.errors import BadInput
from isoflop.plans.decoding import decoding
from isoflop.plans.largest import largest, smallest
from isoflop.plans.question import Question
from isoflop.plans.serving import largest_at_speed, largest_on_one
from isoflop.plans.shapes import built, count, family, shape_of
from isoflop.plans.size_limits import limit_defaults, size_limits, would_do

LLAMA = family("llama")
H100 = device("H100")
ASKED = Question(flops=1e22)


def refused(question: Question) -> str:
    with pytest.raises(BadInput) as said:
        size_limits(question, Size.TOTAL)
    return str(said.value)


def test_llama_3_8b_keeps_a_gibibyte_of_keys_and_values_for_8192_tokens() -> None:
    """2 x 32 layers x 8 heads x 128 x 8192 x 2 bytes; all 32 heads would keep four."""
    llama = built((32, 4096, 14336), LLAMA, 8192)
    assert isinstance(llama, GatedShape)
    assert decoding(llama, H100).kv_bytes == 2**30
    assert kv_cache_bytes(32, 32, 128, 8192) == 4 * 2**30


def test_limits_are_those_of_one_gpu_and_no_limit_is_none() -> None:
    both = replace(ASKED, one_gpu=True, tokens_per_second=100.0)
    assert size_limits(both, Size.TOTAL) == {
        "--one-gpu": largest_on_one(H100, 4096, counts=Size.TOTAL),
        "--tokens-per-second": largest_at_speed(H100, 100, 4096, counts=Size.TOTAL),
    }
    assert not size_limits(ASKED, Size.TOTAL)
    assert not limit_defaults(ASKED)


def test_what_a_limit_takes_for_granted_is_told_with_the_option_that_changes_it() -> None:
    said = limit_defaults(replace(ASKED, one_gpu=True, tokens_per_second=100.0, context=8192))
    assert list(said) == ["--one-gpu", "--tokens-per-second"]
    for each in said.values():
        assert "bf16 weights and cache of 1 x 8,192 tokens (--context)" in each
        assert "one H100 SXM (--gpu)" in each
        assert len(each) <= 110
    assert "10% in reserve" in said["--one-gpu"]
    assert "full bandwidth" in said["--tokens-per-second"]


def test_a_speed_that_no_model_has_is_told_with_speeds_and_gpus_that_do() -> None:
    asked = replace(ASKED, tokens_per_second=6e4)
    said = refused(asked)
    assert said.startswith("--tokens-per-second 60000: one H100 SXM decodes the smallest model like llama")
    speed, gpu, ids = re.findall(r'--tokens-per-second to (\d+), or --gpu "(.+)", or --vocab to (\d+)', said)[0]
    for would in (
        replace(asked, tokens_per_second=float(speed)),
        replace(asked, gpu=gpu),
        replace(asked, vocab=float(ids)),
    ):
        assert size_limits(would, Size.TOTAL)["--tokens-per-second"] > 0
    assert "tokens_per_second" not in said


def test_where_no_gpu_is_fast_enough_the_fastest_is_named() -> None:
    said = refused(replace(ASKED, tokens_per_second=1e6))
    assert "No --gpu of the table does; B200 comes to" in said


def test_a_context_that_no_gpu_holds_is_told_with_one_that_it_does() -> None:
    asked = replace(ASKED, one_gpu=True, context=300e6)
    said = refused(asked)
    assert said.startswith("--one-gpu: one H100 SXM has no room for the smallest model like llama")
    gpu, context = re.findall(r'--gpu "(.+)", or --context to (\d+)', said)[0]
    for would in (replace(asked, gpu=gpu), replace(asked, context=float(context))):
        assert size_limits(would, Size.TOTAL)["--one-gpu"] > 0
    assert "No --gpu of the table does." in refused(replace(asked, context=6e9))


def test_both_limits_that_leave_nothing_are_told_at_once() -> None:
    said = refused(replace(ASKED, one_gpu=True, tokens_per_second=1e9, context=6e9))
    assert [line.split()[0].rstrip(":") for line in said.splitlines()] == ["--one-gpu", "--tokens-per-second"]


def test_what_would_hold_a_model_is_the_least_gpu_that_does() -> None:
    shape = shape_of(70e9, LLAMA, 4096)
    assert would_do(replace(ASKED, one_gpu=True), "--one-gpu", shape) == ['--gpu "B200"']
    fast = would_do(replace(ASKED, tokens_per_second=30.0), "--tokens-per-second", shape)
    assert fast == ["--tokens-per-second to 23", '--gpu "H200 SXM"']
    assert decoding(shape, H100).tokens_per_second >= 23


def test_a_small_vocabulary_leaves_gaps_between_sizes_and_the_largest_is_found_across_them() -> None:
    """Of one layer and of two there are shapes, of sizes between there are none."""
    bytes_only = replace(LLAMA, vocab_size=256)
    with pytest.raises(BadInput):
        shape_of(1.5e6, bytes_only, 4096)
    least = smallest(bytes_only, 4096)

    def small(shape: Shape, most: float) -> bool:
        return count(shape, Size.WITH_HEAD) <= most

    for most in (1.2e6, 2.5e6, 1e7, 1e9):
        found = largest(partial(small, most=most), bytes_only, 4096, 1e11)
        assert found is not None
        assert count(least, Size.WITH_HEAD) <= count(found, Size.WITH_HEAD) <= most
        assert count(found, Size.WITH_HEAD) > most / 2.1
    assert largest(lambda _: False, bytes_only, 4096, 1e11) is None
    assert size_limits(replace(ASKED, one_gpu=True, vocab=256.0), Size.TOTAL)["--one-gpu"] > 30e9
