"""How to spread a training run over devices: what fits the memory and loses the least time, or how many would fit."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import get_args

from isoflop.costs.activations import Recomputation
from isoflop.costs.hardware import Device
from isoflop.costs.memory import GRADIENT, Zero, states_per_param, training_bytes
from isoflop.costs.shape import Shape
from isoflop.costs.utilisation import default_mfu
from isoflop.errors import BadInput, IsoflopError
from isoflop.plans.footprint import Footprint, Parallelism, footprint
from isoflop.plans.overhead import LINK, NETWORK, Overhead, overhead, step_seconds
from isoflop.units import plural, print_bytes, print_count

RESERVE = 0.1
"""Share of the memory kept for the framework and for fragmentation; an assumption."""
MICRO_BATCHES = (1, 2, 4, 8, 16, 32, 64)  # sequences
MOST_DEVICES = 2**20
ZERO: tuple[Zero, ...] = get_args(Zero)
CLOSE = 0.1
"""Share of a step within which the simpler layout is taken: what is hidden behind computing is not modelled."""


@dataclass(frozen=True)
class Layout:
    """A split of n devices that fits.

    memory: what the fullest device holds; available: bytes of it that may be used. overhead: seconds of a step lost,
    and on what; step: seconds of a step without it. defaults: what was assumed because nothing else was asked.
    """

    device: Device
    n_devices: int
    split: Parallelism
    memory: Footprint
    available: float
    overhead: Overhead
    step: float
    defaults: tuple[str, ...] = ()

    @property
    def lost(self) -> float:
        """Overhead over the whole time of a step, at most: what could be hidden behind computing is not."""
        return self.overhead.total / (self.step + self.overhead.total)

    def __str__(self) -> str:
        return f"{self.n_devices} x {self.device.name}: {self.split}; {print_bytes(self.memory.total)} a device"


def layout(
    shape: Shape,
    device: Device,
    n_devices: int,
    batch_tokens: float,
    *,
    flash: bool = True,
    gradient_bytes: float = GRADIENT,
    reserve: float = RESERVE,
    mfu: float | None = None,
) -> Layout:
    """The layout that fits the memory of n devices and loses the least of a step of batch_tokens.

    Tried are all combinations of tensor parallelism (divides heads and devices, within the fast domain, with sequence
    parallelism), pipeline stages, micro-batch, recomputation and ZeRO stage. Lost are communication, idle time and
    what is recomputed (`overhead`). Of those within CLOSE of the least, the simplest is taken: few pipeline stages
    first, then little tensor parallelism. flash: attention does not write its scores out. Raises `IsoflopError` where
    none fits, and says how many devices would.
    """
    _check(shape, n_devices, batch_tokens, reserve)
    sequences, available = _sequences(shape, batch_tokens), device.memory_bytes * (1 - reserve)
    assumed = default_mfu(shape.n_params)
    step = step_seconds(shape, device, n_devices, batch_tokens, assumed.mfu if mfu is None else mfu)
    tried = [
        (overhead(shape, device, split, sequences, step, gradient_bytes=gradient_bytes), split)
        for split in splits(shape, device, n_devices, sequences, flash=flash)
    ]
    tried.sort(key=lambda each: each[0].total)

    def fits(split: Parallelism) -> bool:
        return footprint(shape, split, flash=flash, gradient_bytes=gradient_bytes).total <= available

    least = next((lost.total for lost, split in tried if fits(split)), None)
    if least is not None:
        near = [each for each in tried if least <= each[0].total <= least + CLOSE * step]
        near.sort(key=lambda each: _complexity(each[1]))
        lost, split = next(each for each in near if fits(each[1]))
        memory = footprint(shape, split, flash=flash, gradient_bytes=gradient_bytes)
        said = [f"bf16 Adam, {states_per_param().total:g} bytes a parameter, {reserve:.0%} kept in reserve"]
        if mfu is None:
            said.append("; ".join(filter(None, (f"MFU {assumed.mfu:.0%}: {assumed.what}", assumed.unverified))))
        if links := assumed_links(device):
            said.append(f"{links}, assumed")
        return Layout(device, n_devices, split, memory, available, lost, step, (*said, *device.doubts))
    if not tried:
        raise IsoflopError(
            f"A batch of {print_count(batch_tokens)} tokens is {plural(sequences, 'sequence')} of {shape.context:,}: "
            f"too few to feed {plural(n_devices, 'device')} in any split. Shorten --context, or take fewer --gpus."
        )
    smallest = min(footprint(shape, split, flash=flash, gradient_bytes=gradient_bytes).total for _, split in tried)
    enough = fewest_devices(shape, device, batch_tokens, flash=flash, gradient_bytes=gradient_bytes, reserve=reserve)
    raise IsoflopError(
        f"{print_count(shape.n_params_total)} parameters in sequences of {shape.context:,} do not fit {n_devices:,} x "
        f"{device.name}: the least is {print_bytes(smallest)} a device, and {print_bytes(available)} may be used. "
        + (
            f"{enough:,} would fit (the fewest, in powers of two)."
            if enough
            else "No number of them would for this batch: take a larger device."
        )
    )


def splits(
    shape: Shape,
    device: Device,
    n_devices: int,
    sequences: int,
    *,
    flash: bool = True,
    micro_batches: tuple[int, ...] = MICRO_BATCHES,
) -> Iterator[Parallelism]:
    """Every split of n devices that a batch of so many sequences feeds."""
    again = [Recomputation.NONE, Recomputation.FULL] if flash else list(Recomputation)
    for tensor in _divisors(n_devices, min(device.domain, shape.n_heads)):
        if shape.n_heads % tensor:
            continue
        for pipeline in _divisors(n_devices // tensor, shape.n_layers):
            data = n_devices // tensor // pipeline
            stages: tuple[Zero, ...] = ZERO if data > 1 else (0,)
            for micro_batch in micro_batches:
                if data * micro_batch > sequences:
                    break
                accumulation = -(-sequences // (data * micro_batch))
                for zero in stages:
                    for recomputation in again:
                        yield Parallelism(tensor, pipeline, data, zero, micro_batch, accumulation, recomputation)


def assumed_links(device: Device) -> str:
    """The speeds taken of those links of a device that its entry does not say; "" where it says them."""
    taken = {
        f"{LINK / 1e9:g} GB/s within its fast domain": device.domain > 1 and device.link_bytes_per_second is None,
        f"{NETWORK / 1e9:g} GB/s beyond it" if device.domain > 1 else f"{NETWORK / 1e9:g} GB/s between devices": (
            device.network_bytes_per_second is None
        ),
    }
    return " and ".join(name for name, missing in taken.items() if missing)


def fewest_devices(
    shape: Shape,
    device: Device,
    batch_tokens: float,
    *,
    flash: bool = True,
    gradient_bytes: float = GRADIENT,
    reserve: float = RESERVE,
) -> int | None:
    """The smallest power of two of devices on which a run fits; None where none does, however many."""
    _check(shape, 1, batch_tokens, reserve)
    sequences, available = _sequences(shape, batch_tokens), device.memory_bytes * (1 - reserve)
    n_devices = 1
    while training_bytes(shape.n_params_total, gradient_bytes=gradient_bytes) > available * n_devices:
        n_devices *= 2
    while n_devices <= MOST_DEVICES:
        tried = splits(shape, device, n_devices, sequences, flash=flash, micro_batches=MICRO_BATCHES[:1])
        if any(footprint(shape, each, flash=flash, gradient_bytes=gradient_bytes).total <= available for each in tried):
            return n_devices
        n_devices *= 2
    return None


def _check(shape: Shape, n_devices: int, batch_tokens: float, reserve: float) -> None:
    problems = []
    if n_devices < 1:
        problems.append(f"A run needs 1 or more devices; got {n_devices}.")
    if not shape.context <= batch_tokens < float("inf"):
        problems.append(f"A batch of {batch_tokens:g} tokens is not even one sequence of {shape.context:,} tokens.")
    if not 0 <= reserve < 1:
        problems.append(f"The reserve is a share of the memory from 0 to below 1; got {reserve}.")
    if problems:
        raise BadInput(problems)


def _sequences(shape: Shape, batch_tokens: float) -> int:
    return round(batch_tokens / shape.context)


def _complexity(split: Parallelism) -> tuple[int, ...]:
    """What makes a layout harder to run, the worst first; a larger micro-batch fills the device better."""
    redone = list(Recomputation).index(split.recomputation)
    return split.pipeline, split.tensor, redone, split.zero, -split.micro_batch


def _divisors(number: int, most: int) -> list[int]:
    return [each for each in range(1, min(number, most) + 1) if number % each == 0]
