"""Time lost to failures: how often a cluster fails, how often to write a checkpoint, what share of the time counts."""

import math
from dataclasses import dataclass

from isoflop.errors import BadInput

HOUR, DAY = 3600.0, 24.0


def hours_an_interruption(days: float, interruptions: float) -> float:
    """24 days / interruptions: the mean hours between them."""
    return DAY * days / interruptions


LLAMA_3_DEVICES, LLAMA_3_DAYS, LLAMA_3_UNEXPECTED, LLAMA_3_PLANNED = 16_384, 54, 419, 47
"""Interruptions of Llama 3.1 405B's run on H100s (arXiv:2407.21783, sec. 3.3.4)."""

PER_DEVICE_HOURS = LLAMA_3_DEVICES * hours_an_interruption(LLAMA_3_DAYS, LLAMA_3_UNEXPECTED)
"""Device-hours between unexpected interruptions in that run."""

SAVE_SECONDS, RESTART_SECONDS = 15.0, 300.0
"""Assumed where nothing is said, unverified: how long a checkpoint stops training, and how long a failure does.

With these, failures like Llama 3.1 405B's cost 8 % of the time, as its paper's "more than 90 % effective" allows.
"""

_LONGEST = 500.0  # an interval of so many times the time between failures is never finished


@dataclass(frozen=True)
class Losses:
    """Shares of the time that do not train: writing checkpoints, work done twice, and restarting.

    interval: seconds of training between checkpoints.
    """

    interval: float
    checkpoint: float
    rework: float
    restart: float

    @property
    def lost(self) -> float:
        """All three."""
        return self.checkpoint + self.rework + self.restart

    @property
    def goodput(self) -> float:
        """The share of time that trains."""
        return 1.0 - self.lost


def hours_between_failures(n_devices: float, per_device_hours: float = PER_DEVICE_HOURS) -> float:
    """Hours between failures of a cluster: those of one device over the devices, each failing on its own."""
    if not (n_devices > 0 and per_device_hours > 0):
        raise BadInput(
            f"{n_devices} devices (--gpus) of which each fails once in {per_device_hours:,.6g} hours: both must be "
            "above 0."
        )
    return per_device_hours / n_devices


def young_interval(save_seconds: float, seconds_between_failures: float) -> float:
    """sqrt(2 delta M): seconds of training between checkpoints that lose least (Young 1974).

    delta: seconds that a checkpoint takes; M: seconds between failures. To first order in delta / M.
    """
    return math.sqrt(2.0 * save_seconds * seconds_between_failures)


def losses(
    n_devices: float,
    *,
    save_seconds: float = SAVE_SECONDS,
    restart_seconds: float = RESTART_SECONDS,
    interval: float | None = None,
    per_device_hours: float = PER_DEVICE_HOURS,
) -> Losses:
    """What failures cost, on average, with a checkpoint after each `interval` seconds of training (Young's by default).

    Failures come at random, M seconds apart. interval + save = s seconds must pass without one: until then
    M (e^(s/M) - 1) seconds pass, with e^(s/M) - 1 failures, each followed by a restart in which none happens. To first
    order a share of save / interval + interval / (2 M) + restart / M is lost. Raises `BadInput` where no interval is
    ever finished.
    """
    between = HOUR * hours_between_failures(n_devices, per_device_hours)
    every = young_interval(save_seconds, between) if interval is None else interval
    problems = [
        f"{name} = {value!r} must be a number of seconds, {least}."
        for name, value, least, wrong in (
            ("save_seconds", save_seconds, "0 or more", not 0 <= save_seconds < math.inf),
            ("restart_seconds", restart_seconds, "0 or more", not 0 <= restart_seconds < math.inf),
            ("interval", every, "above 0", not 0 < every < math.inf),
        )
        if wrong
    ]
    if problems:
        raise BadInput(problems)
    segment = every + save_seconds
    if segment > _LONGEST * between:
        raise BadInput(
            f"Of {n_devices:,.0f} devices (--gpus) one fails each {between:.3g} s, if each fails once in "
            f"{per_device_hours:,.0f} hours; a checkpoint takes {segment:.3g} s of training and writing: none is ever "
            f"reached. Plan for fewer --gpus: {LLAMA_3_DEVICES:,} ran for {LLAMA_3_DAYS} days (Llama 3.1)."
        )
    failures = math.expm1(segment / between)
    worked = between * failures
    whole = worked + failures * restart_seconds
    return Losses(every, save_seconds / whole, (worked - segment) / whole, failures * restart_seconds / whole)


def effective_days(days: float, goodput: float) -> float:
    """Days on the calendar for so many days of training without a failure."""
    if not 0 < goodput <= 1:
        raise BadInput(f"Goodput is a share of the time above 0 and up to 1; got {goodput}.")
    return days / goodput
