"""Published rules laid side by side at one point: what each says, how it grows, where they disagree. Never averaged."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from isoflop.conventions import MEANINGS, Counted, Size, mismatch
from isoflop.errors import BadInput
from isoflop.laws.catalog import form, published_law
from isoflop.laws.inputs import QUANTITIES
from isoflop.laws.kaplan_frontier import least_compute
from isoflop.laws.law import About, Law
from isoflop.laws.published import PUBLISHED
from isoflop.units import print_count

KNOWN_AS = {"bergsma2025": "Power Lines", "bi2024": "DeepSeek LLM", "li2025": "Step Law"}
"""Papers better known by another name than their first author's."""
AXES = {"tokens": "tokens", "n_params": "parameters"}
STEP = 1e-4  # in ln N and ln D, for slopes; of a power law they are exact


@dataclass(frozen=True)
class Point:
    """N, D and C of a run. C is 6 N D unless given; counts: what N counts, where the asker said it.

    Rules in PF-days are of C_min (Kaplan et al. 2020, Table 6, for runs at the critical batch, which spend 2 C_min):
    they are given C / 2.
    """

    n_params: float
    tokens: float
    flops: float
    counts: Size | None = None

    @classmethod
    def of(cls, n_params: float | Counted, tokens: float, flops: float | None = None) -> "Point":
        """A checked point. Raises `BadInput` with every number that is no positive one."""
        bare = n_params.value if isinstance(n_params, Counted) else n_params
        counts = n_params.counts if isinstance(n_params, Counted) else None
        given = {"n_params": bare, "tokens": tokens, "flops": 6.0 * bare * tokens if flops is None else flops}
        wrong = [f"{name} is a number above 0; got {x}." for name, x in given.items() if not 0 < x < np.inf]
        if not (counts is None or isinstance(counts, Size)):
            raise BadInput([*wrong, f"n_params counts parameters; got {MEANINGS[counts]}."])
        if wrong:
            raise BadInput(wrong)
        return cls(float(bare), float(tokens), float(given["flops"]), counts)

    def moved(self, size: float, data: float) -> "Point":
        """N and D times these, and C times both."""
        return Point(self.n_params * size, self.tokens * data, self.flops * size * data, self.counts)

    def inputs(self, origin: "Point") -> dict[str, float]:
        """All that a rule may ask, ratios as against an origin."""
        return {
            "n_params": self.n_params,
            "tokens": self.tokens,
            "flops": self.flops,
            "pf_days": least_compute(self.flops),
            "size_ratio": self.n_params / origin.n_params,
            "tokens_ratio": self.tokens / origin.tokens,
        }

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {"n_params": self.n_params, "tokens": self.tokens, "flops": self.flops}


@dataclass(frozen=True)
class Advice:
    """What one published rule says at a point.

    rule: the name of its set of constants. value: what it says; None where it knows ratios only, or gives no positive
    number here. from_measured: a measured value, carried here by the rule's ratio; None where nothing was measured.
    exponents: d ln y / d ln N and d ln y / d ln D here, C moving with both; empty where it gives no number. outside: of
    each input whose fitted range is known, decades above it or (negative) below it, 0 within. doubts: all that speaks
    against the number.
    """

    rule: str
    value: float | None
    from_measured: float | None
    exponents: Mapping[str, float]
    outside: Mapping[str, float]
    doubts: tuple[str, ...]
    about: About

    @property
    def label(self) -> str:
        """The rule as people call it: Step Law, Bjorck 2024; of an unpublished one its own name."""
        published = re.match(r"([A-Z]+)_(\d{4})", self.rule)
        return KNOWN_AS.get(self.about.paper, f"{published[1].title()} {published[2]}" if published else self.rule)

    @property
    def in_range(self) -> bool | None:
        """Whether the point lies within all fitted ranges that are known; None where none is."""
        return not any(self.outside.values()) if self.outside else None

    def power(self, axis: str) -> str:
        """How it grows with one quantity: D^+0.307, D^0 where it does not."""
        exponent = self.exponents[axis]
        return f"{QUANTITIES[axis].symbol}^{exponent:+.3g}" if exponent else f"{QUANTITIES[axis].symbol}^0"

    def to_json(self) -> dict[str, Any]:
        """Plain values; null where nothing is known."""
        return {
            "rule": self.rule,
            "label": self.label,
            "value": self.value,
            "from_measured": self.from_measured,
            "exponents": dict(self.exponents),
            "outside": dict(self.outside),
            "in_range": self.in_range,
            "doubts": list(self.doubts),
            "about": self.about.to_json(),
        }

    def __str__(self) -> str:
        if not self.exponents:
            return f"{self.label}: {self.doubts[-1]}"
        value = "ratios only" if self.value is None else _number(self.value)
        carried = "" if self.from_measured is None else f", from yours {_number(self.from_measured)}"
        memory = f" (unverified: {self.about.unverified})" if self.about.unverified else ""
        fitted = ", ".join(_placed(name, decades) for name, decades in self.outside.items()) or "no fitted range known"
        return f"{self.label}: {value}{carried}{memory}; {self.power('n_params')} {self.power('tokens')}; {fitted}"


