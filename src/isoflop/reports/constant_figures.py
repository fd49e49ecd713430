"""Pictures of the constants: which trade off, how well each is known, and the exponent by each approach."""

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import altair as alt
import numpy as np

from isoflop.laws.law import Param
from isoflop.plans.analysis import Analysis
from isoflop.reports import axes, palette, prose
from isoflop.reports.compared import Floats
from isoflop.reports.drawing import COLOUR, HIGH_X, Drawing
from isoflop.reports.figure import Figure, Row, csv_of
from isoflop.reports.optimum_figures import colours_of

ACCENT, SOFT, TREND = (palette.light(role) for role in ("accent", "soft", "trend"))
LARGE = 1e4  # constants from here on are written as sizes are: 5M, not 5000000
EXPONENTS = ("alpha", "beta")  # shown before any other pair: they decide how the best size grows
WIDE = 10.0  # a constant whose sample spans more than this factor has a log axis
TAIL = 0.01  # of the sample lies outside the picture at each end
REACH = 8.0  # intervals are drawn out to this factor either way


def trade_off(analysis: Analysis) -> Figure | None:
    """Two constants of every law of the sample against each other; None without a sample or a second constant."""
    fit = analysis.fit
    if fit.sample is None or len(fit.law.params()) < 2:
        return None
    params = {each.name: each for each in fit.law.params()}
    drawn = {name: np.asarray([getattr(law, name) for law in fit.sample.laws]) for name in params}
    tied = {
        pair: value
        for pair in combinations(params, 2)
        if np.isfinite(value := _correlation(*(drawn[name] for name in pair)))
    }
    if not tied:
        return None
    most = max(tied, key=lambda pair: abs(tied[pair]))
    first, second = EXPONENTS if EXPONENTS in tied else most
    rows = [{first: float(a), second: float(b)} for a, b in zip(drawn[first], drawn[second], strict=True)]
    here = {name: float(fit.law.constants[name]) for name in (first, second)}
    # A few draws far out leave the picture; they should not take it along.
    spans = {name: np.quantile(drawn[name], [TAIL, 1 - TAIL]) for name in (first, second)}
    seen = [row for row in rows if all(low <= row[name] <= high for name, (low, high) in spans.items())]
    x, y = (_axis(kind, params[n], [*spans[n], here[n]]) for kind, n in ((alt.X, first), (alt.Y, second)))
    drawing = Drawing()
    drawing.add(drawing.dots(seen, 18, palette.spread(palette.SHADES, 3)[1], opacity=0.55).encode(x=x, y=y))
    drawing.add(drawing.diamonds([here], ACCENT).encode(x=x, y=y))
    drawing.label([dict(here, label="the fit")], x, y, ACCENT, dx=9)
    others = f" Most tied of all are {most[0]} and {most[1]}, {_signed(tied[most])}." if most != (first, second) else ""
    said = f"The correlation of {first} and {second} is {_signed(tied[first, second])}."
    return Figure(
        name="trade-off",
        title=f"How {first} and {second} trade off",
        caption=f"One dot for each of {len(rows)} laws refitted to resampled runs. {said}{others} What is tied is "
        f"known together better than apart. {len(rows) - len(seen)} laws lie outside the picture.",
        alt=f"{second} against {first} for {len(rows)} laws. {said}{others}",
        svg=drawing.svg(),
        csv=csv_of(law=rows, fit=[here]),
    )


def exponent_by_approach(analysis: Analysis) -> Figure | None:
    """The exponent a of N_opt ~ C^a by each approach that could be run; None where fewer than two could."""
    told = [(opinion.approach, opinion.exponent) for opinion in analysis.opinions if opinion.exponent]
    if len(told) < 2:
        return None
    colours = colours_of([name for name, _ in told])
    rows: list[dict[str, Any]] = [
        {
            "name": name, "place": i, "value": each.value,
            "low": each.interval.low if each.interval else each.value,
            "high": each.interval.high if each.interval else each.value,
            "colour": colours[name],
            "label": _with_ends(each.value, each.interval.low, each.interval.high) if each.interval else
            prose.number(each.value, 3),
        }
        for i, (name, each) in enumerate(told)
    ]  # fmt: skip
    low, high = min(row["value"] for row in rows) - 0.5, max(row["value"] for row in rows) + 0.5
    ends = [min(max(row[end], low), high) for row in rows for end in ("low", "high")]
    x = axes.linear(alt.X, "value", "Exponent a of N_opt ~ C^a", ends, pad=0.08)
    return Figure(
        name="exponent-by-approach",
        title="How the best size grows, by each approach",
        caption="At a = 0.5 size and data grow alike. Bars are 90 % intervals.",
        alt="Exponent of the best size by approach: "
        + "; ".join(f"{row['name']}: {row['label']}" for row in rows)
        + ".",
        svg=_forest(rows, x, half=0.5 if min(ends) < 0.5 < max(ends) else None),
        csv=csv_of(approach=rows),
    )


