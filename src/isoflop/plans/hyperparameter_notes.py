"""What was done to recommended hyperparameters, what was assumed, and what speaks against them, in words."""

from collections.abc import Mapping
from dataclasses import dataclass

from isoflop.conventions import Convention, Size
from isoflop.laws.advice import Advice, Point, Spread
from isoflop.laws.catalog import published_law
from isoflop.laws.decay import COOLDOWN
from isoflop.laws.kaplan_batch import KAPLAN_2020_CRITICAL_BATCH
from isoflop.plans.rate_schedule import Schedule
from isoflop.plans.recommended import Recommended
from isoflop.units import plural, print_count, print_ratio

BETA2, SLOW_BETA2 = 0.95, 0.99
SMALL_BATCH = 128  # sequences up to which 0.95 is too fast (Porian et al. 2024, arXiv:2406.19146)
DECAYED = {
    "li2025": ("with a cosine", "a cosine to a fixed last rate"),
    "porian2024": ("without decay", "no decay"),
    "bi2024": ("with two steps down", "two steps down"),
}
"""How the rate went down in the runs of each paper that tuned it, in brief and in full."""
FEW_STEPS = 100  # below which no rule is of runs so short


@dataclass(frozen=True)
class Told:
    """What notes and doubts are about.

    traded: the rule of the critical batch by which steps are traded against FLOPs.
    """

    point: Point
    sizes: Mapping[Size, float]
    rate: Recommended
    batch: Recommended
    rounded: int
    sequences: int
    context: int
    schedule: Schedule
    timescale: Advice
    critical: Spread
    traded: str
    loss: float | None

    @property
    def miscounted(self) -> Convention | None:
        """What the rules of rate and batch count as N, where that is another number than N here, and not known."""
        wanted = self.rate.row.about.counts("n_params")
        asked = any("n_params" in published_law(each.rule).inputs for each in (self.rate, self.batch))
        known = {None, self.point.counts, *self.sizes}
        return wanted if asked and self.point.counts and wanted not in known else None

    @property
    def unsure(self) -> str:
        """What nobody has verified of the rule that is traded by."""
        return next((row.about.unverified for row in self.critical.rows if row.rule == self.traded), "")


def notes(told: Told) -> tuple[str, ...]:
    """In full: how the batch was rounded, why the warm-up and beta2; Kaplan's critical batch of a loss; all doubts."""
    said, rounded, sequences = told.batch.value, told.rounded, told.sequences
    moved = rounded * told.context / said
    change = f"{moved - 1:+.0%}" if moved < 2 else f"{print_ratio(moved)} times as much"
    label = told.batch.row.label
    found = [
        f"Batch: {print_count(said)} tokens by {label}; {change} makes it {print_count(rounded * told.context)}, "
        f"{plural(rounded, 'sequence')} of {told.context:,}, rounded to a power of two or three halves of one. The "
        "rate is that of the batch unrounded.",
    ]
    if sequences != rounded:
        found.append(
            f"Batch: {plural(sequences, 'sequence')} are run, not {rounded:,}, so that the GPUs share them evenly."
        )
    found.append(told.schedule.note)
    bad = f"{BETA2} is bad at batches of up to {SMALL_BATCH} sequences (Porian et al. 2024, arXiv:2406.19146)"
    beta2 = f"{SLOW_BETA2} or more" if beta2_for(sequences) == SLOW_BETA2 else f"{BETA2}, as is usual"
    found.append(f"beta2: {beta2}, at {plural(sequences, 'sequence')}: {bad}.")
    if told.loss is not None:
        about, at = KAPLAN_2020_CRITICAL_BATCH.about, float(KAPLAN_2020_CRITICAL_BATCH(told.loss))
        grows = float(KAPLAN_2020_CRITICAL_BATCH(0.9 * told.loss)) / at
        found.append(
            f"Critical batch at a loss of {told.loss:.4g} nats/token: {print_count(at)} tokens ({about.source}). Only "
            f"a hint: the loss there is of another text ({about.text}), and at a tenth less of it the batch is "
            f"{grows:.2g} times as large."
        )
    found += [f"Learning rate: {each.rstrip('.')}." for each in told.rate.row.doubts]
    found += [f"Batch: {each.rstrip('.')}." for each in told.batch.row.doubts]
    tuned = DECAYED[told.rate.row.about.paper][1]
    found.append(f"Schedule: the rates of {told.rate.row.label} were found with {tuned}, not a cooldown.")
    found.append(f"Weight decay: the timescale of {told.timescale.label} is of {told.timescale.about.note}.")
    if told.unsure:
        found.append(f"Critical batch: not verified of {label_of(told)} is {told.unsure}.")
    return tuple(found)


