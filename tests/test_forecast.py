"""A forecast is sealed before its run, scored afterwards, and never rewritten."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from isoflop.errors import BadInput
from isoflop.estimates.interval import Interval
from isoflop.plans.forecast import Forecast, read_forecast

FORECAST = Forecast(
    flops=5.1e12,
    n_params=111_104,
    tokens=6_667_264,
    shape={"n_layers": 2, "width": 64},
    loss=Interval(1.66, 1.60, 1.72, 0.9, "new run"),
    slope=-0.11,
    optimum_n_params=Interval(1.03e5, 9.2e4, 1.16e5),
    fitted_up_to=5.1e11,
    method="hold-out",
    study="quickstart",
    run_ids=("a" * 16, "b" * 16),
)


def test_a_forecast_survives_its_file(tmp_path: Path) -> None:
    sealed = FORECAST.sealed()
    sealed.write(tmp_path / "forecast.json")
    assert read_forecast(tmp_path / "forecast.json") == sealed
    assert read_forecast(tmp_path / "other.json") is None


def test_scoring_changes_nothing_that_was_said_before(tmp_path: Path) -> None:
    path = tmp_path / "forecast.json"
    sealed = FORECAST.sealed()
    sealed.write(path)
    scored = sealed.scored([("a" * 16, 1.65, 0.01), ("b" * 16, 1.73, 0.01)])
    scored.write(path)
    again = json.loads(path.read_text())
    assert again["sha256"] == sealed.sha256 == sealed.content_hash()
    assert again["measured"] == pytest.approx(1.69)
    assert again["relative_error"] == pytest.approx(1.69 / 1.66 - 1)
    assert again["compute_error"] == pytest.approx(0.03 / 0.11)
    assert [run["inside"] for run in again["runs"]] == [True, False]
    assert again["inside"] is False


def test_another_forecast_is_not_written_over_one(tmp_path: Path) -> None:
    path = tmp_path / "forecast.json"
    FORECAST.sealed().write(path)
    before = path.read_bytes()
    with pytest.raises(BadInput, match="never rewritten"):
        replace(FORECAST, loss=Interval(1.5, 1.4, 1.6, 0.9, "new run")).sealed().write(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("name", ["flops", "n_params", "slope", "written_at", "method"])
def test_a_forecast_that_was_changed_after_its_seal_is_found_out(tmp_path: Path, name: str) -> None:
    path = tmp_path / "forecast.json"
    FORECAST.sealed().write(path)
    content = json.loads(path.read_text())
    content[name] = "now" if isinstance(content[name], str) else content[name] + 1
    path.write_text(json.dumps(content))
    with pytest.raises(BadInput, match=r"forecast\.json.*was changed"):
        read_forecast(path)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"flops": 1}'])
def test_what_is_no_forecast_is_refused_by_name(tmp_path: Path, text: str) -> None:
    path = tmp_path / "forecast.json"
    path.write_text(text)
    with pytest.raises(BadInput, match=r"forecast\.json"):
        read_forecast(path)
