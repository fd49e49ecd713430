"""train(): from resolved inputs to records, resumable at any moment, the same bits wherever it was interrupted."""

import importlib.metadata
import math
import platform
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from isoflop.costs.flops import flops_per_token
from isoflop.runs.event import Event
from isoflop.runs.record import Curve, Record, Status
from isoflop.runs.run import Run
from isoflop.training.cache import cache_folder
from isoflop.training.checkpoint import load_checkpoint, save_checkpoint
from isoflop.training.dataset import Dataset, open_dataset
from isoflop.training.evaluate import evaluate
from isoflop.training.loop import MICRO_BATCHES_A_CALL, first_state, hyper_of, learning_rates, program
from isoflop.training.windows import evaluation_windows, windows

SECONDS_BETWEEN_CHECKPOINTS = 10.0
CURVE_POINTS = 100


def train(
    runs: Sequence[Run], *, folder: Path, emit: Callable[[Event], None], should_stop: Callable[[], bool]
) -> Iterator[Record]:
    """Train the runs one after another, yielding each record; stops without one, leaving a checkpoint, if told to.

    The text is found by its fingerprint among the prepared datasets. Raises `StorageError` where it or folder fails.
    A run's checkpoint stays until its record is kept, which is for the caller to do.
    """
    _keep_compilations()
    for run in runs:
        record = _train_one(run, folder=folder, emit=emit, should_stop=should_stop)
        if record is None:
            return
        yield record


def _train_one(
    run: Run, *, folder: Path, emit: Callable[[Event], None], should_stop: Callable[[], bool]
) -> Record | None:
    dataset = open_dataset(run.corpus)
    held_out = evaluation_windows(dataset, run.shape.context, run.eval_tokens)
    checkpoint = folder / f"{run.id}.ckpt"
    began, started_at = time.monotonic(), datetime.now(UTC).isoformat(timespec="seconds")
    state = first_state(run)
    losses: NDArray[np.float32] = np.zeros(0, np.float32)
    start_loss = evaluate(state.params, held_out, run.shape, run.dtype).loss
    if (kept := load_checkpoint(checkpoint, state)) is not None:
        state, losses, seconds_before = kept
        began -= seconds_before

    advance, hyper = program(run.shape, run.dtype), hyper_of(run)
    n_micro = run.batch_tokens // (run.micro_batch * run.shape.context)
    steps_a_call = max(1, MICRO_BATCHES_A_CALL // n_micro)
    saved = time.monotonic()
    while len(losses) < run.steps and np.isfinite(losses[-1:]).all():
        n_steps = min(steps_a_call, run.steps - len(losses))
        batch = _batches(dataset, run, n_micro, first=len(losses), n_steps=n_steps)
        state, more = advance(state, batch, jnp.int32(n_steps), jnp.int32(n_micro), hyper)
        losses = np.concatenate([losses, np.asarray(more[:n_steps])])
        done = len(losses) * run.batch_tokens * flops_per_token(run.shape)
        recent = float(np.mean(losses[-n_steps:]))
        emit(Event(run.id, len(losses), run.steps, recent, done, time.monotonic() - began))
        stop = should_stop()
        if stop or time.monotonic() - saved > SECONDS_BETWEEN_CHECKPOINTS:
            save_checkpoint(checkpoint, state, losses, time.monotonic() - began)
            saved = time.monotonic()
        if stop:
            return None
    evaluation = evaluate(state.params, held_out, run.shape, run.dtype)
    status, note = _verdict(losses, evaluation.loss, start_loss)
    tokens = len(losses) * run.batch_tokens
    return Record(
        run=run,
        status=status,
        loss=evaluation.loss,
        loss_se=evaluation.standard_error,
        bits_per_byte=evaluation.loss / math.log(2) / dataset.held_out.bytes_per_token,
        start_loss=start_loss,
        curve=_curve(run, losses),
        tokens=tokens,
        flops=tokens * flops_per_token(run.shape),
        flops_6nd=tokens * flops_per_token(run.shape, "6nd"),
        seconds=time.monotonic() - began,
        environment=environment() | {"started_at": started_at},
        note=note,
    )


def _batches(dataset: Dataset, run: Run, n_micro: int, *, first: int, n_steps: int) -> jax.Array:
    """The micro-batches of the next steps, padded to the program's fixed length: [M, micro_batch, context + 1]."""
    # A study that repeats tokens unsaid is refused when its grid is made, so repeats are allowed here.
    length = max(MICRO_BATCHES_A_CALL, n_micro)
    sequences = n_micro * run.micro_batch
    taken = windows(
        dataset, run.shape.context, run.data_seed, n_steps * sequences, start=first * sequences, allow_repeats=True
    )
    padded = np.zeros((length * run.micro_batch, run.shape.context + 1), taken.dtype)
    padded[: len(taken)] = taken
    return jnp.asarray(padded.reshape(length, run.micro_batch, -1))


def _verdict(losses: NDArray[np.float32], final: float, start: float) -> tuple[Status, str]:
    if not math.isfinite(final) or not np.isfinite(losses).all():
        return Status.DIVERGED, f"The loss was not finite at step {len(losses):,}."
    if final > start:
        return Status.DIVERGED, f"It ended at {final:.4g} nats/token, above its start at {start:.4g}."
    return Status.DONE, ""


def _curve(run: Run, losses: NDArray[np.float32]) -> Curve:
    """At most CURVE_POINTS means of consecutive steps, so that a curve is smooth without remembering the start."""
    pieces = np.array_split(losses.astype(np.float64), min(CURVE_POINTS, max(1, len(losses))))
    ends = np.cumsum([len(piece) for piece in pieces])
    return Curve(
        tokens=ends * run.batch_tokens,
        train_loss=np.array([piece.mean() for piece in pieces]),
        learning_rate=learning_rates(run, ends),
    )


@lru_cache(maxsize=1)
def environment() -> dict[str, str]:
    """Versions and machine, for the record; they are not inputs of the run."""
    versions = {name: importlib.metadata.version(name) for name in ("isoflop", "jax", "jaxlib", "numpy", "optax")}
    device = jax.devices()[0]
    return versions | {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cpu": _cpu(),
        "device": f"{device.platform}: {device.device_kind}",
    }


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())


@lru_cache(maxsize=1)
def _keep_compilations() -> None:
    """Compiled programs are kept between processes: a second study of the same shapes compiles nothing."""
    settings = {
        "jax_compilation_cache_dir": str(cache_folder() / "compiled"),
        "jax_persistent_cache_min_compile_time_secs": 0.3,
    }
    for name, value in settings.items():
        jax.config.update(name, value)  # type: ignore[no-untyped-call]
