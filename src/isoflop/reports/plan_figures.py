"""Pictures of a plan, in order: loss against size at its budget, the frontier around it, N and D against compute."""

from typing import Any

import altair as alt
import numpy as np

from isoflop.plans.answer import Answer
from isoflop.plans.basin import TOLERANCE
from isoflop.reports import axes, palette, prose
from isoflop.reports.drawing import COLOUR, HIGH_X, HIGH_Y, Drawing
from isoflop.reports.figure import Figure, csv_of
from isoflop.reports.plan_axes import loss_axis, size_axis
from isoflop.reports.plan_curves import Rows, at_budget, fitted_flops, frontier, published_beside
from isoflop.reports.plan_limit_figures import cost_against_size, loss_against_epochs
from isoflop.reports.plan_marks import bag_words, counted, own_words, plan_mark

ACCENT, SOFT, BAND = (palette.light(role) for role in ("accent", "soft", "band"))
APART = 0.05  # of N: so far from the best, the best is drawn too
ABOVE = 1e-3  # of the loss: so far above the frontier the plan is said to lie above it


def draw(found: Answer) -> tuple[Figure, ...]:
    """All pictures for which there is something to show, each with its SVG and its data."""
    along = frontier(found)
    drawn = (
        loss_against_size(found),
        loss_against_epochs(found),
        cost_against_size(found),
        loss_against_compute(found, along),
        sizes_and_tokens(found, along),
    )
    return tuple(figure for figure in drawn if figure is not None)


def loss_against_size(found: Answer) -> Figure:
    """L at the plan's budget against N, with the sizes nearly as good as the best, and the best where it is not N."""
    curve = at_budget(found)
    plan = plan_mark(found)
    low, high = curve.within
    x = size_axis(alt.X, "n_params", found, [*(row["n_params"] for row in curve.rows), plan["n_params"]])
    middles = [*(row["loss"] for row in curve.rows), plan["loss"]]
    ends = [row[end] for row in curve.rows for end in ("low", "high")]
    y = loss_axis(found, axes.around(middles, ends, 1.25), pad=0.12)
    drawing = Drawing()
    strip = drawing.of([{"low": low, "high": high}]).mark_rect(color=palette.light("rule"), opacity=0.45, clip=True)
    drawing.add(strip.encode(x=axes.like(x, "low"), x2=HIGH_X))
    if len(found.split.bag) > 1:
        band = drawing.of(curve.rows).mark_area(color=BAND, clip=True)
        drawing.add(band.encode(x=x, y=axes.like(y, "low"), y2=HIGH_Y))
    line = drawing.of(curve.rows).mark_line(color=palette.spread(palette.SHADES, 3)[1], strokeWidth=1.7, clip=True)
    drawing.add(line.encode(x=x, y=y))
    caps = [
        {"n_params": most} for most in found.most.values() if curve.rows[0]["n_params"] < most < 3 * plan["n_params"]
    ]
    if caps:
        rule = drawing.of(caps).mark_rule(color=SOFT, strokeDash=[3, 3], strokeWidth=1.2)
        drawing.add(rule.encode(x=x))
    best = curve.best if curve.best and abs(curve.best["n_params"] / plan["n_params"] - 1) > APART else None
    side: dict[str, Any] = {"align": "center", "dx": 0, "dy": 17}
    if best:
        blue = palette.spread(palette.SHADES, 3)[1]
        drawing.add(drawing.dots([best], 55, blue, opacity=1).encode(x=x, y=y))
        drawing.label([dict(best, label=f"best: {prose.short(best['n_params'])}")], x, y, blue, **side)
        # Outside of the bowl, on the plan's side of it.
        left = plan["n_params"] < best["n_params"]
        side = {"align": "right", "dx": -9, "dy": 9} if left else {"align": "left", "dx": 9, "dy": 9}
    drawing.add(drawing.diamonds([plan], ACCENT).encode(x=x, y=y))
    drawing.label([dict(plan, label=f"the plan: {prose.short(plan['n_params'])}")], x, y, ACCENT, **side)
    within = prose.percent(TOLERANCE)
    style: dict[str, Any] = {"align": "center", "dx": 0, "dy": 9, "fontSize": 11}
    top = alt.YValue(0)  # type: ignore[no-untyped-call]
    drawing.label([{"n_params": (low * high) ** 0.5, "label": f"within {within}"}], x, top, SOFT, **style)
    flat = f"Within {within} of the best loss from {prose.short(low)} to {prose.short(high)} parameters (grey)."
    served = found.split.aim.served
    tokens = f"what serving {prose.short(served)} tokens leaves of the budget" if served else "D = C / (6 N)"
    return Figure(
        name="loss-against-size",
        title=f"How flat the optimum is at {prose.power(curve.flops, 3)} FLOPs",
        caption=f"{flat} Each size is trained on {tokens}. The diamond is the plan"
        + (", the dot the best size for this compute" if best else "")
        + (", the dashed line the largest size allowed" if caps else "")
        + f".{bag_words(found)} {own_words(found)}. N counts {counted(found)}.",
        alt=f"Loss against model size at {prose.power(curve.flops, 3)} FLOPs. {flat} The plan is at "
        f"{prose.short(plan['n_params'])} parameters and {prose.loss(plan['loss'])} {found.source.law.output_unit}.",
        svg=drawing.svg(),
        csv=csv_of(
            law=curve.rows, plan=[plan], best=[curve.best] if curve.best else [], within=[{"low": low, "high": high}],
            largest_allowed=caps,
        ),
    )  # fmt: skip


