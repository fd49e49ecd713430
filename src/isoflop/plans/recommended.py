"""One published pair of rules, of learning rate and batch, taken out of all of them, and why that one."""

from dataclasses import dataclass
from typing import Any

from isoflop.errors import IsoflopError
from isoflop.laws.advice import Advice, Spread
from isoflop.laws.catalog import published_law
from isoflop.laws.inputs import QUANTITIES
from isoflop.units import print_count

TUNED_TOGETHER = ("li2025", "porian2024", "bi2024")
"""Papers that tuned rate and batch together: a rate is good at its batch, so both are taken from one of them.

Left out: Kaplan et al. (their rates are of one batch, their batch is the critical one, not that of the lowest loss),
Bjorck et al. (ratios only, at one batch), Power Lines (no rate, and the batch's prefactor is from memory)."""
CRITERION = (
    "of the papers that tuned rate and batch together, the one whose runs are nearest in decades, and of those as near "
    "the one that looks at more of N and D"
)


@dataclass(frozen=True)
class Recommended:
    """What one rule of a spread says, taken as the recommendation; the others stay beside it, and are not averaged."""

    spread: Spread
    rule: str
    why: str

    @property
    def row(self) -> Advice:
        """The rule that was taken."""
        return next(each for each in self.spread.rows if each.rule == self.rule)

    @property
    def value(self) -> float:
        """What it says, unrounded."""
        value = self.row.value
        assert value is not None, "`recommend` takes rules that give a number"
        return value

    @property
    def decades(self) -> float:
        """How far beyond (or below) its fitted range it is asked: decades, 0 within."""
        return _far(self.row)

    @property
    def others(self) -> tuple[Advice, ...]:
        """All rules that were not taken."""
        return tuple(each for each in self.spread.rows if each.rule != self.rule)

    def to_json(self) -> dict[str, Any]:
        """{"value", "rule", "label", "why", "decades", "spread"}."""
        return {
            "value": self.value,
            "rule": self.rule,
            "label": self.row.label,
            "why": self.why,
            "decades": self.decades,
            "spread": self.spread.to_json(),
        }


def recommend(rates: Spread, batches: Spread) -> tuple[Recommended, Recommended]:
    """Rate and batch of one paper, by CRITERION. Raises `IsoflopError` where none of them gives both here."""
    pairs = [(rate, batch) for paper in TUNED_TOGETHER for rate in _of(rates, paper) for batch in _of(batches, paper)]
    if not pairs:
        raise IsoflopError("No paper that tuned learning rate and batch together gives a number here.")
    rate, batch = min(pairs, key=lambda pair: (max(map(_far, pair)), -len(published_law(pair[0].rule).inputs)))
    return (
        Recommended(rates, rate.rule, _why(rate, CRITERION)),
        Recommended(batches, batch.rule, _why(batch, "the paper of the learning rate: the two were tuned together")),
    )


def _of(spread: Spread, paper: str) -> list[Advice]:
    rows = [each for each in spread.rows if each.about.paper == paper]
    return [each for each in rows if each.value is not None and each.outside and each.about.tag != "M"]


def _far(row: Advice) -> float:
    return max((abs(decades) for decades in row.outside.values()), default=0.0)


def _why(row: Advice, reason: str) -> str:
    ranges = [_placed(row, name) for name in row.outside]
    unknown = [QUANTITIES[name].symbol for name in published_law(row.rule).inputs if name not in row.outside]
    said = f"{row.label} ({row.rule}, {row.about.source}): {reason}. Asked {' and '.join(ranges)}"
    return said + (f"; over which {' and '.join(unknown)} it was fitted is not recorded." if unknown else ".")


def _placed(row: Advice, name: str) -> str:
    low, high = (print_count(end) if name != "flops" else f"{end:.3g}" for end in row.about.fitted[name])
    decades = row.outside[name]
    side = f"{abs(decades):.1f} decades {'beyond' if decades > 0 else 'below'}" if decades else "within"
    return f"{side} the {QUANTITIES[name].symbol} of {low} to {high} that it was fitted to"
