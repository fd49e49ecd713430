"""The report: one HTML page that needs nothing else, neither network nor script, light or dark, on paper or a phone."""

import base64
import re
from typing import TYPE_CHECKING, Any

from isoflop.reports import palette, prose, verdict
from isoflop.reports.figure import Figure, csv_of
from isoflop.reports.findings import Findings

if TYPE_CHECKING:
    from markupsafe import Markup


def page(findings: Findings) -> str:
    """The whole page as HTML text, a pure function of the findings; under 1 MB for ladders of a few hundred runs."""
    # Templates and charts are slow to import; `import isoflop` and the other commands do not pay for them.
    import jinja2  # noqa: PLC0415

    from isoflop.reports.figures import draw  # noqa: PLC0415

    # Autoescape: names, notes and study files are other people's text.
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("isoflop.reports"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    words = (prose.power, prose.number, prose.loss, prose.count, prose.percent, prose.signed_percent, prose.bracket)
    environment.filters |= {word.__name__: word for word in (*words, prose.duration, prose.level, prose.moment, raised)}
    n_budgets = len(findings.budgets)
    trained = [run for run in findings.runs if run.status != "planned"]
    return environment.get_template("page.html").render(
        f=findings,
        headline=verdict.headline(findings),
        doubts=verdict.doubts(findings),
        passed=[check for check in verdict.checks(findings) if check.verdict == "ok"],
        progress=verdict.progress(findings),
        figures=draw(findings),
        inline=lambda figure: inline(figure, n_budgets),
        download=download,
        runs_csv=runs_csv(findings),
        light=palette.stylesheet(n_budgets, dark=False),
        dark=palette.stylesheet(n_budgets, dark=True),
        flops=sum(run.flops for run in trained),
        seconds=sum(run.seconds or 0 for run in trained),
    )


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


def runs_csv(findings: Findings) -> str:
    """Every run of the table, as CSV."""
    return csv_of(run=[{k: v for k, v in vars(run).items() if k != "curve"} for run in findings.runs])
