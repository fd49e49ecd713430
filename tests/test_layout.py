"""A layout fits, loses little, and where none fits the number of devices that would is the right one."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isoflop.costs.activations import Recomputation, activation_bytes_per_layer, logit_bytes
from isoflop.costs.hardware import Device, device
from isoflop.costs.shape import Shape
from isoflop.errors import BadInput, IsoflopError
from isoflop.plans.footprint import Parallelism, footprint
from isoflop.plans.layout import CLOSE, Layout, assumed_links, fewest_devices, layout, splits
from isoflop.plans.overhead import overhead

H100 = device("H100")
SMALL = Shape(n_layers=12, width=768, n_heads=12, head_dim=64, ff_width=3072, vocab_size=50257, context=1024)
SEVEN_B = Shape(n_layers=32, width=4096, n_heads=32, head_dim=128, ff_width=16384, vocab_size=32000, context=4096)
GPT_3 = Shape(n_layers=96, width=12288, n_heads=96, head_dim=128, ff_width=49152, vocab_size=50257, context=2048)
CASES = [
    (SMALL, 1, 5e5),
    (SMALL, 8, 5e5),
    (SEVEN_B, 8, 4e6),
    (SEVEN_B, 48, 4e6),
    (GPT_3, 128, 3.2e6),
    (GPT_3, 1024, 3.2e6),
]


def check(found: Layout, shape: Shape, batch_tokens: float) -> None:
    split = found.split
    assert found.memory.total <= found.available
    assert split.n_devices == found.n_devices
    assert shape.n_heads % split.tensor == 0
    assert split.tensor <= found.device.domain
    assert split.pipeline <= shape.n_layers
    held = split.data * split.micro_batch * split.accumulation
    assert held >= round(batch_tokens / shape.context) > held - split.data * split.micro_batch
    assert found.memory == footprint(shape, split)


@pytest.mark.parametrize(("shape", "n_devices", "batch"), CASES)
def test_a_layout_fits_and_none_that_fits_loses_much_less(shape: Shape, n_devices: int, batch: float) -> None:
    found = layout(shape, H100, n_devices, batch)
    check(found, shape, batch)
    sequences = round(batch / shape.context)
    fitting = [
        (overhead(shape, H100, split, sequences, found.step).total, split)
        for split in splits(shape, H100, n_devices, sequences)
        if footprint(shape, split).total <= found.available
    ]
    least = min(lost for lost, _ in fitting)
    assert found.overhead.total <= least + CLOSE * found.step
    near = [split for lost, split in fitting if lost <= least + CLOSE * found.step]
    assert found.split.pipeline == min(split.pipeline for split in near)
    assert found.split.tensor == min(split.tensor for split in near if split.pipeline == found.split.pipeline)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 96), st.sampled_from([SMALL, SEVEN_B]), st.floats(5e5, 8e6), st.sampled_from(["H200", "B200"]))
def test_any_number_of_devices_is_split_whole(n_devices: int, shape: Shape, batch: float, name: str) -> None:
    try:
        found = layout(shape, device(name), n_devices, batch)
    except IsoflopError:
        assert shape is SEVEN_B
        assert n_devices == 1 or fewest_devices(shape, device(name), batch) is not None
    else:
        check(found, shape, batch)


def test_what_fits_one_device_is_not_split() -> None:
    alone = layout(SMALL, H100, 1, 5e5)
    assert (alone.split.tensor, alone.split.pipeline, alone.split.data, alone.split.zero) == (1, 1, 1, 0)
    assert alone.split.recomputation is Recomputation.NONE
    assert alone.lost == pytest.approx(alone.overhead.total / (alone.step + alone.overhead.total))
    eight = layout(SMALL, H100, 8, 5e5)
    assert (eight.split.tensor, eight.split.pipeline, eight.split.data, eight.split.zero) == (1, 1, 8, 0)


def test_the_footprint_is_the_sum_of_its_parts() -> None:
    whole = footprint(SEVEN_B, Parallelism(1, 1, 8, 3, 2, 4, Recomputation.NONE))
    n = SEVEN_B.n_params_total
    assert (whole.weights, whole.gradients, whole.optimizer) == pytest.approx((2 * n / 8, 2 * n / 8, 12 * n / 8))
    assert whole.activations == pytest.approx(32 * activation_bytes_per_layer(SEVEN_B, 2))
    assert whole.logits == logit_bytes(SEVEN_B, 2)
    layer = SEVEN_B.n_params_nonembedding / 32
    assert whole.buffers == pytest.approx((2 * 2 + 2) * layer)


def test_the_first_stage_of_a_pipeline_holds_all_micro_batches_on_their_way() -> None:
    """Korthikanti et al. 2022: with p stages and m >= p, as many layers' activations as without a pipeline."""
    one = footprint(SEVEN_B, Parallelism(1, 1, 1, 0, 1, 16, Recomputation.NONE))
    four = footprint(SEVEN_B, Parallelism(1, 4, 1, 0, 1, 16, Recomputation.NONE))
    assert four.activations == pytest.approx(one.activations)
    assert four.weights < one.weights / 3
    short = footprint(SEVEN_B, Parallelism(1, 4, 1, 0, 1, 2, Recomputation.NONE))
    assert short.activations == pytest.approx(one.activations / 2)


