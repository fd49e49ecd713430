"""From a text to a checked forecast: a tiny study whole, killed and continued, and its bits however it was trained."""

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conftest import TINY, Shell, Tiny
from isoflop.estimates.fit import FitStatus, read_fits
from isoflop.plans.forecast import read_forecast
from isoflop.runs.record import Status
from isoflop.runs.store import Store
from isoflop.runs.table import Table

PROC = Path("/proc/self/task")
LONG = 90.0  # seconds after which what is waited for will not come


def bits(folder: Path) -> dict[str, Any]:
    """Everything of each record that training decides: not how long it took, where, or when."""
    return {
        record.run.id: (
            record.status,
            record.loss,
            record.loss_se,
            record.start_loss,
            *(a.tobytes() for a in vars(record.curve).values()),
        )
        for record in Store(folder).records()
    }


def wait_until(true: Callable[[], bool], process: "subprocess.Popen[str]") -> None:
    until = time.monotonic() + LONG
    while not true():
        assert process.poll() is None, f"it ended before what was waited for: {process.communicate()}"
        assert time.monotonic() < until, "it took too long"
        time.sleep(0.02)


def test_a_tiny_study_ends_with_its_forecast_checked(tiny: Tiny) -> None:
    assert tiny.code == 0
    assert {"table.csv", "fit.json", "forecast.json", "report.html"} <= {path.name for path in tiny.folder.iterdir()}
    for said in ("forecast", "measured", "of the loss", "of the compute", "report.html"):
        assert said in tiny.printed.split("Writing the report")[1]
    forecast = read_forecast(tiny.folder / "forecast.json")
    assert forecast is not None
    records = Store(tiny.folder).records()
    (check,) = (record for record in records if record.run.role == "check")
    assert forecast.flops == check.run.flops == pytest.approx(3 * 4.8e9, rel=0.01)
    assert forecast.measured == check.loss
    assert forecast.fitted_up_to == 4.8e9
    assert forecast.relative_error == pytest.approx(check.loss / forecast.loss.median - 1)  # type: ignore[operator]
    assert abs(forecast.relative_error) < 0.2  # type: ignore[arg-type]
    assert len([record for record in records if record.run.role == "ladder"]) == 15
    assert all(record.status is Status.DONE for record in records)
    assert all(record.loss is not None and 1 < record.loss < 4 < record.start_loss for record in records)  # type: ignore[operator]


def test_the_forecast_was_written_before_its_run_and_carries_its_hash(tiny: Tiny) -> None:
    forecast = json.loads((tiny.folder / "forecast.json").read_text())
    (check,) = (record for record in Store(tiny.folder).records() if record.run.role == "check")
    assert forecast["run_ids"] == [check.run.id]
    assert forecast["loss"]["of"] == "new run"
    assert datetime.fromisoformat(forecast["written_at"]) <= datetime.fromisoformat(check.environment["started_at"])
    scored = {"sha256", "measured", "runs", "relative_error", "compute_error", "inside"}
    said = {name: value for name, value in forecast.items() if name not in scored}
    written = json.dumps(said, sort_keys=True, separators=(",", ":")).encode()
    assert hashlib.sha256(written).hexdigest() == forecast["sha256"]


def test_the_table_and_the_fits_read_back(tiny: Tiny) -> None:
    table = Table.from_csv(tiny.folder / "table.csv")
    assert len(table) == 20
    assert set(table["role"]) == {"ladder", "pilot", "check"}
    assert np.allclose(table.flops, table["budget"], rtol=0.01)
    fits, chosen = read_fits(tiny.folder / "fit.json")
    assert fits[chosen].law.inputs == ("n_params", "tokens")
    assert {"loss", "n_params", "tokens"} == {fit.law.output for fit in fits}
    assert all(isinstance(fit.status, FitStatus) for fit in fits)
    assert all(fit.sample is not None and len(fit.sample) == 200 for fit in fits if fit.draws)
    assert sum(fit.draws > 0 for fit in fits) >= 3


def test_the_report_shows_every_part_and_asks_nothing_of_the_network(tiny: Tiny) -> None:
    page = (tiny.folder / "report.html").read_text()
    for part in (
        "Every budget has a best size",
        "The forecast, and what the run measured",
        "Had each rung forecast the next",
        "What L(N, D) does not explain",
        "How each run learned",
        "Learning-rate pilot",
    ):
        assert part in page
    for record in Store(tiny.folder).records():
        assert record.run.id in page
    assert not re.search(r'(?:src|href)="(?:https?:)?//', page)
    assert len(page) < 1e6


