"""A table checks its columns, keeps every digit, and never loses a row without saying why."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isoflop.errors import BadInput, StorageError
from isoflop.runs.table import Table
from made_runs import a_record, a_run


def a_table(losses: Any = (3.0, 2.5, 4.0, 2.0)) -> Any:
    n = len(losses)
    return Table({"n_params": np.arange(1, n + 1) * 1e3, "tokens": np.full(n, 1e6), "loss": losses})


def test_records_become_rows_and_the_failed_ones_exclusions() -> None:
    runs = [a_run(init_seed=seed) for seed in range(3)]
    diverged = a_record(runs[1], loss=None, status="diverged", note="the loss became nan")
    table = Table.from_records([a_record(runs[0]), diverged, a_record(runs[2], loss=2.25)])
    assert table.loss.tolist() == [2.5, 2.25]
    assert table.seed.tolist() == [0, 2]
    assert table.flops.tolist() == [runs[0].flops] * 2
    assert table["budget"].tolist() == [1e10] * 2
    (out,) = table.excluded
    assert (out.row, out.run_id, out.why) == (1, runs[1].id, "it has diverged: the loss became nan")


def test_a_table_survives_its_file(tmp_path: Path) -> None:
    runs = [a_run(init_seed=seed) for seed in range(4)]
    records = [a_record(run, loss=2 + run.init_seed / 3) for run in runs[:3]]
    records.append(a_record(runs[3], loss=None, status="failed", note='killed, "quite", said the log\nsignal 9'))
    table = Table.from_records(records).excluding([1], "a test of ours")
    table.to_csv(tmp_path / "table.csv")
    back = Table.from_csv(tmp_path / "table.csv")
    assert back.excluded == tuple(sorted(table.excluded, key=lambda out: out.row))
    assert set(back.columns) == set(table.columns)
    for name, column in table.columns.items():
        np.testing.assert_array_equal(back.columns[name], column, err_msg=name)


@settings(deadline=None)
@given(st.lists(st.floats(1e-300, 1e300), min_size=1, max_size=5))
def test_every_digit_of_a_loss_is_kept(tmp_path_factory: Any, losses: Any) -> None:
    """Beside one that is a loss for sure: all of them above 20 nats/token would be perplexities."""
    path = tmp_path_factory.mktemp("table") / "table.csv"
    a_table([2.5, *losses]).to_csv(path)
    assert Table.from_csv(path).loss.tolist() == [2.5, *losses]


def test_a_foreign_table_is_read_by_a_mapping(tmp_path: Path) -> None:
    path = tmp_path / "hoffmann.csv"
    path.write_text("Model Size,Training FLOP,loss\n1e8,6e18,3.0\n2e8,2.4e19,2.8\n")
    table = Table.from_csv(path, {"n_params": "Model Size", "flops": "Training FLOP"})
    assert table.tokens.tolist() == [1e10, 2e10]
    assert table.derived == ("tokens", "flops_6nd")


def test_every_problem_of_a_table_is_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_text("n_params,tokens,loss,seed\n1e3,-5,2.0,0\n1e3,1e6,,1.5\nmany,1e6,inf,1\n")
    with pytest.raises(BadInput) as caught:
        Table.from_csv(path)
    told = str(caught.value)
    for part in (
        "tokens: row 0 ('-5') is not above 0",
        "loss: row 1 ('') is missing",
        "loss: row 2 ('inf') is infinite",
        "n_params: row 2 ('many') is no number",
        "seed: row 1 ('1.5') is not whole",
        "bad.csv",
    ):
        assert part in told, told


def test_missing_columns_are_named() -> None:
    with pytest.raises(BadInput) as caught:
        Table({"size": [1.0]})
    for name in ("n_params", "loss", "tokens and flops", "size"):
        assert name in str(caught.value)


def test_a_row_with_too_few_cells_is_told_by_its_line(tmp_path: Path) -> None:
    path = tmp_path / "short.csv"
    path.write_text("n_params,tokens,loss\n1,2,3\n1,2\n")
    with pytest.raises(BadInput, match="line 3: 2 cells under 3 columns"):
        Table.from_csv(path)


def test_a_table_that_is_not_there_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="No such file"):
        Table.from_csv(tmp_path / "none.csv")


def test_the_worst_losses_are_left_out_by_name() -> None:
    table = a_table().without_worst(2)
    assert table.loss.tolist() == [2.5, 2.0]
    assert [(out.row, out.why) for out in table.excluded] == [
        (0, "among the 2 highest losses"),
        (2, "among the 2 highest losses"),
    ]


def test_exclusions_keep_the_first_numbers_of_the_rows() -> None:
    table = a_table().excluding([0], "first").excluding([3], "second")
    assert table.rows.tolist() == [1, 2]
    assert table.loss.tolist() == [2.5, 4.0]
    with pytest.raises(BadInput, match=r"Rows \[0\] are not in the table in use"):
        table.excluding([0], "again")


def test_where_looks_at_a_part_and_excludes_nothing() -> None:
    table = a_table()
    part = table.where(table.loss < 3.5)
    assert part.rows.tolist() == [0, 1, 3]
    assert part.excluded == ()
    with pytest.raises(BadInput, match="one true or false for each of 3 rows"):
        part.where([True])


def test_an_unwritable_table_says_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="Could not write"):
        a_table().to_csv(tmp_path / "no such folder" / "table.csv")