def test_communication_is_the_papers() -> None:
    """ZeRO 1 sends what plain data parallelism does, ZeRO 3 half as much again (Rajbhandari et al. 2020, sec. 7)."""

    def sent(zero: int, accumulation: int = 1) -> float:
        split = Parallelism(1, 1, 64, zero, 1, accumulation, Recomputation.NONE)  # type: ignore[arg-type]
        return overhead(SEVEN_B, H100, split, 64.0 * accumulation, 1.0).data

    assert sent(0) == pytest.approx(2 * 2 * SEVEN_B.n_params_total * 63 / 64 / 50e9)
    assert sent(1) == sent(0) == sent(2)
    assert sent(3) == pytest.approx(1.5 * sent(0))
    assert sent(3, 4) == pytest.approx(4 * sent(3))
    bubble = overhead(SEVEN_B, H100, Parallelism(1, 4, 1, 0, 1, 8, Recomputation.NONE), 8.0, 1.0)
    assert bubble.idle == pytest.approx(3 / 8)
    redone = overhead(SEVEN_B, H100, Parallelism(1, 1, 1, 0, 1, 8, Recomputation.FULL), 8.0, 1.0)
    assert redone.recomputing == pytest.approx(1 / 3)


def test_cards_without_a_fast_link_use_no_tensor_parallelism() -> None:
    found = layout(SEVEN_B, device("4090"), 64, 2e6)
    assert found.split.tensor == 1
    assert any("from memory" in said for said in found.defaults)


@pytest.mark.parametrize(("shape", "name", "too_few"), [(SEVEN_B, "H100", 1), (SEVEN_B, "4090", 4), (GPT_3, "H100", 8)])
def test_where_none_fits_the_error_names_how_many_would(shape: Shape, name: str, too_few: int) -> None:
    with pytest.raises(IsoflopError, match=rf"do not fit {too_few} x .* GB may be used") as refused:
        layout(shape, device(name), too_few, 4e6)
    enough = fewest_devices(shape, device(name), 4e6)
    assert enough is not None
    assert f"{enough:,} would fit" in str(refused.value)
    check(layout(shape, device(name), enough, 4e6), shape, 4e6)
    with pytest.raises(IsoflopError):
        layout(shape, device(name), enough // 2, 4e6)


def test_a_batch_too_small_for_the_devices_is_told() -> None:
    with pytest.raises(IsoflopError, match=r"4 sequences of 1,024: too few to feed 1,024 devices"):
        layout(SMALL, H100, 1024, 4096)
    with pytest.raises(IsoflopError, match=r"is 1 sequence of 1,024: too few to feed 997 devices"):
        layout(SMALL, H100, 997, 1024)


def test_memory_beyond_a_terabyte_has_no_exponent() -> None:
    with pytest.raises(IsoflopError, match=r"the least is 2\.81 TB a device, and 72 GB may be used"):
        layout(GPT_3, H100, 1, 4e6)


def test_a_device_too_small_for_any_number_of_them() -> None:
    tiny = Device("tiny", 1e12, 1e6, 1e9)
    assert fewest_devices(SMALL, tiny, 5e5) is None
    with pytest.raises(IsoflopError, match="No number of them would"):
        layout(SMALL, tiny, 8, 5e5)


def test_all_bad_input_is_told_at_once() -> None:
    with pytest.raises(BadInput) as refused:
        layout(SMALL, H100, 0, 10, reserve=1.0)
    assert len(refused.value.problems) == 3


def test_more_memory_never_loses_more_time() -> None:
    roomy = Device(**{**vars(H100), "memory_bytes": 10 * H100.memory_bytes})
    for shape, n_devices, batch in CASES:
        tight, wide = layout(shape, H100, n_devices, batch), layout(shape, roomy, n_devices, batch)
        assert wide.overhead.total <= tight.overhead.total + CLOSE * tight.step


def test_the_search_always_finds_the_same() -> None:
    assert layout(GPT_3, device("NVL72"), 576, 3.2e6) == layout(GPT_3, device("NVL72"), 576, 3.2e6)


def test_what_was_assumed_is_said() -> None:
    found = layout(SEVEN_B, H100, 8, 4e6)
    assert "bf16 Adam, 16 bytes a parameter, 10% kept in reserve" in found.defaults
    assert any(said.startswith("MFU 40%") for said in found.defaults)
    assert not any(said.startswith("MFU") for said in layout(SEVEN_B, H100, 8, 4e6, mfu=0.5).defaults)
    unknown = Device("x", 1e15, 80e9, 3e12, domain=8)
    assert any("GB/s" in said for said in layout(SEVEN_B, unknown, 8, 4e6).defaults)
    assert assumed_links(unknown) == "300 GB/s within its fast domain and 25 GB/s beyond it"
    assert assumed_links(replace(unknown, domain=1)) == "25 GB/s between devices"
    assert assumed_links(H100) == ""
    assert "8 x H100 SXM: 8-way data" in str(found)
