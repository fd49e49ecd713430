"""One mistake as a value: the claim, what the paper says, and what following the claim costs, computed when asked."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from isoflop.laws.papers import cited, where


class Kind(StrEnum):
    """What is wrong with a claim."""

    UNIT = "unit or count"
    CONSTANT = "constant"
    FORMULA = "formula"
    READING = "reading"
    UNSUPPORTED = "in no paper"
    INSIDE = "within the papers"


@dataclass(frozen=True)
class Erratum:
    """A claim that circulates, or two things that papers say and that do not agree.

    paper: what the paper says, in our words. cites: keys of `laws/papers.py`, each with the place in that paper.
    cost: a sentence, or the function that computes one from the package's laws.
    """

    number: int
    claim: str
    paper: str
    cites: tuple[tuple[str, str], ...]
    kind: Kind
    cost: str | Callable[[], str]

    @property
    def consequence(self) -> str:
        """What following the claim costs, or shows; its numbers are computed now."""
        return self.cost() if callable(self.cost) else self.cost

    @property
    def citation(self) -> str:
        """The papers and places as Markdown, each paper a link."""
        return "; ".join(f"[{cited(key)}]({where(key)})" + (f", {place}" if place else "") for key, place in self.cites)


def percent(share: float, digits: int = 0) -> str:
    """7.0 % of 0.0704."""
    return f"{100 * share:.{digits}f} %"


def power(x: float, digits: int = 3) -> str:
    """A number of any size with so many digits: 7.77e9."""
    mantissa, exponent = f"{x:.{digits - 1}e}".split("e")
    return f"{mantissa}e{int(exponent)}"
