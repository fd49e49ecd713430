"""What stands below a plan on the screen: its alternatives, and what it hangs on."""

import textwrap
from collections.abc import Sequence

from isoflop.plans.answer import Answer
from isoflop.plans.costing import costing
from isoflop.plans.other_run import Alternative
from isoflop.plans.sensitivity import Change, Effect
from isoflop.reports import prose
from isoflop.reports.narrow import kept_to_width
from isoflop.reports.width import width
from isoflop.units import print_count, print_dollars, print_flops, print_ratio, print_share

MOST = 8
"""Effects shown; of other laws at most `MOST_LAWS` of them."""
MOST_LAWS = 2


def alternatives_text(answer: Answer, found: Sequence[Alternative]) -> str:
    """The plan and the runs beside it as rows, then a sentence on each; of what is the plan, or is none, only that."""
    runs = [each for each in found if not each.is_plan and each.tokens is not None]
    said = [line for each in found for line in _wrapped(f"{each.name[0].upper()}{each.name[1:]}: {each.why}")]
    if not runs:
        return "\n".join([f"Alternatives{'' if said else ': none that differ.'}", *said])
    flops, n = answer.flops, answer.n_params
    rows: list[tuple[str, ...]] = [("", "N", "D", "D / N", "loss", "compute", "days", "cost")]
    size, spent = (n, flops / (6 * n)), print_flops(flops).removesuffix(" FLOPs")
    rows.append(_run("this plan", size, answer.split.median("loss"), spent, costing(answer.have, n, flops)))
    for each in runs:
        compute = prose.MISSING if each.extra is None else _share(each.extra)
        rows.append(_run(each.name, (each.n_params, each.tokens), each.loss, compute, (each.days, each.dollars)))
    table = kept_to_width(rows, spare=(3,))
    return "\n".join(["Alternatives (compute of training; days on the plan's GPUs)", table, *said])


def sensitivity_text(found: Sequence[Effect], most: int = MOST) -> str:
    """The largest effects as rows, N, D, days and cost against the plan's, with what else follows from them."""
    if not found:
        return "Nothing that was assumed moves this plan."
    shown = _shown(found, most)
    rows: list[tuple[str, ...]] = [("", "instead", "N", "D", "loss", "days", "cost")]
    notes = []
    for effect in shown:
        for i, change in enumerate(effect.changes):
            rows.append((effect.what if i == 0 else "", change.to, *moved_cells(change)))
            notes += [f"{change.to}: {change.note}."] if change.note else []
    left = len(found) - len(shown)
    notes += [f"{left} more that move it less, or other laws: --json."] if left else []
    said = [line for each in notes for line in _wrapped(each)]
    table = kept_to_width(rows, spare=(5, 3))
    return "\n".join(["What this plan hangs on, one assumption moved at a time", table, *said])


def _run(
    name: str,
    size: tuple[float, float | None],
    loss: float | None,
    compute: str,
    cost: tuple[float | None, float | None],
) -> tuple[str, ...]:
    n, d = size
    days, dollars = cost
    return (
        name,
        print_count(n),
        prose.MISSING if d is None else print_count(d),
        prose.ratio(None if d is None else d / n),
        prose.MISSING if loss is None else f"{loss:.4f}",
        compute,
        "<0.001" if days is not None and days < 0.001 else prose.ratio(days),
        prose.MISSING if dollars is None else print_dollars(dollars),
    )


def _shown(found: Sequence[Effect], most: int) -> list[Effect]:
    """The first, but few of other laws, and one of a text."""
    shown: list[Effect] = []
    for effect in found:
        laws = sum(each.name == "law" for each in shown)
        if len(shown) < most and not effect.aside and (effect.name != "law" or laws < MOST_LAWS):
            shown.append(effect)
    return shown


def moved_cells(change: Change) -> tuple[str, ...]:
    """N, D, loss, days and cost against the plan's."""
    loss = prose.MISSING if change.loss is None else f"{change.loss:+.4f}".replace("-", "−") if change.loss else "="
    ratios = (change.n_params, change.tokens, change.days, change.dollars)
    n, d, days, dollars = (prose.MISSING if each is None else _share(each - 1) for each in ratios)
    return n, d, loss, days, dollars


def _share(extra: float) -> str:
    """+13%, ×2.4 from twice on, and = where nothing moves."""
    if abs(extra) < 5e-4:
        return "="
    if extra >= 0.995:
        return f"×{print_ratio(1 + extra)}"
    return (_signed(extra) if abs(extra) >= 0.1 else f"{100 * extra:+.2g}%").replace("-", "−")


def _signed(extra: float) -> str:
    return f"{'+' if extra > 0 else ''}{print_share(extra)}"


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, width(), break_on_hyphens=False)
