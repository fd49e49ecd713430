"""Pictures of the forecast: loss against compute with band and measurement, and how each rung's forecast came out."""

from typing import Any

import altair as alt

from isoflop.reports import axes, palette, prose
from isoflop.reports.drawing import COLOUR, HIGH_Y, Drawing
from isoflop.reports.figure import Figure, csv_of
from isoflop.reports.findings import Band, Findings, ForecastFact

ACCENT, INK, PAPER, TREND = (palette.light(role) for role in ("accent", "ink", "paper", "trend"))


def loss_against_compute(findings: Findings) -> Figure | None:
    """L(C) through the minima, carried on to the forecast, with what the run then measured; None without two minima."""
    colours = palette.by_budget(findings.budgets)
    minima: list[dict[str, Any]] = [
        {"flops": m.budget, "loss": m.loss.median, "low": m.loss.low, "high": m.loss.high, "colour": colours[m.budget]}
        for m in findings.minima
        if m.loss and m.usable
    ]
    if len(minima) < 2:
        return None
    left_out = {exclusion.run_id for exclusion in findings.exclusions}
    runs: list[dict[str, Any]] = [
        {"run_id": run.run_id, "flops": run.flops, "loss": run.loss}
        for run in findings.runs
        if run.role == "ladder" and run.status == "done" and run.loss is not None and run.run_id not in left_out
    ]
    band, forecast = findings.loss_band, findings.forecast
    line = [] if band is None else band.rows("loss")
    target = [_ends(forecast)] if forecast else []
    measured = [{"flops": forecast.flops, "loss": forecast.measured}] if forecast and forecast.measured else []
    ends = [row[key] for row in [*minima, *line, *target] for key in ("low", "high")]
    losses = axes.around([row["loss"] for row in [*minima, *line, *target, *runs, *measured]], ends, 1.5)
    x = axes.compute("flops", [row["flops"] for row in [*minima, *line, *target]])
    # Room below for the two numbers that matter.
    floor = min(losses) * (min(losses) / max(losses)) ** 0.22
    y = axes.log(alt.Y, "loss", f"Loss ({findings.loss_unit}), log scale", [*losses, floor], pad=0.02)
    low = axes.like(y, "low")
    drawing = Drawing()
    if line:
        top = max(row["flops"] for row in minima)
        seen = [row for row in line if row["flops"] <= top]
        ahead = line[max(0, len(seen) - 1) :]
        drawing.add(drawing.of(line).mark_area(color=palette.light("band"), clip=True).encode(x=x, y=low, y2=HIGH_Y))
        drawing.add(drawing.of(seen).mark_line(color=ACCENT, strokeWidth=1.6).encode(x=x, y=y))
        drawing.add(drawing.of(ahead).mark_line(color=ACCENT, strokeWidth=1.6, strokeDash=[5, 4]).encode(x=x, y=y))
    drawing.add(drawing.of(runs).mark_circle(size=10, color=TREND, opacity=0.7).encode(x=x, y=y))
    spot: dict[str, Any] = {"filled": True, "opacity": 1, "stroke": PAPER, "strokeWidth": 1.2}
    drawing.add(drawing.diamonds(minima).encode(x=x, y=y, color=COLOUR))
    if forecast:
        bar = drawing.of(target).mark_rule(color=ACCENT, strokeWidth=2.2, clip=True)
        drawing.add(bar.encode(x=x, y=low, y2=HIGH_Y))
        for end in ("low", "loss", "high"):
            tick = drawing.of(target).mark_tick(color=ACCENT, thickness=2.2, size=11, orient="horizontal")
            drawing.add(tick.encode(x=x, y=axes.like(y, end)))
        foot = {"flops": forecast.flops, "loss": min(forecast.loss.low, forecast.measured or forecast.loss.low)}
        place: dict[str, Any] = {"align": "right", "dx": 5, "fontSize": 12.5}
        words = f"forecast {prose.loss(forecast.loss.median)} {prose.bracket(forecast.loss)}"
        if measured:
            drawing.add(drawing.of(measured).mark_point(color=INK, size=55, **spot).encode(x=x, y=y))
            says = f"measured {prose.loss(forecast.measured)}"
            drawing.label([foot | {"label": says}], x, y, INK, **place, dy=32, fontWeight="bold")
        drawing.label([foot | {"label": words}], x, y, ACCENT, **place, dy=15)
    return Figure(
        name="loss-against-compute",
        title="The forecast, and what the run measured" if measured else "Loss against compute",
        caption="Diamonds are the bottoms of the isoFLOP curves, grey dots the ladder's runs."
        + (
            f" The line is the law through them, dashed where it looks ahead; its band is {_what(band)}."
            if band
            else ""
        )
        + (" The round dot is the measurement." if measured else ""),
        alt="Loss against compute on log axes, falling. "
        + (_words(forecast) if forecast else "There is no forecast yet."),
        svg=drawing.svg(),
        csv=csv_of(minimum=minima, law=line, forecast=target, measured=measured, run=runs),
    )


