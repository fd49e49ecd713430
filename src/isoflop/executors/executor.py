"""What an executor is: it trains cohorts of runs with a given trainer; and the one that does so in this process."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

from isoflop.errors import StorageError
from isoflop.runs.event import Event
from isoflop.runs.record import Record
from isoflop.runs.run import Run

Cohort = Sequence[Run]
Emit = Callable[[Event], None]
ShouldStop = Callable[[], bool]

NOTE_LENGTH = 2000  # characters of a traceback or a log that a record keeps


class Train(Protocol):
    """A trainer: trains the runs of a cohort side by side, gives a record for each as it ends.

    It tells its progress to emit, and asks should_stop often: once true, it keeps its checkpoint in folder and returns
    at once without the records that are not finished. Called again with the same run it goes on from the checkpoint.
    """

    def __call__(self, runs: Sequence[Run], *, folder: Path, emit: Emit, should_stop: ShouldStop) -> Iterator[Record]:
        """Train the runs of one cohort."""


class Executor(Protocol):
    """Trains cohorts, the earlier ones first, and gives each record as it comes, those of failed runs too.

    Once should_stop is true no cohort is begun, and what is not finished is left out. Raises `StorageError` where a
    trainer did, since every other run would meet the same full disk.
    """

    def run(
        self, cohorts: Sequence[Cohort], *, train: Train, folder: Path, emit: Emit, should_stop: ShouldStop
    ) -> Iterator[Record]:
        """Train cohorts, and give every record as it comes."""


class InProcess:
    """One cohort after another, here: for tests, notebooks and debuggers."""

    def run(
        self, cohorts: Sequence[Cohort], *, train: Train, folder: Path, emit: Emit, should_stop: ShouldStop
    ) -> Iterator[Record]:
        """Train each cohort; an exception makes its unfinished runs failed, with the exception as their note."""
        for cohort in cohorts:
            if should_stop():
                return
            left = {run.id: run for run in cohort}
            try:
                for record in train(cohort, folder=folder, emit=emit, should_stop=should_stop):
                    left.pop(record.run.id, None)
                    yield record
            except StorageError:
                raise
            except Exception as error:  # whatever a trainer raises, the other runs go on
                note = describe(error)
            else:
                note = "The trainer ended without a record of it."
            if not should_stop():
                yield from (Record.failed(run, note) for run in left.values())


def describe(error: BaseException) -> str:
    """An exception in one line, as a record's note."""
    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return text[:NOTE_LENGTH]
