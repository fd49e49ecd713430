"""Pictures of a fitted law among its runs: loss against size, loss against compute, output against each input."""

from typing import Any

import altair as alt
import numpy as np

from isoflop.allocations.allocate import allocate
from isoflop.errors import IsoflopError
from isoflop.plans.analysis import Analysis
from isoflop.reports import axes, palette, prose
from isoflop.reports.compared import Budget, Compared
from isoflop.reports.drawing import COLOUR, Drawing
from isoflop.reports.figure import Figure, csv_of
from isoflop.reports.optima import best_sizes

ACCENT, TREND = palette.light("accent"), palette.light("trend")
REACH = 3.0  # a best size so many times beyond the sizes of its budget is still drawn
BEYOND = 1.1  # a run left out is drawn if its loss is at most so many times beyond those of the runs in use
MOST_LEFT_OUT = 100  # drawn
MOST_NAMED = 6  # budgets with their names at their curves; of more there is a list
POINTS = 30


def loss_against_size(analysis: Analysis, runs: Compared) -> Figure | None:
    """Runs and law, one curve a budget (as of Hoffmann et al. 2022, fig. 3); None where there are no budgets."""
    if not runs.budgets:
        return None
    colours = dict(zip(runs.budgets, palette.spread(palette.SHADES, len(runs.budgets)), strict=True))
    budget_of = {int(place): budget for budget in runs.budgets for place in budget.places}
    rows = runs.table_rows()
    seen = [
        dict(row, budget=budget_of[place].name, colour=colours[budget_of[place]])
        for place, row in rows.items()
        if place in budget_of and not runs.named[place]
    ]
    others = [row for place, row in rows.items() if place not in budget_of and not runs.named[place]]
    named = [row for place, row in rows.items() if runs.named[place]]
    curves, optima = [], []
    for budget in runs.budgets:
        curve, best = _curve(analysis, runs, budget)
        curves += [dict(point, colour=colours[budget], order=i) for i, point in enumerate(curve)]
        optima += [dict(best, colour=colours[budget])] if best else []
    losses = [row["loss"] for row in rows.values()]
    left_out = _left_out(analysis)
    out = [row for row in left_out if min(losses) / BEYOND <= row["loss"] <= max(losses) * BEYOND]
    everything = [*rows.values(), *curves, *out]
    sizes = [row["n_params"] for row in everything]
    # Room on the right for the budgets' names.
    room = max(sizes) * (max(sizes) / min(sizes)) ** 0.17
    x = axes.size(alt.X, "n_params", [*sizes, room], label=prose.short)
    unit = analysis.fit.law.output_unit
    y = axes.log(alt.Y, "loss", f"Loss ({unit}), log scale", [row["loss"] for row in everything])
    drawing = Drawing()
    drawing.add(drawing.dots(others, 9, TREND, opacity=0.5).encode(x=x, y=y))
    line = drawing.of(curves).mark_line(strokeWidth=1.5, opacity=0.9)
    drawing.add(line.encode(x=x, y=y, color=COLOUR, detail=alt.Detail("budget:Q"), order=alt.Order("order:Q")))
    drawing.add(drawing.dots(seen, 26).encode(x=x, y=y, color=COLOUR))
    drawing.add(drawing.crosses(out, TREND).encode(x=x, y=y))
    drawing.add(drawing.crosses(named, ACCENT).encode(x=x, y=y))
    if optima:
        path = drawing.of(optima).mark_line(strokeDash=[2, 3], strokeWidth=1.2, color=TREND)
        drawing.add(path.encode(x=x, y=y, order=alt.Order("budget:Q")))
        drawing.add(drawing.diamonds(optima, ACCENT).encode(x=x, y=y))
    names = [prose.power(budget.name) for budget in runs.budgets]
    names[0] += " FLOPs"
    if len(names) <= MOST_NAMED:
        ends = {point["budget"]: point for point in curves}  # the last of each, its right end
        drawing.label([dict(end, label=name) for end, name in zip(ends.values(), names, strict=True)], x, y)
    else:
        drawing.key(list(zip(names, colours.values(), strict=True)), "width", "8", "right")
    where = "; ".join(
        f"{prose.power(each['budget'])} FLOPs at {prose.short(each['n_params'])} parameters" for each in optima
    )
    return Figure(
        name="loss-against-size",
        title="Runs and law, budget by budget",
        caption="Dots are runs, lines the fitted law, one colour a budget."
        + (" A diamond is the law's best size for that budget." if optima else "")
        + (" Grey dots are runs of other budgets, or of none." if others else "")
        + (" Grey crosses are runs left out of the fit." if out else "")
        + (f" {len(left_out) - len(out)} left out lie outside the picture." if len(out) < len(left_out) else "")
        + runs.note(crosses=bool(named)),
        alt=f"Loss against model size on log axes, {len(runs.budgets)} budgets. "
        + (f"The law's best sizes: {where}." if optima else "No budget has its best size among the sizes drawn."),
        svg=drawing.svg(),
        csv=csv_of(
            run=seen,
            run_of_no_budget=others,
            run_named_by_a_check=named,
            run_left_out=out,
            law=curves,
            best_size=optima,
        ),
    )


