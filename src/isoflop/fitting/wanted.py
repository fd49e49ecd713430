"""What a user wants of a table: the runs, the laws, the objective, the kind of intervals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from isoflop.errors import BadInput
from isoflop.estimates.objective import HUBER, LEAST_ABSOLUTE, SQUARES, UNDERTUNED, Objective
from isoflop.laws.catalog import loss_form, loss_forms
from isoflop.laws.law import Law
from isoflop.runs.table import Table

DRAWS = 200
"""Resamples by default: enough for a 90 % interval, and a cold fit stays under 4 s."""
ALL = "all"
TRIANGLE = {"n_params", "tokens", "flops", "loss"}
INTERVALS = ("auto", "case", "cluster", "residual", "wild", "sandwich", "posterior")


@dataclass(frozen=True)
class Wanted:
    """How laws are fitted: the objective, the runs' weights ("loss_se" or none), the kind of intervals and its draws.

    holdout: "flops" judges the laws by the largest budgets, held out, and the best is chosen.
    """

    objective: Objective = HUBER
    weigh: str = ""
    intervals: str = "auto"
    draws: int = DRAWS
    seed: int = 0
    holdout: str = ""

    def __post_init__(self) -> None:
        problems = []
        if self.draws < 0:
            problems.append(f"{self.draws} draws: give how many laws the intervals are made of, or 0 for none.")
        if self.intervals not in INTERVALS:
            problems.append(f"No intervals are called {self.intervals!r}. There are {', '.join(INTERVALS)}.")
        if self.weigh not in {"", "loss_se"}:
            problems.append(f"Runs are weighed by 'loss_se' or not at all, not by {self.weigh!r}.")
        if self.seed < 0:
            problems.append(f"A seed is 0 or more; got {self.seed}.")
        if self.holdout not in {"", "flops"}:
            problems.append(f"Held out are the largest 'flops' or nothing, not {self.holdout!r}.")
        if problems:
            raise BadInput(problems)


def read(
    source: str, laws: Sequence[str], mapping: Mapping[str, str], exclude: Sequence[int], convention: str = "6ND"
) -> Table:
    """A user's table, with the columns that the laws need, without the rows they name and without pilots."""
    from isoflop.runs.readers.read import read_table  # noqa: PLC0415

    needed = None
    if ALL not in laws:
        columns = dict.fromkeys(name for law in laws for name in (*loss_form(law).inputs, "loss"))
        needed = None if set(columns) <= TRIANGLE else tuple(columns)
    left_out = dict.fromkeys(exclude, "left out by --exclude")
    table = read_table(source, mapping, needed=needed, convention=convention, exclude=left_out)
    if "role" in table and (pilots := table.rows[table["role"] == "pilot"]).size:
        table = table.excluding(pilots, "a learning-rate pilot, not trained by the recipe")
    return table


def forms_of(laws: Sequence[str], table: Table) -> tuple[type[Law], ...]:
    """The forms by the names given; for "all", every law of the loss whose inputs the table has and can determine."""
    if ALL not in laws:
        return tuple(dict.fromkeys(loss_form(name) for name in laws))
    whole = [name for name, column in table.columns.items() if column.dtype.kind in "fiu" and np.all(table[name] > 0)]
    return tuple(form for form in loss_forms(whole) if len(form.params()) < len(table))


def objective_of(name: str, delta: float | None) -> Objective:
    """The objective by its name on the command line. Raises `BadInput` where it has no threshold to set."""
    named = {"huber": HUBER, "absolute": LEAST_ABSOLUTE, "squares": SQUARES, "undertuned": UNDERTUNED}
    if delta is None:
        return named[name]
    if name not in {"huber", "undertuned"}:
        raise BadInput(
            f"--delta {delta:g} is Huber's threshold, and --objective {name} has none. Leave one of them out."
        )
    return replace(named[name], delta=delta)
