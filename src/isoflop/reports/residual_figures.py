"""The picture of what a fitted law does not explain, run by run."""

import math
from typing import Any

import altair as alt

from isoflop.reports import axes, palette, prose
from isoflop.reports.compared import Compared, title
from isoflop.reports.drawing import COLOUR, Drawing
from isoflop.reports.figure import Figure, csv_of

ACCENT, INK = palette.light("accent"), palette.light("ink")
MOST_NAMED = 6  # runs whose names are written beside them
LINE, WORD = 0.06, 0.16  # the height and width of such a name, as shares of the picture


def residuals(runs: Compared) -> Figure:
    """Measured over fitted, in per cent, against compute, or the law's first input where compute is not known."""
    name = "flops" if runs.flops is not None else next(iter(runs.inputs))
    rows = runs.table_rows()
    shades = palette.spread(palette.SHADES, max(len(runs.budgets), 1))
    colours = {int(i): shade for budget, shade in zip(runs.budgets, shades, strict=False) for i in budget.places}
    middle = palette.spread(palette.SHADES, 3)[1]
    plain = [dict(row, colour=colours.get(i, middle)) for i, row in rows.items() if not runs.named[i]]
    named = [row for i, row in rows.items() if runs.named[i]]
    values = [row[name] for row in rows.values()]
    x = axes.log(alt.X, name, title(name), values, label=prose.power if name == "flops" else prose.short)
    ends = [0.0, *(row["residual"] for row in rows.values())]
    y = axes.linear(alt.Y, "residual", f"Measured, relative to fitted (% of {runs.output})", ends, label=axes.per_cent)
    drawing = Drawing()
    drawing.add(drawing.of([{"residual": 0}]).mark_rule(color=INK, strokeWidth=1).encode(y=y))
    drawing.add(drawing.dots(plain, 24, opacity=0.85).encode(x=x, y=y, color=COLOUR))
    drawing.add(drawing.crosses(named, ACCENT).encode(x=x, y=y))
    drawing.label(
        [dict(row, label=f"row {row['row']}") for row in _apart(named, name, values, ends)], x, y, ACCENT, dx=8
    )
    most = max(rows.values(), key=lambda row: abs(row["residual"]))
    said = f"row {most['row']} is furthest off, by {prose.signed_percent(most['residual'] / 100)}"
    return Figure(
        name="residuals",
        title="What the law does not explain",
        caption=f"One dot a run{', stronger for larger budgets' if runs.budgets else ''}. Half of them are off by less "
        f"than {prose.percent(runs.typical)}; {said}. A bend here is a wrong law, a spread is noise."
        + runs.note(crosses=bool(named)),
        alt=f"Residuals of {len(rows)} runs against {title(name)}; {said}.",
        svg=drawing.svg(),
        csv=csv_of(run=plain, run_named_by_a_check=named),
    )


def _apart(rows: list[dict[str, Any]], name: str, values: list[float], ends: list[float]) -> list[dict[str, Any]]:
    """The furthest off of the rows, as many as can be written beside their marks without running into each other."""
    width, height = math.log(max(values) / min(values)) or 1.0, (max(ends) - min(ends)) or 1.0
    shown: list[dict[str, Any]] = []
    for row in sorted(rows, key=lambda row: -abs(row["residual"])):
        free = all(
            abs(row["residual"] - other["residual"]) / height > LINE
            or abs(math.log(row[name] / other[name])) / width > WORD
            for other in shown
        )
        if free and len(shown) < MOST_NAMED:
            shown.append(row)
    return shown
