"""What a training run comes to on the GPUs there are: time, money, memory, a layout that fits, and time lost."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import inf
from typing import Any

from isoflop.costs.flops import flops_per_token
from isoflop.costs.goodput import HOUR, RESTART_SECONDS, SAVE_SECONDS, Losses, hours_between_failures, losses
from isoflop.costs.memory import OPTIMIZER, states_per_param
from isoflop.costs.shape import Shape
from isoflop.costs.utilisation import DAY, default_mfu
from isoflop.errors import BadInput
from isoflop.plans.layout import Layout
from isoflop.plans.models import six_nd
from isoflop.plans.placing import place
from isoflop.plans.resources import Resources
from isoflop.units import print_share

MUCH_LOST = 0.25
"""Share of a step from which on a layout is doubted: hardly any run hides so much."""


@dataclass(frozen=True)
class Running:
    """A run of C FLOPs on D tokens: how long it takes, what it costs, how it is laid out.

    flops: C = 6 N D; flops_executed: attention's too, which an MFU is a share of, so that the time is of them. gpus:
    those there are; used: those that compute, fewer where all of them cannot share the work. hours: of the GPUs used,
    those lost to failures included; dollars: None where no price is known. tokens_per_second: while it trains.

    The time is executed FLOPs / (peak MFU) over goodput and nothing else: an MFU that was measured holds communication,
    idle time and recomputing already. `lost` is the layout's own bound on these, the share of a step if none of it were
    hidden behind computing; it is not taken off again. days_at_most says what if the MFU were of computing alone.

    layout: None where nothing fits; `problem` then says why, `enough` how many GPUs would do (None: no number would),
    and the time is what the arithmetic alone says: ask again with as many. most_replicas: sequences in a batch, so the
    most data-parallel replicas; most_gpus: as many with this layout's tensor and pipeline parallelism.

    failures: expected over the run; lost_days: what they and checkpoints cost, part of `days`; losses: its parts by how
    often Llama 3.1's run failed. checkpoint_bytes: of fp32 weights and moments, and of all states. doubts come first.
    """

    device: str
    gpus: int
    used: int
    flops: float
    flops_executed: float
    tokens: float
    batch_tokens: float
    mfu: float
    mfu_source: str
    hours: float
    days: float
    dollars: float | None
    tokens_per_second: float
    layout: Layout | None
    problem: str
    enough: int | None
    lost: float | None
    days_at_most: float | None
    most_replicas: int
    most_gpus: int | None
    goodput: float
    lost_days: float
    failures: float
    losses: Losses
    checkpoint_bytes: tuple[float, float]
    defaults: Mapping[str, str]
    doubts: tuple[str, ...]

    @property
    def checkpoint_seconds(self) -> float:
        """Seconds of training between checkpoints that lose least (Young 1974)."""
        return self.losses.interval

    @property
    def memory(self) -> dict[str, float] | None:
        """Bytes on the fullest GPU, part by part, and what may be used; None where nothing fits."""
        if self.layout is None:
            return None
        held = self.layout.memory
        return {**vars(held), "total": held.total, "available": self.layout.available}

    def to_json(self) -> dict[str, Any]:
        """Plain values, null where unknown."""
        plain = {key: value for key, value in vars(self).items() if key not in {"layout", "losses"}}
        found = self.layout
        split = None if found is None else {**vars(found.split), "recomputation": found.split.recomputation.value}
        return {
            **plain,
            "memory": self.memory,
            "layout": split,
            "checkpoint_seconds": self.checkpoint_seconds,
            "losses": {**vars(self.losses)},
            "checkpoint_bytes": list(self.checkpoint_bytes),
            "defaults": dict(self.defaults),
            "doubts": list(self.doubts),
        }


def running(
    shape: Shape, n_params: float, tokens: float, have: Resources, batch_tokens: float, *, flops: float | None = None
) -> Running:
    """The run of N parameters of this shape on D tokens, in batches of batch_tokens, on the GPUs there are.

    have: where it does not know what is executed beyond 6 N D, the shape says it. flops: C, where it is not 6 N D.
    Raises `BadInput` for sizes that are no positive numbers, and for a batch that is smaller than one sequence; a run
    that fits no GPUs is no error (`problem`).
    """
    given = {
        "n_params": n_params,
        "tokens": tokens,
        "batch_tokens": batch_tokens,
        "flops": 1 if flops is None else flops,
    }
    wrong = [f"{name} = {value!r} is no positive number." for name, value in given.items() if not 0 < value < inf]
    if wrong:
        raise BadInput(wrong)
    C = six_nd(n_params, tokens) if flops is None else flops
    placed = place(shape, have.device, have.gpus, batch_tokens, have.mfu)
    found, used = placed.layout, placed.used
    stopped = losses(used)
    goodput = have.goodput if used == have.gpus else stopped.goodput
    executed = have.executed if have.executes else flops_per_token(shape) / (6 * shape.n_params)
    on = replace(have, gpus=used, goodput=goodput, executed=executed)
    hours, days = on.hours(C), on.days(C)
    sequences = round(batch_tokens / shape.context)
    return Running(
        device=have.device.name,
        gpus=have.gpus,
        used=used,
        flops=C,
        flops_executed=executed * C,
        tokens=tokens,
        batch_tokens=batch_tokens,
        mfu=have.mfu,
        mfu_source=have.defaults.get("mfu", "given"),
        hours=hours,
        days=days,
        dollars=None if have.price is None else hours * have.price,
        tokens_per_second=tokens / (days * DAY * HOUR * goodput),
        layout=found,
        problem=placed.problem,
        enough=placed.enough,
        lost=None if found is None else found.lost,
        days_at_most=None if found is None else days / (1 - found.lost),
        most_replicas=sequences,
        most_gpus=None if found is None else sequences * found.split.tensor * found.split.pipeline,
        goodput=goodput,
        lost_days=days * (1 - goodput),
        failures=days * DAY / hours_between_failures(used),
        losses=stopped,
        checkpoint_bytes=(OPTIMIZER * shape.n_params_total, states_per_param().total * shape.n_params_total),
        defaults=_defaults(have, found),
        doubts=(*_doubts(n_params, have, found), *placed.doubts),
    )


def _defaults(have: Resources, found: Layout | None) -> dict[str, str]:
    said = {
        **have.defaults,
        "checkpoints": f"each stops training for {SAVE_SECONDS:g} s, a failure {RESTART_SECONDS:g} s, an assumption",
        "time": "FLOPs executed over peak and MFU, which holds communication, idle time and recomputing",
    }
    if found is not None:
        said["memory"] = "; ".join(each for each in found.defaults if each not in have.device.doubts)
    return said


def _doubts(n_params: float, have: Resources, found: Layout | None) -> list[str]:
    said = list(have.device.doubts)
    if "mfu" in have.defaults and (unverified := default_mfu(n_params).unverified):
        said.append(f"MFU {have.mfu:.0%}: {unverified}.")
    if found is not None and found.lost > MUCH_LOST:
        said.append(
            f"This layout loses up to {print_share(found.lost)} of a step to communication, idle time and recomputing, "
            f"if none of it is hidden: an MFU of {have.mfu:.0%} asks for much overlap (and interleaved pipeline "
            "stages). A larger batch or fewer GPUs lose less."
        )
    return said
