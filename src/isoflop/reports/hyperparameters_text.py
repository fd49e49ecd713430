"""How a planned run is trained, as labels and lines of a screen: what was taken, and what the other rules say."""

from collections.abc import Callable

from isoflop.plans.hyperparameters import Hyperparameters
from isoflop.plans.recommended import Recommended
from isoflop.units import print_count


def hyperparameter_rows(found: Hyperparameters) -> dict[str, str]:
    """Label → value of batch, learning rate, schedule, AdamW, critical batch and what half the time takes."""
    plan = found.schedule
    critical = ", ".join(f"{print_count(each.value)} ({each.label})" for each in found.critical.rows if each.value)
    return {
        "batch": (
            f"{print_count(found.batch_tokens)} tokens, {found.sequences:,} sequences of {found.context:,}; "
            f"{found.steps:,} steps; {_beside(found.batch, print_count)}"
        ),
        "peak learning rate": f"{found.learning_rate:.3g}; {_beside(found.rate, lambda x: f'{x:.3g}')}",
        "schedule": (
            f"{plan.warmup_steps:,} steps of warm-up, constant, 1 - sqrt to 0 over the last {plan.cooldown_steps:,} "
            "(Hägele 2024)"
        ),
        "AdamW": (
            f"weight decay {found.weight_decay:.2g} ({found.timescale.label}: averaging over "
            f"{found.timescale.value:.2g} of the run), beta2 {found.beta2:g}"
        ),
        "critical batch": critical,
        "speed against FLOPs": str(found.faster()),
        "most GPUs": f"{found.most_gpus:,}, one sequence on each; as many more as one replica takes",
    }


def _beside(taken: Recommended, show: Callable[[float], str]) -> str:
    """Whose number it is, and from where to where the rules go: never their mean."""
    said = sorted((row.value, row.label) for row in taken.spread.rows if row.value is not None)
    (low, lowest), (high, highest) = said[0], said[-1]
    return f"by {taken.row.label}; {len(said)} rules say {show(low)} ({lowest}) to {show(high)} ({highest})"
