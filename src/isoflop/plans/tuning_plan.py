"""A fine-tuning that keeps to days and dollars: on how many GPUs, or what would have to give."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from math import ceil
from typing import get_args

from isoflop.conventions import Size
from isoflop.costs.goodput import LLAMA_3_DEVICES
from isoflop.errors import BadInput, IsoflopError
from isoflop.plans.finetuning import FineTuning, Purpose, finetune
from isoflop.plans.question import Question
from isoflop.plans.relaxations import rounded
from isoflop.plans.resources import resources
from isoflop.plans.tunable import Method, largest_finetunable
from isoflop.units import print_count, print_dollars

_SLACK = 1 + 1e-9
_TIMES = (1.0, 1.005, 1.02, 1.05, 1.1, 1.25, 1.5, 2.0, 4.0)  # what the arithmetic says; more GPUs lose more time


@dataclass(frozen=True)
class TuningPlan:
    """The run, and the largest model (all parameters counted) that one such GPU tunes, by method; None where none."""

    run: FineTuning
    largest: Mapping[str, float | None]


def plan_tuning(
    question: Question, method: Method = "full", purpose: Purpose = "tuning", epochs: float | None = None
) -> TuningPlan:
    """The fine-tuning of the question's N on its tokens, on its GPUs, or on the fewest that hold it and end in time.

    Raises `BadInput` where days or dollars are not enough, with how far what would have to give.
    """
    asked = question.with_size(Size.TOTAL)
    found = _on_enough(asked, method, purpose, epochs)
    if over := _over(asked, found):
        raise BadInput(_refusal(asked, found, over, lambda q, e: _run(q, method, purpose, e), epochs))
    gpu = resources(asked, found.n_params, counts=Size.TOTAL).device
    largest: dict[str, float | None] = {}
    for each in get_args(Method):
        try:
            largest[each] = largest_finetunable(gpu, each, int(asked.context), asked.like, counts=Size.TOTAL)
        except IsoflopError:
            largest[each] = None
    return TuningPlan(found, largest)


def _run(asked: Question, method: Method, purpose: Purpose, epochs: float | None) -> FineTuning:
    n, tokens = float(asked.n_params or 0), float(asked.tokens or 0)
    have = resources(asked, n, counts=Size.TOTAL)
    context, like = int(asked.context), asked.like
    return finetune(n, tokens, have, method, epochs, purpose=purpose, context=context, like=like, shape=asked.shape)


def _on_enough(asked: Question, method: Method, purpose: Purpose, epochs: float | None) -> FineTuning:
    """On the GPUs given; else on the fewest, doubled from one, that hold it and end within the days."""
    if asked.gpus is not None:
        return _run(asked, method, purpose, epochs)
    gpus = 1
    found = _run(replace(asked, gpus=1.0), method, purpose, epochs)
    gpus = found.enough or 1
    while True:
        found = _run(replace(asked, gpus=float(gpus)), method, purpose, epochs)
        if asked.days is None or found.days <= asked.days * _SLACK or gpus >= LLAMA_3_DEVICES:
            break
        gpus *= 2
    within = "" if asked.days is None else f" and end within --days {asked.days:g}"
    said = {"gpus": f"{gpus:,}, the fewest in powers of two that hold it{within} (--gpus)"}
    return replace(found, defaults={**found.defaults, **said})


def _over(asked: Question, found: FineTuning) -> dict[str, float]:
    """The limits that are not enough, by option, and how many times more is needed."""
    needs = {"days": (found.days, asked.days), "dollars": (found.dollars, asked.dollars)}
    return {
        name: took / allowed
        for name, (took, allowed) in needs.items()
        if took is not None and allowed is not None and took > allowed * _SLACK
    }


def _refusal(
    asked: Question,
    found: FineTuning,
    over: Mapping[str, float],
    run: Callable[[Question, float], FineTuning],
    epochs: float | None,
) -> str:
    takes = f"{found.days:.3g} days on {found.gpus:,} GPUs"
    takes += "" if found.dollars is None else f" and {print_dollars(found.dollars)}"
    allowed = {
        "days": f"--days allows {asked.days or 0:g}",
        "dollars": f"--dollars allow {print_dollars(asked.dollars or 0)}",
    }
    said = (
        f"{print_count(found.tokens)} tokens, {found.epochs:g} epochs, take {takes}; "
        f"{' and '.join(allowed[name] for name in over)}."
    )
    here = replace(asked, gpus=float(found.gpus))
    kept: dict[str, str] = {}
    for told, question, seen in _ways(here, found, over, epochs):
        option = told.split()[0]
        if option not in kept and not _over(question, run(question, seen)):  # the first of each is the nearest
            kept[option] = told
    *first, last = kept.values()
    return f"{said} Relax one: {', '.join(first)}{', or ' if first else ''}{last}."


def _ways(
    asked: Question, found: FineTuning, over: Mapping[str, float], epochs: float | None
) -> Iterator[tuple[str, Question, float]]:
    """What might be enough, the nearest of each kind first: in words, and as a question with its epochs."""
    most, seen = max(over.values()), found.epochs
    for more in _TIMES:
        days = rounded((asked.days or 1) * over.get("days", 1) * more, up=True)
        dollars = rounded((asked.dollars or 1) * over.get("dollars", 1) * more, up=True)
        money = f"--dollars to {print_dollars(dollars)}"
        if over.keys() == {"days"}:
            gpus = float(ceil(found.gpus * most * more))
            yield f"--days to {days:.3g}", replace(asked, days=days), seen
            yield f"--gpus to {gpus:.0f}", replace(asked, gpus=gpus), seen
        elif over.keys() == {"dollars"}:
            yield money, replace(asked, dollars=dollars), seen
        else:
            yield f"--days to {days:.3g} together with {money}", replace(asked, days=days, dollars=dollars), seen
        tokens = rounded(found.tokens / most / more, up=False)
        yield f"--tokens to {print_count(tokens)}", replace(asked, tokens=tokens), seen
        fewer = rounded(seen / most / more, up=False)
        if fewer >= 1 or (epochs or 1) < 1:
            yield f"--epochs to {fewer:.3g}", asked, fewer
