"""What money, GPUs and days come to in FLOPs: the device, its price, its MFU, the share of time that counts."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil

from isoflop.costs.goodput import LLAMA_3_DEVICES, losses
from isoflop.costs.hardware import Device, device
from isoflop.costs.utilisation import DAY, HOUR, default_mfu, device_hours, flops_for_dollars, price_of, sustained
from isoflop.errors import BadInput
from isoflop.plans.question import Question

DEFAULT_GPU = "H100 SXM"
DEFAULT_DAYS = 30.0
"""How long a run may take where nothing is said: GPUs are then counted so that it does not take longer."""
NODE = 8  # GPUs are had in nodes of so many
LEAST_GOODPUT = 0.1
"""Below it no number of GPUs is named."""


@dataclass(frozen=True)
class Resources:
    """One device, its price ($/h, None where unknown), MFU, and how many there are; defaults: what was assumed.

    goodput: the share of time that is not lost to failures and checkpoints, for this many devices.
    """

    device: Device
    price: float | None
    mfu: float
    gpus: int
    goodput: float
    defaults: Mapping[str, str]

    def hours(self, flops: float) -> float:
        """GPU-hours of C FLOPs, those lost to failures included."""
        return device_hours(flops, self.device, self.mfu, goodput=self.goodput)

    def days(self, flops: float) -> float:
        """Days that all GPUs take for C FLOPs."""
        return self.hours(flops) / (self.gpus * DAY)

    def dollars(self, flops: float) -> float | None:
        """What C FLOPs cost; None where no price is known."""
        return None if self.price is None else self.hours(flops) * self.price


def resources(question: Question, n_params: float, flops: float | None = None) -> Resources:
    """The devices a question names, or those assumed, for a model of about n_params and a run of about C FLOPs.

    Where no number of GPUs is given it is the fewest whole nodes that end within the days asked, or DEFAULT_DAYS.
    Raises `BadInput` for an unknown device, which lists the known ones.
    """
    gpu = device(question.gpu or DEFAULT_GPU, question.devices)
    defaults = {} if question.gpu else {"gpu": f"{gpu.name} (--gpu)"}
    mfu, price = question.mfu, question.price
    if mfu is None:
        assumed = default_mfu(n_params)
        mfu = assumed.mfu
        defaults["mfu"] = f"{mfu:.0%} of the dense bf16 peak: {assumed.what} ({assumed.source}; --mfu)"
    if price is None and gpu.dollars_per_hour is not None:
        price = gpu.dollars_per_hour
        defaults["price"] = f"${price:g} an hour of one {gpu.name}, {gpu.price_date or 'undated'} (--price)"
    gpus = int(question.gpus or 0)
    if not gpus:
        gpus = _enough(gpu, mfu, flops, question.days or DEFAULT_DAYS, asked=question.days is not None)
        within = f"{question.days or DEFAULT_DAYS:g} days"
        said = f"the fewest nodes of {NODE} that end within {within}"
        if question.days is None and gpus > LLAMA_3_DEVICES:
            gpus, said = LLAMA_3_DEVICES, f"as many as Llama 3.1's run had, and not those that end within {within}"
        defaults["gpus"] = f"{gpus:,}, {said} (--gpus)"
    goodput = losses(gpus).goodput
    defaults["goodput"] = f"{goodput:.1%} of the time, with failures as often as in Llama 3.1's run"
    return Resources(gpu, price, mfu, gpus, goodput, defaults)


def limits(question: Question, have: Resources) -> dict[str, float]:
    """The training FLOPs that each constraint allows, by the options that say it. Raises `BadInput` without a price."""
    found = {}
    if question.flops is not None:
        found["--flops"] = question.flops
    if question.dollars is not None:
        price = price_of(have.device, have.price)
        found["--dollars"] = flops_for_dollars(
            question.dollars, have.device, have.mfu, dollars_per_hour=price, goodput=have.goodput
        )
    if question.gpus is not None and question.days is not None:
        found["--gpus and --days"] = (
            sustained(have.device, have.mfu, have.gpus) * question.days * DAY * HOUR * have.goodput
        )
    return found


def _enough(gpu: Device, mfu: float, flops: float | None, days: float, *, asked: bool) -> int:
    """The fewest whole nodes that end within the days; lost time makes it a few more, so it is asked again."""
    if flops is None:
        return NODE
    gpus = NODE
    for _ in range(20):
        goodput = losses(gpus).goodput
        if goodput < LEAST_GOODPUT and asked:
            raise BadInput(
                f"{flops:.3g} FLOPs within {days:g} days would take {gpus:,} and more {gpu.name}, which fail so often "
                f"that {1 - goodput:.0%} of the time is lost. Allow more --days, or ask for less."
            )
        hours = device_hours(flops, gpu, mfu, goodput=goodput)
        needed = NODE * ceil(hours / (days * DAY * NODE))
        if needed <= gpus or (not asked and gpus > LLAMA_3_DEVICES):
            break
        gpus = needed
    return gpus
