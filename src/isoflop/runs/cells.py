"""The cells of a column, whatever they came from, as numbers or as text, and as an error shows them."""

import math
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isoflop.errors import BadInput

Cells = Sequence[Any] | NDArray[Any]

SHOWN = 3  # cells that a message lists
WIDEST = 40  # letters of a cell that a message shows
ROOM = 10**8  # bytes that a column of text may take as an array of equally wide cells
CLEAN = frozenset({float, int, str, np.float64})  # what `float` reads as we would


def even(columns: Mapping[str, Any]) -> dict[str, Cells]:
    """Columns with clean names, each a list or an array of one dimension, all of one length. Raises `BadInput`."""
    problems = [
        f"A column cannot be named {name!r}; a name is a text without spaces around it."
        for name in columns
        if not isinstance(name, str) or name != text_of(name)
    ]
    cells: dict[str, Cells] = {}
    for name, column in columns.items():
        if isinstance(column, np.ndarray) and column.ndim == 1:
            cells[name] = column.astype(np.str_) if column.dtype.kind in "mM" else column
        elif isinstance(column, (str, bytes, Mapping, AbstractSet, np.ndarray)) or not hasattr(column, "__iter__"):
            problems.append(f"The column {name} must be a list of cells, one a row; got {shown(column)}.")
        else:
            cells[name] = column if isinstance(column, list) else list(column)
    lengths = {name: len(column) for name, column in cells.items()}
    if len(set(lengths.values())) > 1:
        problems.append(f"The columns of a table must have one length; got {lengths}.")
    if problems:
        raise BadInput(problems)
    return cells


def numbers(cells: Cells) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Cells as floats, and which of them are neither a number nor missing; a missing one is not a number.

    A clean column is converted whole; only one with an empty or unreadable cell is gone through cell by cell.
    """
    if isinstance(cells, np.ndarray) and cells.dtype.kind in "fiu":
        with np.errstate(over="ignore"):  # a long double beyond 1e308 becomes infinite, and is told so
            return cells.astype(np.float64), np.zeros(len(cells), bool)
    listed = cells.tolist() if isinstance(cells, np.ndarray) else cells
    if CLEAN.issuperset(map(type, listed)):
        try:
            return np.fromiter(map(float, listed), np.float64, len(listed)), np.zeros(len(listed), bool)
        except (ValueError, OverflowError):
            pass
    found = [_number(cell) for cell in listed]
    unreadable = np.asarray([number is None for number in found], bool)
    return np.asarray([math.nan if number is None else number for number in found], np.float64), unreadable


def _number(cell: Any) -> float | None:
    """A cell as a float, nan where it is missing, None where it is no number. True is none: it is not meant as 1."""
    if cell is None or (isinstance(cell, str) and not cell.strip()):
        return math.nan
    if isinstance(cell, (bool, np.bool_)) or (isinstance(cell, np.ndarray) and cell.ndim):
        return None
    try:
        return float(cell)
    except OverflowError:
        return math.inf if cell > 0 else -math.inf
    except (TypeError, ValueError):
        return None


def texts(cells: Cells) -> NDArray[Any]:
    """Cells as text, missing ones as "".

    NumPy gives each cell the room of the longest, so a column with one long cell (a run's whole configuration)
    in 100,000 rows would take gigabytes; such a column holds objects.
    """
    found = [text_of(cell) for cell in (cells.tolist() if isinstance(cells, np.ndarray) else cells)]
    wide = 4 * len(found) * max(map(len, found), default=0) > ROOM
    return np.asarray(found, dtype=object if wide else np.str_)


def text_of(cell: Any) -> str:
    """A cell as a CSV file gives it back: no spaces around it, one kind of line end, escaped what UTF-8 cannot hold."""
    if cell is None or (isinstance(cell, (float, np.floating)) and math.isnan(cell)):
        return ""
    try:
        text = cell if isinstance(cell, str) else str(cell)
    except ValueError:  # a whole number of more than 4,300 digits, or a list that holds one
        return f"<{type(cell).__name__} too long to print>"
    if not text.isascii():
        text = text.encode("utf-8", "backslashreplace").decode()  # half a surrogate pair
    return text.replace("\0", "\\0").replace("\r\n", "\n").replace("\r", "\n").strip()


def rows_with(rows: NDArray[np.intp], cells: Cells) -> str:
    """The first of these rows with their cells: row 3 ('-5'), row 4 ('0') and 7 more."""
    first = ", ".join(f"row {row} ({shown(cells[row])})" for row in rows[:SHOWN])
    return f"{first} and {len(rows) - SHOWN} more" if len(rows) > SHOWN else first


def numbered(rows: Sequence[int] | NDArray[np.int64], shown: int = 2 * SHOWN) -> str:
    """The first of these rows: rows 3, 4, 9 and 7 more."""
    first = ", ".join(str(row) for row in rows[:shown])
    more = f" and {len(rows) - shown} more" if len(rows) > shown else ""
    return f"row{'s' if len(rows) > 1 else ''} {first}{more}"


def shown(cell: Any) -> str:
    """A cell as an error repeats it, shortened where it is long."""
    plain = cell.item() if isinstance(cell, np.generic) else cell
    try:
        text = repr(plain)
    except ValueError:
        return text_of(plain)
    return text if len(text) <= WIDEST else f"{text[: WIDEST - 1]}…"
