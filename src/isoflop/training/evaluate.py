"""Held-out loss with its standard error, clustered by document."""

import math
from dataclasses import dataclass
from functools import cache
from typing import Protocol

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from isoflop.costs.shape import Shape
from isoflop.training.model import Params, token_losses
from isoflop.training.windows import EvaluationSet

WINDOWS_A_CALL = 128
WINDOWS_AT_ONCE = 8


@dataclass(frozen=True)
class Evaluation:
    """Mean loss and its standard error, nats/token."""

    loss: float
    standard_error: float


class _Losses(Protocol):
    def __call__(self, params: Params, windows: Array) -> Array: ...


@cache
def _program(shape: Shape, dtype: str) -> _Losses:
    def losses(params: Params, windows: Array) -> Array:
        cast: Params = jax.tree.map(lambda weight: weight.astype(jnp.dtype(dtype)), params)
        pieces = windows.astype(jnp.int32).reshape(-1, WINDOWS_AT_ONCE, windows.shape[-1])
        found: Array = jax.lax.map(lambda piece: token_losses(cast, piece, shape), pieces)
        return found.reshape(len(windows), -1)

    return jax.jit(losses)


def evaluate(params: Params, held_out: EvaluationSet, shape: Shape, dtype: str) -> Evaluation:
    """The mean loss over the targets that count, and its standard error over documents."""
    losses = np.concatenate(
        [
            _padded_losses(params, held_out.windows[i : i + WINDOWS_A_CALL], shape, dtype)
            for i in range(0, len(held_out.windows), WINDOWS_A_CALL)
        ]
    )
    return clustered(losses[held_out.mask], held_out.documents[held_out.mask])


def clustered(losses: NDArray[np.floating], documents: NDArray[np.integer]) -> Evaluation:
    """Mean of all losses and its standard error when tokens of one document are dependent.

    se^2 = G/(G-1) * sum_g (sum over document g of (loss - mean))^2 / n^2: the linearised ratio estimator, G clusters.
    With one document the standard error is unknown (nan).
    """
    values = losses.astype(np.float64)
    mean = float(values.mean())
    _, cluster = np.unique(documents, return_inverse=True)
    sums = np.bincount(cluster, weights=values - mean)
    G = len(sums)
    if G < 2:
        return Evaluation(mean, math.nan)
    return Evaluation(mean, float(np.sqrt(G / (G - 1) * np.sum(sums**2)) / len(values)))


def _padded_losses(params: Params, windows: NDArray[np.integer], shape: Shape, dtype: str) -> NDArray[np.float32]:
    short = WINDOWS_A_CALL - len(windows)
    whole = np.concatenate([windows, np.zeros((short, windows.shape[1]), windows.dtype)]) if short else windows
    return np.asarray(_program(shape, dtype)(params, jnp.asarray(whole)))[: len(windows)]
