"""Any dataframe as columns of cells: pandas, Polars and Arrow through narwhals, or a mapping of lists."""

from collections.abc import Mapping
from typing import Any

from isoflop.errors import BadInput
from isoflop.runs.cells import Cells


def frame_columns(frame: Any) -> dict[str, Cells]:
    """The columns of a dataframe; its index is none of them. A lazy frame is collected. Raises `BadInput`."""
    import narwhals.stable.v1 as nw  # noqa: PLC0415 – 0.1 s that a CSV file does not need

    if isinstance(frame, Mapping):
        return dict(frame)
    try:
        known = nw.from_native(frame)
        if isinstance(known, nw.LazyFrame):
            known = known.collect()
        return {str(name): _cells(known[name]) for name in known.columns}
    except Exception as error:  # each library has its own, such as for two columns of one name
        raise BadInput(
            f"A {type(frame).__module__}.{type(frame).__qualname__} could not be read as a table: {error}. "
            "Give a path, a dataframe of pandas or Polars, an Arrow table, or a mapping of names to lists."
        ) from error


def _cells(column: Any) -> Cells:
    """Numbers stay an array, missing ones not a number; all else becomes a list, missing cells None."""
    if column.dtype.is_numeric() and not column.dtype.is_decimal():
        values = column.to_numpy()
        if values.dtype.kind in "fiu":
            cells: Cells = values
            return cells
    found: list[Any] = column.to_list()
    return found
