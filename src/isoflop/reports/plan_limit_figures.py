"""Pictures of what limits a plan: loss against epochs where tokens are few, cost of a life where many are served."""

from typing import Any

import altair as alt

from isoflop.plans.answer import Answer
from isoflop.reports import axes, palette, prose
from isoflop.reports.drawing import HIGH_Y, Drawing
from isoflop.reports.figure import Figure, csv_of
from isoflop.reports.plan_axes import loss_axis, size_axis
from isoflop.reports.plan_curves import by_epochs, cost_of_life, spent
from isoflop.reports.plan_marks import bag_words, counted, own_words, plan_mark

ACCENT, SOFT, TREND, BAND = (palette.light(role) for role in ("accent", "soft", "trend", "band"))


def loss_against_epochs(found: Answer) -> Figure | None:
    """Loss of the plan's N against epochs of its unique tokens; None where these are not limited."""
    unique = found.split.aim.unique_tokens
    if unique is None:
        return None
    rows, new = by_epochs(found)
    plan = plan_mark(found)
    title = f"Epochs (D / U, U = {prose.short(unique)} unique tokens)"
    x = axes.log(alt.X, "epochs", title, [row["epochs"] for row in rows])
    middles = [*(row["loss"] for row in [*rows, *new]), plan["loss"]]
    y = loss_axis(found, axes.around(middles, [row[end] for row in rows for end in ("low", "high")], 1.2))
    drawing = Drawing()
    if len(found.split.bag) > 1:
        band = drawing.of(rows).mark_area(color=BAND, clip=True)
        drawing.add(band.encode(x=x, y=axes.like(y, "low"), y2=HIGH_Y))
    ideal = drawing.of(new).mark_line(color=TREND, strokeDash=[5, 4], strokeWidth=1.4)
    drawing.add(ideal.encode(x=x, y=y))
    blue = palette.spread(palette.SHADES, 3)[1]
    drawing.add(drawing.of(rows).mark_line(color=blue, strokeWidth=1.7).encode(x=x, y=y))
    drawing.label([dict(new[len(new) // 2], label="were every token new")], x, y, SOFT, align="right", dx=-8, dy=10)
    drawing.add(drawing.diamonds([plan], ACCENT).encode(x=x, y=y))
    words = f"the plan: {prose.ratio(plan['epochs'])} epochs"
    drawing.label([dict(plan, label=words)], x, y, ACCENT, dx=9, dy=-10)
    lowest = min(rows, key=lambda row: row["loss"])
    harm = (
        f"Past {prose.ratio(lowest['epochs'])} epochs more of them hurt."
        if lowest is not rows[-1]
        else "By this law none of these epochs hurts; more and more of them do nothing."
    )
    return Figure(
        name="loss-against-epochs",
        title=f"What repeating the data is worth to {prose.short(plan['n_params'])} parameters",
        caption=f"Loss against epochs at the plan's N, which counts {counted(found)}; dashed as if every token were "
        f"new. The diamond is the plan. {harm}{bag_words(found)} {own_words(found)}.",
        alt=f"Loss against epochs on log axes, from {prose.loss(rows[0]['loss'])} at {prose.ratio(rows[0]['epochs'])} "
        f"epochs to {prose.loss(rows[-1]['loss'])} at {prose.ratio(rows[-1]['epochs'])}; the plan sees each token "
        f"{prose.ratio(plan['epochs'])} times and comes to {prose.loss(plan['loss'])}. {harm}",
        svg=drawing.svg(),
        csv=csv_of(repeated=rows, every_token_new=new, plan=[plan]),
    )


def cost_against_size(found: Answer) -> Figure | None:
    """FLOPs over the life of a model as good as the plan against its N; None where nothing is served."""
    served = found.split.aim.served
    rows = cost_of_life(found) if served else []
    if len(rows) < 2:
        return None
    plan: dict[str, Any] = {**plan_mark(found), "total": spent(found)}
    least, cheap = min(rows, key=lambda row: row["total"]), min(rows, key=lambda row: row["training"])
    x = size_axis(alt.X, "n_params", found, [row["n_params"] for row in rows])
    lines = {"training": [1, 0], "serving": [6, 4]}
    middles = [row[field] for row in rows for field in ("total", *lines)] + [plan["total"]]
    floor = least["total"] / 30  # what costs less than that decides nothing
    y = axes.log(alt.Y, "total", "Compute over the model's life (FLOPs)", [max(each, floor) for each in middles],
                 label=prose.power)  # fmt: skip
    blue = palette.spread(palette.SHADES, 3)
    drawing = Drawing()
    if len(found.split.bag) > 1:
        band = drawing.of(rows).mark_area(color=BAND, clip=True)
        drawing.add(band.encode(x=x, y=axes.like(y, "low"), y2=HIGH_Y))
    for (field, dash), colour in zip(lines.items(), (blue[0], blue[2]), strict=True):
        line = drawing.of(rows).mark_line(color=colour, strokeWidth=1.4, strokeDash=dash, clip=True)
        drawing.add(line.encode(x=x, y=axes.like(y, field)))
    drawing.add(drawing.of(rows).mark_line(color=ACCENT, strokeWidth=2.0, clip=True).encode(x=x, y=y))
    drawing.add(drawing.diamonds([plan], ACCENT).encode(x=x, y=y))
    words = f"the plan: {prose.short(plan['n_params'])}"
    drawing.label([dict(plan, label=words)], x, y, ACCENT, dx=-6, dy=-22)
    key = [("both", ACCENT), ("training, 6 N D", blue[0]), ("serving, 2 N a token (dashed)", blue[2])]
    drawing.key(key, "width / 2", "8", "center")
    more = least["total"] and cheap["total"] / least["total"] - 1
    worth = (
        f"The size that is cheapest to train, {prose.short(cheap['n_params'])}, costs {prose.percent(more)} more over "
        f"its life than the cheapest in all, {prose.short(least['n_params'])}."
    )
    target = (
        f"reach {found.split.aim.loss:g} {found.source.law.output_unit}"
        if found.split.aim.loss is not None
        else "are as good as the plan"
    )
    return Figure(
        name="cost-against-size",
        title=f"What {prose.short(served)} served tokens make of the best size",
        caption=f"Models that {target}, each trained on as many tokens as that takes. {worth}{bag_words(found)} "
        f"N counts {counted(found)}.",
        alt=f"Training, serving and total FLOPs against model size on log axes. {worth} The plan, "
        f"{prose.short(plan['n_params'])}, comes to {prose.power(plan['total'], 3)} FLOPs.",
        svg=drawing.svg(),
        csv=csv_of(size=rows, plan=[plan], cheapest=[least], cheapest_to_train=[cheap]),
    )
