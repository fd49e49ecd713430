"""Why Kaplan's best sizes are not Hoffmann's: the published steps, the first simulated, and what laws advise."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import log10
from typing import Any

from isoflop.conventions import MEANINGS, Convention
from isoflop.errors import BadInput
from isoflop.laws.catalog import published_law
from isoflop.laws.chinchilla import Chinchilla
from isoflop.laws.constants.frontiers import (
    KAPLAN_WARMUP,
    PORIAN_BUDGETS,
    PORIAN_FLOPS,
    PORIAN_SOURCE,
    PORIAN_TAG,
    PORIAN_WATERFALL,
)
from isoflop.laws.kaplan_frontier import least_compute
from isoflop.laws.law import Law
from isoflop.plans.miscount import AS_IT_IS, AS_KAPLAN, HEAD_COUNTED, Counting, Ladder, apparent
from isoflop.units import print_count, print_flops

SCHEMA = 1
TRUTH = "BESIROGLU_2024"
"""The law that is taken for true where ladders are simulated."""

SIMULATED: Mapping[str, Counting] = {
    "as Kaplan": AS_KAPLAN,
    "head counted": HEAD_COUNTED,
    "warm-up by size": AS_IT_IS,
}
"""The steps that formulas can say something of, by their names in the waterfall."""

ALONE: Mapping[str, Counting] = {
    "head left out of N and C": Counting(head_in_n=False, head_in_c=False),
    "head left out of N": Counting(head_in_n=False),
    "head left out of C": Counting(head_in_c=False),
    "long warm-up": HEAD_COUNTED,
    "none of them": AS_IT_IS,
}

BUDGETS = (1e6, 1e32)
"""FLOPs that a training run may cost: below no model takes a step, beyond it all computers are too few."""

ADVISERS: Mapping[str, tuple[str, ...]] = {
    "Kaplan 2020, Table 6": ("KAPLAN_2020_TABLE_6_SIZE", "KAPLAN_2020_TABLE_6_TOKENS"),
    "Hoffmann 2022, approach 1": ("HOFFMANN_2022_APPROACH_1_SIZE", "HOFFMANN_2022_APPROACH_1_TOKENS"),
    "Hoffmann 2022, approach 2": ("HOFFMANN_2022_APPROACH_2_SIZE", "HOFFMANN_2022_APPROACH_2_TOKENS"),
    "Hoffmann 2022, approach 3": ("HOFFMANN_2022_TEX",),
    "Besiroglu 2024": ("BESIROGLU_2024",),
}
"""Sets of constants that name a best size and best tokens: one joint law, or a law of each, in FLOPs or PF-days."""


@dataclass(frozen=True)
class Step:
    """A step of the waterfall: its name, what was put right, and the exponent of N ∝ C^exponent from there on.

    low, high: its published 95 % interval. n_params: the published line at the budget asked for, parameters, by their
    N* at 5.88e23 FLOPs. simulated, simulated_n_params: the same of a simulated ladder, and budgets: how many of its
    budgets had a best size; None where formulas say nothing.
    """

    name: str
    cause: str
    exponent: float
    low: float
    high: float
    n_params: float
    simulated: float | None = None
    simulated_n_params: float | None = None
    budgets: int | None = None


@dataclass(frozen=True)
class Advice:
    """What a published law says is best for the budget: N (parameters, as `counts` says) and D (tokens).

    note: what one must know to use the two; "" where there is nothing.
    """

    law: str
    n_params: float
    tokens: float
    counts: str
    note: str = ""


@dataclass(frozen=True)
class Discrepancy:
    """The published waterfall, its first steps simulated, each wrong alone, and what the laws advise at C FLOPs.

    alone: the simulated exponent with one thing wrong at a time. assumptions: what the simulation takes for granted.
    notes: how far the budget lies from what was measured.
    """

    flops: float
    steps: tuple[Step, ...]
    alone: Mapping[str, float]
    advice: tuple[Advice, ...]
    truth: str
    assumptions: tuple[str, ...]
    source: str
    tag: str
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "schema": SCHEMA,
            **asdict(self),
            "steps": [asdict(each) for each in self.steps],
            "advice": [asdict(each) for each in self.advice],
            "assumptions": list(self.assumptions),
            "notes": list(self.notes),
        }


def discrepancy(flops: float, *, truth: str = TRUTH) -> Discrepancy:
    """From Kaplan's exponent to Hoffmann's, step by step, and at a budget (FLOPs) what each law advises.

    Published: Porian et al. 2024, arXiv:2406.19146. Simulated: `plans.miscount.apparent` with nothing tuned, taking a
    set of constants of a joint law for true. Raises `BadInput` where the budget is none: outside `BUDGETS`.
    """
    low, high = BUDGETS
    if not low <= flops <= high:
        raise BadInput(f"A budget is a positive number of FLOPs, from {low:g} to {high:g}; got {flops!r}.")
    law = published_law(truth)
    ladder = Ladder()
    steps = []
    for each in PORIAN_WATERFALL:
        found = apparent(law, SIMULATED[each.name], ladder) if each.name in SIMULATED else None
        steps.append(
            Step(
                each.name,
                each.cause,
                each.exponent,
                each.low,
                each.high,
                each.n_params * (flops / PORIAN_FLOPS) ** each.exponent,
                None if found is None else found.exponent,
                None if found is None else found.size(flops),
                None if found is None else len(found.budgets),
            )
        )
    smallest, largest = ladder.sizes
    assumptions = (
        f"{truth} is the loss of N with head, although fitted to larger models",
        f"{len(ladder.budgets)} budgets from {print_flops(ladder.budgets[0])} to {print_flops(ladder.budgets[-1])}",
        f"every size from {print_count(smallest)} to {print_count(largest)}, where a best size at either end is none",
        "the head of 50,257 ids holds omega N^(1/3) parameters (Pearce & Song 2024)",
        f"warm-up of {print_count(KAPLAN_WARMUP)} tokens in every run",
        "a token counts as its learning rate over the peak",
    )
    return Discrepancy(
        float(flops),
        tuple(steps),
        {name: apparent(law, counting, ladder).exponent for name, counting in ALONE.items()},
        tuple(advice(name, sets, flops) for name, sets in ADVISERS.items()),
        truth,
        assumptions,
        PORIAN_SOURCE,
        PORIAN_TAG,
        _range_notes(flops),
    )


def _range_notes(flops: float) -> tuple[str, ...]:
    """How far a budget lies outside those that Porian et al. ran, where it does."""
    low, high = PORIAN_BUDGETS[0], PORIAN_BUDGETS[-1]
    if low <= flops <= high:
        return ()
    far, side = (log10(flops / high), "beyond") if flops > high else (log10(low / flops), "below")
    return (
        f"{print_flops(flops)} lie {far:.1f} decades {side} what was measured, {print_flops(low).split()[0]} to "
        f"{print_flops(high).split()[0]}: N is a line drawn on.",
    )


def advice(name: str, sets: tuple[str, ...], flops: float) -> Advice:
    """What one joint law, or a law of N and one of D, advise at C FLOPs.

    Laws in PF-days are of C_min, and for runs at the critical batch (Kaplan et al. 2020, Table 6), which spend twice
    that: they are asked at C / 2.
    """
    laws = [published_law(each) for each in sets]
    first = laws[0]
    if isinstance(first, Chinchilla):
        n_params, tokens = first.optimal_size(flops), first.optimal_tokens(flops)
    else:
        n_params, tokens = (_at(law, flops) for law in laws)
    counts, note = first.about.n_params, ""
    if _of_least_compute(first):
        spent = print_flops(6 * float(n_params) * float(tokens))
        note = f"asked at C_min = C / 2, as at the critical batch; 6 N D is {spent}"
    said = MEANINGS[counts] if isinstance(counts, Convention) else counts
    return Advice(name, float(n_params), float(tokens), said, note)


def _of_least_compute(law: Law) -> bool:
    return law.inputs == ("pf_days",)


def _at(law: Law, flops: float) -> float:
    return float(law(least_compute(flops) if _of_least_compute(law) else flops))
