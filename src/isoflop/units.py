"""Printing and reading quantities: FLOPs, tokens, parameters, seconds."""

import math
import re
from collections.abc import Mapping
from typing import Any

from isoflop.errors import BadInput

PF_DAY = 8.64e19
"""FLOPs in a petaflop/s-day: 1e15 * 86,400 (Kaplan et al. 2020, sec. 1)."""

SUFFIXES = {"": 1.0, "K": 1e3, "M": 1e6, "B": 1e9, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18, "Z": 1e21, "Y": 1e24}
_WORDS = {"thousand": "K", "million": "M", "billion": "B", "trillion": "T"}
_NOUNS = {"tokens": "tokens?", "parameters": "param(?:eter)?s?", "dollars": r"dollars?|usd|\$", "FLOPs": "flops?"}
_PF_DAYS = re.compile(r"(?:pf|pflops?|petaflops?)(?:/s)?[- ]?days?", re.IGNORECASE)
_RATE = re.compile(r".*flops?(?:/s|/sec| per second)", re.IGNORECASE)

_WHOLE = r"[1-9][0-9]{0,2}(?:,[0-9]{3})+|[1-9][0-9]{0,2}(?:_[0-9]{3})+|[0-9]+"  # thousands apart, nothing else
_NUMBER = re.compile(rf"(?:(?:{_WHOLE})(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_QUANTITY = re.compile(r"\s*([0-9.,_]*[0-9][0-9.,_]*(?:[eE][+-]?[0-9]+)?)(\s*)(.*?)\s*")
_THOUSANDS = "a comma parts thousands, as in 1,500,000"


def parse_flops(text: str) -> float:
    """FLOPs from `1e22`, `10ZFLOP`, `115PF-days`. Raises `BadInput`, naming what is allowed."""
    examples = "1e22, 10ZFLOP or 115PF-days"
    number, unit = _split(text, "FLOPs", examples)
    if _PF_DAYS.fullmatch(unit):
        return _finite(number * PF_DAY, text, "FLOPs", examples)
    if _RATE.fullmatch(unit):
        raise BadInput(f"{text!r} is a speed, FLOPs a second, and no number of them. Write FLOPs as {examples}.")
    return _scaled(text, number, unit, "FLOPs", examples, allowed=frozenset(SUFFIXES))


def parse_count(text: str, what: str) -> float:
    """Parameters or tokens from `7e9`, `7B`, `1.4T tokens`. Raises `BadInput`, naming what is allowed."""
    examples = "7e9, 7B or 1.4T"
    return _scaled(text, *_split(text, what, examples), what, examples, allowed=frozenset(("", "K", "M", "B", "T")))


def parse_dollars(text: str) -> float:
    """Dollars from `100000`, `$2M`, `1.5B`. Raises `BadInput`, naming what is allowed."""
    examples = "100000, $2M or $1.5B"
    number, unit = _split(text, "dollars", examples, sign="$")
    return _scaled(text, number, unit, "dollars", examples, allowed=frozenset(("", "K", "M", "B")))


def parse_number(text: str, examples: str) -> float:
    """A number without a unit from `64`, `1,024`, `2.5`. Raises `BadInput`, naming the examples."""
    return _bare(text, examples, {"": 1.0})


def parse_share(text: str, examples: str) -> float:
    """A share from `0.4` or `40%`. Raises `BadInput`, naming the examples."""
    return _bare(text, examples, {"": 1.0, "%": 100.0})


def _bare(text: str, examples: str, divisors: Mapping[str, float]) -> float:
    try:
        number, unit = _split(text, "numbers", examples)
    except BadInput:
        number, unit = 0.0, ""
    if not number or unit not in divisors:
        raise BadInput(f"{text} is no positive number: write it as {examples}.")
    return number / divisors[unit]


def _split(text: str, what: str, examples: str, sign: str = "") -> tuple[float, str]:
    """The number and the unit behind it; a sign may stand before it."""
    found = _QUANTITY.fullmatch(text.strip().removeprefix(sign))
    if found is None:
        raise BadInput(f"{text!r} is no positive number of {what}. Write {examples}.")
    digits, space, unit = found.groups()
    if _NUMBER.fullmatch(digits) is None or ("," in digits and "e" in digits.lower()):
        raise BadInput(f"{text!r} is no number of {what}: {_misread(digits, space + unit, examples)}")
    return _finite(float(digits.replace(",", "").replace("_", "")), text, what, examples), unit


def _misread(digits: str, unit: str, examples: str) -> str:
    """What is wrong with the commas and points of a number, and how to write what was meant, where that is clear."""
    mantissa = re.split("[eE]", digits)[0]
    if re.fullmatch("[0-9]+,[0-9]+", mantissa):
        meant = digits.replace(",", ".") + unit
        if _NUMBER.fullmatch(mantissa):
            return f"before an exponent a comma may part anything. Write {meant}, or leave the comma out."
        return f"{_THOUSANDS}. For {meant}, write that."
    if re.fullmatch(r"[0-9]{1,3}(?:\.[0-9]{3}){2,}", digits):
        return f"a point is a decimal point. For {digits.replace('.', ',')}{unit}, write that."
    return f"{_THOUSANDS}, and a point is a decimal point. Write {examples}."


def _scaled(text: str, number: float, unit: str, what: str, examples: str, *, allowed: frozenset[str]) -> float:
    """The number times what its unit says; a unit may be followed by the name of what is counted."""
    prefix = re.sub(rf"(?:{_NOUNS.get(what, re.escape(what))})$", "", unit, flags=re.IGNORECASE).strip()
    suffix = _WORDS.get(prefix.lower(), prefix.upper())
    if suffix not in allowed or unit == "e":  # 1e lacks its exponent
        raise BadInput(f"{text!r}: unknown unit {unit!r}. Write {what} as {examples}.")
    return _finite(number * SUFFIXES[suffix], text, what, examples)


def _finite(number: float, text: str, what: str, examples: str) -> float:
    if not 0 < number < math.inf:
        size = "far too many" if number == math.inf else "no positive number of"
        raise BadInput(f"{text!r} is {size} {what}. Write {examples}.")
    return number


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
    if flops == 0 or not math.isfinite(flops):
        return f"{flops:g} FLOPs"
    mantissa, exponent = f"{flops:.2e}".split("e")
    return f"{float(mantissa):g}e{int(exponent)} FLOPs"


def print_seconds(seconds: float) -> str:
    """Whole units a person reads: 420 ms, 7 s, 3 min 20 s, 2 h 5 min."""
    if 0 < seconds < 0.9995:
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