def doubts(told: Told) -> tuple[str, ...]:
    """In a line each: what others found, how far beyond their runs the rules are asked, what nobody has verified."""
    rows, label = (told.rate.row, told.batch.row), told.rate.row.label
    found = [f"Rate: {told.rate.row.about.disputed}."] if told.rate.row.about.disputed else []
    decades = max(told.rate.decades, told.batch.decades)
    place = f"{decades:.1f} decades outside {label}'s runs," if decades else f"{label}'s runs were"
    found.append(f"Rate, batch: {place} tuned {DECAYED[told.rate.row.about.paper][0]}, not a cooldown.")
    unsure = dict.fromkeys(row.about.unverified for row in rows if row.about.unverified)
    found += [f"Rate, batch: unverified of {label}: {each}." for each in unsure]
    if told.miscounted:
        found.append(f"Rate, batch: {label} counts N as {told.miscounted}, and the N here is {told.point.counts}.")
    if told.schedule.steps < FEW_STEPS:
        steps = "1 step is" if told.schedule.steps == 1 else f"{told.schedule.steps} steps are"
        found.append(f"Rate, batch, decay: {steps} far fewer than in any run that these rules are of.")
    off = max((abs(each) for each in told.timescale.outside.values()), default=0.0)
    beyond = f", {off:.1f} decades away" if off else ""
    found.append(f"Weight decay: the runs of {told.timescale.label} had muP{beyond}; what its N counts is unrecorded.")
    over = [row for row in told.critical.rows if row.value and told.sequences * told.context > row.value]
    if over:
        said = ", ".join(f"{print_count(float(row.value or 0))} by {row.label}" for row in over)
        found.append(f"Batch: above critical ({said}): a smaller one saves FLOPs.")
    if told.unsure:
        found.append(f"Critical batch: the prefactor of {label_of(told)}, and what it calls critical, are unverified.")
    return tuple(found)


def assumed(told: Told, *, context: bool, flops: bool) -> dict[str, str]:
    """What was taken because nothing else was asked: context and FLOPs where they were not given, and the schedule."""
    found = {} if flops else {"C": "6 N D"}
    if told.point.counts is None:
        found["N counts"] = "what each rule counts"
    if not context:
        found["context"] = f"{told.context:,} tokens"
    return {
        **found,
        "warm-up": told.schedule.note.removeprefix("Warm-up: ").rstrip("."),
        "cooldown": f"{COOLDOWN:.0%} of the steps ({told.schedule.source})",
        "beta2": f"{beta2_for(told.sequences):g}: {SLOW_BETA2} at up to {SMALL_BATCH} sequences (Porian et al. 2024, "
        f"arXiv:2406.19146), {BETA2} above, as is usual",
    }


def beta2_for(sequences: int) -> float:
    """AdamW's beta2 for a batch of so many sequences."""
    return SLOW_BETA2 if sequences <= SMALL_BATCH else BETA2


def label_of(told: Told) -> str:
    """Whose critical batch is traded by."""
    return next(row.label for row in told.critical.rows if row.rule == told.traded)