@dataclass(frozen=True)
class Spread:
    """All published rules for one quantity at one point. There is no mean: who disagrees with whom is the answer.

    remark: what the rules hold fixed or call by one name that is not the same, where that explains a disagreement.
    """

    quantity: str
    point: Point
    rows: tuple[Advice, ...]
    remark: str = ""

    @property
    def unit(self) -> str:
        """The unit of every value."""
        return QUANTITIES[self.quantity].unit

    @property
    def statements(self) -> tuple[str, ...]:
        """In plain words, where the rules disagree: in sign, in exponent, in size."""
        said = [text for axis in AXES for text in self._along(axis)]
        said += _apart("They", [(row.label, row.value) for row in self.rows])
        said += _apart("Carried from what you measured, they", [(row.label, row.from_measured) for row in self.rows])
        return (*said, self.remark) if said and self.remark else tuple(said)

    def _along(self, axis: str) -> list[str]:
        what = self.quantity.removesuffix("_tokens").replace("_", " ")
        ordered = sorted((row for row in self.rows if row.exponents), key=lambda row: row.exponents[axis])
        up = _named([row for row in ordered[::-1] if row.exponents[axis] > 0], axis)
        down = _named([row for row in ordered if row.exponents[axis] < 0], axis)
        blind = [row.label for row in ordered if row.exponents[axis] == 0]
        said = []
        if up and down:
            said.append(
                f"With more {AXES[axis]} the {what} rises according to {up}, and falls according to {down}: they "
                "disagree in sign."
            )
        elif up or down:
            said.append(f"With more {AXES[axis]} the {what} {'rises' if up else 'falls'}, by {up or down}.")
        if blind:
            said.append(f"It has nothing to do with {AXES[axis]} according to {' and '.join(blind)}.")
        return said

    def to_json(self) -> dict[str, Any]:
        """{"quantity", "unit", "point", "rules", "statements"}."""
        return {
            "quantity": self.quantity,
            "unit": self.unit,
            "point": self.point.to_json(),
            "rules": [row.to_json() for row in self.rows],
            "statements": list(self.statements),
        }

    def __str__(self) -> str:
        at = f"at N = {print_count(self.point.n_params)}, D = {print_count(self.point.tokens)}"
        head = f"{self.quantity}, {self.unit}, {at}:" if self.unit != "1" else f"{self.quantity} {at}:"
        return "\n".join([head, *(f"  {row}" for row in self.rows), *self.statements])


def side_by_side(
    quantity: str,
    point: Point,
    *,
    ratio: str = "",
    origin: Point | None = None,
    measured: float | None = None,
    remark: str = "",
) -> Spread:
    """Every published rule whose output is this quantity (or `ratio` of it) and that N, D and C suffice for.

    A value measured at `origin` is carried to the point by each rule's own ratio of the two.
    """
    outputs = {quantity, ratio} - {""}
    asked = point.inputs(point)
    rows = [
        advice(
            name, published_law(name), point, origin=origin, measured=measured, is_ratio=form(row.form).output == ratio
        )
        for name, row in PUBLISHED.items()
        if form(row.form).output in outputs and set(form(row.form).inputs) <= asked.keys()
    ]
    return Spread(quantity, point, tuple(rows), remark)


def advice(
    rule: str,
    law: Law,
    point: Point,
    *,
    origin: Point | None = None,
    measured: float | None = None,
    is_ratio: bool = False,
) -> Advice:
    """What one law, published or yours, says at a point; is_ratio: it gives a multiple of a value at `origin`."""
    start = origin or point

    def says(at: Point) -> float:
        given = at.inputs(start)
        return float(law(*(given[each] for each in law.inputs)))

    here, there = says(point), says(start)
    makes_sense = 0 < here < np.inf
    moves = {"n_params": (1.0, 0.0), "tokens": (0.0, 1.0)} if makes_sense else {}
    doubts = [text for text in (law.about.unverified, law.about.disputed) if text]
    wanted = law.about.counts("n_params")
    if point.counts and isinstance(wanted, Size) and wanted != point.counts and "n_params" in law.inputs:
        doubts.append(mismatch(rule, "n_params", Counted(point.n_params, point.counts), wanted))
    if not makes_sense:
        doubts.append(f"gives no number above 0 here ({here:.3g})")
    return Advice(
        rule=rule,
        value=here if makes_sense and not is_ratio else None,
        from_measured=measured * here / there if makes_sense and there > 0 and measured is not None else None,
        exponents={axis: _slope(says, point, *move) for axis, move in moves.items()},
        outside=_outside(law, point),
        doubts=tuple(doubts),
        about=law.about,
    )


def _slope(says: Callable[[Point], float], point: Point, size: float, data: float) -> float:
    up, down = (says(point.moved(np.exp(size * step), np.exp(data * step))) for step in (STEP, -STEP))
    return round(float(np.log(up / down) / (2 * STEP)), 9)


def _outside(law: Law, point: Point) -> dict[str, float]:
    given = point.inputs(point)
    return {
        name: float(np.log10(max(given[name] / high, 1)) - np.log10(max(low / given[name], 1)))
        for name, (low, high) in law.about.fitted.items()
        if name in given
    }


def _placed(name: str, decades: float) -> str:
    side = f"{10 ** abs(decades):.3g}x {'beyond' if decades > 0 else 'below'}" if decades else "within"
    return f"{QUANTITIES[name].symbol} {side} what was fitted"


def _named(rows: Sequence[Advice], axis: str) -> str:
    return ", ".join(f"{row.label} ({row.power(axis)})" for row in rows)


def _apart(who: str, values: Sequence[tuple[str, float | None]]) -> list[str]:
    known = sorted((value, label) for label, value in values if value is not None)
    if len(known) < 2:
        return []
    (low, lowest), (high, highest) = known[0], known[-1]
    return [
        f"{who} differ by a factor of {high / low:.2g}, from {_number(low)} ({lowest}) to {_number(high)} ({highest})."
    ]


def _number(value: float) -> str:
    return print_count(value) if value >= 1e3 else f"{value:.3g}"
