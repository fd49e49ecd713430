"""A drawing: altair layers over plain rows, rendered to one static SVG."""

import re
from collections.abc import Sequence
from typing import Any

import altair as alt

from isoflop.reports import axes, palette
from isoflop.reports.figure import Row

WIDTH, HEIGHT = 440, 330
"""In CSS pixels: two stand side by side on a screen and on paper, one fills a phone."""

COLOUR = alt.Color("colour:N", scale=None)
"""Each row brings its own colour."""

HIGH_X, HIGH_Y, LABEL = alt.X2("high:Q"), alt.Y2("high:Q"), alt.Text("label:N")
"""Channels made once and by class: altair works out a bare string, such as "high:Q", in a hundredth of a second."""

_CIRCLE = re.compile(r'<path transform="([^"]*)" d="M([\d.]+),0A\2,\2,0,1,1,-\2,0A\2,\2,0,1,1,\2,0"')
"""A dot as Vega draws it: two arcs, which take twice the room of a circle."""

_SUPERSCRIPTS = "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"


class Drawing:
    """Layers, the lowest first, and the rows they show. `svg` ends it."""

    def __init__(self) -> None:
        self._layers: list[Any] = []
        self._rows: dict[str, list[dict[str, Any]]] = {}

    def of(self, rows: Sequence[Row]) -> alt.Chart:
        """A chart over rows of plain values, to be given marks and handed to `add`."""
        # By name, because altair copies inline rows deeply at every step: 3,000 rows took it seconds.
        name = f"rows-{len(self._rows)}"
        self._rows[name] = [{key: _drawable(value) for key, value in row.items()} for row in rows]
        return alt.Chart(alt.NamedData(name=name))

    def add(self, *layers: Any) -> None:
        """Put layers over those already there."""
        self._layers += layers

    def dots(self, rows: Sequence[Row], size: float, colour: str | None = None, opacity: float = 0.9) -> Any:
        """Round marks, in each row's own `colour` where none is given."""
        return self.of(rows).mark_circle(size=size, opacity=opacity, **_coloured(colour))

    def diamonds(self, rows: Sequence[Row], colour: str | None = None) -> Any:
        """Diamonds that stand out from the lines below them."""
        spot: dict[str, Any] = {"size": 95, "filled": True, "opacity": 1, "stroke": palette.light("paper")}
        return self.of(rows).mark_point(shape="diamond", strokeWidth=1.2, **spot, **_coloured(colour))

    def crosses(self, rows: Sequence[Row], colour: str | None = None) -> Any:
        """Crosses, for what does not count."""
        return self.of(rows).mark_text(text="✕", fontSize=11, **_coloured(colour))

    def fan(self, rows: Sequence[Row], x: Any, y: Any, *, ends: tuple[str, str], field: str, top: float) -> None:
        """A line in the accent, dashed where `field`, which x shows, is beyond top; a band between its two ends."""
        accent = palette.light("accent")
        low, high = axes.like(y, ends[0]), alt.Y2(f"{ends[1]}:Q")
        seen = [row for row in rows if row[field] <= top * (1 + 1e-9)]
        ahead = rows[max(0, len(seen) - 1) :]
        self.add(self.of(rows).mark_area(color=palette.light("band"), clip=True).encode(x=x, y=low, y2=high))
        self.add(self.of(seen).mark_line(color=accent, strokeWidth=1.6).encode(x=x, y=y))
        self.add(self.of(ahead).mark_line(color=accent, strokeWidth=1.6, strokeDash=[5, 4]).encode(x=x, y=y))

    def label(
        self, rows: Sequence[Row], x: Any, y: Any, colour: str | None = None, *, halo: bool = True, **text: Any
    ) -> None:
        """Write each row's `label` beside its point, over a halo of paper so that lines do not strike it through.

        Each row's `colour` is used where `colour` is not given; `text` is altair's for a text mark.
        """
        style: dict[str, Any] = {"align": "left", "dx": 6, "dy": 0, "baseline": "middle", "fontSize": 12} | text
        paper = palette.light("paper")
        below = self.of(rows).mark_text(stroke=paper, strokeWidth=4, strokeJoin="round", color=paper, **style)
        shown = self.of(rows).mark_text(**style).encode(color=alt.ColorValue(colour) if colour else COLOUR)
        self.add(*(mark.encode(x=x, y=y, text=LABEL) for mark in ([below] if halo else []) + [shown]))

    def key(self, entries: Sequence[tuple[str, str]], x: str, y: str, align: str, *, halo: bool = True) -> None:
        """A list of (words, colour) at a free place; `x` and `y` are Vega expressions of width and height."""
        places = alt.XValue({"expr": x}), alt.YValue({"expr": y})  # type: ignore[no-untyped-call]
        for i, (words, colour) in enumerate(entries):
            self.label([{"label": words}], *places, colour, halo=halo, align=align, dx=0, dy=16 * i)

    def svg(self, width: int = WIDTH, height: int = HEIGHT) -> str:
        """One SVG in light colours, without scripts, addresses or fonts of its own."""
        import vl_convert  # noqa: PLC0415 (half a second, and wanted only when a picture is)

        ink, soft, rule = (palette.light(role) for role in ("ink", "soft", "rule"))
        specification = {
            "width": width,
            "height": height,
            "autosize": {"type": "fit", "contains": "padding"},
            "padding": 4,
            "background": palette.light("paper"),
            # Put together here, because alt.layer copies every layer deeply, which took longer than the drawing.
            "layer": [_bare(layer) for layer in self._layers],
            "datasets": self._rows,
            "config": {
                "aria": False,
                "font": "Helvetica, Arial, sans-serif",
                "view": {"stroke": None},
                "text": {"color": ink},
                "axis": {
                    "labelColor": soft, "titleColor": soft, "gridColor": rule, "domainColor": soft, "tickColor": soft,
                    "labelFontSize": 11.5, "titleFontSize": 12, "titleFontWeight": "normal", "gridWidth": 0.75,
                    "domainWidth": 0.75, "tickWidth": 0.75, "tickSize": 4, "titlePadding": 8,
                },
                "axisY": {"domain": False, "ticks": False, "labelPadding": 6},
            },
        }  # fmt: skip
        return _tidy(vl_convert.vegalite_to_svg(specification))


