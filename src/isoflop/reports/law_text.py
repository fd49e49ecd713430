"""What `isoflop laws` and `isoflop predict` print for people."""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from isoflop.laws.inputs import QUANTITIES
from isoflop.plans.prediction import Predicted, Prediction
from isoflop.reports.text import columns

WIDTH = 100


def listing_text(laws: Sequence[Mapping[str, Any]]) -> str:
    """One line a law: its name, its formula, how many sets of constants were published."""
    rows = [("law", "sets", "formula")]
    rows += [(law["name"], str(len(law["constants"]) or "-"), law["formula"]) for law in laws]
    sets = sum(len(law["constants"]) for law in laws)
    told = (
        f"{len(laws)} laws, {sets} published sets of constants. One law: isoflop laws NAME. "
        "A law without sets is there to be fitted."
    )
    return f"{columns(rows, right=(1,))}\n{told}"


def law_text(law: Mapping[str, Any]) -> str:
    """The page of one law: formula, what it says of itself, symbols, published constants, BibTeX."""
    parts = [f"{law['name']}: {law['formula']}"]
    if law["about"]:
        parts.append(textwrap.fill(law["about"], WIDTH))
    rows = [("symbol", "", "unit", "")]
    rows += [(each["symbol"], _called(each), each["unit"], each["meaning"]) for each in law["symbols"]]
    parts += ["", columns(rows)]
    for found in law["constants"]:
        parts += ["", _set_text(found)]
    if law["output"] == "loss" and law["constants"]:
        parts += ["", textwrap.fill(_OTHER_TEXTS, WIDTH)]
    if law["bibtex"]:
        parts += ["", *law["bibtex"]]
    return "\n".join(parts)


_OTHER_TEXTS = (
    "Constants of another text and tokenizer give no absolute loss of yours. Between laws, compare ratios and optima."
)


def _called(symbol: Mapping[str, Any]) -> str:
    return symbol["name"] if symbol["role"] == "input" else "= output" if symbol["role"] == "output" else ""


def _set_text(found: Mapping[str, Any]) -> str:
    values = "  ".join(f"{name} {value!r}" for name, value in found["values"].items())
    lines = [("", values), ("from", f"{found['source']} [{found['tag']}: {found['checked']}]")]
    for name, told in found["counts"].items():
        lines.append((QUANTITIES[name].symbol, told))
    lines += [(key, found[key]) for key in ("text", "note") if key in found]
    if "fitted" in found:
        spans = [f"{_symbol(name)} {low:.3g} to {high:.3g}" for name, (low, high) in found["fitted"].items()]
        lines.append(("fitted", ", ".join(spans)))
    lines += [(key.upper(), found[key]) for key in ("unverified", "disputed") if key in found]
    told = [textwrap.fill(said, WIDTH - 14, break_long_words=False).splitlines() for _, said in lines]
    shown = [found["name"]]
    for (key, _), wrapped in zip(lines, told, strict=True):
        shown += [f"  {key if i == 0 else '':<12}{line}" for i, line in enumerate(wrapped)]
    return "\n".join(shown)


def _symbol(name: str) -> str:
    return QUANTITIES[name].symbol if name in QUANTITIES else name


def prediction_text(found: Prediction) -> str:
    """What each set of constants says, how far beyond what was fitted, and what one should know of it."""
    at = ", ".join(f"{_symbol(name)} = {value:.6g} {_unit(name)}".rstrip() for name, value in found.inputs.items())
    own = list(found.predictions[0].inputs)  # where each set has its own place, the best size
    rows = [("constants", f"{_symbol(found.output)}, {found.unit}", *map(_symbol, own), "text")]
    rows += [
        (each.constants, _value(each), *(f"{each.inputs[name]:.4g}" for name in own), each.text)
        for each in found.predictions
    ]
    parts = [f"{found.law}: {found.formula}", f"at {at}", "", columns(rows, right=range(1, 2 + len(own)))]
    if warnings := [f"{each.constants}: {told}" for each in found.predictions for told in _warnings(each)]:
        parts += ["", *_wrapped(warnings)]
    notes = [f"Refused: {told}" for told in found.refused] + [f"Note: {note}" for note in found.notes]
    if unknown := [each.constants for each in found.predictions if not each.ranged]:
        notes.append(f"Note: what range was fitted is not recorded for {', '.join(unknown)}.")
    return "\n".join([*parts, "", *_wrapped(notes)]).rstrip()


def _value(row: Predicted) -> str:
    shown = f"{row.value:.5g}"
    return shown if row.low is None or row.high is None else f"{shown} ({row.low:.5g} to {row.high:.5g})"


def _warnings(row: Predicted) -> list[str]:
    told = []
    for name, far in row.decades.items():
        side = "above" if far > 0 else "below"
        told.append(f"WARNING: {_symbol(name)} is {abs(far):.1f} decades {side} what was fitted")
    told += [f"UNVERIFIED: {row.unverified}"] if row.unverified else []
    told += [f"disputed: {row.disputed}"] if row.disputed else []
    return told


def _unit(name: str) -> str:
    unit = QUANTITIES[name].unit
    return "" if unit == "1" else unit


def _wrapped(lines: Sequence[str]) -> list[str]:
    return [textwrap.fill(line, WIDTH, subsequent_indent="  ", break_long_words=False) for line in lines]
