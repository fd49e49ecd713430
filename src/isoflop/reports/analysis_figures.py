"""Every picture of a fit's page, in the order of the page."""

from isoflop.plans.analysis import Analysis
from isoflop.reports.compared import Compared
from isoflop.reports.constant_figures import exponent_by_approach, how_well_known, trade_off
from isoflop.reports.figure import Figure
from isoflop.reports.input_figures import output_against_inputs
from isoflop.reports.law_figures import loss_against_compute, loss_against_size
from isoflop.reports.optimum_figures import best_size
from isoflop.reports.residual_figures import residuals


def draw(analysis: Analysis, runs: Compared) -> tuple[Figure, ...]:
    """All pictures for which there is something to show, each with its SVG and its data."""
    drawn = (
        loss_against_size(analysis, runs),
        loss_against_compute(analysis, runs),
        *output_against_inputs(analysis, runs),
        best_size(analysis, runs),
        residuals(runs),
        exponent_by_approach(analysis),
        trade_off(analysis),
        how_well_known(analysis),
    )
    return tuple(figure for figure in drawn if figure is not None)
