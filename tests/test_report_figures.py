"""The report's pictures: they show the planted truth, leave out what the fits left out, and label axes roundly."""

import csv
import io
import math
import re
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isoflop.reports import axes, prose
from isoflop.reports.figure import Figure, thinned
from isoflop.reports.findings import Band, Findings, MinimumFact, Series
from isoflop.reports.fit_figures import learning_rate_pilot, residuals
from isoflop.reports.forecast_figures import forecasts_by_rung, loss_against_compute
from isoflop.reports.ladder_figures import best_size, isoflop_curves, learning_curves
from planted_findings import BUDGETS, changed, interval, planted_findings, planted_size


def rows(figure: Figure | None, what: str) -> list[dict[str, str]]:
    assert figure is not None
    return [row for row in csv.DictReader(io.StringIO(figure.csv)) if row["what"] == what]


def words(figure: Figure) -> str:
    return re.sub(r"<[^>]*>|\u200b", "", re.sub(r"</text>", " ", figure.svg))


def test_isoflop_minima_are_drawn_at_the_planted_sizes() -> None:
    minima = rows(isoflop_curves(planted_findings()), "minimum")
    assert len(minima) == len(BUDGETS)
    for row, budget in zip(minima, BUDGETS, strict=True):
        assert float(row["n_params"]) == pytest.approx(planted_size(budget), rel=0.2)
        assert float(row["low"]) < float(row["n_params"]) < float(row["high"])


def test_a_diverged_run_is_not_drawn_and_an_excluded_one_is_drawn_apart() -> None:
    findings = planted_findings()
    figure = isoflop_curves(findings)
    diverged = next(run.run_id for run in findings.runs if run.status == "diverged")
    excluded = next(e.run_id for e in findings.exclusions if e.run_id != diverged)
    drawn = {row["run_id"] for row in rows(figure, "run")}
    assert len(drawn) == len([run for run in findings.runs if run.role == "ladder"]) - 2
    assert not {diverged, excluded} & drawn
    assert [row["run_id"] for row in rows(figure, "run left out")] == [excluded]


def test_seeds_of_one_cell_are_averaged() -> None:
    findings = planted_findings()
    cell = [run.loss for run in findings.runs if run.n_params == findings.runs[0].n_params]
    mean = rows(isoflop_curves(findings), "mean over seeds")[0]
    assert mean["seeds"] == "3"
    assert float(mean["loss"]) == pytest.approx(sum(loss or math.nan for loss in cell) / 3, rel=1e-5)


def test_a_minimum_that_was_refused_has_no_diamond() -> None:
    findings = planted_findings()
    refused = tuple(MinimumFact(m.budget, "not bracketed", reason="best at the edge") for m in findings.minima)
    figure = isoflop_curves(replace(findings, minima=refused))
    assert figure is not None
    assert rows(figure, "minimum") == []
    assert "No budget has a marked minimum" in figure.alt


def test_every_axis_names_its_unit() -> None:
    findings = planted_findings()
    loss, compute, size = "nats/byte", "Training compute C (FLOPs)", "Model size N (parameters)"
    for draw, units in (
        (isoflop_curves, (loss, size)),
        (loss_against_compute, (loss, compute)),
        (best_size, (size, compute)),
        (learning_curves, (loss, "Tokens seen D")),
        (residuals, ("% of loss", size)),
        (forecasts_by_rung, ("% of loss", compute)),
        (learning_rate_pilot, ("(%)", "multiple of the recipe")),
    ):
        figure = draw(findings)
        assert figure is not None
        assert [unit for unit in units if unit not in words(figure)] == [], figure.name


def test_the_forecast_and_the_measurement_are_written_into_the_picture() -> None:
    figure = loss_against_compute(planted_findings())
    assert figure is not None
    assert "forecast 1.700 [1.660, 1.740]" in words(figure)
    assert "measured 1.710" in words(figure)
    assert [float(rows(figure, "forecast")[0][key]) for key in ("low", "loss", "high")] == [1.66, 1.70, 1.74]


def test_a_forecast_held_where_its_measurement_lies_on_its_bar() -> None:
    findings = planted_findings()
    figure = forecasts_by_rung(findings)
    bars = rows(figure, "forecast")
    assert len(bars) == 4
    for bar in bars:
        on_the_bar = float(bar["low"]) <= float(bar["measured"]) <= float(bar["high"])
        assert on_the_bar == (bar["inside"] == "True")
    assert float(bars[-1]["measured"]) == pytest.approx(100 * (1.71 / 1.70 - 1), rel=1e-4)
    assert forecasts_by_rung(replace(findings, forecast=None, rung_forecasts=())) is None


def test_residuals_are_what_was_measured_over_what_was_fitted() -> None:
    findings = planted_findings()
    drawn = rows(residuals(findings), "residual")
    assert len(drawn) == len(findings.residuals)
    for row, fact in zip(drawn, findings.residuals, strict=True):
        assert float(row["residual"]) == pytest.approx(100 * (fact.measured / fact.predicted - 1), abs=1e-4)
    assert [row["in_fit"] for row in drawn].count("False") == 1


