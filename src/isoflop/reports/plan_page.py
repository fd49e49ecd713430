"""The page of a plan: one HTML file that needs nothing else, the plan first, then doubts, then what was assumed."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from isoflop.costs.gated import GatedShape
from isoflop.costs.utilisation import default_mfu
from isoflop.plans.answer import Answer
from isoflop.plans.plan import Quantity
from isoflop.reports import palette, prose
from isoflop.reports.markup import fill
from isoflop.reports.plan_curves import best_at_budget
from isoflop.reports.plan_marks import counted, loss_unit
from isoflop.reports.plan_parts import Part, ordered
from isoflop.units import print_dollars

SMALL, LARGE = 0.01, 1e6  # of hours, days, dollars: beyond them digits tell nothing
HALF = 0.5  # of the laws would have N larger than the largest allowed
NOTHING: Mapping[str, Part] = {}


def plan_page(answer: Answer, parts: Mapping[str, Part] = NOTHING, defaults: Mapping[str, str] | None = None) -> str:
    """The whole page as HTML text, a pure function of the answer and the parts (`plan_parts.PARTS`) there are.

    defaults: what was assumed, where that is more than the answer's own. Raises `ValueError` for a part that the page
    has no place for.
    """
    from isoflop.reports.plan_figures import draw  # noqa: PLC0415 – charts are slow to import

    shown = ordered(parts)
    values = {
        "a": answer,
        "defaults": answer.defaults if defaults is None else defaults,
        "headline": headline(answer),
        "numbers": numbers(answer),
        "doubts": doubts(answer, shown),
        "rows": rows(answer),
        "asked": asked(answer),
        "figures": draw(answer),
        "parts_shown": shown,
        "plan_json": json.dumps(answer.to_json(), indent=1),
    }
    return fill("plan.html", palette.SHADES, values)


def headline(found: Answer) -> str:
    """The plan in a sentence."""
    question, aim = found.question, found.split.aim
    size, data = f"{prose.short(found.n_params)} parameters", f"{prose.short(found.tokens)} tokens"
    if aim.unique_tokens and found.tokens > aim.unique_tokens:
        data += f", {prose.short(aim.unique_tokens)} of them different"
    of = " of another text than yours" if found.source.text else ""
    loss = f"{prose.loss(found.quantity('loss').median)} {found.source.law.output_unit}{of}"
    cost = f"{_flops(found.quantity('flops').median)} FLOPs"
    fixed = question.n_params is not None or question.tokens is not None
    if question.judged:
        said = f"{size} on {data} take {cost} and come to {loss}"
    elif question.loss is not None:
        end = "the size and tokens given" if fixed else f"the least it takes to train{_and_serve(found)}"
        said = f"{size} on {data} reach {question.loss:g} {found.source.law.output_unit}{of} for {cost}, {end}"
    else:
        allowed = f"{_flops(aim.flops or 0.0)} FLOPs"
        if found.binding not in ("", "--flops"):
            allowed += f", what {found.binding} allow{'' if ' and ' in found.binding else 's'},"
        spent = (
            "go, as asked, into" if fixed else "go into the largest model allowed," if found.split.capped > HALF else ""
        )
        said = f"{allowed} {spent or 'are best spent on'} {size} on {data}{_and_serve(found)}: {loss}"
    if fixed and question.loss is None and (best := best_at_budget(found)):
        there = f"{prose.short(best.median('n_params'))} on {prose.short(best.median('tokens'))}"
        said += f"; the best use of as many FLOPs, {there}, comes to {prose.loss(best.median('loss'))}"
    many = len(found.doubts)
    if many:
        said += f"; {'one doubt' if many == 1 else f'{many} doubts'} about the law {'is' if many == 1 else 'are'} below"
    return said + "."


def numbers(found: Answer) -> list[tuple[str, str, str]]:
    """What people came for, set large: (what, value, interval)."""
    have = found.have
    costs = [
        ("GPU-hours", found.of_flops(have.hours(1.0)), _amount),
        (f"days on {have.gpus:,} {have.device.name}", found.of_flops(have.days(1.0)), _amount),
        ("dollars to train", found.of_flops(have.dollars(1.0)), _dollars),
    ]
    told = [
        ("N, parameters", found.quantity("n_params"), prose.short),
        ("D, tokens", found.quantity("tokens"), prose.short),
        (f"loss, {loss_unit(found)}", found.quantity("loss"), prose.loss),
        ("training FLOPs", found.quantity("flops"), _flops),
    ]
    if found.split.aim.served:
        told.append(("serving FLOPs", found.quantity("serving_flops"), _flops))
    return [(what, show(each.median), _ends(each, show)) for what, each, show in (*told, *costs) if each is not None]


def rows(found: Answer) -> list[tuple[str, str, str, str]]:
    """All of the plan: what, value, interval, and what to know of it."""
    aim, source = found.split.aim, found.source
    basin = found.basin
    flat = (
        f"within {prose.percent(basin.tolerance)} of the best loss from {prose.short(basin.low)} to "
        f"{prose.short(basin.high)}"
        if basin
        else ""
    )
    told: list[tuple[str, str, str, str]] = []

    def add(what: str, each: Quantity | None, show: Callable[[float], str], note: str = "") -> None:
        if each is not None:
            told.append((what, show(each.median), _ends(each, show), note))

    add("N, parameters", found.quantity("n_params"), prose.short, "; ".join(filter(None, (counted(found), flat))))
    add("D, tokens", found.quantity("tokens"), prose.short, "repeats counted" if aim.unique_tokens else "")
    add("D / N", found.quantity("tokens_per_param"), prose.ratio)
    if aim.unique_tokens:
        add("epochs", found.quantity("epochs"), prose.ratio, f"of {prose.short(aim.unique_tokens)} unique tokens")
    text = f"of {source.text}, not of your text" if source.text else "of your runs' text, the mean over seeds"
    add(f"loss, {loss_unit(found)}", found.quantity("loss"), prose.number, text)
    if found.regret:
        told.append(
            (
                "if another law of the bag holds", f"{prose.percent(found.regret.worst)} of the loss", "",
                f"or {prose.percent(found.regret.compute)} of the compute, is the most this N costs (95 % of laws)",
            )
        )  # fmt: skip
    if found.shape is not None:
        told.append(("shape", *_shape_words(found)))
    add(
        "training FLOPs",
        found.quantity("flops"),
        _flops,
        f"6 N D; executed {found.have.executed:.2f} times as many, attention included",
    )
    if aim.served:
        add(
            "serving FLOPs",
            found.quantity("serving_flops"),
            _flops,
            f"2 N for each of {prose.short(aim.served)} tokens",
        )
    have = found.have
    add("GPU-hours", found.of_flops(have.hours(1.0)), _amount, f"{have.device.name}, those lost to failures included")
    add("days", found.of_flops(have.days(1.0)), _amount, f"on {have.gpus:,} of them")
    dollars = found.of_flops(have.dollars(1.0))
    add("cost of training", dollars, _dollars, "" if have.price is None else f"at ${have.price:g} a GPU-hour")
    if dollars is None:
        told.append(("cost of training", prose.MISSING, "", f"no price of {have.device.name} is known (--price)"))
    return told


def asked(found: Answer) -> list[tuple[str, str]]:
    """The options given, and what each budget and limit comes to."""
    question = found.question
    pairs = []
    for option in question.given:
        name = option.removeprefix("--").replace("-", "_")
        pairs.append(("--shape" if name == "family" else option, _given(name, getattr(question, name))))
    for name, flops in found.allowed.items():
        if name != "--flops" or len(found.allowed) > 1:
            binds = ", which binds" if name == found.binding and len(found.allowed) > 1 else ""
            pairs.append((f"{name} allow{'' if ' and ' in name else 's'}", f"{_flops(flops)} FLOPs{binds}"))
    pairs += [(f"{name}: N at most", prose.short(most)) for name, most in found.most.items()]
    return pairs


def _given(name: str, value: Any) -> str:
    """An option's value as one would write it."""
    if name == "flops":
        return f"{_flops(value)} FLOPs"
    if name in ("dollars", "price"):
        return print_dollars(value) if name == "dollars" else f"${value:g} a GPU-hour"
    if value is True:
        return "yes"
    if isinstance(value, str):
        return value
    return prose.short(value) if value >= LARGE else f"{value:,g}"


