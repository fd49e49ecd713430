"""Serving a model: what one device can hold, how fast it decodes, and what input and output tokens cost."""

from dataclasses import dataclass
from math import inf
from typing import Any

from isoflop.allocations.serving import Prices
from isoflop.conventions import Size
from isoflop.costs.flops import forward_flops_per_token
from isoflop.costs.hardware import Device
from isoflop.costs.shape import Shape
from isoflop.costs.utilisation import HOUR
from isoflop.errors import BadInput, IsoflopError
from isoflop.plans.decoding import BITS, Decoding, decoding, positive, replica
from isoflop.plans.largest import largest
from isoflop.plans.layout import RESERVE
from isoflop.plans.resources import Resources
from isoflop.plans.shapes import Family, count, family, shape_of
from isoflop.units import print_bytes

BATCH = 32
"""Sequences decoded at once where nothing is said: an assumption."""
FORWARD = 2.0  # FLOPs of a token for each parameter, attention left out, as Sardana et al. 2024 count


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
            f"One {device.name} of {print_bytes(device.memory_bytes)} holds no model like {like.name}'s with {batch:,} "
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
    """What it takes to serve D_in input and D_out output tokens over a model's life: GPU-hours, dollars, speed.

    input_seconds, output_seconds: GPU-seconds of one token. price: $/h of a GPU, None where none is known, and dollars
    then too. bits: of a weight. flops_per_token: those counted, with attention's or without, of which the MFUs are
    shares of the peak. decoding: a full batch, and alone: one sequence, each on the fewest devices that hold it.
    training_flops: the 6 N D of training that cost as much. prices: the same for `allocations.serving.serve`, by 6 N D
    and 2 N, in dollars where they are known, else in FLOPs of the peak; they hold near this N, for the cache is part of
    a step's time. asked: tokens/s that one sequence should decode at.
    """

    n_params: float
    input_tokens: float
    output_tokens: float
    input_seconds: float
    output_seconds: float
    price: float | None
    flops_per_token: float
    attention: bool
    bits: float
    mfu_input: float
    mfu_output: float
    decoding: Decoding
    alone: Decoding
    training_flops: float
    prices: Prices
    assumptions: tuple[str, ...]
    asked: float | None = None

    @property
    def input_hours(self) -> float:
        """GPU-hours of reading."""
        return self.input_tokens * self.input_seconds / HOUR

    @property
    def output_hours(self) -> float:
        """GPU-hours of writing."""
        return self.output_tokens * self.output_seconds / HOUR

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
        return 1e6 * self.input_seconds * self.price / HOUR, 1e6 * self.output_seconds * self.price / HOUR

    @property
    def n_devices(self) -> int:
        """Those that one replica with a full batch needs."""
        return self.decoding.n_devices

    @property
    def tokens_per_second(self) -> float:
        """What a full batch writes, all sequences together."""
        return self.n_devices / self.output_seconds

    @property
    def fast_enough(self) -> bool | None:
        """Whether one sequence alone decodes as fast as asked; None where nothing was asked."""
        return None if self.asked is None else self.alone.tokens_per_second >= self.asked

    def to_json(self) -> dict[str, Any]:
        """Plain values, null where unknown."""
        million = self.dollars_per_million
        return {
            **vars(self),
            "input_hours": self.input_hours,
            "output_hours": self.output_hours,
            "hours": self.hours,
            "dollars": self.dollars,
            "dollars_per_million": None if million is None else dict(zip(("input", "output"), million, strict=True)),
            "n_devices": self.n_devices,
            "tokens_per_second": self.tokens_per_second,
            "fast_enough": self.fast_enough,
            "decoding": self.decoding.to_json(),
            "alone": self.alone.to_json(),
            "prices": {**vars(self.prices)},
            "assumptions": list(self.assumptions),
        }


