"""What every page is written with: the templates' environment, pictures inside the page, links that hold a file."""

import base64
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from isoflop.reports import palette, prose
from isoflop.reports.compared import ranges
from isoflop.reports.figure import Figure

if TYPE_CHECKING:
    from markupsafe import Markup

WORDS = (
    *(prose.power, prose.number, prose.loss, prose.count, prose.short, prose.percent, prose.signed_percent),
    *(prose.bracket, prose.duration, prose.level, prose.moment),
)
"""What templates may write numbers with, each a filter by its name."""


def fill(template: str, n_budgets: int, values: Mapping[str, Any]) -> str:
    """The template filled in: names and notes escaped, pictures in colours that follow the theme."""
    # Templates are slow to import; `import isoflop` and the other commands do not pay for them.
    import jinja2  # noqa: PLC0415

    # Autoescape: names, notes and study files are other people's text.
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("isoflop.reports"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {word.__name__: word for word in (*WORDS, ranges, raised)}
    environment.globals |= {
        "inline": lambda figure: inline(figure, n_budgets),
        "download": download,
        "light": palette.stylesheet(n_budgets, dark=False),
        "dark": palette.stylesheet(n_budgets, dark=True),
    }
    return environment.get_template(template).render(values)


def inline(figure: Figure, n_budgets: int) -> "Markup":
    """The figure inside the page: colours that follow the theme, ids of its own, words for who cannot see it."""
    from markupsafe import Markup, escape  # noqa: PLC0415

    svg = palette.themed(figure.svg, n_budgets)
    svg = re.sub(r'\bid="([^"]+)"', rf'id="{figure.name}-\1"', svg)
    svg = re.sub(r"url\(#([^)]+)\)", rf"url(#{figure.name}-\1)", svg)
    svg = re.sub(r'^<svg ([^>]*?)width="[^"]*" height="[^"]*" ', r"<svg \1", svg)
    return Markup(svg.replace("<svg ", f'<svg role="img" aria-label="{escape(figure.alt)}" ', 1))


def download(text: str, kind: str) -> str:
    """The text as an address that holds it, for a link that saves it as a file; `kind` is its media type."""
    return f"data:{kind};charset=utf-8;base64,{base64.b64encode(text.encode()).decode()}"


def raised(text: Any) -> "Markup":
    """The text escaped, with superscripts set as such, since few fonts have all ten in one size."""
    from markupsafe import Markup, escape  # noqa: PLC0415

    superscripts = "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"
    plain = str.maketrans(superscripts, "−0123456789")
    # A number stays on one line with its sign and its power.
    whole = re.sub(r"(?<=\d) (?=%)|(?<=\d) (?=× 10)|(?<=\d ×) (?=10)", "\u00a0", str(escape(text)))
    found = re.compile(f"[{superscripts}]+")
    return Markup(found.sub(lambda digits: f"<sup>{digits.group().translate(plain)}</sup>", whole))
