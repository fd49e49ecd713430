"""A model that no number of GPUs can train as asked: what takes the memory, and what would do."""

from collections.abc import Iterator
from dataclasses import replace

from isoflop.costs.hardware import Device, devices
from isoflop.costs.shape import Shape
from isoflop.plans.layout import MOST_DEVICES
from isoflop.plans.tunable import Method, fewest_tuning, tuned
from isoflop.plans.tuning_question import TuningQuestion
from isoflop.units import print_count

_LEAST = 1e8  # bytes; less is not worth a word
_SHORTEST = 128  # tokens of a sequence; shorter ones are no way out


def untunable(question: TuningQuestion, gpu: Device) -> str:
    """What one of ever so many GPUs would hold; shorter sequences, another GPU, or adapters that would fit."""
    shape, method = question.shape, question.method
    held = tuned(shape, gpu, method, n_devices=MOST_DEVICES)
    parts = {
        "weights, gradients and Adam": held.memory.weights + held.memory.gradients + held.memory.optimizer,
        "activations": held.memory.activations,
        "logits": held.memory.logits,
        "a layer gathered or redone": held.memory.buffers,
    }
    said = (
        f"{print_count(question.size)} parameters ({question.how}) fit no number of {gpu.name}: of {MOST_DEVICES:,} "
        f"that share all weights (ZeRO 3) each holds {held.memory.total / 1e9:,.3g} GB with one sequence of "
        f"{question.context:,.0f} tokens, and {held.available / 1e9:.3g} GB may be used ("
        f"{', '.join(f'{each / 1e9:,.3g} GB {name}' for name, each in parts.items() if each > _LEAST)})."
    )
    ways = [f"--context {length}" for length in _shorter(shape.context) if _fits(shape, length, gpu, method)][:1]
    known = sorted(devices(question.devices).values(), key=lambda each: each.memory_bytes)
    ways += [f'--gpu "{each.name}"' for each in known if _fits(shape, shape.context, each, method)][:1]
    if question.how == "full" and _fits(shape, shape.context, gpu, "lora"):
        ways.append("--finetune lora")
    return f"{said} It fits with {', or '.join(ways)}." if ways else f"{said} Take a smaller model."


def _shorter(context: int) -> Iterator[int]:
    while context >= 2 * _SHORTEST:
        context //= 2
        yield context


def _fits(shape: Shape, context: int, gpu: Device, method: Method) -> bool:
    return fewest_tuning(replace(shape, context=context), gpu, method) is not None
