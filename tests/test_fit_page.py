"""What `isoflop fit` shows, as page and as text: every fact of the analysis, verdict first, doubts before results."""

import csv
import io
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest

from isoflop.allocations.allocate import allocate
from isoflop.estimates.check import Check, Verdict
from isoflop.estimates.fit import FitStatus, fits_from_json
from isoflop.laws.power import FlooredPowerLaw
from isoflop.plans.analysis import Analysis
from isoflop.plans.plan import plan
from isoflop.reports import prose
from isoflop.reports.compared import compared, ranges
from isoflop.reports.fit_page import fit_page
from isoflop.reports.fit_text import WIDTH, fit_text
from isoflop.runs.cost import cost_of
from isoflop.runs.table import Table
from isoflop.units import print_count
from planted_analyses import (
    FAILED,
    FINE,
    SUSPECTS,
    WARNED,
    WHY,
    fit_of,
    of_compute,
    of_examples,
    of_size_and_examples,
    planted_analysis,
)
from planted_ladders import BUDGETS, BYTES, ladder, quiet
from read_html import Reader, saved

EVERY = ("loss-against-size", "best-size", "residuals", "exponent-by-approach", "trade-off", "intervals")


@pytest.fixture(scope="module")
def clean() -> str:
    return fit_page(planted_analysis())


def rows(html: str, figure: str, what: str) -> list[dict[str, str]]:
    """The rows of one kind in the data of a picture."""
    text = saved(html, "text/csv")[f"{figure}.csv"]
    return [row for row in csv.DictReader(io.StringIO(text)) if row["what"] == what]


def words(html: str) -> str:
    """The page's text with ordinary spaces; superscripts come as digits after what they raise."""
    return Reader(html).text.replace("\u00a0", " ")


def test_a_page_is_one_small_file_that_asks_for_nothing(clean: str) -> None:
    assert len(clean.encode()) < 1_000_000
    found = Reader(clean)
    assert found.misnested == []
    assert found.open == []
    assert not {"script", "iframe", "object", "embed", "img", "base"} & {tag for tag, _ in found.tags}
    addresses = [value or "" for _, given in found.tags for name, value in given.items() if name in ("src", "href")]
    assert len(addresses) > 15
    assert [address for address in addresses if not address.startswith(("#", "data:"))] == []
    assert not re.search(r"@import|url\((?!#)", clean)
    ids = [given["id"] for _, given in found.tags if "id" in given]
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', clean)) <= {str(each) for each in ids}


def test_every_picture_has_words_and_gives_away_its_data_and_its_svg(clean: str) -> None:
    pictures = [given for tag, given in Reader(clean).tags if tag == "svg"]
    drawings, tables = saved(clean, "image/svg+xml"), saved(clean, "text/csv")
    assert [name.removesuffix(".svg") for name in drawings] == list(EVERY)
    assert all(len(each["aria-label"] or "") > 40 for each in pictures)
    for name, text in drawings.items():
        assert ElementTree.fromstring(text).tag.endswith("svg"), name
        assert not {"NaN", "Infinity", "undefined", "null"} & set(re.findall(r"\w+", text)), name
        assert list(csv.DictReader(io.StringIO(tables[f"{name.removesuffix('.svg')}.csv"]))), name


def test_every_colour_follows_the_theme(clean: str) -> None:
    inline = clean[clean.index("<main>") : clean.index("</main>")]
    assert set(re.findall(r'(?:fill|stroke)="(#[^"]+)"', inline)) == set()


def test_verdict_doubts_pictures_and_tables_come_in_this_order(clean: str) -> None:
    parts = ("verdict", "doubts", "pictures", "constants", "ahead", "approaches", "made")
    places = [clean.index(f'class="{part}"' if part == "verdict" else f'<h2 id="{part}"') for part in parts]
    assert places == sorted(places)


