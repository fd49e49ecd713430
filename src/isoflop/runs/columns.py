"""The columns of a table: what each known one means, its unit, and what is wrong with a column that is given."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isoflop.errors import BadInput


@dataclass(frozen=True)
class Column:
    """Kind is "text", "whole" or "number". A number may be missing (not a number inside, an empty cell in a file)."""

    kind: str
    unit: str
    meaning: str
    positive: bool = True
    may_miss: bool = True


COLUMNS: Mapping[str, Column] = {
    "run_id": Column("text", "", "fingerprint of the run's inputs"),
    "status": Column("text", "", "done, diverged or failed"),
    "n_params": Column("number", "parameters", "every weight matrix and the output head", may_miss=False),
    "n_params_nonembedding": Column("number", "parameters", "weight matrices without embeddings and head"),
    "n_params_total": Column("number", "parameters", "everything trained"),
    "tokens": Column("number", "tokens", "tokens trained on, repeats counted", may_miss=False),
    "unique_tokens": Column("number", "tokens", "different tokens trained on"),
    "flops": Column("number", "FLOPs", "training FLOPs, counted exactly", may_miss=False),
    "flops_6nd": Column("number", "FLOPs", "6 N D"),
    "loss": Column("number", "nats/token", "held-out loss at the end of training", may_miss=False),
    "loss_se": Column("number", "nats/token", "standard error of the loss, by document", positive=False),
    "bits_per_byte": Column("number", "bits/byte", "held-out loss per byte of text"),
    "seed": Column("whole", "", "seed of the model's initialisation", positive=False, may_miss=False),
    "data_seed": Column("whole", "", "seed of the order of the data", positive=False, may_miss=False),
    "budget": Column("number", "FLOPs", "the rung that the run belongs to"),
    "role": Column("text", "", "ladder, check or pilot"),
    "width": Column("whole", "", "width of the model", may_miss=False),
    "n_layers": Column("whole", "", "layers of the model", may_miss=False),
    "excluded": Column("text", "", "why the row is left out of fits; empty where it is not"),
}

NEEDED = ("n_params", "loss")

SHOWN = 3  # bad cells that a message lists


def complete(
    columns: Mapping[str, Sequence[Any] | NDArray[Any]], left_out: Container[int]
) -> tuple[dict[str, NDArray[Any]], tuple[str, ...]]:
    """All columns checked, with those that follow from C = 6 N D, and the names of those that were derived.

    Raises `BadInput` with every problem.
    """
    lengths = {name: len(cells) for name, cells in columns.items()}
    if len(set(lengths.values())) > 1:
        raise BadInput(f"The columns of a table must have one length; got {lengths}.")
    used = np.asarray([row not in left_out for row in range(next(iter(lengths.values()), 0))], bool)
    arrays: dict[str, NDArray[Any]] = {}
    problems = [f"The column {name} is missing: {COLUMNS[name].meaning}." for name in NEEDED if name not in columns]
    if "tokens" not in columns and "flops" not in columns:
        problems.append("The columns tokens and flops are both missing; one of them is needed.")
    for name, cells in columns.items():
        arrays[name], wrong = checked(name, cells, used)
        problems += wrong
    if problems:
        raise BadInput([*problems, f"The columns given are {', '.join(columns) or 'none'}."])
    derived = []
    if "tokens" not in arrays:
        derived.append("tokens")
        arrays["tokens"] = arrays["flops"] / (6 * arrays["n_params"])
    six_nd = 6 * arrays["n_params"] * arrays["tokens"]
    for name in ("flops", "flops_6nd"):
        if name not in arrays:
            derived.append(name)
            arrays[name] = six_nd
    return arrays, tuple(derived)


def checked(name: str, cells: Sequence[Any] | NDArray[Any], used: NDArray[np.bool_]) -> tuple[NDArray[Any], list[str]]:
    """A column as an array of its kind, and everything wrong with it; rows that are not used may miss their numbers.

    Columns not in `COLUMNS` become numbers if all their cells are, else text.
    """
    about = COLUMNS.get(name)
    if about is not None and about.kind == "text":
        return np.asarray([str(cell) for cell in cells], dtype=np.str_), []
    numbers, unreadable = _numbers(cells)
    if about is None:
        return (np.asarray([str(cell) for cell in cells], dtype=np.str_), []) if unreadable.any() else (numbers, [])
    problems = []
    missing = np.isnan(numbers) & ~unreadable
    wrong = {
        "no number": unreadable,
        "infinite": np.isinf(numbers),
        "missing": missing & used if not about.may_miss else np.zeros(len(numbers), bool),
        "not above 0": (numbers <= 0) if about.positive else np.zeros(len(numbers), bool),
        "below 0": (numbers < 0) & (not about.positive),
        "not whole": (numbers != np.floor(numbers)) & np.isfinite(numbers) & (about.kind == "whole"),
    }
    for what, rows in wrong.items():
        if rows.any():
            problems.append(f"{name}: {_listed(np.flatnonzero(rows), cells)} {what}{_in(about.unit)}.")
    if about.kind == "whole" and not problems and not missing.any():
        return numbers.astype(np.int64), []
    return numbers, problems


def _numbers(cells: Sequence[Any] | NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    numbers = np.full(len(cells), np.nan)
    unreadable = np.zeros(len(cells), bool)
    for row, cell in enumerate(cells):
        if cell is None or (isinstance(cell, str) and not cell.strip()):
            continue
        try:
            numbers[row] = float(cell)
        except (TypeError, ValueError):
            unreadable[row] = True
    return numbers, unreadable


def _listed(rows: NDArray[np.intp], cells: Sequence[Any] | NDArray[Any]) -> str:
    shown = ", ".join(f"row {row} ({_plain(cells[row])})" for row in rows[:SHOWN])
    more = f" and {len(rows) - SHOWN} more" if len(rows) > SHOWN else ""
    return f"{shown}{more} {'is' if len(rows) == 1 else 'are'}"


def _plain(cell: Any) -> str:
    return repr(cell.item() if isinstance(cell, np.generic) else cell)


def _in(unit: str) -> str:
    return f" (the unit is {unit})" if unit else ""
