"""What other parts of a plan bring to its page: a titled table, with what to be warned of, whoever worked it out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

PARTS: Mapping[str, str] = {
    "hyperparameters": "batch, learning rate and schedule, each with the law it comes from (value; the law)",
    "running": "time, memory, layout, checkpoints and lost time on the GPUs there are (value; how it was counted)",
    "alternatives": "what else a careful engineer would look at: a row a plan, its N, D, loss and cost as columns",
    "sensitivity": "what the answer hangs on: a row an assumption, what N, loss or cost become if it is another",
    "comparison": "the same question by other laws: a row a law, its N, D, D / N and loss as columns",
}
"""The parts a page has room for, in the order of the page, and what the rows of each are."""


@dataclass(frozen=True)
class Part:
    """One table: a row is a label, a value for each of the columns, and where there is something to say, a note.

    All are words as they are to be read, numbers with their units. columns: the heads of the values, [""] where there
    is one value that needs none. warnings: shown with the doubts at the top of the page, under this title. caption:
    what holds for all rows.
    """

    title: str
    rows: tuple[tuple[str, ...], ...]
    columns: tuple[str, ...] = ("",)
    warnings: tuple[str, ...] = ()
    caption: str = ""

    def __post_init__(self) -> None:
        if not self.title:
            raise ValueError("A part needs a title.")
        least = 1 + len(self.columns)
        for row in self.rows:
            if len(row) not in (least, least + 1) or not all(isinstance(cell, str) for cell in row):
                raise ValueError(
                    f"{self.title}: a row is a label, {len(self.columns)} values and perhaps a note, all of them "
                    f"words; got {row!r}."
                )

    @classmethod
    def of(
        cls,
        title: str,
        rows: Iterable[Sequence[str]],
        *,
        columns: Sequence[str] = ("",),
        warnings: Iterable[str] = (),
        caption: str = "",
    ) -> Self:
        """The same from any sequences."""
        return cls(title, tuple(tuple(row) for row in rows), tuple(columns), tuple(warnings), caption)

    @property
    def noted(self) -> bool:
        """Whether any row has a note."""
        return any(self.note(row) for row in self.rows)

    def values(self, row: Sequence[str]) -> Sequence[str]:
        """The values of a row."""
        return row[1 : 1 + len(self.columns)]

    def note(self, row: Sequence[str]) -> str:
        """The note of a row, "" where it has none."""
        return row[1 + len(self.columns)] if len(row) > 1 + len(self.columns) else ""


def ordered(parts: Mapping[str, Part]) -> dict[str, Part]:
    """The parts in the order of the page, without those that have nothing to show. Raises `ValueError` for others."""
    if unknown := parts.keys() - PARTS.keys():
        raise ValueError(f"A plan's page has no part {', '.join(sorted(unknown))}; it has {', '.join(PARTS)}.")
    return {name: parts[name] for name in PARTS if name in parts and (parts[name].rows or parts[name].warnings)}