def test_every_fact_of_the_analysis_is_on_the_page() -> None:
    table = planted_analysis().table
    second = fit_of(FlooredPowerLaw(E=0.5, A=25.0, alpha=0.1), table, WARNED)
    analysis = planted_analysis(
        FINE, WARNED, fits=(fit_of(BYTES, table, FINE, WARNED), second), failed={"Farseer": "37 of 200 draws failed."}
    )
    text = words(fit_page(analysis))
    for fit in analysis.fits:
        for param in fit.law.params():
            assert prose.number(fit.law.constants[param.name], 5) in text
            assert prose.bracket(fit.intervals[param.name]) in text
            assert param.meaning in text
    for each in analysis.ahead:
        assert each.n_params
        assert each.tokens
        assert each.loss
        for quantity in (each.n_params, each.tokens):
            assert quantity.low is not None
            assert quantity.high is not None
            assert print_count(quantity.median) in text
            assert f"[{print_count(quantity.low)}, {print_count(quantity.high)}]" in text
        assert prose.loss(each.loss.median) in text
    for opinion in analysis.opinions:
        assert opinion.approach in text
        assert opinion.reason in text
        for estimate in opinion.n_params:
            assert print_count(estimate.value) in text
    for check in (FINE, WARNED):
        assert check.message in text
    assert "1 row, diverged at step 40: row 54" in text
    assert "Farseer gave no fit: 37 of 200 draws failed." in text
    assert "tokens is not in the table" in text
    assert "sum of Huber (delta 0.001) of log residuals" in text
    assert "60 laws refitted to resampled runs (case bootstrap of planted runs), seed 7" in text
    assert "54 in use, 1 left out" in text
    assert "6 N D in every run" in text


def test_a_clean_fit_says_the_best_size_first_and_no_doubt(clean: str) -> None:
    text, (here, ten, _) = words(clean), planted_analysis().ahead
    assert here.n_params
    assert ten.n_params
    assert (
        "Chinchilla, fitted to 54 runs of ladder.csv to a certified optimum, puts the best size for 5 × 10 11" in text
    )
    assert (
        f"at {print_count(here.n_params.median)} parameters (90 % interval {print_count(here.n_params.low or 0)} to"
        in text
    )
    assert f"for ten times that at {print_count(ten.n_params.median)}" in text
    assert "Nothing: no check raised a doubt." in text
    assert "1 check passed" in text
    assert 'class="numbers"' in clean


@pytest.mark.parametrize(
    ("status", "checks", "why"),
    [
        (FitStatus.NOT_CERTIFIED, (FINE,), "its optimum is not certified"),
        (FitStatus.AT_BOUND, (FINE,), "a constant ran to its bound"),
        (FitStatus.UNIDENTIFIED, (FINE,), "the runs do not determine every constant"),
        (FitStatus.CONVERGED, (FINE, WARNED, FAILED), "a check fails (suspicious runs)"),
        (
            FitStatus.CONVERGED,
            (Check("noise", Verdict.FAIL, "too much"), FAILED),
            "2 checks fail (noise and suspicious runs)",
        ),
    ],
)
def test_a_doubtful_fit_leads_with_its_doubt(status: FitStatus, checks: tuple[Check, ...], why: str) -> None:
    analysis = planted_analysis(*checks)
    analysis = replace(analysis, fits=(replace(analysis.fit, status=status),))
    html = fit_page(analysis)
    text, (verdict,) = words(html), re.findall(r'<p class="verdict">(.*?)</p>', html, re.DOTALL)
    assert verdict.startswith(f"Do not plan by this yet: {why}; as it stands, Chinchilla")
    assert 'class="numbers"' not in html
    assert fit_text(analysis).replace("\n  ", " ").startswith(f"Do not plan by this yet: {why}; as it stands")
    if status is not FitStatus.CONVERGED:
        assert text.index(status.advice) < text.index("Left out of the fit")
    if WARNED in checks:
        assert text.index(FAILED.message) < text.index(WARNED.message)


def test_runs_that_a_check_names_are_listed_and_marked() -> None:
    analysis = planted_analysis(FINE, FAILED)
    html = fit_page(analysis)
    assert "Runs proposed for exclusion" in html
    assert all(f"<code>run-{row:02d}</code>" in html for row in SUSPECTS)
    marked = rows(html, "residuals", "run named by a check")
    assert sorted(int(row["row"]) for row in marked) == list(SUSPECTS)
    assert len(rows(html, "residuals", "run")) == len(analysis.table) - len(SUSPECTS)
    assert {int(row["row"]) for row in rows(html, "loss-against-size", "run named by a check")} == set(SUSPECTS)
    warned = fit_page(planted_analysis(FINE, WARNED))
    assert "Runs proposed for exclusion" not in warned


def test_lines_go_through_runs_that_the_law_made_and_diamonds_are_its_optima() -> None:
    html = fit_page(planted_analysis(table=ladder(noise=quiet)))
    runs, law = rows(html, "loss-against-size", "run"), rows(html, "loss-against-size", "law")
    for budget in {row["budget"] for row in runs}:
        line = np.log([[float(r["n_params"]), float(r["loss"])] for r in law if r["budget"] == budget])
        dots = np.log([[float(r["n_params"]), float(r["loss"])] for r in runs if r["budget"] == budget])
        assert np.interp(dots[:, 0], line[:, 0], line[:, 1]) == pytest.approx(dots[:, 1], abs=2e-3)
    optima = rows(html, "loss-against-size", "best size")
    assert [float(row["budget"]) for row in optima] == pytest.approx(BUDGETS, rel=1e-5)
    for row in optima:
        assert float(row["n_params"]) == pytest.approx(allocate(BYTES, float(row["budget"])).n_params, rel=1e-5)


