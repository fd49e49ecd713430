"""The training loop: AdamW over micro-batches, compiled once a shape; schedule and hyper-parameters are inputs.

The batch and the number of steps are dynamic too, so all budgets, seeds and pilots of a shape share one program.
"""

from functools import cache
from typing import Any, NamedTuple, Protocol

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array

from isoflop.costs.shape import Shape
from isoflop.runs.run import Run
from isoflop.training.model import Params, initialise, token_losses

MICRO_BATCHES_A_CALL = 256
"""How many micro-batches one call of the program takes: short enough to answer an interruption within seconds."""


class State(NamedTuple):
    """All that a run carries from step to step: weights, Adam's moments, and the number of steps done."""

    params: Params
    first: Params
    second: Params
    step: Array


class Hyper(NamedTuple):
    """The optimizer's numbers as arrays, so that changing one compiles nothing."""

    embedding_lr: Array
    hidden_lr: Array
    head_lr: Array
    beta1: Array
    beta2: Array
    eps: Array
    weight_decay: Array
    clip: Array
    warmup_steps: Array
    steps: Array
    final_lr_fraction: Array
    cosine: Array


class Advance(Protocol):
    """The compiled program: n_steps steps of n_micro micro-batches each; also the loss of every step."""

    def __call__(
        self, state: State, windows: Array, n_steps: Array, n_micro: Array, hyper: Hyper
    ) -> tuple[State, Array]:
        """Take the state n_steps further."""


def first_state(run: Run) -> State:
    """Fresh weights, empty moments, step 0."""
    params = initialise(run.shape, run.init_seed)
    return State(params, _zeros(params), _zeros(params), jnp.int32(0))  # two: a donated buffer has one owner


def _zeros(params: Params) -> Params:
    zeros: Params = jax.tree.map(lambda weight: jnp.array(np.zeros(weight.shape, weight.dtype)), params)
    return zeros


def hyper_of(run: Run) -> Hyper:
    """The run's optimizer as float32 arrays."""
    optimizer = run.optimizer
    numbers = (
        optimizer.embedding_lr,
        optimizer.peak_lr,
        optimizer.head_lr,
        optimizer.beta1,
        optimizer.beta2,
        optimizer.eps,
        optimizer.weight_decay,
        optimizer.clip,
        optimizer.warmup_steps,
        run.steps,
        optimizer.final_lr_fraction,
        optimizer.decay == "cosine",
    )
    return Hyper(*(jnp.float32(number) for number in numbers))


def schedule(step: Array, hyper: Hyper) -> Array:
    """The share of the peak learning rate at step 1, 2, … steps: linear warm-up, then linear or cosine decay."""
    warmup = step / jnp.maximum(hyper.warmup_steps, 1.0)
    done = (step - hyper.warmup_steps) / jnp.maximum(hyper.steps - hyper.warmup_steps, 1.0)
    left = jnp.where(hyper.cosine > 0, 0.5 * (1.0 + jnp.cos(jnp.pi * done)), 1.0 - done)
    decay = hyper.final_lr_fraction + (1.0 - hyper.final_lr_fraction) * left
    return jnp.where(step < hyper.warmup_steps, warmup, jnp.clip(decay, 0.0, 1.0))


@cache
def program(shape: Shape, dtype: str) -> Advance:
    """The compiled training program of a shape; weights and moments are float32, arithmetic is in dtype."""
    arithmetic = jnp.dtype(dtype)

    def mean_loss(params: Params, windows: Array) -> Array:
        cast: Params = jax.tree.map(lambda weight: weight.astype(arithmetic), params)
        return jnp.mean(token_losses(cast, windows, shape))

    loss_and_gradient = jax.value_and_grad(mean_loss)

    def advance(state: State, windows: Array, n_steps: Array, n_micro: Array, hyper: Hyper) -> tuple[State, Array]:
        windows = windows.astype(jnp.int32)

        def step(i: Array, carry: tuple[State, Array]) -> tuple[State, Array]:
            state, losses = carry

            def micro(j: Array, total: tuple[Array, Params]) -> tuple[Array, Params]:
                more = loss_and_gradient(state.params, windows[i * n_micro + j])
                summed: tuple[Array, Params] = jax.tree.map(jnp.add, total, more)
                return summed

            nothing = jnp.float32(0), jax.tree.map(jnp.zeros_like, state.params)
            summed = jax.lax.fori_loop(0, n_micro, micro, nothing)
            loss, gradient = jax.tree.map(lambda total: total / n_micro, summed)
            return update(state, gradient, hyper), losses.at[i].set(loss)

        ended: tuple[State, Array] = jax.lax.fori_loop(0, n_steps, step, (state, jnp.zeros(windows.shape[0])))
        return ended

    return jax.jit(advance, donate_argnums=0)


def update(state: State, gradient: Params, hyper: Hyper) -> State:
    """One step of AdamW (Loshchilov & Hutter 2019, decay times learning rate), the global norm clipped first."""
    adam = optax.scale_by_adam(b1=hyper.beta1, b2=hyper.beta2, eps=hyper.eps)
    chain = optax.chain(optax.clip_by_global_norm(hyper.clip), adam, optax.add_decayed_weights(hyper.weight_decay))
    moments = optax.ScaleByAdamState(count=state.step, mu=state.first, nu=state.second)
    empty = optax.EmptyState()
    direction, (_, moments, _) = chain.update(gradient, (empty, moments, empty), state.params)
    share = schedule(moments.count.astype(jnp.float32), hyper)
    rates = {"embedding": hyper.embedding_lr, "blocks": hyper.hidden_lr, "head": hyper.head_lr}
    moved: Any = {
        name: jax.tree.map(lambda weight, way, lr=rates[name]: weight - share * lr * way, part, direction[name])
        for name, part in state.params.items()
    }
    return State(moved, moments.mu, moments.nu, moments.count)


def learning_rates(run: Run, steps: np.ndarray) -> np.ndarray:
    """The hidden matrices' learning rate at the given steps."""
    hyper = hyper_of(run)
    return np.asarray(
        hyper.hidden_lr * jax.jit(schedule)(jnp.asarray(steps, dtype=jnp.float32), hyper), dtype=np.float64
    )
