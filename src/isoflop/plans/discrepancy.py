"""Why Kaplan's best sizes are not Hoffmann's: the published steps, the first simulated, and what laws advise."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from isoflop.conventions import MEANINGS, Convention
from isoflop.errors import BadInput
from isoflop.laws.catalog import published_law
from isoflop.laws.chinchilla import Chinchilla
from isoflop.laws.constants.frontiers import (
    KAPLAN_WARMUP,
    PORIAN_FLOPS,
    PORIAN_SOURCE,
    PORIAN_TAG,
    PORIAN_WATERFALL,
)
from isoflop.laws.law import Law
from isoflop.plans.miscount import AS_IT_IS, AS_KAPLAN, HEAD_COUNTED, Counting, Ladder, apparent
from isoflop.units import pf_days_of, print_count, print_flops

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
    """What a published law says is best for the budget: N (parameters, as `counts` says) and D (tokens)."""

    law: str
    n_params: float
    tokens: float
    counts: str


@dataclass(frozen=True)
class Discrepancy:
    """The published waterfall, its first steps simulated, each wrong alone, and what the laws advise at C FLOPs.

    alone: the simulated exponent with one thing wrong at a time. assumptions: what the simulation takes for granted.
    """

    flops: float
    steps: tuple[Step, ...]
    alone: Mapping[str, float]
    advice: tuple[Advice, ...]
    truth: str
    assumptions: tuple[str, ...]
    source: str
    tag: str

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "schema": SCHEMA,
            **asdict(self),
            "steps": [asdict(each) for each in self.steps],
            "advice": [asdict(each) for each in self.advice],
            "assumptions": list(self.assumptions),
        }


def discrepancy(flops: float, *, truth: str = TRUTH) -> Discrepancy:
    """From Kaplan's exponent to Hoffmann's, step by step, and at a budget (FLOPs) what each law advises.

    Published: Porian et al. 2024, arXiv:2406.19146. Simulated: `plans.miscount.apparent` with nothing tuned, taking a
    set of constants of a joint law for true. Raises `BadInput` where the budget is no positive number of FLOPs.
    """
    if not 0 < flops < float("inf"):
        raise BadInput(f"A budget is a positive number of FLOPs; got {flops!r}.")
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
    low, high = ladder.sizes
    assumptions = (
        f"{truth} is the loss of N with head, although fitted to larger models",
        f"{len(ladder.budgets)} budgets from {print_flops(ladder.budgets[0])} to {print_flops(ladder.budgets[-1])}",
        f"every size from {print_count(low)} to {print_count(high)}, where a best size at either end is none",
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
    )


def advice(name: str, sets: tuple[str, ...], flops: float) -> Advice:
    """What one joint law, or a law of N and one of D, advise at C FLOPs."""
    laws = [published_law(each) for each in sets]
    first = laws[0]
    if isinstance(first, Chinchilla):
        n_params, tokens = first.optimal_size(flops), first.optimal_tokens(flops)
    else:
        n_params, tokens = (_at(law, flops) for law in laws)
    counts = first.about.n_params
    return Advice(name, float(n_params), float(tokens), MEANINGS[counts] if isinstance(counts, Convention) else counts)


def _at(law: Law, flops: float) -> float:
    return float(law(pf_days_of(flops) if law.inputs == ("pf_days",) else flops))
