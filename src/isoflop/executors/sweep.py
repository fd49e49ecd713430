"""Train all runs that have no record yet, keep each record as it comes, and stop cleanly when asked to."""

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from types import FrameType
from typing import Any

from isoflop.errors import BadInput, Interrupted
from isoflop.executors.executor import Cohort, Emit, Executor, ShouldStop, Train
from isoflop.runs.event import Event
from isoflop.runs.record import Record, Status
from isoflop.runs.run import Run
from isoflop.runs.store import Store


def silent(_: Event) -> None:
    """Tell nobody."""


def never() -> bool:
    """Do not stop."""
    return False


def nothing(_: Record) -> None:
    """Do nothing more with a record."""


def run_all(
    runs: Sequence[Run],
    *,
    train: Train,
    executor: Executor,
    store: Store,
    emit: Emit = silent,
    should_stop: ShouldStop = never,
    on_record: Callable[[Record], None] = nothing,
    cohort_size: int = 1,
) -> list[Record]:
    """The record of every run, in the order of runs; those already in the store are not trained again.

    Failed runs are tried again; the most expensive begin first. on_record hears of each new record once it is kept.
    Runs that fail are kept as failed records. Raises `Interrupted` once Ctrl-C or should_stop has ended the work early:
    what is finished is kept and the same call goes on; `StorageError` where the disk does not take a record.
    """
    if cohort_size < 1:
        raise BadInput(f"cohort_size = {cohort_size} must be at least 1.")
    with store.locked(), _ctrl_c() as interrupted:
        found = {run.id: store.get(run.id) for run in runs}
        records = {key: record for key, record in found.items() if record and record.status is not Status.FAILED}
        for key in records:
            forget_checkpoint(store, key)
        todo = list({run.id: run for run in runs if run.id not in records}.values())

        def stop() -> bool:
            return interrupted() or should_stop()

        def keep(record: Record) -> None:
            store.write(record)
            if record.status is not Status.FAILED:
                forget_checkpoint(store, record.run.id)
            records[record.run.id] = record
            on_record(record)

        for record in executor.run(
            cohorts(todo, cohort_size), train=train, folder=store.scratch, emit=emit, should_stop=stop
        ):
            keep(record)
        if lacking := [run for run in todo if run.id not in records]:
            raise Interrupted(
                f"Stopped: {len(records)} of {len(found)} runs are finished and kept, {len(lacking)} are not. "
                "The same command goes on from here."
            )
    return [records[run.id] for run in runs]


def cohorts(runs: Sequence[Run], size: int) -> list[Cohort]:
    """Runs that differ in their seeds alone, up to size together; the most expensive first.

    At one budget the runs of most tokens take longest: small models use a machine less well.
    """
    alike: dict[Run, list[Run]] = {}
    for run in sorted(runs, key=lambda run: (-run.budget, -run.tokens, run.id)):
        alike.setdefault(replace(run, init_seed=0, data_seed=0), []).append(run)
    return [group[i : i + size] for group in alike.values() for i in range(0, len(group), size)]


def forget_checkpoint(store: Store, run_id: str) -> None:
    """Remove the checkpoint of a run whose record is kept: until then a kill would have needed it."""
    with suppress(OSError):
        (store.scratch / f"{run_id}.ckpt").unlink()


@contextmanager
def _ctrl_c() -> Iterator[Callable[[], bool]]:
    """The first Ctrl-C or SIGTERM becomes a wish to stop, the second acts as it always does."""
    wished = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield wished.is_set  # only the main thread may handle signals
        return

    before: dict[int, Any] = {}

    def wish(number: int, _: FrameType | None) -> None:
        wished.set()
        signal.signal(number, before[number])

    before.update({number: signal.signal(number, wish) for number in (signal.SIGINT, signal.SIGTERM)})
    try:
        yield wished.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
