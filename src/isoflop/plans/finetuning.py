"""Fine-tuning or continued training of a given model on a small corpus: memory, epochs, time, money."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Any, Literal, get_args

from isoflop.conventions import Size
from isoflop.costs.activations import Recomputation, recomputed_share
from isoflop.costs.memory import OPTIMIZER, lora_flops_per_token
from isoflop.costs.shape import Shape
from isoflop.costs.utilisation import DAY, HOUR, default_mfu
from isoflop.errors import BadInput
from isoflop.laws.data_constrained import MUENNIGHOFF_2023, DataConstrained
from isoflop.plans.models import six_nd
from isoflop.plans.resources import Resources
from isoflop.plans.shapes import Family, family, shape_of
from isoflop.plans.tunable import RANK, Method, Tuned, fewest_tuning, tuned
from isoflop.units import print_count

Purpose = Literal["tuning", "continued"]
TYPICAL_EPOCHS = (1.0, 4.0)
"""Passes over the examples of supervised fine-tuning that are called typical: from memory, unverified."""
NEARLY_FREE = 4.0
"""Epochs up to which repeating is nearly free, not those to do at least (Muennighoff et al. 2023, arXiv:2305.16264)."""
EPOCHS = (1, 2, 4, 8, 16, 40)  # whose worth is told


@dataclass(frozen=True)
class FineTuning:
    """A model of N parameters trained further on `tokens` different tokens, seen `epochs` times.

    one_gpu, held: what one GPU would hold, and each of those there are. shape_params: N of the shape that is reckoned
    with, all counted. checkpoint_bytes: of what is trained, its fp32 copy and moments. enough: GPUs on which it fits,
    the fewest in powers of two, None where no number does. problem: why it does not fit those there are, and then hours
    and days are arithmetic alone. epochs_advised: fewest and most. worth: what a token is worth on average after so
    many epochs, 1 if each were new (continued training only); worth_tokens: new tokens that all epochs are worth.
    recomputed: FLOPs of recomputing over those of training, which are not in `flops`. doubts come first.
    """

    n_params: float
    device: str
    method: Method
    purpose: Purpose
    tokens: float
    epochs: float
    epochs_advised: tuple[float, float]
    worth: Mapping[int, float] | None
    worth_tokens: float | None
    n_trained: int
    flops: float
    recomputed: float
    gpus: int
    hours: float
    days: float
    dollars: float | None
    one_gpu: Tuned
    held: Tuned
    shape_params: int
    tokens_per_second: float
    checkpoint_bytes: float
    enough: int | None
    problem: str
    defaults: Mapping[str, str]
    doubts: tuple[str, ...]

    @property
    def fits_one_gpu(self) -> bool:
        """Whether one GPU can do it."""
        return self.one_gpu.fits

    def to_json(self) -> dict[str, Any]:
        """Plain values, null where unknown."""
        return {
            **vars(self),
            "epochs_advised": list(self.epochs_advised),
            "worth": None if self.worth is None else {str(epochs): value for epochs, value in self.worth.items()},
            "one_gpu": _memory_json(self.one_gpu),
            "held": _memory_json(self.held),
            "defaults": dict(self.defaults),
            "doubts": list(self.doubts),
        }


def finetune(
    n_params: float,
    tokens: float,
    have: Resources,
    method: Method = "full",
    epochs: float | None = None,
    *,
    purpose: Purpose = "tuning",
    context: int = 4096,
    like: Family | str = "llama",
    rank: int = RANK,
    law: DataConstrained = MUENNIGHOFF_2023,
    shape: Shape | None = None,
) -> FineTuning:
    """Training N parameters, all counted, further on a corpus of so many different tokens.

    FLOPs: 6 N a token in full, 4 N + 6 n with adapters of n parameters: frozen weights need no gradients of their own.
    purpose: "tuning" on examples of a task, or "continued" training on more text, where repeated tokens are worth what
    Muennighoff et al. say (D'/D). shape: the model's, else one like the family's. Without epochs it is the most that is
    advised, so that fewer cost less. Raises `BadInput` with everything that is wrong.
    """
    _check(n_params, tokens, epochs, method, purpose)
    like = family(like) if isinstance(like, str) else like
    shape, gpu = shape or shape_of(n_params, like, context, Size.TOTAL), have.device
    one = tuned(shape, gpu, method, rank=rank)
    needed = one if one.fits else fewest_tuning(shape, gpu, method, rank=rank)
    enough = None if needed is None else needed.n_devices
    continued = purpose == "continued"
    advised = (1.0, NEARLY_FREE) if continued else TYPICAL_EPOCHS
    seen = advised[1] if epochs is None else float(epochs)
    assumed = None if epochs is not None else seen
    each = lora_flops_per_token(n_params, one.n_trained) if method == "lora" else six_nd(n_params, 1.0)
    flops = each * tokens * seen
    there = tuned(shape, gpu, method, n_devices=have.gpus, rank=rank)
    redone = (there if there.fits or needed is None else needed).recomputation
    # a forward pass is 2 N of 6 N in full, and of about 4 N with adapters
    recomputed = recomputed_share(shape, redone) * six_nd(n_params, 1.0) / each
    return FineTuning(
        n_params=n_params,
        device=gpu.name,
        method=method,
        purpose=purpose,
        tokens=tokens,
        epochs=seen,
        epochs_advised=advised,
        worth={many: float(law.worth_of_epochs(many)) for many in EPOCHS} if continued else None,
        worth_tokens=float(law.worth_of_epochs(seen)) * tokens * seen if continued else None,
        n_trained=one.n_trained,
        flops=flops,
        recomputed=recomputed,
        gpus=have.gpus,
        hours=have.hours(flops),
        days=have.days(flops),
        dollars=have.dollars(flops),
        one_gpu=one,
        held=there,
        shape_params=shape.n_params_total,
        tokens_per_second=tokens * seen / (have.days(flops) * DAY * HOUR * have.goodput),
        checkpoint_bytes=OPTIMIZER * one.n_trained,
        enough=enough,
        problem="" if there.fits else _problem(there, gpu.name, enough),
        defaults={**have.defaults, **_memory(one, rank, redone), **_epochs(continued, assumed)},
        doubts=tuple(_doubts(n_params, have, (tokens, seen, context), continued=continued, recomputed=recomputed)),
    )


def _memory_json(found: Tuned) -> dict[str, Any]:
    held = {**vars(found.memory), "total": found.memory.total, "available": found.available}
    return {"fits": found.fits, "recomputation": found.recomputation.value, "memory": held}


def _problem(there: Tuned, name: str, enough: int | None) -> str:
    memory = there.memory
    said = (
        f"It does not fit {there.n_devices:,} x {name}: {memory.total / 1e9:.3g} GB on each, of which "
        f"{there.available / 1e9:.3g} GB may be used. "
    )
    if enough is None:
        kept = memory.activations + memory.logits + memory.buffers
        return (
            f"{said}No number of them would do: one sequence alone takes {kept / 1e9:.3g} GB beside the weights. "
            "Shorten the sequences (--context), or take a larger --gpu."
        )
    advice = " Adapters (--finetune lora) need less." if there.method == "full" else ""
    return f"{said}{enough:,} would do (--gpus; the fewest, in powers of two).{advice}"


def _memory(one: Tuned, rank: int, redone: Recomputation) -> dict[str, str]:
    said = {"micro-batch": "one sequence on each GPU, all states split (ZeRO 3) where there are more"}
    if one.method == "lora":
        said["adapters"] = (
            f"of rank {rank} on every matrix of every layer: {print_count(one.n_trained)} parameters; 2 bytes a frozen "
            "parameter, 16 an adapter's; 4 N FLOPs a token (and 6 a parameter of adapters); weights quantised below "
            "16 bits (QLoRA) are not reckoned with"
        )
    else:
        said["memory"] = "16 bytes a parameter (18 with gradients in fp32), mixed-precision Adam in bf16"
    if redone is not Recomputation.NONE:
        said["recomputation"] = f"{redone.value}, for it does not fit otherwise"
    return said


def _epochs(continued: bool, assumed: float | None) -> dict[str, str]:
    said = {} if assumed is None else {"epochs": f"{assumed:g}, the most of those advised: fewer cost less"}
    if continued:
        said["worth"] = "of repeated tokens by Muennighoff et al. 2023 (arXiv:2305.16264), eq. 5"
    return said


def _doubts(
    n_params: float, have: Resources, corpus: tuple[float, float, int], *, continued: bool, recomputed: float
) -> list[str]:
    tokens, seen, context = corpus
    said = list(have.device.doubts)
    if tokens < context:
        said.insert(0, f"The corpus of {tokens:g} tokens is not even one sequence of {context:,} (--context).")
    if "mfu" in have.defaults and (unverified := default_mfu(n_params).unverified):
        said.append(f"MFU {have.mfu:.0%}: {unverified}.")
    if recomputed:
        said.append(
            f"Recomputing adds {recomputed:.0%} of the FLOPs, which are not counted: if the MFU of {have.mfu:.0%} is "
            "that of a run without it, it takes so much longer."
        )
    if continued:
        said.append("The worth of epochs is that of training from nothing: of continued training nobody fitted it.")
        if seen > NEARLY_FREE:
            said.append(f"{seen:g} epochs: past about {NEARLY_FREE:g} each further one is worth less, and may harm.")
    else:
        low, high = TYPICAL_EPOCHS
        said.append(
            f"{low:g} to {high:g} epochs of fine-tuning are a common habit, unverified: stop where the loss of "
            "held-out examples rises."
        )
    return said


def _check(n_params: float, tokens: float, epochs: float | None, method: str, purpose: str) -> None:
    given = {"n_params": n_params, "tokens": tokens, "epochs": 1.0 if epochs is None else epochs}
    problems = [f"{name} = {value!r} is no positive number." for name, value in given.items() if not 0 < value < inf]
    if method not in get_args(Method):
        problems.append(f"Nothing is tuned by {method!r}. There are {', '.join(get_args(Method))}.")
    if purpose not in get_args(Purpose):
        problems.append(f"purpose = {purpose!r} is none of {', '.join(get_args(Purpose))}.")
    if problems:
        raise BadInput(problems)
