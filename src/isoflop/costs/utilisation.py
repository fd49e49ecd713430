"""From FLOPs to device-hours, days and dollars, by the share of the peak that a run uses (MFU); and that share."""

from dataclasses import dataclass

from isoflop.costs.flops import BACKWARD_AND_FORWARD, flops_per_token, forward_flops_per_token
from isoflop.costs.hardware import Device
from isoflop.costs.shape import Shape
from isoflop.errors import BadInput
from isoflop.units import PF_DAY

HOUR = 3600.0
DAY = 24.0


@dataclass(frozen=True)
class Utilisation:
    """An MFU that was reported or is assumed, for models of low to high parameters; paper is a key of papers.bib."""

    mfu: float
    n_params: tuple[float, float]
    what: str
    source: str
    tag: str
    paper: str = ""
    unverified: str = ""


_LARGE = (1e11, float("inf"))
REPORTED: tuple[Utilisation, ...] = (
    Utilisation(0.462, _LARGE, "PaLM 540B on TPU v4", "arXiv:2204.02311", "V2", "chowdhery2022"),
    Utilisation(0.38, _LARGE, "Llama 3.1 405B on H100, its lowest stage", "arXiv:2407.21783", "V", "dubey2024"),
    Utilisation(0.43, _LARGE, "Llama 3.1 405B on H100, its highest stage", "arXiv:2407.21783", "V", "dubey2024"),
)
"""What papers report of their runs."""

DEFAULTS: tuple[Utilisation, ...] = (
    Utilisation(
        0.30,
        (0.0, 1e9),
        "small matrices do not fill a large device",
        "an assumption",
        "M",
        unverified="an assumption, below the 0.40 of larger models; measure yours",
    ),
    Utilisation(
        0.40,
        (1e9, 1e11),
        "what A100s and H100s are commonly planned with",
        "the planning rule of A100s and H100s at 40 %",
        "D",
        unverified="a planning rule, not a measurement of this size; measure yours",
    ),
    Utilisation(0.40, _LARGE, "inside Llama 3.1 405B's 38 to 43 %", "arXiv:2407.21783", "V", "dubey2024"),
)
"""What is assumed of a run that has not been measured, by its size."""


def default_mfu(n_params: float) -> Utilisation:
    """The MFU assumed for a model of this many parameters, with where it is from."""
    return next(each for each in DEFAULTS if each.n_params[0] <= n_params < each.n_params[1])


def mfu(tokens_per_second: float, shape: Shape, device: Device, n_devices: int = 1) -> float:
    """MFU = tokens/s (6 N + 12 L H Q T) / peak (Chowdhery et al. 2022, app. B).

    N counts matrices and head; L layers, H heads, Q numbers a head, T context: `flops_per_token`. The peak is of all
    devices.
    """
    return tokens_per_second * flops_per_token(shape) / (n_devices * device.flops_per_second)


def hfu(
    tokens_per_second: float, shape: Shape, device: Device, n_devices: int = 1, *, recomputed: float = 1.0
) -> float:
    """HFU: MFU plus what is recomputed; with all of the forward pass (recomputed = 1), 8 N + 16 L H Q T a token."""
    hardware = (BACKWARD_AND_FORWARD + recomputed) * forward_flops_per_token(shape)
    return tokens_per_second * hardware / (n_devices * device.flops_per_second)


def sustained(device: Device, mfu: float, n_devices: float = 1) -> float:
    """FLOP/s = peak * MFU * devices."""
    _share(mfu)
    return device.flops_per_second * mfu * n_devices


def devices_for(flops_per_second: float, device: Device, mfu: float) -> float:
    """How many devices sustain this many FLOP/s."""
    return flops_per_second / sustained(device, mfu)


def device_hours(flops: float, device: Device, mfu: float, *, goodput: float = 1.0) -> float:
    """C / (peak MFU 3600), over goodput: the share of time that is not lost to failures. Hours of one device."""
    if not 0 < goodput <= 1:
        raise BadInput(f"Goodput is a share of the time above 0 and up to 1; got {goodput}.")
    return flops / (sustained(device, mfu) * HOUR * goodput)


def days(flops: float, device: Device, n_devices: float, mfu: float, *, goodput: float = 1.0) -> float:
    """Days that n devices take for C FLOPs."""
    return device_hours(flops, device, mfu, goodput=goodput) / (n_devices * DAY)


def price_of(device: Device, dollars_per_hour: float | None = None) -> float:
    """$/h of one device: the user's, else the table's. Raises `BadInput` where neither is known."""
    price = device.dollars_per_hour if dollars_per_hour is None else dollars_per_hour
    if price is None:
        raise BadInput(f"No price is known for {device.name}. Give one, in dollars for an hour of one device.")
    if not 0 < price < float("inf"):
        raise BadInput(f"{price} is no positive price in dollars for an hour of {device.name}.")
    return price


def dollars(
    flops: float, device: Device, mfu: float, *, dollars_per_hour: float | None = None, goodput: float = 1.0
) -> float:
    """What C FLOPs cost: device-hours times their price."""
    return device_hours(flops, device, mfu, goodput=goodput) * price_of(device, dollars_per_hour)


def flops_for_dollars(
    money: float, device: Device, mfu: float, *, dollars_per_hour: float | None = None, goodput: float = 1.0
) -> float:
    """C that so many dollars buy: the inverse of `dollars`."""
    return money / dollars(1.0, device, mfu, dollars_per_hour=dollars_per_hour, goodput=goodput)


def dollars_per_pf_day(device: Device, mfu: float, *, dollars_per_hour: float | None = None) -> float:
    """What a petaflop/s-day, 8.64e19 FLOPs, costs."""
    return dollars(PF_DAY, device, mfu, dollars_per_hour=dollars_per_hour)


def achieved(flops: float, hours: float) -> float:
    """FLOP/s of one device over a whole run, failures and restarts included: C / (3600 device-hours)."""
    return flops / (hours * HOUR)


def _share(mfu: float) -> None:
    if not 0 < mfu <= 1:
        raise BadInput(
            f"MFU is a share of the dense peak above 0 and up to 1; got {mfu}. "
            "Above 1 the peak, the FLOPs or the tokens/s are counted wrong."
        )
