"""What `isoflop models` prints for people: the known runs, how far each was from compute-optimal, one in full."""

import re
import textwrap
from collections.abc import Sequence

from isoflop.conventions import MEANINGS, Size
from isoflop.laws.papers import bibtex
from isoflop.laws.published import TAGS
from isoflop.plans.law_of_time import LAWS_OF_THEIR_TIME, LEAD_MONTHS
from isoflop.plans.models import KnownRun
from isoflop.plans.standing_of_models import ModelStanding, Placing, StandingOfModels
from isoflop.reports import prose
from isoflop.reports.narrow import kept_to_width
from isoflop.reports.width import width
from isoflop.units import print_count

COUNTS = {Size.TOTAL: "all", Size.WITH_HEAD: "with head", Size.NON_EMBEDDING: "no embedding", Size.ACTIVE: "active"}
"""What N counts, in a column."""


def models_text(found: StandingOfModels) -> str:
    """Two tables of all models, or the page of one; then what to know of them."""
    if len(found.models) == 1:
        return one_text(found)
    placed: list[tuple[str, ...]] = [
        ("model", "D/N", "then by", "N/best then", "N/best now", "best N", "best D", "nats over", "C wasted")
    ]
    placed += [_placed_row(each) for each in found.models]
    title = f"How far from the best run of its own 6 N D: by the law of its time, then by {short(found.law.name)}"
    lines = [
        "Known public models, oldest first; those of one month by family and size",
        kept_to_width(_run_rows(found.models), spare=(3,)),
        "",
        *_wrapped([title]),
        kept_to_width(placed, spare=(2,)),
        "",
    ]
    told = [*_legend(found), *_doubts(found), *_doubts_of_places(found), *_unverified(found.models)]
    return "\n".join([*lines, *_wrapped(told)])


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
        lines += [_by_law(model, every), "", *_wrapped([in_words(model)])]
    if model.unplaced:
        lines += _wrapped([f"By {short(found.law.name)} it has no place: {model.unplaced}."])
    told = [f"Doubt: {doubt}." for doubt in found.doubts_of_places]
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
    return kept_to_width(rows)


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


def _run_rows(models: Sequence[ModelStanding]) -> list[tuple[str, ...]]:
    """What was trained; ? beside what is from memory, and room for it beside the others of that column."""
    heads = {
        "": "model", "released": "released", "n_params": "N", "counts": "counts", "tokens": "D", "flops": "C reported",
        "six_nd": "6 N D", "device": "device-hours", "loss": "loss", "tag": "tag",
    }  # fmt: skip
    marked = {key for each in models for key in each.run.memory}
    marked |= {"device"} & {"device" if key == "device_hours" else key for key in marked}
    rows = [tuple(head + " " * (key in marked) for key, head in heads.items())]
    for each in models:
        memory = {"device" if key == "device_hours" else key for key in each.run.memory}
        cells = zip(heads, _run_cells(each.run), strict=True)
        rows.append(tuple(cell + ("?" if key in memory else " " * (key in marked)) for key, cell in cells))
    return rows


def _run_cells(run: KnownRun) -> tuple[str, ...]:
    n = run.n_params
    hours = "" if run.device_hours is None else f"{print_count(run.device_hours)} "
    return (
        run.name,
        run.released,
        print_count(float(n.value)),
        COUNTS[Size(n.counts)],
        prose.MISSING if run.tokens is None else print_count(run.tokens),
        prose.MISSING if not run.flops else f"{run.flops[0]:.2e}".replace("e+", "e"),
        prose.MISSING if run.six_nd is None else f"{run.six_nd:.2e}".replace("e+", "e"),
        f"{hours}{run.device}" or prose.MISSING,
        prose.loss(run.loss),
        run.tag,
    )


def _placed_row(model: ModelStanding) -> tuple[str, ...]:
    then, now, missing = model.then, model.now, prose.MISSING
    return (
        model.run.name,
        prose.ratio(model.run.tokens_per_param),
        missing if then is None else era(model),
        missing if then is None else prose.ratio(then.oversized),
        *((missing,) * 5 if now is None else (prose.ratio(now.oversized), *_two(now), *_costs(now))),
    )


def era(model: ModelStanding) -> str:
    """Whose law a model is judged by: Kaplan; * where its authors sized it so. Empty where there was none."""
    return "" if model.by is None else short(model.by.rule.name).partition(" ")[0] + ("*" if model.by.own else " ")


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
    said += [then_by(found)] if any(each.then for each in found.models) else []
    for each in found.models:
        if Size.ACTIVE in each.run.sizes and Size.TOTAL in each.run.sizes:
            active, total = (print_count(each.run.sizes[counts]) for counts in (Size.ACTIVE, Size.TOTAL))
            said.append(f"{each.run.name}: N is the {active} parameters that a token uses, of {total}.")
    said += [f"{each.run.name}: {each.unplaced}." for each in found.models if each.unplaced]
    return [*said, *(f"Note: {note}" for note in found.notes)]


def then_by(found: StandingOfModels) -> str:
    """Which law is taken for that of a model's time, and why."""
    laws = " and ".join(f"{name} (public since {since})" for since, name in LAWS_OF_THEIR_TIME)
    said = f"then by: the last of {laws} that was known {LEAD_MONTHS} months before its release, when a run is taken "
    said += "to have been designed"
    own: dict[str, list[str]] = {}
    for each in found.models:
        if each.by is not None and each.by.own and each.then is not None:
            own.setdefault(f"{each.by.rule.name} ({each.by.why})", []).append(each.run.name)
    sized = "; ".join(f"{_listed(names, found)} by {law}" for law, names in own.items())
    said += f". * sized by it, as its authors say: {sized}" if own else ""
    return f"{said}. Now: {found.law.name}."


def _listed(names: Sequence[str], found: StandingOfModels) -> str:
    """Names after each other, a whole family by its own name."""
    left = list(names)
    for family in dict.fromkeys(each.run.family for each in found.models):
        members = [each.run.name for each in found.models if each.run.family == family]
        if len(members) > 1 and set(members) <= set(left):
            at = left.index(members[0])
            left = [family if i == at else name for i, name in enumerate(left) if i == at or name not in members]
    return ", ".join(left)


def _doubts(found: StandingOfModels) -> list[str]:
    return [f"Doubt: {doubt}" for doubt in found.doubts]


def _doubts_of_places(found: StandingOfModels) -> list[str]:
    """Each once, with the models that it is of."""
    return [
        f"Doubt, {'all' if len(names) == len(found.models) else _listed(names, found)}: {said}."
        for said, names in found.doubts_of_places.items()
    ]


def _unverified(models: Sequence[ModelStanding]) -> list[str]:
    """What nobody has seen in a source, models of one doubt together."""
    who: dict[str, list[str]] = {}
    for each in models:
        if each.run.unverified:
            who.setdefault(each.run.unverified, []).append(each.run.name)
    lines = [f"? UNVERIFIED, {', '.join(names)}: {said}." for said, names in who.items()]
    return [*lines, *(["What is computed of a number with ? is no surer."] if lines else [])]


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


def _wrapped(lines: Sequence[str]) -> list[str]:
    return [textwrap.fill(line, width(), subsequent_indent="  ", break_long_words=False) for line in lines if line]
