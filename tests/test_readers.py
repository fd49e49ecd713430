"""A table is read from whatever a user has, its columns known by their names, and says what it took for what."""

import json
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from isoflop.errors import BadInput, MissingExtra
from isoflop.runs.readers.read import READERS, read_table
from isoflop.runs.table import Table

N = [1e7, 4e7, 1.6e8, 6.4e8]
D = [2e8, 9e8, 3e9, 1.2e10]
LOSS = [4.25, 3.5, 3.0, 2.625]
FOREIGN: Mapping[str, list[Any]] = {
    "Model Size": N,
    "Training Tokens": D,
    "val_loss": LOSS,
    "name": ["a", "b", "c", "d"],
    "lr": [0.1] * 4,
}


def text_with(delimiter: str, columns: Mapping[str, list[Any]]) -> str:
    lines = [list(columns), *zip(*columns.values(), strict=True)]
    return "\n".join(delimiter.join(map(str, line)) for line in lines) + "\n"


def written(path: Path, columns: Mapping[str, list[Any]]) -> Path:
    """The columns in a file of the path's format."""
    if path.suffix.lower() == ".parquet":
        pyarrow = pytest.importorskip("pyarrow")
        from pyarrow import parquet

        parquet.write_table(pyarrow.table(dict(columns)), path)
    elif path.suffix in (".jsonl", ".ndjson"):
        rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    else:
        path.write_text(text_with("\t" if path.suffix == ".tsv" else ",", columns))
    return path


def is_the_table(table: Table) -> None:
    assert table.n_params.tolist() == N
    assert table.tokens.tolist() == D
    assert table.loss.tolist() == LOSS
    assert table["run_id"].tolist() == ["a", "b", "c", "d"]
    assert table["lr"].tolist() == [0.1] * 4
    np.testing.assert_allclose(table.flops, 6 * np.array(N) * np.array(D), rtol=1e-15)


@pytest.mark.parametrize("suffix", [*READERS, ".CSV", ".Parquet"])
def test_every_format_gives_the_same_table(tmp_path: Path, suffix: str) -> None:
    table = read_table(written(tmp_path / f"runs{suffix}", FOREIGN))
    is_the_table(table)
    assert table.derived == ("flops", "flops_6nd")
    assert table.notes == (
        "Read by their names: name as run_id, Model Size as n_params, Training Tokens as tokens, val_loss as loss; "
        "--map OURS=THEIRS says otherwise.",
        "flops is not in the table: in all 4 rows it is 6 N D, from C = 6 N D.",
    )


def test_a_path_may_be_a_text(tmp_path: Path) -> None:
    is_the_table(read_table(str(written(tmp_path / "runs.tsv", FOREIGN))))


def test_an_unknown_suffix_lists_those_known(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"runs\.xlsx.*\.csv, \.tsv, \.jsonl, \.ndjson, \.parquet"):
        read_table(tmp_path / "runs.xlsx")


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow", "a mapping"])
def test_every_dataframe_gives_the_same_table(library: str) -> None:
    frame: Any = FOREIGN
    if library == "pyarrow":
        frame = pytest.importorskip(library).table(FOREIGN)
    elif library != "a mapping":
        frame = pytest.importorskip(library).DataFrame(FOREIGN)
    is_the_table(Table.from_frame(frame))
    is_the_table(read_table(frame, {"n_params": "Model Size"}))


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_missing_cells_of_a_frame_are_missing_cells(library: str) -> None:
    columns: dict[str, list[Any]] = {"N": N, "D": D, "loss": LOSS, "loss_se": [0.01, None, None, 0.02]}
    columns |= {"U": [10**8, None, None, 10**9], "note": ["x", None, "y", None]}
    module = pytest.importorskip(library)
    table = Table.from_frame(module.table(columns) if library == "pyarrow" else module.DataFrame(columns))
    np.testing.assert_array_equal(table.loss_se, [0.01, np.nan, np.nan, 0.02])
    np.testing.assert_array_equal(table["unique_tokens"], [1e8, np.nan, np.nan, 1e9])
    assert table["note"].tolist() == ["x", "", "y", ""]


def test_a_lazy_frame_is_collected() -> None:
    polars = pytest.importorskip("polars")
    is_the_table(read_table(polars.DataFrame(FOREIGN).lazy()))


