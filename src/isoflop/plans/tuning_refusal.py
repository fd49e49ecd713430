"""A fine-tuning that days or dollars do not allow: what clashes, and every way out of it, each of them tried."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from isoflop.errors import IsoflopError
from isoflop.plans.finetuning import FineTuning
from isoflop.plans.relaxations import Way, rounded
from isoflop.plans.tuning_question import TuningQuestion
from isoflop.plans.tuning_settling import over, settled, useful
from isoflop.units import print_count, print_dollars

Changes = dict[str, Any]
_MOST_EPOCHS = 1000.0  # more are no advice


def refusal(found: FineTuning) -> str:
    """In the user's own numbers; values have three digits, rounded to the safe side."""
    asked, have, needs = found.question, found.have, over(found)
    clash = []
    if "days" in needs:
        days = f"{rounded(needs['days'], up=True):g} days"
        clash.append(f"{days} on {have.gpus:,} {have.device.name} (--days allows {asked.days:g})")
    if "dollars" in needs:
        needed = print_dollars(rounded(needs["dollars"], up=True))
        clash.append(f"{needed} (--dollars allows {print_dollars(asked.dollars or 0.0)})")
    passes = "1 epoch" if found.epochs == 1 else f"{found.epochs:g} epochs"
    said = (
        f"--finetune {asked.how} of {print_count(asked.size)} parameters on {print_count(asked.corpus)} tokens, "
        f"{passes}, takes {' and '.join(clash)}. "
    )
    if not found.there.fits:
        said += f"Nor do {have.gpus:,} hold it: {found.enough:,} do. "
    told = [str(Way(tuple(way.items()))) for way in _ways(found) if stands(asked, way)]
    if asked.how == "full" and stands(asked, {"how": "lora"}):
        told.append("--finetune lora")
    if not told:
        return f"{said}No one of these alone can give enough: leave out {' or '.join(f'--{name}' for name in needs)}."
    *first, last = told
    return f"{said}Relax one: {', '.join(first)}{', or ' if first else ''}{last}."


def stands(asked: TuningQuestion, changes: Changes) -> bool:
    """Whether what is asked, so changed, is a question at all, fits, and is within its budgets."""
    try:
        found = settled(replace(asked, **changes))
    except IsoflopError:
        return False
    return found.there.fits and not over(found)


def _ways(found: FineTuning) -> Iterator[Changes]:
    """Options to change together. GPUs that do not hold the model are made enough beside each of them."""
    asked = found.question
    before: Changes = {} if found.there.fits else {"gpus": float(found.enough)}
    held = settled(replace(asked, **before)) if before else found
    needs = over(held)
    if needs:
        yield before | {name: rounded(need, up=True) for name, need in needs.items()}
    yield from _more_gpus(found)
    if not needs:
        return
    times = min(getattr(asked, name) / need for name, need in needs.items())
    yield before | {"tokens": rounded(asked.corpus * times, up=False)}
    if asked.epochs is not None and 1 <= asked.epochs * times < _MOST_EPOCHS:
        yield before | {"epochs": rounded(asked.epochs * times, up=False)}


def _more_gpus(found: FineTuning) -> Iterator[Changes]:
    """The fewest that hold it and end in time, with the dollars that they cost where these are too few."""
    if "days" not in over(found) and found.there.fits:
        return

    def on(gpus: int) -> FineTuning:
        return settled(replace(found.question, gpus=float(gpus)))

    def ends(gpus: int) -> bool:
        there = on(gpus)
        return there.there.fits and "days" not in over(there)

    few, many = found.have.gpus, _doubled(found, ends)
    if many is None:
        return
    while many - few > 1:
        middle = (few + many) // 2
        few, many = (few, middle) if ends(middle) else (middle, many)
    dollars = over(on(many)).get("dollars")
    yield {"gpus": float(many)} | ({} if dollars is None else {"dollars": rounded(dollars, up=True)})


def _doubled(found: FineTuning, ends: Callable[[int], bool]) -> int | None:
    """The first of 2, 4, 8 ... times as many that hold it and end in time; None where none that is of use does."""
    gpus = 2 * found.have.gpus
    while gpus <= found.enough or useful(found.question, gpus):
        if ends(gpus):
            return gpus
        gpus *= 2
    return None
