"""A CSV file as columns of text, and back; nothing in it is ever run."""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isoflop.errors import BadInput
from isoflop.runs.durable import write_durably

EXACT_WHOLE = 2**53  # above it a float no longer holds each whole number


def read_columns(path: Path) -> dict[str, list[str]]:
    """Columns of a CSV file with a header. Raises `BadInput`, naming every line with a wrong number of cells."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise BadInput(f"The table {path} could not be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise BadInput(f"The table {path} is not UTF-8 text (byte {error.start}). Save it as CSV in UTF-8.") from error
    reader = csv.reader(io.StringIO(text, newline=""))
    try:
        lines = [(reader.line_num, cells) for cells in reader if cells]
    except csv.Error as error:
        raise BadInput(f"The table {path} is no CSV, line {reader.line_num}: {error}.") from error
    if not lines:
        raise BadInput(f"The table {path} is empty. Its first line must name its columns.")
    header = [name.strip() for name in lines[0][1]]
    problems = [f"{path}: two columns are named {name!r}." for name in sorted(set(header)) if header.count(name) > 1]
    problems += [
        f"{path}, line {line}: {len(cells)} cells under {len(header)} columns."
        for line, cells in lines[1:]
        if len(cells) != len(header)
    ]
    if problems:
        raise BadInput(problems)
    return {name: [cells[i].strip() for _, cells in lines[1:]] for i, name in enumerate(header)}


def write_columns(path: Path, columns: Mapping[str, Sequence[Any] | NDArray[Any]]) -> None:
    """Write columns of one length; numbers keep every digit, missing ones are empty. Raises `StorageError`."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(value) for value in row] for row in zip(*columns.values(), strict=True))
    write_durably(path, out.getvalue().encode())


def _cell(value: Any) -> str:
    plain = value.item() if isinstance(value, np.generic) else value
    if isinstance(plain, float):
        if np.isnan(plain):
            return ""
        return str(int(plain)) if plain.is_integer() and abs(plain) < EXACT_WHOLE else repr(plain)
    return str(plain)