def loss_against_compute(found: Answer, along: Rows) -> Figure | None:
    """The least loss of each compute around the plan's; None where the laws have no best sizes there."""
    if len(along) < 2:
        return None
    plan = plan_mark(found)
    fitted = fitted_flops(found)
    x = axes.compute("flops", [*(row["flops"] for row in along), plan["flops"]])
    middles = [*(row["loss"] for row in along), plan["loss"]]
    y = loss_axis(found, axes.around(middles, [row[end] for row in along for end in ("low", "high")], 1.25))
    drawing = Drawing()
    _fitted_strip(drawing, x, fitted, along)
    drawing.fan(along, x, y, ends=("low", "high"), field="flops", top=fitted[1] if fitted else float("inf"))
    drawing.add(drawing.diamonds([plan], ACCENT).encode(x=x, y=y))
    drawing.label([dict(plan, label="the plan")], x, y, ACCENT, dx=9, dy=-9)
    unique = found.split.aim.unique_tokens
    here = prose.loss(plan["loss"])
    return Figure(
        name="loss-against-compute",
        title="What more compute, or less, would buy",
        caption=f"The least loss of each training compute{_of_unique(unique)}, N and D split at their best; "
        f"{_fitted_words(fitted)} The diamond is the plan{_above(found, along)}."
        f"{bag_words(found)} {own_words(found)}.",
        alt=f"Best loss against compute on log axes, from {prose.loss(along[0]['loss'])} at "
        f"{prose.power(along[0]['flops'])} FLOPs down to {prose.loss(along[-1]['loss'])} at "
        f"{prose.power(along[-1]['flops'])} FLOPs; the plan comes to {here} at {prose.power(plan['flops'], 3)} FLOPs.",
        svg=drawing.svg(),
        csv=csv_of(
            frontier=[{key: row[key] for key in ("flops", "loss", "low", "high")} for row in along],
            plan=[plan],
            fitted=[{"low": fitted[0], "high": fitted[1]}] if fitted else [],
        ),
    )


