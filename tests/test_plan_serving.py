"""What one device holds, how fast it decodes, and what serving costs."""

import json
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isoflop.allocations.serving import serve
from isoflop.conventions import Size
from isoflop.costs.flops import forward_flops_per_token
from isoflop.costs.gated import GatedShape
from isoflop.costs.hardware import device
from isoflop.costs.shape import Shape
from isoflop.errors import BadInput, IsoflopError
from isoflop.laws.chinchilla import BESIROGLU_2024
from isoflop.plans.decoding import decoding
from isoflop.plans.resources import Resources
from isoflop.plans.serving import largest_at_speed, largest_on_one, serving_cost
from isoflop.plans.shapes import count, family, shape_of
from isoflop.reports.plan_text import rows_block
from isoflop.reports.running_text import serving_row, serving_rows

LLAMA = family("llama")
H100 = device("H100")
HAVE = Resources(H100, 2.5, 0.4, 8, 0.9, {})


def test_a_7b_model_decodes_at_the_bandwidth_over_its_bytes() -> None:
    """3.35e12 / 14e9 = 239 tokens/s of one sequence with little context."""
    found = decoding(shape_of(7e9, LLAMA, 128), H100)
    assert found.tokens_per_second == pytest.approx(3.35e12 / 14e9, rel=0.015)
    assert found.fits
    long = decoding(shape_of(7e9, LLAMA, 32768), H100)
    assert long.tokens_per_second < 0.9 * found.tokens_per_second


def test_34b_fits_one_h100_in_bf16_and_70b_does_not() -> None:
    assert decoding(shape_of(34e9, LLAMA, 2048), H100).fits
    assert not decoding(shape_of(70e9, LLAMA, 2048), H100).fits
    assert decoding(shape_of(70e9, LLAMA, 2048), H100, bits=4).fits
    assert decoding(shape_of(70e9, LLAMA, 2048), H100, n_devices=4).fits
    assert decoding(shape_of(70e9, LLAMA, 2048), device("H200"), reserve=0.0).fits is False
    assert decoding(shape_of(70e9, LLAMA, 2048), device("B200")).fits


def test_the_input_embedding_is_held_but_not_read() -> None:
    shape = shape_of(7e9, LLAMA, 2048)
    found = decoding(shape, H100)
    assert found.weight_bytes == 2 * shape.n_params_total
    assert found.read_bytes == 2 * shape.n_params


def test_ungrouped_heads_keep_all_their_keys_and_values() -> None:
    shape = Shape(32, 4096, 32, 128, 16384, 32000, 4096)
    found = decoding(shape, H100, batch=2)
    assert found.kv_bytes == 2 * 32 * 4096 * 4096 * 2 * 2
    assert decoding(shape, H100, batch=2, kv_bits=8).kv_bytes == found.kv_bytes / 2


@settings(max_examples=20, deadline=None)
@given(
    st.sampled_from(["H100", "4090", "B200"]),
    st.sampled_from([1024, 8192, 65536]),
    st.sampled_from([4.0, 8.0, 16.0]),
    st.sampled_from(["llama", "gpt2"]),
)
def test_the_largest_on_one_device_fits_and_a_larger_one_does_not(
    name: str, context: int, bits: float, like: str
) -> None:
    gpu = device(name)
    most = largest_on_one(gpu, context, like, bits)
    assert decoding(shape_of(most, family(like), context), gpu, bits=bits).fits
    for more in (1.03, 1.1, 1.2, 1.3):
        assert not decoding(shape_of(more * most, family(like), context), gpu, bits=bits).fits, more


def test_more_memory_fewer_bits_and_less_context_hold_larger_models() -> None:
    base = largest_on_one(H100, 8192)
    assert largest_on_one(device("H200"), 8192) > base
    assert largest_on_one(H100, 8192, bits=8) > 1.8 * base
    assert largest_on_one(H100, 131072) < base
    assert largest_on_one(H100, 8192, batch=16) < base
    assert largest_on_one(H100, 8192, counts=Size.TOTAL) > base > largest_on_one(H100, 8192, counts=Size.NON_EMBEDDING)


