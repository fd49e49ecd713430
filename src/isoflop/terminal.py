"""What a person sees while a study runs: runs done, losses so far, FLOPs spent, time left."""

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from isoflop.costs.duration import core_seconds
from isoflop.runs.event import Event
from isoflop.runs.record import Record, Status
from isoflop.runs.run import Run
from isoflop.units import print_count, print_flops, print_seconds

REFRESHES_A_SECOND = 4
BAR = 60  # characters


class Display:
    """A live picture on a terminal; elsewhere a line a stage and a line a finished run."""

    def __init__(self, console: Console, planned: Sequence[Run], workers: int):
        self.console = console
        self.workers = workers
        self.began = time.monotonic()
        self.stage = "Starting"
        self.cells: dict[tuple[str, float], dict[str, Run]] = {}
        self.now: dict[str, Event] = {}
        self.done: dict[str, Record] = {}
        self.trained_here = 0.0
        self.expected_here = 0.0
        self.live: Live | None = None
        self.expect(planned)

    @contextmanager
    def shown(self) -> Iterator["Display"]:
        """Show it while the block runs."""
        if not self.console.is_terminal:
            yield self
            return
        with Live(
            console=self.console, refresh_per_second=REFRESHES_A_SECOND, transient=True, get_renderable=self.draw
        ) as live:
            self.live = live
            try:
                yield self
            finally:
                self.live = None

    def say(self, stage: str) -> None:
        """What is being done now."""
        self.stage = stage
        self.console.print(stage, soft_wrap=True)

    def expect(self, runs: Sequence[Run]) -> None:
        """The runs of a rung, in place of those that were planned for its budget and role."""
        cells: dict[tuple[str, float], dict[str, Run]] = {}
        for run in runs:
            cells.setdefault((run.role, run.budget), {})[run.id] = run
        self.cells |= cells

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
            if self.live is None or record.status is not Status.DONE:
                self.console.print(self._line(record), soft_wrap=True)

    @property
    def runs(self) -> dict[str, Run]:
        """All runs that are expected, by id."""
        return {run_id: run for cell in self.cells.values() for run_id, run in cell.items()}

    @property
    def total_flops(self) -> float:
        """Of all runs that are expected."""
        return sum(run.flops for run in self.runs.values())

    @property
    def flops_spent(self) -> float:
        """Of finished runs and of those under way."""
        return sum(r.flops for r in self.done.values()) + sum(event.flops_done for event in self.now.values())

    def seconds_left(self) -> float:
        """From what runs like these took here so far; those of one budget side by side, budgets one after another."""
        pace = self.trained_here / self.expected_here if self.expected_here > 0 else 1.0
        left: dict[float, list[float]] = {}
        for run_id, run in self.runs.items():
            if run_id not in self.done:
                event = self.now.get(run_id)
                share = 1 - event.step / event.steps if event else 1.0
                left.setdefault(run.budget, []).append(_seconds(run) * share)
        return pace * sum(max(*each, sum(each) / self.workers) for each in left.values())

    def draw(self) -> Group:
        """The picture now."""
        # Copies: runs end and begin in the main thread while another draws.
        done, now, runs = dict(self.done), dict(self.now), self.runs
        spent, total = self.flops_spent, max(self.total_flops, self.flops_spent)
        filled = round(BAR * spent / total) if total else 0
        seconds = print_seconds(time.monotonic() - self.began)
        return Group(
            Text(self.stage, style="bold"),
            Text.assemble(("━" * filled, "green"), ("━" * (BAR - filled), "dim")),
            Text(f"{len(done)} of {max(len(runs), len(done))} runs, {print_flops(spent)} of {print_flops(total)}"),
            Text(f"{seconds} so far, about {print_seconds(self.seconds_left())} left"),
            *(self._progress(event, runs.get(event.run_id)) for event in now.values()),
            *_best(done),
        )

    def _progress(self, event: Event, run: Run | None) -> Text:
        what = f"N = {print_count(run.shape.n_params)} at {print_flops(run.budget)}" if run else event.run_id
        loss = "…" if event.loss is None else f"{event.loss:.3f}"
        return Text(f"  {what}: step {event.step:,} of {event.steps:,}, training loss {loss}", style="dim")

    def _line(self, record: Record) -> str:
        run = record.run
        loss = "no loss" if record.loss is None else f"{record.loss:.4f} nats/token"
        note = "" if record.status is Status.DONE else f" ({record.status}: {record.note.splitlines()[0][:200]})"
        return (
            f"{len(self.done)}/{max(len(self.runs), len(self.done))} {run.role} N = {print_count(run.shape.n_params)}, "
            f"D = {print_count(run.tokens)} at {print_flops(run.budget)}: {loss} in "
            f"{print_seconds(record.seconds)}{note}, about {print_seconds(self.seconds_left())} left"
        )


def console(*, quiet: bool = False) -> Console:
    """Where people read: standard error if standard output is for a program's JSON."""
    return Console(file=sys.stderr if quiet else sys.stdout, highlight=False, markup=False, emoji=False)


def _best(done: dict[str, Record]) -> list[Text]:
    best: dict[float, float] = {}
    for record in done.values():
        if record.status is Status.DONE and record.loss is not None and record.run.role != "pilot":
            best[record.run.budget] = min(best.get(record.run.budget, record.loss), record.loss)
    if not best:
        return []
    return [Text("best so far: " + ", ".join(f"{loss:.3f} at {flops:.2g}" for flops, loss in sorted(best.items())))]


def _seconds(run: Run) -> float:
    return core_seconds(run.shape, run.tokens)