def _coloured(colour: str | None) -> dict[str, Any]:
    return {"color": colour} if colour else {}


def _drawable(value: Any) -> Any:
    """Infinite ends become far ones, which JSON can say; clipping takes them out of sight."""
    return min(max(value, -1e300), 1e300) if isinstance(value, float) else value


def _bare(layer: alt.Chart) -> dict[str, Any]:
    """The layer's own specification, without what belongs to a whole picture."""
    specification: dict[str, Any] = layer.to_dict(validate=False)
    return {part: specification[part] for part in ("data", "mark", "encoding")}


def _tidy(svg: str) -> str:
    """A third of the size, coordinates to a hundredth of a pixel, no empty marks; superscripts raised in any font."""
    svg = re.sub(r'<path class="(?:fore|back)ground"[^>]*?(?:d=""|d="M0,0h0v0h0Z")[^>]*/>', "", svg)
    svg = re.sub(r' (?:class|aria-hidden|pointer-events|aria-roledescription|role)="[^"]*"', "", svg)
    svg = svg.replace(' opacity="1"', "")
    svg = re.sub(r'<path(?![^>]* stroke=)([^>]*?) stroke-width="[^"]*"', r"<path\1", svg)
    svg = _CIRCLE.sub(_round, svg)
    # Vega numbers clip paths through the life of a process; the same picture should have the same text.
    for i, name in enumerate(dict.fromkeys(re.findall(r'id="(clip\d+)"', svg))):
        svg = re.sub(rf"\b{name}\b", f"clip-{i}", svg)
    svg = re.sub(
        r'(?<= )(?:transform|d|x2|y2)="[^"]*"', lambda found: re.sub(r"(\.\d\d)\d+", r"\1", found.group()), svg
    )
    return re.sub(f"[{_SUPERSCRIPTS}]+", _raised, svg)


def _round(found: re.Match[str]) -> str:
    return f'<circle transform="{found[1]}" r="{float(found[2]):.2f}"'


def _raised(found: re.Match[str]) -> str:
    digits = "".join("−0123456789"[_SUPERSCRIPTS.index(character)] for character in found.group())
    # The empty-looking second span holds a zero-width space: a shift needs a glyph to act on.
    return f'<tspan dy="-0.4em" font-size="75%">{digits}</tspan><tspan dy="0.3em">\u200b</tspan>'
