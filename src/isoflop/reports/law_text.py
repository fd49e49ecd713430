"""What `isoflop laws` and `isoflop predict` print for people."""

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from numpy import format_float_scientific

from isoflop.laws.inputs import QUANTITIES
from isoflop.plans.prediction import Predicted, Prediction
from isoflop.reports.text import columns
from isoflop.reports.width import WIDEST, width


def listing_text(laws: Sequence[Mapping[str, Any]]) -> str:
    """One line a law: its name, how many sets of constants were published, how many unverified, its formula."""
    rows = [("law", "sets", "", "formula")]
    for law in laws:
        doubtful = sum("unverified" in found for found in law["constants"])
        sets = str(len(law["constants"]) or "-")
        rows.append((law["name"], sets, f"{doubtful} ?" if doubtful else "", law["formula"]))
    lines = [_cut(line) for line in _lines(rows)]
    every = sum(len(law["constants"]) for law in laws)
    told = (
        f"{len(laws)} laws, {every} published sets of constants; ?: so many have constants that are UNVERIFIED. "
        "One law: isoflop laws NAME. A law without sets is there to be fitted."
    )
    return "\n".join([*lines, *_wrapped([told])])


def _cut(line: str) -> str:
    return line if len(line) <= width() else line[: width() - 1] + "…"


def _lines(rows: Sequence[Sequence[str]]) -> list[str]:
    return columns(rows, right=(1, 2)).splitlines()


def law_text(law: Mapping[str, Any]) -> str:
    """The page of one law: formula, what it says of itself, symbols, published constants, BibTeX."""
    parts = _wrapped([f"{law['name']}: {law['formula']}"])
    if law["about"]:
        parts.append(textwrap.fill(law["about"], width()))
    rows = [("symbol", "", "unit", "")]
    rows += [(each["symbol"], _called(each), each["unit"], each["meaning"]) for each in law["symbols"]]
    parts += ["", *map(_cut, columns(rows).splitlines())]
    told: dict[tuple[str, str], str] = {}
    for found in law["constants"]:
        parts += ["", *_set_text(found, told)]
    if law["output"] == "loss" and law["constants"]:
        parts += ["", textwrap.fill(_OTHER_TEXTS, width())]
    if law["bibtex"]:
        parts += ["", *law["bibtex"]]
    return "\n".join(parts)


_OTHER_TEXTS = (
    "Constants of another text and tokenizer give no absolute loss of yours. Between laws, compare ratios and optima."
)


def _called(symbol: Mapping[str, Any]) -> str:
    return symbol["name"] if symbol["role"] == "input" else "= output" if symbol["role"] == "output" else ""


def _set_text(found: Mapping[str, Any], told: dict[tuple[str, str], str]) -> list[str]:
    """One set; told: what earlier sets said already, word for word, and which did."""
    lines = [("", "  ".join(f"{name}\N{NO-BREAK SPACE}{_exact(value)}" for name, value in found["values"].items()))]
    lines.append(("from", f"{found['source']} [{found['tag']}: {found['checked']}]"))
    for name, said in found["counts"].items():
        lines.append((QUANTITIES[name].symbol, said))
    lines += [(key, found[key]) for key in ("text", "note") if key in found]
    if "fitted" in found:
        spans = [f"{_symbol(name)} {low:.3g} to {high:.3g}" for name, (low, high) in found["fitted"].items()]
        lines.append(("fitted", ", ".join(spans)))
    lines += [(key.upper(), found[key]) for key in ("unverified", "disputed") if key in found]
    shown = [found["name"]]
    for key, said in lines:
        before = told.setdefault((key, said), found["name"]) if len(said) > WIDEST else found["name"]
        words = said if before == found["name"] else f"as {before} above"
        wrapped = textwrap.wrap(words, width() - 14, break_long_words=False, break_on_hyphens=False)
        shown += [f"  {key if i == 0 else '':<12}{line}" for i, line in enumerate(wrapped)]
    return [line.replace("\N{NO-BREAK SPACE}", " ") for line in shown]


def _exact(value: float) -> str:
    """Every digit, in as few signs as that takes."""
    large = abs(value) >= 1e6 or 0 < abs(value) < 1e-4
    return format_float_scientific(value, trim="-", exp_digits=1).replace("e+", "e") if large else repr(value)


def _symbol(name: str) -> str:
    return QUANTITIES[name].symbol if name in QUANTITIES else name


def prediction_text(found: Prediction) -> str:
    """What each set of constants says, how far beyond what was fitted, and what one should know of it."""
    at = ", ".join(f"{_symbol(name)} = {value:.6g} {_unit(name)}".rstrip() for name, value in found.inputs.items())
    own = list(found.predictions[0].inputs)  # where each set has its own place, the best size
    counted = any(each.counts for each in found.predictions)
    unit = "" if found.unit == "1" else f", {found.unit}"
    rows = [("constants", f"{_symbol(found.output)}{unit}", *map(_symbol, own))]
    rows[0] += (*(("N counts",) if counted else ()), "text")
    for each in found.predictions:
        numbers = [f"{each.inputs[name]:.4g}" for name in own]
        words = [each.counts or "not said"] if counted else []
        rows.append((each.constants, _value(each), *numbers, *words, each.text))
    parts = [*_wrapped([f"{found.law}: {found.formula}"]), f"at {at}", "", columns(rows, right=range(1, 2 + len(own)))]
    grouped: dict[str, list[str]] = {}
    for each in found.predictions:
        for told in _warnings(each):
            grouped.setdefault(told, []).append(each.constants)
    if grouped:
        parts += ["", *_wrapped(f"{', '.join(names)}: {told}" for told, names in grouped.items())]
    notes = [f"Refused: {told}" for told in found.refused] + [f"Note: {note}" for note in found.notes]
    if unknown := [each.constants for each in found.predictions if not each.ranged]:
        notes.append(f"Note: what range was fitted is not recorded for {', '.join(unknown)}.")
    return "\n".join([*parts, "", *_wrapped(notes)]).rstrip()


def _value(row: Predicted) -> str:
    shown = f"{row.value:.5g}"
    return shown if row.low is None or row.high is None else f"{shown} ({row.low:.5g} to {row.high:.5g})"


def _warnings(row: Predicted) -> list[str]:
    told = []
    if row.impossible:
        told.append(f"WARNING: {row.impossible}")
    for name, far in row.decades.items():
        side = "above" if far > 0 else "below"
        told.append(f"WARNING: {_symbol(name)} is {abs(far):.1f} decades {side} what was fitted")
    told += [f"UNVERIFIED: {row.unverified}"] if row.unverified else []
    told += [f"disputed: {row.disputed}"] if row.disputed else []
    return told


def _unit(name: str) -> str:
    unit = QUANTITIES[name].unit
    return "" if unit == "1" else unit


def _wrapped(lines: Iterable[str]) -> list[str]:
    return [
        textwrap.fill(line, width(), subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
        for line in lines
    ]
