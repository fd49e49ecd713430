"""A worker process: takes a cohort, trains it, sends back events and records, takes the next. `local.py` starts it.

It ends when its parent does, whatever ended the parent: the pipe between them then closes.
"""

import faulthandler
import importlib
import os
import pickle
import signal
import sys
import threading
import time
import traceback
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from isoflop.errors import StorageError
from isoflop.executors.executor import describe
from isoflop.runs.event import Event

ORPHAN_SECONDS = 2.0  # what a trainer has to keep its checkpoint after its parent died


def main(descriptor: int, cores: set[int], module: str = "") -> None:
    """Import module if one is named, then serve until the pipe closes.

    Messages in: ("train", trainer, folder, cohort), ("stop",). Messages out: ("event", Event), ("record", Record), then
    one of ("done", "") and ("failed", note), or ("storage", message).
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which then asks to stop
    faulthandler.enable()
    if cores and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, cores)
    parent = Connection(descriptor)
    stop = threading.Event()
    jobs: SimpleQueue[Any] = SimpleQueue()
    threading.Thread(target=_listen, args=(parent, jobs, stop), daemon=True).start()
    if module:
        with suppress(ImportError):  # the first cohort will tell
            importlib.import_module(module)
    while (job := jobs.get()) is not None:
        outcome = _train(parent, job, stop)
        sys.stdout.flush()
        sys.stderr.flush()
        with suppress(OSError):
            parent.send(outcome)


def _train(parent: Connection, job: tuple[bytes, Path, Any], stop: threading.Event) -> tuple[str, str]:
    trainer, folder, cohort = job

    def send(*message: object) -> None:
        with suppress(OSError):  # the parent is gone: the trainer is asked to stop, and may still keep its checkpoint
            parent.send(message)

    def emit(event: Event) -> None:
        send("event", event)

    try:
        train = pickle.loads(trainer)  # from our parent, in transit; here JAX may get imported
        for record in train(cohort, folder=folder, emit=emit, should_stop=stop.is_set):
            send("record", record)
    except StorageError as error:
        return "storage", str(error)
    except Exception as error:  # whatever a trainer raises, the other runs go on
        traceback.print_exc()
        return "failed", describe(error)
    return "done", ""


def _listen(parent: Connection, jobs: "SimpleQueue[Any]", stop: threading.Event) -> None:
    while True:
        try:
            word, *job = parent.recv()
        except (EOFError, OSError):
            break
        if word == "train":
            stop.clear()
            jobs.put(job)
        else:
            stop.set()
    stop.set()
    jobs.put(None)
    time.sleep(ORPHAN_SECONDS)
    os._exit(1)


if __name__ == "__main__":
    main(int(sys.argv[1]), {int(core) for core in sys.argv[2].split(",") if core}, sys.argv[3])
