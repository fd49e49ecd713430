"""Numbers as a reader wants them: powers of ten, four significant digits, intervals, times; missing is a dash."""

import math

from isoflop.estimates.interval import Interval
from isoflop.units import print_ratio

MISSING = "–"
_SIZES = (("T", 1e12), ("B", 1e9), ("M", 1e6), ("K", 1e3))
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def power(value: float | None, digits: int = 2) -> str:
    """5e12 as "5 × 10¹²" and 1e10 as "10¹⁰", with at most `digits` significant digits."""
    if value is None or not math.isfinite(value) or value <= 0:
        return MISSING
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    ten = "10" + str(int(exponent)).translate(_SUPERSCRIPT)
    return ten if mantissa == "1" else f"{mantissa} × {ten}"


def number(value: float | None, digits: int = 4) -> str:
    """`digits` significant digits: 1.7 as "1.700", 0.57123 as "0.5712", 31415 as "31,420", 1e9 as a power of ten."""
    if value is None or not math.isfinite(value):
        return MISSING
    if value == 0:
        return "0"
    magnitude = math.floor(math.log10(abs(float(f"{value:.{digits - 1}e}"))))
    if magnitude >= 7 or magnitude < -4:
        return ("−" if value < 0 else "") + power(abs(value), digits)
    rounded = round(value, digits - 1 - magnitude)
    return f"{rounded:,.{max(0, digits - 1 - magnitude)}f}".replace("-", "−")


def loss(value: float | None) -> str:
    """A loss to a thousandth of a nat, which is finer than any seed noise here."""
    return MISSING if value is None or not math.isfinite(value) else f"{value:.3f}"


def count(value: float | None) -> str:
    """A whole number with its thousands apart; a power of ten from ten million on."""
    if value is None or not math.isfinite(value):
        return MISSING
    return f"{value:,.0f}" if abs(value) < 1e7 else power(value, 3)


def short(value: float | None, digits: int = 3) -> str:
    """72.61e9 as "72.6B", 1e6 as "1M" and 31415 as "31.4K": sizes and tokens as the field says them."""
    if value is None or not math.isfinite(value) or value <= 0:
        return MISSING
    rounded = float(f"{value:.{digits - 1}e}")
    if rounded >= 1e15:
        return power(value, digits)
    suffix, size = next(((suffix, size) for suffix, size in _SIZES if rounded >= size), ("", 1.0))
    return f"{rounded / size:.{digits}g}{suffix}"


def ratio(value: float | None) -> str:
    """Tokens per parameter to three digits: 20.04 as "20", 0.4567 as "0.457"."""
    return MISSING if value is None or not math.isfinite(value) else print_ratio(value)


def percent(fraction: float | None, digits: int = 2) -> str:
    """0.0058 as "0.58 %" and 1.283 as "128 %": a size without a sign; words around it say which way."""
    if fraction is None or not math.isfinite(fraction):
        return MISSING
    size = 100 * abs(fraction)
    return f"{size:,.0f} %" if size >= 10**digits else f"{size:.{digits}g} %"


def moment(written_at: str) -> str:
    """2026-11-23T03:45:28+00:00 as "2026-11-23 03:45 UTC"; any other text as it is."""
    day, clock, zone = written_at[:10], written_at[11:16], written_at[19:]
    return f"{day} {clock} UTC" if zone == "+00:00" else written_at


def signed_percent(fraction: float | None) -> str:
    """-0.0058 as "−0.58 %", for tables."""
    if fraction is None or not math.isfinite(fraction):
        return MISSING
    return f"{100 * fraction:+.2f} %".replace("-", "−")


def bracket(interval: Interval | None, digits: int = 4) -> str:
    """An interval's ends, "[1.660, 1.740]"."""
    return MISSING if interval is None else f"[{number(interval.low, digits)}, {number(interval.high, digits)}]"


def level(interval: Interval) -> str:
    """An interval's level, "90 %"."""
    return f"{100 * interval.level:.3g} %"


def multiple(factor: float) -> str:
    """0.5 as "½×" and 2 as "2×"."""
    fractions = {0.125: "⅛", 0.25: "¼", 0.5: "½"}
    return f"{fractions.get(factor, f'{factor:.3g}')}×"


def duration(seconds: float | None) -> str:
    """83 as "1 min 23 s"."""
    if seconds is None or not math.isfinite(seconds):
        return MISSING
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"
