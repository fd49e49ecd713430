"""What `isoflop models` prints for people: the known runs, how far each was from compute-optimal, one in full."""

import re
import textwrap
from collections.abc import Sequence

from isoflop.conventions import MEANINGS, Size
from isoflop.laws.papers import bibtex
from isoflop.laws.published import TAGS
from isoflop.plans.models import KnownRun
from isoflop.plans.standing_of_models import LEAD, ModelStanding, Placing, StandingOfModels
from isoflop.reports import prose
from isoflop.reports.text import columns
from isoflop.reports.width import width
from isoflop.units import print_count

COUNTS = {Size.TOTAL: "all", Size.WITH_HEAD: "with head", Size.NON_EMBEDDING: "no embedding", Size.ACTIVE: "active"}
"""What N counts, in a column."""


_MARKED = {"N": "n_params", "D": "tokens", "C reported": "flops", "device-hours": "device_hours"}
"""Columns in which a number from memory is marked."""


def models_text(found: StandingOfModels) -> str:
    """Two tables of all models, or the page of one; then what to know of them."""
    if len(found.models) == 1:
        return one_text(found)
    runs: list[tuple[str, ...]] = [
        ("model", "released", "N", "counts", "D", "C reported", "6 N D", "device-hours", "loss", "tag")
    ]
    runs += [_run_row(each) for each in found.models]
    placed: list[tuple[str, ...]] = [
        ("model", "D/N", "then by", "N/best then", "N/best now", "best N", "best D", "nats over", "C wasted")
    ]
    placed += [_placed_row(each) for each in found.models]
    now = short(found.law.name)
    runs[0] = tuple(f"{cell} " if cell in _MARKED else cell for cell in runs[0])
    lines = [
        _table(runs, right=(2, 4, 5, 6, 7, 8), spare=(9, 3, 8, 6)),
        "",
        f"How far from the best run of its own 6 N D: by the law of its time, then by {now}",
        _table(placed, right=(1, 3, 4, 5, 6, 7, 8), spare=(7, 1, 6)),
        "",
    ]
    return "\n".join([*lines, *_wrapped([*_legend(found), *_doubts(found), *_unverified(found.models)])])


def one_text(found: StandingOfModels) -> str:
    """The page of one model: what was trained, where it stands by each law, where it is from."""
    (model,) = found.models
    run = model.run
    rows = [("", run.name), ("released", f"{run.released}, family {run.family}")]
    rows += [("N", f"{value:.6g}, {MEANINGS[counts]}") for counts, value in run.sizes.items()]
    rows.append(("D", "never published" if run.tokens is None else f"{run.tokens:.6g} tokens"))
    if run.tokens_per_param is not None:
        rows.append(("D/N", f"{prose.ratio(run.tokens_per_param)} tokens a parameter"))
    reported = ", ".join(f"{each:.3g}" for each in run.flops) or "none reported"
    rows.append(("C", f"{reported}{' FLOPs' if run.flops else ''}{f'; {run.flops_note}' if run.flops_note else ''}"))
    if run.six_nd is not None:
        rows.append(("6 N D", f"{run.six_nd:.3g} FLOPs{_against_reported(model)}"))
    if run.device:
        hours = f", {run.device_hours:,.0f} hours of one" if run.device_hours else ", hours not known"
        rows.append(("device", run.device + hours))
    if run.loss is not None:
        rows.append(("loss", f"{run.loss:.3f} nats/token; {run.loss_of}"))
    if run.mmlu is not None:
        rows.append(("MMLU", f"{prose.percent(run.mmlu, 3)} right, five-shot"))
    rows += [("note", run.note)] if run.note else []
    rows.append(("from", f"{run.source} [{run.tag}: {TAGS[run.tag]}]"))
    rows += [("UNVERIFIED", run.unverified)] if run.unverified else []
    if run.designed_by:
        rows.append(("then by", f"{short(run.designed_by)}; {run.designed_note}"))
    elif model.then is not None:
        rows.append(("then by", f"{short(model.then.rule)}, public {LEAD} months before its release (an assumption)"))
    lines = [_pairs(rows), ""]
    every = [each for each in (model.now, *model.beside) if each is not None]
    if every:
        lines += [_by_law(model, every), "", *_wrapped([in_words(model)])]
    if model.unplaced:
        lines += _wrapped([f"By {short(found.law.name)} it has no place: {model.unplaced}."])
    told = [f"Doubt: {doubt}" for doubt in dict.fromkeys(doubt for each in every for doubt in each.doubts)]
    told = [each for each in told if not run.unverified or run.unverified not in each]  # told above
    told += [f"Note: {note}" for note in found.notes] if every else []
    return "\n".join([*lines, *_wrapped([*told, *_doubts(found)]), "", bibtex(run.paper)])