def serving_cost(
    n_params: float,
    input_tokens: float,
    output_tokens: float,
    have: Resources,
    *,
    shape: Shape | None = None,
    context: int = 4096,
    like: Family | str = "llama",
    bits: float = BITS,
    batch: int = BATCH,
    mfu_input: float | None = None,
    counts: Size = Size.WITH_HEAD,
    attention: bool = True,
    asked: float | None = None,
) -> ServingCost:
    """f (D_in / MFU_in + D_out / MFU_out) FLOPs of the peak, with f = 2 N + 4 n_layer d_attn ctx executed a token.

    attention=False: f = 2 N (Sardana et al. 2024, arXiv:2401.00448, eq. 6). Input is bound by computing, at mfu_input
    (that of training where nothing is said). Output is bound by bandwidth: a step of `batch` sequences reads the
    weights and all caches, so MFU_out = batch f / (peak step), which is batch bandwidth / peak for bf16 weights and no
    cache; never above MFU_in. shape: of the model, one like the family's unless given; where none comes to N the
    weights alone count. Nothing served: what a token takes, and how fast it is. Raises `BadInput` with all that is
    wrong.
    """
    like = family(like) if isinstance(like, str) else like
    mfu = have.mfu if mfu_input is None else mfu_input
    _check(input_tokens, output_tokens, mfu)
    positive(n_params=n_params, batch=batch, bits=bits, context=context, asked=1.0 if asked is None else asked)
    no_shape: tuple[str, ...] = ()
    if shape is None:
        try:
            shape = shape_of(n_params, like, context, counts)
        except BadInput as bad:
            no_shape = bad.problems
    context = context if shape is None else shape.context
    peak = have.device.flops_per_second
    full, alone = (
        replica(n_params, shape, have.device, context=context, counts=counts, bits=bits, batch=many)
        for many in (batch, 1)
    )
    flops = FORWARD * n_params
    attention = attention and shape is not None
    if attention and shape is not None:
        flops = forward_flops_per_token(shape) * n_params / count(shape, counts)
    by_bandwidth = batch * flops / (peak * full.n_devices * full.step_seconds)
    mfu_output = min(by_bandwidth, mfu)
    read, written = flops / (peak * mfu), flops / (peak * mfu_output)
    hours = (input_tokens * read + output_tokens * written) / HOUR
    bound = "bandwidth" if by_bandwidth < mfu else "computing: the batch is large"
    said = [
        f"input at {mfu:.0%} of the peak" + (", as training, an assumption" if mfu_input is None else ""),
        f"output at {mfu_output:.2%} of the peak, bound by {bound}: {batch} sequences at once, always full",
        _counted(flops, n_params, attention=attention),
        "no cached prompts, no speculative decoding, no idle time: GPUs are rented only while they serve",
        *full.defaults,
        *no_shape,
    ]
    if have.price is None:
        said.append(f"no price is known for {have.device.name}: costs are in FLOPs of the peak")
    return ServingCost(
        n_params=n_params,
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        input_seconds=read,
        output_seconds=written,
        price=have.price,
        flops_per_token=flops,
        attention=attention,
        bits=bits,
        mfu_input=mfu,
        mfu_output=mfu_output,
        decoding=full,
        alone=alone,
        training_flops=hours / have.hours(1.0),
        prices=_prices(have, FORWARD * n_params / (peak * read), FORWARD * n_params / (peak * written)),
        assumptions=tuple(said),
        asked=asked,
    )


def _check(input_tokens: float, output_tokens: float, mfu_input: float) -> None:
    problems = [
        f"{name} are a number from 0 on; got {value!r}."
        for name, value in (("input_tokens", input_tokens), ("output_tokens", output_tokens))
        if not 0 <= value < inf
    ]
    if not 0 < mfu_input <= 1:
        problems.append(f"mfu_input is a share of the peak above 0 and up to 1; got {mfu_input}.")
    if problems:
        raise BadInput(problems)


def _counted(flops: float, n_params: float, *, attention: bool) -> str:
    """Which FLOPs of a token are counted, in words."""
    if not attention:
        return "2 N FLOPs a token, attention left out"
    return (
        f"{flops:.3g} FLOPs a token executed, 2 N of matrices and head and attention's 4 n_layer d_attn ctx, as an MFU "
        f"counts; serving FLOPs are 2 N, {FORWARD * n_params:.3g} (Sardana et al. 2024)"
    )


def _prices(have: Resources, mfu_input: float, mfu_output: float) -> Prices:
    """Of FLOPs counted as 6 N D and 2 N; the MFUs by that count, which all are divided by where one is above 1."""
    peak = have.device.flops_per_second
    paid = 1.0 if have.price is None else have.price / (HOUR * peak)
    over = max(1.0, mfu_input, mfu_output)
    return Prices(paid, paid / over, 1 / (have.hours(1.0) * HOUR * peak), mfu_input / over, mfu_output / over)
