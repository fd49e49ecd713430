"""A section of a study: a frozen dataclass whose fields are knobs, valid once made, read from plain values.

One check serves Python and TOML alike; reading goes on after a problem, so that all are told at once.
"""

import dataclasses
import difflib
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from isoflop.designs.field import Knob, knob_of
from isoflop.errors import BadInput

S = TypeVar("S", bound="Section")

WORDS = {int: "a whole number", float: "a number", str: "any text", bool: "true or false"}


@dataclass(frozen=True)
class Section:
    """Inherit to get a section: fields are checked when it is made; `conflicts` tells what single fields cannot."""

    def __post_init__(self) -> None:
        problems: list[str] = []
        for field in dataclasses.fields(self):
            kind = kinds(type(self))[field.name]
            value = getattr(self, field.name)
            if section_of(kind) is None:
                value, wrong = _converted(value, kind, knob_of(field), field.name)
                problems += wrong
                object.__setattr__(self, field.name, value)
            elif not isinstance(value, kind):
                problems.append(f"{field.name} = {value!r}: must be a {kind.__name__}.")
        if problems or (problems := self.conflicts()):
            raise BadInput(problems)

    def conflicts(self) -> list[str]:
        """What is wrong between fields that are each allowed; every message begins with a field's name."""
        return []


def read(kind: type[S], given: Mapping[str, Any], path: str = "") -> S:
    """Make a section from plain values, as TOML gives them. Raises `BadInput` with every problem and its path."""
    value, problems = _read(kind, given, path, [found for found, _ in leaves(kind)])
    if value is None:
        raise BadInput(problems)
    return value


def leaves(kind: type[Section], path: str = "") -> Iterator[tuple[str, dataclasses.Field[Any]]]:
    """Every field that can be set, by its dotted path, in the order of the file."""
    for field in dataclasses.fields(kind):
        inner = section_of(kinds(kind)[field.name])
        if inner is None:
            yield path + field.name, field
        else:
            yield from leaves(inner, f"{path}{field.name}.")


def kinds(kind: type[Any]) -> dict[str, Any]:
    """The types of a section's fields."""
    return get_type_hints(kind)


def section_of(kind: Any) -> type[Section] | None:
    """The section that a field holds; None if it holds a value."""
    return kind if isinstance(kind, type) and issubclass(kind, Section) else None


def allowed(kind: Any, about: Knob) -> str:
    """What may stand in a field, in words: `a number > 0 and <= 1 (FLOPs)`."""
    if about.choices:
        return "one of " + ", ".join(
            f'"{choice}"' if isinstance(choice, str) else str(choice) for choice in about.choices
        )
    item, depth = _item(kind)
    bounds = about.bounds()
    words = WORDS[item] + (f" {bounds}" if bounds else "") + (f" ({about.unit})" if about.unit else "")
    if not depth:
        return words
    size = f" of {about.length}" if about.length else f" of at least {about.shortest}" if about.shortest else ""
    inner = f"lists of {len(get_args(get_args(_some(kind))[0]))}, each of them" if depth > 1 else "each"
    return f"a list{size}, {inner} {words}"


def _read(kind: type[S], given: Mapping[str, Any], path: str, known: list[str]) -> tuple[S | None, list[str]]:
    fields = {field.name: field for field in dataclasses.fields(kind)}
    unknown = [_unknown(path, key, fields, known) for key in given if key not in fields]
    problems: list[str] = []
    values: dict[str, Any] = {}
    for name, field in fields.items():
        where = path + name
        declared = kinds(kind)[name]
        inner = section_of(declared)
        if inner is not None:
            if not isinstance(given.get(name, {}), Mapping):
                problems.append(f"{where} = {given[name]!r}: must be a section, [{where}].")
            elif name in given:
                values[name], wrong = _read(inner, given[name], where + ".", known)
                problems += wrong
        elif name in given:
            values[name], wrong = _converted(given[name], declared, knob_of(field), where)
            problems += wrong
    if problems:
        return None, unknown + problems
    try:
        made = kind(**values)  # beside a misspelt key the others may still contradict each other
    except BadInput as bad:
        return None, unknown + [path + problem for problem in bad.problems]
    return (None, unknown) if unknown else (made, [])


def _unknown(path: str, key: str, fields: Mapping[str, Any], known: list[str]) -> str:
    close = [path + name for name in difflib.get_close_matches(key, fields, n=1, cutoff=0.6)]
    close = close or [found for found in known if found.rpartition(".")[2] == key]
    hint = f" Did you mean {close[0]}?" if close else ""
    return f"{path}{key}: there is no such key.{hint} Allowed here: {', '.join(fields)}."


def _converted(value: Any, kind: Any, about: Knob, where: str) -> tuple[Any, list[str]]:
    """The value in the field's own type (lists become tuples, 1 becomes 1.0), or what is wrong with it."""
    if value is None and kind is not _some(kind):
        return None, []
    must = f"must be {allowed(kind, about)}."
    item, depth = _item(kind)
    if not depth:
        return _scalar(value, item, about, where, must)
    if not isinstance(value, list | tuple):
        return None, [f"{where} = {value!r}: {must}"]
    if len(value) < about.shortest or (about.length is not None and len(value) != about.length):
        return None, [f"{where} has {len(value)} items: {must}"]
    inner = get_args(_some(kind))[0]
    if depth > 1:
        about = dataclasses.replace(about, length=len(get_args(inner)), shortest=0, choices=())
    made = [_converted(each, inner, about, f"{where}[{i}]") for i, each in enumerate(value)]
    return tuple(each for each, _ in made), [problem for _, wrong in made for problem in wrong]


def _scalar(value: Any, item: type[Any], about: Knob, where: str, must: str) -> tuple[Any, list[str]]:
    if item is float and type(value) is int:
        value = float(value)
    if item is int and type(value) is float and value.is_integer():
        value = int(value)  # TOML has no 1e6 that is whole
    fits = type(value) is item and (not about.choices or value in about.choices)
    if fits and item in (int, float):
        fits = about.admits(value)
    return (value, []) if fits else (None, [f"{where} = {value!r}: {must}"])


def _some(kind: Any) -> Any:
    """The type without `| None`."""
    if get_origin(kind) in (Union, types.UnionType):
        (kind,) = [each for each in get_args(kind) if each is not type(None)]
    return kind


def _item(kind: Any) -> tuple[Any, int]:
    """The type of single values, and how many lists are around it."""
    kind, depth = _some(kind), 0
    while get_origin(kind) is tuple:
        kind, depth = get_args(kind)[0], depth + 1
    return kind, depth
