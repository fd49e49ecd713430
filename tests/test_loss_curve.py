"""A loss curve is a checked value, read from a file or a record with the learning rate of every step."""

from pathlib import Path

import numpy as np
import pytest

from isoflop.errors import BadInput
from isoflop.laws.schedule import schedule
from isoflop.runs.curve import LossCurve
from isoflop.runs.record import Curve
from made_runs import OPTIMIZER, a_record, a_run


def written(folder: Path, text: str) -> Path:
    path = folder / "run-7.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_curve_is_named_after_its_file_and_keeps_its_numbers(tmp_path: Path) -> None:
    curve = LossCurve.from_csv(written(tmp_path, "step,loss\n10,3.5\n20,3.25\n"), learning_rates=np.full(30, 1e-3))
    assert (curve.run_id, curve.steps.tolist(), curve.losses.tolist()) == ("run-7", [10, 20], [3.5, 3.25])
    assert repr(curve) == "LossCurve('run-7', 2 losses, steps 10 to 20 of 30)"


def test_rates_between_logged_steps_are_filled_in(tmp_path: Path) -> None:
    path = written(tmp_path, "iteration,loss,lr\n4,3.5,0.4\n8,3.25,0.2\n")
    curve = LossCurve.from_csv(path, mapping={"step": "iteration"}, warmup=3)
    assert curve.learning_rates == pytest.approx([0, 0.2, 0.4, 0.4, 0.4, 0.35, 0.3, 0.25, 0.2])
    slow = LossCurve.from_csv(path, mapping={"step": "iteration"}, warmup=100)
    assert slow.learning_rates[:5] == pytest.approx([0, 0.1, 0.2, 0.3, 0.4])
    none = LossCurve.from_csv(path, mapping={"step": "iteration"})
    assert none.learning_rates[:5] == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("step,loss\n1,2\n", "no column lr; its columns are step, loss"),
        ("step,loss,lr\n1,two,1e-3\n2,,1e-3\n", "loss is no finite number in 2 rows, first in row 0"),
        ("step,loss,lr\n1,2,1e-3\n1e300,2,1e-3\n", "goes beyond 0 to 1e.08 steps"),
        ("step,loss,lr\n2,2,1e-3\n1,2,1e-3\n", "ascending order"),
        ("step,loss,lr\n1,2,0\n2,2,0\n", "or all are 0"),
        ("step,loss,lr\n1.5,2,1e-3\n", "not whole numbers"),
    ],
)
def test_bad_files_are_refused_with_the_reason(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(BadInput, match=why):
        LossCurve.from_csv(written(tmp_path, text))


def test_every_problem_of_a_curve_is_told_at_once() -> None:
    with pytest.raises(BadInput) as caught:
        LossCurve("r", [1, 5, 9], [2.0, -1.0, np.nan], [1e-3, -1e-3])  # type: ignore[arg-type]
    assert caught.value.problems == (
        "The curve of run r: 2 losses are not above 0 and finite.",
        "The curve of run r: its last loss is of step 9, but its schedule ends at step 1.",
        "The curve of run r: the learning rates are not all finite and 0 or more, or all are 0.",
    )


def test_the_first_tenth_is_left_out_and_the_schedule_stays() -> None:
    curve = LossCurve("r", np.arange(100), np.linspace(3, 2, 100), schedule(120, 1e-3))
    late = curve.beyond()
    assert (late.steps[0], len(late), len(late.learning_rates)) == (10, 90, 120)
    assert curve.only([0, 99]).losses.tolist() == [3.0, 2.0]


@pytest.mark.parametrize("decay", ["linear", "cosine"])
def test_a_record_s_rates_are_those_its_run_was_trained_with(decay: str) -> None:
    from dataclasses import replace

    from isoflop.training.loop import learning_rates

    run = a_run(optimizer=replace(OPTIMIZER, decay=decay, final_lr_fraction=0.1))
    ends = np.asarray([100, 300, 500])
    record = a_record(run, curve=Curve(ends * run.batch_tokens, np.asarray([5.0, 4.0, 3.0]), np.zeros(3)))
    curve = LossCurve.from_record(record)
    assert curve.learning_rates == pytest.approx(learning_rates(run, np.arange(1, 501)), rel=1e-5)
    assert curve.steps.tolist() == [49, 199, 399]
    assert curve.run_id == run.id
