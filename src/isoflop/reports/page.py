"""The report: one HTML page that needs nothing else, neither network nor script, light or dark, on paper or a phone."""

from isoflop.reports import verdict
from isoflop.reports.figure import csv_of
from isoflop.reports.findings import Findings
from isoflop.reports.markup import fill


def page(findings: Findings) -> str:
    """The whole page as HTML text, a pure function of the findings; under 1 MB for ladders of a few hundred runs."""
    from isoflop.reports.figures import draw  # noqa: PLC0415 – charts are slow to import

    trained = [run for run in findings.runs if run.status != "planned"]
    values = {
        "f": findings,
        "headline": verdict.headline(findings),
        "doubts": verdict.doubts(findings),
        "passed": [check for check in verdict.checks(findings) if check.verdict == "ok"],
        "progress": verdict.progress(findings),
        "figures": draw(findings),
        "runs_csv": runs_csv(findings),
        "flops": sum(run.flops for run in trained),
        "seconds": sum(run.seconds or 0 for run in trained),
    }
    return fill("page.html", len(findings.budgets), values)


def runs_csv(findings: Findings) -> str:
    """Every run of the table, as CSV."""
    return csv_of(run=[{k: v for k, v in vars(run).items() if k != "curve"} for run in findings.runs])
