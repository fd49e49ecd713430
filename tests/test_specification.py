"""Every number of the specification that a formula can produce, to the digit printed: one table, row by row."""

import pytest

from specified import dense, downstream
from specified.row import Row

TABLE: tuple[Row, ...] = (*dense.ROWS, *downstream.ROWS)


@pytest.mark.parametrize("row", TABLE, ids=str)
def test_the_specification_s_number_is_met(row: Row) -> None:
    assert float(row.function(*row.inputs)) == pytest.approx(float(row.value), abs=row.allowed, rel=0)


def test_no_number_is_there_twice() -> None:
    assert len({str(row) for row in TABLE}) == len(TABLE)