def doubts(found: Answer, parts: Mapping[str, Part]) -> list[dict[str, str]]:
    """Doubts of the law, then of devices and MFU, then what the parts warn of; each once."""
    have = found.have
    said = [("the law", each) for each in found.doubts]
    said += [("the device", each) for each in have.device.doubts]
    if "mfu" in have.defaults and (unverified := default_mfu(found.n_params).unverified):
        said.append(("MFU", f"MFU {have.mfu:.0%}: {unverified}."))
    said += [(part.title, each) for part in parts.values() for each in part.warnings]
    first: dict[str, str] = {}
    for name, message in said:
        first.setdefault(message, name)
    return [{"verdict": "doubt", "name": name, "message": message} for message, name in first.items()]


def _and_serve(found: Answer) -> str:
    served = found.split.aim.served
    comma = "," if found.split.aim.unique_tokens else ""
    return f"{comma} and to serve {prose.short(served)} tokens" if served else ""


def _shape_words(found: Answer) -> tuple[str, str, str]:
    shape = found.shape
    assert shape is not None
    keys = f", {shape.n_kv_heads} for keys and values" if isinstance(shape, GatedShape) else ""
    detail = (
        f"{shape.n_heads} heads of {shape.head_dim}{keys}; feed-forward {shape.ff_width:,}; {shape.vocab_size:,} ids; "
        f"{prose.short(shape.n_params_total)} parameters in all; as {found.question.family}"
    )
    return f"{shape.n_layers} layers of {shape.width:,}", "", detail


def _flops(value: float) -> str:
    return prose.power(value, 3)


def _amount(value: float) -> str:
    """Hours or days: 7030 as "7,030", 1.2e7 as "12M", 4.9e-7 as a power of ten."""
    if value < SMALL:
        return prose.power(value, 3)
    return prose.ratio(value) if value < LARGE else prose.short(value)


def _dollars(value: float) -> str:
    return "under $0.01" if value < SMALL else print_dollars(value)


def _ends(quantity: Quantity, show: Callable[[float], str]) -> str:
    """The interval in brackets; "" where none is known or it does not show."""
    if quantity.low is None or quantity.high is None:
        return ""
    low, high = show(quantity.low), show(quantity.high)
    return "" if low == high == show(quantity.median) else f"[{low}, {high}]"
