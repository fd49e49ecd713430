"""Pictures of the ladder itself: isoFLOP curves with their minima, the best size against compute, learning curves."""

import math
from statistics import fmean
from typing import Any

import altair as alt

from isoflop.reports import axes, palette, prose
from isoflop.reports.drawing import COLOUR, HIGH_X, HIGH_Y, Drawing
from isoflop.reports.figure import Figure, csv_of, thinned
from isoflop.reports.findings import Findings, RunFact

ACCENT, TREND = palette.light("accent"), palette.light("trend")


def isoflop_curves(findings: Findings) -> Figure | None:
    """Loss against size, one parabola a budget, with its minimum (Hoffmann et al. 2022, fig. 3); None without runs."""
    colours = palette.by_budget(findings.budgets)
    left_out = {exclusion.run_id for exclusion in findings.exclusions}
    runs = [run for run in findings.runs if run.role == "ladder" and run.status == "done" and run.loss is not None]
    seen = [_point(run, colours[run.budget]) for run in runs if run.run_id not in left_out]
    out = [_point(run, colours[run.budget]) for run in runs if run.run_id in left_out]
    if not seen:
        return None
    # One mean a cell; with one seed it lies on the run's own dot.
    cells: dict[tuple[float, float], list[float]] = {}
    for row in seen:
        cells.setdefault((row["budget"], row["n_params"]), []).append(row["loss"])
    means: list[dict[str, Any]] = [
        {"budget": b, "n_params": n, "loss": fmean(losses), "seeds": len(losses), "colour": colours[b]}
        for (b, n), losses in sorted(cells.items())
    ]
    curves: list[dict[str, Any]] = [
        {"budget": m.budget, "n_params": n, "loss": loss, "colour": colours[m.budget], "order": i}
        for m in findings.minima
        for i, (n, loss) in enumerate(zip(m.parabola.x, m.parabola.y, strict=True))
    ]
    minima: list[dict[str, Any]] = [
        {
            "budget": m.budget, "n_params": m.n_params.median, "low": m.n_params.low, "high": m.n_params.high,
            "loss": m.loss.median,
        }
        for m in findings.minima
        if m.n_params and m.loss and m.usable
    ]  # fmt: skip
    sizes = [row["n_params"] for row in seen + out + curves]
    # Room on the right for the budgets' names.
    x = axes.size(alt.X, "n_params", [*sizes, max(sizes) * (max(sizes) / min(sizes)) ** 0.17])
    y = axes.linear(alt.Y, "loss", f"Loss ({findings.loss_unit})", [row["loss"] for row in seen + out + curves])
    drawing = Drawing()
    drawing.add(drawing.of(seen).mark_circle(size=9, opacity=0.55).encode(x=x, y=y, color=COLOUR))
    if curves:
        line = drawing.of(curves).mark_line(strokeWidth=1.6, opacity=0.85)
        drawing.add(line.encode(x=x, y=y, color=COLOUR, detail=alt.Detail("budget:N"), order=alt.Order("order:Q")))
    drawing.add(drawing.of(means).mark_circle(size=34, opacity=1).encode(x=x, y=y, color=COLOUR))
    if out:
        drawing.add(drawing.crosses(out).encode(x=x, y=y, color=COLOUR))
    if minima:
        path = drawing.of(minima).mark_line(strokeDash=[2, 3], strokeWidth=1.2, color=TREND)
        reach = drawing.of(minima).mark_rule(color=ACCENT, strokeWidth=1.6, clip=True)
        drawing.add(path.encode(x=x, y=y, order=alt.Order("budget:Q")))
        drawing.add(reach.encode(x=axes.like(x, "low"), x2=HIGH_X, y=y))
        drawing.add(drawing.diamonds(minima, ACCENT).encode(x=x, y=y))
    # A budget is named at the right end of its parabola, or at its largest size where it has none.
    ends = {row["budget"]: row for row in sorted(means, key=_size)} | {row["budget"]: row for row in curves}
    named = [dict(end, label=prose.power(end["budget"])) for _, end in sorted(ends.items())]
    named[0]["label"] += " FLOPs"
    drawing.label(named, x, y)
    where = "; ".join(f"{prose.power(m['budget'])} FLOPs at {prose.count(m['n_params'])} parameters" for m in minima)
    return Figure(
        name="isoflop-curves",
        title="Every budget has a best size" if minima else "Loss against size, budget by budget",
        caption="One curve a budget. Large dots are means over seeds, small ones single runs."
        + (" A diamond marks the bottom of a parabola, its bar the interval of the best size." if minima else "")
        + (" Crosses are runs left out of the fits." if out else ""),
        alt=f"Loss against model size on a log axis, {len(colours)} budgets. "
        + (f"The losses are lowest at: {where}." if minima else "No budget has a marked minimum."),
        svg=drawing.svg(),
        csv=csv_of(run=seen, run_left_out=out, mean_over_seeds=means, minimum=minima, parabola=curves),
    )


