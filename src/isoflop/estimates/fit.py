"""What a fit found, as a value: the law, how good it is, what is doubtful about it, and its JSON."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from isoflop.errors import BadInput
from isoflop.estimates.check import Check, Verdict
from isoflop.estimates.ensemble import Ensemble
from isoflop.estimates.interval import Interval
from isoflop.estimates.objective import Objective
from isoflop.laws.catalog import law_from_json
from isoflop.laws.law import Law

__all__ = ["Check", "Fit", "FitStatus", "Verdict", "fits_from_json", "fits_to_json", "read_fits"]

SCHEMA = 1
SAMPLE = 200
"""Laws of a bootstrap that a fit keeps with it, in its JSON too: enough for the 90 % interval of any quantity."""
DIGITS = 9
"""Significant digits of the sampled constants in JSON; those of the fit itself keep every bit."""


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
class Fit:
    """A law fitted to a table.

    approach: "parametric" (Hoffmann's 3), "minima" (2), "envelope" (1). convention: what N and C count. objective: its
    value at the optimum; minimised: what it is a value of (None: chi^2 of minima). excluded: (row, why) of what is out.
    seed and draws: of the bootstrap behind `intervals`; sample: SAMPLE of its laws, for the intervals of whatever else.
    table and the runs' weights are kept for refits, not written to JSON.
    """

    law: Law
    approach: str
    objective: float
    status: FitStatus
    convention: str = ""
    minimised: Objective | None = None
    checks: tuple[Check, ...] = ()
    excluded: tuple[tuple[int, str], ...] = ()
    intervals: Mapping[str, Interval] = field(default_factory=dict)
    seed: int | None = None
    draws: int = 0
    sample: Ensemble | None = field(default=None, compare=False, repr=False)
    table: Any = field(default=None, compare=False, repr=False)
    weights: Any = field(default=None, compare=False, repr=False)

    def with_intervals(self, ensemble: Ensemble, level: float = 0.9) -> Self:
        """The same fit with the intervals of its constants from a bootstrap, and a sample of its laws."""
        return replace(
            self,
            intervals=ensemble.intervals(level),
            seed=ensemble.seed,
            draws=len(ensemble),
            sample=ensemble.thinned(SAMPLE),
        )

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
            "minimised": self.minimised.to_json() if self.minimised else None,
            "seed": self.seed,
            "draws": self.draws,
            "sample": _columns(self.sample) if self.sample else None,
            "status": str(self.status),
            "checks": [check.to_json() for check in self.checks],
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
            minimised=_minimised(values),
            status=FitStatus(values["status"]),
            checks=tuple(Check.from_json(each) for each in values["checks"]),
            excluded=tuple((e["row"], e["why"]) for e in values["excluded"]),
            intervals={name: Interval.from_json(interval) for name, interval in values["intervals"].items()},
            seed=values["seed"],
            draws=values["draws"],
            sample=_laws(law, values.get("sample"), values["seed"]),
        )


def _minimised(values: Mapping[str, Any]) -> Objective | None:
    """Fits of version 0.1 wrote the Huber threshold of log residuals alone."""
    if "delta" in values:
        return None if values["delta"] is None else Objective(delta=values["delta"])
    return Objective.from_json(values["minimised"]) if values["minimised"] else None


def _columns(sample: Ensemble) -> dict[str, list[float]]:
    names = sample.laws[0].constants
    return {name: [float(f"{getattr(law, name):.{DIGITS}g}") for law in sample.laws] for name in names}


def _laws(law: Law, columns: Mapping[str, Sequence[float]] | None, seed: int | None) -> Ensemble | None:
    if not columns:
        return None
    rows = zip(*columns.values(), strict=True)
    laws = (type(law)(**dict(zip(columns, row, strict=True)), about=law.about) for row in rows)
    return Ensemble(tuple(laws), seed=seed)


def fits_to_json(fits: Sequence[Fit], chosen: int = 0, beside: Mapping[str, Any] | None = None) -> str:
    """The text of `fit.json`: all fits, which one was chosen, and what else was found `beside` them."""
    if not 0 <= chosen < len(fits):
        raise BadInput(f"Fit {chosen} cannot be chosen among {len(fits)}.")
    plain = {"schema": SCHEMA, "fits": [fit.to_json() for fit in fits], "chosen": chosen, **(beside or {})}
    return re.sub(r"\[\s+([-+.\de,\s]+?)\s+\]", _on_one_line, json.dumps(plain, indent=1))


def _on_one_line(numbers: re.Match[str]) -> str:
    return f"[{' '.join(numbers.group(1).split())}]"


def fits_from_json(text: str) -> tuple[tuple[Fit, ...], int]:
    """The inverse of `fits_to_json`. Raises `BadInput` where it is no such text, or of a newer schema."""
    try:
        values = json.loads(text)
        if values["schema"] > SCHEMA:
            raise BadInput(f"It has schema {values['schema']}, newer than {SCHEMA}: update isoflop to read it.")
        fits = tuple(Fit.from_json(each) for each in values["fits"])
        chosen = range(len(fits))[values["chosen"]]
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise BadInput(f"It is not what `isoflop fit --out` writes ({type(error).__name__}: {error}).") from error
    return fits, chosen


def read_fits(path: Path) -> tuple[tuple[Fit, ...], int]:
    """The fits of a fit.json and which was chosen. Raises `BadInput` where it cannot be read."""
    try:
        return fits_from_json(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(f"{path} could not be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise BadInput(f"{path} is not UTF-8 text (byte {error.start}).") from error
    except BadInput as bad:
        raise BadInput([f"{path}: {problem}" for problem in bad.problems]) from None
