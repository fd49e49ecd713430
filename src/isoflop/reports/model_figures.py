"""Pictures of the known models: compute over time, N and D beside best lines, D/N over time, losses beside a law."""

from collections.abc import Callable, Collection, Sequence
from typing import Any

import altair as alt
import numpy as np

from isoflop.plans.law_of_time import LAWS_OF_THEIR_TIME, LEAD_MONTHS
from isoflop.plans.rule import Rule, rule
from isoflop.plans.standing_of_models import ModelStanding, Placing, StandingOfModels
from isoflop.reports import axes, labels, palette, prose
from isoflop.reports.drawing import COLOUR, Drawing
from isoflop.reports.figure import Figure, csv_of
from isoflop.reports.one_model_text import short

ACCENT, TREND, SOFT = (palette.light(role) for role in ("accent", "trend", "soft"))
LIGHT, MIDDLE, DARK = palette.spread(palette.SHADES, 3)
SUITES = {"Pythia": LIGHT, "Cerebras-GPT": TREND}
"""Families of many sizes, told by one label each, and their colours."""
_OF_ITS_TIME = dict(zip((name for _, name in LAWS_OF_THEIR_TIME), (TREND, MIDDLE), strict=True))
POINTS = 160


def draw(found: StandingOfModels, named: Collection[str] = ()) -> tuple[Figure, ...]:
    """All pictures; the models named are in the accent."""
    pictures = (timeline, sizes_and_tokens, tokens_per_param, losses)
    drawn = (picture(found, named) for picture in pictures)
    return tuple(each for each in drawn if each is not None)


def timeline(found: StandingOfModels, named: Collection[str]) -> Figure | None:
    """Training compute against the month of release."""
    rows = [row for row in _rows(found, named) if row["flops_6nd"]]
    if not rows:
        return None
    x = _months(rows)
    y = axes.log(alt.Y, "flops_6nd", "Training compute 6 N D (FLOPs)", _values(rows, "flops_6nd"), label=prose.power)
    drawing = Drawing()
    _dots(drawing, rows, x, y)
    _names(drawing, rows, x, y)
    largest = max(rows, key=lambda row: row["flops_6nd"])
    return Figure(
        name="timeline",
        title="Training compute by month of release",
        caption=f"One dot a model; of rings the month, N or D is from memory.{_left_out(found)}",
        alt=f"Training compute on a log axis against time: {len(rows)} models, the largest {largest['model']} with "
        f"{prose.power(largest['flops_6nd'])} FLOPs in {largest['released']}.",
        svg=drawing.svg(),
        csv=csv_of(model=rows),
    )


def sizes_and_tokens(found: StandingOfModels, named: Collection[str]) -> Figure | None:
    """N and D of every model among the lines of best N and D."""
    rows = [row for row in _rows(found, named) if row["tokens"]]
    if not rows:
        return None
    x = axes.size(alt.X, "n_params", _values(rows, "n_params"), label=prose.short)
    y = axes.log(alt.Y, "tokens", "Training tokens D", _values(rows, "tokens"), label=prose.short)
    frame = labels.Frame.of(x, y)
    budgets = np.geomspace(min(_values(rows, "flops_6nd")) / 30, max(_values(rows, "flops_6nd")) * 30, POINTS)
    lines = {each.name: _line(each, budgets, frame) for each in _drawn_rules(found)}
    colours = {name: ACCENT if name == found.law.name else _OF_ITS_TIME[name] for name in lines}
    drawing = Drawing()
    for name, line in lines.items():
        dash: dict[str, Any] = (
            {} if name == found.law.name else {"strokeDash": [6, 3] if colours[name] == TREND else [2, 2]}
        )
        stroke = drawing.of(line).mark_line(color=colours[name], strokeWidth=1.6, clip=True, **dash)
        drawing.add(stroke.encode(x=x, y=y, order=alt.Order("flops:Q")))
    _dots(drawing, rows, x, y)
    paths = [[(point["n_params"], point["tokens"]) for point in line] for line in lines.values()]
    _names(drawing, rows, x, y, lines=paths)
    key = [(f"best by {short(name)}", colours[name]) for name in lines]
    drawing.key(key, "width - 8", f"height - {16 * len(key)}", "right")
    return Figure(
        name="sizes-and-tokens",
        title="Sizes and tokens, and what laws call best",
        caption="Below a line a model is too large for its compute by that law, above it trained for longer. Kaplan’s "
        "N leaves out embeddings, and his compute is taken at the critical batch."
        f"{' N of a mixture of experts is what a token uses.' if _mixtures(found) else ''}",
        alt=f"Training tokens against parameters on log axes: {len(rows)} models, and lines of the best N and D by "
        f"{', '.join(map(short, lines))}.",
        svg=drawing.svg(),
        csv=csv_of(model=rows, **{f"best_by_{name}": line for name, line in lines.items()}),
    )


