"""The page of one known model: what was trained, where it stands by each law, where it is from."""

import re
import textwrap
from collections.abc import Sequence
from typing import Any

from isoflop.conventions import MEANINGS
from isoflop.laws.papers import bibtex
from isoflop.laws.published import TAGS
from isoflop.plans.law_of_time import LEAD_MONTHS
from isoflop.plans.standing_of_models import ModelStanding, Placing, StandingOfModels
from isoflop.reports import prose
from isoflop.reports.narrow import kept_to_width
from isoflop.reports.width import width
from isoflop.units import print_count, print_flops

_WHOLE: dict[str, Any] = {"break_long_words": False, "break_on_hyphens": False}
_UNITS = (("T", 1e12), ("B", 1e9), ("M", 1e6))
_ROUND = 1e5  # a count that is a multiple of it was rounded


def one_text(found: StandingOfModels) -> str:
    """The page of one model: what was trained, where it stands by each law, where it is from."""
    (model,) = found.models
    run = model.run
    rows = [("", run.name), ("released", f"{run.released}, family {run.family}")]
    rows += [("N", f"{_exact(value)}, {MEANINGS[counts]}") for counts, value in run.sizes.items()]
    rows.append(("D", "never published" if run.tokens is None else f"{_exact(run.tokens)} tokens"))
    if run.tokens_per_param is not None:
        rows.append(("D/N", f"{prose.ratio(run.tokens_per_param)} tokens a parameter"))
    reported = ", ".join(map(print_flops, run.flops)) or "none reported"
    rows.append(("C", f"{reported}{f'; {run.flops_note}' if run.flops_note else ''}"))
    if run.six_nd is not None:
        rows.append(("6 N D", f"{print_flops(run.six_nd)}{_against_reported(model)}"))
    if run.device:
        hours = f", {run.device_hours:,.0f} hours of one" if run.device_hours else ", hours not known"
        rows.append(("device", run.device + hours))
    if run.loss is not None:
        rows.append(("loss", f"{run.loss:.3f} nats/token; {run.loss_of}"))
    if run.mmlu is not None:
        rows.append(("MMLU", f"{prose.percent(run.mmlu, 3)} right, five-shot"))
    rows += [("note", run.note)] if run.note else []
    if model.by is not None:
        whose = "sized by" if model.by.own else "law then"
        rows.append((whose, f"{short(model.by.rule.name)}; {model.by.why}"))
    else:
        rows.append(("law then", f"none was public {LEAD_MONTHS} months before its release"))
    rows.append(("from", f"{run.source} [{run.tag}: {TAGS[run.tag]}]"))
    rows += [("UNVERIFIED", run.unverified)] if run.unverified else []
    lines = [_pairs(rows), ""]
    every = [each for each in (model.now, *model.beside) if each is not None]
    if every:
        lines += [_by_law(model, every), "", *wrapped([in_words(model), advice(model)])]
    if model.unplaced:
        lines += wrapped([f"By {short(found.law.name)} it has no place: {model.unplaced}."])
    told = [f"Note: {note}" for note in found.notes] if every else []
    told += [f"Doubt: {', '.join(each.laws)}: {each.said}." for each in found.doubts_of_places]
    told += [f"Doubt: {doubt}" for doubt in found.doubts]
    cite = [textwrap.fill(line, width(), subsequent_indent="    ", **_WHOLE) for line in bibtex(run.paper).split("\n")]
    return "\n".join([*lines, *wrapped(told), "", *cite])


def in_words(model: ModelStanding) -> str:
    """The same in a sentence, by the law that was asked."""
    now = model.now
    if now is None:
        return ""
    side = (
        "as good as compute-optimal"
        if now.wasted is not None and now.wasted < 0.01
        else f"{prose.ratio(now.oversized)} times as large as the best run of its compute"
    )
    side += ", and trained for longer" if now.oversized < 1 and not side.startswith("as") else ""
    said = f"By {short(now.rule)} {model.run.name} is {side}: {prose.short(now.best_n_params)} parameters on "
    said += f"{prose.short(now.best_tokens)} tokens would have been best"
    if now.best_n_params_ends:
        low, high = now.best_n_params_ends
        said += f" ({prose.short(low)} to {prose.short(high)} parameters, 90 % of the fit's draws)"
    if now.penalty is None or now.wasted is None:
        return f"{said}. What the difference costs, a law that only names the best split does not say."
    nats = f"{now.penalty:.4f}" if now.penalty >= 0.00005 else "less than 0.0001"
    cost = f"{nats} nats/token of the law's text, or {prose.percent(now.wasted)} of the compute"
    return f"{said}; the difference costs {cost}."


def advice(model: ModelStanding) -> str:
    """The plan that says so."""
    if model.now is None or not model.plan:
        return ""
    return f"`{model.plan}` advises that: {' parameters on '.join(two(model.now))} tokens."


def short(name: str) -> str:
    """A set of constants as a text names it: Besiroglu 2024; with its variant where it has one: Hoffmann 2022 TeX."""
    found = re.fullmatch(r"([A-Z]+)_(\d{4})(?:_(\w+))?", name)
    if not found:
        return name
    variant = (found[3] or "").replace("_", " ").lower().removesuffix(" size")
    variant = {"tex": "TeX"}.get(variant, variant)
    return f"{found[1].title()} {found[2]}{f', {variant}' if variant else ''}"


def two(placing: Placing) -> tuple[str, str]:
    """Best N and D."""
    return print_count(placing.best_n_params), print_count(placing.best_tokens)


def costs(placing: Placing) -> tuple[str, str]:
    """Nats over the best, and the share of compute wasted."""
    over = prose.MISSING if placing.penalty is None else f"{placing.penalty:.4f}"
    return over, prose.MISSING if placing.wasted is None else prose.percent(placing.wasted)


def wrapped(lines: Sequence[str]) -> list[str]:
    """Each within the width, further lines of it set in."""
    return [textwrap.fill(line, width(), subsequent_indent="  ", break_long_words=False) for line in lines if line]


def _by_law(model: ModelStanding, every: Sequence[Placing]) -> str:
    then = "" if model.then is None else model.then.rule
    rows: list[tuple[str, ...]] = [
        ("by", "best N", "best D", "best D/N", "N/best", "nats over", "C wasted", "decades off")
    ]
    for i, each in enumerate(every):
        marks = [word for word, holds in (("now", i == 0 and model.now), ("then", each.rule == then)) if holds]
        far = f"{each.far:.1f}" if each.far else prose.MISSING
        cells = (*two(each), prose.ratio(each.best_tokens_per_param), prose.ratio(each.oversized), *costs(each), far)
        marked = f" ({', '.join(marks)})" if marks else ""
        rows.append((short(each.rule) + marked, *cells))
    return kept_to_width(rows, spare=(5,))


def _against_reported(model: ModelStanding) -> str:
    run = model.run
    if not run.flops or run.six_nd is None:
        return ""
    return f", {100 * run.six_nd / run.flops[0]:.3g} % of what was reported"


def _exact(number: float) -> str:
    """As many digits as the source has: 174.6B, 1.4T, 70,426,624."""
    suffix, unit = next(each for each in _UNITS if number >= each[1])
    return f"{number / unit:g}{suffix}" if number % _ROUND == 0 else f"{number:,.0f}"


def _pairs(rows: Sequence[tuple[str, str]]) -> str:
    lines = []
    for key, said in rows:
        wrapped = textwrap.wrap(said, width() - 12, break_long_words=False) or [""]
        lines += [f"{key if i == 0 else '':<12}{line}" for i, line in enumerate(wrapped)] if key else wrapped
    return "\n".join(lines)
