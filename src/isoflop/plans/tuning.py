"""The plan of a fine-tuning: settled, held to days and dollars, with what is doubtful and what one GPU could train."""

from collections.abc import Iterator
from dataclasses import replace
from typing import get_args

from isoflop.conventions import Size
from isoflop.costs.activations import Recomputation
from isoflop.costs.utilisation import default_mfu
from isoflop.errors import BadInput, IsoflopError
from isoflop.plans.finetuning import NEARLY_FREE, TYPICAL_EPOCHS, FineTuning
from isoflop.plans.layout import RESERVE
from isoflop.plans.tunable import RANK, Method, largest_finetunable, tuned
from isoflop.plans.tuning_question import TuningQuestion
from isoflop.plans.tuning_refusal import refusal
from isoflop.plans.tuning_settling import over, settled
from isoflop.units import print_count


def finetune(question: TuningQuestion) -> FineTuning:
    """The plan. GPUs that are asked for and do not hold the model are no error (`problem`).

    Raises `BadInput` where days or dollars do not allow it, or no number of GPUs holds it, with every way out.
    """
    found = settled(question)
    if over(found):
        raise BadInput(refusal(found))
    return replace(
        found,
        largest={method: _largest(found, method) for method in get_args(Method)},
        defaults={**found.defaults, **dict(_assumed(found))},
        doubts=tuple(_doubts(found)),
        problem="" if found.there.fits else _problem(found),
    )


def _largest(found: FineTuning, method: Method) -> float | None:
    asked = found.question
    try:
        return largest_finetunable(found.have.device, method, int(asked.context), asked.like, counts=Size.TOTAL)
    except IsoflopError:
        return None


def _problem(found: FineTuning) -> str:
    there, gpu = found.there, found.have.device
    ways = [f"--gpus {found.enough} (the fewest in powers of two)"]
    if found.question.how == "full" and tuned(found.question.shape, gpu, "lora", n_devices=there.n_devices).fits:
        ways.append("--finetune lora")
    return (
        f"It does not fit {there.n_devices:,} x {gpu.name}: {there.memory.total / 1e9:,.3g} GB on each, of which "
        f"{there.available / 1e9:.3g} GB may be used. It fits with {', or '.join(ways)}."
    )


def _assumed(found: FineTuning) -> Iterator[tuple[str, str]]:
    asked, there = found.question, found.there
    if not asked.sizes:
        yield "shape", f"as {asked.like.name}'s of this size (--shape)"
    yield "micro-batch", "one sequence on each GPU" + (", all states split (ZeRO 3)" if found.have.gpus > 1 else "")
    if asked.method == "lora":
        yield "adapters", f"of rank {RANK} on every matrix of every layer, 16 bytes each parameter, frozen ones 2"
    else:
        yield "memory", "16 bytes a parameter: mixed-precision Adam in bf16 (18 with gradients in fp32)"
    yield "reserve", f"{RESERVE:.0%} of the memory is kept free"
    if there.recomputation is not Recomputation.NONE and there.fits:
        yield "recomputation", f"{there.recomputation.value}, for it does not fit otherwise"
    if asked.purpose == "continued":
        yield "worth", "of repeated tokens by Muennighoff et al. 2023 (arXiv:2305.16264), eq. 5"


def _doubts(found: FineTuning) -> Iterator[str]:
    asked, have = found.question, found.have
    yield from have.device.doubts
    if "mfu" in have.defaults and (unverified := default_mfu(asked.size).unverified):
        yield f"MFU {have.mfu:.0%}: {unverified}."
    if found.there.fits and found.recomputed:
        yield (
            f"Recomputing adds {found.recomputed:.0%} of the FLOPs, which are not counted: if the MFU of "
            f"{have.mfu:.0%} is that of a run without it, it takes so much longer."
        )
    if found.step_tokens > asked.corpus:
        yield (
            f"A sequence for each of {have.gpus:,} GPUs is {print_count(found.step_tokens)} tokens, more than the "
            f"corpus: most of them would be idle. --gpus {max(1, int(asked.corpus // asked.context))} are all that it "
            "feeds."
        )
    if asked.purpose == "continued":
        yield "The worth of epochs is that of training from nothing: of continued training nobody fitted it."
        if found.epochs > NEARLY_FREE:
            yield f"{found.epochs:g} epochs: past about {NEARLY_FREE} each further one is worth less, and may harm."
    else:
        low, high = TYPICAL_EPOCHS
        beyond = f" {found.epochs:g} are more." if found.epochs > high else ""
        yield (
            f"{low} to {high} epochs of fine-tuning are a common habit, unverified: stop where the loss of held-out "
            f"examples rises.{beyond}"
        )