def tokens_per_param(found: StandingOfModels, named: Collection[str]) -> Figure | None:
    """D/N against time, with what was advised for the compute of each."""
    rows = [row for row in _rows(found, named) if row["tokens"]]
    if not rows:
        return None
    then = _advised(found, lambda each: each.then)
    now = _advised(found, lambda each: each.now)
    ends = [*_values(rows, "tokens_per_param"), *_values([*then, *now], "tokens_per_param")]
    x = _months(rows)
    y = axes.log(alt.Y, "tokens_per_param", "Tokens a parameter D/N", ends, label=prose.ratio)
    drawing = Drawing()
    for advised, colour, wide in ((then, TREND, 15), (now, ACCENT, 9)):
        bars = drawing.of(advised).mark_tick(orient="horizontal", size=wide, thickness=2.4, color=colour, opacity=1)
        drawing.add(bars.encode(x=x, y=y))
    _dots(drawing, rows, x, y)
    marks = [(row["year"], row["tokens_per_param"]) for row in (*then, *now)]
    _names(drawing, rows, x, y, marks=marks)
    key = [
        ("advised for its compute", SOFT),
        ("by the law of its time", TREND),
        (f"by {short(found.law.name)}", ACCENT),
    ]
    drawing.key(key, "8", "12", "left")
    highest = max(rows, key=lambda row: row["tokens_per_param"])
    return Figure(
        name="tokens-per-param",
        title="Tokens a parameter, as trained and as advised",
        caption="Dots are models; dashes are what laws call best for the same compute. Of its time is the law that its "
        f"authors sized it by, or else the last known {LEAD_MONTHS} months before its release. More than best is no "
        "mistake where a small model will serve many tokens.",
        alt=f"Tokens a parameter on a log axis against time: {len(rows)} models, the most {highest['model']} with "
        f"{prose.ratio(highest['tokens_per_param'])}, and what two laws advise for each.",
        svg=drawing.svg(),
        csv=csv_of(model=rows, advised_then=then, advised_now=now),
    )


def losses(found: StandingOfModels, named: Collection[str]) -> Figure | None:
    """Measured losses of the suites beside the law's at their N and D; None where the law knows no loss."""
    rows = _rows(found, named if len(named) == 1 else ())  # else colours tell the suites apart
    rows = [row for row in rows if row["loss"] is not None and row["law_loss"] is not None]
    if not rows:
        return None
    x = axes.log(alt.X, "flops_6nd", "Training compute 6 N D (FLOPs)", _values(rows, "flops_6nd"), label=prose.power)
    y = axes.log(alt.Y, "loss", "Loss (nats/token), log scale", [*_values(rows, "loss"), *_values(rows, "law_loss")])
    drawing = Drawing()
    for family in dict.fromkeys(row["family"] for row in rows):
        line = [dict(row, loss=row["law_loss"]) for row in rows if row["family"] == family]
        stroke = drawing.of(line).mark_line(color=SUITES.get(family, DARK), strokeWidth=1.5, strokeDash=[5, 3])
        drawing.add(stroke.encode(x=x, y=y, order=alt.Order("flops_6nd:Q")))
    _dots(drawing, rows, x, y)
    families = [(family, SUITES.get(family, DARK)) for family in dict.fromkeys(row["family"] for row in rows)]
    words = [("dots: measured on the Pile", SOFT), (f"dashed: {short(found.law.name)} at the same N, D", SOFT)]
    drawing.key([*families, *words], "8", f"height - {16 * (len(families) + 2) - 4}", "left")
    gaps = {row["model"]: row["loss"] - row["law_loss"] for row in rows}
    text = found.law.law.about.text
    return Figure(
        name="losses",
        title="Losses of two suites, and the law’s at their N and D",
        caption="Tokenizers differ too: compare slopes and bends, not heights."
        + (f" The law is of another text ({text})." if text else ""),
        alt=f"Loss against compute on log axes: {len(rows)} models of {' and '.join(name for name, _ in families)}; "
        f"measured less the law’s from {min(gaps.values()):+.2f} to {max(gaps.values()):+.2f} nats/token.",
        svg=drawing.svg(),
        csv=csv_of(model=rows),
    )


