"""Executors give a record for every run, whatever becomes of trainers and workers, and leave no process behind."""

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import small_trainers
from isoflop.errors import BadInput, Interrupted, StorageError
from isoflop.executors.executor import InProcess
from isoflop.executors.local import LocalProcesses
from isoflop.executors.sweep import cohorts, run_all
from isoflop.runs.event import Event
from isoflop.runs.record import Record, Status
from isoflop.runs.store import Store
from made_runs import SHAPE, a_run
from small_trainers import train


def runs_of(*corpora: Any) -> Any:
    return [a_run(corpus=corpus, init_seed=seed) for seed, corpus in enumerate(corpora)]


def alive(pid: Any) -> Any:
    """Whether a process runs; a zombie, which only waits to be counted, does not."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def wait_for(condition: Any, seconds: Any = 20.0) -> Any:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.02)
    return False


@pytest.fixture(params=["in process", "workers"])
def executor(request: Any) -> Any:
    if request.param == "in process":
        yield InProcess()
    else:
        with LocalProcesses(2) as workers:
            yield workers


def test_every_run_gets_its_record_in_order_and_none_is_trained_twice(executor: Any, tmp_path: Path) -> None:
    events: list[Event] = []
    heard: list[Record] = []
    runs = runs_of(*["quick"] * 5)
    store = Store(tmp_path)
    records = run_all(runs, train=train, executor=executor, store=store, emit=events.append, on_record=heard.append)
    assert [record.run for record in records] == runs
    assert {event.run_id for event in events} == {run.id for run in runs}
    assert {record.run.id for record in heard} == {run.id for run in runs}
    again = run_all([*runs, *runs], train=train, executor=executor, store=store, emit=events.append)
    assert again == [*records, *records]
    assert len(events) == 5


def test_a_trainer_that_raises_fails_its_runs_alone(executor: Any, tmp_path: Path) -> None:
    runs = runs_of("quick", "error", "quick", "mute")
    records = run_all(runs, train=train, executor=executor, store=Store(tmp_path))
    assert [record.status for record in records] == [Status.DONE, Status.FAILED, Status.DONE, Status.FAILED]
    assert records[1].note == "ValueError: the seventh layer is missing"
    assert "without a record" in records[3].note
    assert {record.status for record in Store(tmp_path).records()} == {Status.DONE, Status.FAILED}


def test_a_failed_run_is_tried_again_and_its_record_replaced(executor: Any, tmp_path: Path) -> None:
    (run,) = runs_of("quick")
    store = Store(tmp_path)
    (failed,) = run_all([run], train=small_trainers.no_records, executor=executor, store=store)
    assert failed.status is Status.FAILED
    (done,) = run_all([run], train=partial(train), executor=executor, store=store)
    assert done.status is Status.DONE
    assert store.get(run.id) == done


def test_a_full_disk_in_a_trainer_ends_the_sweep(executor: Any, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="The disk is full"):
        run_all(runs_of("disk", "quick"), train=train, executor=executor, store=Store(tmp_path))


def test_a_cohort_holds_runs_that_differ_in_seeds_alone(executor: Any, tmp_path: Path) -> None:
    runs = [a_run(corpus=corpus, init_seed=seed) for corpus in ("quick", "other") for seed in range(3)]
    groups = cohorts(runs, 2)
    assert sorted(len(group) for group in groups) == [1, 1, 2, 2]
    assert all(len({run.corpus for run in group}) == 1 for group in groups)
    records = run_all(runs, train=train, executor=executor, store=Store(tmp_path), cohort_size=2)
    assert [record.run for record in records] == runs


def test_the_most_expensive_runs_begin_first() -> None:
    runs = [a_run(budget=budget) for budget in (1e9, 3e9, 2e9)]
    assert [group[0].budget for group in cohorts(runs, 1)] == [3e9, 2e9, 1e9]


def test_a_worker_that_is_killed_fails_its_run_with_its_last_words_and_is_replaced(tmp_path: Path) -> None:
    runs = runs_of("quick", "kill", "exit", *["quick"] * 3)
    with LocalProcesses(1) as executor:
        records = run_all(runs, train=train, executor=executor, store=Store(tmp_path))
    done = [record for record in records if record.status is Status.DONE]
    assert [record.run.corpus for record in done] == ["quick"] * 4
    assert "killed by signal 9, SIGKILL" in records[1].note
    assert f"last words of {runs[1].id}" in records[1].note
    assert "ended with exit code 7" in records[2].note


def test_workers_live_on_from_run_to_run_and_hold_to_their_threads(tmp_path: Path) -> None:
    with LocalProcesses(2) as executor:
        first = run_all(runs_of(*["quick"] * 4), train=train, executor=executor, store=Store(tmp_path / "1"))
        second = run_all(runs_of(*["quick"] * 4), train=train, executor=executor, store=Store(tmp_path / "2"))
    assert {record.environment["threads"] for record in first} == {"1"}
    pids = {record.environment["pid"] for record in first + second}
    assert len(pids) <= 2
    assert str(os.getpid()) not in pids
    assert not any(alive(pid) for pid in pids)


def test_a_worker_keeps_to_the_shapes_that_it_has_compiled(tmp_path: Path) -> None:
    """Of two shapes with three seeds each, at most one has to be compiled by both workers."""
    wide = replace(SHAPE, width=32)
    runs = [a_run(shape=shape, init_seed=seed, corpus="nap") for seed in range(3) for shape in (SHAPE, wide)]
    with LocalProcesses(2) as executor:
        records = run_all(runs, train=train, executor=executor, store=Store(tmp_path))
    assert len({(record.environment["pid"], record.run.shape) for record in records}) <= 3


def test_a_wish_to_stop_keeps_checkpoints_and_what_is_done(executor: Any, tmp_path: Path) -> None:
    runs = runs_of("quick", "slow", "quick")
    stop = threading.Event()
    seen = []

    def emit(event: Any) -> None:
        seen.append(event)
        if event.step >= 20:
            stop.set()

    store = Store(tmp_path)
    with pytest.raises(Interrupted, match="The same command goes on"):
        run_all(runs, train=train, executor=executor, store=store, emit=emit, should_stop=stop.is_set)
    assert int((store.scratch / f"{runs[1].id}.ckpt").read_text()) >= 20
    assert runs[1].id not in {record.run.id for record in store.records()}
    (store.scratch / "finish").touch()
    records = run_all(runs, train=train, executor=executor, store=store)
    assert {record.status for record in records} == {Status.DONE}


def test_a_trainer_that_does_not_hear_is_ended_within_two_seconds(tmp_path: Path) -> Any:
    (run,) = runs_of("deaf")
    pid_file = tmp_path / "scratch" / f"{run.id}.pid"
    wished: list[float] = []

    def should_stop() -> Any:
        if pid_file.exists() and not wished:
            wished.append(time.monotonic())
        return bool(wished)

    with LocalProcesses(1) as executor:
        with pytest.raises(Interrupted):
            run_all([run], train=train, executor=executor, store=Store(tmp_path), should_stop=should_stop)
        assert time.monotonic() - wished[0] < 2.5
        assert not alive(pid_file.read_text())


def test_a_trainer_without_a_name_is_refused_before_anything_starts(tmp_path: Path) -> None:
    with LocalProcesses(1) as executor, pytest.raises(BadInput, match="Put it in a module"):
        run_all(runs_of("quick"), train=lambda runs, **_: iter(()), executor=executor, store=Store(tmp_path))


SWEEP = """
import sys
from pathlib import Path
from isoflop.errors import Interrupted
from isoflop.executors.local import LocalProcesses
from isoflop.executors.sweep import run_all
from isoflop.runs.store import Store
from small_trainers import train
from test_executors import sweep_runs
try:
    with LocalProcesses(2) as executor:
        run_all(sweep_runs(), train=train, executor=executor, store=Store(sys.argv[1]))