def forecasts_by_rung(findings: Findings) -> Figure | None:
    """What was measured relative to each forecast, in per cent, over its interval; None unless one was measured."""
    scored = [f for f in (*findings.rung_forecasts, findings.forecast) if f is not None and f.measured]
    if not scored:
        return None
    rows: list[dict[str, Any]] = [
        {
            "flops": f.flops,
            "measured": 100 * (measured / f.loss.median - 1),
            "low": 100 * (f.loss.low / f.loss.median - 1),
            "high": 100 * (f.loss.high / f.loss.median - 1),
            "inside": measured in f.loss,
            "colour": palette.light("accent" if f is findings.forecast else "soft"),
            "label": prose.signed_percent(measured / f.loss.median - 1),
        }
        for f in scored
        if (measured := f.measured)
    ]
    flops = [row["flops"] for row in rows]
    x = axes.compute("flops", [min(flops) / 2, max(flops) * 2])
    ends = [row[key] for row in rows for key in ("low", "high", "measured")]
    title = "Measured, relative to its forecast (% of loss)"
    y = axes.linear(alt.Y, "measured", title, [*ends, 0.0], label=axes.per_cent, pad=0.1)
    inside = sum(row["inside"] for row in rows)
    drawing = Drawing()
    drawing.add(drawing.of([{"measured": 0}]).mark_rule(color=INK, strokeWidth=1).encode(y=y))
    bars = drawing.of(rows).mark_rule(strokeWidth=2.2, clip=True)
    drawing.add(bars.encode(x=x, y=axes.like(y, "low"), y2=HIGH_Y, color=COLOUR))
    drawing.add(drawing.of(rows).mark_circle(size=75, opacity=1).encode(x=x, y=y, color=COLOUR))
    tops = [dict(row, high=max(row["high"], row["measured"])) for row in rows]
    drawing.label(tops, x, axes.like(y, "high"), align="center", dx=0, dy=-10)
    return Figure(
        name="forecasts-by-rung",
        title="Had each rung forecast the next",
        caption="Zero is the forecast from the budgets below alone, the bar its interval for a new run, the dot what "
        f"was then measured: {inside} of {len(rows)} are inside."
        + (" Orange is the forecast written before its run." if findings.forecast in scored else ""),
        alt=f"{len(rows)} forecasts as bars around zero, a dot for each measurement; {inside} are inside. Measured: "
        + ", ".join(f"{row['label']} at {prose.power(row['flops'])} FLOPs" for row in rows)
        + ".",
        svg=drawing.svg(),
        csv=csv_of(forecast=rows),
    )


def _ends(forecast: ForecastFact) -> dict[str, float]:
    interval = forecast.loss
    return {"flops": forecast.flops, "loss": interval.median, "low": interval.low, "high": interval.high}


def _what(band: Band) -> str:
    return f"the {100 * band.level:.3g} % interval for {'one new run' if band.of == 'new run' else 'the mean'}"


def _words(forecast: ForecastFact) -> str:
    said = f"At {prose.power(forecast.flops)} FLOPs the forecast is {prose.loss(forecast.loss.median)}"
    return f"{said} {prose.bracket(forecast.loss)}; measured: {prose.loss(forecast.measured)}."