def sizes_and_tokens(found: Answer, along: Rows) -> Figure | None:
    """The best N and D of each compute by the plan's laws, and by published ones beside them."""
    if len(along) < 2:
        return None
    plan = plan_mark(found)
    beside = published_beside(found, [row["flops"] for row in along])
    colours = dict(zip(beside, palette.spread(palette.SHADES, len(beside)), strict=True))
    others: list[dict[str, Any]] = [
        {"law": name, "quantity": what, "line": f"{name} {what}", "colour": colours[name], "flops": row["flops"],
         "value": row[field]}
        for name, rows in beside.items()
        for what, field in (("N", "n_params"), ("D", "tokens"))
        for row in rows
    ]  # fmt: skip
    own: list[dict[str, Any]] = [
        {"law": "plan", "quantity": what, "flops": row["flops"], "value": row[field], "low": row[low],
         "high": row[high]}
        for what, field, low, high in (("N", "n_params", "n_low", "n_high"), ("D", "tokens", "d_low", "d_high"))
        for row in along
    ]  # fmt: skip
    x = axes.compute("flops", [*(row["flops"] for row in along), plan["flops"]])
    middles: list[float] = [*(row["value"] for row in [*others, *own]), plan["n_params"], plan["tokens"]]
    # Room above for the list of laws.
    room = max(middles) * (max(middles) / min(middles)) ** 0.22
    y = axes.log(alt.Y, "value", "N (parameters) and D (tokens)", [*middles, room], label=prose.short)
    drawing = Drawing()
    dashes = {"N": [1, 0], "D": [6, 4]}
    if len(found.split.bag) > 1:
        for what in dashes:
            band = drawing.of([row for row in own if row["quantity"] == what]).mark_area(
                color=BAND, opacity=0.7, clip=True
            )
            drawing.add(band.encode(x=x, y=axes.like(y, "low"), y2=HIGH_Y))
    for what, dash in dashes.items():
        line = drawing.of([row for row in others if row["quantity"] == what])
        line = line.mark_line(strokeWidth=1.3, strokeDash=dash, clip=True, opacity=0.9)
        drawing.add(line.encode(x=x, y=y, color=COLOUR, detail=alt.Detail("line:N")))
        mine = [row for row in own if row["quantity"] == what]
        line = drawing.of(mine).mark_line(color=ACCENT, strokeWidth=2.1, strokeDash=dash)
        drawing.add(line.encode(x=x, y=y))
        drawing.label([dict(mine[-1], label=what)], x, y, ACCENT, dx=5)
    marks = [{"flops": plan["flops"], "value": plan[field]} for field in ("n_params", "tokens")]
    drawing.add(drawing.diamonds(marks, ACCENT).encode(x=x, y=y))
    drawing.key([("this plan's law", ACCENT), *colours.items()], "10", "8", "left")
    said = "; ".join(
        f"{name} {prose.short(near['n_params'])} on {prose.short(near['tokens'])}"
        for name, rows in beside.items()
        if (near := _nearest(rows, plan["flops"]))
    )
    return Figure(
        name="sizes-and-tokens",
        title="Size and tokens as compute grows, beside published laws",
        caption="Full lines are the best N, dashed ones the best D"
        + (
            f" of which {prose.short(found.split.aim.unique_tokens)} are unique"
            if found.split.aim.unique_tokens
            else ""
        )
        + f", with C = 6 N D; diamonds are the plan's.{bag_words(found)} N counts {counted(found)} in this law, no "
        "embeddings in Kaplan's, all parameters in the others. Published laws are of tokens that are all new, "
        "and extrapolated where nobody fitted them.",
        alt=f"Best size and tokens against compute on log axes. At {prose.power(plan['flops'], 3)} FLOPs the plan has "
        f"{prose.short(plan['n_params'])} parameters on {prose.short(plan['tokens'])} tokens; {said}.",
        svg=drawing.svg(),
        csv=csv_of(this_law=own, published=[{k: v for k, v in row.items() if k != "line"} for row in others]),
    )


def _fitted_strip(drawing: Drawing, x: Any, fitted: tuple[float, float] | None, along: Rows) -> None:
    """Grey where the law was fitted, with words at its foot."""
    if fitted is None:
        return
    left, right = along[0]["flops"], along[-1]["flops"]
    low, high = max(fitted[0], left), min(fitted[1], right)
    if low >= high:
        return
    strip = drawing.of([{"low": low, "high": high}]).mark_rect(color=palette.light("rule"), opacity=0.45)
    drawing.add(strip.encode(x=axes.like(x, "low"), x2=HIGH_X))
    bottom = alt.YValue({"expr": "height"})  # type: ignore[no-untyped-call]
    middle = (low * high) ** 0.5
    if high / low > (right / left) ** 0.2:
        drawing.label([{"flops": middle, "label": "fitted here"}], x, bottom, SOFT, halo=False, fontSize=11,
                      align="center", dx=0, dy=-8)  # fmt: skip


def _fitted_words(fitted: tuple[float, float] | None) -> str:
    if fitted is None:
        return "what the law was fitted to is not known."
    low, high = (prose.power(end) for end in fitted)
    return f"grey is what the law was fitted to ({low} to {high} FLOPs), dashed beyond."


def _above(found: Answer, along: Rows) -> str:
    """Where it is, that and why the plan lies above the frontier."""
    C, losses = np.log([row["flops"] for row in along]), [row["loss"] for row in along]
    if found.quantity("loss").median <= (1 + ABOVE) * float(np.interp(np.log(found.flops), C, losses)):
        return ""
    why = (
        "its size is also chosen for serving" if found.split.aim.served else "its size is not the best for its compute"
    )
    return f", above the line because {why}"


def _of_unique(unique: float | None) -> str:
    return f" with {prose.short(unique)} unique tokens" if unique else ""


def _nearest(rows: Rows, flops: float) -> dict[str, float] | None:
    return min(rows, key=lambda row: abs(row["flops"] / flops - 1), default=None)
