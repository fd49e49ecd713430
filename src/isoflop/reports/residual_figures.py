"""The picture of what a fitted law does not explain, run by run."""

import altair as alt

from isoflop.reports import axes, palette, prose
from isoflop.reports.compared import Compared, title
from isoflop.reports.drawing import COLOUR, Drawing
from isoflop.reports.figure import Figure, csv_of

ACCENT, INK = palette.light("accent"), palette.light("ink")
MOST_NAMED = 6  # runs whose names are written beside them


def residuals(runs: Compared) -> Figure:
    """Measured over fitted, in per cent, against compute, or the law's first input where compute is not known."""
    name = "flops" if runs.flops is not None else next(iter(runs.inputs))
    rows = runs.table_rows()
    shades = palette.spread(palette.SHADES, max(len(runs.budgets), 1))
    colours = {int(i): shade for budget, shade in zip(runs.budgets, shades, strict=False) for i in budget.places}
    middle = palette.spread(palette.SHADES, 3)[1]
    plain = [dict(row, colour=colours.get(i, middle)) for i, row in rows.items() if not runs.named[i]]
    named = [dict(row, place=i) for i, row in rows.items() if runs.named[i]]
    values = [row[name] for row in rows.values()]
    x = axes.log(alt.X, name, title(name), values, label=prose.power if name == "flops" else prose.short)
    ends = [0.0, *(row["residual"] for row in rows.values())]
    y = axes.linear(alt.Y, "residual", f"Measured, relative to fitted (% of {runs.output})", ends, label=axes.per_cent)
    drawing = Drawing()
    drawing.add(drawing.of([{"residual": 0}]).mark_rule(color=INK, strokeWidth=1).encode(y=y))
    drawing.add(drawing.dots(plain, 24, opacity=0.85).encode(x=x, y=y, color=COLOUR))
    drawing.add(drawing.crosses(named, ACCENT).encode(x=x, y=y))
    worst = sorted(named, key=lambda row: -abs(row["residual"]))[:MOST_NAMED]
    drawing.label([dict(row, label=f"row {row['row']}") for row in worst], x, y, ACCENT, dx=8)
    most = max(rows.values(), key=lambda row: abs(row["residual"]))
    said = f"row {most['row']} is furthest off, by {prose.signed_percent(most['residual'] / 100)}"
    return Figure(
        name="residuals",
        title="What the law does not explain",
        caption=f"One dot a run{', stronger for larger budgets' if runs.budgets else ''}. Half of them are off by less than {prose.percent(runs.typical)}; {said}. A bend here "
        "is a wrong law, a spread is noise."
        + (" Orange crosses are runs that a check names." if named else "")
        + runs.note(),
        alt=f"Residuals of {len(rows)} runs against {title(name)}; {said}.",
        svg=drawing.svg(),
        csv=csv_of(run=plain, run_named_by_a_check=[{k: v for k, v in row.items() if k != "place"} for row in named]),
    )
