"""What is wrong with a table is told all at once, with its rows and the remedy; what is odd is noted, and kept."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from isoflop.errors import BadInput
from isoflop.runs.readers.read import read_table
from isoflop.runs.table import Table
from isoflop.units import PF_DAY

N = np.repeat(np.geomspace(1e7, 3e9, 6), 2)
D = N * np.tile([12.0, 40.0], 6)
C = 6 * N * D * np.linspace(1.3, 1.02, 12)  # attention and embeddings weigh more in small models
LOSS = 1.8 + 480 / N**0.35 + 2000 / D**0.37
RUNS: Mapping[str, Any] = {"n_params": N, "tokens": D, "flops": C, "loss": LOSS}


def refused(columns: Mapping[str, Any], mapping: Mapping[str, str] | None = None) -> str:
    with pytest.raises(BadInput) as caught:
        read_table(columns, mapping)
    return str(caught.value)


def changed(name: str, **cells: Any) -> dict[str, Any]:
    """The runs with cells of one column changed: _3="many" puts it into row 3."""
    column = list(RUNS[name])
    for row, cell in cells.items():
        column[int(row[1:])] = cell
    return {**RUNS, name: column}


def test_a_sound_table_has_no_notes() -> None:
    assert Table(RUNS).notes == ()


@pytest.mark.parametrize(
    ("cell", "told", "remedy"),
    [
        (None, "row 4 (None) is missing", "Fill it in"),
        (float("nan"), "row 4 (nan) is missing", "Fill it in"),
        (-3.0, "row 4 (-3.0) is not above 0", "Mend it"),
        (0, "row 4 (0) is not above 0", "Mend it"),
        (float("inf"), "row 4 (inf) is infinite", "If the run diverged"),
        pytest.param(10**400, "is infinite", "If the run diverged", id="401 digits"),
        pytest.param(10**5000, "too long to print", "If the run diverged", id="5001 digits"),
        ("7B", "row 4 ('7B') is no number", "plain numbers such as 7e9"),
        ("1,000", "row 4 ('1,000') is no number", "no comma"),
        (True, "row 4 (True) is no number", "plain numbers"),
        ([3.0], "row 4 ([3.0]) is no number", "plain numbers"),
    ],
)
@pytest.mark.parametrize("name", ["n_params", "tokens", "flops", "loss"])
def test_a_bad_cell_is_told_by_row_with_the_remedy(name: str, cell: Any, told: str, remedy: str) -> None:
    (problem, _) = refused(changed(name, _4=cell)).splitlines()
    assert problem.startswith(f"{name}: row 4 (")
    assert told in problem
    assert remedy in problem


def test_all_problems_of_a_table_are_told_at_once() -> None:
    told = refused(
        {
            **changed("n_params", _1=-1.0, _2=0.0, _3=-2.0, _9=-4.0),
            "loss": ["low", *np.exp(LOSS[1:] * 3)],
            "seed": [0.5] * 12,
            "U": [1e9] * 12,
            "unique-tokens": [1e9] * 12,
        }
    )
    for part in (
        "n_params: row 1 (-1.0), row 2 (0.0), row 3 (-2.0) and 1 more are not above 0 (the unit is parameters)",
        "loss: row 0 ('low') is no number",
        "loss: every one of 11 is above 20",
        "seed: row 0 (0.5), row 1 (0.5), row 2 (0.5) and 9 more are not whole",
        "unique-tokens and U could each be unique_tokens",
    ):
        assert part in told, told


def test_a_row_left_out_may_hold_what_a_diverged_run_left(tmp_path: Path) -> None:
    columns = changed("loss", _4=float("inf"), _7=None)
    columns |= {"status": ["diverged" if row == 4 else "done" for row in range(12)]}
    columns |= {"excluded": ["no log" if row == 7 else None for row in range(12)]}
    table = read_table(columns)
    assert [(each.row, each.why) for each in table.excluded] == [(7, "no log"), (4, "it has diverged")]
    table.to_csv(tmp_path / "table.csv")
    back = Table.from_csv(tmp_path / "table.csv")
    np.testing.assert_array_equal(back.columns["loss"], table.columns["loss"])


def test_a_table_of_which_no_run_is_in_use_says_so() -> None:
    (note,) = Table({**RUNS, "status": ["finished"] * 12}).notes
    assert note == "No run is in use: all 12 rows are left out. A run that ended well has the status done."
    assert Table.from_records([]).notes == ()


def test_an_exclusion_of_no_row_is_refused() -> None:
    with pytest.raises(BadInput, match="none numbered"):
        Table(
            RUNS, [*Table(RUNS).excluding([11], "a test").excluded, *Table(double()).excluding([12], "twice").excluded]
        )


def double() -> dict[str, Any]:
    """The runs, with rows 3 and 8 put in again at the end, and row 5 under another seed, with its own loss."""
    again = {name: np.concatenate([column, column[[3, 8, 5]]]) for name, column in RUNS.items()}
    again["loss"][-1] += 0.01
    return again


def test_runs_put_in_twice_are_noted_and_kept() -> None:
    table = Table(double())
    (note,) = table.notes
    assert "Rows 12, 13 repeat the inputs and the loss, to the last digit, of rows 3, 8, and count twice." in note
    assert len(table) == 15
    assert table.excluding([12, 13], "put in twice").notes == ()


def test_the_same_numbers_of_another_text_or_seed_are_another_run() -> None:
    assert Table({**double(), "seed": [0] * 12 + [1] * 3}).notes == ()
    assert Table({**double(), "dataset": ["c4"] * 12 + ["pile"] * 3}).notes == ()
    names = [f"run {row}" for row in range(15)]
    assert len(Table({**double(), "address": names, "row": range(15)}).notes) == 1


@pytest.mark.parametrize("name", ["perplexity", "val_ppl", "Eval/Perplexity"])
def test_perplexity_by_its_name_is_no_loss(name: str) -> None:
    columns = {"N": N, "D": D, name: np.exp(LOSS)}
    for mapping in (None, {"loss": name}):
        told = refused(columns, mapping)
        assert f"{name} is perplexity by its name" in told
        assert "natural logarithm" in told
        assert "--map loss=" in told
        assert "missing" not in told


def test_log_perplexity_is_a_loss_and_perplexity_beside_a_loss_no_matter() -> None:
    assert read_table({"N": N, "D": D, "log_perplexity": LOSS}).loss.tolist() == LOSS.tolist()
    assert read_table({"N": N, "D": D, "loss": LOSS, "ppl": np.exp(LOSS)}).loss.tolist() == LOSS.tolist()


def test_losses_that_are_all_above_20_are_perplexities() -> None:
    told = refused({**RUNS, "loss": np.exp(LOSS + 1)})
    assert "every one of 12 is above 20 nats/token (from 24.3 to 701.3)" in told
    assert "natural logarithm" in told


def test_some_high_losses_are_noted_with_their_rows() -> None:
    (note,) = Table(changed("loss", _2=16.0, _6=31.0)).notes
    assert "rows 2, 6 above 15" in note
    (note,) = Table({**RUNS, "loss": LOSS + 9.4}).notes
    assert note.startswith("The loss is high for nats/token (median 12.4, ")


def test_accuracies_are_noted() -> None:
    (note,) = Table({**RUNS, "loss": 1 / LOSS}).notes
    assert "accuracies" in note


M, B, T = 1e6, 1e9, 1e12


@pytest.mark.parametrize(
    ("n_unit", "d_unit", "c_unit", "said"),
    [
        (M, 1, 1, "n_params in millions"),
        (B, 1, 1, "n_params in billions"),
        (1, B, 1, "tokens in billions"),
        (1, T, 1, "tokens in trillions"),
        (M, M, 1, "n_params in millions and tokens in millions"),
        (M, B, 1, "n_params in millions and tokens in billions"),
        (B, B, 1, "n_params in billions and tokens in billions"),
        (M, B, 1e15, "n_params in millions and tokens in billions and flops in PFLOPs"),
        (1, 1, 1e9, "flops in GFLOPs"),
        (1, 1, 1e15, "flops in PFLOPs"),
        (1, 1, 1e21, "flops in ZFLOPs"),
        (1, 1, PF_DAY, "flops in PF-days"),
    ],
)
def test_a_unit_is_told_with_its_factor(n_unit: float, d_unit: float, c_unit: float, said: str) -> None:
    """With all three columns, and with each two that include those in another unit and say enough."""
    units = {"n_params": n_unit, "tokens": d_unit, "flops": c_unit}
    for absent in ("", *units):
        if units.get(absent, 1) != 1 or (absent == "flops" and (n_unit, d_unit) == (M, M)):
            continue
        told = refused({name: RUNS[name] / units.get(name, 1) for name in RUNS if name != absent}).splitlines()[0]
        assert told.startswith(f"{said}, it seems: ")
        factors = re.findall(r"(\w+) \(\S+ in row 0\) by ([\d.e]+\d)", told)
        assert {name: float(factor) for name, factor in factors} == {n: u for n, u in units.items() if u != 1}


def test_what_a_unit_s_message_proposes_mends_the_table() -> None:
    slipped = {**RUNS, "n_params": N / 1e6}
    told = refused(slipped)
    assert f"multiply n_params ({N[0] / 1e6:g} in row 0) by 1e6" in told
    assert Table({**slipped, "n_params": slipped["n_params"] * 1e6}).notes == ()


@pytest.mark.parametrize(("n", "d"), [(2e3, 4e5), (31e3, 2e6), (7e10, 2e12), (1.7e12, 1e13), (1e8, 1e12), (1e9, 3e8)])
def test_counts_of_any_study_are_counts(n: float, d: float) -> None:
    """From models of 2,000 parameters to trillions, 0.3 to 10,000 tokens a parameter."""
    spread = np.geomspace(0.4, 4, 8)
    Table({"n_params": np.round(n * spread), "tokens": np.round(d * spread[::-1]), "loss": np.linspace(3, 2, 8)})


def test_the_smallest_study_of_ours_is_in_our_units(tmp_path: Path) -> None:
    """In a foreign table 200 parameters and 5,000 tokens would be millions; here flops_6nd says that they are not."""
    n, d = np.array([200.0, 400.0, 800.0]), np.array([8e3, 5e3, 3e3])
    small: dict[str, Any] = {"n_params": n, "tokens": d, "loss": [5.0, 4.5, 4.25]}
    assert "n_params in millions" in refused(small)
    table = Table({**small, "flops": 7 * n * d, "flops_6nd": 6 * n * d})
    table.to_csv(tmp_path / "table.csv")
    assert Table.from_csv(tmp_path / "table.csv").tokens.tolist() == d.tolist()
    assert "flops in PFLOPs" in refused({**RUNS, "flops": C / 1e15, "flops_6nd": 6 * N * D / 1e15})


def test_flops_far_from_6nd_are_noted_with_rows_and_ratio() -> None:
    (note,) = Table(changed("flops", _2=C[2] * 40, _5=C[5] / 10)).notes
    assert "more than 3x in 2 of 12 rows" in note
    ratio = C / (6 * N * D)
    assert f"row 2 ({ratio[2] * 40:.3g}), row 5 ({ratio[5] / 10:.3g})" in note
    assert "3x in 12 of 12 rows" in Table({**RUNS, "tokens": D / 1e3}).notes[0]


def test_one_budget_is_noted() -> None:
    flops = np.linspace(1, 1.04, 12) * 1e18
    (note,) = Table({"n_params": N, "flops": flops, "loss": LOSS}).where(N > 0).notes[1:]
    assert note.startswith("All 12 rows have one budget, 1.04e18 FLOPs within 5 %")


def test_numbers_that_overflow_are_told() -> None:
    assert "flops = 6 N D leaves the range of numbers: row 0 (inf)" in refused(
        {"n_params": [1e200, 1e201], "tokens": [1e202, 1e203], "loss": [3.0, 2.5]}
    )


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({"loss": "abc", "n_params": [1e9], "tokens": [1e9]}, "The column loss must be a list of cells"),
        ({"loss": 2.5, "n_params": [1e9], "tokens": [1e9]}, "The column loss must be a list of cells"),
        ({"loss": np.ones((2, 2)), "n_params": [1e9] * 2, "tokens": [1e9] * 2}, "The column loss must be a list"),
        ({"loss": [2.5, 2.0], "n_params": [1e9], "tokens": [1e9]}, "must have one length"),
        ({" loss": [2.5], "loss": [2.5], "n_params": [1e9], "tokens": [1e9]}, "two columns are named 'loss'"),
    ],
)
def test_columns_that_are_none_are_told(columns: Mapping[str, Any], told: str) -> None:
    assert told in refused(columns)


def test_a_name_that_no_file_would_give_back_is_refused() -> None:
    with pytest.raises(BadInput, match="cannot be named ' loss'"):
        Table({**RUNS, " loss": LOSS})


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.csv", b"", "is empty"),
        ("a.csv", b"N,D,loss\n", "but no rows"),
        ("a.csv", b"N;D;loss\n1;2;3\n", "separated by ';'"),
        ("a.csv", b"N,N,loss\n1,2,3\n", "two columns are named 'N'"),
        ("a.csv", b"N,D,loss\n" + b"1\n" * 40, "so have 30 more lines"),
        ("a.csv", "N,D,loss\n1,2,\u00e9".encode("latin-1"), "not UTF-8"),
        ("a.jsonl", b"\n\n", "is empty"),
        ("a.jsonl", b'{"N": 1}\n[1, 2]\nnothing\n', "line 2: an object is meant"),
        ("a.jsonl", b'{"N": 1}\n[1, 2]\nnothing\n', "line 3: not JSON"),
        ("a.jsonl", b"[" * 10**5, "not JSON"),
        ("a.jsonl", b'{"N": 1' + b"0" * 5000 + b"}", "not JSON"),
        ("a.parquet", b"PAR1 not quite PAR1", "could not be read"),
    ],
)
def test_a_broken_file_is_told_with_its_place(tmp_path: Path, name: str, content: bytes, told: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BadInput, match=told) as caught:
        read_table(tmp_path / name)
    assert str(tmp_path / name) in str(caught.value)


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_a_file_that_is_none_is_told(tmp_path: Path, suffix: str) -> None:
    (tmp_path / f"folder{suffix}").mkdir()
    for path, told in ((tmp_path / f"none{suffix}", "No such file"), (tmp_path / f"folder{suffix}", "directory")):
        with pytest.raises(BadInput, match=told):
            read_table(path)
    with pytest.raises(BadInput, match="null"):
        read_table(f"a\0{suffix}")