def test_the_largest_at_a_speed_is_that_fast_and_a_larger_one_is_not() -> None:
    most = largest_at_speed(H100, 100, 4096)
    assert decoding(shape_of(most, LLAMA, 4096), H100).tokens_per_second >= 100
    assert decoding(shape_of(1.06 * most, LLAMA, 4096), H100).tokens_per_second < 100
    assert largest_at_speed(H100, 100, 4096, n_devices=2) > 1.9 * most
    assert most == pytest.approx(3.35e12 / 100 / 2, rel=0.05)  # the bytes of weights alone, less a little cache


def test_what_cannot_be_is_an_error_that_says_what_to_ask() -> None:
    with pytest.raises(IsoflopError, match="Shorten the context"):
        largest_on_one(device("4090"), 2**27)
    with pytest.raises(BadInput, match=r"context = -1 is no positive number"):
        serving_cost(7e9, 1, 1, HAVE, context=-1)
    with pytest.raises(IsoflopError, match="Ask for less, or more devices"):
        largest_at_speed(H100, 1e6, 4096)
    with pytest.raises(BadInput, match="llama, gpt2"):
        largest_on_one(H100, 4096, "mamba")
    with pytest.raises(BadInput, match=r"bits = 0 is no positive number\.\nbatch = -1"):
        decoding(shape_of(7e9, LLAMA, 4096), H100, bits=0, batch=-1)


def test_output_is_bound_by_bandwidth_and_input_by_computing() -> None:
    """With hardly any cache MFU_out = batch bandwidth / peak; the cache makes it less. Sardana's 2 N FLOPs a token."""
    short, long = (
        serving_cost(7e9, 1e12, 1e12, HAVE, context=context, batch=8, attention=False) for context in (64, 8192)
    )
    assert short.mfu_output == pytest.approx(8 * 3.35e12 / 989e12, rel=0.01)
    assert long.mfu_output < 0.75 * short.mfu_output
    assert short.input_hours == pytest.approx(2 * 7e9 * 1e12 / (989e12 * 0.4 * 3600))
    assert short.output_hours == pytest.approx(short.input_hours * 0.4 / short.mfu_output)
    assert short.dollars == 2.5 * short.hours
    assert short.dollars_per_million is not None
    assert sum(short.dollars_per_million) * 1e6 == pytest.approx(short.dollars)


def test_a_very_large_batch_is_bound_by_computing() -> None:
    found = serving_cost(7e9, 0, 1e12, HAVE, context=64, batch=2000)
    assert found.mfu_output == found.mfu_input == 0.4
    assert any("bound by computing" in said for said in found.assumptions)


def test_a_model_too_large_for_one_device_is_split() -> None:
    assert serving_cost(7e9, 1e12, 1e12, HAVE).n_devices == 1
    found = serving_cost(70e9, 1e12, 1e12, HAVE)
    assert found.n_devices == 4
    assert found.decoding.fits
    assert any("more than the 8 that share" in said for said in serving_cost(405e9, 1, 1, HAVE).assumptions)


def test_the_prices_are_those_of_the_resources() -> None:
    """Sardana's cost with them is the dollars of training and of serving."""
    found = serving_cost(7e9, 3e12, 1e12, HAVE)
    p = found.prices
    assert 6 * 7e9 * 1e12 * p.training / p.mfu_training == pytest.approx(HAVE.dollars(6 * 7e9 * 1e12))
    served = 2 * 7e9 * p.inference * (3e12 / p.mfu_input + 1e12 / p.mfu_output)
    assert served == pytest.approx(found.dollars)
    best = serve(BESIROGLU_2024, 2.1, 3e12, 1e12, p)
    alone = serve(BESIROGLU_2024, 2.1, 3e12, 1e12)
    assert best.n_params < alone.n_params  # output costs more than its FLOPs say, so a smaller model pays