except Interrupted as stopped:
    print(stopped)
    sys.exit(stopped.exit_code)
"""


def sweep_runs() -> Any:
    return [a_run(corpus="quick", budget=2e10), *runs_of("slow", "slow", "slow")]


@pytest.fixture
def sweep(tmp_path: Path) -> Any:
    """A process of its own that trains one quick run and, for ever, three slow ones; and the ids of its workers."""
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    process = subprocess.Popen(
        [sys.executable, "-c", SWEEP, str(tmp_path)], env=env, start_new_session=True, stdout=subprocess.PIPE, text=True
    )
    slow = [run.id for run in sweep_runs()[1:]]
    pids: list[str] = []

    def both_at_work() -> Any:
        pids[:] = [path.read_text() for path in tmp_path.glob("scratch/*.pid") if path.stem in slow]
        return len(pids) == 2 and all(pids)

    assert wait_for(both_at_work)
    assert wait_for(lambda: Store(tmp_path).records())
    yield process, pids
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def test_ctrl_c_keeps_checkpoints_and_says_how_to_go_on(sweep: Any, tmp_path: Path) -> None:
    """The terminal sends SIGINT to the whole group."""
    process, pids = sweep
    asked = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)
    told, _ = process.communicate(timeout=10)
    assert time.monotonic() - asked < 3
    assert process.returncode == 130
    assert told == "Stopped: 1 of 4 runs are finished and kept, 3 are not. The same command goes on from here.\n"
    assert len(list(tmp_path.glob("scratch/*.ckpt"))) == 2
    assert not any(alive(pid) for pid in pids)


def test_no_worker_outlives_its_parent(sweep: Any, tmp_path: Path) -> None:
    process, pids = sweep
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert wait_for(lambda: not any(alive(pid) for pid in pids), seconds=5)
    assert len(list(tmp_path.glob("scratch/*.ckpt"))) == 2
    assert len(Store(tmp_path).records()) == 1


def test_two_sweeps_cannot_share_a_folder(sweep: Any, tmp_path: Path) -> None:
    process, _ = sweep
    with pytest.raises(StorageError, match=rf"Another isoflop \(process {process.pid}\) is at work"):
        run_all(runs_of("quick"), train=train, executor=InProcess(), store=Store(tmp_path))
