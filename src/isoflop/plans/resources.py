"""What money, GPUs and days come to in FLOPs: the device, its price, its MFU, the share of time that counts."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

from isoflop.conventions import Size
from isoflop.costs.goodput import LLAMA_3_DEVICES, losses
from isoflop.costs.hardware import Device, device
from isoflop.costs.utilisation import DAY, default_mfu, device_hours
from isoflop.errors import BadInput
from isoflop.plans.executed import Executed
from isoflop.plans.question import Question

DEFAULT_GPU = "H100 SXM"
DEFAULT_DAYS = 30.0
"""How long a run may take where nothing is said: GPUs are then counted so that it does not take longer."""
NODE = 8  # GPUs are had in nodes of so many
LEAST_GOODPUT = 0.1
"""Below it no number of GPUs is named."""
MOST_GPUS = 100_000_000
MOST_DIGITS = 4


@dataclass(frozen=True)
class Resources:
    """One device, its price ($/h, None where unknown), MFU, and how many there are; defaults: what was assumed.

    goodput: the share of time that is not lost to failures and checkpoints, for this many devices. executed: FLOPs that
    a model of n_params executes for each of its 6 N D, attention included, by `executes`: what an MFU is a share of,
    so what hours, days and dollars are of. FLOPs C that are given or asked for are always 6 N D.
    """

    device: Device
    price: float | None
    mfu: float
    gpus: int
    goodput: float
    defaults: Mapping[str, str]
    executes: Executed | None = None
    executed: float = 1.0

    def at(self, n_params: float) -> Self:
        """The same for a model of another size, which executes another share beyond 6 N D."""
        return self if self.executes is None else replace(self, executed=self.executes.at(n_params))

    def executing(self, executed: float) -> Self:
        """The same for so many FLOPs executed, for each of 6 N D."""
        return replace(self, executed=executed)

    def hours(self, flops: float) -> float:
        """GPU-hours of C = 6 N D FLOPs: executed C / (peak MFU), and those lost to failures."""
        return device_hours(self.executed * flops, self.device, self.mfu, goodput=self.goodput)

    def days(self, flops: float) -> float:
        """Days that all GPUs take for C FLOPs."""
        return self.hours(flops) / (self.gpus * DAY)

    def dollars(self, flops: float) -> float | None:
        """What C FLOPs cost; None where no price is known."""
        return None if self.price is None else self.hours(flops) * self.price


def resources(
    question: Question, n_params: float, flops: float | None = None, counts: Size = Size.WITH_HEAD
) -> Resources:
    """The devices a question names, or those assumed, for a model of about n_params and a run of about C FLOPs.

    counts: what N counts. Where no number of GPUs is given it is the fewest, doubled from one node, that end within the
    days asked, or DEFAULT_DAYS. Raises `BadInput` for an unknown device, which lists the known ones, and for dollars
    without a price.
    """
    gpu = device(question.gpu or DEFAULT_GPU, question.devices)
    defaults = {} if question.gpu else {"gpu": f"{gpu.name} (--gpu)"}
    mfu, price = question.mfu, question.price
    if mfu is None:
        assumed = default_mfu(n_params)
        mfu = assumed.mfu
        defaults["mfu"] = f"{mfu:.0%} of the dense bf16 peak, {assumed.what} (--mfu)"
    if price is None and gpu.dollars_per_hour is not None:
        price = gpu.dollars_per_hour
        defaults["price"] = f"{gpu.price} (--price)"
    if price is None and question.dollars is not None:
        raise BadInput(f"--dollars needs a price, and none is known for {gpu.name}: add --price, $ an hour.")
    executes = Executed(question.like, int(question.context), counts, question.shape)
    have = Resources(gpu, price, mfu, NODE, losses(NODE).goodput, defaults, executes).at(n_params)
    gpus = int(question.gpus or 0)
    if not gpus:
        days = question.days or DEFAULT_DAYS
        gpus = max(_enough(have, flops, days, asked=question.days is not None), question.least_gpus or 0)
        said = f"doubled from a node of {NODE} until they end within {days:g} days"
        said += " and hold the model" if gpus == question.least_gpus else ""
        if question.days is None and gpus == LLAMA_3_DEVICES:
            said += ", but no more than Llama 3.1's run had"
        defaults["gpus"] = f"{gpus:,}, {said} (--gpus)"
    goodput = losses(gpus).goodput if gpus <= MOST_GPUS else 0.0
    if goodput < LEAST_GOODPUT:
        raise BadInput(
            f"--gpus {gpus:,} fail so often, if each does as in Llama 3.1's run, that {1 - goodput:.0%} of the time is "
            f"lost: plan for fewer (Llama 3.1 had {LLAMA_3_DEVICES:,})."
        )
    have = replace(have, gpus=gpus, goodput=goodput)
    defaults["goodput"] = (
        f"{share(have.goodput)} of the time, failures as often as in Llama 3.1's run (arXiv:2407.21783)"
    )
    return have


def limits(question: Question, have: Resources) -> dict[str, float]:
    """The training FLOPs, as 6 N D, that each constraint allows, by the options that say it."""
    found = {}
    if question.flops is not None:
        found["--flops"] = question.flops
    if question.dollars is not None:
        found["--dollars"] = question.dollars / (have.dollars(1.0) or 1.0)
    if question.gpus is not None and question.days is not None:
        found["--gpus and --days"] = question.days / have.days(1.0)
    return found


def share(part: float) -> str:
    """A part of one in per cent, never rounded up to all of it: 0.9998 → 99.98%."""
    digits = 1
    while digits < MOST_DIGITS and part < 1 and float(f"{100 * part:.{digits}f}") == 100:
        digits += 1
    return f"{100 * part:.{digits}f}%"


def _enough(have: Resources, flops: float | None, days: float, *, asked: bool) -> int:
    """The fewest of 8, 16, 32 ... that end within the days, lost time included; so many always divide a batch."""
    gpus = NODE
    while flops is not None and (asked or gpus < LLAMA_3_DEVICES):
        goodput = losses(gpus).goodput
        if goodput < LEAST_GOODPUT:
            raise BadInput(
                f"{flops:.3g} FLOPs within --days {days:g} would take over {gpus:,} {have.device.name}, which fail "
                f"so often that {1 - goodput:.0%} of the time is lost. Allow more --days, or ask for less."
            )
        if replace(have, gpus=gpus, goodput=goodput).days(flops) <= days:
            break
        gpus *= 2
    return gpus
