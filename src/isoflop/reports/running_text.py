"""What a plan's run takes on its GPUs, and what serving costs, as blocks of a screen."""

from collections.abc import Callable

from isoflop.costs.utilisation import DAY, HOUR
from isoflop.plans.running import Running
from isoflop.plans.serving import ServingCost
from isoflop.plans.training_spread import TrainingSpread
from isoflop.reports.between import between
from isoflop.reports.plan_text import print_days
from isoflop.units import (
    plural,
    print_bytes,
    print_count,
    print_dollars,
    print_flops,
    print_ratio,
    print_seconds,
    print_share,
)

GB = 1e9


def running_rows(found: Running, spread: TrainingSpread | None = None) -> dict[str, str]:
    """Layout, memory and what the layout loses, or why nothing fits; checkpoints and failures; speed.

    spread: where the laws leave it open, from where to where memory and speed go.
    """

    def ends(name: str, show: Callable[[float], str] = print_count) -> str:
        return "" if spread is None else between(getattr(spread, name), show)

    memory, layout = found.memory, found.layout
    if layout is None or memory is None:
        return {"layout": found.problem}
    held = f"{print_bytes(memory['total'])}{ends('memory_bytes', _gigabytes)}"
    states = _gigabytes(memory["weights"] + memory["gradients"] + memory["optimizer"])
    rows = {} if found.used == found.gpus else {"used": _used(found)}
    rows |= {
        "layout": str(layout.split),
        "memory": f"{held} a GPU, of {_gigabytes(memory['available'])} usable: {states} weights, gradients and Adam",
    }
    if found.lost and found.lost >= LEAST_LOST:
        most = max(_LOST, key=lambda name: getattr(layout.overhead, name))
        rows["lost"] = (
            f"up to {print_share(found.lost)} of a step, mostly to {_LOST[most]}, if none is hidden: "
            f"{print_days(found.days_at_most or found.days)}"
        )
    speed = f"{print_count(found.tokens_per_second)} tokens/s{ends('tokens_per_second')}"
    rows["speed"] = f"{speed} at {found.mfu:.0%} of the peak"
    rows["checkpoints"] = _checkpoints(found)
    return rows


LEAST_LOST = 0.005  # of a step; less is not worth a line
_LOST = {
    "tensor": "tensor-parallel traffic",
    "data": "data-parallel traffic",
    "pipeline": "traffic between stages",
    "idle": "idle time",
    "recomputing": "recomputing",
}


def _gigabytes(number: float) -> str:
    return print_ratio(number / GB)


def _used(found: Running) -> str:
    """What it takes on those that can share the work, where that is not all of them."""
    cost = "" if found.dollars is None else f", {print_dollars(found.dollars)}"
    hours = f"{print_count(found.hours)} GPU-hours{cost}"
    return f"{found.used:,} of the {plural(found.gpus, 'GPU')}, the others idle: {print_days(found.days)}, {hours}"


def _checkpoints(found: Running) -> str:
    """How often Young's rule writes one, how large it is, and what failures and checkpoints cost."""
    every = print_seconds(found.checkpoint_seconds)
    if found.checkpoint_seconds >= found.days * DAY * HOUR:
        return f"the run is over before the first is due, after {every}"
    failures = f"{print_count(found.failures)} failures expected"
    size = print_bytes(found.checkpoint_bytes[1])
    return f"every {every}, {size} each; {failures}; both cost {print_days(found.lost_days)}"


def serving_rows(found: ServingCost) -> dict[str, str]:
    """What it holds, how fast it decodes, what a token costs, what all that is served does, and what is assumed.

    Each row fits a line of a screen; JSON has every assumption.
    """
    full, alone = found.decoding, found.alone
    on = {each.batch: f"{each.n_devices:,} {each.device.name}" for each in (full, alone)}
    held = f"{print_bytes(full.weight_bytes)} of {found.bits:g}-bit weights"
    if full.most_sequences is None:
        held += "; no cache is counted, for no shape is known"
    else:
        fit = f"{full.most_sequences:,} fit {on[full.batch]}"
        held += f", cache {print_bytes(alone.kv_bytes)} each: {fit}"
    asked = "" if found.asked is None else f"; asked: {found.asked:,g}, {'met' if found.fast_enough else 'not met'}"
    rows = {
        "memory": held,
        "one sequence": f"up to {_speed(alone.tokens_per_second)} on {on[alone.batch]}{asked}",
    }
    if full.batch > 1:
        each, together = _speed(found.tokens_per_second / full.batch), print_count(found.tokens_per_second)
        rows[f"{full.batch} at once"] = f"each up to {each}, {together} in all, on {on[full.batch]}"
    if (per := found.dollars_per_million) is not None:
        rows["1M tokens"] = f"${print_ratio(per[0])} read, ${print_ratio(per[1])} written"
    if found.hours:
        tokens = f"{print_count(found.input_tokens)} tokens read, {print_count(found.output_tokens)} written"
        cost = "" if found.dollars is None else f", {print_dollars(found.dollars)}"
        rows["over its life"] = f"{tokens}: {print_count(found.hours)} GPU-hours{cost}"
    counted = f"matrices, head, attention to {full.context:,} tokens (--context)" if found.attention else "2 N alone"
    bound = "bandwidth" if found.mfu_output < found.mfu_input else "computing"
    rows["a token"] = f"{print_flops(found.flops_per_token)}: {counted}"
    rows["reading"] = f"at {found.mfu_input:.0%} of the peak (--mfu), bound by computing"
    rows["writing"] = f"at {found.mfu_output:.2%} of the peak, bound by {bound}; {full.batch} at once, always full"
    rows["not counted"] = "idle GPUs, cached prompts, speculative decoding, bandwidth not reached"
    return rows


def serving_row(found: ServingCost) -> dict[str, str]:
    """How fast it decodes and what a token costs, in a line, where nobody asked how it is served."""
    alone, full = found.alone, found.decoding
    said = f"up to {_speed(alone.tokens_per_second)} on {plural(alone.n_devices, 'GPU')}"
    if full.batch > 1:
        on = "" if full.n_devices == 1 else f" on {plural(full.n_devices, 'GPU')}"
        said += f"; {print_count(found.tokens_per_second)} with {full.batch} at once{on}"
    if (per := found.dollars_per_million) is not None:
        said += f"; 1M tokens ${_short(per[0])} read, ${_short(per[1])} written"
    return {"serves": said}


def _speed(tokens_per_second: float) -> str:
    return f"{print_count(tokens_per_second)} tokens/s ({print_ratio(1e3 / tokens_per_second)} ms a token)"


def _short(dollars: float) -> str:
    """Two digits, more of what is above a hundred: 0.25, 8.3, 310."""
    return f"{dollars:.2g}" if dollars < 99.5 else print_ratio(dollars)
