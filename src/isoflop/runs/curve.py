"""A loss curve as a value: the losses of one run at some of its steps, and the learning rate of every step."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from isoflop.errors import BadInput
from isoflop.laws.schedule import SHAPES, Floats
from isoflop.runs.csv_file import read_columns
from isoflop.runs.record import Record

MOST_STEPS = 10**8  # of a schedule that is made up between logged rates: 0.8 GB
EARLY = 0.1
"""Share of a run whose checkpoints say little of its end: warm-up and first descent (Choshen et al. 2024)."""


@dataclass(frozen=True, eq=False)
class LossCurve:
    """steps (n,), counted from 0, ascending; losses (n,) at them, nats/token; learning_rates of all steps from 0.

    The schedule may go on beyond the last step with a loss. Raises `BadInput` with every problem.
    """

    run_id: str
    steps: NDArray[np.int64]
    losses: Floats
    learning_rates: Floats

    def __post_init__(self) -> None:
        steps = np.atleast_1d(np.asarray(self.steps, dtype=np.float64))
        losses = np.atleast_1d(np.asarray(self.losses, dtype=np.float64))
        rates = np.atleast_1d(np.asarray(self.learning_rates, dtype=np.float64))
        problems = []
        if steps.shape != losses.shape or steps.ndim != 1 or not len(steps):
            problems.append(f"{steps.size} steps and {losses.size} losses; each step needs its loss.")
        if not np.all(np.isfinite(losses) & (losses > 0)):
            problems.append(f"{int(np.sum(~(losses > 0) | np.isinf(losses)))} losses are not above 0 and finite.")
        if not np.all(steps == np.floor(steps)) or not np.all(np.diff(steps) > 0) or not np.all(steps >= 0):
            problems.append("the steps are not whole numbers from 0 in ascending order.")
        elif len(steps) and steps[-1] >= len(rates):
            problems.append(
                f"its last loss is of step {int(steps[-1])}, but its schedule ends at step {len(rates) - 1}."
            )
        if not np.all(np.isfinite(rates) & (rates >= 0)) or not rates.any():
            problems.append("the learning rates are not all finite and 0 or more, or all are 0.")
        if problems:
            raise BadInput([f"The curve of run {self.run_id or '(unnamed)'}: {problem}" for problem in problems])
        object.__setattr__(self, "steps", steps.astype(np.int64))
        object.__setattr__(self, "losses", losses)
        object.__setattr__(self, "learning_rates", rates)

    def __len__(self) -> int:
        return len(self.steps)

    def __repr__(self) -> str:
        span = f"steps {self.steps[0]} to {self.steps[-1]} of {len(self.learning_rates)}"
        return f"LossCurve({self.run_id!r}, {len(self)} losses, {span})"

    @classmethod
    def from_csv(
        cls,
        path: str | Path,
        *,
        learning_rates: ArrayLike | None = None,
        warmup: int = 0,
        mapping: Mapping[str, str] | None = None,
        run_id: str = "",
    ) -> Self:
        """A curve from a CSV file with the columns step, loss and, unless the schedule is given, lr.

        A given schedule is exact. Without it the rate between two logged steps is interpolated, so a sudden drop comes
        out as steep as the log is dense; before the first logged step it rises from 0 for `warmup` steps, then keeps.
        mapping gives our name of a column → its name in the file.
        """
        path = Path(path)
        file = read_columns(path)
        needed = ("step", "loss") if learning_rates is not None else ("step", "loss", "lr")
        theirs = {name: dict(mapping or {}).get(name, name) for name in needed}
        if missing := [name for name in theirs.values() if name not in file]:
            raise BadInput(f"{path} has no column {', '.join(missing)}; its columns are {', '.join(file)}.")
        columns: dict[str, NDArray[Any]] = {name: _numbers(file[their]) for name, their in theirs.items()}
        problems = [
            f"{path}: {theirs[name]} is no finite number in {int(np.sum(~np.isfinite(column)))} rows, first in row "
            f"{int(np.argmin(np.isfinite(column)))}. Correct it, or leave those rows out."
            for name, column in columns.items()
            if not np.isfinite(column).all()
        ]
        if not problems and not 0 <= columns["step"][0] <= columns["step"].max() <= MOST_STEPS:
            problems.append(f"{path}: {theirs['step']} goes beyond 0 to {MOST_STEPS:g} steps.")
        if problems:
            raise BadInput(problems)
        rates = _between(columns["step"], columns["lr"], warmup) if learning_rates is None else learning_rates
        return cls(run_id or path.stem, columns["step"], columns["loss"], np.asarray(rates, dtype=np.float64))

    @classmethod
    def from_record(cls, record: Record) -> Self:
        """The training curve of a record. Each loss is a mean over some steps, and stands at the middle one of them."""
        run, optimizer = record.run, record.run.optimizer
        update = np.arange(1.0, run.steps + 1)
        warmup, final = optimizer.warmup_steps, optimizer.final_lr_fraction
        done = np.clip((update - warmup) / max(run.steps - warmup, 1), 0, 1)
        decayed = final + (1 - final) * SHAPES[optimizer.decay](done)
        rates = optimizer.peak_lr * np.where(update < warmup, update / max(warmup, 1), decayed)
        ends = record.curve.tokens // run.batch_tokens
        middle = (np.concatenate([[0], ends[:-1]]) + ends - 1) // 2
        return cls(run.id, middle, record.curve.train_loss, rates)

    def beyond(self, share: float = EARLY) -> Self:
        """Without the losses of the first share of the run's steps; the schedule stays whole."""
        late = self.steps >= share * (self.steps[-1] + 1)
        return replace(self, steps=self.steps[late], losses=self.losses[late])

    def only(self, rows: ArrayLike) -> Self:
        """Some of the losses, by number or mask; the schedule stays whole."""
        chosen = np.asarray(rows)
        return replace(self, steps=self.steps[chosen], losses=self.losses[chosen])


def _between(steps: Floats, rates: Floats, warmup: int) -> Floats:
    """The rate of every step up to the last logged one: a warm-up, a level, then straight lines."""
    known = np.arange(int(max(steps.max(), 0)) + 1, dtype=np.float64)
    found = np.interp(known, steps, rates)
    end = max(0, min(warmup - 1, int(steps[0])))
    found[:end] = rates[0] * known[:end] / max(end, 1)
    return np.asarray(found)


def _numbers(cells: Sequence[str]) -> Floats:
    """Cells as numbers; what is none is not a number."""
    found = np.full(len(cells), np.nan)
    for row, cell in enumerate(cells):
        try:
            found[row] = float(cell)
        except ValueError:
            continue
    return found