def test_the_same_command_again_trains_nothing_needs_no_text_and_says_so_in_json(tiny: Tiny, isoflop: Shell) -> None:
    shutil.copytree(tiny.folder, isoflop.folder / "out")
    before = {path.name: path.stat().st_mtime_ns for path in (isoflop.folder / "out" / "records").iterdir()}
    (isoflop.folder / "out" / "report.html").unlink()
    ended = isoflop("run", TINY, "--out", "out", "--json", ISOFLOP_CACHE=str(isoflop.folder / "nothing"))
    assert ended.returncode == 0
    found = json.loads(ended.stdout)
    assert found["runs"] == {"done": 20, "diverged": 0, "failed": 0}
    assert found["forecast"] == json.loads((tiny.folder / "forecast.json").read_text())
    assert "Rung 1" in ended.stderr
    assert before == {path.name: path.stat().st_mtime_ns for path in (isoflop.folder / "out" / "records").iterdir()}
    assert not (isoflop.folder / "nothing" / "datasets").exists()
    for same in ("fit.json", "forecast.json", "table.csv"):
        assert (isoflop.folder / "out" / same).read_bytes() == (tiny.folder / same).read_bytes()

    def undated(page: Path) -> str:
        return re.sub(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d\+00:00| UTC)", "", page.read_text()).replace(
            str(page.parent), ""
        )

    assert undated(isoflop.folder / "out" / "report.html") == undated(tiny.folder / "report.html")


@pytest.fixture
def one_worker(isoflop: Shell) -> Path:
    """The tiny study with one worker instead of two: the very same runs."""
    path = isoflop.folder / "one.toml"
    path.write_text(TINY.read_text() + "\n[run]\nworkers = 1\n")
    return path


@pytest.mark.skipif(not PROC.exists(), reason="finds the worker as Linux lists processes")
def test_a_study_goes_on_after_whatever_ended_it_to_the_same_bits(tiny: Tiny, isoflop: Shell, one_worker: Path) -> None:
    """Ctrl-C and kill -9 in the ladder, kill -9 of the forecast run and of its worker, kill -9 before the page."""
    out = isoflop.folder / "out"
    command = ("run", one_worker, "--out", "out")

    def records() -> int:
        return len(list(out.glob("records/*.json")))

    process = isoflop.start(*command)
    wait_until(lambda: records() >= 2, process)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=20)
    assert process.returncode == 130
    assert re.search(r"Stopped\. \d+ finished runs are kept.*: isoflop run out/study\.toml --out out", said)
    assert "Traceback" not in said
    status = json.loads(isoflop("status", "out", "--json").stdout)
    assert status["state"] == "unfinished"
    assert status["runs"]["ladder"]["done"] >= 1

    in_the_ladder, before_the_page = (lambda: records() >= 6), (lambda: records() >= 20)
    moments = (in_the_ladder, 0.0), ((out / "forecast.json").exists, 2.0), (before_the_page, 0.0)
    for moment, seconds in moments:
        process = isoflop.start(*command)
        wait_until(moment, process)
        time.sleep(seconds)  # into the run that the forecast is about
        process.kill()
        process.communicate()
        assert not (out / "report.html").exists()
        forecast = out.joinpath("forecast.json").read_bytes() if out.joinpath("forecast.json").exists() else b""

    ended = isoflop(*command)
    assert ended.returncode == 0
    assert json.loads(forecast)["sha256"] == json.loads((out / "forecast.json").read_text())["sha256"]
    assert bits(out) == bits(tiny.folder)
    theirs, ours = (read_forecast(folder / "forecast.json") for folder in (tiny.folder, out))
    assert ours is not None
    assert theirs is not None
    assert replace(ours, written_at="", sha256="") == replace(theirs, written_at="", sha256="")
    assert (out / "fit.json").read_bytes() == (tiny.folder / "fit.json").read_bytes()
    assert not list(out.glob("scratch/*.ckpt"))


@pytest.mark.skipif(not PROC.exists(), reason="finds the worker as Linux lists processes")
def test_what_broke_or_failed_is_told_and_trained_again_to_the_same_bits(tiny: Tiny, isoflop: Shell) -> None:
    """A record is cut short, and the worker that trains the forecast's run is killed: exit code 3, then all is well."""
    shutil.copytree(tiny.folder, isoflop.folder / "out")
    out = isoflop.folder / "out"
    expected = bits(out)
    (check,) = (record.run.id for record in Store(out).records() if record.run.role == "check")
    for path in out.glob(f"records/{check}.*"):
        path.unlink()
    broken = next(run_id for run_id in expected if run_id != check)
    path = out / "records" / f"{broken}.json"
    path.write_text(path.read_text()[:100])
    told = f"{broken}.json is not a whole record"
    assert told in isoflop("status", "out").stdout

    process = isoflop.start("run", TINY, "--out", "out")
    assert process.stdout is not None
    said = ""
    while "Now that run" not in said:
        said += process.stdout.readline()
        assert process.poll() is None, said
    assert broken in bits(out)
    time.sleep(1.0)  # into that run
    for worker in workers(process.pid):
        os.kill(worker, signal.SIGKILL)
    rest, err = process.communicate(timeout=LONG)
    said += rest
    assert process.returncode == 3
    assert "Traceback" not in err
    assert told in said
    assert f"{check} failed: The worker process was killed by signal 9" in said
    assert "1 failed" in (out / "report.html").read_text()

    assert isoflop("run", TINY, "--out", "out").returncode == 0
    assert bits(out) == expected


def workers(pid: int) -> list[int]:
    """The worker processes of a command."""
    children = [child for task in Path(f"/proc/{pid}/task").glob("*/children") for child in task.read_text().split()]
    return [int(c) for c in children if "isoflop.executors.worker" in Path(f"/proc/{c}/cmdline").read_text()]
