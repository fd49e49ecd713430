"""The one screen of `isoflop plan`: what to build, on how much, at what loss, with what, and how sure that is."""

import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from isoflop.allocations.repeated import useful_epochs
from isoflop.costs.gated import GatedShape
from isoflop.costs.shape import Shape
from isoflop.laws.data_constrained import DataConstrained
from isoflop.plans.answer import Answer
from isoflop.plans.basin import Regret
from isoflop.plans.plan import Quantity
from isoflop.reports.prose import ratio
from isoflop.reports.width import width
from isoflop.units import print_count, print_dollars, print_flops, print_ratio, print_seconds

MOST_DOUBTS = 6
"""Of the laws, that come first on the screen."""
LEAST_REGRET = 1e-4
LEAST_EXECUTED = 0.005
"""Of 6 N D: what attention has to add to be worth a word."""


def plan_text(
    found: Answer,
    blocks: Sequence[tuple[str, Sequence[str]]] = (),
    doubts: Sequence[str] = (),
    defaults: Mapping[str, str] | None = None,
    problem: str = "",
) -> str:
    """What keeps it from running, the laws' doubts, the plan, blocks (title, lines), other doubts, what was assumed."""
    parts = wrapped([f"Problem: {problem}"] if problem else [])
    parts += [*doubt_lines(found.doubts), *headline(found), *aligned(main_rows(found, fits=not problem))]
    for title, lines in blocks:
        if lines:
            parts += ["", title, *lines]
    if others := [doubt for doubt in doubts if doubt not in found.doubts]:
        parts += ["", "Doubtful in rules and machines", *wrapped((f"  {each}" for each in others), indent="    ")]
    assumed = found.defaults if defaults is None else defaults
    said = "; ".join(f"{name}: {value}" for name, value in assumed.items())
    parts += ["", *wrapped([f"Assumed, each can be set or is said: {said}."])]
    parts += wrapped(f"Note: {note}" for note in found.notes)
    return "\n".join(parts)


def doubt_lines(doubts: Sequence[str], most: int = MOST_DOUBTS) -> list[str]:
    """What speaks against the laws, first; of many, the rest are counted."""
    left = len(doubts) - most
    said = [f"Doubt: {doubt}" for doubt in doubts[:most]]
    said += [f"Doubt: {left} more (--json)."] if left > 0 else []
    return wrapped(said)


def headline(found: Answer) -> list[str]:
    """What was asked, and by which law it is answered."""
    asked = found.question
    if asked.judged:
        title = "The run as it stands"
    elif asked.loss is not None:
        title = f"The cheapest run that reaches {asked.loss:g} nats/token"
    else:
        title = f"The best run for {print_flops(found.allowed[found.binding])}"
        title += f", what {found.binding} allow" + ("" if " and " in found.binding else "s")
    if found.split.aim.served and not asked.judged:
        title += ", training and serving together" + (" at their prices" if asked.output_tokens else "")
    if len(found.allowed) > 1:
        rest = [f"{name} {print_flops(flops)}" for name, flops in found.allowed.items() if name != found.binding]
        title += f" (beside it: {', '.join(rest)})"
    bag = found.split.bag
    by = f"by {found.source.name}" + (f", {len(bag)} laws of {bag.how or 'its draws'}" if len(bag) > 1 else "")
    return wrapped([f"{title}, {by}"])


def main_rows(found: Answer, *, fits: bool = True) -> list[tuple[str, str]]:
    """Label and value of the plan itself."""
    have, asked = found.have, found.question
    each = shown(found.quantity("tokens_per_param"), ratio)
    rows = [
        ("N, parameters", shown(found.quantity("n_params")) + within(found)),
        ("D, tokens", f"{shown(found.quantity('tokens'))}, {each} for each parameter{epochs(found)}"),
    ]
    if found.split.aim.unique_tokens is not None:
        rows.append(("repeating", repeating(found)))
    if found.shape is not None:
        rows.append(("shape", shape_words(found.shape, asked.family)))
    loss = shown(found.quantity("loss"), lambda x: f"{x:.4f}")
    rows.append(
        ("loss, nats/token", loss + (f" of {found.source.text}, not of your text" if found.source.text else ""))
    )
    if found.regret is not None:
        rows.append(("regret", f"this N costs {regret_words(found.regret)}, by 95 % of the laws"))
    rows.append(("FLOPs", flops_words(found)))
    hours, days = found.of_flops(have.hours(1.0)), found.of_flops(have.days(1.0))
    dollars = found.of_flops(have.dollars(1.0))
    money = shown(dollars, print_dollars) if dollars else f"no price of {have.device.name} is known (--price)"
    if hours and days:
        rows.append(
            (
                "time and cost",
                f"{'' if fits else 'if it fitted, '}{days_words(days)} on {have.gpus:,} {have.device.name}: "
                f"{shown(hours)} GPU-hours, {money}",
            )
        )
    return rows


