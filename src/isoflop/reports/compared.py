"""The runs of an analysis beside the law that was fitted to them: what pictures and tables of a fit are made from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isoflop.plans.analysis import Analysis
from isoflop.runs.budgets import with_budgets
from isoflop.runs.columns import COLUMNS
from isoflop.runs.cost import cost_of

Floats = NDArray[np.float64]

MOST_RUNS = 400
"""Runs drawn in a picture; of more, so many are, evenly taken, or the page would be megabytes."""
MOST_BUDGETS = 10
COVERED = 1 / 3
"""Budgets that hold a smaller share of the runs than this are accidents of a table that was not made by budgets."""
NAMES = {
    "n_params": "model size N",
    "tokens": "tokens D",
    "flops": "training compute C",
    "unique_tokens": "unique tokens U",
    "tokens_per_param": "tokens per parameter D / N",
}


@dataclass(frozen=True, eq=False)
class Budget:
    """Runs of one compute: its name in FLOPs, what they spent in the middle, and their places among the rows in use."""

    name: float
    flops: float
    places: NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Compared:
    """Every run in use: its row and name, its inputs, the output measured and fitted; its flops where known.

    output and unit: the name of what the law says, and its unit. named: whether a check that bites names the run.
    budgets: at most `MOST_BUDGETS`, lowest first; empty where the table was not made by budgets. flops_per_token: the
    table's own cost, None for laws that split no budget.
    """

    rows: NDArray[np.int64]
    run_ids: tuple[str, ...]
    inputs: dict[str, Floats]
    measured: Floats
    fitted: Floats
    flops: Floats | None
    output: str
    unit: str
    named: NDArray[np.bool_]
    budgets: tuple[Budget, ...]
    flops_per_token: Callable[[Any], Any] | None

    @property
    def residual(self) -> Floats:
        """measured / fitted - 1."""
        return self.measured / self.fitted - 1

    @property
    def drawn(self) -> NDArray[np.intp]:
        """The places of the runs that pictures show: those named by a check, and of the others not too many."""
        n = len(self.rows)
        even = np.linspace(0, n - 1, min(n, MOST_RUNS)).astype(np.intp)
        return np.union1d(even, np.flatnonzero(self.named)[: MOST_RUNS // 4])

    @property
    def typical(self) -> float:
        """The median of |measured / fitted - 1|."""
        return float(np.median(np.abs(self.residual)))

    def table_rows(self) -> dict[int, dict[str, Any]]:
        """Of each run that is drawn, by its place: all of the above as plain values, the residual in per cent."""
        columns: dict[str, Any] = {"row": self.rows, "run_id": self.run_ids, **self.inputs}
        if self.flops is not None:
            columns["flops"] = self.flops
        columns |= {self.output: self.measured, "fitted": self.fitted, "residual": 100 * self.residual}
        return {int(i): {name: _plain(column[i]) for name, column in columns.items()} for i in self.drawn}

    def note(self, *, crosses: bool = False) -> str:
        """What orange crosses are, where there are some, and that not every run is drawn, where that is so."""
        n = len(self.rows)
        drawn = f" {len(self.drawn):,} of {n:,} runs are drawn." if len(self.drawn) < n else ""
        return (" Orange crosses are runs that a check names." if crosses else "") + drawn


def compared(analysis: Analysis) -> Compared:
    """The runs of the table beside the chosen law."""
    table, law = analysis.table, analysis.fit.law
    inputs = {name: np.asarray(table[name], dtype=np.float64) for name in law.inputs}
    named = {row for check in analysis.fit.doubts for row in check.rows}
    splits = law.inputs == ("n_params", "tokens") and law.output == "loss" and "flops" in table
    return Compared(
        rows=table.rows,
        run_ids=tuple(str(each) for each in table["run_id"]) if "run_id" in table else ("",) * len(table),
        inputs=inputs,
        measured=np.asarray(table[law.output], dtype=np.float64),
        fitted=np.asarray(np.broadcast_to(law(*inputs.values()), len(table)), dtype=np.float64),
        flops=np.asarray(table.flops, dtype=np.float64) if "flops" in table else None,
        output=law.output,
        unit=law.output_unit,
        named=np.isin(table.rows, sorted(named)),
        budgets=_budgets(analysis) if splits else (),
        flops_per_token=cost_of(table) if splits else None,
    )


def words(name: str) -> str:
    """An input or output in words, to stand within a sentence: "model size N"."""
    return NAMES.get(name, name.replace("_", " "))


def title(name: str, unit: str = "") -> str:
    """What an axis of an input or of the output says, with its unit: "Model size N (parameters)"."""
    unit = unit if unit not in ("", "output") else COLUMNS[name].unit if name in COLUMNS else ""
    said = words(name)[:1].upper() + words(name)[1:]
    return f"{said} ({unit})" if unit else said


def ranges(rows: Sequence[int]) -> str:
    """Row numbers in few words: 0, 1, 2, 5 as "0 to 2, 5"."""
    found: list[list[int]] = []
    for row in sorted(rows):
        if found and row == found[-1][-1] + 1:
            found[-1].append(row)
        else:
            found.append([row])
    return ", ".join(f"{each[0]} to {each[-1]}" if len(each) > 2 else ", ".join(map(str, each)) for each in found)


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _budgets(analysis: Analysis) -> tuple[Budget, ...]:
    table = with_budgets(analysis.table)
    labels = table["budget"]
    sizes = np.round(np.log(table.n_params), 3)
    groups = [np.flatnonzero(labels == each) for each in np.unique(labels[np.isfinite(labels)])]
    curves = [each for each in groups if len(np.unique(sizes[each])) > 2]
    most = sorted(curves, key=len, reverse=True)[:MOST_BUDGETS]
    if sum(map(len, most)) < COVERED * len(table):
        return ()
    spent = np.log(table.flops)
    found = (Budget(float(labels[each[0]]), float(np.exp(np.mean(spent[each]))), each) for each in most)
    return tuple(sorted(found, key=lambda budget: budget.flops))