def test_curves_of_a_table_with_its_own_flops_are_drawn_at_the_tokens_of_its_runs() -> None:
    """A token costs more than 6 N, small models' the more so: at D = C / (6 N) the law would run below its runs."""
    plain = ladder(noise=quiet)
    d = plain.flops / (9 * plain.n_params * (plain.n_params / 1e4) ** -0.1)
    dear = Table({**plain.columns, "tokens": d, "flops_6nd": 6 * plain.n_params * d, "loss": BYTES(plain.n_params, d)})
    html = fit_page(planted_analysis(table=dear))
    runs, law = rows(html, "loss-against-size", "run"), rows(html, "loss-against-size", "law")
    budget = runs[0]["budget"]
    line = np.asarray([[float(r["n_params"]), float(r["loss"])] for r in law if r["budget"] == budget])
    dots = np.asarray([[float(r["n_params"]), float(r["loss"])] for r in runs if r["budget"] == budget])
    assert np.interp(dots[:, 0], line[:, 0], line[:, 1]) == pytest.approx(dots[:, 1], rel=5e-3)
    top = float(dear.flops.max())
    (at_top,) = (r for r in rows(html, "best-size", "law") if float(r["flops"]) == pytest.approx(top, rel=1e-5))
    assert float(at_top["n_params"]) == pytest.approx(allocate(BYTES, top, cost_of(dear)).n_params, rel=0.1)
    assert "what the table's flops counts" in words(html)


def test_the_best_size_is_drawn_out_to_a_hundred_times_as_the_plans_say(clean: str) -> None:
    analysis = planted_analysis()
    line = rows(clean, "best-size", "law")
    far = analysis.ahead[-1]
    assert far.n_params
    assert float(line[-1]["flops"]) == pytest.approx(100 * analysis.table.flops.max(), rel=1e-5)
    for end, expected in (("n_params", far.n_params.median), ("low", far.n_params.low), ("high", far.n_params.high)):
        assert float(line[-1][end]) == pytest.approx(expected, rel=1e-4)
    for row in line:
        ends = [float(row[end]) for end in ("low", "inner_low", "n_params", "inner_high", "high")]
        assert ends == sorted(ends)
    told = {(row["approach"], float(row["n_params"])) for row in rows(clean, "best-size", "approach")}
    assert ("approach 2 (parabola)", 51234.0) in told
    assert len(told) == 4  # approach 1 could not be run


def test_residuals_are_what_was_measured_over_what_the_law_says(clean: str) -> None:
    table = planted_analysis().table
    for row, n, d, loss in zip(rows(clean, "residuals", "run"), table.n_params, table.tokens, table.loss, strict=True):
        assert float(row["residual"]) == pytest.approx(100 * (loss / BYTES(n, d) - 1), abs=1e-3)


def test_without_budgets_loss_is_drawn_against_compute() -> None:
    rng = np.random.default_rng(1)
    n = np.exp(rng.uniform(np.log(1e3), np.log(1e5), 40))
    d = n * np.exp(rng.uniform(np.log(50), np.log(2000), 40))
    html = fit_page(planted_analysis(table=Table({"n_params": n, "tokens": d, "loss": BYTES(n, d)})))
    assert "loss-against-size.csv" not in saved(html, "text/csv")
    for row in rows(html, "loss-against-compute", "frontier"):
        assert float(row["loss"]) == pytest.approx(allocate(BYTES, float(row["flops"])).loss, rel=0.02)
    frontier = [float(row["loss"]) for row in rows(html, "loss-against-compute", "frontier")]
    assert frontier == sorted(frontier, reverse=True)


@pytest.mark.parametrize(
    ("made", "drawn"),
    [
        (of_compute, ("output-against-flops", "residuals", "trade-off", "intervals")),
        (of_examples, ("output-against-examples", "residuals", "trade-off", "intervals")),
        (
            of_size_and_examples,
            ("output-against-n-params", "output-against-examples", "residuals", "trade-off", "intervals"),
        ),
        (
            lambda: of_size_and_examples(scattered=True),
            ("measured-against-fitted", "residuals", "trade-off", "intervals"),
        ),
        (lambda: of_examples(draws=False), ("output-against-examples", "residuals")),
    ],
)
def test_a_law_that_splits_no_budget_has_a_page_too(made: Callable[[], Analysis], drawn: tuple[str, ...]) -> None:
    analysis = made()
    html = fit_page(analysis)
    assert [name.removesuffix(".svg") for name in saved(html, "image/svg+xml")] == list(drawn)
    assert "best size" not in words(html)
    assert 'id="ahead"' not in html
    assert "certified optimum" in fit_text(analysis)


