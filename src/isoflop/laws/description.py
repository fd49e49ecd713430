"""A law as the catalogue tells it: formula, symbols with units, published constants with their sources, BibTeX."""

import inspect
from collections.abc import Sequence
from typing import Any

from isoflop.conventions import MEANINGS
from isoflop.laws.catalog import form, listed, sets_of, typed_name
from isoflop.laws.inputs import QUANTITIES
from isoflop.laws.law import Law
from isoflop.laws.papers import bibtex
from isoflop.laws.published import PUBLISHED, TAGS

SYMBOLS = ("n_params", "flops", "loss")
"""What `About.counts` knows of."""


def listing() -> list[dict[str, Any]]:
    """Every law with its published constants, in the catalogue's order."""
    return [summary(name) for name in listed()]


def summary(name: str) -> dict[str, Any]:
    """{"name", "formula", "inputs", "output", "output_unit", "constants": [...]} of the form of this name."""
    law = form(name)
    return {
        "name": typed_name(name),
        "form": name,
        "formula": formula(law),
        "inputs": list(law.inputs),
        "output": law.output,
        "output_unit": law.output_unit,
        "constants": [constant_set(each) for each in sets_of(name)],
    }


def formula(law: type[Law]) -> str:
    """The first line of the form's docstring, up to where words begin."""
    return (law.__doc__ or "").splitlines()[0].split(";")[0].rstrip(".")


def constant_set(name: str) -> dict[str, Any]:
    """A published set: {"name", "values", "source", "tag", "checked", "counts", ...}; what is not known is left out."""
    row = PUBLISHED[name]
    about = row.about
    counts = {each: MEANINGS[said] for each in SYMBOLS if (said := about.counts(each))}
    if about.tokens:
        counts["tokens"] = about.tokens
    known = {key: getattr(about, key) for key in ("text", "note", "unverified", "disputed") if getattr(about, key)}
    fitted = {"fitted": {each: list(span) for each, span in about.fitted.items()}} if about.fitted else {}
    return {
        "name": name,
        "values": dict(row.values),
        "source": about.source,
        "paper": about.paper,
        "tag": about.tag,
        "checked": TAGS[about.tag],
        "counts": counts,
        **known,
        **fitted,
    }


def described(name: str, sets: Sequence[str] | None = None) -> dict[str, Any]:
    """The whole page of a form: its summary, what it says of itself, its symbols, and its papers as BibTeX.

    sets: those of the published constants to tell of (default: all).
    """
    law = form(name)
    kept = sets_of(name) if sets is None else tuple(sets)
    papers = dict.fromkeys([law.paper, *(PUBLISHED[each].about.paper for each in kept)])
    told = inspect.getdoc(law) or ""
    return {
        **summary(name),
        "constants": [constant_set(each) for each in kept],
        "about": " ".join(told.partition("\n\n")[2].split()),
        "symbols": [
            *({"name": each, **vars(QUANTITIES[each]), "role": "input"} for each in law.inputs),
            {**vars(QUANTITIES[law.output]), "name": law.output, "unit": law.output_unit, "role": "output"},
            *(
                {"name": each.name, "symbol": each.name, "unit": each.unit, "meaning": each.meaning, "role": "constant"}
                for each in law.params()
            ),
        ],
        "bibtex": [bibtex(each) for each in papers if each],
    }
