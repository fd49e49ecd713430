"""What `isoflop models` prints for people: the known runs, and how far each was from compute-optimal."""

from collections.abc import Sequence

from isoflop.conventions import Size
from isoflop.plans.law_of_time import LAWS_OF_THEIR_TIME, LEAD_MONTHS
from isoflop.plans.models import KnownRun
from isoflop.plans.standing_of_models import ModelStanding, StandingOfModels
from isoflop.reports import prose
from isoflop.reports.narrow import kept_to_width
from isoflop.reports.one_model_text import costs, one_text, short, two, wrapped
from isoflop.units import print_count

COUNTS = {Size.TOTAL: "all", Size.WITH_HEAD: "with head", Size.NON_EMBEDDING: "no embedding", Size.ACTIVE: "active"}
"""What N counts, in a column."""
ORDER = "known public models, oldest first; those of one month by family and size"


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
        *wrapped([f"{ORDER[0].upper()}{ORDER[1:]}"]),
        kept_to_width(_run_rows(found.models), spare=(3, 9, 6)),
        "",
        *wrapped([title]),
        kept_to_width(placed, spare=(7, 6, 5)),
        "",
    ]
    doubts = (f"Doubt: {each}" for each in (*found.doubts, *doubts_of_places(found)))
    told = [*_legend(found), *doubts, *_unverified(found.models)]
    return "\n".join([*lines, *wrapped(told)])


def _run_rows(models: Sequence[ModelStanding]) -> list[tuple[str, ...]]:
    """What was trained; ? beside what is from memory, + beside the first of several, and room for them elsewhere."""
    heads = {
        "": "model", "released": "month", "n_params": "N", "counts": "counts", "tokens": "D", "flops": "C",
        "six_nd": "6 N D", "device": "hours", "loss": "loss", "tag": "tag",
    }  # fmt: skip
    marked = {key for each in models for key in each.run.memory}
    marked |= {"device"} & {"device" if key == "device_hours" else key for key in marked}
    marked |= {"flops" for each in models if len(each.run.flops) > 1}
    rows = [tuple(head + " " * (key in marked) for key, head in heads.items())]
    for each in models:
        memory = {"device" if key == "device_hours" else key for key in each.run.memory}
        marks = dict.fromkeys(marked, " ") | ({"flops": "+"} if len(each.run.flops) > 1 else {})
        marks |= dict.fromkeys(memory, "?")
        cells = zip(heads, _run_cells(each.run), strict=True)
        rows.append(tuple(cell + marks.get(key, "") for key, cell in cells))
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
        prose.MISSING if not run.flops else _flops(run.flops[0]),
        prose.MISSING if run.six_nd is None else _flops(run.six_nd),
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
        *((missing,) * 5 if now is None else (prose.ratio(now.oversized), *two(now), *costs(now))),
    )


def era(model: ModelStanding) -> str:
    """Whose law a model is judged by: Kaplan; * where its authors sized it so. Empty where there was none."""
    if model.by is None:
        return ""
    unsure = "?" if "designed_by" in model.run.memory else ""
    return f"{short(model.by.rule.name).partition(' ')[0]}{'*' if model.by.own else ''}{unsure}"


def _legend(found: StandingOfModels) -> list[str]:
    said = [
        "C: as reported; hours: of one device. N/best: its size over that of the best run; above 1 too large and "
        "trained on too little, below 1 trained for longer than is best. best N, best D: what the law advises for its "
        "6 N D. nats over: its loss over the best one, by the law. C wasted: the share of compute that the best run of "
        "the same loss would have saved.",
    ]
    said += _also_reported(found.models)
    said += [then_by(found)] if any(each.then for each in found.models) else []
    said += [f"{each.run.name}: {each.unplaced}." for each in found.models if each.unplaced]
    return [*said, *(f"Note: {note}" for note in found.notes)]


def _also_reported(models: Sequence[ModelStanding]) -> list[str]:
    """The training FLOPs of a model that stand beside the one in its column, and who says which."""
    several = [each.run for each in models if len(each.run.flops) > 1]
    said = [f"{run.name} {' and '.join(map(_flops, run.flops))} ({run.flops_note})" for run in several]
    return [f"+ C was reported more than once: {'; '.join(said)}."] if said else []


def _flops(number: float) -> str:
    return f"{number:.2e}".replace("e+", "e")


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


def doubts_of_places(found: StandingOfModels) -> list[str]:
    """Each once, with the laws and the models that it is of."""
    lines = []
    for each in found.doubts_of_places:
        who = "every model" if len(each.models) == len(found.models) else _listed(each.models, found)
        lines.append(f"{who}, by {', '.join(each.laws)}: {each.said}.")
    return lines


def _unverified(models: Sequence[ModelStanding]) -> list[str]:
    """What nobody has seen in a source, models of one doubt together."""
    who: dict[str, list[str]] = {}
    for each in models:
        if each.run.unverified:
            who.setdefault(each.run.unverified, []).append(each.run.name)
    lines = [f"? UNVERIFIED, {', '.join(names)}: {said}." for said, names in who.items()]
    return [*lines, *(["What is computed from a number with ? is no surer."] if lines else [])]
