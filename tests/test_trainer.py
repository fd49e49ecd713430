"""The trainer: interrupted at any step and continued elsewhere it ends with the same bits; a diverging run says so."""

import math
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from isoflop.costs.shape import Shape
from isoflop.runs.event import Event
from isoflop.runs.record import Record, Status
from isoflop.runs.run import Run
from isoflop.training.dataset import Dataset
from isoflop.training.prepare import prepare
from made_runs import OPTIMIZER, a_run

SHAPE = Shape(n_layers=1, width=8, n_heads=1, head_dim=8, ff_width=32, vocab_size=200, context=32)


@pytest.fixture(scope="module")
def text(cache: Path) -> Iterator[Dataset]:
    before = os.environ.get("ISOFLOP_CACHE")
    os.environ["ISOFLOP_CACHE"] = str(cache)
    yield prepare("python-stdlib", seed=1)
    if before is None:
        del os.environ["ISOFLOP_CACHE"]
    else:
        os.environ["ISOFLOP_CACHE"] = before


def the_run(text: Dataset, steps: int = 1200, **changes: object) -> Run:
    shape = replace(SHAPE, vocab_size=text.vocab_size)
    values = {"shape": shape, "steps": steps, "tokens": steps * 64, "batch_tokens": 64, "eval_tokens": 4096,
              "corpus": text.fingerprint, "tokenizer": text.tokenizer_fingerprint, **changes}  # fmt: skip
    return a_run(**values)


def trained(run: Run, folder: Path, stop_after: float = math.inf) -> tuple[Record | None, list[Event]]:
    from isoflop.training.trainer import train

    events: list[Event] = []
    records = list(train([run], folder=folder, emit=events.append, should_stop=lambda: len(events) >= stop_after))
    return (records[0] if records else None), events


def same(one: Record, other: Record) -> bool:
    return (one.loss, one.loss_se, one.start_loss, one.curve) == (
        other.loss,
        other.loss_se,
        other.start_loss,
        other.curve,
    )


def test_a_run_interrupted_twice_ends_with_the_same_bits(text: Dataset, tmp_path: Path) -> None:
    run = the_run(text)
    whole, events = trained(run, tmp_path)
    assert whole is not None
    assert whole.status is Status.DONE
    assert len(events) > 6
    (tmp_path / "cut").mkdir()
    for stop_after in (2, 3):
        unfinished, seen = trained(run, tmp_path / "cut", stop_after)
        assert unfinished is None
        assert seen[-1].step < run.steps
    resumed, rest = trained(run, tmp_path / "cut")
    assert resumed is not None
    assert rest[0].step > events[4].step, "it went on from the checkpoint"
    assert same(resumed, whole)


def test_another_process_goes_on_to_the_same_bits(text: Dataset, tmp_path: Path) -> None:
    run = the_run(text, steps=600)
    whole, _ = trained(run, tmp_path)
    cut = tmp_path / "cut"
    cut.mkdir()
    assert trained(run, cut, 1)[0] is None
    program = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from pathlib import Path
from isoflop.runs.run import Run
from isoflop.runs.store import Store
from isoflop.training.trainer import train
steps = []
run, folder = Run.from_json({run.to_json()!r}), Path({str(cut)!r})
(record,) = train([run], folder=folder, emit=lambda e: steps.append(e.step), should_stop=lambda: False)
assert steps[0] > 128, steps
Store({str(tmp_path)!r}).write(record)
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=120)
    from isoflop.runs.store import Store

    resumed = Store(tmp_path).get(run.id)
    assert resumed is not None
    assert whole is not None
    assert same(resumed, whole)


def test_a_checkpoint_that_is_not_whole_means_from_the_beginning(text: Dataset, tmp_path: Path) -> None:
    run = the_run(text, steps=300)
    (tmp_path / f"{run.id}.ckpt").write_bytes(b"half a file")
    record, events = trained(run, tmp_path)
    assert record is not None
    assert record.status is Status.DONE
    assert events[0].step <= 128


def test_seeds_of_initialisation_and_data_act_apart(text: Dataset, tmp_path: Path) -> None:
    base = the_run(text, steps=300)
    losses = {
        (init, data): trained(replace(base, init_seed=init, data_seed=data), tmp_path)[0].loss  # type: ignore[union-attr]
        for init in (0, 1)
        for data in (0, 1)
    }
    assert len(set(losses.values())) == 4
    assert np.ptp(list(losses.values())) < 0.5


@pytest.mark.parametrize("lr", [1e4, 1e30])
def test_a_run_that_diverges_is_kept_with_its_reason(text: Dataset, tmp_path: Path, lr: float) -> None:
    optimizer = replace(OPTIMIZER, peak_lr=lr, embedding_lr=lr, head_lr=lr, clip=1e9)
    record, _ = trained(the_run(text, steps=300, optimizer=optimizer), tmp_path)
    assert record is not None
    assert record.status is Status.DIVERGED
    assert "above its start" in record.note or "not finite" in record.note
    assert record.curve.tokens[-1] == record.tokens


def test_what_a_record_says_of_its_run(text: Dataset, tmp_path: Path) -> None:
    run = the_run(text, steps=300)
    record, events = trained(run, tmp_path)
    assert record is not None
    assert record.start_loss == pytest.approx(math.log(text.vocab_size), abs=1e-4), "the head begins at zero"
    assert record.tokens == run.tokens == record.curve.tokens[-1]
    assert record.flops == pytest.approx(run.flops)
    assert record.loss is not None
    assert record.bits_per_byte == pytest.approx(record.loss / math.log(2) / text.held_out.bytes_per_token)
    assert events[-1].step == run.steps
    assert {"jax", "numpy", "python", "cpu", "started_at"} <= set(record.environment)
    assert record.curve.learning_rate.max() <= run.optimizer.peak_lr * (1 + 1e-6)
    assert record.curve.learning_rate[-1] == pytest.approx(0, abs=1e-8)
