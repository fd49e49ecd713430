"""What a plan's run takes on its GPUs, what serving costs, and fine-tuning, as blocks of a screen."""

from collections.abc import Mapping

from isoflop.plans.finetuning import FineTuning
from isoflop.plans.running import Running
from isoflop.plans.serving import ServingCost
from isoflop.reports.plan_text import rows_block, wrapped
from isoflop.units import print_count, print_dollars, print_flops, print_seconds

GB = 1e9


def running_rows(found: Running) -> dict[str, str]:
    """Layout and memory, or why nothing fits; checkpoints and time lost."""
    rows: dict[str, str] = {}
    memory = found.memory
    if found.layout is None or memory is None:
        rows["layout"] = found.problem
    else:
        rows["layout"] = str(found.layout.split)
        parts = [f"{print_bytes(memory[name])} {word}" for name, word in _PARTS.items() if memory.get(name)]
        room = f"{print_bytes(memory['available'])} usable"
        rows["memory per GPU"] = f"{print_bytes(memory['total'])} of {room}: {', '.join(parts)}"
    rows["checkpoints"] = (
        f"every {print_seconds(found.checkpoint_seconds)} of training, {print_bytes(found.checkpoint_bytes[1])} each"
    )
    rows["failures"] = (
        f"{found.failures:.2g} expected; they and checkpoints cost {found.lost_days:.2g} of {found.days:.3g} days"
    )
    rows["speed"] = f"{print_count(found.tokens_per_second)} tokens/s at {found.mfu:.0%} of the peak"
    return rows


_PARTS = {
    "weights": "weights",
    "gradients": "gradients",
    "optimizer": "optimiser",
    "activations": "activations",
    "logits": "logits",
}


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
