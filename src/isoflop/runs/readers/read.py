"""A table from whatever a user has: a file by its suffix, or a dataframe."""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from isoflop.errors import BadInput
from isoflop.runs.cells import Cells
from isoflop.runs.csv_file import read_columns
from isoflop.runs.readers.frame import frame_columns
from isoflop.runs.readers.json_lines import json_line_columns
from isoflop.runs.readers.parquet import parquet_columns
from isoflop.runs.table import Exclusion, Table

READERS: Mapping[str, Callable[[Path], Mapping[str, Cells]]] = {
    ".csv": read_columns,
    ".tsv": lambda path: read_columns(path, "\t"),
    ".jsonl": json_line_columns,
    ".ndjson": json_line_columns,
    ".parquet": parquet_columns,
}


def read_table(
    source: Any,
    mapping: Mapping[str, str] | None = None,
    *,
    needed: Sequence[str] | None = None,
    convention: str | None = None,
    exclude: Mapping[int, str] | None = None,
) -> Table:
    """The table of a path (by its suffix, a key of `READERS`), a dataframe, an Arrow table or a mapping of lists.

    mapping gives our name of a column → its name there; common names need none. needed are the columns that a law
    asks for, where it is not loss and two of n_params, tokens and flops. convention is "6ND" (where none is given):
    C = 6 N D gives the third of the three; or "none". exclude gives rows (from 0) → why they are left out, whatever is
    in them. Nothing read is ever run.

    Raises `BadInput` with every problem of names, cells and units, `MissingExtra` where Parquet needs pyarrow.
    """
    left_out = [Exclusion(row, "", why) for row, why in (exclude or {}).items()]
    if not isinstance(source, (str, os.PathLike)):
        return Table.from_columns(
            frame_columns(source), mapping, needed=needed, convention=convention, excluded=left_out
        )
    path = Path(source)
    reader = READERS.get(path.suffix.lower())
    if path.is_dir():
        raise BadInput(f"{path} is a directory. Give the file of the table, such as {path / 'table.csv'}.")
    if reader is None:
        raise BadInput(f"{path}: a table's file is known by its suffix, one of {', '.join(READERS)}.")
    return Table.from_columns(
        reader(path), mapping, where=str(path), needed=needed, convention=convention, excluded=left_out
    )
