"""The picture of the best size against compute: the bag of laws, the approaches beside it, and how far it looks."""

from typing import Any

import altair as alt

from isoflop.plans.analysis import Analysis
from isoflop.reports import axes, palette, prose
from isoflop.reports.compared import Compared
from isoflop.reports.drawing import COLOUR, HIGH_X, HIGH_Y, Drawing
from isoflop.reports.figure import Figure, csv_of
from isoflop.reports.optima import AHEAD, best_sizes

ACCENT, SOFT, TREND = (palette.light(role) for role in ("accent", "soft", "trend"))
APART = 0.09  # decades between the approaches' bars of one budget
MOST_SIZES = 150  # runs drawn behind the line, which show no more than where it was fitted
APPROACH_3 = "approach 3"


def colours_of(approaches: list[str]) -> dict[str, str]:
    """Orange for the law of the page, which is approach 3; shades of blue for the others."""
    others = [each for each in approaches if each != APPROACH_3]
    colours = dict(zip(others, palette.spread(palette.SHADES, len(others)), strict=True))
    return colours | ({APPROACH_3: ACCENT} if APPROACH_3 in approaches else {})


def best_size(analysis: Analysis, runs: Compared) -> Figure | None:
    """N_opt(C) out to a hundred times the most compute of a run; None where the law has no best size."""
    if runs.flops is None or runs.flops_per_token is None:
        return None
    low, top = float(runs.flops.min()), float(runs.flops.max())
    line = best_sizes(analysis.fit, low, top, runs.flops_per_token)
    if not line:
        return None
    colours = colours_of([each.approach for each in analysis.opinions if each.n_params])
    place = {name: i for i, name in enumerate(colours)}
    told: list[dict[str, Any]] = [
        {
            "approach": opinion.approach, "flops": flops, "n_params": each.value,
            "low": each.interval.low if each.interval else each.value,
            "high": each.interval.high if each.interval else each.value,
            "colour": colours[opinion.approach],
            # The bars of one budget stand side by side.
            "at": flops * 10 ** (APART * (place[opinion.approach] - (len(colours) - 1) / 2)),
        }
        for opinion in analysis.opinions
        if opinion.n_params
        for flops, each in zip(opinion.flops, opinion.n_params, strict=True)
    ]  # fmt: skip
    places = runs.drawn[:: max(1, len(runs.drawn) // MOST_SIZES)]
    sizes = [{"flops": float(runs.flops[i]), "n_params": float(runs.inputs["n_params"][i])} for i in places]
    x = axes.compute("flops", [low, AHEAD * top])
    middles = [row["n_params"] for row in [*line, *told, *sizes]]
    ends = [row[end] for row in [*line, *told] for end in ("low", "high")]
    y = axes.size(alt.Y, "n_params", axes.around(middles, ends, 10), label=prose.short)
    drawing = Drawing()
    fitted = drawing.of([{"low": low, "high": top}]).mark_rect(color=palette.light("rule"), opacity=0.45)
    drawing.add(fitted.encode(x=axes.like(x, "low"), x2=HIGH_X))
    if analysis.fit.sample:
        outer = drawing.of(line).mark_area(color=palette.light("band"), opacity=0.55, clip=True)
        inner = drawing.of(line).mark_area(color=palette.light("band"), clip=True)
        drawing.add(outer.encode(x=x, y=axes.like(y, "low"), y2=HIGH_Y))
        drawing.add(inner.encode(x=x, y=axes.like(y, "inner_low"), y2=alt.Y2("inner_high:Q")))
    drawing.add(drawing.dots(sizes, 7, TREND, opacity=0.6).encode(x=x, y=y))
    seen = [row for row in line if row["flops"] <= top * (1 + 1e-9)]
    ahead = line[max(0, len(seen) - 1) :]
    drawing.add(drawing.of(seen).mark_line(color=ACCENT, strokeWidth=1.6).encode(x=x, y=y))
    drawing.add(drawing.of(ahead).mark_line(color=ACCENT, strokeWidth=1.6, strokeDash=[5, 4]).encode(x=x, y=y))
    at = axes.like(x, "at")
    bars = drawing.of(told).mark_rule(strokeWidth=1.8, clip=True)
    drawing.add(bars.encode(x=at, y=axes.like(y, "low"), y2=HIGH_Y, color=COLOUR))
    drawing.add(drawing.dots(told, 30, opacity=1).encode(x=at, y=y, color=COLOUR))
    foot: dict[str, Any] = {"halo": False, "fontSize": 11, "align": "right", "dx": -4, "dy": -7}
    bottom = alt.YValue({"expr": "height"})  # type: ignore[no-untyped-call]
    drawing.label([{"flops": top, "label": "the runs"}], x, bottom, SOFT, **foot)
    drawing.label([{"flops": top, "label": "extrapolated"}], x, bottom, SOFT, **foot | {"align": "left", "dx": 4})
    drawing.key(list(colours.items()), "10", "10", "left", halo=False)
    last = line[-1]
    interval = f" ({prose.short(last['low'])} to {prose.short(last['high'])})" if analysis.fit.sample else ""
    return Figure(
        name="best-size",
        title="The best size, and how far it is known",
        caption="The line is the law's best size, dashed beyond the runs (grey: their compute and sizes)"
        + ("; its bands hold 50 % and 90 % of the resampled laws" if analysis.fit.sample else "")
        + (". Bars are the approaches' estimates at the most compute of a run and ten times that." if told else "."),
        alt=f"Best model size against compute on log axes, rising to {prose.short(last['n_params'])} parameters"
        f"{interval} at {prose.power(last['flops'])} FLOPs.",
        svg=drawing.svg(),
        csv=csv_of(law=line, approach=[{k: v for k, v in row.items() if k != "at"} for row in told], run=sizes),
    )
