"""Pictures of the fit: residuals of L(N, D), and how finely the learning rate was tuned."""

from typing import Any

import altair as alt

from isoflop.reports import axes, palette, prose
from isoflop.reports.drawing import COLOUR, HIGH_Y, Drawing
from isoflop.reports.figure import Figure, csv_of
from isoflop.reports.findings import Findings

ACCENT, INK, SOFT = (palette.light(role) for role in ("accent", "ink", "soft"))


def residuals(findings: Findings) -> Figure | None:
    """Measured minus fitted loss in per cent against size, with the noise that seeds alone make; None without a fit."""
    colours = palette.by_budget(findings.budgets)
    rows: list[dict[str, Any]] = [
        {
            "run_id": r.run_id, "budget": r.budget, "n_params": r.n_params, "tokens": r.tokens,
            "fitted_loss": r.predicted, "measured_loss": r.measured, "in_fit": r.fitted,
            "residual": 100 * (r.measured / r.predicted - 1),
            "colour": colours.get(r.budget, ACCENT) if r.fitted else ACCENT,
        }
        for r in findings.residuals
    ]  # fmt: skip
    if not rows:
        return None
    inner = [row for row in rows if row["in_fit"]]
    outer = [row for row in rows if not row["in_fit"]]
    typical = sorted(r.predicted for r in findings.residuals)[len(rows) // 2]
    noise = 200 * findings.seed_noise / typical if findings.seed_noise else None
    x = axes.size(alt.X, "n_params", [row["n_params"] for row in rows])
    ends = [row["residual"] for row in rows] + ([noise, -noise] if noise else [0.0])
    y = axes.linear(alt.Y, "residual", "Measured, relative to fitted (% of loss)", ends, label=axes.per_cent, pad=0.1)
    drawing = Drawing()
    if noise:
        strip = drawing.of([{"low": -noise, "high": noise}]).mark_rect(color=palette.light("rule"), opacity=0.5)
        drawing.add(strip.encode(y=axes.like(y, "low"), y2=HIGH_Y))
    drawing.add(drawing.of([{"residual": 0}]).mark_rule(color=INK, strokeWidth=1).encode(y=y))
    drawing.add(drawing.of(inner).mark_circle(size=34, opacity=0.9).encode(x=x, y=y, color=COLOUR))
    if outer:
        diamond = drawing.of(outer).mark_point(shape="diamond", filled=True, size=80, opacity=1, color=ACCENT)
        drawing.add(diamond.encode(x=x, y=y))
        drawing.label([dict(outer[0], label="the check")], x, y, ACCENT, align="right", dx=5, dy=-13)
    worst = max((row["residual"] for row in rows), key=abs)
    return Figure(
        name="residuals",
        title="What L(N, D) does not explain",
        caption="One dot a run, stronger for larger budgets; a bend here is a wrong law, a spread is noise."
        + (" The grey strip is two standard deviations between seeds either way." if noise else "")
        + (" The orange diamond is the check run, which the fit never saw." if outer else ""),
        alt=f"Residuals of {len(inner)} fitted runs against size; the largest is {worst:+.2f} per cent.",
        svg=drawing.svg(),
        csv=csv_of(residual=rows),
    )


def learning_rate_pilot(findings: Findings) -> Figure | None:
    """How much loss each learning rate costs over the best one of its cell; None without a pilot."""
    cells: dict[str, dict[float, float]] = {}
    for fact in findings.pilot:
        if fact.loss is not None and fact.status == "done":
            cells.setdefault(fact.cell, {})[fact.factor] = fact.loss
    if not cells:
        return None
    colours = dict(zip(cells, [*palette.spread(len(findings.budgets), len(cells))], strict=True))
    rows: list[dict[str, Any]] = [
        {
            "cell": cell, "factor": factor, "loss": loss, "excess": 100 * (loss / min(losses.values()) - 1),
            "colour": colours[cell],
        }
        for cell, losses in cells.items()
        for factor, loss in sorted(losses.items())
    ]  # fmt: skip
    ticks = sorted({1.0, *(row["factor"] for row in rows)})
    x = axes.at(alt.X, "factor", "Learning rate, as a multiple of the recipe's", ticks, label=prose.multiple)
    ends = [0.0, 0.6, *(row["excess"] for row in rows)]
    y = axes.linear(alt.Y, "excess", "Loss over the cell's best (%)", ends, label="{:g} %".format)
    drawing = Drawing()
    half = drawing.of([{"excess": 0.5}]).mark_rule(color=SOFT, strokeDash=[3, 3], strokeWidth=1)
    drawing.add(half.encode(y=y))
    drawing.add(drawing.of(rows).mark_line(strokeWidth=1.6).encode(x=x, y=y, color=COLOUR, detail=alt.Detail("cell:N")))
    drawing.add(drawing.of(rows).mark_circle(size=45, opacity=1).encode(x=x, y=y, color=COLOUR))
    drawing.key([(cell, colours[cell]) for cell in cells], "width / 2", "8", "center")
    at_recipe = [row for row in rows if row["factor"] == 1.0]
    said = "; ".join(f"{row['cell']}: {row['excess']:.2f} % above its best" for row in at_recipe)
    return Figure(
        name="learning-rate-pilot",
        title="How well the recipe's learning rate is tuned",
        caption="One line a cell. Below the dashed line a cell is within 0.5 % of its best.",
        alt="Loss over the best against learning rate" + (f"; at the recipe's own rate, {said}." if said else "."),
        svg=drawing.svg(),
        csv=csv_of(run=rows),
    )
