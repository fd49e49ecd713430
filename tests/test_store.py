"""A store gives back whole records and nothing else, whatever was done to its files."""

import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from isoflop.errors import BadInput, StorageError
from isoflop.runs.record import Curve, Status
from isoflop.runs.store import Store
from made_runs import a_record, a_run


def a_store(folder: Path, count: Any = 3) -> Any:
    store = Store(folder)
    records = [a_record(a_run(init_seed=seed), loss=2 + seed / 7) for seed in range(count)]
    for record in records:
        store.write(record)
    return store, records


def test_a_store_gives_back_what_was_written(tmp_path: Path) -> None:
    curve = Curve(np.asarray([256, 512]), np.asarray([5.1, np.inf]), np.asarray([0.01, np.nan]))
    records = [
        a_record(a_run(init_seed=0), curve=curve, note="naïve 🎈"),
        a_record(a_run(init_seed=1), loss=None, status="diverged", note="the loss became infinite"),
    ]
    store = Store(tmp_path / "a" / "b")
    for record in records:
        store.write(record)
    assert Store(tmp_path / "a" / "b").records() == records
    assert store.get(records[1].run.id) == records[1]
    assert store.problems() == ()


def test_an_empty_or_missing_folder_is_an_empty_store(tmp_path: Path) -> None:
    store = Store(tmp_path / "none")
    assert store.records() == []
    assert store.index() == []
    assert store.get(a_run().id) is None
    assert not (tmp_path / "none").exists()


def test_a_finished_run_is_never_replaced_and_a_failed_one_is(tmp_path: Path) -> None:
    store = Store(tmp_path)
    run = a_run()
    store.write(a_record(run, loss=None, status="failed", note="killed"))
    store.write(a_record(run, loss=2.0))
    store.write(a_record(run, loss=1.0))
    store.write(a_record(run, loss=None, status="failed", note="killed"))
    assert [record.loss for record in store.records()] == [2.0]


