"""Whether a run fits all of the GPUs there are, fewer of them, or none; and what to do about it."""

from collections.abc import Iterator
from dataclasses import dataclass

from isoflop.costs.hardware import Device
from isoflop.costs.memory import training_bytes
from isoflop.costs.shape import Shape
from isoflop.errors import BadInput, IsoflopError
from isoflop.plans.layout import RESERVE, Layout, fewest_devices, layout
from isoflop.plans.resources import NODE
from isoflop.units import print_share

_NODES_BELOW = 4  # counts of whole nodes tried below the number that does not divide
_BETTER = 1.05  # times the work done: then fewer devices are worth a word


@dataclass(frozen=True)
class Placed:
    """The layout on `used` devices; None with the problem, and with how many would be enough, where nothing fits.

    doubts: what is awkward about the number of devices.
    """

    layout: Layout | None
    used: int
    problem: str = ""
    enough: int | None = None
    doubts: tuple[str, ...] = ()


def place(shape: Shape, device: Device, gpus: int, batch_tokens: float, mfu: float) -> Placed:
    """The layout on all devices; where none fits, on the most of them that do, the rest being idle.

    Numbers that hardly divide (odd ones, primes) leave data parallelism alone, which the model may not fit and which
    may lose more than the devices left over are worth: both are told. Raises `BadInput` for a batch of less than one
    sequence.
    """
    try:
        found = layout(shape, device, gpus, batch_tokens, mfu=mfu)
    except BadInput:
        raise
    except IsoflopError as error:
        return _fewer(shape, device, gpus, batch_tokens, mfu=mfu, why=str(error))
    rest = gpus % NODE
    if rest and gpus > NODE:
        fewer = _tried(shape, device, gpus - rest, batch_tokens, mfu)
        if fewer is not None and _work(fewer) > _BETTER * _work(found):
            return Placed(found, gpus, doubts=(_better(found, fewer),))
    return Placed(found, gpus)


def _fewer(shape: Shape, device: Device, gpus: int, batch_tokens: float, *, mfu: float, why: str) -> Placed:
    """On the most devices, of those there are, that it does fit."""
    available = device.memory_bytes * (1 - RESERVE)
    for number in _below(gpus):
        if training_bytes(shape.n_params_total) > available * number:
            break
        found = _tried(shape, device, number, batch_tokens, mfu)
        if found is not None:
            said = f"{why} It does fit {number:,} of them, as planned here, which leaves {gpus - number:,} idle."
            return Placed(found, number, doubts=(said,))
    return Placed(None, gpus, why, fewest_devices(shape, device, batch_tokens))


def _below(gpus: int) -> Iterator[int]:
    """Numbers below that divide well, the largest first: each below a node, then whole nodes, then powers of two."""
    if gpus <= NODE:
        yield from range(gpus - 1, 0, -1)
        return
    whole = (gpus - 1) // NODE * NODE
    nodes = list(range(whole, 0, -NODE))[:_NODES_BELOW]
    yield from nodes
    power = 1 << (nodes[-1] - 1).bit_length()
    while power > 1:
        power //= 2
        yield power


def _tried(shape: Shape, device: Device, gpus: int, batch_tokens: float, mfu: float) -> Layout | None:
    try:
        return layout(shape, device, gpus, batch_tokens, mfu=mfu)
    except IsoflopError:
        return None


def _work(found: Layout) -> float:
    """Devices' worth of computing, nothing hidden."""
    return found.n_devices * (1 - found.lost)


def _better(found: Layout, fewer: Layout) -> str:
    idle = found.n_devices - fewer.n_devices
    return (
        f"{found.n_devices:,} GPUs divide badly ({found.split}), which loses up to {print_share(found.lost)} of a "
        f"step; {fewer.n_devices:,} of them ({fewer.split}) lose up to {print_share(fewer.lost)}, and do more: leave "
        f"{idle:,} idle."
    )
