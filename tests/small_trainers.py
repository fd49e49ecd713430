"""Trainers without a model, for real worker processes: what a run does is written in its `corpus`."""

import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from isoflop.errors import StorageError
from isoflop.runs.event import Event
from isoflop.runs.record import Record
from isoflop.runs.run import Run
from made_runs import a_record


def train(
    runs: Sequence[Run], *, folder: Path, emit: Callable[[Event], None], should_stop: Callable[[], bool]
) -> Iterator[Record]:
    """quick: at once. slow: counts its checkpoint up until it is stopped. error, exit, kill, disk, mute: so it ends."""
    for run in runs:
        loss = 2 + run.init_seed / 1000
        emit(Event(run.id, 1, run.steps, loss, 1.0, 0.1))
        (folder / f"{run.id}.pid").write_text(str(os.getpid()))
        environment = {"pid": str(os.getpid()), "threads": os.environ.get("OMP_NUM_THREADS", "")}
        match run.corpus:
            case "slow":
                if not _go_on(folder / f"{run.id}.ckpt", emit, run, should_stop):
                    return
            case "error":
                raise ValueError("the seventh layer is missing")
            case "exit":
                os._exit(7)
            case "kill":
                print("last words of", run.id)
                os.kill(os.getpid(), signal.SIGKILL)
            case "disk":
                raise StorageError("Could not write: The disk is full. Make room.")
            case "mute":
                continue
            case "nap":
                time.sleep(0.1)
            case "deaf":
                time.sleep(600)
        yield a_record(run, loss=loss, environment=environment)


def _go_on(checkpoint: Path, emit: Any, run: Run, should_stop: Any) -> Any:
    """Count from the checkpoint to ever higher; false when asked to stop, true once a file `finish` is there."""
    step = int(checkpoint.read_text()) if checkpoint.exists() else 0
    gives_up = time.monotonic() + 120
    while not (checkpoint.parent / "finish").exists():
        if should_stop():
            checkpoint.write_text(str(step))
            return False
        step += 1
        if time.monotonic() > gives_up:
            raise TimeoutError("nobody ended this run, whose test must have failed")
        emit(Event(run.id, step, run.steps, 2.0, float(step), 0.01 * step))
        time.sleep(0.01)
    return True


def no_records(
    runs: Sequence[Run], *, folder: Path, emit: Callable[[Event], None], should_stop: Callable[[], bool]
) -> Iterator[Record]:
    """Give nothing."""
    yield from ()
