"""A field of a study: its default, meaning, unit and allowed values, said once beside the field.

Reading a study, writing a commented one and the reference in docs/study.md all follow from these.
"""

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

METADATA = "isoflop"

T = TypeVar("T")


@dataclass(frozen=True)
class Knob:
    """What is allowed in a field. Bounds hold for each number of a list."""

    help: str
    unit: str = ""
    low: float | None = None
    above: float | None = None
    high: float | None = None
    below: float | None = None
    choices: tuple[str | int, ...] = ()
    length: int | None = None
    shortest: int = 0

    def bounds(self) -> str:
        """The allowed numbers, in words: `> 0 and <= 1`; empty if any will do."""
        signs = (">=", self.low), (">", self.above), ("<=", self.high), ("<", self.below)
        return " and ".join(f"{sign} {_plain(bound)}" for sign, bound in signs if bound is not None)

    def admits(self, number: float) -> bool:
        """Whether a number is finite and within the bounds."""
        return (
            math.isfinite(number)
            and (self.low is None or number >= self.low)
            and (self.above is None or number > self.above)
            and (self.high is None or number <= self.high)
            and (self.below is None or number < self.below)
        )


def knob(
    default: T,
    help: str,
    *,
    unit: str = "",
    low: float | None = None,
    above: float | None = None,
    high: float | None = None,
    below: float | None = None,
    choices: Sequence[str | int] = (),
    length: int | None = None,
    shortest: int = 0,
) -> T:
    """A dataclass field that a study can set: `lr: float = knob(0.01, "peak learning rate", above=0, high=1)`.

    low and high are inclusive, above and below are not; choices lists all that is allowed; length and shortest are for
    lists. The field's type says the rest: int, float, str, bool, tuple[int, ...], tuple[tuple[int, int], ...] or any
    of these `| None`.
    """
    about = Knob(help, unit, low, above, high, below, tuple(choices), length, shortest)
    made: T = dataclasses.field(default=default, metadata={METADATA: about})
    return made


def knob_of(field: dataclasses.Field[Any]) -> Knob:
    """The `Knob` of a dataclass field; a field without one allows whatever its type does."""
    about = field.metadata.get(METADATA)
    return about if isinstance(about, Knob) else Knob("")


def _plain(bound: float) -> str:
    return f"{bound:,.0f}" if float(bound).is_integer() else f"{bound:g}"