def best_size(findings: Findings) -> Figure | None:
    """N_opt(C) through the minima, with its band and the size of the forecast run; None without two minima."""
    colours = palette.by_budget(findings.budgets)
    minima: list[dict[str, Any]] = [
        {
            "flops": m.budget, "n_params": m.n_params.median, "low": m.n_params.low, "high": m.n_params.high,
            "colour": colours[m.budget],
        }
        for m in findings.minima
        if m.n_params and m.usable
    ]  # fmt: skip
    if len(minima) < 2:
        return None
    line = [] if findings.size_band is None else findings.size_band.rows("n_params")
    target = findings.forecast
    trained: list[dict[str, Any]] = (
        [{"flops": target.flops, "n_params": target.n_params}] if target and target.n_params else []
    )
    x = axes.compute("flops", [row["flops"] for row in [*minima, *line, *trained]])
    middles = [row["n_params"] for row in [*minima, *line, *trained]]
    ends = [row[key] for row in [*minima, *line] for key in ("low", "high")]
    y = axes.size(alt.Y, "n_params", axes.around(middles, ends, 10))
    low = axes.like(y, "low")
    drawing = Drawing()
    if line:
        drawing.add(drawing.of(line).mark_area(color=palette.light("band"), clip=True).encode(x=x, y=low, y2=HIGH_Y))
        drawing.add(drawing.of(line).mark_line(color=ACCENT, strokeWidth=1.6).encode(x=x, y=y))
    drawing.add(drawing.of(minima).mark_rule(strokeWidth=1.6, clip=True).encode(x=x, y=low, y2=HIGH_Y, color=COLOUR))
    drawing.add(drawing.diamonds(minima).encode(x=x, y=y, color=COLOUR))
    if trained:
        ring = drawing.of(trained).mark_point(size=70, strokeWidth=1.8, color=ACCENT, opacity=1)
        drawing.add(ring.encode(x=x, y=y))
        drawing.label([dict(trained[0], label="size of the forecast")], x, y, ACCENT, align="right", dx=-9, dy=-10)
    slope = findings.size_exponent
    power = f"N_opt grows as C to the power {prose.number(slope.median)} {prose.bracket(slope)}. " if slope else ""
    return Figure(
        name="best-size",
        title="How the best size grows with compute",
        caption=power
        + "Diamonds are the bottoms of the isoFLOP curves with their intervals"
        + ("; the line is the power law through them" if line else "")
        + ("; the ring is the size forecast and trained." if trained else "."),
        alt=f"Best model size against compute, both on log axes, rising. {power}",
        svg=drawing.svg(),
        csv=csv_of(minimum=minima, power_law=line, forecast=trained),
    )


def learning_curves(findings: Findings) -> Figure | None:
    """Training loss against tokens, a line a run; None without a curve."""
    colours = palette.by_budget(findings.budgets)
    done = [run for run in findings.runs if run.role != "pilot" and run.status == "done"]
    runs = [run for run in done if any(map(math.isfinite, run.curve.y))]
    if not runs:
        return None
    # A page of many runs stays small: fewer points a curve.
    most = max(12, min(60, 3000 // len(runs)))
    curves = {run.run_id: thinned(run.curve.x, run.curve.y, most) for run in runs}
    ends = [points[-1][1] for points in curves.values()]
    # The fall from ln(vocabulary) says only that training began: the picture is of what follows.
    ceiling = 1.5 * max(ends)
    rows: list[dict[str, Any]] = [
        {"run_id": run.run_id, "tokens": d, "loss": loss, "colour": colour}
        for run in runs
        if (colour := ACCENT if run.role == "check" else colours[run.budget])
        for d, loss in curves[run.run_id]
    ]
    first: dict[tuple[str, float, float], str] = {}
    for run in runs:
        first.setdefault((run.role, run.budget, run.n_params), run.run_id)
    drawn = [row for row in rows if row["run_id"] in first.values()]
    shown = [row for row in drawn if row["loss"] <= ceiling]
    x = axes.log(alt.X, "tokens", "Tokens seen D", [row["tokens"] for row in shown], label=prose.power)
    y = axes.log(
        alt.Y, "loss", f"Training loss, smoothed ({findings.loss_unit}), log scale", [row["loss"] for row in shown]
    )
    line = Drawing()
    line.add(
        line.of(drawn).mark_line(strokeWidth=1.1, opacity=0.8, clip=True)
        .encode(x=x, y=y, color=COLOUR, detail=alt.Detail("run_id:N"))
    )  # fmt: skip
    check = max((run.budget for run in runs if run.role == "check"), default=None)
    trained = {run.budget for run in runs if run.role != "check"}
    entries = [(prose.power(budget), colour) for budget, colour in colours.items() if budget in trained]
    entries += [(f"{prose.power(check)}, the check", ACCENT)] if check else []
    entries[0] = (f"{entries[0][0]} FLOPs", entries[0][1])
    line.key(entries, "8", f"height - {16 * len(entries) - 4}", "left")
    return Figure(
        name="learning-curves",
        title="How each run learned",
        caption="One line a cell (its first seed), stronger for larger budgets"
        + (" and orange for the run that tested the forecast." if check else ".")
        + " The first fall is cut off.",
        alt=f"Training loss against tokens seen for {len(runs)} runs, both on log axes; they end between "
        f"{prose.loss(min(ends))} and {prose.loss(max(ends))} {findings.loss_unit}.",
        svg=line.svg(),
        csv=csv_of(curve=rows),
    )


def _point(run: RunFact, colour: str) -> dict[str, Any]:
    return {"run_id": run.run_id, "budget": run.budget, "n_params": run.n_params, "loss": run.loss, "colour": colour}


def _size(row: dict[str, Any]) -> float:
    return float(row["n_params"])
