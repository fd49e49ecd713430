"""What a plan's run takes on its GPUs, what serving costs, and fine-tuning, as blocks of a screen."""

from collections.abc import Callable, Mapping

from isoflop.costs.utilisation import DAY, HOUR
from isoflop.plans.finetuning import FineTuning
from isoflop.plans.running import Running
from isoflop.plans.serving import ServingCost
from isoflop.plans.training_spread import TrainingSpread
from isoflop.reports.between import between
from isoflop.reports.plan_text import print_days, rows_block, wrapped
from isoflop.units import print_count, print_dollars, print_flops, print_seconds

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
    rows = {
        "layout": str(layout.split),
        "memory": f"{held} a GPU, of {_gigabytes(memory['available'])} usable: {states} weights, gradients and Adam",
    }
    if found.lost and found.lost >= LEAST_LOST:
        most = max(_LOST, key=lambda name: getattr(layout.overhead, name))
        rows["lost"] = (
            f"up to {found.lost:.0%} of a step, mostly to {_LOST[most]}, if none is hidden: "
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
    return f"{number / GB:.3g}"


def _checkpoints(found: Running) -> str:
    """How often Young's rule writes one, how large it is, and what failures and checkpoints cost."""
    every = print_seconds(found.checkpoint_seconds)
    if found.checkpoint_seconds >= found.days * DAY * HOUR:
        return f"the run is over before the first is due, after {every}"
    failures = f"{print_count(found.failures)} failures expected"
    size = print_bytes(found.checkpoint_bytes[1])
    return f"every {every}, {size} each; {failures}; both cost {print_days(found.lost_days)}"


def serving_rows(found: ServingCost) -> dict[str, str]:
    """Input and output tokens priced apart, and what that takes for granted."""
    tokens = f"{print_count(found.input_tokens)} tokens read, {print_count(found.output_tokens)} written"
    rows = {"serving": f"{tokens}: {print_count(found.hours)} GPU-hours"}
    if found.dollars is not None:
        rows["cost of it"] = print_dollars(found.dollars)
    if (per := found.dollars_per_million) is not None:
        rows["a million tokens"] = f"${per[0]:.3g} read, ${per[1]:.3g} written"
    rows["assumed"] = "; ".join(found.assumptions)
    return rows


def finetuning_text(found: FineTuning, gpu: str, most: Mapping[str, float]) -> str:
    """The screen of `isoflop plan --finetune`; most: the largest model that one GPU can train, by method."""
    how = {"full": "all parameters trained", "lora": "LoRA adapters alone trained"}[found.method]
    purpose = "continued training" if found.purpose == "continued" else "fine-tuning"
    rows = {
        "trained": f"{print_count(found.n_trained)} of {print_count(found.n_params)} parameters",
        "corpus": f"{print_count(found.tokens)} tokens, {found.epochs:g} epochs",
        "FLOPs": print_flops(found.flops),
        f"on {found.gpus} {gpu}": f"{print_count(found.hours)} GPU-hours, {found.days:.3g} days",
    }
    if found.dollars is not None:
        rows["cost"] = print_dollars(found.dollars)
    one = found.one_gpu
    held = f"{print_bytes(one.memory.total)} of {print_bytes(one.available)} usable"
    rows["one GPU"] = f"holds it: {held}" if found.fits_one_gpu else f"does not hold it: {held}"
    if found.worth is not None:
        rows["worth of a token"] = (
            "over " + ", ".join(f"{n}: {value:.3g}" for n, value in found.worth.items()) + " epochs"
        )
    rows["largest on one"] = f"{print_count(most['full'])} in full, {print_count(most['lora'])} with LoRA"
    if found.problem:
        rows["problem"] = found.problem
    parts = [*wrapped(f"Doubt: {doubt}" for doubt in found.doubts)]
    parts += [f"{purpose.capitalize()} of {print_count(found.n_params)}, {how}", *rows_block(rows), "", "Assumed"]
    parts += wrapped((f"  {name}: {value}" for name, value in found.defaults.items()), indent="    ")
    return "\n".join(parts)


def print_bytes(number: float) -> str:
    """Gigabytes of 1e9 bytes, or terabytes: 72.4 GB, 6.5 TB."""
    return f"{number / 1e12:.3g} TB" if number >= 1e12 else f"{number / GB:.3g} GB"
