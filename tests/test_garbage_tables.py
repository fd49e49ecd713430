"""Whatever a reader is fed, nothing but our own errors comes out, and a table that is made is sound."""

import csv
import io
import json
import string
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from isoflop.errors import IsoflopError
from isoflop.runs.columns import COLUMNS, NEEDED
from isoflop.runs.readers.read import READERS, read_table
from isoflop.runs.table import Table

quickly = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

NAMES = sorted({*COLUMNS, *(other for column in COLUMNS.values() for other in column.also), "ppl", "lr", "", "Name "})
names = st.one_of(st.sampled_from(NAMES), st.text(max_size=6))
plausible = st.floats(1.0, 20.0) | st.floats(1e6, 1e13) | st.integers(10**6, 10**13)
odd = st.one_of(
    st.none(),
    st.booleans(),
    st.floats(),
    st.integers(),
    st.sampled_from([10**400, "nan", "-inf", "1e400", "7B", " 3.5 ", "1_000", "", "done", "٣", "\ud800", "a\0"]),
    st.text(max_size=5),
    st.binary(max_size=3),
    st.lists(st.integers(), max_size=2),
    st.decimals(),
    st.dates(),
    st.complex_numbers(),
)
columns_of_garbage = st.integers(0, 5).flatmap(
    lambda n: st.dictionaries(
        names, st.lists(odd, min_size=n, max_size=n) | st.lists(plausible, min_size=n, max_size=n), max_size=8
    )
)
mappings = st.none() | st.dictionaries(names, names, max_size=3)
needs = st.none() | st.lists(names, max_size=3)


@st.composite
def nearly_sound(draw: st.DrawFn) -> dict[str, list[Any]]:
    """A table under our names that is sound but for what is put into one cell, if anything is, and further columns."""
    n = draw(st.integers(1, 6))
    rows = st.lists(st.floats(1e6, 1e12), min_size=n, max_size=n)
    columns: dict[str, list[Any]] = {name: draw(rows) for name in ("n_params", "tokens")}
    columns["loss"] = draw(st.lists(st.floats(0.5, 15.0), min_size=n, max_size=n))
    for name in draw(
        st.lists(st.sampled_from([name for name in NAMES if name.strip() == name]), max_size=4, unique=True)
    ):
        if name not in columns:
            columns[name] = draw(st.lists(odd, min_size=n, max_size=n))
    if draw(st.booleans()):
        columns[draw(st.sampled_from(sorted(columns)))][draw(st.integers(0, n - 1))] = draw(odd)
    return columns


def is_sound(table: Table, folder: Path, needed: tuple[str, ...] = NEEDED) -> None:
    """Every number needed is finite and above 0, all columns have one length, and the file gives the same back."""
    assert len({len(column) for column in table.columns.values()}) <= 1
    assert sorted([*table.rows, *(each.row for each in table.excluded)]) == list(range(len(table.columns["loss"])))
    for name in needed:
        values = table[name]
        assert np.isfinite(values).all()
        assert (values > 0).all()
    assert all(note.endswith((".", "otherwise.")) for note in table.notes)
    table.to_csv(folder / "back.csv")
    back = Table.from_csv(folder / "back.csv")
    assert list(back.columns) == list(table.columns)
    assert back.rows.tolist() == table.rows.tolist()
    assert {(each.row, each.why) for each in back.excluded} == {(each.row, each.why) for each in table.excluded}
    for name, column in table.columns.items():
        assert back.columns[name].dtype.kind == column.dtype.kind, name
        np.testing.assert_array_equal(back.columns[name], column, err_msg=name)


def survives(source: Any, folder: Path, mapping: Any = None) -> bool:
    """Whether a table came of it; else an error of ours did."""
    try:
        table = read_table(source, mapping)
    except IsoflopError as error:
        assert str(error)
        return False
    is_sound(table, folder)
    return True


@quickly
@pytest.mark.parametrize("suffix", READERS)
@given(content=st.binary(max_size=200) | st.text(string.printable, max_size=80).map(str.encode))
def test_any_bytes_in_a_file(tmp_path: Path, suffix: str, content: bytes) -> None:
    path = tmp_path / f"garbage{suffix}"
    path.write_bytes(content)
    survives(path, tmp_path)


@quickly
@given(columns=columns_of_garbage, mapping=mappings, delimiter=st.sampled_from([",", "\t"]), data=st.data())
def test_any_table_of_text(tmp_path: Path, columns: Any, mapping: Any, delimiter: str, data: st.DataObject) -> None:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerows([columns, *zip(*columns.values(), strict=True)] if columns else [])
    content = out.getvalue().encode("utf-8", "replace")
    cut = data.draw(st.integers(0, len(content)))
    path = tmp_path / ("garbage.csv" if delimiter == "," else "garbage.tsv")
    for each in (content, content[:cut]):
        path.write_bytes(each)
        survives(path, tmp_path, mapping)


@quickly
@given(columns=columns_of_garbage, mapping=mappings)
def test_any_json_lines(tmp_path: Path, columns: Any, mapping: Any) -> None:
    path = tmp_path / "garbage.jsonl"
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    path.write_text("\n".join(json.dumps(row, default=lambda _: None) for row in rows))
    survives(path, tmp_path, mapping)


@quickly
@given(columns=columns_of_garbage, mapping=mappings, needed=needs)
def test_any_mapping_of_lists(tmp_path: Path, columns: Any, mapping: Any, needed: Any) -> None:
    survives(columns, tmp_path, mapping)
    for asked in (None, needed):
        try:
            table = Table(columns, needed=asked)
        except IsoflopError:
            continue
        assert all(np.isfinite(table[name]).all() for name in table.needed if table.columns[name].dtype.kind in "fi")


@settings(quickly, max_examples=200)
@given(columns=nearly_sound())
def test_a_table_that_is_nearly_sound(tmp_path: Path, columns: Any) -> None:
    survives(columns, tmp_path)
    try:
        table = Table(columns)
    except IsoflopError:
        return
    is_sound(table, tmp_path)


@quickly
@given(data=st.data())
def test_any_frame_and_a_parquet_file_with_bytes_changed(tmp_path: Path, data: st.DataObject) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    columns = data.draw(nearly_sound())
    arrays = {}
    for name, cells in columns.items():
        try:
            arrays[name] = pyarrow.array(cells)
        except (pyarrow.ArrowException, OverflowError, TypeError, ValueError):
            arrays[name] = pyarrow.array([ascii(cell) for cell in cells])
    frame = pyarrow.table(arrays)
    survives(frame, tmp_path)
    path = tmp_path / "garbage.parquet"
    parquet.write_table(frame, path)
    survives(path, tmp_path)
    content = bytearray(path.read_bytes())
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), max_size=5)):
        content[place] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    survives(path, tmp_path)


def test_the_garbage_is_not_all_refused(tmp_path: Path) -> None:
    """Else the properties of a table that is made would be asserted of none."""
    made = []

    @settings(max_examples=60, deadline=None, database=None, derandomize=True)
    @given(columns=nearly_sound())
    def count(columns: Any) -> None:
        made.append(survives(columns, tmp_path))

    count()
    assert sum(made) > len(made) / 10
