"""Where words beside dots can stand without lying over each other, over dots, or outside the picture."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import hypot, log
from typing import Any

import numpy as np

from isoflop.reports.drawing import HEIGHT, WIDTH

SIZE = 11.0  # of the words, in pixels
_PER_LETTER = 0.58  # of the size: the mean width of a letter
_MARGIN = (50.0, 65.0)  # what axes and their titles take of a picture, across and down
_DOT = 4.0  # half a dot's width
_DASH, _THICK = 7.0, 1.5  # half a dash's length and width
_HALO = 1.5  # of paper about words
_ROUNDS = 8  # of looking again at each word's place, now that the others have theirs
_AROUND = (
    ("left", 8, 0), ("right", -8, 0), ("center", 0, -12), ("center", 0, 13),
    ("left", 7, -9), ("left", 7, 10), ("right", -7, -9), ("right", -7, 10),
    ("center", 0, -23), ("center", 0, 24), ("left", 9, -19), ("left", 9, 20), ("right", -9, -19), ("right", -9, 20),
)  # fmt: skip
"""Places beside a dot, the most natural first: alignment, pixels right, pixels down."""
_CENTRED = (_AROUND[2], _AROUND[3])
"""Words right over or under a dot are read as its own, whatever else is near."""

_FAR, _ON_DOT, _ON_WORDS, _MISTAKEN = 5.0, 8.0, 4.0, 60.0
"""What counts against a place, in square pixels of line covered: each step down the list, a square pixel of a dot or of
other words covered, and to stand nearer to another dot than to one's own."""


Style = tuple[str, int, int]
_Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Frame:
    """The ends of both axes and whether each is logarithmic: what turns values into pixels, nearly."""

    x: tuple[float, float]
    y: tuple[float, float]
    log_x: bool = True
    log_y: bool = True

    @classmethod
    def of(cls, x: Any, y: Any) -> "Frame":
        """The frame of two channels made by `axes`."""
        (x_scale, y_scale) = (each.to_dict()["scale"] for each in (x, y))
        ends = tuple(x_scale["domain"]), tuple(y_scale["domain"])
        return cls(ends[0], ends[1], x_scale["type"] == "log", y_scale["type"] == "log")

    def pixel(self, x: float, y: float) -> tuple[float, float]:
        """Right of and below the upper left corner."""
        across, down = _share(x, self.x, self.log_x), 1 - _share(y, self.y, self.log_y)
        return across * (WIDTH - _MARGIN[0]), down * (HEIGHT - _MARGIN[1])


def beside(
    frame: Frame,
    wanted: Sequence[Mapping[str, Any]],
    fields: tuple[str, str],
    dots: Sequence[tuple[float, float]],
    *,
    lines: Sequence[Sequence[tuple[float, float]]] = (),
    marks: Sequence[tuple[float, float]] = (),
) -> dict[Style, list[Mapping[str, Any]]]:
    """Rows with a `label`, by where it is to stand beside its point (two fields); the whole as little crowded as found.

    dots: all points that have or could have a name; lines: the points of curves, marks: whatever else is drawn; all as
    values.
    """
    points = [frame.pixel(*dot) for dot in dots]
    covered = [_around(*point) for point in points]
    covered += [_around(*frame.pixel(*mark), (_DASH, _THICK)) for mark in marks]
    own = [frame.pixel(row[fields[0]], row[fields[1]]) for row in wanted]
    along = [box for line in lines for box in _along([frame.pixel(*point) for point in line])]
    choices = [[_box(at, row["label"], style) for style in _AROUND] for at, row in zip(own, wanted, strict=True)]
    fixed = [
        [
            _FAR * place
            + _outside(box)
            + sum(_overlap(box, each) for each in along)
            + _ON_DOT * sum(_overlap(box, each) for each in covered)
            + (_MISTAKEN if _AROUND[place] not in _CENTRED and _nearest(box, points) < _gap(box, at) - 0.5 else 0.0)
            for place, box in enumerate(boxes)
        ]
        for at, boxes in zip(own, choices, strict=True)
    ]
    chosen = _settled(choices, fixed)
    found: dict[Style, list[Mapping[str, Any]]] = {}
    for i, row in enumerate(wanted):
        found.setdefault(_AROUND[chosen[i]], []).append(row)
    return found


def _settled(choices: Sequence[Sequence[_Box]], fixed: Sequence[Sequence[float]]) -> list[int]:
    """The place of each of n words: each in turn takes its cheapest, in n orders, of which the cheapest is kept."""
    n, places = len(choices), range(len(_AROUND))
    own = np.asarray(fixed).reshape(n, len(places))
    shared = np.asarray(
        [
            [[[_ON_WORDS * _overlap(choices[i][p], choices[j][q]) * (i != j) for q in places] for j in range(n)]
             for p in places]
            for i in range(n)
        ]
    ).reshape(n, len(places), n, len(places))  # fmt: skip
    found: list[tuple[float, list[int]]] = []
    for first in range(n):
        order = [*range(first, n), *range(first)]
        chosen = [int(each) for each in own.argmin(axis=1)]
        for _ in range(_ROUNDS):
            for i in order:
                chosen[i] = int(np.argmin(own[i] + shared[i][:, range(n), chosen].sum(axis=1)))
        total = sum(own[i, p] + shared[i, p, range(n), chosen].sum() / 2 for i, p in enumerate(chosen))
        found.append((float(total), chosen))
    return min(found, default=(0.0, []))[1]


def _share(value: float, ends: tuple[float, float], logarithmic: bool) -> float:
    low, high = ends
    return log(value / low) / log(high / low) if logarithmic else (value - low) / (high - low)


def _around(x: float, y: float, half: tuple[float, float] = (_DOT, _DOT)) -> _Box:
    return x - half[0], y - half[1], x + half[0], y + half[1]


def _along(points: Sequence[tuple[float, float]]) -> Iterator[_Box]:
    """Small boxes along a line."""
    for (x, y), (right, down) in pairwise(points):
        steps = max(1, round(max(abs(right - x), abs(down - y)) / 4))
        for i in range(steps):
            at = x + (right - x) * i / steps, y + (down - y) * i / steps
            yield at[0] - 1, at[1] - 1, at[0] + 1, at[1] + 1


def _box(place: tuple[float, float], words: str, style: Style) -> _Box:
    align, right, down = style
    wide = len(words) * SIZE * _PER_LETTER
    x = place[0] + right - {"left": 0.0, "right": wide, "center": wide / 2}[align]
    y = place[1] + down
    return x - _HALO, y - SIZE / 2 - _HALO, x + wide + _HALO, y + SIZE / 2 + _HALO


def _outside(box: _Box) -> float:
    """Square pixels outside the picture, twenty times."""
    inside = _overlap(box, (0.0, 0.0, WIDTH - _MARGIN[0], HEIGHT - _MARGIN[1]))
    return 20 * ((box[2] - box[0]) * (box[3] - box[1]) - inside)


def _gap(box: _Box, point: tuple[float, float]) -> float:
    """Pixels from a point to the nearest edge of a box."""
    across = max(box[0] - point[0], point[0] - box[2], 0.0)
    down = max(box[1] - point[1], point[1] - box[3], 0.0)
    return hypot(across, down)


def _nearest(box: _Box, points: Sequence[tuple[float, float]]) -> float:
    return min((_gap(box, point) for point in points), default=1e9)


def _overlap(one: _Box, other: _Box) -> float:
    across = min(one[2], other[2]) - max(one[0], other[0])
    down = min(one[3], other[3]) - max(one[1], other[1])
    return max(0.0, across) * max(0.0, down)
