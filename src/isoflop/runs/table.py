"""A table of runs: checked columns with units, and the rows left out of it, each with its reason."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from isoflop.errors import BadInput
from isoflop.runs.cells import even, text_of, texts
from isoflop.runs.columns import needs
from isoflop.runs.complete import CONVENTION, complete, derivations
from isoflop.runs.csv_file import read_columns, write_columns
from isoflop.runs.doubts import doubts
from isoflop.runs.names import Named, named
from isoflop.runs.readers.frame import frame_columns
from isoflop.runs.record import Record, Status
from isoflop.runs.recorded import RECORDED, row_of


@dataclass(frozen=True)
class Exclusion:
    """A row left out: its number (from 0, in the table as first made), its run ("" where unknown), and why."""

    row: int
    run_id: str
    why: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "why", text_of(self.why))  # as `to_csv` keeps it, whatever a log put into it


class Table:
    """Runs as columns, a row each: `table["loss"]` gives the rows in use, `columns` all, `excluded` says what is out.

    Needs loss and two of n_params, tokens and flops: the third follows from C = 6 N D (`derived` names it). A law of
    other inputs has its columns `needed` instead, and exactly those. Left out are rows whose status is not "done", and
    rows with a text under `excluded`, which is the reason. Raises `BadInput` with every problem of every column.
    """

    def __init__(
        self,
        columns: Mapping[str, Sequence[Any] | NDArray[Any]],
        excluded: Iterable[Exclusion] = (),
        *,
        needed: Sequence[str] | None = None,
    ):
        self._make(Named(columns), tuple(excluded), needed, CONVENTION)

    def _make(
        self, found: Named, excluded: tuple[Exclusion, ...], needed: Sequence[str] | None, convention: str
    ) -> None:
        cells = even(found.columns)
        n_rows = len(next(iter(cells.values()), ()))
        if beyond := [each.row for each in excluded if not 0 <= each.row < n_rows]:
            raise BadInput(f"The table has {n_rows} rows, counted from 0, and none numbered {beyond}.")
        left_out = {each.row for each in excluded}
        ids = texts(cells["run_id"]) if "run_id" in cells else np.full(n_rows, "")
        for name, kept, because in (("excluded", "", ""), ("status", Status.DONE, "it has ")):
            words = texts(cells.get(name, ()))
            for row in np.flatnonzero(words != kept).tolist():
                if row not in left_out:
                    left_out.add(row)
                    excluded += (Exclusion(row, str(ids[row]), f"{because}{words[row] or 'no status'}"),)
        used = np.ones(n_rows, bool)
        used[list(left_out)] = False
        own = {name: column for name, column in cells.items() if name != "excluded"}
        self.columns, self.derived = complete(replace(found, columns=own), used, needed, convention)
        self.excluded, self.needed = excluded, needs(needed)
        self.rows: NDArray[np.int64] = np.flatnonzero(used)
        self._said = found.notes + derivations(self.derived, n_rows)

    @classmethod
    def from_records(cls, records: Iterable[Record]) -> Self:
        """The table of a study's records; those that diverged or failed are excluded, with their note as the reason."""
        records = list(records)
        rows = [row_of(record) for record in records]
        excluded = [
            Exclusion(i, record.run.id, f"it has {record.status}: {record.note}")
            for i, record in enumerate(records)
            if record.status is not Status.DONE
        ]
        return cls({name: [row[name] for row in rows] for name in RECORDED}, excluded)

    @classmethod
    def from_columns(
        cls,
        columns: Mapping[str, Sequence[Any] | NDArray[Any]],
        mapping: Mapping[str, str] | None = None,
        *,
        where: str = "",
        needed: Sequence[str] | None = None,
        convention: str | None = None,
        excluded: Iterable[Exclusion] = (),
    ) -> Self:
        """Columns under the names that others gave them: recognised where these are common, or by the mapping.

        mapping gives our name of a column → its name there, and wins; `notes` says what was recognised. where begins
        every problem. convention is "6ND" (where none is given), or "none" to derive nothing. Excluded rows may have
        cells that others may not. Raises `BadInput`.
        """
        table = cls.__new__(cls)
        try:
            table._make(named(columns, mapping or {}, needed), tuple(excluded), needed, convention or CONVENTION)
        except BadInput as bad:
            raise BadInput([f"{where}: {problem}" if where else problem for problem in bad.problems]) from None
        return table

    @classmethod
    def from_csv(cls, path: str | Path, mapping: Mapping[str, str] | None = None) -> Self:
        """Read a CSV file with a header, as `from_columns` does. An empty cell is missing.

        `read_table` reads other formats too.
        """
        return cls.from_columns(read_columns(Path(path)), mapping, where=str(path))

    @classmethod
    def from_frame(cls, frame: Any, mapping: Mapping[str, str] | None = None) -> Self:
        """A dataframe of pandas or Polars, an Arrow table, or a mapping of lists, as `from_columns` does."""
        return cls.from_columns(frame_columns(frame), mapping)

    def to_csv(self, path: str | Path) -> None:
        """Write all rows, the excluded ones with their reason; numbers keep every digit."""
        whys = {exclusion.row: exclusion.why for exclusion in self.excluded}
        rows = sorted({*self.rows.tolist(), *whys})
        columns: dict[str, Sequence[Any] | NDArray[Any]] = {name: column[rows] for name, column in self.columns.items()}
        columns["excluded"] = [whys.get(row, "") for row in rows]
        write_columns(Path(path), columns)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was recognised and derived, then what is odd about the rows in use: a sentence each, with numbers."""
        return self._said + doubts(self.columns, self.rows, self.derived, self.needed)

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
        if not text_of(why):
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
        other.columns, other.derived, other.needed, other._said = self.columns, self.derived, self.needed, self._said
        other.rows, other.excluded = rows, excluded
        return other

    def _run_id(self, row: int) -> str:
        return str(self.columns["run_id"][row]) if "run_id" in self.columns else ""
