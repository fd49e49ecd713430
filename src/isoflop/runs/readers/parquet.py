"""A Parquet file as columns of cells."""

from pathlib import Path

from isoflop.errors import BadInput, MissingExtra
from isoflop.runs.cells import Cells
from isoflop.runs.readers.frame import frame_columns


def parquet_columns(path: Path) -> dict[str, Cells]:
    """The columns of one file. Raises `BadInput`, `MissingExtra` where pyarrow is not installed.

    The file is opened by us: given a path, pyarrow would add columns that it reads out of the folders' names.
    """
    try:
        from pyarrow import ArrowException  # noqa: PLC0415 – an extra
        from pyarrow.parquet import ParquetFile  # noqa: PLC0415
    except ImportError as error:
        raise MissingExtra("Parquet", "parquet") from error
    try:
        with path.open("rb") as file:
            frame = ParquetFile(file).read()
    except (ArrowException, OSError, ValueError) as error:
        raise BadInput(f"The table {path} could not be read: {getattr(error, 'strerror', '') or error}.") from error
    return frame_columns(frame)
