"""Axes with units in their titles and round ticks: decades, then 1-2-5, then plain steps, as the span allows."""

import json
import math
from collections.abc import Callable, Sequence
from typing import Any

import altair as alt

from isoflop.reports import prose


def compute(field: str, values: Sequence[float], axis: type[Any] = alt.X) -> Any:
    """A log axis of compute in FLOPs around `values`."""
    return log(axis, field, "Training compute C (FLOPs)", values, label=prose.power)


def size(axis: type[Any], field: str, values: Sequence[float], *, label: Callable[[float], str] = prose.count) -> Any:
    """A log axis of model sizes in parameters around `values`."""
    return log(axis, field, "Model size N (parameters)", values, label=label)


def around(middles: Sequence[float], ends: Sequence[float], reach: float) -> list[float]:
    """What an axis should hold: all middles, and the ends of intervals as far as a factor `reach` beyond them.

    A hopeless interval may run from nothing to infinity; it should leave its picture, not take the picture with it.
    """
    low, high = min(middles) / reach, max(middles) * reach
    return [*middles, *(min(max(end, low), high) for end in ends)]


def log(
    axis: type[Any],
    field: str,
    title: str,
    values: Sequence[float],
    *,
    label: Callable[[float], str] | None = None,
    pad: float = 0.04,
) -> Any:
    """A log axis around `values`, all positive, with `pad` of its length free at both ends."""
    low, high = min(values), max(values)
    reach = max(high / low, 1.05) ** pad
    low, high = low / reach, high * reach
    ticks = log_ticks(low, high, label)
    return axis(f"{field}:Q", title=title, scale=_scale("log", low, high), axis=_axis(axis, ticks))


def at(axis: type[Any], field: str, title: str, ticks: Sequence[float], *, label: Callable[[float], str]) -> Any:
    """A log axis with a tick at each of the values given."""
    scale = _scale("log", min(ticks) / 1.15, max(ticks) * 1.15)
    return axis(f"{field}:Q", title=title, scale=scale, axis=_axis(axis, [(tick, label(tick)) for tick in ticks]))


def names(field: str, title: str, names: Sequence[str]) -> Any:
    """A vertical axis of rows 0, 1, 2 ... from the top, each with its name."""
    scale = alt.Scale(type="linear", domain=[len(names) - 0.4, -0.6], nice=False, zero=False)
    return alt.Y(f"{field}:Q", title=title, scale=scale, axis=_axis(alt.Y, list(enumerate(names))))


def like(axis: Any, field: str) -> Any:
    """The same axis for another field, such as the low end of an interval."""
    other = axis.copy(deep=False)
    other["shorthand"] = f"{field}:Q"
    return other


def linear(
    axis: type[Any],
    field: str,
    title: str,
    values: Sequence[float],
    *,
    label: Callable[[float], str] | None = None,
    pad: float = 0.04,
) -> Any:
    """A linear axis around `values`."""
    low, high = min(values), max(values)
    reach = pad * max(high - low, 1e-3 * max(abs(low), abs(high), 1e-9))
    low, high = low - reach, high + reach
    ticks = _even(steps(low, high), label)
    return axis(f"{field}:Q", title=title, scale=_scale("linear", low, high), axis=_axis(axis, ticks))


def log_ticks(low: float, high: float, label: Callable[[float], str] | None) -> list[tuple[float, str]]:
    """Ticks between two positive ends with their labels; minor ticks have an empty one."""
    span = math.log10(high / low)
    if span < 0.6:
        return _even(steps(low, high), label)
    label = label or "{:g}".format
    # Powers of ten are wide as words and clear alone; plain numbers can stand closer.
    wide = label is prose.power
    labelled = (1, 2, 5) if span < (1.2 if wide else 1.7) else (1,) if wide or span > 3.2 else (1, 3)
    exponents = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    values = [(digit, digit * 10.0**exponent) for exponent in exponents for digit in range(1, 10)]
    return [(value, label(value) if digit in labelled else "") for digit, value in values if low <= value <= high]


def steps(low: float, high: float, most: int = 8) -> list[float]:
    """Multiples of 1, 2 or 5 times a power of ten between two ends, at most about `most` of them."""
    unit = 10.0 ** math.floor(math.log10((high - low) / most))
    step = next(factor * unit for factor in (1, 2, 5, 10) if (high - low) / (factor * unit) <= most)
    # Rounded to the step's own decimals: 3 * 0.1 is not 0.3.
    decimals = max(0, -math.floor(math.log10(step)))
    return [round(i * step, decimals) for i in range(math.ceil(low / step), math.floor(high / step) + 1)]


def per_cent(value: float) -> str:
    """1.5 as "+1.5 %": a tick of an axis of misses."""
    return f"{value:+g} %".replace("-", "−") if value else "0"


def _even(values: list[float], label: Callable[[float], str] | None) -> list[tuple[float, str]]:
    """Ticks with their labels, by default all with as many decimals as the finest needs."""
    decimals = max((len(f"{value:g}".partition(".")[2]) for value in values), default=0)
    return [(value, label(value) if label else f"{value:.{decimals}f}") for value in values]


def _scale(kind: str, low: float, high: float) -> alt.Scale:
    return alt.Scale(type=kind, domain=[low, high], nice=False, zero=False)  # type: ignore[arg-type]


def _axis(axis: type[Any], ticks: list[tuple[float, str]]) -> alt.Axis:
    if axis is alt.Y:
        ticks = [tick for tick in ticks if tick[1]]  # a grid line for every minor tick would be a fence
    values, labels = [value for value, _ in ticks], [text for _, text in ticks]
    # json.dumps quotes the labels; Vega's own number formats have no superscripts.
    expression = f"{json.dumps(labels, ensure_ascii=False)}[indexof({json.dumps(values)}, datum.value)]"
    place: dict[str, Any] = {}
    if axis is alt.Y:
        # Flat over the axis, flush with its labels, where it is read without turning one's head.
        wide = max((len(text) for text in labels), default=0)
        place = {"titleAngle": 0, "titleAlign": "left", "titleBaseline": "bottom", "titleX": -6.4 * wide - 6}
        place["titleY"] = -10
    return alt.Axis(values=values, labelExpr=expression, labelOverlap=False, grid=axis is alt.Y, **place)
