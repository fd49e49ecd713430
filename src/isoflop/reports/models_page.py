"""The page of the known models: one HTML file that needs nothing else, pictures first, then every number."""

from collections.abc import Sequence
from dataclasses import replace
from math import log

from isoflop.conventions import Size
from isoflop.laws.papers import cited, where
from isoflop.laws.published import TAGS
from isoflop.plans.law_of_time import LEAD_MONTHS
from isoflop.plans.standing_of_models import ModelStanding, StandingOfModels
from isoflop.reports import palette, prose
from isoflop.reports.markup import fill
from isoflop.reports.models_text import COUNTS, ORDER, doubts_of_places, era, then_by
from isoflop.reports.one_model_text import in_words, short
from isoflop.units import print_count


def models_page(found: StandingOfModels, named: Sequence[ModelStanding] = ()) -> str:
    """The whole page as HTML text, a pure function of the models; those named lead it and stand out in the pictures."""
    from isoflop.reports.model_figures import draw  # noqa: PLC0415 – charts are slow to import

    alone = in_words(named[0]) if len(named) == 1 else ""
    said = alone or headline(replace(found, models=tuple(named) or found.models))
    values = {
        "found": found,
        "headline": said,
        "law": short(found.law.name),
        "source": found.law.law.about.source or "your runs",
        "named": {each.run.name for each in named},
        "figures": draw(found, {each.run.name for each in named}),
        "order": ORDER,
        "era": era,
        "lead": LEAD_MONTHS,
        "then_by": then_by(found)[0].upper() + then_by(found)[1:],
        "doubts_of_places": doubts_of_places(found),
        "counts": lambda each: COUNTS[Size(each.run.n_params.counts)],
        "short": short,
        "size": print_count,
        "ratio": prose.ratio,
        "cited": cited,
        "address": where,
        "tags": {tag: TAGS[tag] for tag in dict.fromkeys(each.run.tag for each in found.models)},
    }
    return fill("models.html", palette.SHADES, values)


def headline(found: StandingOfModels) -> str:
    """Who was furthest from the best size, and who nearest."""
    placed = [(each.run.name, each.now.oversized) for each in found.models if each.now is not None]
    if not placed:
        return f"{short(found.law.name)} says nothing of any known model: all lie too far beyond what it was fitted to."
    (large, most), (small, least) = max(placed, key=lambda each: each[1]), min(placed, key=lambda each: each[1])
    near, close = min(placed, key=lambda each: abs(log(each[1])))
    said = (
        f"By {short(found.law.name)}, {large} had {prose.ratio(most)} times the best size for its compute, {small} "
        f"{prose.ratio(least)} times"
    )
    return f"{said}." if near in {large, small} else f"{said}; nearest to the best was {near}, {prose.ratio(close)}."
