"""`isoflop fit` from a table to fit.json: what it keeps, refuses and says, and what several laws come to."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from conftest import Shell
from isoflop.errors import BadInput, FitError
from isoflop.estimates.check import Verdict
from isoflop.estimates.fit import FitStatus, read_fits
from isoflop.estimates.objective import HUBER, SQUARES, UNDERTUNED
from isoflop.fitting.analyse import analyse
from isoflop.fitting.judging import falling
from isoflop.fitting.wanted import Wanted, forms_of, objective_of, read
from isoflop.laws.chinchilla import Chinchilla
from isoflop.laws.finetuning import RectifiedFineTuning
from isoflop.laws.kaplan import Kaplan
from isoflop.laws.power import FlooredPowerLaw, PowerLaw
from isoflop.plans.analysis import Analysis
from isoflop.plans.plan import Plan, Quantity
from isoflop.runs.table import Table
from planted_ladders import BYTES, ladder

ROOT = Path(__file__).resolve().parents[1]
FIVE = tuple(np.geomspace(1e10, 1e12, 5))


@pytest.fixture(scope="module")
def judged() -> Analysis:
    """Two laws on a planted ladder of five budgets, judged by the largest."""
    return analyse(ladder(budgets=FIVE), (Kaplan, Chinchilla), Wanted(SQUARES, draws=60, holdout="flops"))


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    ladder().to_csv(tmp_path / "runs.csv")
    return tmp_path / "runs.csv"


def test_the_law_that_made_the_runs_is_chosen(judged: Analysis) -> None:
    """Chinchilla's runs, Kaplan's law asked for first."""
    assert type(judged.fit.law) is Chinchilla
    laws = [each for each in judged.standings if each.weight is not None]
    assert [each.name for each in laws] == ["Chinchilla", "Kaplan"]
    assert sum(each.weight or 0 for each in laws) == pytest.approx(1)
    assert {each.name for each in judged.standings} >= {"power law in C", "last point"}


def test_the_slower_checks_are_of_the_chosen_law_alone(judged: Analysis) -> None:
    chosen, other = judged.fit, judged.fits[1 - judged.chosen]
    assert {"suspicious runs", "influence", "hold-out", "agreement"} <= {check.name for check in chosen.checks}
    assert {check.name for check in other.checks} <= {"optimum", "identifiability", "bound", "intervals"}


def test_a_look_ahead_holds_the_truth_of_the_planted_ladder(judged: Analysis) -> None:
    """At ten times the most compute, 90 % intervals of the loss at the best size."""
    ten = judged.ahead[1]
    assert ten.loss is not None
    assert ten.loss.low is not None
    assert ten.loss.high is not None
    assert ten.n_params is not None
    truth = min(BYTES(n, ten.flops / (6 * n)) for n in np.geomspace(1e3, 1e7, 400))
    assert ten.loss.low < truth < ten.loss.high
    assert ten.law.startswith("laws by weight: Chinchilla")


def test_an_analysis_survives_json(judged: Analysis) -> None:
    plain = json.loads(json.dumps(judged.to_json()))
    assert len(plain["ahead"]) == 3
    assert [each["name"] for each in plain["standings"]] == [each.name for each in judged.standings]
    assert {each["approach"] for each in plain["approaches"]} >= {"approach 1", "approach 3"}


def test_a_law_that_gives_no_fit_is_told_of_and_the_others_stay() -> None:
    few = ladder().where(np.arange(len(ladder())) < 5)
    found = analyse(few, (Chinchilla, PowerLaw), Wanted(draws=0))
    assert [type(each.law) for each in found.fits] == [PowerLaw]
    assert "5 constants, but the table has only 5 runs" in found.failed["Chinchilla"]
    with pytest.raises(FitError, match="5 constants"):
        analyse(few, (Chinchilla,), Wanted(draws=0))


def test_all_means_the_laws_whose_columns_the_table_has() -> None:
    table = ladder()
    found = forms_of(["all"], table)
    assert {Chinchilla, Kaplan, PowerLaw, FlooredPowerLaw} <= set(found)
    assert RectifiedFineTuning not in found
    unknown = Table({**table.columns, "unique_tokens": np.full(len(table), np.nan)})
    assert forms_of(["all"], unknown) == found
    assert forms_of(["power-law", "Chinchilla", "powerlaw"], table) == (PowerLaw, Chinchilla)


def test_a_law_of_other_inputs_reads_its_own_columns(tmp_path: Path) -> None:
    (tmp_path / "tuned.csv").write_text("examples,loss\n200,2.1\n400,2.0\n800,1.8\n1600,1.7\n3200,1.65\n6400,1.6\n")
    table = read(str(tmp_path / "tuned.csv"), ["rectified-fine-tuning"], {}, [])
    found = analyse(table, forms_of(["rectified-fine-tuning"], table), Wanted(draws=0))
    assert type(found.fit.law) is RectifiedFineTuning
    assert found.ahead == ()


def test_objectives_go_by_name_and_only_huber_has_a_threshold() -> None:
    assert objective_of("huber", None) == HUBER
    assert objective_of("huber", 0.01).delta == 0.01
    assert objective_of("undertuned", None) == UNDERTUNED
    with pytest.raises(BadInput, match="squares has none"):
        objective_of("squares", 0.1)


def test_what_is_wanted_wrongly_is_refused_all_at_once() -> None:
    with pytest.raises(BadInput) as refused:
        Wanted(draws=-1, intervals="wide", weigh="loss", holdout="tokens")
    assert len(refused.value.problems) == 4


def test_a_hold_out_needs_a_law_of_size_and_data() -> None:
    with pytest.raises(BadInput, match="PowerLaw is none"):
        analyse(ladder(budgets=FIVE), (PowerLaw,), Wanted(draws=0, holdout="flops"))


def test_a_fit_is_kept_and_replaced_but_nothing_else_is(isoflop: Shell, runs: Path) -> None:
    """fit.json is written beside, a second fit replaces it, and a file that is no fit of ours is left alone."""
    assert isoflop("fit", runs, "--draws", "20").returncode == 0
    (found,), _ = read_fits(isoflop.folder / "fit.json")
    assert found.status is FitStatus.CONVERGED
    again = isoflop("fit", runs, "--draws", "20", "--objective", "squares", "--json")
    assert again.returncode == 0
    printed = json.loads(again.stdout)
    assert {"law", "constants", "intervals", "objective", "status", "checks", "excluded"} <= printed.keys()
    assert printed["fits"][0]["minimised"]["delta"] is None
    assert read_fits(isoflop.folder / "fit.json")[0][0].minimised == SQUARES
    (isoflop.folder / "notes.txt").write_text("mine")
    refused = isoflop("fit", runs, "--out", "notes.txt")
    assert refused.returncode == 2
    assert "is no fit of isoflop's" in refused.stderr
    assert (isoflop.folder / "notes.txt").read_text() == "mine"


def test_rows_are_excluded_with_their_reason_and_unknown_ones_refused(isoflop: Shell, runs: Path) -> None:
    done = isoflop("fit", runs, "--draws", "0", "--exclude", "0", "3", "--json")
    assert [each["row"] for each in json.loads(done.stdout)["excluded"]] == [0, 3]
    refused = isoflop("fit", runs, "--exclude", "999")
    assert refused.returncode == 2
    assert "999" in refused.stderr


def test_a_page_is_written_where_it_is_asked_for(isoflop: Shell, runs: Path) -> None:
    assert isoflop("fit", runs, "--draws", "20", "--html", "page.html").returncode == 0
    assert "<h1" in (isoflop.folder / "page.html").read_text(encoding="utf-8")


def test_five_bad_runs_are_named_before_any_plan(reference: Callable[[str], Path], isoflop: Shell) -> None:
    """All 245 runs of Besiroglu et al. 2024: the verdict begins with the doubt, and the rows stand above the plan."""
    done = isoflop("fit", reference("besiroglu2024") / "svg_extracted_data.csv")
    assert done.returncode == 0
    assert done.stdout.startswith("Do not plan by this yet")
    named, planned = done.stdout.index("Rows 0, 1, 2, 3, 4:"), done.stdout.index("best at")
    assert named < planned
    assert "--exclude 0 1 2 3 4 5 10 11" in done.stdout
    plan = isoflop("plan", "--flops", "5.76e23", "--fit", "fit.json").stdout
    assert plan.index("Rows 0, 1, 2, 3, 4:") < plan.index("N, parameters")


def test_a_law_is_held_out_against_noise_and_baselines_unasked() -> None:
    """Kaplan's form cannot foresee the largest budget of Chinchilla's runs as well as the law that made them."""
    table = ladder(budgets=FIVE, seeds=(2, 2, 2, 2, 2))
    told = {}
    for form in (Chinchilla, Kaplan):
        found = analyse(table, (form,), Wanted(draws=0))
        (told[form],) = (check for check in found.fit.checks if check.name == "hold-out")
        assert "power law in C" in told[form].message
        assert "last point" in told[form].message
        assert "seed noise is" in told[form].message
    missed = {form: float(check.message.split("rms ")[1].split("%")[0]) for form, check in told.items()}
    assert missed[Chinchilla] < missed[Kaplan]


def test_a_best_size_that_falls_with_compute_is_no_look_ahead() -> None:
    """As the 245 runs of Besiroglu et al. 2024 have it where a drift is carried far beyond them."""

    def at(flops: float, size: float) -> Plan:
        return Plan(flops, "", Quantity(size), None, None, None)

    assert falling([at(1e22, 3e9), at(1e23, 8e9)]) == ()
    (check,) = falling([at(1e22, 3.6e9), at(1e23, 2.4e9)])
    assert check.verdict is Verdict.FAIL
    assert "3.6e+09 at 1e+22, 2.4e+09 at 1e+23" in check.message


def test_one_budget_fails_the_fit_and_is_not_judged() -> None:
    table = ladder(budgets=(1e11,), seeds=(3,))
    found = analyse(table, (Chinchilla,), Wanted(draws=0))
    assert "one budget" in [check.name for check in found.fit.doubts if check.verdict is Verdict.FAIL]
    with pytest.raises(BadInput, match="nothing to hold out"):
        analyse(table, (Chinchilla,), Wanted(draws=0, holdout="flops"))


def test_whole_runs_are_drawn_only_where_runs_are_named() -> None:
    with pytest.raises(BadInput, match="no column run_id"):
        analyse(ladder(), (Chinchilla,), Wanted(draws=20, intervals="cluster"))


def test_excluded_rows_may_hold_what_others_may_not(tmp_path: Path) -> None:
    rows = [f"{n},{20 * n},{3 - i / 10}" for i, n in enumerate((1e7, 2e7, 4e7, 8e7))] + ["1.6e8,,2.5", "3.2e8,6.4e9,-1"]
    (tmp_path / "runs.csv").write_text("\n".join(["n_params,tokens,loss", *rows]) + "\n")
    with pytest.raises(BadInput):
        read(str(tmp_path / "runs.csv"), ["power-law"], {}, [])
    kept = read(str(tmp_path / "runs.csv"), ["power-law"], {}, [4, 5])
    assert len(kept) == 4
    assert {each.why for each in kept.excluded} == {"left out by --exclude"}