def short(name: str) -> str:
    """A set of constants as a text names it: Besiroglu 2024; with its variant where it has one: Hoffmann 2022 TeX."""
    found = re.fullmatch(r"([A-Z]+)_(\d{4})(?:_(\w+))?", name)
    if not found:
        return name
    variant = (found[3] or "").replace("_", " ").lower().removesuffix(" size")
    variant = {"tex": "TeX"}.get(variant, variant)
    return f"{found[1].title()} {found[2]}{f', {variant}' if variant else ''}"


def _by_law(model: ModelStanding, every: Sequence[Placing]) -> str:
    then = "" if model.then is None else model.then.rule
    rows: list[tuple[str, ...]] = [
        ("by", "", "best N", "best D", "best D/N", "N/best", "nats over", "C wasted", "beyond fit")
    ]
    for i, each in enumerate(every):
        marks = [word for word, holds in (("now", i == 0 and model.now), ("then", each.rule == then)) if holds]
        sizes, ratio = _two(each), prose.ratio(each.best_tokens_per_param)
        far = f"{each.far:.1f} decades" if each.far else prose.MISSING
        found = (*sizes, ratio, prose.ratio(each.oversized), *_costs(each), far)
        rows.append((short(each.rule), " ".join(marks), *found))
    return _table(rows, right=(2, 3, 4, 5, 6, 7, 8), spare=(4, 6))


def in_words(model: ModelStanding) -> str:
    """The same in a sentence, by the law that was asked."""
    now = model.now
    if now is None:
        return ""
    side = (
        "as good as compute-optimal"
        if now.wasted is not None and now.wasted < 0.01
        else f"{prose.ratio(now.oversized)} times as large as the best run of its compute"
        if now.oversized > 1
        else f"{prose.ratio(1 / now.oversized)} times smaller than the best run of its compute, and trained for longer"
    )
    said = f"By {short(now.rule)} {model.run.name} is {side}: {prose.short(now.best_n_params)} parameters on "
    said += f"{prose.short(now.best_tokens)} tokens would have been best"
    if now.best_n_params_ends:
        low, high = now.best_n_params_ends
        said += f" ({prose.short(low)} to {prose.short(high)} parameters, 90 % of the fit's draws)"
    if now.penalty is None or now.wasted is None:
        return f"{said}. What the difference costs, a law that only names the best split does not say."
    cost = f"{now.penalty:.4f} nats/token of the law's text, or {prose.percent(now.wasted)} of the compute"
    return f"{said}; the difference costs {cost}."


def _run_row(model: ModelStanding) -> tuple[str, ...]:
    run = model.run
    n = run.n_params
    hours = prose.MISSING if run.device_hours is None else f"{print_count(run.device_hours)} {run.device}"
    return (
        run.name,
        run.released,
        _sure(run, "n_params", print_count(float(n.value))),
        COUNTS[Size(n.counts)],
        _sure(run, "tokens", prose.MISSING if run.tokens is None else print_count(run.tokens)),
        _sure(run, "flops", prose.MISSING if not run.flops else f"{run.flops[0]:.2e}".replace("e+", "e")),
        prose.MISSING if run.six_nd is None else f"{run.six_nd:.2e}".replace("e+", "e"),
        _sure(run, "device_hours", hours),
        prose.loss(run.loss),
        run.tag,
    )


