"""Collects what finished studies came to: docs/results/NAME.json and .csv, and the table of numbers in README.md.

    python docs/collect.py runs/quickstart runs/another    # or: make results RUNS="runs/quickstart runs/another"

Nothing is trained, and no number is typed by hand: tests/test_docs.py renders the README's table again from the JSON.
"""

import json
import re
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from isoflop.designs.kept import kept_study
from isoflop.errors import IsoflopError
from isoflop.lab import conclude
from isoflop.runs.store import Store
from isoflop.units import print_count, print_seconds

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "docs" / "results"
BEGIN, END = "<!-- results: written by docs/collect.py -->\n", "<!-- end of results -->"
FIRST = "quickstart"
RUNG = ("flops", "n_params", "tokens", "loss", "measured", "relative_error", "compute_error", "inside")


def collect(folder: Path) -> dict[str, Any]:
    """What the study in a folder came to, as plain values; raises where it has no scored forecast."""
    kept, store = kept_study(folder), Store(folder)
    outcome = conclude(kept, folder, lambda runs: [r for run in runs if (r := store.get(run.id)) is not None])
    if outcome.forecast is None or outcome.forecast.measured is None:
        sys.exit(f"{folder} has no scored forecast: {outcome.why or 'go on with it first'}")
    began = [(datetime.fromisoformat(r.environment["started_at"]).timestamp(), r.seconds) for r in outcome.records]
    roles = {role: [r for r in outcome.records if r.run.role == role] for role in ("ladder", "pilot", "check")}
    return {
        "schema": 1,
        "study": kept.study.name,
        "seed": kept.study.seed,
        "text": {key: kept.about[key] for key in ("name", "documents", "bytes", "train_tokens", "held_out_tokens")},
        "loss_unit": "nats/byte" if kept.study.tokenizer.kind == "bytes" else "nats/token",
        "budgets": list(kept.study.ladder.budgets),
        "runs": {role: _counts(records) for role, records in roles.items()},
        "flops": {role: sum(r.flops for r in records) for role, records in roles.items()},
        "workers": kept.study.run.workers,
        "core_seconds": sum(r.seconds for r in outcome.records),
        "wall_seconds": max(at + took for at, took in began) - min(at for at, _ in began),
        "environment": {k: v for k, v in outcome.records[0].environment.items() if k != "started_at"},
        "forecast": outcome.forecast.to_json(),
        "rung_forecasts": [
            {key: value for key, value in each.to_json().items() if key in RUNG} for _, each in outcome.rung_forecasts
        ],
        "fits": [
            {key: value for key, value in fit.to_json().items() if key not in {"sample", "checks", "about"}}
            for fit in outcome.fit.fits
        ],
        "best_size_exponent": outcome.fit.ensembles["n_params"].interval(lambda law: law.a).to_json(),
    }


def _counts(records: Sequence[Any]) -> dict[str, int]:
    return {word: sum(str(r.status) == word for r in records) for word in ("done", "diverged", "failed")}


def table(results: Sequence[Mapping[str, Any]]) -> str:
    """The table of the README: a study a column, the quickstart first."""
    columns = [_column(each) for each in results]
    lines = ["| | " + " | ".join(f"`{each['study']}`" for each in results) + " |"]
    lines.append("|---" * (len(results) + 1) + "|")
    lines += [f"| {row} | " + " | ".join(column[row] for column in columns) + " |" for row in columns[0]]
    return "\n".join(lines) + "\n"


def _column(found: Mapping[str, Any]) -> dict[str, str]:
    unit, forecast, runs = found["loss_unit"], found["forecast"], found["runs"]
    loss, a, rungs = forecast["loss"], found["best_size_exponent"], found["rung_forecasts"]
    each = ", ".join(f"{run['loss']:.4f}" for run in forecast["runs"])
    bad = sum(counts[word] for counts in runs.values() for word in ("diverged", "failed"))
    above = forecast["flops"] / forecast["fitted_up_to"]
    return {
        "text, seed": f"{found['text']['name']}, {found['seed']}",
        "ladder": f"{runs['ladder']['done']} runs at {len(found['budgets'])} budgets, "
        f"{_power(found['budgets'][0])} to {_power(found['budgets'][-1])} FLOPs",
        "learning-rate pilot": f"{runs['pilot']['done']} runs",
        "diverged or failed": str(bad),
        "the run forecast": f"N = {forecast['n_params']:,}, D = {print_count(forecast['tokens'])}, "
        f"{_power(forecast['flops'])} FLOPs: {above:.3g} times the ladder's largest",
        f"**forecast**, {unit}": f"**{loss['median']:.4f}**, {loss['low']:.4f} to {loss['high']:.4f} "
        f"({loss['level']:.0%}, one new run)",
        f"**measured**, {unit}": f"**{forecast['measured']:.4f}**"
        + (f" (runs: {each})" if len(forecast["runs"]) > 1 else ""),
        "inside the interval": "yes" if forecast["inside"] else "**no**",
        "error in loss": f"{forecast['relative_error']:+.2%}",
        "error in compute": f"{forecast['compute_error']:+.0%}",
        "rungs forecast from those below": ", ".join(
            f"{rung['relative_error']:+.2%}{'' if rung['inside'] else ' (outside)'}" for rung in rungs
        ),
        "a of N_opt = k C^a": f"{a['median']:.2f} ({a['low']:.2f} to {a['high']:.2f})",
        "training, wall time": f"{print_seconds(found['wall_seconds'])} with {found['workers']} workers",
    }


def _power(flops: float) -> str:
    mantissa, exponent = f"{flops:.1e}".split("e")
    return f"{float(mantissa):g}e{int(exponent)}"


def stored() -> list[dict[str, Any]]:
    """All collected results, the quickstart first."""
    paths = sorted(RESULTS.glob("*.json"), key=lambda path: (path.stem != FIRST, path.stem))
    return [json.loads(path.read_text(encoding="utf-8")) for path in paths]


def with_table(readme: str, rendered: str) -> str:
    """The README's text with this table between its two marks."""
    text, found = re.subn(
        f"{re.escape(BEGIN)}.*?{re.escape(END)}", lambda _: BEGIN + rendered + END, readme, flags=re.S
    )
    if found != 1:
        sys.exit(f"README.md must have {BEGIN.strip()} and {END} once; found them {found} times.")
    return text


def main(folders: Sequence[str]) -> None:
    """Collect each folder, then renew the README."""
    if not folders:
        sys.exit(__doc__)
    RESULTS.mkdir(exist_ok=True)
    for folder in map(Path, folders):
        try:
            found = collect(folder)
        except IsoflopError as error:
            sys.exit(f"{folder}: {error}")
        path = RESULTS / f"{found['study']}.json"
        path.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        path.with_suffix(".csv").write_bytes((folder / "table.csv").read_bytes())
        print(f"Wrote {path.relative_to(ROOT)} and {path.with_suffix('.csv').name}")
    readme = ROOT / "README.md"
    readme.write_text(with_table(readme.read_text(encoding="utf-8"), table(stored())), encoding="utf-8")
    print("Renewed the table in README.md")


if __name__ == "__main__":
    main(sys.argv[1:])
