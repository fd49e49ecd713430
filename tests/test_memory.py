"""Memory of training and serving is what the papers print."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isoflop.costs.activations import (
    Recomputation,
    activation_bytes_per_layer,
    logit_bytes,
    pipeline_bubble,
    recomputed_share,
)
from isoflop.costs.flops import flops_per_token, forward_flops_per_token
from isoflop.costs.hardware import device
from isoflop.costs.memory import (
    Zero,
    adapter_params,
    lora_bytes,
    lora_flops_per_token,
    states_per_param,
    training_bytes,
)
from isoflop.costs.serving import (
    decode_seconds,
    decode_tokens_per_second,
    inference_flops_per_token,
    kv_cache_bytes,
    largest_batch,
)
from isoflop.costs.shape import Shape
from isoflop.errors import BadInput

GPT_3 = Shape(n_layers=96, width=12288, n_heads=96, head_dim=128, ff_width=49152, vocab_size=51200, context=2048)
MT_NLG = Shape(n_layers=105, width=20480, n_heads=128, head_dim=160, ff_width=81920, vocab_size=51200, context=2048)
SELECTIVE = Recomputation.SELECTIVE


def over_sbh(shape: Shape, **asked: object) -> float:
    """Bytes a layer in units of s b h."""
    return activation_bytes_per_layer(shape, **asked) / (shape.context * shape.width)  # type: ignore[arg-type]


@pytest.mark.parametrize(("zero", "gigabytes"), [(0, 120), (1, 31.4), (2, 16.6), (3, 1.9)])
def test_zero_is_the_paper_s_example(zero: Zero, gigabytes: float) -> None:
    """Rajbhandari et al. 2020, fig. 1: 7.5 B parameters on 64 GPUs, in GB as printed."""
    assert training_bytes(7.5e9, zero, 64) / 1e9 == pytest.approx(gigabytes, abs=0.05)


@pytest.mark.parametrize(("zero", "form"), [(0, (16, 0)), (1, (4, 12)), (2, (2, 14)), (3, (0, 16))])
@pytest.mark.parametrize("ranks", [1, 2, 7, 64, 1024])
def test_zero_splits_what_its_stage_says(zero: Zero, form: tuple[float, float], ranks: int) -> None:
    whole, split = form
    assert states_per_param(zero, ranks).total == pytest.approx(whole + split / ranks)


@given(st.integers(1, 4096))
def test_a_higher_stage_never_holds_more(ranks: int) -> None:
    stages: tuple[Zero, ...] = (0, 1, 2, 3)
    held = [states_per_param(zero, ranks).total for zero in stages]
    assert held == sorted(held, reverse=True)


def test_impossible_stages_and_ranks_are_told_together() -> None:
    with pytest.raises(BadInput, match=r"(?s)stages 0 to 3; got 4.*ranks; got 0"):
        states_per_param(4, 0)  # type: ignore[arg-type]


def test_scores_weigh_as_korthikanti_prints() -> None:
    """Sec. 5: 5 a s / h is 80 for GPT-3 and 64 for MT-NLG; selective recomputation saves 70 % and 65 %."""
    for shape, scores, saved in ((GPT_3, 80, 0.70), (MT_NLG, 64, 0.65)):
        assert over_sbh(shape, flash=False) == pytest.approx(34 + scores)
        kept = over_sbh(shape, flash=False, recomputation=SELECTIVE)
        assert kept == pytest.approx(34)
        assert 1 - kept / over_sbh(shape, flash=False) == pytest.approx(saved, abs=0.005)


@pytest.mark.parametrize("tensor", [1, 2, 8])
def test_activations_are_korthikanti_s_table_two(tensor: int) -> None:
    scores = 5 * GPT_3.n_heads * GPT_3.context / GPT_3.width
    forms = {
        (False, Recomputation.NONE): 10 + 24 / tensor + scores / tensor,
        (True, Recomputation.NONE): (34 + scores) / tensor,
        (False, SELECTIVE): 10 + 24 / tensor,
        (True, SELECTIVE): 34 / tensor,
        (False, Recomputation.FULL): 2,
        (True, Recomputation.FULL): 2,
    }
    for (sequence_parallel, recomputation), form in forms.items():
        found = over_sbh(
            GPT_3, tensor=tensor, sequence_parallel=sequence_parallel, recomputation=recomputation, flash=False
        )
        assert found == pytest.approx(form), (sequence_parallel, recomputation)


def test_flash_attention_keeps_what_selective_recomputation_keeps() -> None:
    assert over_sbh(GPT_3, flash=True) == over_sbh(GPT_3, flash=False, recomputation=SELECTIVE)


def test_a_wider_feed_forward_keeps_more_and_narrower_attention_less() -> None:
    wide = Shape(32, 4096, 32, 128, 2 * 16384, 32000, 2048)
    narrow = Shape(32, 4096, 16, 128, 16384, 32000, 2048)
    assert over_sbh(wide) == pytest.approx(34 + 16)
    assert over_sbh(narrow) == pytest.approx(34 - 4)


def test_activations_grow_with_the_micro_batch() -> None:
    assert activation_bytes_per_layer(GPT_3, 4) == pytest.approx(4 * activation_bytes_per_layer(GPT_3))
    assert logit_bytes(GPT_3, 4, tensor=8) == pytest.approx(logit_bytes(GPT_3) / 2)
    with pytest.raises(BadInput, match="got 0 and 1"):
        activation_bytes_per_layer(GPT_3, tensor=0)


def test_recomputing_all_is_a_third_and_the_scores_a_part_of_it() -> None:
    """Full: forward once more, 8 N for 6 N. Selective: the scores' forward pass, a third of the paper's s / (6 h)."""
    assert recomputed_share(GPT_3, Recomputation.FULL) == pytest.approx(1 / 3)
    assert recomputed_share(GPT_3, Recomputation.NONE) == 0
    small = recomputed_share(GPT_3, SELECTIVE)
    assert 3 * small == pytest.approx(GPT_3.context / (6 * GPT_3.width), rel=0.04)


def test_a_pipeline_s_bubble() -> None:
    assert pipeline_bubble(1, 4) == 0
    assert pipeline_bubble(8, 64) == 7 / 64
    with pytest.raises(BadInput, match="got 0 and 4"):
        pipeline_bubble(0, 4)


def test_lora_holds_two_bytes_and_saves_a_third_of_the_flops() -> None:
    n_adapter = adapter_params(4096, 4096, 16, 32 * 4)
    assert n_adapter == 16 * 8192 * 128
    assert lora_bytes(7e9, n_adapter) == 14e9 + 16 * n_adapter
    assert lora_flops_per_token(7e9, 0) / (6 * 7e9) == pytest.approx(2 / 3)
    assert lora_bytes(7e9, n_adapter) < training_bytes(7e9) / 7


def test_a_key_value_cache_counts_the_heads_that_are_kept() -> None:
    """Llama 2 70B (80 layers, heads of 128) at 32k tokens: 10 GiB with its 8 key-value heads, 80 GiB with all 64."""
    assert kv_cache_bytes(80, 8, 128, 32 * 1024) == 10 * 2**30
    assert kv_cache_bytes(80, 64, 128, 32 * 1024) == 80 * 2**30
    assert kv_cache_bytes(80, 8, 128, 1024, 4, bytes_per_value=1) == 2 * kv_cache_bytes(80, 8, 128, 1024)
    with pytest.raises(BadInput, match="n_kv_heads = 0, context = 0"):
        kv_cache_bytes(80, 0, 128, 0)


def test_decoding_reads_all_weights_and_the_cache_for_every_token() -> None:
    h100, weights = device("H100"), 2 * 7e9
    assert decode_tokens_per_second(weights, 0.0, h100) == pytest.approx(3.35e12 / 14e9)
    cache = kv_cache_bytes(32, 32, 128, 4096)
    assert decode_seconds(weights, cache, h100, 2) == pytest.approx((weights + cache) / 6.7e12)
    many = [decode_tokens_per_second(weights, batch * cache, h100, batch=batch) for batch in (1, 8, 64, 10**6)]
    assert many == sorted(many)
    assert many[-1] == pytest.approx(3.35e12 / cache, rel=1e-3)


def test_the_largest_batch_fills_the_memory() -> None:
    h100, cache = device("H100"), 2e9
    most = largest_batch(14e9, cache, h100)
    assert 14e9 + most * cache <= 72e9 < 14e9 + (most + 1) * cache
    assert largest_batch(140e9, cache, h100) == 0


def test_a_token_of_inference_is_a_forward_pass() -> None:
    found = inference_flops_per_token(GPT_3.n_params, GPT_3.n_layers, GPT_3.attention_width, GPT_3.context)
    assert found == forward_flops_per_token(GPT_3) == flops_per_token(GPT_3) / 3
