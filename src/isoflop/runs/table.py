"""A table of runs: checked columns with units, and the rows left out of it, each with its reason."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from isoflop.errors import BadInput
from isoflop.runs.columns import COLUMNS, complete
from isoflop.runs.csv_file import read_columns, write_columns
from isoflop.runs.record import Record, Status


@dataclass(frozen=True)
class Exclusion:
    """A row left out: its number (from 0, in the table as first made), its run ("" where unknown), and why."""

    row: int
    run_id: str
    why: str


class Table:
    """Runs as columns, a row each: `table["loss"]` gives the rows in use, `columns` all, `excluded` says what is out.

    Needs n_params and loss, and tokens or flops: a missing one of the two follows from C = 6 N D (`derived` names it).
    Rows whose status is not "done" are excluded. Raises `BadInput` with every problem of every column.
    """

    def __init__(self, columns: Mapping[str, Sequence[Any] | NDArray[Any]], excluded: Iterable[Exclusion] = ()):
        self.excluded: tuple[Exclusion, ...] = tuple(excluded)
        status = [str(cell) for cell in columns.get("status", ())]
        left_out = {exclusion.row for exclusion in self.excluded}
        unfinished = [row for row, word in enumerate(status) if word != Status.DONE and row not in left_out]
        left_out |= set(unfinished)
        self.columns, self.derived = complete(columns, left_out)
        self.excluded += tuple(Exclusion(row, self._run_id(row), f"it has {status[row]}") for row in unfinished)
        n_rows = len(self.columns["loss"])
        self.rows: NDArray[np.int64] = np.asarray([row for row in range(n_rows) if row not in left_out], np.int64)

    @classmethod
    def from_records(cls, records: Iterable[Record]) -> Self:
        """The table of a study's records; those that diverged or failed are excluded, with their note as the reason."""
        records = list(records)
        rows = [_row(record) for record in records]
        excluded = [
            Exclusion(i, record.run.id, f"it has {record.status}: {record.note}")
            for i, record in enumerate(records)
            if record.status is not Status.DONE
        ]
        return cls({name: [row[name] for row in rows] for name in RECORDED}, excluded)

    @classmethod
    def from_csv(cls, path: str | Path, mapping: Mapping[str, str] | None = None) -> Self:
        """Read a CSV file with a header. mapping gives our name of a column → its name in the file.

        An empty cell is missing. Rows with a text under `excluded` are left out, with that text as the reason.
        """
        in_file = read_columns(Path(path))
        names = dict(mapping or {})
        if unknown := [theirs for theirs in names.values() if theirs not in in_file]:
            raise BadInput(f"{path} has no column {', '.join(unknown)}; its columns are {', '.join(in_file)}.")
        names |= {name: name for name in in_file if name not in names.values() and name not in names}
        columns = {ours: in_file[theirs] for ours, theirs in names.items()}
        n_rows = len(next(iter(in_file.values())))
        whys = columns.pop("excluded", [""] * n_rows)
        ids = columns.get("run_id", [""] * n_rows)
        excluded = [Exclusion(row, ids[row], why) for row, why in enumerate(whys) if why]
        try:
            return cls(columns, excluded)
        except BadInput as bad:
            raise BadInput([f"{path}: {problem}" for problem in bad.problems]) from None

    def to_csv(self, path: str | Path) -> None:
        """Write all rows, the excluded ones with their reason; numbers keep every digit."""
        whys = {exclusion.row: exclusion.why for exclusion in self.excluded}
        rows = sorted({*self.rows.tolist(), *whys})
        columns: dict[str, Sequence[Any] | NDArray[Any]] = {name: column[rows] for name, column in self.columns.items()}
        columns["excluded"] = [whys.get(row, "") for row in rows]
        write_columns(Path(path), columns)

    def __len__(self) -> int:
        return len(self.rows)

    def __contains__(self, name: str) -> bool:
        return name in self.columns

    def __getitem__(self, name: str) -> NDArray[Any]:
        if name not in self.columns:
            raise BadInput(f"The table has no column {name!r}; its columns are {', '.join(self.columns)}.")
        values: NDArray[Any] = self.columns[name][self.rows]
        return values

    def __repr__(self) -> str:
        return f"Table({len(self)} rows, {len(self.excluded)} excluded; {', '.join(self.columns)})"

    @property
    def n_params(self) -> NDArray[np.float64]:
        """N, parameters: weight matrices and output head unless the table's source counts otherwise."""
        return self["n_params"]

    @property
    def tokens(self) -> NDArray[np.float64]:
        """D, tokens trained on."""
        return self["tokens"]

    @property
    def flops(self) -> NDArray[np.float64]:
        """C, training FLOPs."""
        return self["flops"]

    @property
    def loss(self) -> NDArray[np.float64]:
        """L, nats/token, held out."""
        return self["loss"]

    @property
    def loss_se(self) -> NDArray[np.float64]:
        """Standard error of the loss, nats/token; not a number where unknown."""
        return self["loss_se"]

    @property
    def seed(self) -> NDArray[np.int64]:
        """Seed of the initialisation."""
        return self["seed"]

    def where(self, mask: NDArray[np.bool_] | Sequence[bool]) -> Self:
        """The rows in use where mask holds; the others are not excluded, only not looked at. Row numbers stay."""
        chosen = np.asarray(mask)
        if chosen.dtype != np.bool_ or chosen.shape != self.rows.shape:
            raise BadInput(
                f"A mask needs one true or false for each of {len(self)} rows; got {chosen.shape} {chosen.dtype}."
            )
        return self._with(self.rows[chosen], self.excluded)

    def excluding(self, rows: Iterable[int], why: str) -> Self:
        """Without these rows (numbers as in `table.rows`), and the reason kept in `excluded`."""
        out = sorted({int(row) for row in rows})
        if unknown := sorted(set(out) - set(self.rows.tolist())):
            raise BadInput(f"Rows {unknown} are not in the table in use; `table.rows` lists those that are.")
        if not why:
            raise BadInput("An exclusion needs a reason.")
        added = tuple(Exclusion(row, self._run_id(row), why) for row in out)
        return self._with(self.rows[~np.isin(self.rows, out)], self.excluded + added)

    def without_worst(self, count: int) -> Self:
        """Without the rows of highest loss (Besiroglu et al. 2024 leave out 5 of Hoffmann's 245)."""
        if not 0 <= count <= len(self):
            raise BadInput(f"{count} rows cannot be left out of {len(self)}.")
        worst = np.argsort(-self.loss, kind="stable")[:count]
        return self.excluding(self.rows[worst], f"among the {count} highest losses") if count else self

    def _with(self, rows: NDArray[np.int64], excluded: tuple[Exclusion, ...]) -> Self:
        """The same columns, already checked, with other rows in use."""
        other = object.__new__(type(self))
        other.columns, other.derived, other.rows, other.excluded = self.columns, self.derived, rows, excluded
        return other

    def _run_id(self, row: int) -> str:
        return str(self.columns["run_id"][row]) if "run_id" in self.columns else ""


RECORDED = tuple(name for name in COLUMNS if name != "excluded")


def _row(record: Record) -> dict[str, Any]:
    run, shape = record.run, record.run.shape
    return {
        "run_id": run.id,
        "status": str(record.status),
        "n_params": shape.n_params,
        "n_params_nonembedding": shape.n_params_nonembedding,
        "n_params_total": shape.n_params_total,
        "tokens": record.tokens or None,
        "unique_tokens": None,
        "flops": record.flops or None,
        "flops_6nd": record.flops_6nd or None,
        "loss": record.loss,
        "loss_se": record.loss_se,
        "bits_per_byte": record.bits_per_byte,
        "seed": run.init_seed,
        "data_seed": run.data_seed,
        "budget": run.budget,
        "role": run.role,
        "width": shape.width,
        "n_layers": shape.n_layers,
    }