def _rows(found: StandingOfModels, named: Collection[str]) -> list[dict[str, Any]]:
    return [
        {
            "model": each.run.name, "family": each.run.family, "released": each.run.released,
            "year": _year(each.run.released), "n_params": float(each.run.n_params.value), "tokens": each.run.tokens,
            "tokens_per_param": each.run.tokens_per_param, "flops_6nd": each.run.six_nd, "loss": each.run.loss,
            "law_loss": each.now.loss if each.now else None, "unverified": each.run.unverified,
            "ring": bool({"released", "n_params", "tokens"} & set(each.run.memory)),
            "colour": ACCENT if each.run.name in named else SUITES.get(each.run.family, DARK),
        }
        for each in found.models
    ]  # fmt: skip


def _advised(found: StandingOfModels, which: Callable[[ModelStanding], Placing | None]) -> list[dict[str, Any]]:
    """What a law advises for each model; of a suite for its largest alone, since the others lie upon it."""
    largest = {each.run.family: each.run.name for each in found.models if each.run.family in SUITES}
    shown = {each.run.name for each in found.models if each.run.family not in SUITES} | set(largest.values())
    return [
        {
            "model": each.run.name,
            "year": _year(each.run.released),
            "law": place.rule,
            "tokens_per_param": place.best_tokens_per_param,
        }
        for each in found.models
        if (place := which(each)) is not None and each.run.name in shown
    ]


def _drawn_rules(found: StandingOfModels) -> list[Rule]:
    earlier = [rule(name) for _, name in LAWS_OF_THEIR_TIME if name != found.law.name]
    return [*earlier, found.law]


def _line(by: Rule, budgets: Any, frame: labels.Frame) -> list[dict[str, Any]]:
    """Best N and D along budgets, as far as the picture goes."""
    (low_n, high_n), (low_d, high_d) = frame.x, frame.y
    points = [(float(C), *by.best(float(C))) for C in budgets]
    return [
        {"flops": C, "n_params": n, "tokens": d} for C, n, d in points if low_n <= n <= high_n and low_d <= d <= high_d
    ]


def _dots(drawing: Drawing, rows: Sequence[dict[str, Any]], x: Any, y: Any) -> None:
    """Discs, and rings where what is drawn is from memory: N, D or the month."""
    sure, unsure = ([row for row in rows if row["ring"] is doubt] for doubt in (False, True))
    drawing.add(drawing.dots(sure, 42).encode(x=x, y=y, color=COLOUR))
    if unsure:
        paper = palette.light("paper")
        rings = drawing.of(unsure).mark_point(shape="circle", size=36, strokeWidth=1.7, fill=paper, opacity=1)
        drawing.add(rings.encode(x=x, y=y, stroke=alt.Stroke("colour:N", scale=None)))


def _names(
    drawing: Drawing,
    rows: Sequence[dict[str, Any]],
    x: Any,
    y: Any,
    *,
    lines: Sequence[Sequence[tuple[float, float]]] = (),
    marks: Sequence[tuple[float, float]] = (),
) -> None:
    """Each model's name beside its dot, clear of other marks, and one for a suite at its middle."""
    across, down = (each.to_dict()["field"] for each in (x, y))
    wanted = [dict(row, label=row["model"]) for row in rows if row["family"] not in SUITES]
    for family, own in SUITES.items():
        members = sorted((row for row in rows if row["family"] == family), key=lambda row: row["n_params"])
        named = [row for row in members if row["colour"] == ACCENT]
        if 0 < len(named) < len(members):
            wanted += [dict(row, label=row["model"]) for row in named]
        if members:
            wanted.append(dict(members[len(members) // 3], label=family))
            wanted[-1]["colour"] = ACCENT if len(named) == len(members) else own
    dots = [(row[across], row[down]) for row in rows]
    found = labels.beside(labels.Frame.of(x, y), wanted, (across, down), dots, lines=lines, marks=marks)
    for (align, right, below), names in found.items():
        drawing.label(names, x, y, align=align, dx=right, dy=below, fontSize=labels.SIZE)


def _months(rows: Sequence[dict[str, Any]]) -> Any:
    years = _values(rows, "year")
    room = max(years) + 0.2 * (max(years) - min(years))  # for the names of the last
    return axes.linear(alt.X, "year", "Released", [*years, room], label="{:.0f}".format)


def _year(released: str) -> float:
    """2024-07 as 2024.54, the middle of the month."""
    year, month = released.split("-")
    return int(year) + (int(month) - 0.5) / 12


def _values(rows: Sequence[dict[str, Any]], name: str) -> list[float]:
    return [float(row[name]) for row in rows]


def _left_out(found: StandingOfModels) -> str:
    names = [each.run.name for each in found.models if each.run.tokens is None]
    return f" {' and '.join(names)}: tokens never published, so not drawn." if names else ""


def _mixtures(found: StandingOfModels) -> bool:
    from isoflop.conventions import Size  # noqa: PLC0415

    return any(Size.ACTIVE in each.run.sizes for each in found.models)
