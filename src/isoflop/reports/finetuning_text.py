"""`isoflop plan --finetune` on a screen: whether it fits, what it takes, what is assumed."""

from isoflop.plans.finetuning import FineTuning
from isoflop.plans.tunable import RANK
from isoflop.reports.plan_text import LEAST_EXECUTED, bare_flops, print_days, rows_block, shape_words, wrapped
from isoflop.reports.prose import ratio
from isoflop.units import print_bytes, print_count, print_dollars, print_ratio

_WHAT = {
    "full": "Fine-tuning of all {n} parameters",
    "lora": "Fine-tuning of {n} parameters by LoRA adapters",
    "continued": "Continued training of all {n} parameters",
}


def finetuning_text(found: FineTuning) -> str:
    """The one screen: the problem first, then doubts, the plan, what was assumed."""
    asked = found.question
    parts = wrapped([f"Problem: {found.problem}"] if found.problem else [])
    parts += wrapped(f"Doubt: {doubt}" for doubt in found.doubts)
    parts += wrapped([_WHAT[asked.how].format(n=print_count(asked.size)) + f" on {print_count(asked.corpus)} tokens"])
    rows = {**_trained(found), **_taken(found), **_held(found)}
    said = "; ".join(f"{name}: {value}" for name, value in found.defaults.items())
    parts += [*rows_block(rows), "", *wrapped([f"Assumed, each can be set or is said: {said}."])]
    return "\n".join(parts)


def _trained(found: FineTuning) -> dict[str, str]:
    """The model, the corpus, what its epochs are worth."""
    asked = found.question
    size, whole = print_count(asked.size), print_count(asked.shape.n_params_total)
    rows = {"shape": shape_words(asked.shape, asked.family) + (f": {whole} parameters" if whole != size else "")}
    if asked.method == "lora":
        share = found.there.n_trained / asked.size
        rows["trained"] = f"adapters of {print_count(found.there.n_trained)} parameters ({share:.2%}), rank {RANK}"
    passes = "1 epoch" if found.epochs == 1 else f"{print_ratio(found.epochs)} epochs"
    rows["corpus"] = f"{print_count(asked.corpus)} tokens, {passes}: {print_count(found.tokens)} seen"
    if found.worth is not None and found.worth_tokens is not None:
        each = ", ".join(f"{value:.3g} over {many:g}" for many, value in found.worth.items())
        rows["worth"] = f"as much as {print_count(found.worth_tokens)} new tokens; a token {each} epochs"
    return rows


def _taken(found: FineTuning) -> dict[str, str]:
    """FLOPs, time, money, speed."""
    asked, have, gpu = found.question, found.have, found.have.device.name
    counted = "4 N + 6 n a token, n of adapters" if asked.method == "lora" else "6 N D"
    flops = f"{bare_flops(found.flops)}, as {counted}"
    if abs(have.executed - 1) >= LEAST_EXECUTED:
        flops += f"; executed {have.executed:.2f} times as many, attention included"
    money = f"no price of {gpu} is known (--price)" if found.dollars is None else print_dollars(found.dollars)
    hours = f"{print_count(found.hours)} GPU-hours"
    if asked.dollars is not None:
        money += f" of {print_dollars(asked.dollars)}"
    days = print_days(found.days) + ("" if asked.days is None else f" of {asked.days:g} days")
    alone = "if it fitted: " if found.problem else ""
    return {
        "FLOPs": flops,
        "time and cost": f"{alone}{days} on {have.gpus:,} {gpu}: {hours}, {money}",
        "speed": f"{print_count(found.tokens_per_second)} tokens/s at {have.mfu:.0%} of the peak",
        "steps": f"at most {ratio(max(1.0, found.tokens // found.step_tokens))}, of a sequence of {asked.context:,.0f} "
        "tokens on each GPU",
    }


def _held(found: FineTuning) -> dict[str, str]:
    """Memory on the GPUs that are used, on one, on the fewest; what is written; what one could train."""
    asked, there, one, gpu = found.question, found.there, found.one_gpu, found.have.device.name
    memory = there.memory
    states = memory.weights + memory.gradients + memory.optimizer
    split = f", split over {there.n_devices:,} (ZeRO 3)" if there.n_devices > 1 else ""
    rows = {
        "memory": f"{print_bytes(memory.total)} a GPU, of {print_bytes(there.available)} usable: {print_bytes(states)} "
        f"weights, gradients and Adam{split}, {print_bytes(memory.activations)} activations, "
        f"{print_bytes(memory.logits)} logits" + (f", {print_bytes(memory.buffers)} buffers" if memory.buffers else "")
    }
    if there.n_devices > 1:
        fewest = f"; {found.enough:,} do, the fewest in powers of two" if found.enough > 1 else ""
        rows["one GPU"] = f"{'holds it' if one.fits else 'does not hold it'}: {print_bytes(one.memory.total)}{fewest}"
    use, go_on = found.checkpoint_bytes
    what = "of adapters" if asked.method == "lora" else "of bf16 weights"
    rows["checkpoints"] = f"{print_bytes(use)} {what}, to use; {print_bytes(go_on)} of fp32 weights and Adam, to go on"
    full, lora = (
        "no model" if most is None else print_count(most) for most in (found.largest["full"], found.largest["lora"])
    )
    rows["largest on one"] = f"one {gpu} trains {full} in full, {lora} with LoRA, in such sequences"
    rows["not modelled"] = "QLoRA (frozen weights of 4 bits take a quarter), tensor parallelism, packing, validation"
    return rows
