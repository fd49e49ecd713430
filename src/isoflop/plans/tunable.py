"""The memory that fine-tuning takes, in full or by adapters, and the largest model that can be tuned in it."""

from dataclasses import dataclass
from typing import Literal, get_args

from isoflop.conventions import Size
from isoflop.costs.activations import Recomputation
from isoflop.costs.gated import GatedShape
from isoflop.costs.hardware import Device
from isoflop.costs.memory import GRADIENT, WEIGHT, adapter_params, states_per_param
from isoflop.costs.shape import Shape
from isoflop.errors import BadInput, IsoflopError
from isoflop.plans.footprint import Footprint, Parallelism, footprint
from isoflop.plans.largest import largest
from isoflop.plans.layout import MOST_DEVICES, RESERVE
from isoflop.plans.shapes import Family, count, family

Method = Literal["full", "lora"]
RANK = 16
"""Of adapters, where nothing is said: an assumption."""


@dataclass(frozen=True)
class Tuned:
    """What each of n data-parallel devices holds when a model is tuned: part by part, and bytes that may be used.

    n_trained: parameters that are trained: all, or those of the adapters. Parallelism as ZeRO 3 where n_devices > 1.
    """

    method: Method
    n_devices: int
    n_trained: int
    recomputation: Recomputation
    memory: Footprint
    available: float

    @property
    def fits(self) -> bool:
        """Whether it does."""
        return self.memory.total <= self.available


def adapters(shape: Shape, rank: int = RANK) -> int:
    """Parameters of adapters of this rank on every matrix of every layer: Q, K, V, output and feed-forward."""
    if rank < 1:
        raise BadInput(f"Adapters have rank 1 or more; got {rank}.")
    d, attention, ff = shape.width, shape.attention_width, shape.ff_width
    gated = isinstance(shape, GatedShape)
    kv = shape.n_kv_heads * shape.head_dim if isinstance(shape, GatedShape) else attention
    layer = adapter_params(d, attention, rank, 2) + adapter_params(d, kv, rank, 2)
    return shape.n_layers * (layer + adapter_params(d, ff, rank, 3 if gated else 2))


def tuned(
    shape: Shape,
    device: Device,
    method: Method = "full",
    *,
    n_devices: int = 1,
    rank: int = RANK,
    gradient_bytes: float = GRADIENT,
    reserve: float = RESERVE,
) -> Tuned:
    """With micro-batches of one sequence on n data-parallel devices, recomputing only if it does not fit otherwise.

    full: 2 + 2 + 12 = 16 bytes a parameter (18 with gradients in fp32); lora: 2 N frozen + 16 n of adapters. Both with
    activations and logits; adapters' own activations are left out. Attention that writes no scores out.
    """
    if method not in get_args(Method):
        raise BadInput(f"Nothing is tuned by {method!r}. There are {', '.join(get_args(Method))}.")
    if n_devices < 1 or not 0 <= reserve < 1:
        raise BadInput(f"Needs 1 or more devices and a reserve of 0 to below 1; got {n_devices} and {reserve}.")
    available = device.memory_bytes * (1 - reserve)

    def with_(recomputation: Recomputation) -> Tuned:
        split = Parallelism(1, 1, n_devices, 3 if n_devices > 1 else 0, 1, 1, recomputation)
        if method == "full":
            whole = footprint(shape, split, gradient_bytes=gradient_bytes)
            return Tuned(method, n_devices, shape.n_params_total, recomputation, whole, available)
        whole = footprint(shape, split, gradient_bytes=0.0)  # frozen weights have no gradients to gather
        n = adapters(shape, rank)
        own = states_per_param(gradient_bytes=gradient_bytes).times(n / n_devices)
        held = Footprint(
            weights=WEIGHT * shape.n_params_total / n_devices + own.weights,
            gradients=own.gradients,
            optimizer=own.optimizer,
            activations=whole.activations,
            logits=whole.logits,
            buffers=whole.buffers,
        )
        return Tuned(method, n_devices, n, recomputation, held, available)

    plain = with_(Recomputation.NONE)
    return plain if plain.fits else with_(Recomputation.FULL)


def fewest_tuning(shape: Shape, device: Device, method: Method = "full", *, rank: int = RANK) -> Tuned | None:
    """On the fewest devices that it fits, in powers of two; None where it fits none, however many."""
    n_devices, found = 1, tuned(shape, device, method, rank=rank)
    while not found.fits and n_devices < MOST_DEVICES:
        n_devices *= 2
        found = tuned(shape, device, method, n_devices=n_devices, rank=rank)
    return found if found.fits else None


def largest_finetunable(
    device: Device,
    method: Method = "full",
    context: int = 4096,
    like: Family | str = "llama",
    *,
    rank: int = RANK,
    reserve: float = RESERVE,
    counts: Size = Size.WITH_HEAD,
) -> float:
    """N of the largest model of a family that one device can tune. Raises `IsoflopError` where it can tune none."""
    like = family(like) if isinstance(like, str) else like

    def fits(shape: Shape) -> bool:
        return tuned(shape, device, method, rank=rank, reserve=reserve).fits

    found = largest(fits, like, context, device.memory_bytes / WEIGHT, counts)
    if found is None:
        raise IsoflopError(
            f"One {device.name} of {device.memory_bytes / 1e9:.3g} GB tunes no model like {like.name}'s on sequences "
            f"of {context:,} tokens ({method}). Shorten the sequences, or take more devices."
        )
    return float(count(found, counts))
