"""What was done to recommended hyperparameters, and what speaks against them, in words."""

from isoflop.laws.advice import Advice, Spread
from isoflop.laws.kaplan_batch import KAPLAN_2020_CRITICAL_BATCH
from isoflop.plans.rate_schedule import Schedule
from isoflop.plans.recommended import Recommended
from isoflop.units import print_count

BETA2, SLOW_BETA2 = 0.95, 0.99
SMALL_BATCH = 128  # sequences up to which 0.95 is too fast (Porian et al. 2024, arXiv:2406.19146)
DECAYED = {"li2025": "a cosine to a fixed last rate", "porian2024": "no decay", "bi2024": "two steps down"}
"""How the rate went down in the runs of each paper that tuned it."""


def notes(batch: Recommended, sequences: int, context: int, schedule: Schedule, loss: float | None) -> tuple[str, ...]:
    """How the batch was rounded, why the warm-up and beta2; Kaplan's critical batch of a loss."""
    said, tokens = batch.value, sequences * context
    moved = tokens / said
    change = f"{moved - 1:+.0%}" if moved < 2 else f"{moved:.3g} times as much"
    found = [
        f"Batch: {print_count(said)} tokens by {batch.row.label}; {change} makes it {print_count(tokens)}, "
        f"{sequences:,} sequences of {context:,}, rounded to a power of two or three halves of one. The rate is that "
        "of the batch unrounded.",
        schedule.note,
    ]
    bad = f"{BETA2} is bad at batches of up to {SMALL_BATCH} sequences (Porian et al. 2024, arXiv:2406.19146)"
    beta2 = f"{SLOW_BETA2} or more" if beta2_for(sequences) == SLOW_BETA2 else f"{BETA2}, as is usual"
    found.append(f"beta2: {beta2}, at {sequences:,} sequences: {bad}.")
    if loss is not None:
        about, at = KAPLAN_2020_CRITICAL_BATCH.about, float(KAPLAN_2020_CRITICAL_BATCH(loss))
        grows = float(KAPLAN_2020_CRITICAL_BATCH(0.9 * loss)) / at
        found.append(
            f"Critical batch at a loss of {loss:.4g} nats/token: {print_count(at)} tokens ({about.source}). Only a "
            f"hint: the loss there is of another text ({about.text}), and at a tenth less of it the batch is "
            f"{grows:.2g} times as large."
        )
    return tuple(found)


def doubts(
    rate: Recommended, batch: Recommended, batch_tokens: int, *, timescale: Advice, critical: Spread, traded: str
) -> tuple[str, ...]:
    """What others found, how far beyond their runs the rules are asked, what nobody has verified."""
    label = rate.row.label
    found = [f"Learning rate: {each}." for each in rate.row.doubts] + [f"Batch: {each}." for each in batch.row.doubts]
    if far := max(rate.decades, batch.decades):
        found.append(f"Learning rate and batch: {label} is asked {far:.1f} decades outside what it was fitted to.")
    found.append(f"Schedule: the rates of {label} were found with {DECAYED[rate.row.about.paper]}, not a cooldown.")
    off = max((abs(each) for each in timescale.outside.values()), default=0.0)
    beyond = f", {off:.1f} decades outside their sizes" if off else ""
    found.append(f"Weight decay: the timescale of {timescale.label} is of {timescale.about.note}{beyond}.")
    found += [
        f"Batch: it is above what {row.label} calls critical, {print_count(row.value)} tokens. A smaller one takes "
        "fewer FLOPs to the same loss."
        for row in critical.rows
        if row.value is not None and batch_tokens > row.value
    ]
    found += [
        f"Critical batch: not verified of {row.label} is {row.about.unverified}."
        for row in critical.rows
        if row.rule == traded and row.about.unverified
    ]
    return tuple(found)


def beta2_for(sequences: int) -> float:
    """AdamW's beta2 for a batch of so many sequences."""
    return SLOW_BETA2 if sequences <= SMALL_BATCH else BETA2