def test_a_law_of_one_input_is_judged_ten_times_beyond_its_runs() -> None:
    analysis = of_examples()
    assert analysis.fit.sample
    said = analysis.fit.sample.interval(lambda law: law(3e6))
    text = words(fit_page(analysis))
    assert f"puts the loss at {prose.number(float(analysis.fit.law(3e6)))} ({prose.number(said.low)} to" in text
    assert "nats/token for 3.00M examples, ten times the most of a run" in text
    assert "for 1e22 FLOPs, ten times" in fit_text(of_compute()).replace("\n  ", " ")


def test_without_draws_there_are_no_intervals_and_it_says_so() -> None:
    analysis = planted_analysis(draws=False, opinions=())
    html = fit_page(analysis)
    assert "There are no intervals: nothing was resampled." in words(html)
    assert [name.removesuffix(".svg") for name in saved(html, "image/svg+xml")] == list(EVERY[:3])
    assert "no intervals" in fit_text(analysis)
    assert "interval" not in fit_text(analysis).partition("\n\n")[0]


def test_a_law_without_a_best_size_is_said_to_name_none() -> None:
    analysis = planted_analysis(ahead=(), opinions=())
    assert "names no best size and is within" in words(fit_page(analysis))
    assert "names no best size and is within" in fit_text(analysis).replace("\n  ", " ")


def test_whatever_others_wrote_is_shown_and_never_obeyed() -> None:
    evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>&{{ 7 * 7 }}"
    whole = ladder()
    table = Table({**whole.columns, "run_id": [evil] * len(whole), evil: [evil] * len(whole)}).excluding([5], evil)
    analysis = planted_analysis(
        Check(evil, Verdict.FAIL, evil, SUSPECTS), Check(evil, Verdict.OK, evil), table=table, source=evil,
        failed={evil: evil}, notes=(evil,),
    )  # fmt: skip
    opinions = (*analysis.opinions, replace(analysis.opinions[0], reason=evil))
    plans = tuple(replace(each, notes=(evil,)) for each in analysis.ahead)
    fit = replace(analysis.fit, convention=evil)
    html = fit_page(replace(analysis, opinions=opinions, ahead=plans, fits=(fit,)))
    found = Reader(html)
    assert found.misnested == []
    assert not {"script", "img"} & {tag for tag, _ in found.tags}
    assert not [name for _, given in found.tags for name in given if name.startswith("on")]
    assert found.text.count("<script>alert(1)</script>") > 12
    assert "{{ 7 * 7 }}" in found.text
    for text in saved(html, "image/svg+xml").values():
        assert not [each for each in ElementTree.fromstring(text).iter() if each.tag.endswith(("script", "img"))]


def test_a_table_of_many_runs_is_drawn_in_part_and_stays_under_a_megabyte() -> None:
    rng = np.random.default_rng(0)
    n = np.exp(rng.uniform(np.log(1e3), np.log(1e5), 20_000))
    table = Table(
        {"n_params": n, "tokens": 200 * n * np.exp(rng.uniform(-1, 1, n.size)), "loss": 2 + rng.random(n.size)}
    )
    named = replace(FAILED, rows=(19_001,))
    html = fit_page(planted_analysis(named, table=table))
    assert len(html.encode()) < 1_000_000
    assert "of 20,000 runs are drawn" in words(html)
    assert [row["row"] for row in rows(html, "residuals", "run named by a check")] == ["19001"]


def test_the_page_of_a_fit_of_245_runs_stays_far_under_a_megabyte() -> None:
    table = ladder(seeds=(15, 12, 10, 7, 5))
    assert len(table) == 245
    assert len(fit_page(planted_analysis(table=table)).encode()) < 700_000


def test_the_fit_can_be_taken_along_as_json(clean: str) -> None:
    fits, chosen = fits_from_json(saved(clean, "application/json")["fit.json"])
    assert fits[chosen].law == BYTES
    again = plan(fits[chosen].sample or BYTES, 5e12).n_params
    here = planted_analysis().ahead[1].n_params
    assert again
    assert here
    assert again.median == pytest.approx(here.median, rel=1e-6)


