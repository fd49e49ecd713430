"""Which law a public model was sized by, where its authors say so, or else could have been: what was known before."""

from dataclasses import dataclass
from typing import Any

from isoflop.plans.models import KnownRun
from isoflop.plans.rule import Rule, rule

LEAD_MONTHS = 6
"""How long before its release a run is taken to have been designed: an assumption. For every run here any lead from 2
to 11 months finds the same law."""
LAWS_OF_THEIR_TIME = (("2020-01", "KAPLAN_2020_TABLE_6_SIZE"), ("2022-03", "HOFFMANN_2022_APPROACH_1_SIZE"))
"""Since which month a law was public: those of Kaplan's and of Hoffmann's paper, by their arXiv numbers. Of Hoffmann's
three, the first, which asks for 20 tokens a parameter as the field did."""


@dataclass(frozen=True)
class LawOfTime:
    """The law that a run was designed by (own), or else could have been, and why that one."""

    rule: Rule
    own: bool
    why: str

    def to_json(self) -> dict[str, Any]:
        """{"law", "designed_by", "why"}; designed_by: whether its authors say that they sized it so."""
        return {"law": self.rule.name, "designed_by": self.own, "why": self.why}


def law_of_its_time(run: KnownRun) -> LawOfTime | None:
    """What a run was sized by as its authors say, else the last law public `LEAD_MONTHS` before its release.

    None where there was none yet.
    """
    if run.designed_by:
        memory = ", from memory" if "designed_by" in run.memory else ""
        return LawOfTime(rule(run.designed_by), own=True, why=f"{run.designed_source}{memory}")
    designed = months_before(run.released, LEAD_MONTHS)
    known = [(since, name) for since, name in LAWS_OF_THEIR_TIME if since <= designed]
    if not known:
        return None
    since, name = known[-1]
    why = f"public since {since}: the last that was in {designed}, {LEAD_MONTHS} months before its release"
    return LawOfTime(rule(name), own=False, why=why)


def months_before(month: str, by: int) -> str:
    """2022-04 less 6 months as 2021-10."""
    year, of_year = map(int, month.split("-"))
    year, left = divmod(12 * year + of_year - 1 - by, 12)
    return f"{year}-{left + 1:02d}"
