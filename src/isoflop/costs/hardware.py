"""Accelerators: what one computes, holds, moves and costs; a table (`devices.toml`) that a user's own file extends."""

import re
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from isoflop.errors import BadInput

TAGS = ("V", "V2", "C", "D", "M")
SPARSE_FROM = 1.5  # times the dense peak of the same device; 2:4 sparsity doubles it, and PCIe cards are slower
_NUMBERS = {
    "flops_per_second": "dense bf16 FLOP/s",
    "memory_bytes": "bytes",
    "bytes_per_second": "bytes/s",
    "domain": "devices that share the fast interconnect",
    "link_bytes_per_second": "bytes/s",
    "network_bytes_per_second": "bytes/s",
    "dollars_per_hour": "$/h",
}
_LEAST = {  # below it a number is in another unit
    "flops_per_second": (1e10, "989 TFLOP/s are 989e12"),
    "memory_bytes": (1e8, "80 GB are 80e9"),
    "bytes_per_second": (1e8, "3.35 TB/s are 3.35e12"),
    "link_bytes_per_second": (1e6, "450 GB/s are 450e9"),
    "network_bytes_per_second": (1e6, "400 Gb/s are 50e9"),
}
_FORM = (
    'Write ["My chip"] and below it flops_per_second = 100e12, memory_bytes = 48e9 and bytes_per_second = 1e12, '
    "each on a line."
)
_TEXTS = ("price_date", "price_listed", "price_source", "unverified", "note", "source")
_VENDORS = ("nvidia", "amd", "google", "geforce", "instinct", "cloud")
_BEFORE = "|".join((*_VENDORS, "rtx", "tpu"))  # what may stand before a model's name, unparted


@dataclass(frozen=True)
class Device:
    """One accelerator.

    flops_per_second: dense bf16 peak. memory_bytes and bytes_per_second: its memory and the bandwidth to it. domain:
    how many devices share the fast interconnect, over which each sends link_bytes_per_second, and beyond it
    network_bytes_per_second. dollars_per_hour: a price, None where none is known; price_listed: between what such were
    listed in price_date, by price_source. tag: how well peak, memory and bandwidth were checked. unverified: which
    figures nobody has seen in a source.
    """

    name: str
    flops_per_second: float
    memory_bytes: float
    bytes_per_second: float
    domain: int = 1
    link_bytes_per_second: float | None = None
    network_bytes_per_second: float | None = None
    dollars_per_hour: float | None = None
    price_date: str = ""
    price_listed: str = ""
    price_source: str = ""
    tag: str = ""
    unverified: str = ""
    aliases: tuple[str, ...] = ()
    note: str = ""
    source: str = ""

    @property
    def doubts(self) -> tuple[str, ...]:
        """What to say beside any number that comes from this device."""
        return (f"{self.name}: {self.unverified}.",) if self.unverified else ()

    @property
    def price(self) -> str:
        """The list price in words, with its date; "" where none is known."""
        if self.dollars_per_hour is None:
            return ""
        when = self.price_date or "undated"
        listed = f"; listed at {self.price_listed} in {when}" if self.price_listed else f", {when}"
        return f"${self.dollars_per_hour:g} an hour of one{listed}"


def devices(path: str | Path | None = None) -> Mapping[str, Device]:
    """Every known device by its name; those of a user's TOML file are added, and asked first where names are shared.

    Raises `BadInput` with everything that is wrong in the file: a number missing or not positive, an unknown key, a
    peak that is a sparse one.
    """
    known = _shipped()
    if path is None:
        return known
    own = _read(Path(path), known)
    names = {_plain(name) for each in own.values() for name in (each.name, *each.aliases)}
    kept = {name: each for name, each in known.items() if _plain(name) not in names}
    return {**kept, **own}


def device(name: str, path: str | Path | None = None) -> Device:
    """The device of this name, however it is written: h100, "NVIDIA H100 SXM". `BadInput` lists the known ones."""
    table = devices(path)
    wanted = _plain(name)
    for each in reversed(list(table.values())):  # a user's own come last, and are asked first
        if wanted in {_plain(alias) for alias in (each.name, *each.aliases)}:
            return each
    raise BadInput(
        f"No accelerator is called {name!r}. There are {', '.join(table)}. "
        "Add yours to a TOML file: its dense bf16 FLOP/s, memory and bandwidth."
    )


@cache
def _shipped() -> Mapping[str, Device]:
    text = files("isoflop.costs").joinpath("devices.toml").read_text(encoding="utf-8")
    return {name: _made(name, row) for name, row in tomllib.loads(text).items()}


def _read(path: Path, known: Mapping[str, Device]) -> Mapping[str, Device]:
    try:
        rows = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}. Name a TOML file of devices.") from None
    except UnicodeDecodeError:
        raise BadInput(f"{path} is no text in UTF-8, so no TOML. Name a TOML file of devices.") from None
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"{path} is no TOML: {error}. {_FORM}") from None
    if not rows:
        raise BadInput(f"{path} has no device in it. {_FORM}")
    problems = [f"{path}: {said}" for name, row in rows.items() for said in _problems(name, row, known)]
    problems += [f"{path}: {said}" for said in _called_alike(rows)]
    if problems:
        raise BadInput(problems)
    return {name: _made(name, row) for name, row in rows.items()}


