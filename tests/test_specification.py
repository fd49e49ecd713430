"""Every number of the specification that a formula can produce, to the digit printed: one table, row by row."""

from importlib import import_module
from pathlib import Path

import pytest

from specified.row import Row

FILES = sorted(file.stem for file in (Path(__file__).parent / "specified").glob("*.py") if file.stem != "row")
TABLE: tuple[Row, ...] = tuple(row for name in FILES for row in import_module(f"specified.{name}").ROWS)


@pytest.mark.parametrize("row", TABLE, ids=str)
def test_the_specification_s_number_is_met(row: Row) -> None:
    assert float(row.function(*row.inputs)) == pytest.approx(float(row.value), abs=row.allowed, rel=0)


def test_no_number_is_there_twice() -> None:
    assert len({str(row) for row in TABLE}) == len(TABLE)
