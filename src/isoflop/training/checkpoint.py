"""Where an interrupted run goes on from: one safetensors file, written whole or not at all."""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from isoflop.runs.durable import write_durably
from isoflop.training.loop import State


def save_checkpoint(path: Path, state: State, losses: NDArray[np.float32], seconds: float) -> None:
    """Write the state, the loss of every step so far and the seconds spent. Raises `StorageError`."""
    leaves, _ = jax.tree_util.tree_flatten_with_path(state)
    arrays = {_name(place): np.asarray(leaf) for place, leaf in leaves}
    write_durably(path, save({**arrays, "losses": losses, "seconds": np.asarray([seconds])}))


def load_checkpoint(path: Path, like: State) -> tuple[State, NDArray[np.float32], float] | None:
    """The state (of the structure of `like`), losses and seconds written last; None where there is no whole checkpoint.

    The run then begins anew.
    """
    try:
        arrays = load_file(path)
        state: State = jax.tree_util.tree_map_with_path(lambda place, leaf: _leaf(arrays[_name(place)], leaf), like)
        return state, arrays["losses"], float(arrays["seconds"][0])
    except (OSError, SafetensorError, KeyError, ValueError):
        return None


def _name(place: tuple[jax.tree_util.KeyEntry, ...]) -> str:
    return jax.tree_util.keystr(place, simple=True, separator="/")


def _leaf(array: NDArray[np.generic], like: Array) -> Array:
    if array.shape != like.shape or array.dtype != like.dtype:
        raise ValueError(f"The checkpoint has {array.dtype}{array.shape}, not {like.dtype}{like.shape}.")
    return jnp.asarray(array)
