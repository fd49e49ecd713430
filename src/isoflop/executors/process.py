"""The parent's end of a worker process: start it, hand it a cohort, hear from it, learn how it died."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Self

from isoflop.executors.executor import NOTE_LENGTH, Cohort
from isoflop.runs.durable import storage_error
from isoflop.runs.record import Record
from isoflop.runs.run import Run

END_SECONDS = 0.5  # what a worker has to end by itself once its pipe is closed


class WorkerProcess:
    """One worker: `left` are the runs of its cohort that have no record yet, None while it is idle."""

    def __init__(self, process: subprocess.Popen[bytes], connection: Connection, log: Path):
        self.process = process
        self.connection = connection
        self.left: dict[str, Run] | None = None
        self.programs: dict[str, float] = {}  # what it has compiled, and when it began with each
        self._log = log
        self._log_start = 0
        self._begun = 0.0

    @classmethod
    def start(cls, log: Path, cores: set[int], variables: Mapping[str, str], module: str = "") -> Self:
        """Start a worker whose environment holds variables before it imports anything, a module (if named) first.

        Raises `StorageError`.
        """
        ours, theirs = multiprocessing.Pipe()
        # -P: a file in the current folder must not stand in for a module. Its own process group: Ctrl-C is not for it.
        command = [sys.executable, "-P", "-m", "isoflop.executors.worker", str(theirs.fileno())]
        try:
            with theirs, log.open("ab") as out:
                process = subprocess.Popen(
                    [*command, ",".join(map(str, sorted(cores))), module],
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=out,
                    env={**os.environ, **variables},
                    pass_fds=[theirs.fileno()],
                    process_group=0,
                )
        except OSError as error:
            raise storage_error("Could not start a worker with its log", log, error) from error
        return cls(process, ours, log)

    def begin(self, cohort: Cohort, trainer: bytes, folder: Path) -> None:
        """Hand over a cohort. A worker that died meanwhile is noticed when it is next listened to."""
        self.left = {run.id: run for run in cohort}
        self._begun = time.monotonic()
        self.programs.setdefault(program(cohort), self._begun)
        with suppress(OSError):
            self._log_start = self._log.stat().st_size
            self.connection.send(("train", trainer, folder, tuple(cohort)))

    @property
    def alive(self) -> bool:
        """Whether the process has not ended."""
        return self.process.poll() is None

    def ask_to_stop(self) -> None:
        """Ask the trainer to keep its checkpoint and return."""
        with suppress(OSError):
            self.connection.send(("stop",))

    def failed(self, note: str) -> list[Record]:
        """The unfinished runs of the cohort as failed records; the worker is idle then."""
        left, self.left = self.left or {}, None
        return [Record.failed(run, note, seconds=time.monotonic() - self._begun) for run in left.values()]

    def death(self) -> str:
        """How the process died, with the end of what it printed about this cohort."""
        self.end()
        code = self.process.returncode
        how = f"ended with exit code {code}"
        if code < 0:
            name = signal.Signals(-code).name if -code in set(signal.Signals) else "unknown"
            how = f"was killed by signal {-code}, {name}"
        if code == -signal.SIGKILL:
            how += " (the system does so when memory runs out: fewer workers need less)"
        try:
            with self._log.open("rb") as file:
                file.seek(self._log_start)
                tail = file.read().decode(errors="replace").strip()[-NOTE_LENGTH:]
        except OSError as error:
            tail = f"(its log {self._log} could not be read: {error.strerror})"
        return f"The worker process {how}." + (f" Its log ends: {tail}" if tail else "")

    def end(self) -> None:
        """Close the pipe, wait for the end, and force it if need be."""
        self.connection.close()
        try:
            self.process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def program(cohort: Cohort) -> str:
    """What makes two cohorts share their compiled program: shapes of arrays and the type of their numbers."""
    run = cohort[0]
    return repr((len(cohort), run.shape, run.micro_batch, run.dtype, run.eval_tokens))


def environment(threads: int, n_workers: int) -> dict[str, str]:
    """Variables that hold a worker to its threads; they work only if set before JAX and BLAS are imported."""
    flags = os.environ.get("XLA_FLAGS", "")
    if threads == 1:
        flags += " --xla_cpu_multi_thread_eigen=false"
    variables = {
        "XLA_FLAGS": flags.strip(),
        "OMP_NUM_THREADS": str(threads),
        "OPENBLAS_NUM_THREADS": str(threads),
        "MKL_NUM_THREADS": str(threads),
        "NPROC": str(threads),  # the size of XLA's thread pool
        "PYTHONUNBUFFERED": "1",  # so that the log of a killed worker has its last words
        "PYTHONPATH": os.pathsep.join(str(Path(folder).absolute()) for folder in sys.path),
    }
    if n_workers > 1:  # else the first worker takes three quarters of a GPU's memory, and the second finds none
        variables["XLA_PYTHON_CLIENT_PREALLOCATE"] = os.environ.get("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    return variables


def cores(n_workers: int, threads: int) -> list[set[int]]:
    """The cores of each worker: its own where together they fill the machine, else any (empty)."""
    ours = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    if n_workers * threads != len(ours):
        return [set() for _ in range(n_workers)]
    return [set(ours[i * threads : (i + 1) * threads]) for i in range(n_workers)]
