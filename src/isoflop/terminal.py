"""What a person sees while a study runs, and the few tables that the commands print."""

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table as Grid
from rich.text import Text

from isoflop.costs.duration import core_seconds
from isoflop.plans.forecast import Forecast
from isoflop.runs.event import Event
from isoflop.runs.record import Record, Status
from isoflop.runs.run import Run
from isoflop.units import print_count, print_flops, print_seconds

REFRESHES_A_SECOND = 4


class Display:
    """Runs done, losses so far, FLOPs spent and time left; a line a finished run where the output is no terminal."""

    def __init__(self, console: Console, planned: Sequence[Run], workers: int):
        self.console = console
        self.workers = workers
        self.began = time.monotonic()
        self.stage = "starting"
        self.total_runs = len(planned)
        self.total_flops = sum(run.flops for run in planned)
        self.expected = {run.id: _seconds(run) for run in planned}
        self.runs: dict[str, Run] = {}
        self.now: dict[str, Event] = {}
        self.done: dict[str, Record] = {}
        self.trained_here = 0.0
        self.expected_here = 0.0
        self.live: Live | None = None

    @contextmanager
    def shown(self) -> Iterator["Display"]:
        """Show it while the block runs."""
        if not self.console.is_terminal:
            yield self
            return
        with Live(self, console=self.console, refresh_per_second=REFRESHES_A_SECOND, transient=True) as live:
            self.live = live
            yield self
        self.live = None

    def say(self, stage: str) -> None:
        """What is being done now."""
        self.stage = stage
        if self.live is None:
            self.console.print(stage)

    def expect(self, runs: Sequence[Run]) -> None:
        """The runs of a rung, now that its sizes are known."""
        self.runs |= {run.id: run for run in runs}

    def event(self, event: Event) -> None:
        """A run went on."""
        self.now[event.run_id] = event

    def record(self, record: Record, *, trained: bool = True) -> None:
        """A run ended, or was found finished."""
        self.now.pop(record.run.id, None)
        if record.run.id in self.done:
            return
        self.done[record.run.id] = record
        if trained:
            self.trained_here += record.seconds
            self.expected_here += _seconds(record.run)
            if self.live is None:
                self.console.print(self._line(record))

    @property
    def flops_spent(self) -> float:
        """Of finished runs and of those under way."""
        return sum(r.flops for r in self.done.values()) + sum(event.flops_done for event in self.now.values())

    def seconds_left(self) -> float:
        """From what runs like these took here so far, on all workers."""
        pace = self.trained_here / self.expected_here if self.expected_here > 0 else 1.0
        total = sum(self.expected.values())
        spent = sum(_seconds(record.run) for record in self.done.values())
        under_way = sum(
            _seconds(self.runs[name]) * event.step / event.steps
            for name, event in self.now.items()
            if name in self.runs
        )
        return max(0.0, (total - spent - under_way) * pace / self.workers)

    def __rich__(self) -> Group:
        done = len(self.done)
        head = Text.assemble((self.stage, "bold"))
        bar = ProgressBar(total=max(self.total_flops, self.flops_spent), completed=self.flops_spent, width=44)
        facts = Text(
            f"{done} of about {max(self.total_runs, done)} runs · {print_flops(self.flops_spent)} of "
            f"{print_flops(max(self.total_flops, self.flops_spent))} · {print_seconds(time.monotonic() - self.began)} so far, "
            f"about {print_seconds(self.seconds_left())} left"
        )
        under_way = [self._progress(event) for event in self.now.values()]
        best = self._best()
        return Group(head, bar, facts, *under_way, *([best] if best else []))

    def _progress(self, event: Event) -> Text:
        run = self.runs.get(event.run_id)
        what = f"N = {print_count(run.shape.n_params)} at {print_flops(run.budget)}" if run else event.run_id
        loss = "…" if event.loss is None else f"{event.loss:.3f}"
        return Text(f"  {what}: step {event.step:,} of {event.steps:,}, training loss {loss}", style="dim")

    def _best(self) -> Text | None:
        best: dict[float, float] = {}
        for record in self.done.values():
            if record.status is Status.DONE and record.loss is not None and record.run.role != "pilot":
                best[record.run.budget] = min(best.get(record.run.budget, record.loss), record.loss)
        if not best:
            return None
        return Text("best so far: " + ", ".join(f"{loss:.3f} at {flops:.2g}" for flops, loss in sorted(best.items())))

    def _line(self, record: Record) -> str:
        run = record.run
        loss = "no loss" if record.loss is None else f"{record.loss:.4f} nats/token"
        note = "" if record.status is Status.DONE else f" ({record.status}: {record.note.splitlines()[0][:120]})"
        return (
            f"{len(self.done)}/{max(self.total_runs, len(self.done))} {run.role} N = {print_count(run.shape.n_params)}, "
            f"D = {print_count(run.tokens)} at {print_flops(run.budget)}: {loss} in {print_seconds(record.seconds)}{note}"
        )