def test_every_assumption_is_told_and_an_unknown_price_is_none() -> None:
    found = serving_cost(7e9, 1e12, 1e12, replace(HAVE, device=device("4090"), price=None))
    assert found.dollars is None
    assert found.dollars_per_million is None
    said = "; ".join(found.assumptions)
    for each in ("as training, an assumption", "always full", "as an MFU counts", "no price is known", "from memory"):
        assert each in said
    assert json.loads(json.dumps(found.to_json(), allow_nan=False))["dollars"] is None
    with pytest.raises(BadInput) as refused:
        serving_cost(7e9, -1, float("inf"), HAVE, mfu_input=2)
    assert len(refused.value.problems) == 3


def test_a_token_read_executes_attention_s_flops_too() -> None:
    """2 N + 4 n_layer d_attn ctx, at the MFU of training, whose FLOPs are counted alike; Sardana's 2 N on request."""
    shape = shape_of(7e9, LLAMA, 8192)
    whole = serving_cost(shape.n_params, 1e12, 0, HAVE, context=8192)
    plain = serving_cost(shape.n_params, 1e12, 0, HAVE, context=8192, attention=False)
    assert whole.flops_per_token == forward_flops_per_token(shape)
    assert whole.flops_per_token - plain.flops_per_token == 4 * shape.n_layers * shape.attention_width * 8192
    assert whole.input_hours == whole.flops_per_token * 1e12 / (989e12 * 0.4 * 3600)
    assert plain.flops_per_token == 2 * shape.n_params
    assert whole.attention
    assert any("left out" in said for said in plain.assumptions)


def test_attention_changes_no_speed_of_writing_only_its_share_of_the_peak() -> None:
    """A step is bound by bandwidth, whatever FLOPs are said to be in it."""
    whole, plain = (serving_cost(7e9, 0, 1e12, HAVE, context=8192, attention=each) for each in (True, False))
    assert whole.output_hours == pytest.approx(plain.output_hours)
    assert whole.mfu_output > plain.mfu_output


def test_a_million_tokens_cost_the_gpus_time() -> None:
    """32 of 7e9 parameters: one token each takes (14e9 + 32 caches) / 3.35e12 s of one GPU at $2.50 an hour."""
    found = serving_cost(7e9, 0, 0, HAVE, counts=Size.WITH_HEAD)
    shape = shape_of(7e9, LLAMA, 4096)
    assert isinstance(shape, GatedShape)
    cache = 2 * shape.n_layers * shape.n_kv_heads * shape.head_dim * 4096 * 2
    step = (2 * shape.n_params + 32 * cache) * (7e9 / shape.n_params) / 3.35e12
    assert found.dollars_per_million is not None
    assert found.dollars_per_million[1] == pytest.approx(2.5 / 3600 * step / 32 * 1e6)
    assert found.tokens_per_second == pytest.approx(32 / step)
    assert found.hours == found.training_flops == 0


def test_hours_are_of_what_n_counts_whether_embeddings_or_not() -> None:
    """The same model, its N counted in three ways, takes the same time to serve."""
    shape = shape_of(300e6, LLAMA, 4096)
    sizes = ((each, count(shape, each)) for each in (Size.WITH_HEAD, Size.TOTAL, Size.NON_EMBEDDING))
    hours = [serving_cost(n, 1e12, 1e12, HAVE, shape=shape, counts=each).hours for each, n in sizes]
    assert hours == pytest.approx([hours[0]] * 3)


def test_serving_is_as_dear_as_so_much_training() -> None:
    found = serving_cost(7e9, 3e12, 1e12, HAVE)
    assert HAVE.hours(found.training_flops) == pytest.approx(found.hours)
    assert HAVE.dollars(found.training_flops) == pytest.approx(found.dollars)


def test_prices_hold_where_the_embedding_makes_more_of_2_n_than_is_executed() -> None:
    """N of 70e6 is half embedding: 2 N at an MFU of 0.9 would be above the peak, so all are scaled alike."""
    found = serving_cost(70e6, 3e12, 1e12, HAVE, counts=Size.TOTAL, mfu_input=0.9, context=128)
    p = found.prices
    assert p.mfu_input == 1.0
    served = 2 * 70e6 * p.inference * (3e12 / p.mfu_input + 1e12 / p.mfu_output)
    assert served == pytest.approx(found.dollars)


