"""Where the lab meets our trainer and worker processes: records that are there are given, the others are trained."""

from collections.abc import Sequence
from typing import Self

from isoflop.designs.kept import Kept, refuse_changes
from isoflop.errors import Interrupted
from isoflop.executors.local import LocalProcesses
from isoflop.executors.sweep import run_all
from isoflop.lab import keep
from isoflop.runs.record import Record, Status
from isoflop.runs.run import Run
from isoflop.runs.store import Store
from isoflop.terminal import Display
from isoflop.training.version import TRAINER

COMPILATION = 6.0  # seconds of one core that training and evaluating a small shape take to compile


class Session:
    """Gives the records of runs, and trains those that have none. Workers begin with the first such run."""

    def __init__(self, kept: Kept, store: Store, display: Display):
        self.kept = kept
        self.store = store
        self.display = display
        self.executor: LocalProcesses | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.executor is not None:
            self.executor.close()

    def get(self, runs: Sequence[Run]) -> list[Record]:
        """The records of runs, in order."""
        self.display.expect(runs)
        for record in (found := found_in(self.store, runs)):
            if record.status is not Status.FAILED:  # that one is tried again
                self.display.record(record, trained=False)
        if len(found) == len(runs) and all(record.status is not Status.FAILED for record in found):
            return found
        if self.executor is None:
            self.executor = self._begin()
        from isoflop.training.trainer import train  # noqa: PLC0415 – brings JAX, which the workers import meanwhile

        display, store = self.display, self.store
        try:
            return run_all(
                runs, train=train, executor=self.executor, store=store, emit=display.event, on_record=display.record
            )
        except Interrupted as error:
            raise Interrupted(
                f"Stopped. {len(display.done)} finished runs are kept, those under way go on from their checkpoints: "
                f"isoflop run {store.folder / 'study.toml'} --out {store.folder}"
            ) from error

    def _begin(self) -> LocalProcesses:
        # Only where something is trained must the text be there, and be what it was.
        refuse_changes(self.kept, keep(self.kept.study, TRAINER, self.display.say), self.store.folder)
        plan = self.kept.study.run
        executor = LocalProcesses(plan.workers, plan.threads, compilation=COMPILATION)
        executor.warm(self.store.scratch, "isoflop.training.trainer")  # which takes them as long as it takes us
        return executor


def found_in(store: Store, runs: Sequence[Run]) -> list[Record]:
    """The records that are there, in the order of runs."""
    return [record for run in runs if (record := store.get(run.id)) is not None]