def regret_words(found: Regret) -> str:
    """The loss and compute that are lost at worst."""
    if found.worst < LEAST_REGRET:
        return f"less than {LEAST_REGRET:.2%} of the loss"
    return f"up to {found.worst:.2%} of the loss, {found.compute:.1%} of the compute"


def flops_words(found: Answer) -> str:
    """6 N D, what is executed beyond it, and what serving takes."""
    executed = found.have.executed
    said = f"{shown(found.quantity('flops'), bare_flops)} of training, as 6 N D"
    if abs(executed - 1) >= LEAST_EXECUTED:
        said += f"; executed {executed:.2f} times as many, attention included"
    if found.split.aim.served:
        said += f"; {shown(found.quantity('serving_flops'), bare_flops)} of serving, as 2 N a token"
    if found.question.output_tokens:
        priced = 2 * found.n_params * found.split.aim.served
        said += f", which costs as much as {bare_flops(priced)} of training"
    return said


def shown(quantity: Quantity | None, show: Callable[[float], str] = print_count) -> str:
    """A number, with its interval where there is one."""
    if quantity is None:
        return "unknown"
    if quantity.low is None or quantity.high is None or quantity.high - quantity.low <= 1e-9 * abs(quantity.median):
        return show(quantity.median)
    return f"{show(quantity.median)} ({show(quantity.low)} to {show(quantity.high)})"


def bare_flops(flops: float) -> str:
    """FLOPs without the word."""
    return print_flops(flops).removesuffix(" FLOPs")


def print_days(days: float) -> str:
    """Days, or what is less than one in hours, minutes and seconds."""
    return f"{ratio(days)} days" if days >= 1 else print_seconds(days * 86_400)


def days_words(days: Quantity) -> str:
    """Days, or what is less than one in hours, minutes and seconds."""
    least = days.median if days.low is None else days.low
    if least < 1:
        return shown(days, print_days)
    return f"{shown(days, ratio)} days"


def within(found: Answer) -> str:
    """How flat the optimum is."""
    if found.basin is None:
        return ""
    around = found.basin
    return (
        f"; within {around.tolerance:.0%} of the best loss from {print_count(around.low)} to {print_count(around.high)}"
    )


def epochs(found: Answer) -> str:
    """How often each token is seen, where some are repeated."""
    aim = found.split.aim
    if aim.unique_tokens is None:
        return ""
    seen = found.quantity("epochs")
    if seen.median < 1:
        return f", {seen.median:.2g} of the {print_count(aim.unique_tokens)} unique tokens, none twice"
    epochs = f"epoch{'' if seen.median == 1 else 's'}"
    return f", {shown(seen, print_ratio)} {epochs} of {print_count(aim.unique_tokens)} unique tokens"


def repeating(found: Answer) -> str:
    """What a repeated token is worth here, and past how many epochs more of them hurt."""
    law, unique = found.source.law, float(found.split.aim.unique_tokens or 0)
    epochs = found.split.median("epochs")
    said = []
    if isinstance(law, DataConstrained):
        said.append(f"a token is worth {float(law.worth_of_epochs(epochs)):.2f} of a new one, on average")
    most = float(useful_epochs(law, found.n_params, unique)[0])
    if most < np.inf:
        said.append(f"past {print_ratio(most)} epochs more of them hurt")
    else:
        said.append("this law cannot say that repetition hurts, which others find")
    return "; ".join(said)


def shape_words(shape: Shape, family: str) -> str:
    """Layers, width, heads, feed-forward and vocabulary in a line."""
    heads = f"{shape.n_heads} heads of {shape.head_dim}"
    if isinstance(shape, GatedShape):
        heads += f" ({shape.n_kv_heads} for keys)"
    size = f"{shape.n_layers} layers of {shape.width}, {heads}, feed-forward {shape.ff_width}"
    return f"{size}, {shape.vocab_size:,} ids, as {family}"


def wrapped(lines: Iterable[str], indent: str = "  ") -> list[str]:
    """Each line within the width, what goes on indented."""
    return [textwrap.fill(line, width(), subsequent_indent=indent, break_long_words=False) for line in lines]


def rows_block(rows: Mapping[str, str]) -> list[str]:
    """Label and value, aligned and indented."""
    return [f"  {line}" for line in aligned(list(rows.items()), width() - 2)]


def aligned(rows: Sequence[tuple[str, str]], across: int | None = None) -> list[str]:
    """Labels, and values beside them; what is long goes on under its value."""
    label = 2 + max((len(name) for name, _ in rows), default=0)
    lines: list[str] = []
    for name, value in rows:
        first, *rest = textwrap.wrap(
            value, (across or width()) - label, break_long_words=False, break_on_hyphens=False
        ) or [""]
        lines += [f"{name:<{label}}{first}", *(f"{'':<{label}}{line}" for line in rest)]
    return lines