def console(*, quiet: bool = False) -> Console:
    """Where people read: standard error if standard output is for a program's JSON."""
    return Console(file=sys.stderr if quiet else sys.stdout, highlight=False, soft_wrap=True)


def plan_grid(runs: Sequence[Run], workers: int) -> Group:
    """What `--dry-run` shows: the runs by budget, their FLOPs and the time they should take."""
    grid = Grid(box=None, pad_edge=False, header_style="bold")
    for name, side in (("role", "left"), ("budget", "right"), ("runs", "right"), ("sizes N", "left"), ("tokens D", "left"),
                       ("steps", "left"), ("FLOPs", "right"), ("time", "right")):  # fmt: skip
        grid.add_column(name, justify=side)  # type: ignore[arg-type]
    cells: dict[tuple[str, float], list[Run]] = {}
    for run in runs:
        cells.setdefault((run.role, run.budget), []).append(run)
    for (role, budget), rung in sorted(cells.items(), key=lambda item: (item[0][1], item[0][0])):
        sizes = sorted({(run.shape.n_params, run.tokens, run.steps) for run in rung})
        grid.add_row(
            role,
            f"{budget:.2g}",
            str(len(rung)),
            _range([size[0] for size in sizes]),
            _range([size[1] for size in sizes]),
            f"{min(size[2] for size in sizes):,}–{max(size[2] for size in sizes):,}",
            f"{sum(run.flops for run in rung):.2g}",
            print_seconds(sum(_seconds(run) for run in rung) / workers),
        )
    seconds = sum(_seconds(run) for run in runs) / workers
    total = (
        f"{len(runs)} runs, {print_flops(sum(run.flops for run in runs))}, about {print_seconds(seconds)} on {workers} "
        "CPU cores like those the estimate was measured on. Sizes of later rungs move with the minima found below them."
    )
    return Group(grid, Text(total))


def verdict(forecast: Forecast) -> Any:
    """Forecast, measurement and error side by side."""
    grid = Grid(box=None, pad_edge=False, show_header=False)
    loss = forecast.loss
    what = f"{print_flops(forecast.flops)}, N = {print_count(forecast.n_params)}, D = {print_count(forecast.tokens)}"
    grid.add_row("the run", what)
    grid.add_row(
        "forecast", f"{loss.median:.4f} nats/token ({loss.low:.4f} to {loss.high:.4f}, {loss.level:.0%}, {loss.of})"
    )
    if forecast.measured is None:
        grid.add_row("measured", "not yet")
        return grid
    losses = ", ".join(f"{run.loss:.4f}" for run in forecast.runs)
    grid.add_row(
        "measured", f"{forecast.measured:.4f} nats/token" + (f" (runs: {losses})" if len(forecast.runs) > 1 else "")
    )
    grid.add_row(
        "error",
        f"{forecast.relative_error:+.2%} of the loss, {forecast.compute_error:+.1%} of the compute, "
        f"{'inside' if forecast.inside else 'outside'} the interval",
    )
    return grid


def _range(numbers: Sequence[float]) -> str:
    low, high = print_count(min(numbers)), print_count(max(numbers))
    return low if low == high else f"{low}–{high}"


def _seconds(run: Run) -> float:
    return core_seconds(run.shape, run.tokens)