def loss_against_compute(analysis: Analysis, runs: Compared) -> Figure | None:
    """Runs and the law's frontier, for tables without budgets; None where there are budgets or no frontier."""
    if runs.budgets or runs.flops is None or runs.flops_per_token is None:
        return None
    rows = [row for place, row in runs.table_rows().items() if not runs.named[place]]
    named = [row for place, row in runs.table_rows().items() if runs.named[place]]
    line = best_sizes(analysis.fit, float(runs.flops.min()), float(runs.flops.max()), runs.flops_per_token)
    if not line:
        return None
    x = axes.compute("flops", [row["flops"] for row in [*rows, *named, *line]])
    ends = [row[key] for row in line for key in ("loss_low", "loss_high")]
    losses = axes.around([row["loss"] for row in [*rows, *named, *line]], ends, 1.3)
    y = axes.log(alt.Y, "loss", f"Loss ({analysis.fit.law.output_unit}), log scale", losses)
    drawing = Drawing()
    drawing.fan(line, x, y, ends=("loss_low", "loss_high"), field="flops", top=float(runs.flops.max()))
    drawing.add(drawing.dots(rows, 20, palette.spread(palette.SHADES, 3)[1]).encode(x=x, y=y))
    drawing.add(drawing.crosses(named, ACCENT).encode(x=x, y=y))
    return Figure(
        name="loss-against-compute",
        title="Runs, and the least loss of each compute",
        caption="Dots are runs; the line is the law at its best size, dashed beyond the runs"
        + (", with its 90 % interval." if analysis.fit.sample else ".")
        + runs.note(crosses=bool(named)),
        alt=f"Loss against compute on log axes: {len(rows)} runs and the frontier of the fitted law, which falls to "
        f"{prose.loss(line[-1]['loss'])} {analysis.fit.law.output_unit} at {prose.power(line[-1]['flops'])} FLOPs.",
        svg=drawing.svg(),
        csv=csv_of(run=rows, run_named_by_a_check=named, frontier=line),
    )


def _curve(analysis: Analysis, runs: Compared, budget: Budget) -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
    """The law along a budget, over its sizes and as far as its best one if that is not far, and that best one."""
    law, cost = analysis.fit.law, runs.flops_per_token
    assert cost is not None
    sizes = runs.inputs["n_params"][budget.places]
    # What the runs' own tokens come to, so that the line is of the same data as its dots.
    spent = float(np.exp(np.mean(np.log(runs.inputs["tokens"][budget.places] * cost(sizes)))))
    low, high = float(sizes.min()), float(sizes.max())
    best = None
    try:
        found = allocate(law, spent, cost)
    except IsoflopError:
        pass
    else:
        if low / REACH < found.n_params < high * REACH:
            best = {"budget": budget.name, "n_params": found.n_params, "loss": found.loss}
            low, high = min(low, found.n_params / 1.3), max(high, found.n_params * 1.3)
    along = np.geomspace(low, high, POINTS)
    losses = law(along, spent / cost(along))
    points = zip(along.tolist(), losses.tolist(), strict=True)
    return [{"budget": budget.name, "n_params": n, "loss": loss} for n, loss in points], best


def _left_out(analysis: Analysis) -> list[dict[str, Any]]:
    """Rows left out of the fit that have a size and a loss to be drawn at."""
    table = analysis.table
    output = analysis.fit.law.output
    rows = [each.row for each in table.excluded]
    size, loss = (np.asarray(table.columns[name], dtype=np.float64)[rows] for name in ("n_params", output))
    good = np.isfinite(size) & np.isfinite(loss) & (size > 0) & (loss > 0)
    return [
        {"row": rows[i], "n_params": float(size[i]), "loss": float(loss[i])}
        for i in np.flatnonzero(good)[:MOST_LEFT_OUT]
    ]