def test_what_is_no_frame_is_named() -> None:
    with pytest.raises(BadInput, match=r"builtins\.int could not be read as a table"):
        read_table(7)


def test_parquet_without_pyarrow_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """None in sys.modules is how Python itself is told that a module cannot be imported."""
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(MissingExtra, match=r"pip install 'isoflop\[parquet\]'"):
        read_table(tmp_path / "runs.parquet")


def test_folders_of_a_parquet_file_are_no_columns(tmp_path: Path) -> None:
    """Given the path, pyarrow would read a column seed out of it."""
    folder = tmp_path / "seed=3"
    folder.mkdir()
    assert "seed" not in read_table(written(folder / "runs.parquet", FOREIGN))


def test_rows_of_json_lines_may_have_different_keys(tmp_path: Path) -> None:
    path = tmp_path / "runs.jsonl"
    path.write_text('{"N": 1e7, "D": 2e8, "loss": 3.5}\n\n{"loss": 3.25, "N": 2e7, "D": 4e8, "loss_se": 0.01}\n')
    table = read_table(path)
    np.testing.assert_array_equal(table.loss_se, [np.nan, 0.01])
    assert table.loss.tolist() == [3.5, 3.25]


@pytest.mark.parametrize(
    ("ours", "names"),
    {
        "n_params": "N n params parameters Parameters Model-Size model_size param_count N-Params n_parameters",
        "tokens": "D d tokens n_tokens train_tokens TrainTokens training-tokens",
        "flops": "C compute Training_FLOP train_flops training_flops FLOPs",
        "loss": "L final_loss val_loss Validation.Loss eval/loss test_loss",
        "loss_se": "loss_se loss_stderr",
        "unique_tokens": "U unique_tokens",
        "run_id": "run run_name name Run-ID",
        "budget": "budget flops_budget",
    }.items(),
)
def test_columns_are_known_by_their_common_names(ours: str, names: str) -> None:
    columns: dict[str, list[Any]] = {
        "n_params": N,
        "tokens": D,
        "flops": [6 * n * d for n, d in zip(N, D, strict=True)],
    }
    columns |= {"loss": LOSS, "loss_se": [0.01] * 4, "unique_tokens": D, "run_id": list("abcd"), "budget": [1e18] * 4}
    for name in names.split():
        table = read_table({name if each == ours else each: cells for each, cells in columns.items()})
        assert table[ours].tolist() == columns[ours], name
        assert name == ours or any(f"{name} as {ours}" in note for note in table.notes)


def test_two_columns_of_one_meaning_are_told_with_the_way_out() -> None:
    columns = {"N": N, "D": D, "train/loss": LOSS, "val_loss": LOSS, "test_loss": LOSS, "params": N}
    with pytest.raises(BadInput) as caught:
        read_table(columns)
    told = str(caught.value)
    assert "N and params could each be n_params" in told
    assert "--map n_params=N" in told
    assert "val_loss and test_loss could each be loss" in told
    assert "missing" not in told
    table = read_table(columns, {"n_params": "params", "loss": "val_loss"})
    assert table["N"].tolist() == N  # what is not asked for stays as it is
    assert table["test_loss"].tolist() == LOSS


def test_a_column_of_words_is_not_taken_for_numbers_where_another_fits() -> None:
    """As in Porian et al.'s tables: param_count says how n was counted."""
    table = read_table({"n": N, "param_count": ["kaplan"] * 4, "tokens": D, "loss": LOSS})
    assert table.n_params.tolist() == N
    assert table["param_count"].tolist() == ["kaplan"] * 4


def test_a_mapping_wins_over_names() -> None:
    table = read_table({"N": N, "D": D, "loss": [9.0] * 4, "bits": LOSS}, {"loss": "bits"})
    assert table.loss.tolist() == LOSS
    assert "loss is read from bits, as mapped; the table's own column loss is not read." in table.notes
    depth = read_table({"N": N, "tokens": D, "loss": LOSS, "D": [4, 8, 12, 16]}, {"depth": "D"})
    assert depth["depth"].tolist() == [4, 8, 12, 16]
    with pytest.raises(BadInput, match=r"Read by their names: .*C as flops"):
        read_table({"N": N, "D": D, "loss": LOSS, "C": ["c4", "pile", "c4", "pile"]})
    with pytest.raises(BadInput, match=r"no column final \(for loss\); its columns are N, D"):
        read_table({"N": N, "D": D}, {"loss": "final"})


