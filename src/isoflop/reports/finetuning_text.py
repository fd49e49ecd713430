"""The screen of `isoflop plan --finetune`."""

from isoflop.plans.finetuning import FineTuning
from isoflop.plans.tuning_plan import TuningPlan
from isoflop.reports.plan_text import print_days, rows_block, wrapped
from isoflop.reports.running_text import print_bytes
from isoflop.units import print_count, print_dollars, print_flops


def finetuning_text(plan: TuningPlan) -> str:
    """What does not fit or is doubtful first; then the run, and what was assumed."""
    found = plan.run
    how = {"full": "all parameters trained", "lora": "LoRA adapters alone trained"}[found.method]
    purpose = "Continued training" if found.purpose == "continued" else "Fine-tuning"
    parts = wrapped([found.problem] if found.problem else [])
    parts += wrapped(f"Doubt: {doubt}" for doubt in found.doubts)
    parts += [f"{purpose} of {print_count(found.n_params)}, {how}", *rows_block(_rows(plan))]
    assumed = "; ".join(f"{name}: {value}" for name, value in found.defaults.items())
    return "\n".join([*parts, "", *wrapped([f"Assumed, each can be set or is said: {assumed}."])])


def _rows(plan: TuningPlan) -> dict[str, str]:
    found = plan.run
    rows = {"trained": f"{print_count(found.n_trained)} parameters of a shape of {print_count(found.shape_params)}"}
    rows["corpus"] = f"{print_count(found.tokens)} tokens, {found.epochs:g} epoch{'s' if found.epochs != 1 else ''}"
    if found.worth is not None and found.worth_tokens is not None:
        marks = ", ".join(f"{n}: {value:.3g}" for n, value in found.worth.items())
        rows["worth"] = f"{print_count(found.worth_tokens)} new tokens; of one on average after so many epochs, {marks}"
    cost = "no price is known (--price)" if found.dollars is None else print_dollars(found.dollars)
    rows["FLOPs"] = print_flops(found.flops)
    rows["time and cost"] = f"{print_days(found.days)} on {_gpus(found)}: {print_count(found.hours)} GPU-hours, {cost}"
    rows["speed"] = f"{print_count(found.tokens_per_second)} tokens/s"
    held = found.held
    rows["memory"] = (
        f"{print_bytes(held.memory.total)} of {print_bytes(held.available)} usable on each of {_gpus(found)}"
    )
    fewest = "no number of them holds it" if found.enough is None else f"{found.enough:,} at the fewest"
    rows["one GPU"] = "holds it" if found.fits_one_gpu else f"does not hold it; {fewest}"
    most = [f"{'no model' if n is None else print_count(n)} {_HOW[how]}" for how, n in plan.largest.items()]
    rows["largest on one"] = ", ".join(most)
    rows["checkpoint"] = f"{print_bytes(found.checkpoint_bytes)} of fp32 weights and moments of what is trained"
    return rows


_HOW = {"full": "in full", "lora": "with LoRA"}


def _gpus(found: FineTuning) -> str:
    return f"{found.gpus:,} {found.device}"
