"""What fine-tuning and continued training take: memory, epochs, time, and what of it is unverified."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isoflop.costs.activations import Recomputation
from isoflop.costs.gated import GatedShape
from isoflop.costs.hardware import device
from isoflop.costs.memory import lora_bytes
from isoflop.costs.shape import Shape
from isoflop.errors import BadInput, IsoflopError
from isoflop.laws.data_constrained import MUENNIGHOFF_2023
from isoflop.plans.finetuning import finetune
from isoflop.plans.resources import Resources
from isoflop.plans.shapes import family, shape_of
from isoflop.plans.tunable import adapters, fewest_tuning, largest_finetunable, tuned

LLAMA = family("llama")


def on(gpus: int, name: str = "H100") -> Resources:
    return Resources(device(name), device(name).dollars_per_hour, 0.4, gpus, 1.0, {"mfu": "assumed"})


def test_adapters_of_7b_fit_a_24_gb_card_and_full_tuning_does_not() -> None:
    lora, full = (finetune(7e9, 1e8, on(1, "4090"), method) for method in ("lora", "full"))
    assert lora.fits_one_gpu
    assert lora.problem == ""
    assert not full.fits_one_gpu
    assert "does not fit 1 x RTX 4090" in full.problem
    assert "Adapters (--finetune lora) need less" in full.problem
    assert full.enough is not None
    assert finetune(7e9, 1e8, on(full.enough, "4090")).problem == ""
    assert finetune(7e9, 1e8, on(full.enough // 2, "4090")).problem


def test_the_states_are_sixteen_bytes_or_two_and_sixteen() -> None:
    shape = shape_of(7e9, LLAMA, 2048)
    full, lora = tuned(shape, device("H100")).memory, tuned(shape, device("H100"), "lora")
    assert full.weights + full.gradients + full.optimizer == 16 * shape.n_params_total
    held = lora.memory
    assert held.weights + held.gradients + held.optimizer == pytest.approx(
        lora_bytes(shape.n_params_total, lora.n_trained)
    )
    wider = tuned(shape, device("H100"), gradient_bytes=4.0).memory
    assert wider.weights + wider.gradients + wider.optimizer == 18 * shape.n_params_total


def test_adapters_stand_on_every_matrix() -> None:
    gated = GatedShape(2, 64, 4, 16, 256, 1000, 128, n_kv_heads=1)
    layer = 2 * (64 + 64) + 2 * (64 + 16) + 3 * (64 + 256)
    assert adapters(gated, 8) == 2 * 8 * layer
    plain = Shape(2, 64, 4, 16, 256, 1000, 128)
    assert adapters(plain, 1) == 2 * (4 * (64 + 64) + 2 * (64 + 256))


def test_adapters_save_a_third_of_the_flops_but_not_more() -> None:
    full, lora = finetune(7e9, 1e9, on(8), "full", 2), finetune(7e9, 1e9, on(8), "lora", 2)
    assert full.flops == 6 * 7e9 * 2e9
    assert lora.flops / full.flops == pytest.approx(2 / 3, rel=0.01)
    assert full.hours == pytest.approx(full.flops / (989e12 * 0.4 * 3600))
    assert full.dollars == pytest.approx(2.5 * full.hours)
    assert full.days == pytest.approx(full.hours / 8 / 24)


@settings(max_examples=20, deadline=None)
@given(st.sampled_from(["H100", "4090", "B200"]), st.sampled_from(["full", "lora"]), st.sampled_from([1024, 4096]))
def test_the_largest_that_can_be_tuned_fits_and_a_larger_does_not(name: str, method: str, context: int) -> None:
    gpu = device(name)
    most = largest_finetunable(gpu, method, context)  # type: ignore[arg-type]
    assert tuned(shape_of(most, LLAMA, context), gpu, method).fits  # type: ignore[arg-type]
    assert not tuned(shape_of(1.08 * most, LLAMA, context), gpu, method).fits  # type: ignore[arg-type]


def test_adapters_tune_several_times_larger_models() -> None:
    assert largest_finetunable(device("H100"), "lora") > 6 * largest_finetunable(device("H100"), "full")
    with pytest.raises(IsoflopError, match="Shorten the sequences"):
        largest_finetunable(device("4090"), "full", 2**20)


def test_nothing_is_recomputed_that_need_not_be() -> None:
    assert finetune(1e9, 1e8, on(1)).recomputed == 0
    tight = finetune(7e9, 1e8, on(1, "4090"), "lora")
    assert tight.one_gpu.recomputation is Recomputation.FULL
    assert tight.recomputed == pytest.approx(1 / 2, rel=0.01)  # a forward pass, 2 N, of 4 N
    assert any("Recomputing adds 50%" in said for said in tight.doubts)


def test_epochs_of_continued_training_are_worth_what_muennighoff_says() -> None:
    """Specification, sec. 5: D'/D of 2, 4, 8, 16, 40 epochs."""
    found = finetune(7e9, 30e9, on(8), purpose="continued")
    assert found.worth is not None
    assert {e: round(w, 3) for e, w in found.worth.items()} == {
        1: 1.0, 2: 0.984, 4: 0.931, 8: 0.828, 16: 0.661, 40: 0.379
    }  # fmt: skip
    assert found.epochs == 4
    assert found.epochs_advised == (1, 4)
    assert found.worth_tokens == pytest.approx(MUENNIGHOFF_2023.effective_tokens(120e9, 30e9))
    assert found.flops == 6 * 7e9 * 4 * 30e9
    many = finetune(7e9, 30e9, on(8), epochs=16, purpose="continued")
    assert any("may harm" in said for said in many.doubts)
    assert not any("may harm" in said for said in found.doubts)


def test_the_habit_of_one_to_four_epochs_is_called_unverified() -> None:
    found = finetune(7e9, 1e8, on(8))
    assert found.worth is None
    assert any("unverified" in said and "1 to 4 epochs" in said for said in found.doubts)
    assert "fewer cost less" in found.defaults["epochs"]
    assert "epochs" not in finetune(7e9, 1e8, on(8), epochs=3).defaults


def test_sequences_too_long_for_any_number_of_devices() -> None:
    shape = shape_of(7e9, LLAMA, 2**18)
    assert fewest_tuning(shape, device("4090")) is None
    found = finetune(7e9, 1e9, on(8, "4090"), context=2**18)
    assert found.enough is None
    assert "No number of them would do" in found.problem
    json.dumps(found.to_json(), allow_nan=False)


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(BadInput) as refused:
        finetune(-1, 0, on(8), "some", float("nan"), purpose="fun")  # type: ignore[arg-type]
    assert len(refused.value.problems) == 5
    with pytest.raises(BadInput, match="rank 1 or more"):
        finetune(7e9, 1e8, on(8), "lora", rank=0)