def test_the_pilot_shows_what_each_rate_costs() -> None:
    findings = planted_findings()
    drawn = rows(learning_rate_pilot(findings), "run")
    assert min(float(row["excess"]) for row in drawn) == 0
    lost = replace(findings, pilot=tuple(replace(p, loss=None, status="diverged") for p in findings.pilot))
    assert learning_rate_pilot(lost) is None


def test_nothing_to_show_is_no_picture() -> None:
    empty = Findings("empty")
    for draw in (isoflop_curves, loss_against_compute, best_size, learning_curves, residuals, forecasts_by_rung):
        assert draw(empty) is None


def test_one_run_alone_can_be_drawn() -> None:
    alone = Findings("one", runs=(planted_findings().runs[0],))
    figure, curve = isoflop_curves(alone), learning_curves(alone)
    assert figure is not None
    assert curve is not None
    assert len(rows(figure, "run")) == 1


def test_a_curve_that_ended_in_nan_is_drawn_as_far_as_it_goes() -> None:
    run = planted_findings().runs[0]
    broken = changed(run, curve=Series(run.curve.x, (*run.curve.y[:-3], math.nan, math.inf, math.nan)))
    drawn = rows(learning_curves(Findings("broken", runs=(broken,))), "curve")
    assert drawn
    assert all(math.isfinite(float(row["loss"])) for row in drawn)


def test_a_hopeless_interval_leaves_its_picture_and_does_not_take_it_along() -> None:
    findings = planted_findings()
    last = findings.minima[-1]
    assert last.n_params
    assert last.loss
    assert findings.size_band
    assert findings.loss_band
    hopeless = replace(
        last,
        n_params=interval(last.n_params.median, 1e-9, math.inf),
        loss=interval(last.loss.median, -math.inf, math.inf),
    )
    n = len(findings.size_band.flops)
    findings = replace(
        findings,
        minima=(*findings.minima[:-1], hopeless),
        size_band=replace(findings.size_band, low=(1e-12,) * n, high=(math.inf,) * n),
        loss_band=replace(findings.loss_band, low=(-5.0,) * n, high=(math.inf,) * n),
    )
    for draw in (isoflop_curves, best_size, loss_against_compute):
        figure = draw(findings)
        assert figure is not None
        assert "NaN" not in figure.svg
        assert "Infinity" not in figure.svg
        # The axis still counts in the ladder's own numbers.
        assert re.search(r"100,000|10¹¹|1011", words(figure))
    assert "null" in findings.to_json()
    assert "Infinity" not in findings.to_json()


def test_lines_of_unequal_length_are_refused() -> None:
    with pytest.raises(ValueError, match="2 x and 1 y"):
        Series((1.0, 2.0), (1.0,))
    with pytest.raises(ValueError, match=r"\[2, 2, 1, 2\]"):
        Band((1.0, 2.0), (1.0, 2.0), (1.0,), (1.0, 2.0))


@given(st.floats(-3, 12), st.floats(0.01, 6))
def test_log_ticks_are_inside_and_some_are_labelled(start: float, decades: float) -> None:
    low, high = 10**start, 10 ** (start + decades)
    ticks = axes.log_ticks(low, high, prose.count)
    labels = [label for _, label in ticks if label]
    assert all(low * 0.999 <= value <= high * 1.001 for value, _ in ticks)
    assert 1 <= len(labels) <= 12 or decades < 0.6


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6))
def test_steps_are_round_and_few(low: float, width: float) -> None:
    ticks = axes.steps(low, low + width)
    assert 2 <= len(ticks) <= 9
    assert len({f"{b - a:.3g}" for a, b in pairwise(ticks)}) == 1


@given(st.integers(1, 5000))
def test_a_thinned_curve_keeps_its_ends(n: int) -> None:
    x = [float(i + 1) for i in range(n)]
    kept = thinned(x, x, most=50)
    assert (kept[0][0], kept[-1][0]) == (x[0], x[-1])
    assert len(kept) <= max(51, min(n, 50))
    assert kept == sorted(kept)


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (prose.power(1e10), "10¹⁰"),
        (prose.power(5e12), "5 × 10¹²"),
        (prose.power(2.5e10), "2.5 × 10¹⁰"),
        (prose.power(None), "–"),
        (prose.power(9.999e10), "10¹¹"),
        (prose.number(0.571234), "0.5712"),
        (prose.number(0.9999999), "1.000"),
        (prose.number(-1.7), "−1.700"),
        (prose.number(31415.9), "31,420"),
        (prose.number(3.2e-7), "3.2 × 10⁻⁷"),
        (prose.number(0), "0"),
        (prose.number(math.nan), "–"),
        (prose.loss(1.70049), "1.700"),
        (prose.count(25915), "25,915"),
        (prose.count(7.5e6), "7,500,000"),
        (prose.percent(-0.00584), "0.58 %"),
        (prose.signed_percent(-0.00584), "−0.58 %"),
        (prose.duration(83), "1 min 23 s"),
        (prose.duration(5.04), "5.0 s"),
        (prose.duration(7290), "2 h 1 min"),
        (prose.multiple(0.25), "¼×"),
    ],
)
def test_numbers_read_as_a_reader_wants_them(shown: str, expected: str) -> None:
    assert shown == expected
