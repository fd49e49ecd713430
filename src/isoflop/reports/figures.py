"""Every picture of a report, in the order of the page."""

from isoflop.reports import fit_figures, forecast_figures, ladder_figures
from isoflop.reports.figure import Figure
from isoflop.reports.findings import Findings

PICTURES = (
    ladder_figures.isoflop_curves,
    forecast_figures.loss_against_compute,
    forecast_figures.forecasts_by_rung,
    ladder_figures.best_size,
    fit_figures.residuals,
    ladder_figures.learning_curves,
    fit_figures.learning_rate_pilot,
)


def draw(findings: Findings) -> tuple[Figure, ...]:
    """All pictures for which there is something to show, each with its SVG and its data."""
    drawn = (picture(findings) for picture in PICTURES)
    return tuple(figure for figure in drawn if figure is not None)
