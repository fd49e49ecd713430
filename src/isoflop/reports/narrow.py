"""A table that keeps to the width of the screen."""

from collections.abc import Sequence

from isoflop.reports.text import columns
from isoflop.reports.width import width


def kept_to_width(rows: Sequence[Sequence[str]], *, spare: Sequence[int] = ()) -> str:
    """Rows as columns, numbers flush right; where that is too wide, the first cell of a row on a line above the others.

    Where even that is too wide, the columns in `spare` are left out, the first first. The first row is the heading.
    """
    table = _aligned(rows)
    left = list(range(len(rows[0])))
    for column in (None, *spare):
        if _fits(table):
            break
        left = [each for each in left if each != column]
        table = _stacked([[row[each] for each in left] for row in rows])
    return table


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    return columns(rows, right=range(1, len(rows[0])))


def _stacked(rows: Sequence[Sequence[str]]) -> str:
    below = _aligned([("", *row[1:]) for row in rows]).splitlines()
    lines = []
    for row, numbers in zip(rows, below, strict=True):
        lines += [row[0]] * bool(row[0])
        lines.append(numbers)
    return "\n".join(lines)


def _fits(table: str) -> bool:
    return max(map(len, table.splitlines())) <= width()