def how_well_known(analysis: Analysis) -> Figure | None:
    """Each constant's interval relative to its value; None without intervals."""
    fit = analysis.fit
    rows: list[dict[str, Any]] = []
    for each in fit.law.params():
        span, value = fit.intervals.get(each.name), float(fit.law.constants[each.name])
        if span is not None and value > 0:
            row = {"name": each.name, "place": len(rows), "value": 1.0, "colour": ACCENT}
            ends = {"low": max(span.low, 0.0) / value, "high": span.high / value}
            rows.append({**row, **ends, "label": _with_ends(value, span.low, span.high)})
    if not rows:
        return None
    reach = [min(max(row[end], 1 / REACH), REACH) for row in rows for end in ("low", "high")]
    x = axes.log(alt.X, "value", "Interval, relative to the constant", [*reach, 1.0], label=prose.multiple, pad=0.08)
    rows = [dict(row, low=max(row["low"], 1e-9)) for row in rows]
    return Figure(
        name="intervals",
        title="How well each constant is known",
        caption=f"Bars are {prose.level(next(iter(fit.intervals.values())))} intervals over the fitted value, written "
        "beside them. Wide ones trade off with others: trust what follows from all together.",
        alt="Intervals of the constants: " + "; ".join(f"{row['name']}: {row['label']}" for row in rows) + ".",
        svg=_forest(rows, x, half=1.0),
        csv=csv_of(constant=rows),
    )


def _forest(rows: Sequence[Row], x: Any, half: float | None) -> str:
    """A row each, from the top: the bar of its interval, its value, and both in words at the right."""
    y = axes.names("place", "", [row["name"] for row in rows])
    drawing = Drawing()
    if half is not None:
        at = drawing.of([{"value": half}]).mark_rule(color=SOFT, strokeDash=[3, 3], strokeWidth=1)
        drawing.add(at.encode(x=x))
    bars = drawing.of(rows).mark_rule(strokeWidth=2.2, clip=True)
    drawing.add(bars.encode(x=axes.like(x, "low"), x2=HIGH_X, y=y, color=COLOUR))
    drawing.add(drawing.dots(rows, 75, opacity=1).encode(x=x, y=y, color=COLOUR))
    right = alt.XValue({"expr": "width"})  # type: ignore[no-untyped-call]
    drawing.label(rows, right, y, align="right", dx=0, dy=-13)
    return drawing.svg(height=60 + 52 * len(rows))


def _axis(kind: Any, param: Param, values: Sequence[float]) -> Any:
    words = f"{param.name}, {param.meaning}"
    low, high = min(values), max(values)
    if low > 0 and high / low > WIDE:
        return axes.log(kind, param.name, f"{words} (log scale)", values, label=lambda value: prose.number(value, 3))
    large = max(abs(value) for value in values) >= LARGE
    return axes.linear(kind, param.name, words, values, label=prose.short if large else None)


def _correlation(a: Floats, b: Floats) -> float:
    """Of logarithms where all are positive, which is how constants are searched."""
    a, b = (np.log(each) if (each > 0).all() else each for each in (a, b))
    if not (np.ptp(a) > 0 and np.ptp(b) > 0):
        return float("nan")
    return float(np.corrcoef(a, b)[0, 1])


def _signed(correlation: float) -> str:
    # 0.9992 is no 1.
    return f"{correlation:+.{2 if abs(correlation) < 0.99 else 4}f}".replace("-", "−")


def _with_ends(value: float, low: float, high: float) -> str:
    return f"{prose.number(value, 3)} ({prose.number(low, 3)} to {prose.number(high, 3)})"
