"""How a planned run is trained, as labels and lines of a screen: what was taken, and what the other rules say."""

import re
from collections.abc import Callable

from isoflop.laws.advice import Spread
from isoflop.plans.hyperparameters import TRADED, Hyperparameters
from isoflop.plans.training_spread import TrainingSpread
from isoflop.reports.between import between
from isoflop.units import plural, print_count, print_ratio


def hyperparameter_rows(found: Hyperparameters, spread: TrainingSpread | None = None) -> dict[str, str]:
    """Label → value of batch, peak rate, schedule, AdamW, critical batch and what half the time takes.

    spread: where the laws leave it open, from where to where each goes.
    """

    def ends(name: str, show: Callable[[float], str] = print_count) -> str:
        return "" if spread is None else between(getattr(spread, name), show)

    schedule, label = found.schedule, found.rate.row.label
    made = f" ({found.rounded:,} by the rule)" if found.sequences != found.rounded else ""
    batch = f"{print_count(found.batch_tokens)} tokens{ends('batch_tokens')} by {label}"
    steps = f"{found.steps:,}{ends('steps')}: {schedule}"
    decay = f"weight decay {found.weight_decay:.2g}{ends('weight_decay', _two_digits)}"
    tau = float(found.timescale.value or 0)
    if tau <= 1:
        decay = f"{decay} by {found.timescale.label}: averages {tau:.2g} of the run"
    else:
        decay = f"weight decay hardly matters: {found.timescale.label} would average {print_ratio(tau)} such runs"
    critical = [
        f"{print_count(row.value)} tokens{ends('critical_batch')} by {row.label}"
        if row.rule == TRADED
        else f"{print_count(row.value)} by {_name(row.label)}"
        for row in found.critical.rows
        if row.value
    ]
    return {
        "batch": f"{batch}, {plural(found.sequences, 'sequence')}{made}; {_ends(found.batch.spread, print_count)}",
        "peak rate": (
            f"{found.learning_rate:.3g}{ends('learning_rate', _two_digits)} by {label}; "
            f"{_ends(found.rate.spread, _two_digits)}"
        ),
        "steps": steps,
        "AdamW": f"{decay}; beta2 {found.beta2:g}",
        "critical": f"{', '.join(critical)}; at most {plural(found.most_gpus, 'replica')}",
        "faster": str(found.faster()),
    }


def _ends(spread: Spread, show: Callable[[float], str]) -> str:
    """From where to where the rules go, and whose those are: never their mean."""
    said = sorted((row.value, row.label) for row in spread.rows if row.value is not None)
    ends = [f"{show(value)} ({_name(label)})" for value, label in (said[0], said[-1])]
    return f"rules: {' to '.join(ends)}"


def _name(label: str) -> str:
    """Without the year, which JSON and the page have."""
    return re.sub(r" [0-9]{4}$", "", label)


def _two_digits(number: float) -> str:
    return f"{number:.2g}"
