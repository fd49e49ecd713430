"""A picture as a value: its SVG, the data it shows and the words that stand in for it."""

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Figure:
    """One picture: `title` says what it shows, `caption` how to read it, `alt` what one would see, `csv` its data."""

    name: str
    title: str
    caption: str
    alt: str
    svg: str
    csv: str


def csv_of(**tables: Sequence[Row]) -> str:
    """The rows behind a picture as one CSV; its first column, `what`, says which part of the picture a row is.

    Numbers keep six significant digits; a missing value is an empty field; colours are left out.
    """
    rows = [{"what": what.replace("_", " "), **row} for what, table in tables.items() for row in table]
    every = dict.fromkeys(key for row in rows for key in row)
    columns = [key for key in every if key not in ("colour", "order", "label")]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(row.get(column)) for column in columns] for row in rows)
    return text.getvalue()


def thinned(x: Sequence[float], y: Sequence[float], most: int = 60) -> list[tuple[float, float]]:
    """The finite points of a curve, at most about `most` of them, evenly spaced in log x, both ends kept."""
    points = [(a, b) for a, b in zip(x, y, strict=True) if a > 0 and math.isfinite(b)]
    if len(points) <= most:
        return points
    first, last = math.log(points[0][0]), math.log(points[-1][0])
    kept, slot = [points[0]], 0
    for point in points[1:-1]:
        place = int((math.log(point[0]) - first) / (last - first) * (most - 1))
        if place > slot:
            kept.append(point)
            slot = place
    return [*kept, points[-1]]


def _cell(value: Any) -> Any:
    return f"{value:.6g}" if isinstance(value, float) else value