def _made(name: str, row: Mapping[str, Any]) -> Device:
    given: dict[str, Any] = {key: float(value) if key in _NUMBERS else value for key, value in row.items()}
    given.pop("sparse", None)
    return Device(name, **{**given, "domain": int(row.get("domain", 1)), "aliases": tuple(row.get("aliases", ()))})


def _problems(name: str, row: Any, known: Mapping[str, Device]) -> list[str]:
    """All that is wrong with a user's entry."""
    if not isinstance(row, dict):
        return [f"{name} = {row!r} is no device. {_FORM}"]
    keys = {f.name for f in fields(Device)} - {"name"} | {"sparse"}
    said = [f"{name}: unknown key {key!r}. Keys are {', '.join(sorted(keys))}." for key in row if key not in keys]
    needed = [f.name for f in fields(Device) if f.default is MISSING and f.name != "name"]
    said += [f"{name}: {key} ({_NUMBERS[key]}) is missing. Add it." for key in needed if key not in row]
    said += [wrong for key in _NUMBERS if key in row for wrong in _number(name, key, row[key])]
    for key in _TEXTS:
        if not isinstance(row.get(key, ""), str):
            said.append(f"{name}: {key} = {row[key]!r} is no text; put it in quotes.")
    if row.get("tag", "V") not in TAGS:
        said.append(f"{name}: tag = {row['tag']!r} is none of {', '.join(TAGS)}.")
    if not _is_names(row.get("aliases", [])):
        said.append(f'{name}: aliases = {row["aliases"]!r} is no list of names, such as ["chip"].')
    if "flops_per_second" in row and not _number(name, "flops_per_second", row["flops_per_second"]):
        said += _sparse(name, row, known)
    return said


def _number(name: str, key: str, value: Any) -> list[str]:
    """Why a value is no number of its key, in at most one sentence."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < sys.float_info.max:
        return [f"{name}: {key} = {value!r} is no positive number of {_NUMBERS[key]}."]
    if key == "domain" and not isinstance(value, int):
        return [f"{name}: domain = {value!r} is no whole number of devices."]
    least, example = _LEAST.get(key, (0.0, ""))
    if value < least:
        return [f"{name}: {key} = {value!r} {_NUMBERS[key]} is far too little: {example}."]
    return []


def _is_names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _called_alike(rows: Mapping[str, Any]) -> list[str]:
    """The names that more than one entry of a file goes by."""
    owners: dict[str, dict[str, str]] = {}
    for name, row in rows.items():
        aliases = row.get("aliases", []) if isinstance(row, dict) else []
        for each in (name, *(aliases if _is_names(aliases) else ())):
            owners.setdefault(_plain(each), {}).setdefault(name, each)
    return [
        f"{' and '.join(by)} are both called {next(iter(by.values()))!r}. Leave the name to one."
        for by in owners.values()
        if len(by) > 1
    ]


def _sparse(name: str, row: Mapping[str, Any], known: Mapping[str, Device]) -> list[str]:
    """Why a peak is taken for a sparse one: the entry says so, or a known device of that name has about half."""
    peak = float(row["flops_per_second"])
    if row.get("sparse", False) is not False:
        return [
            f"{name}: {peak:.4g} FLOP/s is marked sparse. Training multiplies dense matrices: give the dense "
            f"bf16 peak, for 2:4 sparsity half of it, {peak / 2:.4g}."
        ]
    names = (name, *(row["aliases"] if _is_names(row.get("aliases")) else ()))
    for other in known.values():
        same = any(_names(alias, each) for alias in (other.name, *other.aliases) for each in names)
        if same and peak >= SPARSE_FROM * other.flops_per_second:
            return [
                f"{name}: {peak:.4g} FLOP/s is {peak / other.flops_per_second:.3g} times the dense bf16 peak of "
                f"{other.name}, {other.flops_per_second:.4g}. It looks like a vendor's 2:4-sparse (or lower-precision) "
                "figure, or several devices' together: give the dense bf16 one of one device."
            ]
    return []


def _names(alias: str, name: str) -> bool:
    """Whether a name has that of a model in it, whole: "A100-80GB" and "my A100" have A100, "RTX A1000" has not."""
    model = "[^a-z0-9]*".join(re.findall("[a-z0-9]+", alias.lower()))
    after = "[0-9]" if model[-1].isdigit() else "[a-z0-9]"
    return re.search(rf"(?:^|[^a-z0-9]|{_BEFORE}){model}(?!{after})", name.lower()) is not None


def _plain(name: str) -> str:
    """Letters and digits alone, in lower case, without the vendor."""
    plain = "".join(letter for letter in name.lower() if letter.isalnum())
    for vendor in _VENDORS:
        plain = plain.removeprefix(vendor)
    return plain
