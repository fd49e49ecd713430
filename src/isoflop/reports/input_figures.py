"""Pictures of a law that splits no budget: its output against each input, or measured against fitted."""

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import altair as alt
import numpy as np

from isoflop.estimates.interval import Interval
from isoflop.laws.law import Law
from isoflop.plans.analysis import Analysis
from isoflop.reports import axes, palette, prose
from isoflop.reports.compared import COVERED, MOST_BUDGETS, Compared, Floats, title, words
from isoflop.reports.drawing import COLOUR, Drawing
from isoflop.reports.figure import Figure, Row, csv_of

ACCENT, SOFT = palette.light("accent"), palette.light("soft")
AHEAD = 10.0  # how far beyond the runs a law of one input is drawn
EVEN, WIDE = 4.0, 8.0  # between these factors a log axis would have one or two labels, so it is linear
LINE = 0.06  # the height of a line of text, as a share of the picture
POINTS = 40


def output_against_inputs(analysis: Analysis, runs: Compared) -> tuple[Figure, ...]:
    """A picture an input along which runs lie in lines, all else being equal; measured against fitted if none has."""
    if runs.flops_per_token is not None:
        return ()
    if len(runs.inputs) == 1:
        return (_against_the_only_input(analysis, runs),)
    found = tuple(_against_one_of_several(analysis, runs))
    return found or (_measured_against_fitted(runs),)


