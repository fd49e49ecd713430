"""What the commands print for people: plans, fits, progress and verdicts as lines of plain text."""

from collections.abc import Mapping, Sequence
from typing import Any

from isoflop.costs.duration import core_seconds
from isoflop.plans.forecast import Forecast
from isoflop.runs.run import Run
from isoflop.units import print_count, print_flops, print_seconds


def columns(rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> str:
    """Rows as aligned columns two spaces apart, those in `right` flush right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [
            cell.rjust(w) if i in right else cell.ljust(w) for i, (cell, w) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def planned_runs(runs: Sequence[Run], workers: int) -> str:
    """What `--dry-run` shows: the runs by budget, their FLOPs and the time they should take."""
    cells: dict[tuple[float, str], list[Run]] = {}
    for run in runs:
        cells.setdefault((run.budget, run.role), []).append(run)
    rows = [("budget", "role", "runs", "sizes N", "tokens D", "steps", "FLOPs", "time")]
    for (budget, role), group in sorted(cells.items()):
        rows.append(
            (
                f"{budget:.3g}",
                role,
                str(len(group)),
                _range([run.shape.n_params for run in group]),
                _range([run.tokens for run in group]),
                _range([run.steps for run in group]),
                f"{sum(run.flops for run in group):.3g}",
                print_seconds(seconds_of(group, workers)),
            )
        )
    total = (
        f"{len(runs)} runs, {print_flops(sum(run.flops for run in runs))}, about "
        f"{print_seconds(seconds_of(runs, workers))} with {workers} workers, each on a core of its own (a guess: the "
        "pace is measured as runs end). The sizes of later rungs follow the minima found below them."
    )
    return f"{columns(rows, right=(0, 2, 6, 7))}\n{total}"


def seconds_of(runs: Sequence[Run], workers: int) -> float:
    """Seconds that runs should take side by side: the longest cannot be shared out."""
    each = [core_seconds(run.shape, run.tokens) for run in runs]
    checks = [core_seconds(run.shape, run.tokens) for run in runs if run.role == "check"]
    ladder = sum(each) - sum(checks)
    return ladder / workers + max(max(checks, default=0.0), sum(checks) / workers)


def verdict(forecast: Forecast) -> str:
    """Forecast, measurement and error side by side."""
    loss = forecast.loss
    what = f"{print_flops(forecast.flops)}, N = {print_count(forecast.n_params)}, D = {print_count(forecast.tokens)}"
    said = f"{loss.median:.4f} nats/token, {loss.low:.4f} to {loss.high:.4f} ({loss.level:.0%}, for one {loss.of})"
    rows = [("run", what), ("forecast", said)]
    if forecast.measured is None:
        rows.append(("measured", "not yet"))
        return columns(rows)
    losses = ", ".join(f"{run.loss:.4f}" for run in forecast.runs)
    each = f" (runs: {losses})" if len(forecast.runs) > 1 else ""
    where = "inside" if forecast.inside else "outside"
    rows += [
        ("measured", f"{forecast.measured:.4f} nats/token{each}, {where} the interval"),
        ("error", f"{forecast.relative_error:+.2%} of the loss, {forecast.compute_error:+.1%} of the compute"),
    ]
    return columns(rows)


def status(found: Mapping[str, Any]) -> str:
    """Where a study is: a line a role, what went wrong, the forecast."""
    rows = [("role", "done", "diverged", "failed", "of")]
    for role, counts in found["runs"].items():
        rows.append((role, *(str(counts[word]) for word in ("done", "diverged", "failed", "planned"))))
    parts = [f"Study {found['study']} in {found['folder']}: {found['state']}", columns(rows, right=(1, 2, 3, 4))]
    parts += [f"{run['status']}: run {run['run_id']}, {run['note']}" for run in found["went_wrong"]]
    parts += [f"Broken: {problem}" for problem in found["problems"]]
    parts += [verdict(Forecast.from_json(found["forecast"]))] if found["forecast"] else []
    return "\n".join([*parts, *([found["next"]] if found["next"] else [])])


def _range(numbers: Sequence[float]) -> str:
    low, high = print_count(min(numbers)), print_count(max(numbers))
    return low if low == high else f"{low}–{high}"
