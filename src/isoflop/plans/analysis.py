"""All that was found in a table of runs: fits with their doubts, what follows from them, approaches side by side."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from isoflop.estimates.fit import Fit
from isoflop.estimates.opinion import Opinion
from isoflop.estimates.standing import Standing
from isoflop.plans.plan import Plan
from isoflop.runs.table import Table


@dataclass(frozen=True)
class Analysis:
    """What `isoflop fit` found in a table, the source of which is a file's name.

    fits: one a law that was asked for, `chosen` being the one to plan by. failed: laws that gave no fit, with the
    reason. ahead: plans by the chosen law at 1, 10 and 100 times the most compute of a run; empty where it splits no
    budget. opinions: the approaches side by side. standings: laws and baselines judged by a forward hold-out, best
    first; then `chosen` is the best, and `ahead` is of all laws by weight. notes: what was recognised, derived or odd.
    """

    source: str
    table: Table
    fits: tuple[Fit, ...]
    chosen: int = 0
    failed: Mapping[str, str] = field(default_factory=dict)
    ahead: tuple[Plan, ...] = ()
    opinions: tuple[Opinion, ...] = ()
    standings: tuple[Standing, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def fit(self) -> Fit:
        """The chosen fit."""
        return self.fits[self.chosen]

    def to_json(self) -> dict[str, Any]:
        """What a `fit.json` holds beside its fits."""
        return {
            "source": self.source,
            "runs": len(self.table),
            "failed": dict(self.failed),
            "ahead": [plan.to_json() for plan in self.ahead],
            "approaches": [opinion.to_json() for opinion in self.opinions],
            "standings": [standing.to_json() for standing in self.standings],
            "notes": list(self.notes),
        }