def _against_the_only_input(analysis: Analysis, runs: Compared) -> Figure:
    """Runs, the law with its band, and how it goes on beyond them."""
    ((name, values),) = runs.inputs.items()
    low, top = float(values.min()), float(values.max())
    along = np.concatenate([np.geomspace(low, top, POINTS), np.geomspace(top, AHEAD * top, POINTS // 2)[1:]])
    line = _band(analysis, runs, name, along)
    rows = list(runs.table_rows().values())
    x = axes.log(alt.X, name, title(name), along.tolist(), label=_label(name))
    ends = [row[end] for row in line for end in ("low", "high")]
    y = _output(runs, axes.around([row[runs.output] for row in [*rows, *line]], ends, 1.5))
    drawing = Drawing()
    drawing.fan(line, x, y, ends=("low", "high"), field=name, top=top)
    drawing.add(drawing.dots(rows, 30, palette.spread(palette.SHADES, 3)[1]).encode(x=x, y=y))
    last = line[-1]
    return Figure(
        name=f"output-against-{name.replace('_', '-')}",
        title=f"{words(runs.output).capitalize()} against {words(name)}",
        caption=f"Dots are runs, the line is the law, dashed out to {AHEAD:g} times the runs"
        + (", with its 90 % interval." if analysis.fit.sample else ".")
        + runs.note(),
        alt=f"{title(runs.output, runs.unit)} against {title(name)}: {len(rows)} runs and the fitted law, "
        f"which says {prose.number(last[runs.output])} at {prose.number(last[name], 3)}.",
        svg=drawing.svg(),
        csv=csv_of(run=rows, law=line),
    )


def _band(analysis: Analysis, runs: Compared, name: str, along: Floats) -> list[dict[str, float]]:
    law, bag = analysis.fit.law, analysis.fit.sample
    middle = np.broadcast_to(law(along), along.shape)
    low = high = middle
    if bag is not None:
        draws = np.asarray([each(along) for each in bag.laws])
        spans = [Interval.of_draws(column, bag.weights) for column in draws.T]
        low, high = np.asarray([span.low for span in spans]), np.asarray([span.high for span in spans])
    columns = {name: along, runs.output: middle, "low": np.minimum(low, middle), "high": np.maximum(high, middle)}
    return [{key: float(column[i]) for key, column in columns.items()} for i in range(len(along))]


def _against_one_of_several(analysis: Analysis, runs: Compared) -> Iterator[Figure]:
    """Runs that differ in one input alone, with the law through them."""
    table_rows = runs.table_rows()
    for name, values in runs.inputs.items():
        others = [other for other in runs.inputs if other != name]
        keys = np.column_stack([np.round(np.log(runs.inputs[other]), 3) for other in others])
        _, group = np.unique(keys, axis=0, return_inverse=True)
        group = group.reshape(-1)
        lines = [np.flatnonzero(group == each) for each in range(group.max() + 1)]
        lines = [places for places in lines if len(np.unique(values[places])) > 2]
        lines = sorted(sorted(lines, key=len, reverse=True)[:MOST_BUDGETS], key=lambda each: keys[each[0]].tolist())
        if sum(map(len, lines)) < COVERED * len(values) or not lines:
            continue
        colours = palette.spread(palette.SHADES, len(lines))
        dots = [
            dict(table_rows[int(i)], colour=colour)
            for places, colour in zip(lines, colours, strict=True)
            for i in places
            if int(i) in table_rows
        ]
        curves, names = [], []
        for places, colour in zip(lines, colours, strict=True):
            held = {other: float(np.median(runs.inputs[other][places])) for other in others}
            along = np.geomspace(values[places].min(), values[places].max(), POINTS)
            curve = _along(analysis.fit.law, name, along, held, runs.output)
            curves += [dict(point, **held, colour=colour) for point in curve]
            names.append(dict(curve[-1], label=" ".join(prose.short(each) for each in held.values()), colour=colour))
        yield _of_lines(runs, name, dots, curves, names)


def _along(law: Law, name: str, along: Floats, held: dict[str, float], output: str) -> list[dict[str, Any]]:
    said = np.broadcast_to(law(**{name: along, **held}), along.shape)
    return [{name: float(value), output: float(each)} for value, each in zip(along, said, strict=True)]


def _of_lines(runs: Compared, name: str, dots: Sequence[Row], curves: Sequence[Row], names: Sequence[Row]) -> Figure:
    others = [other for other in runs.inputs if other != name]
    sizes = [row[name] for row in [*dots, *curves]]
    room = max(sizes) * (max(sizes) / min(sizes)) ** 0.12
    x = axes.log(alt.X, name, title(name), [*sizes, room], label=_label(name))
    y = _output(runs, [row[runs.output] for row in [*dots, *curves]])
    drawing = Drawing()
    line = drawing.of(curves).mark_line(strokeWidth=1.5, opacity=0.9)
    drawing.add(line.encode(x=x, y=y, color=COLOUR, detail=[alt.Detail(f"{other}:Q") for other in others]))
    drawing.add(drawing.dots(dots, 30).encode(x=x, y=y, color=COLOUR))
    held = " and ".join(map(words, others))
    ends = sorted(math.log(row[runs.output]) for row in names)
    height = math.log(max(row[runs.output] for row in dots) / min(row[runs.output] for row in dots))
    crowded = any(upper - lower < LINE * height for lower, upper in pairwise(ends))
    if crowded:
        drawing.key([(row["label"], row["colour"]) for row in names], "width", "8", "right")
    else:
        drawing.label(names, x, y)
    return Figure(
        name=f"output-against-{name.replace('_', '-')}",
        title=f"{words(runs.output).capitalize()} against {words(name)}",
        caption=f"Dots are runs, lines the fitted law, one for each value of {held}, named "
        + ("in the list." if crowded else "at its end.")
        + runs.note(),
        alt=f"{title(runs.output, runs.unit)} against {title(name)}, {len(names)} lines of equal {held}, "
        + ", ".join(row["label"] for row in names)
        + ".",
        svg=drawing.svg(),
        csv=csv_of(run=dots, law=curves),
    )


def _measured_against_fitted(runs: Compared) -> Figure:
    """Every run's output against what the law says of it: on the diagonal where the law is right."""
    rows = list(runs.table_rows().values())
    ends = [float(each) for row in rows for each in (row[runs.output], row["fitted"])]
    x = axes.log(alt.X, "fitted", f"Fitted {words(runs.output)}, log scale", ends)
    y = axes.log(alt.Y, runs.output, f"{title(runs.output, runs.unit)}, log scale", ends)
    drawing = Drawing()
    diagonal = [{"fitted": end, runs.output: end} for end in (min(ends), max(ends))]
    drawing.add(drawing.of(diagonal).mark_line(color=SOFT, strokeWidth=1).encode(x=x, y=y))
    drawing.add(drawing.dots(rows, 24, palette.spread(palette.SHADES, 3)[1]).encode(x=x, y=y))
    return Figure(
        name="measured-against-fitted",
        title="Measured against fitted",
        caption="One dot a run; on the line, the law says what was measured." + runs.note(),
        alt=f"Measured against fitted {runs.output} of {len(rows)} runs on log axes; half of them are off by less than "
        f"{prose.percent(runs.typical)}.",
        svg=drawing.svg(),
        csv=csv_of(run=rows),
    )


def _output(runs: Compared, values: list[float]) -> Any:
    name = title(runs.output, runs.unit)
    span = max(values) / min(values) if min(values) > 0 else EVEN
    if not EVEN <= span <= WIDE:
        return axes.log(alt.Y, runs.output, f"{name}, log scale", values)
    return axes.linear(alt.Y, runs.output, name, values)


def _label(name: str) -> Any:
    return prose.power if name == "flops" else prose.short
