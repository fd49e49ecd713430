"""What a fit found, as a value: the law, how good it is, what is doubtful about it, and its JSON."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Self

from isoflop.errors import BadInput
from isoflop.estimates.ensemble import Ensemble
from isoflop.estimates.interval import Interval
from isoflop.laws.catalog import law_from_json
from isoflop.laws.law import Law

SCHEMA = 1


class Verdict(StrEnum):
    """What a check says."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


class FitStatus(StrEnum):
    """How far a fit can be trusted as an optimum; each says what to do."""

    CONVERGED = "converged"
    NOT_CERTIFIED = "not certified"
    AT_BOUND = "at a bound"
    UNIDENTIFIED = "unidentified"

    @property
    def advice(self) -> str:
        """One sentence for the user."""
        return {
            FitStatus.CONVERGED: "The optimum is certified.",
            FitStatus.NOT_CERTIFIED: "The solver may have stopped early: add starts, or look for runs that disagree.",
            FitStatus.AT_BOUND: "A constant ran to its bound: fit a law without it, or add runs that show it.",
            FitStatus.UNIDENTIFIED: (
                "The runs do not determine every constant: trust what is derived from all, not each; vary N at fixed C."
            ),
        }[self]


@dataclass(frozen=True)
class Check:
    """One doubt looked into: its name, the verdict, and a sentence with the numbers."""

    name: str
    verdict: Verdict
    message: str


@dataclass(frozen=True)
class Fit:
    """A law fitted to a table.

    approach: "parametric" (Hoffmann's 3) or "minima" (2). convention: what N and C count. objective: its value at the
    optimum, with `delta`, the Huber threshold (None: least squares of logs). excluded: (row, why) of runs left out.
    seed and draws: of the bootstrap behind `intervals`. table and the runs' weights are kept for
    refits, not written to JSON.
    """

    law: Law
    approach: str
    objective: float
    status: FitStatus
    convention: str = ""
    delta: float | None = None
    checks: tuple[Check, ...] = ()
    excluded: tuple[tuple[int, str], ...] = ()
    intervals: Mapping[str, Interval] = field(default_factory=dict)
    seed: int | None = None
    draws: int = 0
    table: Any = field(default=None, compare=False, repr=False)
    weights: Any = field(default=None, compare=False, repr=False)

    def with_intervals(self, ensemble: Ensemble, level: float = 0.9) -> Self:
        """The same fit with the intervals of its constants from a bootstrap."""
        return replace(self, intervals=ensemble.intervals(level), seed=ensemble.seed, draws=len(ensemble))

    def with_checks(self, *checks: Check) -> Self:
        """The same fit with more checks."""
        return replace(self, checks=self.checks + checks)

    @property
    def doubts(self) -> tuple[Check, ...]:
        """The checks that bite, worst first."""
        order = (Verdict.FAIL, Verdict.WARN)
        return tuple(check for verdict in order for check in self.checks if check.verdict == verdict)

    def to_json(self) -> dict[str, Any]:
        """One entry of `fit.json`'s "fits"."""
        return {
            "approach": self.approach,
            "law": type(self.law).__name__,
            "convention": self.convention,
            "constants": self.law.constants,
            "about": self.law.about.to_json(),
            "intervals": {name: interval.to_json() for name, interval in self.intervals.items()},
            "objective": self.objective,
            "delta": self.delta,
            "seed": self.seed,
            "draws": self.draws,
            "status": str(self.status),
            "checks": [{"name": c.name, "verdict": str(c.verdict), "message": c.message} for c in self.checks],
            "excluded": [{"row": row, "why": why} for row, why in self.excluded],
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`, without the table."""
        law = law_from_json({"form": values["law"], "constants": values["constants"], "about": values["about"]})
        return cls(
            law=law,
            approach=values["approach"],
            convention=values["convention"],
            objective=values["objective"],
            delta=values["delta"],
            status=FitStatus(values["status"]),
            checks=tuple(Check(c["name"], Verdict(c["verdict"]), c["message"]) for c in values["checks"]),
            excluded=tuple((e["row"], e["why"]) for e in values["excluded"]),
            intervals={name: Interval.from_json(interval) for name, interval in values["intervals"].items()},
            seed=values["seed"],
            draws=values["draws"],
        )


def fits_to_json(fits: Sequence[Fit], chosen: int = 0) -> str:
    """The text of `fit.json`: all fits, and which one was chosen."""
    if not 0 <= chosen < len(fits):
        raise BadInput(f"Fit {chosen} cannot be chosen among {len(fits)}.")
    return json.dumps({"schema": SCHEMA, "fits": [fit.to_json() for fit in fits], "chosen": chosen}, indent=2)


def fits_from_json(text: str) -> tuple[tuple[Fit, ...], int]:
    """The inverse of `fits_to_json`. Raises `BadInput` on a schema newer than this program."""
    values = json.loads(text)
    if values["schema"] > SCHEMA:
        raise BadInput(f"This fit.json has schema {values['schema']}, newer than {SCHEMA}: update isoflop to read it.")
    return tuple(Fit.from_json(each) for each in values["fits"]), values["chosen"]