@pytest.mark.parametrize("absent", ["n_params", "tokens", "flops"])
def test_any_two_of_n_d_and_c_give_the_third(absent: str) -> None:
    whole = {"n_params": N, "tokens": D, "flops": [6 * n * d for n, d in zip(N, D, strict=True)]}
    table = read_table({"loss": LOSS} | {name: cells for name, cells in whole.items() if name != absent})
    np.testing.assert_allclose(table[absent], whole[absent], rtol=1e-15)
    assert absent in table.derived
    assert any(note.startswith(f"{absent} is not in the table") for note in table.notes)
    with pytest.raises(BadInput) as caught:
        read_table({"loss": LOSS} | {name: cells for name, cells in whole.items() if name != absent}, convention="none")
    assert f"The column {absent} is missing" in str(caught.value)
    assert "Nothing is derived" in str(caught.value)


def test_an_unknown_convention_lists_those_known() -> None:
    with pytest.raises(BadInput, match="no counting convention '8ND'; there are 6ND, none"):
        read_table(FOREIGN, convention="8ND")


def test_a_law_of_other_inputs_needs_its_own_columns_and_no_others(tmp_path: Path) -> None:
    table = Table({"examples": ["200", "400"], "loss": [3.0, 2.5]}, needed=("examples", "loss"))
    assert table["examples"].tolist() == [200, 400]
    assert table.derived == ()
    table.to_csv(tmp_path / "few.csv")
    assert read_table(tmp_path / "few.csv", needed=("examples", "loss"))["examples"].tolist() == [200, 400]
    with pytest.raises(BadInput) as caught:
        Table({"examples": [200, 0, "many", None], "loss": [3.0] * 4}, needed=("examples", "experts", "loss"))
    for part in (
        "row 1 (0) is not above 0",
        "row 2 ('many') is no number",
        "row 3 (None) is missing",
        "column experts",
    ):
        assert part in str(caught.value)
    with pytest.raises(BadInput, match="Seen Examples: --map examples=Seen Examples"):
        read_table({"Seen Examples": [200, 400], "loss": [3.0, 2.5]}, needed=("examples", "loss"))


def test_what_we_wrote_is_read_by_our_names_alone(tmp_path: Path) -> None:
    """A column val_loss beside loss would be in doubt in another's table."""
    Table({"n_params": N, "tokens": D, "loss": LOSS, "val_loss": LOSS, "name": list("abcd")}).to_csv(tmp_path / "t.csv")
    back = Table.from_csv(tmp_path / "t.csv")
    assert back["val_loss"].tolist() == LOSS
    assert back["name"].tolist() == list("abcd")
    assert back.notes == ()


def test_published_tables_are_read_as_they_are(reference: Callable[[str], Path]) -> None:
    table = read_table(reference("besiroglu2024") / "svg_extracted_data.csv")
    assert (len(table), table.derived) == (245, ("tokens", "flops_6nd"))
    table = read_table(
        reference("gemstones2025") / "wandb_df_for_fitting_hot.jsonl", {"n_params": "params_active_precise"}
    )
    assert len(table) == 220
    assert len(set(table["run_id"])) == 22
    table = read_table(reference("porian2024") / "isoflop_points.csv")
    np.testing.assert_allclose(table.flops, table["flops_6nd"], rtol=1e-9)
    assert len(table) == 1745


def test_a_hundred_thousand_rows_are_read_in_under_a_second(tmp_path: Path) -> None:
    """0.4 CPU-seconds on a 2-core machine; the bound leaves room for a slower one."""
    rng = np.random.default_rng(0)
    n = 10 ** rng.uniform(6, 9, 100_000)
    columns = {"run": [f"run-{i}" for i in range(len(n))], "N": n.tolist(), "D": (20 * n).tolist()}
    columns |= {"val_loss": (2 + 400 / n**0.34).tolist(), "seed": list(range(len(n)))}
    path = written(tmp_path / "many.csv", columns)

    def seconds() -> float:
        began = time.process_time()
        assert read_table(path).n_params.tolist() == columns["N"]
        return time.process_time() - began

    assert any(seconds() < 1 for _ in range(3))  # once is enough: a machine may be busy
