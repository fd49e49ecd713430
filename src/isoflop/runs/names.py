"""Which column of a foreign table is which of ours: by the mapping given, else by the names that are in common use."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from isoflop.errors import BadInput
from isoflop.runs.cells import Cells, even, numbers, text_of
from isoflop.runs.columns import COLUMNS, needs

STEMS = {  # what other names a column may have, where none is common; those in front are looked at first
    "n_params": ("param", "size"),
    "tokens": ("token",),
    "flops": ("flop", "compute"),
    "loss": ("loss", "entropy", "nll"),
}
SHOWN = 3  # columns that may be meant
MANY = 30  # columns that are listed


@dataclass(frozen=True)
class Named:
    """Columns under our names, what was recognised, what is wrong with names, and of which columns that was told."""

    columns: Mapping[str, Cells]
    notes: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    told: frozenset[str] = frozenset()


def named(found: Mapping[str, Cells], mapping: Mapping[str, str], needed: Sequence[str] | None) -> Named:
    """The columns found under our names. mapping gives ours → theirs, and wins; unknown columns stay as they are.

    A table that `to_csv` wrote has the column `excluded` and everything needed under our names: nothing in it is
    guessed. Raises `BadInput` where the mapping is none, or the columns have no one length or not names of their own.
    """
    found = even(_cleaned(found))
    if wrong := [pair for pair in mapping.items() if not all(isinstance(name, str) and name.strip() for name in pair)]:
        raise BadInput(f"A mapping gives names of ours → names of theirs, as in loss=final_loss; got {wrong}.")
    names = {ours.strip(): text_of(theirs) for ours, theirs in mapping.items()}
    must = needs(needed)
    written_by_us = "excluded" in found and set(must) <= set(found)
    guessed, doubtful = ({}, {}) if written_by_us else _guessed(found, names)
    problems = {
        ours: f"there is no column {theirs} (for {ours}); its columns are {listed(found)}."
        for ours, theirs in names.items()
        if theirs not in found
    } | doubtful
    loss = (names | guessed).get("loss", "loss")
    perplexities = [each for each in found if re.search("ppl|perplexity", _plain(each)) and "log" not in _plain(each)]
    if loss in perplexities or (loss == "loss" and "loss" in must and perplexities and "loss" not in found):
        problems["loss"] = (
            f"{loss if loss in perplexities else perplexities[0]} is perplexity by its name, and no loss: write its "
            "natural logarithm (nats/token) in a column loss, or name the column that holds the loss: --map loss=NAME"
        )
    told = tuple(problems.values())
    if found and not len(next(iter(found.values()))):
        told += ("there are columns, but no rows.",)
    chosen = {ours: theirs for ours, theirs in (names | guessed).items() if theirs in found}
    notes = [
        f"{ours} is read from {theirs}, as mapped; the table's own column {ours} is not read."
        for ours, theirs in chosen.items()
        if ours in found and ours != theirs and ours not in chosen.values()
    ]
    if read := [f"{theirs} as {ours}" for ours, theirs in guessed.items() if theirs != ours]:
        notes.append(f"Read by their names: {', '.join(read)}; --map OURS=THEIRS says otherwise.")
    chosen |= {each: each for each in found if each not in chosen.values() and each not in chosen}
    return Named({ours: found[theirs] for ours, theirs in chosen.items()}, tuple(notes), told, frozenset(problems))


def _guessed(found: Mapping[str, Cells], names: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Ours → theirs by common names, where no mapping gives or takes the column; and the doubts, by ours."""
    guessed, doubtful = {}, {}
    for ours, about in COLUMNS.items():
        same = [_plain(name) for name in (ours, *about.also)] if about.also and ours not in names else []
        could = [each for each in found if _plain(each) in same and each not in names.values()]
        could.sort(key=lambda each: (each != ours, same.index(_plain(each))))
        if len(could) > 1 and about.kind != "text":  # words cannot be meant where numbers can
            could = [each for each in could if np.isfinite(numbers(found[each])[0]).any()] or could
        if could:
            guessed[ours] = could[0]
        if len(could) > 1 and about.kind != "text":  # which text names a run is no matter of doubt
            could_be = f"{' and '.join(could)} could each be {ours} ({about.meaning})"
            doubtful[ours] = f"{could_be}. Say which: --map {ours}={could[0]}"
    return guessed, doubtful


def missing(given: Sequence[str], absent: Sequence[str]) -> list[str]:
    """A sentence a missing column, with those among the given that it may be."""
    told = []
    for name in absent:
        meaning = f": {COLUMNS[name].meaning}" if name in COLUMNS else ", an input of the law"
        strange = [each for each in given if each not in COLUMNS]
        near = next(
            filter(None, ([c for c in strange if stem in _plain(c)] for stem in STEMS.get(name, (_plain(name),)))), []
        )
        perhaps = f" Perhaps it is {' or '.join(near[:SHOWN])}: --map {name}={near[0]}" if near else ""
        told.append(f"The column {name} is missing{meaning}.{perhaps}")
    return told


def listed(names: Collection[str]) -> str:
    """Names of columns as an error lists them."""
    more = f" and {len(names) - MANY} more" if len(names) > MANY else ""
    return (", ".join(list(names)[:MANY]) or "none") + more


def _cleaned(found: Mapping[str, Cells]) -> dict[str, Cells]:
    names = [text_of(name) for name in found]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise BadInput([f"two columns are named {name!r}." for name in twice])
    return dict(zip(names, found.values(), strict=True))


def _plain(name: str) -> str:
    """Model Size, model_size and Model-Size are one name; so are eval/loss and eval_loss."""
    return re.sub(r"[\s_./-]+", "", name).casefold()
