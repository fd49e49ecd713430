"""Limits that serving sets on a model's size: what one GPU holds, what decodes fast enough, and what else would do."""

from collections.abc import Callable
from functools import partial
from math import floor, log10

from isoflop.conventions import Size
from isoflop.costs.hardware import Device, device, devices
from isoflop.costs.memory import WEIGHT
from isoflop.costs.shape import Shape
from isoflop.errors import BadInput, IsoflopError
from isoflop.plans.decoding import Decoding, decoding
from isoflop.plans.largest import smallest
from isoflop.plans.layout import RESERVE
from isoflop.plans.question import Question
from isoflop.plans.resources import DEFAULT_GPU
from isoflop.plans.serving import largest_at_speed, largest_on_one
from isoflop.plans.shapes import count
from isoflop.units import print_bytes, print_count

ONE_GPU, SPEED = "--one-gpu", "--tokens-per-second"
BYTES = 256  # the smallest vocabulary


def size_limits(question: Question, counts: Size) -> dict[str, float]:
    """The largest N, by what N counts, of each limit on the size that a question sets.

    Raises `BadInput` where a limit leaves no model of the family, with what would have to give.
    """
    if not (question.one_gpu or question.tokens_per_second):
        return {}
    gpu, context, like = _gpu(question), int(question.context), question.like
    asked: dict[str, Callable[[], float]] = {}
    if question.one_gpu:
        asked[ONE_GPU] = partial(largest_on_one, gpu, context, like, counts=counts)
    if question.tokens_per_second:
        asked[SPEED] = partial(largest_at_speed, gpu, question.tokens_per_second, context, like, counts=counts)
    found: dict[str, float] = {}
    problems: list[str] = []
    for name, most in asked.items():
        try:
            found[name] = most()
        except BadInput as bad:
            problems += bad.problems
        except IsoflopError:
            problems.append(_too_much(question, name, counts))
    if problems:
        raise BadInput(problems)
    return found


def limit_defaults(question: Question) -> dict[str, str]:
    """What each limit on the size takes for granted, by its option; the options that change it in brackets."""
    if not (question.one_gpu or question.tokens_per_second):
        return {}
    gpu, found = f"one {_gpu(question).name} ({'--gpu, --devices' if question.devices else '--gpu'})", {}
    held = f"bf16 weights and cache of 1 x {int(question.context):,} tokens (--context)"
    if question.one_gpu:
        found[ONE_GPU] = f"{held} on {gpu}, {RESERVE:.0%} in reserve"
    if question.tokens_per_second:
        found[SPEED] = f"{held} at the full bandwidth of {gpu}"
    return found


def would_do(question: Question, name: str, shape: Shape) -> list[str]:
    """What to ask for instead so that a limit (`--one-gpu`, `--tokens-per-second`) allows a shape, as options."""
    gpu = _gpu(question)
    now = decoding(shape, gpu)
    found = {f"{SPEED} to {_down(now.tokens_per_second)}": name == SPEED and now.tokens_per_second >= 1}
    enough = [each for each in _known(question) if _meets(question, name, decoding(shape, each))]
    if enough:
        least = min(enough, key=lambda each: _has(name, each))
        found[f'--gpu "{least.name}"'] = least != gpu
    weights = now.weight_bytes if name == ONE_GPU else now.read_bytes
    shorter = (_room(question, name, now) - weights) * now.context / now.kv_bytes
    found[f"--context to {_down(shorter)}"] = 1 <= shorter < now.context
    return [said for said, does in found.items() if does]


def _too_much(question: Question, name: str, counts: Size) -> str:
    """Why not even the smallest model of a family is allowed, and what would allow it."""
    gpu, context = _gpu(question), int(question.context)
    least = smallest(question.like, context)
    now = decoding(least, gpu)
    model = f"the smallest model like {question.like.name}'s, {print_count(count(least, counts))} parameters"
    if name == ONE_GPU:
        told = (
            f"{ONE_GPU}: one {gpu.name} has no room for {model}: its weights take {print_bytes(now.weight_bytes)}, its "
            f"cache of one sequence of {context:,} tokens (--context) {print_bytes(now.kv_bytes)}; "
            f"{print_bytes(now.available)} may be used."
        )
    else:
        told = (
            f"{SPEED} {question.tokens_per_second:g}: one {gpu.name} decodes {model}, at {_down(now.tokens_per_second)}"
            f" tokens/s at most ({now.step_seconds * 1e3:.3g} ms a token), with a --context of {context:,}."
        )
    relaxed = would_do(question, name, least)
    beside = now.kv_bytes + WEIGHT * least.n_params_nonembedding
    matrices = 2 if name == ONE_GPU else 1  # embedding and head are held, of which the head is read
    ids = (_room(question, name, now) - beside) / (WEIGHT * matrices * least.width)
    if BYTES <= ids < least.vocab_size:
        relaxed.append(f"--vocab to {_down(ids)}")
    told += f" Relax one: {', or '.join(relaxed)}." if relaxed else ""
    if any(each.startswith("--gpu") for each in relaxed):
        return told
    best = max(_known(question), key=lambda each: _has(name, each))
    comes = f"; {best.name} comes to {_down(decoding(least, best).tokens_per_second)} tokens/s" if name == SPEED else ""
    return f"{told} No --gpu of the table does{comes}."


def _gpu(question: Question) -> Device:
    return device(question.gpu or DEFAULT_GPU, question.devices)


def _known(question: Question) -> list[Device]:
    return list(devices(question.devices).values())


def _has(name: str, gpu: Device) -> float:
    """What a limit takes of a GPU."""
    return gpu.memory_bytes if name == ONE_GPU else gpu.bytes_per_second


def _meets(question: Question, name: str, found: Decoding) -> bool:
    return found.fits if name == ONE_GPU else found.tokens_per_second >= (question.tokens_per_second or 0)


def _room(question: Question, name: str, now: Decoding) -> float:
    """Bytes that a limit leaves for weights and cache."""
    return now.available if name == ONE_GPU else now.device.bytes_per_second / (question.tokens_per_second or 1)


def _down(number: float) -> str:
    """Three digits at most, rounded down, so that it is enough; as options take it."""
    size = 10.0 ** max(0, floor(log10(max(number, 1))) - 2)
    return f"{floor(number / size) * size:.0f}"