def test_a_clean_fit_is_told_in_thirty_lines() -> None:
    lines = fit_text(planted_analysis()).splitlines()
    assert len(lines) <= 30
    assert lines[-1] == "1 of 1 checks passed (optimum)"


def test_text_says_doubts_before_results_and_leaves_nothing_out() -> None:
    table = planted_analysis().table
    second = fit_of(FlooredPowerLaw(E=0.5, A=25.0, alpha=0.1), table)
    analysis = planted_analysis(
        WARNED, FAILED, fits=(fit_of(BYTES, table, WARNED, FAILED), second), failed={"Farseer": "no draws"}
    )
    analysis = replace(analysis, ahead=tuple(replace(each, notes=("far out",)) for each in analysis.ahead))
    text = fit_text(analysis)
    parts = ("Do not plan", "FAIL  suspicious runs", "WARN  influence", "constant ", "best at", "approach ", "Left out")
    assert [text.index(part) for part in parts] == sorted(text.index(part) for part in parts)
    for name, value in BYTES.constants.items():
        assert re.search(rf"^{name} +{value:.6g} ", text, re.MULTILINE)
    assert f"Left out: 1 row, {WHY} (row 54)" in text
    assert "approach 1: not run. An envelope needs three sizes" in text
    assert "18.8K (16.9K to 20.6K)" in text
    assert "0.432 (0.389 to 0.475)" in text
    assert "No fit: Farseer. no draws" in text
    assert "Also fitted: FlooredPowerLaw, converged; its doubts were not looked into" in text
    assert text.count("far out") == 3
    assert "0 of 2 checks passed" in text


def test_no_line_of_text_is_longer_than_a_terminal_is_wide() -> None:
    long = "x" * 150 + " and so on " * 40
    analysis = planted_analysis(
        Check("name " * 10, Verdict.WARN, long), source="folder/" * 30, notes=(long,), failed={"Farseer": long}
    )
    analysis = replace(
        analysis, opinions=tuple(replace(each, reason=each.reason and long) for each in analysis.opinions)
    )
    assert max(map(len, fit_text(analysis).splitlines())) <= WIDTH
    for made in (of_compute, of_examples, of_size_and_examples):
        assert max(map(len, fit_text(made()).splitlines())) <= WIDTH


def test_doubts_of_the_draws_are_doubts_of_the_fit() -> None:
    analysis = planted_analysis()
    assert analysis.fit.sample
    doubt = Check("draws", Verdict.WARN, "9% of the draws were dropped")
    sample = replace(analysis.fit.sample, checks=(doubt,))
    text = fit_text(replace(analysis, fits=(replace(analysis.fit, sample=sample),)))
    assert text.count("9% of the draws were dropped") == 1
    assert "one doubt is below" in text.replace("\n  ", " ")


def test_accidental_budgets_are_no_design() -> None:
    """Three of forty runs that happen to share their compute do not make a picture of budgets."""
    rng = np.random.default_rng(0)
    n = np.exp(rng.uniform(np.log(1e3), np.log(1e5), 40))
    flops = np.concatenate([[1e11] * 3, np.exp(rng.uniform(np.log(1e9), np.log(1e13), 37))])
    table = Table({"n_params": n, "flops": flops, "loss": BYTES(n, flops / 6 / n)})
    assert compared(planted_analysis(table=table)).budgets == ()
    assert len(compared(planted_analysis()).budgets) == len(BUDGETS)


def test_a_table_that_counts_no_flops_has_a_page_too() -> None:
    """Under the counting convention "none" nothing is derived, so there is no compute to draw a best size against."""
    whole = ladder()
    columns = {name: whole.columns[name] for name in ("n_params", "tokens", "loss")}
    table = Table.from_columns(columns, needed=("n_params", "tokens", "loss"), convention="none")
    html = fit_page(Analysis("bare.csv", table, (fit_of(BYTES, table, FINE),)))
    assert [name.removesuffix(".svg") for name in saved(html, "image/svg+xml")][1:] == ["residuals", *EVERY[4:]]


def test_rows_are_told_in_ranges() -> None:
    assert ranges([4, 0, 1, 2, 9, 10]) == "0 to 2, 4, 9, 10"
    assert ranges([7]) == "7"


def test_reading_the_text_costs_neither_charts_nor_jax() -> None:
    program = (
        "import sys, isoflop.reports.fit_text, isoflop.reports.fit_page;"
        "print({'altair', 'jax', 'jinja2', 'vl_convert'} & {*sys.modules})"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "set()"


def test_the_same_analysis_makes_the_same_page(clean: str) -> None:
    assert fit_page(planted_analysis()) == clean
