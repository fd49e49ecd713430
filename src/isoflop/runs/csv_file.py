"""A CSV file as columns of text, and back; nothing in it is ever run."""

import csv
import io
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from isoflop.errors import BadInput
from isoflop.runs.cells import Cells
from isoflop.runs.columns import EXACT_WHOLE
from isoflop.runs.durable import write_durably
from isoflop.runs.text_file import read_text

TOLD = 10  # lines of a wrong length that are named


def read_columns(path: Path, delimiter: str = ",") -> dict[str, list[str]]:
    """Columns of a CSV file with a header; with a tab as the delimiter, of a TSV file.

    Raises `BadInput`, naming the lines with a wrong number of cells.
    """
    reader = csv.reader(io.StringIO(read_text(path), newline=""), delimiter=delimiter)
    kind = "CSV" if delimiter == "," else "TSV"
    rows, ends = [], []  # two lists: a pair for each row would double what is collected as garbage, and the time
    try:
        for cells in filter(None, reader):
            rows.append(cells)
            ends.append(reader.line_num)
    except csv.Error as error:
        raise BadInput(f"The table {path} is no {kind}, line {reader.line_num}: {error}.") from error
    if not rows:
        raise BadInput(f"The table {path} is empty. Its first line must name its columns.")
    header = [name.strip() for name in rows.pop(0)]
    problems = [f"{path}: two columns are named {name!r}." for name in sorted(set(header)) if header.count(name) > 1]
    wrong = [
        f"{path}, line {line}: {len(cells)} cells under {len(header)} columns."
        for line, cells in zip(ends[1:], rows, strict=True)
        if len(cells) != len(header)
    ]
    problems += wrong[:TOLD] + ([f"{path}: so have {len(wrong) - TOLD} more lines."] if len(wrong) > TOLD else [])
    if len(header) == 1 and (other := next((mark for mark in ";\t|" if mark in header[0]), "")):
        problems.append(f"{path} seems to be separated by {other!r}. Save it with {delimiter!r} between its cells.")
    if problems:
        raise BadInput(problems)
    columns = zip(*rows, strict=True) if rows else ((),) * len(header)
    return {name: list(map(str.strip, column)) for name, column in zip(header, columns, strict=True)}


def write_columns(path: Path, columns: Mapping[str, Cells]) -> None:
    """Write columns of one length; numbers keep every digit, missing ones are empty. Raises `StorageError`."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    cells = (column.tolist() if isinstance(column, np.ndarray) else column for column in columns.values())
    writer.writerows(zip(*([_cell(value) for value in column] for column in cells), strict=True))
    write_durably(path, out.getvalue().encode())


def _cell(value: Any) -> str:
    if isinstance(value, float):
        if math.isnan(value):
            return ""
        return str(int(value)) if value.is_integer() and 0 < abs(value) < EXACT_WHOLE else repr(value)
    return str(value)
