"""Serving a model: what one device can hold, how fast it decodes, and what input and output tokens cost."""

from dataclasses import dataclass, replace
from math import inf
from typing import Any

from isoflop.allocations.serving import Prices
from isoflop.conventions import Size
from isoflop.costs.hardware import Device
from isoflop.costs.shape import Shape
from isoflop.costs.utilisation import HOUR
from isoflop.errors import BadInput, IsoflopError
from isoflop.plans.decoding import BITS, Decoding, decoding, positive
from isoflop.plans.largest import largest
from isoflop.plans.layout import RESERVE
from isoflop.plans.resources import Resources
from isoflop.plans.shapes import Family, count, family, shape_of
from isoflop.units import print_count

BATCH = 32
"""Sequences decoded at once where nothing is said: an assumption."""
FLOPS_A_TOKEN = 2.0  # times N: a forward pass without attention, as Sardana et al. 2024 count


def largest_on_one(
    device: Device,
    context: int,
    like: Family | str = "llama",
    bits: float = BITS,
    *,
    kv_bits: float = BITS,
    batch: int = 1,
    reserve: float = RESERVE,
    counts: Size = Size.WITH_HEAD,
) -> float:
    """N of the largest model of a family whose weights and cache fit one device beside the reserve.

    Raises `IsoflopError` where not even the smallest does, as where the context is too long.
    """
    like = family(like) if isinstance(like, str) else like

    def fits(shape: Shape) -> bool:
        return decoding(shape, device, bits=bits, kv_bits=kv_bits, batch=batch, reserve=reserve).fits

    found = largest(fits, like, context, device.memory_bytes * 8 / bits, counts)
    if found is None:
        raise IsoflopError(
            f"One {device.name} of {device.memory_bytes / 1e9:.3g} GB holds no model like {like.name}'s with {batch:,} "
            f"x {context:,} tokens of context. Shorten the context, or serve fewer sequences at once."
        )
    return float(count(found, counts))


def largest_at_speed(
    device: Device,
    tokens_per_second: float,
    context: int,
    like: Family | str = "llama",
    bits: float = BITS,
    *,
    kv_bits: float = BITS,
    batch: int = 1,
    n_devices: int = 1,
    counts: Size = Size.WITH_HEAD,
) -> float:
    """N of the largest model that decodes each sequence at this speed by bandwidth: (weights + cache) / bandwidth.

    Whether it fits the memory is another question (`largest_on_one`). Raises `IsoflopError` where none is so fast.
    """
    like = family(like) if isinstance(like, str) else like
    positive(tokens_per_second=tokens_per_second)

    def fast(shape: Shape) -> bool:
        found = decoding(shape, device, bits=bits, kv_bits=kv_bits, batch=batch, n_devices=n_devices)
        return found.tokens_per_second >= tokens_per_second

    most = n_devices * device.bytes_per_second / tokens_per_second * 8 / bits
    found = largest(fast, like, context, most, counts)
    if found is None:
        raise IsoflopError(
            f"{tokens_per_second:g} tokens/s of each sequence are more than {n_devices:,} x {device.name} allow any "
            f"model like {like.name}'s with {batch:,} x {context:,} tokens of context. Ask for less, or more devices."
        )
    return float(count(found, counts))


@dataclass(frozen=True)
class ServingCost:
    """What it takes to serve D_in input and D_out output tokens over a model's life: GPU-hours, dollars, MFUs.

    dollars and a price of a million tokens: None where no price is known. prices: the same for
    `allocations.serving.serve`, in dollars where they are known, else in FLOPs of the peak, training with its goodput;
    they hold near this N, for the cache is part of a step's time. n_devices: those that one replica needs.
    """

    n_params: float
    input_tokens: float
    output_tokens: float
    input_hours: float
    output_hours: float
    price: float | None
    mfu_input: float
    mfu_output: float
    n_devices: int
    decoding: Decoding
    prices: Prices
    assumptions: tuple[str, ...]

    @property
    def hours(self) -> float:
        """GPU-hours of both."""
        return self.input_hours + self.output_hours

    @property
    def dollars(self) -> float | None:
        """Of both; None where no price is known."""
        return None if self.price is None else self.hours * self.price

    @property
    def dollars_per_million(self) -> tuple[float, float] | None:
        """Of a million input tokens and of a million output tokens; None where no price is known."""
        if self.price is None:
            return None
        each = 1e6 * FLOPS_A_TOKEN * self.n_params * self.prices.inference
        return each / self.mfu_input, each / self.mfu_output

    def to_json(self) -> dict[str, Any]:
        """Plain values, null where unknown."""
        million = self.dollars_per_million
        return {
            **vars(self),
            "hours": self.hours,
            "dollars": self.dollars,
            "dollars_per_million": None if million is None else dict(zip(("input", "output"), million, strict=True)),
            "decoding": self.decoding.to_json(),
            "prices": {**vars(self.prices)},
            "assumptions": list(self.assumptions),
        }