BREAKS: dict[str, Callable[[Path, str], object]] = {
    "cut short": lambda path, text: path.write_text(text[: len(text) // 2]),
    "empty": lambda path, text: path.write_text(""),
    "no record": lambda path, text: path.write_text("[1, 2]"),
    "other inputs": lambda path, text: path.write_text(text.replace('"init_seed": 1', '"init_seed": 99')),
    "later schema": lambda path, text: path.write_text(text.replace('"schema": 1', '"schema": 99')),
    "no run": lambda path, text: path.write_text(text.replace('"run": {', '"walk": {')),
    "wrong type": lambda path, text: path.write_text(text.replace('"seconds": 1.5', '"seconds": "long"')),
    "a list for a note": lambda path, text: path.write_text(text.replace('"note": ""', '"note": []')),
    "no curve": lambda path, text: path.with_suffix(".npz").unlink(),
    "broken curve": lambda path, text: path.with_suffix(".npz").write_bytes(b"PK\x03\x04 nothing"),
    "not a file": lambda path, text: path.rename(path.with_suffix(".moved")).with_suffix(".json").mkdir(),
}


@pytest.mark.parametrize("how", BREAKS)
def test_a_broken_record_is_told_by_name_and_the_others_stay(tmp_path: Path, how: Any) -> None:
    store, records = a_store(tmp_path)
    assert len(store.index()) == 3
    path = tmp_path / "records" / f"{records[1].run.id}.json"
    BREAKS[how](path, path.read_text())
    assert store.records() == [records[0], records[2]]
    (problem,) = store.problems()
    assert path.name in problem
    assert "will be trained again" in problem
    assert store.get(records[1].run.id) is None
    if "curve" not in how:  # the index looks at records alone
        assert {entry["run_id"] for entry in store.index()} == {records[0].run.id, records[2].run.id}


def test_a_broken_record_can_be_written_anew(tmp_path: Path) -> None:
    store, records = a_store(tmp_path)
    (tmp_path / "records" / f"{records[1].run.id}.json").write_text("{")
    store.write(records[1])
    assert store.records() == records


@pytest.mark.parametrize("broken", [None, "", "{", "[]", '{"x": 3}', "lost"])
def test_the_index_is_right_whatever_became_of_its_file(tmp_path: Path, broken: Any) -> None:
    store, records = a_store(tmp_path)
    before = store.index()
    assert [(entry["run_id"], entry["loss"]) for entry in before] == sorted((r.run.id, r.loss) for r in records)
    if broken == "lost":
        (tmp_path / "index.json").unlink()
    elif broken is not None:
        (tmp_path / "index.json").write_text(broken)
    assert store.index() == before


def test_the_index_follows_changes_of_the_records(tmp_path: Path) -> None:
    store, records = a_store(tmp_path)
    store.index()
    (tmp_path / "records" / f"{records[0].run.id}.json").unlink()
    store.write(a_record(a_run(init_seed=8), loss=None, status="failed", note="killed"))
    assert {(entry["run_id"], entry["status"]) for entry in store.index()} == {
        (records[1].run.id, "done"),
        (records[2].run.id, "done"),
        (a_run(init_seed=8).id, "failed"),
    }


def test_a_path_is_no_id(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="not the id of a run"):
        Store(tmp_path).get("../../etc/passwd")


def test_no_pickle_in_a_curve_is_opened(tmp_path: Path) -> None:
    store, (record,) = a_store(tmp_path, 1)
    objects = np.array([print], dtype=object)
    np.savez(tmp_path / "records" / f"{record.run.id}.npz", tokens=objects, train_loss=objects, learning_rate=objects)
    assert store.records() == []
    assert "allow_pickle" in store.problems()[0]


def test_a_file_in_the_way_says_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "results").write_text("a file")
    with pytest.raises(StorageError, match=r"results/records.*(choose|Choose) another folder"):
        Store(tmp_path / "results").write(a_record())


@contextmanager
def nobody_special() -> Any:
    """Root may write everywhere, so the test gives that up for a while."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_an_unwritable_folder_says_the_way_out_and_can_be_read() -> None:
    with tempfile.TemporaryDirectory() as name:  # not in tmp_path, which is closed to others
        folder = Path(name)
        store, records = a_store(folder)
        for path in (folder, folder / "records"):
            path.chmod(0o555)
        try:
            with nobody_special():
                with pytest.raises(StorageError, match="not yours to write in"):
                    store.write(a_record(a_run(init_seed=9)))
                assert store.records() == records
                assert len(store.index()) == 3
        finally:
            for path in (folder, folder / "records"):
                path.chmod(0o755)


def test_a_disk_that_takes_no_more_leaves_all_finished_records(tmp_path: Path) -> None:
    """A limit on the size of files stands in for a full disk: the same write fails half-way, with another errno."""
    store, records = a_store(tmp_path)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (400, hard))
    try:
        with pytest.raises(StorageError, match=r"larger than is allowed.*run the same command again"):
            store.write(a_record(a_run(init_seed=9)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, ignored)
    assert store.records() == records
    assert store.problems() == ()
    assert not list((tmp_path / "records").glob(".*"))


WRITER = """
import sys
from made_runs import a_record, a_run
from isoflop.runs.store import Store
store = Store(sys.argv[1])
with store.locked():
    for seed in range(100_000):
        store.write(a_record(a_run(init_seed=seed), loss=2 + seed))
        print(seed, flush=True)
"""


def test_a_kill_at_any_moment_leaves_whole_records_alone(tmp_path: Path) -> None:
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    told = 0
    for delay in (0.05, 0.11, 0.17):
        folder = tmp_path / str(delay)
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(folder)], env=env, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(delay)
        process.kill()
        written = 1 + len(process.communicate()[0].split())
        store = Store(folder)
        assert store.problems() == ()
        assert len(store.records()) in (written, written + 1)
        assert {record.status for record in store.records()} == {Status.DONE}
        with store.locked():  # it died with its lock, and its half-written files go
            assert not list(folder.glob("**/.*.tmp"))
        told += written
    assert told > 3


def test_records_are_plain_json_that_others_can_read(tmp_path: Path) -> None:
    _, (record,) = a_store(tmp_path, 1)
    plain = json.loads((tmp_path / "records" / f"{record.run.id}.json").read_text())
    assert plain["schema"] == 1
    assert plain["run_id"] == record.run.id
    assert plain["loss"] == record.loss
    assert plain["run"]["shape"]["width"] == 16
