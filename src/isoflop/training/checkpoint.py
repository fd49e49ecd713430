"""Where an interrupted run goes on from: one safetensors file, written whole or not at all."""

from pathlib import Path

import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from isoflop.runs.durable import write_durably
from isoflop.training.loop import State

BLOCKS = ("qkv", "attention_out", "ff_in", "ff_out")


def save_checkpoint(path: Path, state: State, losses: NDArray[np.float32], seconds: float) -> None:
    """Write the state, the loss of every step so far and the seconds spent. Raises `StorageError`."""
    arrays = {name: np.asarray(array) for name, array in _flat(state).items()}
    arrays |= {"losses": np.asarray(losses, np.float32), "seconds": np.float64([seconds])}
    write_durably(path, save(arrays))


def load_checkpoint(path: Path) -> tuple[State, NDArray[np.float32], float] | None:
    """The state, losses and seconds written last; None where there is no whole checkpoint (the run then begins anew)."""
    try:
        arrays = load_file(path)
        tree = {name: jnp.asarray(array) for name, array in arrays.items() if "/" in name}
        losses = arrays["losses"]
        state = State(*(_part(tree, part) for part in ("params", "first", "second")), jnp.int32(len(losses)))
        return state, losses, float(arrays["seconds"][0])
    except (OSError, SafetensorError, KeyError, ValueError):
        return None


def _flat(state: State) -> dict[str, Array]:
    parts = {"params": state.params, "first": state.first, "second": state.second}
    flat: dict[str, Array] = {}
    for part, tree in parts.items():
        flat |= {f"{part}/embedding": tree["embedding"], f"{part}/head": tree["head"]}
        flat |= {f"{part}/blocks/{name}": tree["blocks"][name] for name in BLOCKS}  # type: ignore[literal-required]
    return flat


def _part(tree: dict[str, Array], part: str):  # type: ignore[no-untyped-def]
    blocks = {name: tree[f"{part}/blocks/{name}"] for name in BLOCKS}
    return {"embedding": tree[f"{part}/embedding"], "blocks": blocks, "head": tree[f"{part}/head"]}