@pytest.mark.parametrize("n_params", [1e3, 4e5, 1e7])
def test_a_model_without_a_shape_is_served_by_its_weights_alone(n_params: float) -> None:
    found = serving_cost(n_params, 1e10, 1e9, HAVE)
    assert found.decoding.kv_bytes == 0
    assert found.decoding.weight_bytes == found.decoding.read_bytes == 2 * n_params
    assert found.flops_per_token == 2 * n_params
    assert found.output_hours == pytest.approx(1e9 * 2 * n_params / (3.35e12 * 32 * 3600))
    said = "; ".join(found.assumptions)
    assert "no cache of keys and values" in said
    assert "smaller vocabulary" in said
    assert json.loads(json.dumps(found.to_json(), allow_nan=False))["decoding"]["most_sequences"] is None


def test_cost_goes_smoothly_with_size() -> None:
    """A shape comes only near to N; what is counted goes in proportion."""
    sizes = [3e9 * 1.001**i for i in range(40)]
    hours = [serving_cost(n, 1e12, 0, HAVE).hours / n for n in sizes]
    assert max(hours) / min(hours) < 1.03


def test_speed_stands_against_what_was_asked() -> None:
    """A 7B of bf16 decodes 239 tokens/s on an H100, 4.2 ms a token, less a little cache."""
    found = serving_cost(7e9, 0, 0, HAVE, context=128, asked=230)
    assert found.alone.batch == 1
    assert found.alone.tokens_per_second == pytest.approx(3.35e12 / 14e9, rel=0.015)
    assert found.fast_enough
    assert serving_cost(7e9, 0, 0, HAVE, asked=250).fast_enough is False
    assert serving_cost(7e9, 0, 0, HAVE).fast_enough is None
    said = found.to_json()
    assert said["alone"]["seconds_per_token"] == pytest.approx(1 / said["alone"]["tokens_per_second"])
    with pytest.raises(BadInput, match="asked = 0"):
        serving_cost(7e9, 0, 0, HAVE, asked=0)


@settings(max_examples=20, deadline=None)
@given(
    st.floats(3, 12.5),
    st.sampled_from(["H100", "4090", "B200 NVL72", "MI300X"]),
    st.sampled_from([None, 100.0]),
    st.sampled_from([0.0, 1e12]),
)
def test_each_row_of_serving_fits_a_line(log_n: float, name: str, asked: float | None, tokens: float) -> None:
    found = serving_cost(10**log_n, tokens, tokens, replace(HAVE, device=device(name)), asked=asked)
    rows = serving_rows(found)
    assert len(rows_block(rows)) == len(rows)
    assert max(map(len, rows_block(rows))) <= 96
    assert f"{1e3 / found.alone.tokens_per_second:.3g} ms a token" in rows["one sequence"]
    assert ("asked" in rows["one sequence"]) == (asked is not None)
    assert ("over its life" in rows) == (tokens > 0)


def test_the_one_line_of_serving_names_the_gpus_that_a_full_batch_takes() -> None:
    found = serving_cost(30e9, 0, 0, HAVE)
    assert (found.alone.n_devices, found.decoding.n_devices) == (1, 2)
    assert re.search(r"on 1 GPU; [0-9.]+K? with 32 at once on 2 GPUs; 1M tokens", serving_row(found)["serves"])
    assert "with 32 at once; " in serving_row(serving_cost(7e9, 0, 0, HAVE, context=128))["serves"]


def test_a_dear_token_is_priced_without_an_exponent() -> None:
    found = serving_cost(1e12, 0, 0, replace(HAVE, price=1000.0))
    assert found.dollars_per_million is not None
    assert min(found.dollars_per_million) > 10
    assert "e+" not in serving_row(found)["serves"] + serving_rows(found)["1M tokens"]