def _sure(run: KnownRun, field: str, said: str) -> str:
    """A cell with a mark where it is from memory, and as wide where it is not."""
    return f"{said}{'?' if field in run.unsure else ' '}"


def _placed_row(model: ModelStanding) -> tuple[str, ...]:
    then, now, missing = model.then, model.now, prose.MISSING
    return (
        model.run.name,
        prose.ratio(model.run.tokens_per_param),
        missing if then is None else short(then.rule).partition(" ")[0] + (" *" if model.run.designed_by else ""),
        missing if then is None else prose.ratio(then.oversized),
        *((missing,) * 5 if now is None else (prose.ratio(now.oversized), *_two(now), *_costs(now))),
    )


def _two(placing: Placing) -> tuple[str, str]:
    return print_count(placing.best_n_params), print_count(placing.best_tokens)


def _costs(placing: Placing) -> tuple[str, str]:
    over = prose.MISSING if placing.penalty is None else f"{placing.penalty:.4f}"
    return over, prose.MISSING if placing.wasted is None else prose.percent(placing.wasted)


def _legend(found: StandingOfModels) -> list[str]:
    said = [
        "N/best: its size over that of the best run; above 1 too large and trained on too little, below 1 trained for "
        "longer than is best. best N, best D: what the law advises for its 6 N D. nats over: its loss over the best "
        "one, by the law. C wasted: the share of compute that the best run of the same loss would have saved.",
    ]
    laws = dict.fromkeys(each.then.rule for each in found.models if each.then is not None)
    if laws:
        said.append(
            f"then by: the law of the model's own authors, where there is one (*), or that was public {LEAD} months "
            f"before its release (an assumption): {', '.join(laws)}; now: {found.law.name}."
        )
    said += [
        f"* {each.run.name}: {short(each.run.designed_by)}; {each.run.designed_note}."
        for each in found.models
        if each.run.designed_by
    ]
    said += [f"{each.run.name}: {each.unplaced}." for each in found.models if each.unplaced]
    return [*said, *(f"Note: {note}" for note in found.notes)]


def _doubts(found: StandingOfModels) -> list[str]:
    return [f"Doubt: {doubt}" for doubt in found.doubts]


def _unverified(models: Sequence[ModelStanding]) -> list[str]:
    """What nobody has seen in a source of what is shown, models of one doubt together."""
    who: dict[str, list[str]] = {}
    for each in models:
        if set(each.run.unsure) & set(_MARKED.values()):
            who.setdefault(each.run.unverified, []).append(each.run.name)
    return [f"? UNVERIFIED, {', '.join(names)}: {said}." for said, names in who.items()]


def _against_reported(model: ModelStanding) -> str:
    run = model.run
    if not run.flops or run.six_nd is None:
        return ""
    return f", {100 * run.six_nd / run.flops[0]:.3g} % of what was reported"


def _pairs(rows: Sequence[tuple[str, str]]) -> str:
    lines = []
    for key, said in rows:
        wrapped = textwrap.wrap(said, width() - 12, break_long_words=False) or [""]
        lines += [f"{key if i == 0 else '':<12}{line}" for i, line in enumerate(wrapped)] if key else wrapped
    return "\n".join(lines)


def _table(rows: Sequence[Sequence[str]], right: Sequence[int], spare: Sequence[int]) -> str:
    """As columns; those in `spare` are left out, the first first, where the screen is too narrow."""
    left, table = list(range(len(rows[0]))), ""
    for column in (None, *spare):
        left = [each for each in left if each != column]
        shown = [[row[each] for each in left] for row in rows]
        table = columns(shown, right=[i for i, each in enumerate(left) if each in right])
        if max(map(len, table.splitlines())) <= width():
            break
    return table


def _wrapped(lines: Sequence[str]) -> list[str]:
    return [textwrap.fill(line, width(), subsequent_indent="  ", break_long_words=False) for line in lines if line]
