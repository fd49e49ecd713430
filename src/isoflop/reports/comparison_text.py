"""What other laws say to the plan's compute, on the screen."""

import textwrap
from collections.abc import Sequence

from isoflop.conventions import MEANINGS, Size
from isoflop.plans.comparison import Row
from isoflop.reports import prose
from isoflop.reports.narrow import kept_to_width
from isoflop.reports.plan_text import shown
from isoflop.reports.width import width
from isoflop.units import print_count, print_flops, print_share

PLANNED = "*"
_FEW = 3  # laws that are named
_ONE_IF_TIED = {MEANINGS[Size.TOTAL], MEANINGS[Size.WITH_HEAD]}


def comparison_text(rows: Sequence[Row]) -> str:
    """Every law's answer to the same compute, the plan's marked, and what following it costs by the law planned by."""
    notes: list[str] = []
    table: list[tuple[str, ...]] = [("", "N", "D", "D / N", "loss", "followed", "wasted")]
    table += [(_named(row, notes), *cells(row)) for row in rows]
    said = [line for each in (*explained(rows), *numbered(notes)) for line in _wrapped(each)]
    return "\n".join([title(rows), kept_to_width(table, spare=(3, 6)), *said])


def title(rows: Sequence[Row]) -> str:
    """At what compute."""
    return f"Other laws for the same {print_flops(rows[0].flops)} of training"


def cells(row: Row) -> tuple[str, ...]:
    """N, D, D / N, loss, and what it costs to follow the row."""
    return (
        print_count(row.n_params),
        print_count(row.tokens),
        prose.ratio(row.tokens_per_param),
        prose.MISSING if row.loss is None else f"{row.loss:.3f}",
        prose.MISSING if row.loss_added is None else f"{row.loss_added:+.4f}".replace("-", "−"),
        prose.MISSING if row.compute_lost is None else print_share(row.compute_lost, 1),
    )


def explained(rows: Sequence[Row]) -> list[str]:
    """What the columns are, whose text a loss is of, how far laws are asked, what their N counts, and intervals."""
    texts = dict.fromkeys(row.loss_of for row in rows if row.loss is not None)
    said = [
        f"{PLANNED} planned by. The others know that compute alone, and where they value repetition the unique tokens. "
        "followed: nats/token beyond the plan's, by its law, with that N and the tokens left; wasted: compute not "
        "needed for that loss.",
        f"Losses are of {'; '.join(texts)}: compare none of one text with one of another.",
    ]
    far = [f"{row.law} {_signed(row.beyond[1])} ({row.beyond[0]})" for row in rows if row.beyond]
    if far:
        said.append(f"Decades above (+) or below (−) what was fitted: {', '.join(far)}.")
    counted: dict[str, list[str]] = {}
    for row in rows:
        counted.setdefault(row.counts, []).append(row.law)
    others = {counts: laws for counts, laws in counted.items() if counts != rows[0].counts}
    many = max(others, key=lambda counts: len(others[counts]), default="")
    few = [f"{', '.join(laws)}: {counts}" for counts, laws in others.items() if counts != many or len(laws) <= _FEW]
    few += [f"the others: {many}"] if many and len(others[many]) > _FEW else []
    said.append(f"N counts {rows[0].counts}" + (f"; {'; '.join(few)}." if few else "."))
    if {rows[0].counts, *others} >= _ONE_IF_TIED:
        said.append("All parameters, and those with the head alone, are taken for one number, as with a tied head.")
    return [*said, *map(_interval, (row for row in rows if row.spread))]


def numbered(notes: Sequence[str]) -> list[str]:
    """Footnotes."""
    return [f"[{i}] {note}." for i, note in enumerate(notes, start=1)]


def _signed(decades: float) -> str:
    return f"{decades:+.1f}".replace("-", "−")


def _interval(row: Row) -> str:
    level = next(iter(row.spread.values())).level
    show = {"n_params": ("N", print_count), "tokens": ("D", print_count), "loss": ("loss", lambda x: f"{x:.4f}")}
    found = [f"{show[name][0]} {shown(each, show[name][1])}" for name, each in row.spread.items()]
    return f"{row.law}, {level or 0:.0%} of its laws: {', '.join(found)}."


def _named(row: Row, notes: list[str]) -> str:
    marks = "".join(f"[{_number(notes, note)}]" for note in row.notes)
    return f"{row.law}{f' {PLANNED}' if row.planned else ''}{f' {marks}' if marks else ''}"


def _number(notes: list[str], note: str) -> int:
    if note not in notes:
        notes.append(note)
    return notes.index(note) + 1


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, width(), break_on_hyphens=False)
