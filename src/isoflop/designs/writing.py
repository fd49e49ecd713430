"""A study written down: as TOML, as commented TOML to begin from, as a reference in Markdown."""

import dataclasses
import inspect
import json
import textwrap
from typing import Any

import numpy as np

from isoflop.designs.field import knob_of
from isoflop.designs.sections import Section, allowed, kinds, section_of

PLAIN_FROM, PLAIN_TO = 1e-3, 1e6  # floats in between are written without an exponent


def to_toml(section: Section, *, comments: bool = False) -> str:
    """TOML that reads back as the same section; with comments, each key has its meaning and what is allowed."""
    lines = [*_comment(_about(type(section))), ""] if comments else []
    lines += _keys(section, comments)
    for field in dataclasses.fields(section):
        inner = getattr(section, field.name)
        if isinstance(inner, Section):
            lines += [
                "",
                *(_comment(_about(type(inner))) if comments else []),
                f"[{field.name}]",
                *_keys(inner, comments),
            ]
    return "\n".join(lines).strip("\n") + "\n"


def reference(kind: type[Section], title: str) -> str:
    """Markdown: a table of keys for each section, with type, default, what is allowed and what it means."""
    inner = {field.name: section_of(kinds(kind)[field.name]) for field in dataclasses.fields(kind)}
    parts = [f"# {title}", _about(kind), _table(kind)]
    for name, section in inner.items():
        if section is not None:
            parts += [f"## `[{name}]`", _about(section), _table(section)]
    return "\n\n".join(parts) + "\n"


def plain(section: Section) -> dict[str, Any]:
    """The section as nested dicts and lists of plain values, without the keys that are not set."""
    found: dict[str, Any] = {}
    for field in dataclasses.fields(section):
        value = getattr(section, field.name)
        if value is not None:
            found[field.name] = plain(value) if isinstance(value, Section) else _listed(value)
    return found


def _keys(section: Section, comments: bool) -> list[str]:
    lines = []
    for field in dataclasses.fields(section):
        value = getattr(section, field.name)
        if isinstance(value, Section):
            continue
        if comments:
            about, kind = knob_of(field), kinds(type(section))[field.name]
            lines += _comment(f"{about.help}: {allowed(kind, about)}" if about.help else allowed(kind, about))
        if value is not None:
            lines.append(f"{field.name} = {_toml(value)}")
        elif comments:
            lines.append(f"# {field.name} =")
    return lines


def _table(kind: type[Section]) -> str:
    rows = ["| key | default | allowed | meaning |", "|---|---|---|---|"]
    for field in dataclasses.fields(kind):
        declared = kinds(kind)[field.name]
        if section_of(declared) is None:
            about = knob_of(field)
            default = "must be given" if field.default is dataclasses.MISSING else "not set"
            if field.default is not None and field.default is not dataclasses.MISSING:
                default = f"`{_toml(field.default)}`"
            rows.append(f"| `{field.name}` | {default} | {_cell(allowed(declared, about))} | {_cell(about.help)} |")
    return "\n".join(rows)


def _about(kind: type[Section]) -> str:
    return inspect.cleandoc(kind.__doc__ or "")


def _comment(text: str) -> list[str]:
    return [f"# {line}".rstrip() for part in text.split("\n") for line in textwrap.wrap(part, 116) or [""]]


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _toml(value: Any) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml(each) for each in value) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        if value == 0 or PLAIN_FROM <= abs(value) < PLAIN_TO:
            return repr(value)
        return np.format_float_scientific(value, trim="-", exp_digits=1).replace("e+", "e")
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return str(value)


def _listed(value: Any) -> Any:
    return [_listed(each) for each in value] if isinstance(value, tuple) else value
