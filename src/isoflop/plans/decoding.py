"""A model that decodes: what it holds, what each step reads, and how fast the memory's bandwidth lets it go."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import inf
from typing import Any

from isoflop.conventions import Size
from isoflop.costs.gated import GatedShape
from isoflop.costs.hardware import Device
from isoflop.costs.serving import decode_seconds, kv_cache_bytes
from isoflop.costs.shape import Shape
from isoflop.errors import BadInput
from isoflop.plans.layout import RESERVE
from isoflop.plans.shapes import count
from isoflop.units import print_count

BITS = 16.0


@dataclass(frozen=True)
class Decoding:
    """A model that serves `batch` sequences of `context` tokens on n devices.

    weight_bytes are held, read_bytes of them read for every step: all but the input embedding, of which one row a
    token is. kv_bytes: keys and values of the whole batch, 0 where no shape is known. available: bytes that may be
    used, the reserve left out. tokens_per_second: of one sequence, at most, by bandwidth alone.
    """

    n_params: float
    device: Device
    n_devices: int
    context: int
    batch: int
    weight_bytes: float
    read_bytes: float
    kv_bytes: float
    available: float
    defaults: tuple[str, ...] = ()

    @property
    def fits(self) -> bool:
        """Whether weights and cache fit beside the reserve."""
        return self.weight_bytes + self.kv_bytes <= self.available

    @property
    def step_seconds(self) -> float:
        """The least seconds of a step, which writes one token for each sequence: the latency of a token."""
        return decode_seconds(self.read_bytes, self.kv_bytes, self.device, self.n_devices)

    @property
    def tokens_per_second(self) -> float:
        """Of one sequence."""
        return 1.0 / self.step_seconds

    @property
    def most_sequences(self) -> int | None:
        """How many at once the memory has room for beside the weights; None where there is no cache to count."""
        if not self.kv_bytes:
            return None
        return max(0, int((self.available - self.weight_bytes) * self.batch / self.kv_bytes))

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            **vars(self),
            "device": self.device.name,
            "fits": self.fits,
            "tokens_per_second": self.tokens_per_second,
            "seconds_per_token": self.step_seconds,
            "most_sequences": self.most_sequences,
            "defaults": list(self.defaults),
        }


def decoding(
    shape: Shape,
    device: Device,
    *,
    bits: float = BITS,
    kv_bits: float = BITS,
    batch: int = 1,
    n_devices: int = 1,
    reserve: float = RESERVE,
) -> Decoding:
    """A shape with its weights in so many bits, serving sequences of its context. Raises `BadInput`."""
    positive(bits=bits, kv_bits=kv_bits, batch=batch, n_devices=n_devices)
    if not 0 <= reserve < 1:
        raise BadInput(f"The reserve is a share of the memory from 0 to below 1; got {reserve}.")
    kv_heads = shape.n_kv_heads if isinstance(shape, GatedShape) else shape.n_heads
    cache = kv_cache_bytes(shape.n_layers, kv_heads, shape.head_dim, shape.context, batch, bytes_per_value=kv_bits / 8)
    said = [
        f"weights of {bits:g} bits (scales of quantised ones not counted), keys and values of {kv_bits:g}",
        f"{batch:,} sequence{'s' if batch > 1 else ''} of {shape.context:,} tokens; one head in "
        f"{shape.n_heads // kv_heads} keeps keys and values",
    ]
    return Decoding(
        n_params=shape.n_params,
        device=device,
        n_devices=n_devices,
        context=shape.context,
        batch=batch,
        weight_bytes=shape.n_params_total * bits / 8,
        read_bytes=shape.n_params * bits / 8,
        kv_bytes=cache,
        available=n_devices * device.memory_bytes * (1 - reserve),
        defaults=(*said, *_taken_for_granted(device, n_devices, reserve)),
    )


def replica(
    n_params: float,
    shape: Shape | None,
    device: Device,
    *,
    context: int,
    counts: Size = Size.WITH_HEAD,
    bits: float = BITS,
    batch: int = 1,
) -> Decoding:
    """N parameters in a shape's proportions, on the fewest devices, in powers of two, that hold weights and caches.

    A shape comes near to N; its bytes are counted in the ratio of the two, so that cost is smooth in N. Without a shape
    the weights alone count, all of them read for every step, and no cache. Raises `BadInput`.
    """
    positive(n_params=n_params, context=context, bits=bits, batch=batch)

    def on(n_devices: int) -> Decoding:
        if shape is None:
            return _without_shape(n_params, device, context, bits=bits, batch=batch, n_devices=n_devices)
        found = decoding(shape, device, bits=bits, batch=batch, n_devices=n_devices)
        return _of_size(found, n_params / count(shape, counts))

    found = _fewest(on)
    many = found.n_devices > 1
    said = [f"{found.n_devices:,} x {device.name} hold{'' if many else 's'} {print_count(n_params)} parameters"]
    if found.n_devices > device.domain:
        said.append(f"more than the {device.domain} that share a fast link: slower than bandwidth says")
    return replace(found, defaults=(*said, *found.defaults))


def positive(**given: float) -> None:
    """Raises `BadInput` naming all that are no positive numbers."""
    wrong = [f"{name} = {value!r} is no positive number." for name, value in given.items() if not 0 < value < inf]
    if wrong:
        raise BadInput(wrong)


def _fewest(on: Callable[[int], Decoding]) -> Decoding:
    n_devices = 1
    while not (found := on(n_devices)).fits:
        n_devices *= 2
    return found


def _of_size(found: Decoding, ratio: float) -> Decoding:
    return replace(
        found,
        n_params=found.n_params * ratio,
        weight_bytes=found.weight_bytes * ratio,
        read_bytes=found.read_bytes * ratio,
        kv_bytes=found.kv_bytes * ratio,
    )


def _without_shape(
    n_params: float, device: Device, context: int, *, bits: float, batch: int, n_devices: int
) -> Decoding:
    held = n_params * bits / 8
    said = f"no shape is known: weights of {bits:g} bits alone are counted, and no cache of keys and values"
    return Decoding(
        n_params=n_params,
        device=device,
        n_devices=n_devices,
        context=context,
        batch=batch,
        weight_bytes=held,
        read_bytes=held,
        kv_bytes=0.0,
        available=n_devices * device.memory_bytes * (1 - RESERVE),
        defaults=(said, *_taken_for_granted(device, n_devices, RESERVE)),
    )


def _taken_for_granted(device: Device, n_devices: int, reserve: float) -> tuple[str, ...]:
    said = [
        f"{reserve:.0%} of the memory is kept in reserve",
        "speed by the bandwidth alone, all of it reached: real decoding is slower",
    ]
    if n_devices > 1:
        said.append("what devices say to each other is not counted")
    return (*said, *device.doubts)
