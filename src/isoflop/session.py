"""Where the lab meets our trainer and worker processes: records that are there are given, the others are trained."""

from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Self

from isoflop.designs.kept import Kept, refuse_changes
from isoflop.designs.study import RunSection
from isoflop.errors import Interrupted
from isoflop.executors.local import LocalProcesses
from isoflop.executors.sweep import run_all
from isoflop.lab import Get, keep
from isoflop.runs.record import Record, Status
from isoflop.runs.run import Run
from isoflop.runs.store import Store
from isoflop.terminal import Display
from isoflop.training.version import TRAINER

COMPILATION = 6.0  # seconds of one core that training and evaluating a small shape take to compile


class Session:
    """Gives the records of runs, and trains those that have none, with workers that end with the `with` block."""

    def __init__(self, store: Store, plan: RunSection):
        self.store = store
        self.executor = LocalProcesses(plan.workers, plan.threads, compilation=COMPILATION)
        self.begun = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.executor.close()
        with suppress(OSError):  # a study that was refused leaves nothing behind
            for log in self.store.folder.glob("scratch/worker-*.log"):
                if not log.stat().st_size:
                    log.unlink()
            (self.store.folder / "scratch").rmdir()

    def begin(self) -> None:
        """Start the workers, which import the trainer while this process does something else."""
        if not self.begun:
            self.executor.warm(self.store.scratch, "isoflop.training.trainer")
        self.begun = True

    def getter(self, kept: Kept, display: Display) -> Get:
        """How the lab gets the records of this study's runs."""
        return partial(self._get, kept, display)

    def _get(self, kept: Kept, display: Display, runs: Sequence[Run]) -> list[Record]:
        display.expect(runs)
        for record in (found := found_in(self.store, runs)):
            if record.status is not Status.FAILED:  # that one is tried again
                display.record(record, trained=False)
        if len(found) == len(runs) and all(record.status is not Status.FAILED for record in found):
            return found
        self.begin()
        # Only where something is trained must the text be there, and be what it was.
        refuse_changes(kept, keep(kept.study, TRAINER, display.say), self.store.folder)
        from isoflop.training.trainer import train  # noqa: PLC0415 – brings JAX

        try:
            return run_all(
                runs,
                train=train,
                executor=self.executor,
                store=self.store,
                emit=display.event,
                on_record=display.record,
            )
        except Interrupted as error:
            raise Interrupted(
                f"Stopped. {len(display.done)} finished runs are kept, those under way go on from their checkpoints: "
                f"isoflop run {self.store.folder / 'study.toml'} --out {self.store.folder}"
            ) from error


def found_in(store: Store, runs: Sequence[Run]) -> list[Record]:
    """The records that are there, in the order of runs."""
    return [record for run in runs if (record := store.get(run.id)) is not None]
