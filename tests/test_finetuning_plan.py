"""What fine-tuning and continued training take: memory, epochs, time, money, and what of it is unverified."""

import json
from math import floor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isoflop.costs.activations import Recomputation
from isoflop.costs.flops import flops_per_token, forward_flops_per_token
from isoflop.costs.gated import GatedShape
from isoflop.costs.goodput import losses
from isoflop.costs.hardware import device
from isoflop.costs.memory import lora_bytes
from isoflop.costs.shape import Shape
from isoflop.errors import BadInput, IsoflopError
from isoflop.laws.data_constrained import MUENNIGHOFF_2023
from isoflop.plans.finetuning import FineTuning
from isoflop.plans.shapes import family, shape_of
from isoflop.plans.tunable import adapters, fewest_tuning, largest_finetunable, tuned
from isoflop.plans.tuning import finetune
from isoflop.plans.tuning_question import How, TuningQuestion

LLAMA = family("llama")


def asked(how: How = "full", **more: float | str | None) -> FineTuning:
    """7e9 parameters on 1e8 tokens and 8 H100, unless said otherwise."""
    return finetune(TuningQuestion(how, **{"n_params": 7e9, "tokens": 1e8, "gpus": 8, **more}))  # type: ignore[arg-type]


def test_adapters_of_7b_fit_a_24_gb_card_and_full_tuning_does_not() -> None:
    lora, full = (asked(how, gpu="4090", gpus=1) for how in ("lora", "full"))
    assert lora.there.fits
    assert lora.problem == ""
    assert not full.there.fits
    assert "does not fit 1 x RTX 4090" in full.problem
    assert f"--gpus {full.enough}" in full.problem
    assert "--finetune lora" in full.problem
    assert not asked(gpu="4090", gpus=full.enough).problem
    assert asked(gpu="4090", gpus=full.enough // 2).problem
    assert asked(gpu="4090", gpus=None).have.gpus == full.enough


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


def test_adapters_save_a_third_of_the_matrices_and_nothing_of_attention() -> None:
    full, lora = asked(epochs=2), asked("lora", epochs=2)
    shape, n = full.question.shape, lora.there.n_trained
    assert full.flops == 6 * 7e9 * 2e8
    assert lora.flops == pytest.approx((4 * 7e9 + 6 * n) * 2e8)
    scale = 7e9 / shape.n_params_total
    assert full.flops_executed == pytest.approx(scale * flops_per_token(shape) * 2e8)
    attention = flops_per_token(shape) - 6 * shape.n_params
    executed = 4 * shape.n_params + attention + 6 * n
    assert lora.flops_executed == pytest.approx(executed * 2e8, rel=0.02)
    assert full.hours == pytest.approx(full.flops_executed / (989e12 * 0.4 * 3600 * losses(8).goodput))
    assert full.dollars == pytest.approx(2.5 * full.hours)
    assert full.days == pytest.approx(full.hours / 8 / 24)
    assert full.tokens_per_second == pytest.approx(2e8 / (full.days * 86_400 * losses(8).goodput))


def test_what_is_written_is_what_is_trained() -> None:
    full, lora = asked(), asked("lora")
    n = full.question.shape.n_params_total
    assert full.checkpoint_bytes == (2 * n, 12 * n)
    assert lora.checkpoint_bytes == (2 * lora.there.n_trained, 12 * lora.there.n_trained)


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
    assert asked(n_params=1e9, gpus=1).recomputed == 0
    tight = asked("lora", gpu="4090", gpus=1)
    assert tight.one_gpu.recomputation is Recomputation.FULL
    shape = tight.question.shape
    forward = forward_flops_per_token(shape)
    executed = 3 * forward - 2 * shape.n_params + 6 * tight.there.n_trained
    assert tight.recomputed == pytest.approx(forward / executed)
    assert any(f"Recomputing adds {forward / executed:.0%}" in said for said in tight.doubts)


def test_epochs_of_continued_training_are_worth_what_muennighoff_says() -> None:
    """Specification, sec. 5: D'/D of 2, 4, 8, 16, 40 epochs."""
    found = asked("continued", tokens=30e9)
    assert found.worth is not None
    assert {e: round(w, 3) for e, w in found.worth.items()} == {
        1: 1.0, 2: 0.984, 4: 0.931, 8: 0.828, 16: 0.661, 40: 0.379
    }  # fmt: skip
    assert found.epochs == 4
    assert found.worth_tokens == pytest.approx(MUENNIGHOFF_2023.effective_tokens(120e9, 30e9))
    assert found.flops == 6 * 7e9 * 4 * 30e9
    many = asked("continued", tokens=30e9, epochs=20)
    assert many.worth_tokens == pytest.approx(MUENNIGHOFF_2023.effective_tokens(600e9, 30e9))
    assert any("may harm" in said for said in many.doubts)
    assert not any("may harm" in said for said in found.doubts)


def test_the_habit_of_one_to_four_epochs_is_called_unverified() -> None:
    found = asked()
    assert found.worth is None
    assert any("unverified" in said and "1 to 4 epochs" in said for said in found.doubts)
    assert "fewer cost less" in found.defaults["epochs"]
    three = asked(epochs=3)
    assert three.epochs == 3
    assert "epochs" not in three.defaults
    assert three.flops == pytest.approx(found.flops * 3 / 4)
    assert any("7 are more" in said for said in asked(epochs=7).doubts)


def test_epochs_that_nobody_asked_for_are_as_many_as_the_budget_allows() -> None:
    four = asked()
    assert four.dollars is not None
    three = asked(dollars=four.dollars * 0.8)
    assert three.epochs == 3
    assert "what the budget allows" in three.defaults["epochs"]
    assert asked(days=four.days * 0.26).epochs == 1
    assert asked(days=four.days * 1.01).epochs == 4


def test_gpus_that_nobody_asked_for_end_within_the_days() -> None:
    free = asked(tokens=1e9, gpus=None)
    assert free.have.gpus == free.enough
    fast = asked(tokens=1e9, gpus=None, days=free.days / 3)
    assert fast.have.gpus == 4 * free.have.gpus
    assert fast.days <= free.days / 3
    assert "doubled" in fast.defaults["gpus"]


@settings(max_examples=20, deadline=None)
@given(
    st.sampled_from(["full", "lora", "continued"]),
    st.tuples(st.floats(0.05, 0.95), st.floats(0.05, 0.95)),
    st.sampled_from([2, 8, 24]),
    st.sampled_from([None, 1.0, 2.5]),
    st.sampled_from([1e9, 7e9, 30e9]),
)
def test_every_way_out_is_enough_and_hardly_more(
    how: How, shares: tuple[float, float], gpus: int, epochs: float | None, n_params: float
) -> None:
    more = {"n_params": n_params, "gpus": gpus, "tokens": 2e9}
    least = asked(how, **more, epochs=epochs or 1)
    assert least.dollars is not None
    days, dollars = (each * share for each, share in zip((least.days, least.dollars), shares, strict=True))
    more |= {"days": float(f"{days:.3g}"), "dollars": float(f"{dollars:.3g}")}
    with pytest.raises(BadInput) as refused:
        asked(how, **more, epochs=epochs)
    (said,) = refused.value.problems
    assert f"--days allows {more['days']:g}" in said
    assert "--dollars allows" in said
    ways = [each.removeprefix("or ") for each in said.split("Relax one: ")[1].rstrip(".").split(", ")]
    assert len(ways) >= 3
    for way in ways:
        options = dict(map(read, way.split(" together with ")))
        found = asked(**{"how": how, **more, "epochs": epochs, **options})  # type: ignore[arg-type]
        assert not found.problem
        assert found.days <= found.question.days * (1 + 1e-9)  # type: ignore[operator]
        if set(options) == {"tokens"}:
            nearer = {**more, "epochs": epochs, "tokens": 1.02 * float(options["tokens"])}
            with pytest.raises(BadInput):
                asked(how, **nearer)


def read(said: str) -> tuple[str, float | str]:
    """`--days to 3.2` as it would be typed."""
    option, *rest = said.removeprefix("--").replace(" to ", " ").split(" ")
    if option == "finetune":
        return "how", rest[0]
    number = rest[0].removeprefix("$")
    times = {"K": 1e3, "M": 1e6, "B": 1e9}.get(number[-1], 1.0)
    return option, float(number.rstrip("KMB")) * times


@pytest.mark.parametrize("budget", [{"days": 1e-7}, {"dollars": 1e-4}], ids=str)
@pytest.mark.parametrize("how", ["full", "lora", "continued"])
def test_a_budget_for_less_than_a_sequence_is_refused_in_the_users_own_numbers(
    how: How, budget: dict[str, float]
) -> None:
    """So few tokens as it would pay for are no sequence: no way out, and never told as if they had been asked for."""
    (name,) = budget
    with pytest.raises(BadInput, match=f"--{name} allows.*Relax one: .*--{name} to") as refused:
        asked(how, tokens=1e9, epochs=1, **budget)
    assert "not even one sequence" not in str(refused.value)
    assert "--tokens to" not in str(refused.value)
    enough = float(str(refused.value).split(f"--{name} to ")[1].split(",")[0].removeprefix("$").rstrip("."))
    assert not asked(how, tokens=1e9, epochs=1, **{name: enough}).problem


def test_gpus_told_are_the_fewest_that_end_in_time() -> None:
    with pytest.raises(BadInput, match="--gpus to") as refused:
        asked(tokens=10e9, days=3, epochs=3)
    fewest = int(str(refused.value).split("--gpus to ")[1].split(",")[0])
    assert asked(tokens=10e9, days=3, epochs=3, gpus=fewest).days <= 3
    with pytest.raises(BadInput):
        asked(tokens=10e9, days=3, epochs=3, gpus=fewest - 1)


def test_too_few_gpus_are_part_of_what_clashes() -> None:
    with pytest.raises(BadInput, match=r"Nor do 8 hold it: 32 do.*--gpus to 32 together with --days to"):
        asked(n_params=70e9, tokens=10e9, days=3, epochs=3)


def test_sequences_too_long_for_any_number_of_devices_are_refused_with_what_would_fit() -> None:
    shape = shape_of(7e9, LLAMA, 2**18)
    assert fewest_tuning(shape, device("4090"), "full") is None
    with pytest.raises(BadInput, match="fit no number of RTX 4090") as refused:
        asked(tokens=1e9, gpu="4090", context=2**18)
    shorter = float(str(refused.value).split("--context ")[1].split(".")[0].split(",")[0])
    assert not asked(tokens=1e9, gpu="4090", gpus=None, context=shorter).problem
    with pytest.raises(BadInput, match="fit no number"):
        asked(n_params=1e14)


def test_more_gpus_than_sequences_are_doubted() -> None:
    found = asked(tokens=1e6, gpus=1024)
    assert any(f"--gpus {floor(1e6 / 4096)}" in said for said in found.doubts)
    assert not any("idle" in said for said in asked(tokens=1e6, gpus=floor(1e6 / 4096)).doubts)


def test_a_fixed_shape_is_the_model() -> None:
    """32 layers of 4,096 with a feed-forward of 14,336 and 128,256 ids are Llama 3's 8.03e9 parameters."""
    found = finetune(TuningQuestion("lora", tokens=1e8, sizes=(32, 4096, 14336)))
    assert found.question.size == found.question.shape.n_params_total == pytest.approx(8.03e9, rel=1e-3)
    assert "shape" not in found.defaults


def test_json_has_all_of_it_and_says_what_is_unknown(unpriced: Path) -> None:
    mine = asked("lora", gpu="mine", devices=str(unpriced), gpus=2)
    found = json.loads(json.dumps(mine.to_json(), allow_nan=False))
    assert found["dollars"] is None
    assert found["memory"]["zero"] == 3
    assert found["memory"]["total"] < found["one_gpu"]["total"]
    assert found["largest_on_one_gpu"]["lora"] > found["largest_on_one_gpu"]["full"]
    long = asked("lora", n_params=67e6, context=27_000, gpu="4090", gpus=None)
    assert long.to_json()["largest_on_one_gpu"]["full"] is None


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(BadInput) as refused:
        TuningQuestion("full", n_params=-1, tokens=0, epochs=float("nan"), gpus=0.5, days=-3)
    assert len(refused.value.problems) == 5
    with pytest.raises(BadInput, match=r"the model's --n-params .* and the corpus's --tokens"):
        TuningQuestion("full", days=3)
    with pytest.raises(BadInput, match="not even one sequence of --context 4,096"):
        TuningQuestion("full", n_params=7e9, tokens=4000)
    with pytest.raises(BadInput, match="--vocab"):
        TuningQuestion("full", n_params=1e5, tokens=1e6)
    assert TuningQuestion("full", n_params=1e6, vocab=256, tokens=1e6).shape.vocab_size == 256
    with pytest.raises(BadInput, match="rank 1 or more"):
        adapters(shape_of(7e9, LLAMA, 2048), rank=0)
