"""Accelerators: what one computes, holds, moves and costs; a table (`devices.toml`) that a user's own file extends."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from isoflop.errors import BadInput

TAGS = ("V", "V2", "C", "D", "M")
SPARSE_FROM = 1.8  # times the dense peak of the same device; 2:4 sparsity doubles it
_NUMBERS = {
    "flops_per_second": "dense bf16 FLOP/s",
    "memory_bytes": "bytes",
    "bytes_per_second": "bytes/s",
    "domain": "devices that share the fast interconnect",
    "link_bytes_per_second": "bytes/s",
    "network_bytes_per_second": "bytes/s",
    "dollars_per_hour": "$/h",
}
_VENDORS = ("nvidia", "amd", "google", "geforce", "instinct", "cloud")


@dataclass(frozen=True)
class Device:
    """One accelerator.

    flops_per_second: dense bf16 peak. memory_bytes and bytes_per_second: its memory and the bandwidth to it. domain:
    how many devices share the fast interconnect, over which each sends link_bytes_per_second, and beyond it
    network_bytes_per_second. dollars_per_hour: a price, None where none is known; price_listed: between what such were
    listed in price_date, by price_source. tag: how well
    peak, memory and bandwidth were checked. unverified: which figures nobody has seen in a source.
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
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} cannot be read: {error}.") from None
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"{path} is no TOML: {error}.") from None
    problems = [f"{path}: {said}" for name, row in rows.items() for said in _problems(name, row, known)]
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
        return [f'{name} = {row!r} is no device. Write ["{name}"], and its numbers below.']
    keys = {f.name for f in fields(Device)} - {"name"} | {"sparse"}
    said = [f"{name}: unknown key {key!r}. Keys are {', '.join(sorted(keys))}." for key in row if key not in keys]
    needed = [f.name for f in fields(Device) if f.default is MISSING and f.name != "name"]
    said += [f"{name}: {key} ({_NUMBERS[key]}) is missing." for key in needed if key not in row]
    for key, unit in _NUMBERS.items():
        value = row.get(key, 1)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < float("inf"):
            said.append(f"{name}: {key} = {value!r} is no positive number of {unit}.")
    if not isinstance(row.get("domain", 1), int):
        said.append(f"{name}: domain = {row['domain']!r} is no whole number of devices.")
    for key in ("price_date", "price_listed", "price_source", "unverified", "note", "source"):
        if not isinstance(row.get(key, ""), str):
            said.append(f"{name}: {key} = {row[key]!r} is no text; put it in quotes.")
    if row.get("tag", "V") not in TAGS:
        said.append(f"{name}: tag = {row['tag']!r} is none of {', '.join(TAGS)}.")
    aliases = row.get("aliases", [])
    if not isinstance(aliases, list) or not all(isinstance(alias, str) for alias in aliases):
        said.append(f"{name}: aliases = {aliases!r} is no list of names.")
    return said or _sparse(name, row, known)


def _sparse(name: str, row: Mapping[str, Any], known: Mapping[str, Device]) -> list[str]:
    """Why a peak is taken for a sparse one: the entry says so, or a known device of that name has about half."""
    peak = float(row["flops_per_second"])
    if row.get("sparse", False) is not False:
        return [
            f"{name}: {peak:.4g} FLOP/s is marked sparse. Training multiplies dense matrices: give the dense "
            f"bf16 peak, for 2:4 sparsity half of it, {peak / 2:.4g}."
        ]
    names = [_plain(each) for each in (name, *row.get("aliases", []))]
    for other in known.values():
        same = any(_names(alias, each) for alias in (other.name, *other.aliases) for each in names)
        if same and peak >= SPARSE_FROM * other.flops_per_second:
            return [
                f"{name}: {peak:.4g} FLOP/s is {peak / other.flops_per_second:.2g} times the dense bf16 peak of "
                f"{other.name}, {other.flops_per_second:.4g}. It looks like a vendor's 2:4-sparse (or lower-precision) "
                "figure: give the dense bf16 one."
            ]
    return []


def _names(alias: str, name: str) -> bool:
    """Whether a plain name has that of a device in it, whole: A100-40GB has A100, and A1000 has not."""
    return re.search(rf"{_plain(alias)}(?![0-9])", name) is not None


def _plain(name: str) -> str:
    """Letters and digits alone, in lower case, without the vendor."""
    plain = "".join(letter for letter in name.lower() if letter.isalnum())
    for vendor in _VENDORS:
        plain = plain.removeprefix(vendor)
    return plain
