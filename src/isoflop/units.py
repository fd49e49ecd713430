"""Printing and reading quantities: FLOPs, tokens, parameters, seconds."""

import math
import re
from collections.abc import Mapping
from typing import Any

from isoflop.errors import BadInput

PF_DAY = 8.64e19
"""FLOPs in a petaflop/s-day: 1e15 * 86,400 (Kaplan et al. 2020, sec. 1)."""

SUFFIXES = {"": 1.0, "K": 1e3, "M": 1e6, "B": 1e9, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18, "Z": 1e21, "Y": 1e24}
_WHOLE = r"[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+(?:_[0-9]+)*"  # commas part thousands, and nothing else
_QUANTITY = re.compile(rf"\s*((?:(?:{_WHOLE})(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)\s*([^0-9,._].*?)?\s*")
_DECIMAL_COMMA = re.compile(r"([0-9]+),([0-9]+(?:[eE][+-]?[0-9]+)?)(.*)")


_BARE = re.compile(r"((?:(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)\s*(%?)")


def parse_flops(text: str) -> float:
    """FLOPs from `1e22`, `10ZFLOP`, `115PF-days`. Raises `BadInput`, naming what is allowed."""
    number, unit = _split(text, "FLOPs", "1e22, 10ZFLOP or 115PF-days")
    if unit.lower().replace(" ", "") in {"pf-day", "pf-days", "pfdays", "pfday"}:
        return number * PF_DAY
    prefix = re.sub(r"flops?$", "", unit, flags=re.IGNORECASE).upper()
    if prefix not in SUFFIXES:
        raise BadInput(f"{text!r}: unknown unit {unit!r}. Write FLOPs as 1e22, 10ZFLOP or 115PF-days.")
    return number * SUFFIXES[prefix]


def parse_count(text: str, what: str) -> float:
    """Parameters or tokens from `7e9`, `7B`, `1.4T`. Raises `BadInput`, naming what is allowed."""
    number, unit = _split(text, what, "7e9, 7B or 1.4T")
    if unit.upper() not in {"", "K", "M", "B", "T"}:
        raise BadInput(f"{text!r}: unknown unit {unit!r}. Write {what} as 7e9, 7B or 1.4T.")
    return number * SUFFIXES[unit.upper()]


def parse_dollars(text: str) -> float:
    """Dollars from `100000`, `$2M`, `1.5B`. Raises `BadInput`, naming what is allowed."""
    number, unit = _split(text.strip().removeprefix("$"), "dollars", "100000, $2M or $1.5B")
    if unit.upper() not in {"", "K", "M", "B"}:
        raise BadInput(f"{text!r}: unknown unit {unit!r}. Write dollars as 100000, $2M or $1.5B.")
    return number * SUFFIXES[unit.upper()]


def parse_number(text: str, examples: str) -> float:
    """A number without a unit from `64`, `1,024`, `2.5`. Raises `BadInput`, naming the examples."""
    return _bare(text, examples, {"": 1.0})


def parse_share(text: str, examples: str) -> float:
    """A share from `0.4` or `40%`. Raises `BadInput`, naming the examples."""
    return _bare(text, examples, {"": 1.0, "%": 100.0})


def _bare(text: str, examples: str, divisors: Mapping[str, float]) -> float:
    found = _BARE.fullmatch(text.strip())
    number, unit = (float(found[1].replace(",", "")), found[2]) if found else (0.0, "")
    if not 0 < number < math.inf or unit not in divisors:
        comma = ", and a comma parts thousands" if "," in text else ""
        raise BadInput(f"{text} is no positive number: write it as {examples}{comma}.")
    return number / divisors[unit]


def _split(text: str, what: str, examples: str) -> tuple[float, str]:
    found = _QUANTITY.fullmatch(text)
    if found is None and (comma := _DECIMAL_COMMA.fullmatch(text.strip())):
        meant = "{}.{}{}".format(*comma.groups())
        raise BadInput(
            f"{text!r} is no number of {what}: a comma parts thousands, as in 1,500,000. For {meant}, write that."
        )
    number = float(found.group(1).replace(",", "").replace("_", "")) if found else 0.0
    if found is None or not 0 < number < float("inf"):
        raise BadInput(f"{text!r} is no positive number of {what}. Write {examples}.")
    return number, found.group(2) or ""


def print_count(number: float) -> str:
    """Three digits and a suffix: 30976 → 31.0K, 1.4e12 → 1.40T; from 1,000 T on an exponent: 1.67e15."""
    if abs(number) >= 1e15 * 0.9995:
        return f"{number:.3g}".replace("e+", "e")
    for suffix, size in (("T", 1e12), ("B", 1e9), ("M", 1e6), ("K", 1e3)):
        if abs(number) >= size * 0.9995:
            return f"{number / size:.3g}{suffix}" if number / size >= 100 else f"{number / size:#.3g}{suffix}"
    return f"{number:.3g}"


def print_ratio(number: float) -> str:
    """Three digits without an exponent: 0.42, 12.3, 181,000; from a million on a suffix: 1.81M."""
    return f"{float(f'{number:.3g}'):,g}" if abs(number) < 999_500 else print_count(number)


def print_share(share: float, digits: int = 0) -> str:
    """In per cent: 0.87 → 87%; what is not quite all does not read as all: 0.9973 → 99.7%, at most 99.99%."""
    for more in range(digits, 3):
        said = f"{share:,.{more}%}"
        if abs(share) >= 1 or not said.lstrip("-").startswith("100"):
            return said
    return "-99.99%" if share < 0 else "99.99%"


def print_bytes(number: float) -> str:
    """Three digits: 4.2 MB, 72.4 GB of 1e9 bytes, 3.4 TB, 5,000 TB."""
    if number < 1e7:
        return f"{number / 1e6:.3g} MB"
    return f"{print_ratio(number / 1e12)} TB" if number >= 999.5e9 else f"{number / 1e9:.3g} GB"


def print_dollars(dollars: float) -> str:
    """Three digits and a suffix: 152 → $152, 99800 → $99.8K, 2e6 → $2.00M."""
    return f"${print_count(dollars)}"


def plural(number: int, thing: str) -> str:
    """1 → 1 GPU, 1024 → 1,024 GPUs."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def print_flops(flops: float) -> str:
    """Three digits: 6.4e11 → 6.4e11 FLOPs."""
    if flops == 0:
        return "0 FLOPs"
    mantissa, exponent = f"{flops:.2e}".split("e")
    return f"{float(mantissa):g}e{int(exponent)} FLOPs"


def print_seconds(seconds: float) -> str:
    """Whole units a person reads: 420 ms, 7 s, 3 min 20 s, 2 h 5 min."""
    if 0 < seconds < 1:
        return f"{1e3 * seconds:.3g} ms"
    whole = round(max(0.0, seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def pf_days_of(flops: Any) -> Any:
    """C / 8.64e19: FLOPs in PF-days, the unit of Kaplan et al. 2020."""
    return flops / PF_DAY


def flops_of(pf_days: Any) -> Any:
    """8.64e19 C: PF-days in FLOPs."""
    return pf_days * PF_DAY


def bits_per_byte(nats_per_token: Any, bytes_per_token: float) -> Any:
    """L / (ln 2 * bytes per token): a loss in nats/token as bits per byte of the text, given its tokenizer's mean."""
    return nats_per_token / (math.log(2) * bytes_per_token)


def nats_per_token(bits_per_byte: Any, bytes_per_token: float) -> Any:
    """ln 2 * bytes per token * L: the inverse of `bits_per_byte`."""
    return bits_per_byte * math.log(2) * bytes_per_token
