"""What a person sees while runs are trained: a line a run without a terminal, a picture on one."""

import io
from dataclasses import replace

from rich.console import Console

from isoflop.runs.event import Event
from isoflop.runs.record import Record, Status
from isoflop.runs.run import Run
from isoflop.terminal import Display
from made_runs import a_record, a_run


def a_display(runs: list[Run], *, terminal: bool = False, workers: int = 2) -> tuple[Display, io.StringIO]:
    text = io.StringIO()
    return Display(
        Console(file=text, force_terminal=terminal, highlight=False, width=80, height=24), runs, workers
    ), text


RUNS = [a_run(init_seed=seed, budget=budget) for budget in (1e10, 2e10) for seed in range(3)]


def test_without_a_terminal_each_run_has_a_line_of_its_own() -> None:
    display, text = a_display(RUNS)
    with display.shown():
        display.say("Rung 1")
        display.record(a_record(RUNS[0], loss=2.5))
        display.record(a_record(RUNS[0], loss=2.5))  # told once
        display.record(Record.failed(RUNS[1], "killed\nlog"))
    first, done, failed = text.getvalue().splitlines()
    assert first == "Rung 1"
    assert done.startswith("1/6 ladder")
    assert "2.5000 nats/token" in done
    assert "left" in done
    assert "(failed: killed)" in failed


def test_time_left_follows_the_pace_of_runs_so_far_and_the_number_of_workers() -> None:
    """A run takes about as long as those before it took here; one worker takes nearly twice what two take."""
    two, _ = a_display(RUNS, workers=2)
    one, _ = a_display(RUNS, workers=1)
    assert one.seconds_left() > 1.4 * two.seconds_left() > 0
    before = two.seconds_left()
    slow = replace(a_record(RUNS[0]), seconds=1000.0)
    two.record(slow)
    assert two.seconds_left() > 10 * before
    for run in RUNS[1:]:
        two.record(a_record(run))
    assert two.seconds_left() == 0


def test_runs_found_finished_say_nothing_of_the_pace() -> None:
    display, text = a_display(RUNS)
    before = display.seconds_left()
    display.record(replace(a_record(RUNS[0]), seconds=1000.0), trained=False)
    assert display.seconds_left() < before
    assert text.getvalue() == ""


def test_a_rung_takes_the_place_of_what_was_planned_for_it() -> None:
    display, _ = a_display(RUNS)
    other = [replace(run, init_seed=9 + run.init_seed) for run in RUNS[:2]]
    display.expect(other)
    assert set(display.runs) == {run.id for run in (*other, *RUNS[3:])}


def test_the_picture_fits_a_small_terminal_and_shows_what_is_under_way() -> None:
    display, text = a_display(RUNS, terminal=True)
    display.say("Rung 1 of 2")
    display.record(a_record(RUNS[0], loss=2.5))
    display.event(Event(RUNS[1].id, 250, 500, 3.125, RUNS[1].flops / 2, 1.0))
    assert display.flops_spent == RUNS[0].flops + RUNS[1].flops / 2
    display.console.print(display.draw())
    drawn = text.getvalue()
    for said in ("Rung 1 of 2", "1 of 6 runs", "so far", "left", "step 250 of 500", "3.125", "2.500 at 1e+10"):
        assert said in drawn
    assert len(drawn.splitlines()) < 24


def test_a_diverged_run_is_told_on_a_terminal_too() -> None:
    display, text = a_display(RUNS, terminal=True)
    with display.shown():
        display.record(a_record(RUNS[0], loss=None, status=Status.DIVERGED, note="The loss was not finite at step 7."))
    assert "(diverged: The loss was not finite at step 7.)" in text.getvalue()
