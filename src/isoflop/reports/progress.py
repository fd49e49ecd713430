"""How far a study is, from the index of its records: quick, and without JAX."""

from pathlib import Path
from typing import Any

from isoflop.designs.kept import Kept
from isoflop.designs.planned import planned
from isoflop.plans.forecast import read_forecast
from isoflop.runs.record import Status
from isoflop.runs.store import Store


def progress(kept: Kept, out: Path) -> dict[str, Any]:
    """Plain values: the runs by role and status, what went wrong, the forecast, and how to go on."""
    store = Store(out)
    records = store.index()
    runs: dict[str, dict[str, int]] = {}
    for run in planned(kept):
        runs.setdefault(run.role, {"planned": 0, **{str(status): 0 for status in Status}})["planned"] += 1
    for record in records:
        runs[record["role"]][record["status"]] += 1
    forecast = read_forecast(out / "forecast.json")
    unfinished = any(counts["done"] + counts["diverged"] < counts["planned"] for counts in runs.values())
    pid = store.at_work()
    state = f"at work, process {pid}" if pid else "unfinished" if unfinished else "finished"
    return {
        "study": kept.study.name,
        "folder": str(out),
        "state": state,
        "runs": runs,
        "flops": sum(record["flops"] for record in records),
        "went_wrong": [record for record in records if record["status"] != Status.DONE],
        "problems": list(store.problems()),
        "forecast": forecast.to_json() if forecast else None,
        "next": f"Go on: isoflop run {out / 'study.toml'} --out {out}" if unfinished and not pid else "",
    }
