"""What a plan takes because nothing else was asked: a clause each for a screen, and in full for who asks why."""

from isoflop.costs.goodput import RESTART_SECONDS, SAVE_SECONDS
from isoflop.costs.memory import GRADIENT, OPTIMIZER, WEIGHT, states_per_param
from isoflop.laws.decay import COOLDOWN
from isoflop.plans.answer import Answer
from isoflop.plans.hyperparameter_notes import BETA2, beta2_for
from isoflop.plans.hyperparameters import Hyperparameters
from isoflop.plans.layout import RESERVE, assumed_links
from isoflop.plans.rate_schedule import MOST_WARMUP, WARMUP_STEPS
from isoflop.plans.resources import share
from isoflop.plans.running import Running

_WARMUP = {
    False: f"{WARMUP_STEPS:,} steps, as in Step Law's and DeepSeek LLM's runs",
    True: f"{MOST_WARMUP:.0%} of so few steps, assumed",
}


def in_brief(answer: Answer, training: Hyperparameters, running: Running | None) -> dict[str, str]:
    """Name → what was taken, in a clause, with the option that sets it where there is one."""
    have = answer.have
    short = {
        "law": f"{answer.source.name} (--law, --fit)",
        "mfu": f"{have.mfu:.0%} of the dense bf16 peak (--mfu)",
        "goodput": f"{share(have.goodput)}, failing as often as Llama 3.1's run",
    }
    said = {name: short.get(name, text) for name, text in answer.defaults.items()}
    schedule = training.schedule
    said["warm-up"] = _WARMUP[schedule.shortened]
    said["cooldown"] = f"{COOLDOWN:.0%} of the steps, Hägele 2024"
    beta2 = beta2_for(training.sequences)
    said["beta2"] = f"{beta2:g}, {'as is usual' if beta2 == BETA2 else 'for a small batch, Porian 2024'}"
    if running is not None:
        said |= _of_running(running)
    return said


def in_full(answer: Answer, training: Hyperparameters, running: Running | None) -> dict[str, str]:
    """Name → the reason and the source, of all that has more to say than its clause."""
    brief = in_brief(answer, training, running)
    found = {**training.defaults, **answer.defaults, **({} if running is None else running.defaults)}
    return {name: text for name, text in found.items() if text != brief.get(name)}


def _of_running(running: Running) -> dict[str, str]:
    states = states_per_param().total
    parts = f"{WEIGHT:g} weight, {GRADIENT:g} gradient, {OPTIMIZER:g} Adam"
    said = {"checkpoints": f"assumed to stop training for {SAVE_SECONDS:g} s, a failure for {RESTART_SECONDS:g} s"}
    if running.layout is not None:
        said = {
            "precision": f"bf16 with fp32 Adam: {states:g} bytes a parameter ({parts})",
            "attention": "its scores are not kept (flash)",
            "memory": f"{RESERVE:.0%} is kept in reserve",
            **said,
        }
        links = assumed_links(running.layout.device)
        if links and running.layout.n_devices > 1:
            said["links"] = f"{links}, assumed of {running.layout.device.name} (--devices)"
    return said
