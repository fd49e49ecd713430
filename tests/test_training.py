"""What the trainer computes: a causal Transformer, AdamW, a schedule to zero, losses clustered by document."""

import math
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from numpy.typing import NDArray

from isoflop.costs.shape import Shape
from isoflop.runs.run import Run
from isoflop.training.evaluate import clustered
from isoflop.training.loop import State, first_state, hyper_of, learning_rates, program, update
from isoflop.training.model import initialise, logits, token_losses
from made_runs import a_run

Windows = NDArray[np.int32]

SMALL = Shape(n_layers=2, width=12, n_heads=2, head_dim=8, ff_width=48, vocab_size=50, context=16)
STEPS = 20


@pytest.fixture(scope="module")
def windows() -> Windows:
    """A text with a pattern to learn: each token is the last one plus 1, plus some noise."""
    rng = np.random.default_rng(0)
    steps = 1 + (rng.random((256, SMALL.context + 1)) < 0.1)
    return (np.cumsum(steps, axis=1) % SMALL.vocab_size).astype(np.int32)


@pytest.fixture(scope="module")
def run() -> Run:
    made = a_run()
    return replace(
        made,
        shape=SMALL,
        steps=STEPS,
        batch_tokens=4 * SMALL.context,
        tokens=STEPS * 4 * SMALL.context,
        optimizer=replace(made.optimizer, warmup_steps=5, final_lr_fraction=0.0, weight_decay=0.1, decay="linear"),
    )


def trained(run: Run, windows: Windows, n_micro: int) -> tuple[State, NDArray[np.float32]]:
    batches = jnp.asarray(windows.reshape(-1, 4 // n_micro, SMALL.context + 1))
    state, losses = program(run.shape, run.dtype)(
        first_state(run), batches, jnp.int32(run.steps), jnp.int32(n_micro), hyper_of(run)
    )
    return state, np.asarray(losses[: run.steps])


def test_the_first_loss_is_that_of_knowing_nothing(windows: Windows) -> None:
    losses = token_losses(initialise(SMALL, 0), jnp.asarray(windows[:4]), SMALL)
    assert np.asarray(losses) == pytest.approx(math.log(SMALL.vocab_size), abs=1e-6)


def test_no_prediction_sees_what_comes_after_it(windows: Windows) -> None:
    params = initialise(SMALL, 0)
    params["head"] = jnp.asarray(np.random.default_rng(1).normal(size=params["head"].shape), jnp.float32)
    tokens = jnp.asarray(windows[:2, :-1])
    changed = tokens.at[:, 10:].set((tokens[:, 10:] + 7) % SMALL.vocab_size)
    before, after = logits(params, tokens, SMALL), logits(params, changed, SMALL)
    np.testing.assert_array_equal(before[:, :10], after[:, :10])
    assert not np.allclose(before[:, 10:], after[:, 10:])


def test_a_prediction_knows_positions_only_relative_to_its_own() -> None:
    """RoPE: a repeated token gives attention nothing but positions, and all values are alike, so all outputs are."""
    params = initialise(SMALL, 0)
    params["head"] = jnp.asarray(np.random.default_rng(1).normal(size=params["head"].shape), jnp.float32)
    out = np.asarray(logits(params, jnp.full((1, SMALL.context), 3), SMALL))
    np.testing.assert_allclose(out, np.broadcast_to(out[:, :1], out.shape), atol=1e-4)


def test_micro_batches_change_nothing_but_rounding(run: Run, windows: Windows) -> None:
    whole, whole_losses = trained(run, windows, n_micro=1)
    split, split_losses = trained(run, windows, n_micro=4)
    np.testing.assert_allclose(whole_losses, split_losses, rtol=1e-4)
    for one, other in zip(jax.tree.leaves(whole.params), jax.tree.leaves(split.params), strict=True):
        np.testing.assert_allclose(one, other, atol=2e-3)


def test_training_learns_the_pattern(run: Run, windows: Windows) -> None:
    _, losses = trained(run, windows, n_micro=1)
    assert losses[-1] < 0.8 * losses[0]


def test_bfloat16_follows_float32(run: Run, windows: Windows) -> None:
    _, wide = trained(run, windows, n_micro=1)
    _, narrow = trained(replace(run, dtype="bfloat16"), windows, n_micro=1)
    assert not np.array_equal(wide, narrow)
    np.testing.assert_allclose(narrow, wide, rtol=0.03)


def test_an_update_is_adamw_of_optax(run: Run) -> None:
    """Loshchilov & Hutter 2019, against `optax.adamw` with the same schedule, for the hidden matrices."""
    optimizer, hyper = run.optimizer, hyper_of(run)
    rates = learning_rates(run, np.arange(1, STEPS + 1))
    theirs = optax.chain(
        optax.clip_by_global_norm(optimizer.clip),
        optax.adamw(
            lambda count: jnp.asarray(rates, jnp.float32)[count],
            b1=optimizer.beta1,
            b2=optimizer.beta2,
            eps=optimizer.eps,
            weight_decay=optimizer.weight_decay,
        ),
    )
    state = first_state(run)
    params, moments = state.params, theirs.init(state.params)
    rng = np.random.default_rng(0)
    for _ in range(STEPS):
        gradient = jax.tree.map(lambda w: jnp.asarray(rng.normal(size=w.shape), jnp.float32), params)
        state = update(state, gradient, hyper)
        step, moments = theirs.update(gradient, moments, params)
        params = optax.apply_updates(params, step)
    for mine, known in zip(jax.tree.leaves(state.params["blocks"]), jax.tree.leaves(params["blocks"]), strict=True):
        np.testing.assert_allclose(mine, known, rtol=2e-4, atol=2e-6)


@pytest.mark.parametrize("decay", ["linear", "cosine"])
def test_the_schedule_rises_to_its_peak_and_ends_at_zero(run: Run, decay: str) -> None:
    made = replace(run, optimizer=replace(run.optimizer, decay=decay))
    rates = learning_rates(made, np.arange(1, STEPS + 1))
    warmup = made.optimizer.warmup_steps
    assert rates.max() == pytest.approx(made.optimizer.peak_lr, rel=1e-6)
    assert np.argmax(rates) == warmup - 1
    assert np.all(np.diff(rates[: warmup - 1]) > 0)
    assert np.all(np.diff(rates[warmup - 1 :]) < 0)
    assert rates[-1] == pytest.approx(0, abs=1e-9)


def test_tokens_of_one_document_count_as_one_voice() -> None:
    """Every token twice, in its own document: the mean stays, the standard error does not shrink."""
    rng = np.random.default_rng(0)
    losses, documents = rng.normal(2, 1, 500), np.arange(500)
    once = clustered(losses, documents)
    twice = clustered(np.repeat(losses, 2), np.repeat(documents, 2))
    assert twice.loss == pytest.approx(once.loss)
    assert twice.standard_error == pytest.approx(once.standard_error)
    assert once.standard_error == pytest.approx(losses.std(ddof=1) / math.sqrt(500))


def test_one_document_gives_no_standard_error() -> None:
    assert math.isnan(clustered(np.ones(10), np.zeros(10, int)).standard_error)