def serving_cost(
    n_params: float,
    input_tokens: float,
    output_tokens: float,
    have: Resources,
    *,
    context: int = 4096,
    like: Family | str = "llama",
    bits: float = BITS,
    batch: int = BATCH,
    mfu_input: float | None = None,
    counts: Size = Size.WITH_HEAD,
) -> ServingCost:
    """2 N (D_in / MFU_in + D_out / MFU_out) FLOPs of the peak (Sardana et al. 2024, arXiv:2401.00448, eq. 6).

    Input is bound by computing, at mfu_input (that of training where nothing is said). Output is bound by bandwidth: a
    step of `batch` sequences reads the weights and all caches, so MFU_out = batch 2 N / (peak step), which is batch
    bandwidth / peak for bf16 weights and no cache; never above MFU_in. Raises `BadInput` with all that is wrong.
    """
    like = family(like) if isinstance(like, str) else like
    mfu_input_ = have.mfu if mfu_input is None else mfu_input
    problems = [
        f"{name} are a number from 0 on; got {value!r}."
        for name, value in (("input_tokens", input_tokens), ("output_tokens", output_tokens))
        if not 0 <= value < inf
    ]
    if not 0 < mfu_input_ <= 1:
        problems.append(f"mfu_input is a share of the peak above 0 and up to 1; got {mfu_input_}.")
    if problems:
        raise BadInput(problems)
    positive(n_params=n_params, batch=batch, bits=bits)
    gpu, shape = have.device, shape_of(n_params, like, context, counts)
    found = _on_enough(shape, gpu, bits, batch)
    peak = gpu.flops_per_second
    by_bandwidth = batch * FLOPS_A_TOKEN * shape.n_params / (peak * found.n_devices * found.step_seconds)
    mfu_output = min(by_bandwidth, mfu_input_)
    seconds = FLOPS_A_TOKEN * n_params / peak
    paid = 1.0 if have.price is None else have.price / (HOUR * peak)
    bound = "bandwidth" if by_bandwidth < mfu_input_ else "computing: the batch is large"
    said = [
        f"input at {mfu_input_:.0%} of the peak" + (", as training, an assumption" if mfu_input is None else ""),
        f"output at {mfu_output:.2%} of the peak, bound by {bound}: {batch} sequences at once, always full",
        "2 N FLOPs a token, attention left out",
        "no cached prompts, no speculative decoding, no idle time: GPUs are rented only while they serve",
        *found.defaults,
    ]
    if have.price is None:
        said.append(f"no price is known for {gpu.name}: costs are in FLOPs of the peak")
    return ServingCost(
        n_params=n_params,
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        input_hours=seconds * input_tokens / (HOUR * mfu_input_),
        output_hours=seconds * output_tokens / (HOUR * mfu_output),
        price=have.price,
        mfu_input=mfu_input_,
        mfu_output=mfu_output,
        n_devices=found.n_devices,
        decoding=found,
        prices=Prices(paid, paid, have.mfu * have.goodput, mfu_input_, mfu_output),
        assumptions=tuple(said),
    )


def _on_enough(shape: Shape, gpu: Device, bits: float, batch: int) -> Decoding:
    """On the fewest devices, in powers of two, that hold the weights and the batch's caches."""
    n_devices = 1
    while True:
        found = decoding(shape, gpu, bits=bits, batch=batch, n_devices=n_devices)
        if found.fits:
            break
        n_devices *= 2
    said = [f"{n_devices} x {gpu.name} hold {print_count(shape.n_params_total)} parameters and the caches"]
    if n_devices > gpu.domain:
        said.append(f"more than the {gpu.domain} that share a fast link: slower than bandwidth says")
    return replace(found, defaults=(*said, *found.defaults))
