"""Training in worker processes of this machine, each long-lived, so that what it compiled serves the next cohort."""

import math
import pickle
import time
from collections.abc import Iterator, Sequence
from multiprocessing.connection import wait
from pathlib import Path
from typing import Self

from isoflop.errors import BadInput, StorageError
from isoflop.executors.executor import Cohort, Emit, ShouldStop, Train
from isoflop.executors.process import WorkerProcess, cores, environment, program
from isoflop.runs.durable import make_folder
from isoflop.runs.record import Record

POLL_SECONDS = 0.05  # how long a wish to stop may go unseen
GRACE_SECONDS = 1.5  # what a trainer has to keep its checkpoint; one that compiles cannot even be asked


class LocalProcesses:
    """n_workers processes of `threads` threads each. Use it with `with`, so that they end.

    Workers see neither Ctrl-C nor each other; one that is killed fails its cohort alone, and a new one takes its place.
    They end when this process does, even by `kill -9`. POSIX only.

    compilation: how many seconds a worker rather waits than compiles a program that another has just begun with, where
    the trainer keeps what is compiled for all.
    """

    def __init__(self, n_workers: int, threads: int = 1, *, compilation: float = 0.0):
        if n_workers < 1 or threads < 1:
            raise BadInput(f"{n_workers} workers of {threads} threads cannot train; both must be at least 1.")
        self._compilation = compilation
        self._cores = cores(n_workers, threads)
        self._environment = environment(threads, n_workers)
        self._workers: list[WorkerProcess | None] = [None] * n_workers

    def warm(self, folder: Path, module: str) -> None:
        """Start the workers now, and have them import a module, while this process does something else."""
        make_folder(folder)
        for slot, there in enumerate(self._workers):
            if there is None:
                self._workers[slot] = self._start(slot, folder, module)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the workers; a later `run` starts new ones."""
        workers = [worker for worker in self._workers if worker is not None]
        self._workers = [None] * len(self._workers)
        for worker in workers:
            worker.connection.close()  # all of them first, so that they end side by side
        for worker in workers:
            worker.end()

    def run(
        self, cohorts: Sequence[Cohort], *, train: Train, folder: Path, emit: Emit, should_stop: ShouldStop
    ) -> Iterator[Record]:
        """Train cohorts side by side, the earlier ones first, but rather on a worker that has compiled their program.

        Raises `BadInput` if train cannot be found by name in another process, `StorageError` where a trainer did.
        """
        trainer = shipped(train)
        make_folder(folder)
        waiting = list(cohorts)
        deadline = math.inf
        try:
            while time.monotonic() < deadline:
                if should_stop():
                    if deadline == math.inf:
                        deadline = time.monotonic() + GRACE_SECONDS
                        for worker in self._busy():
                            worker.ask_to_stop()
                else:
                    self._hand_out(waiting, trainer, folder)
                if not self._busy():
                    return
                yield from self._receive(emit, stopping=deadline < math.inf)
        finally:
            for worker in self._busy():  # deaf to the wish to stop, or this generator was closed
                worker.process.kill()
                worker.end()
                self._workers[self._workers.index(worker)] = None

    def _hand_out(self, waiting: list[Cohort], trainer: bytes, folder: Path) -> None:
        for slot, there in enumerate(self._workers):
            if there is None or there.left is None:
                worker = there if there is not None and there.alive else None
                chosen = self._choice(worker, waiting)
                if chosen is not None:
                    worker = worker or self._start(slot, folder)
                    self._workers[slot] = worker
                    worker.begin(waiting.pop(chosen), trainer, folder)

    def _start(self, slot: int, folder: Path, module: str = "") -> WorkerProcess:
        return WorkerProcess.start(folder / f"worker-{slot}.log", self._cores[slot], self._environment, module)

    def _choice(self, worker: WorkerProcess | None, waiting: Sequence[Cohort]) -> int | None:
        """First what this worker has compiled, then what no other is about to reuse, then whatever waits longest.

        None where all that waits is being compiled by others: from them this worker will have it sooner.
        """
        ours = worker.programs if worker else {}
        others = [each for each in self._workers if each is not None and each is not worker and each.alive]
        theirs = {name for other in others for name in other.programs}
        fresh = time.monotonic() - self._compilation
        compiling = {name for other in others for name, begun in other.programs.items() if begun > fresh}
        programs = [program(cohort) for cohort in waiting]
        ready = [i for i, name in enumerate(programs) if name in ours or name not in compiling]
        return min(ready, key=lambda i: (programs[i] not in ours, programs[i] in theirs, i), default=None)

    def _busy(self) -> list[WorkerProcess]:
        return [worker for worker in self._workers if worker is not None and worker.left is not None]

    def _receive(self, emit: Emit, *, stopping: bool) -> Iterator[Record]:
        """Hear once from every worker that has something to say."""
        speakers = {worker.connection: worker for worker in self._busy()}
        for connection in wait(list(speakers), POLL_SECONDS):
            worker = speakers[connection]  # type: ignore[index]  # wait gives back what it was given
            try:
                word, what = worker.connection.recv()
            except (EOFError, OSError):
                self._workers[self._workers.index(worker)] = None
                failures = worker.failed(worker.death())
                yield from [] if stopping else failures
                continue
            if word == "event":
                emit(what)
            elif word == "record":
                (worker.left or {}).pop(what.run.id, None)
                yield what
            elif word == "storage":
                raise StorageError(what)
            else:
                failures = worker.failed(what or "The trainer ended without a record of it.")
                yield from [] if stopping else failures


def shipped(train: Train) -> bytes:
    """The trainer by name, as a worker can find it again. Raises `BadInput` if it has none."""
    advice = "Put it in a module that can be imported, or train with `InProcess`."
    try:
        trainer = pickle.dumps(train)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise BadInput(f"The trainer {train!r} cannot be sent to another process: {error}. {advice}") from error
    if b"__main__" in trainer:
        raise BadInput(
            f"The trainer {train!r} is part of the script itself, which no other process can import. {advice}"
        )
    return trainer
