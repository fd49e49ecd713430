"""The report's page: self-contained, escaped, in the promised order, and honest in every state of a study."""

import csv
import io
import re
import subprocess
import sys
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from isoflop.reports import palette
from isoflop.reports.findings import CheckFact, ConstantFact, ExclusionFact, Findings, FitFact, PilotFact
from isoflop.reports.page import page
from isoflop.reports.verdict import doubts, headline
from planted_findings import changed, interval, planted_findings
from read_html import Reader, saved


@pytest.fixture(scope="module")
def whole() -> str:
    return page(planted_findings())


def test_a_page_is_one_small_file_that_asks_for_nothing(whole: str) -> None:
    assert len(whole.encode()) < 1_000_000
    found = Reader(whole)
    assert not {"script", "iframe", "object", "embed", "img", "base"} & {tag for tag, _ in found.tags}
    addresses = [
        value or ""
        for _, attributes in found.tags
        for name, value in attributes.items()
        if name in ("src", "href", "xlink:href", "action", "srcset", "data")
    ]
    assert len(addresses) > 15
    assert [address for address in addresses if not address.startswith(("#", "data:"))] == []
    assert not re.search(r"@import|url\((?!#)", whole)
    assert not [name for _, attributes in found.tags for name in attributes if name.startswith("on")]


def test_every_tag_of_the_page_is_closed_in_its_turn(whole: str) -> None:
    found = Reader(whole)
    assert found.misnested == []
    assert found.open == []


def test_ids_are_unique_and_every_inner_link_has_its_target(whole: str) -> None:
    found = Reader(whole)
    ids = [attributes["id"] for _, attributes in found.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = set(re.findall(r'href="#([^"]+)"', whole)) | set(re.findall(r"url\(#([^)]+)\)", whole))
    assert targets
    assert targets <= {str(each) for each in ids}


def test_the_verdict_comes_first_then_the_doubts_then_the_pictures(whole: str) -> None:
    places = [whole.index(part) for part in ('class="verdict"', 'id="doubts"', 'id="pictures"', 'id="runs"')]
    assert places == sorted(places)
    text = Reader(whole).text
    assert "1.700" in text
    assert "[1.660, 1.740]" in text
    assert "measured 1.710, inside the 90 % interval" in text
    assert text.index("E and A trade off") < text.index("Every budget has a best size")


def test_every_picture_has_words_and_gives_away_its_data_and_its_svg(whole: str) -> None:
    pictures = [attributes for tag, attributes in Reader(whole).tags if tag == "svg"]
    tables, drawings = saved(whole, "text/csv"), saved(whole, "image/svg+xml")
    assert len(pictures) == 7 == len(drawings)
    assert all(each["role"] == "img" and len(each["aria-label"] or "") > 40 for each in pictures)
    for name, text in drawings.items():
        root = ElementTree.fromstring(text)
        assert root.tag.endswith("svg"), name
        assert not [each for each in root.iter() if each.tag.endswith("script")]
        assert "var(" not in text  # a saved picture keeps its colours where there is no page around it
        assert f"{name.removesuffix('.svg')}.csv" in tables
    for name, text in tables.items():
        rows = list(csv.DictReader(io.StringIO(text)))
        assert rows, name
        assert None not in rows[0]


def test_every_colour_is_known_to_both_themes(whole: str) -> None:
    used = set(re.findall(r"var\((--[a-z0-9-]+)\)", whole))
    light, dark = (set(re.findall(r"(--[a-z0-9-]+):#", theme)) for theme in re.findall(r":root\{([^}]*)\}", whole))
    assert {"--paper", "--accent", "--budget-0", "--budget-4"} <= used
    assert used <= light
    assert light == dark
    inline = whole[whole.index("<main>") : whole.index("</main>")]
    assert set(re.findall(r'(?:fill|stroke)="(#[^"]+)"', inline)) == set()


def brightness(colour: str) -> float:
    """WCAG 2.2 relative luminance."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one: str, other: str) -> float:
    light, dark = sorted((brightness(one), brightness(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_text_and_curves_stand_out_from_the_paper(theme: int) -> None:
    """WCAG 2.2: 4.5 for text, 3 for graphics."""
    paper = palette.ROLES["paper"][theme]
    assert all(contrast(palette.ROLES[role][theme], paper) >= 4.5 for role in ("ink", "soft", "accent"))
    assert all(contrast(colour, paper) >= 3 for colour in palette.ramp(8, dark=bool(theme)))


def test_whatever_others_wrote_is_shown_and_never_obeyed() -> None:
    evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>&{{ 7 * 7 }}"
    findings = planted_findings()
    findings = replace(
        findings, name=evil, corpus=evil, tokenizer=evil, study_toml=evil, command=evil, citation=evil, loss_unit=evil,
        versions={evil: evil}, written_at=evil, params_convention=evil,
        runs=(*findings.runs, changed(findings.runs[0], run_id=evil, status="failed", note=evil)),
        exclusions=(ExclusionFact(evil, evil),), checks=(CheckFact(evil, "fail", evil),),
        fits=(FitFact(evil, evil, evil, evil, (ConstantFact(evil, 1.0, evil, evil, interval(1, 0, 2)),)),),
        pilot=(PilotFact(evil, 1.0, 2.0), PilotFact(evil, 2.0, 2.1)),
    )  # fmt: skip
    html = page(findings)
    found = Reader(html)
    assert found.misnested == []
    assert not {"script", "img"} & {tag for tag, _ in found.tags}
    assert not [name for _, attributes in found.tags for name in attributes if name.startswith("on")]
    assert found.text.count("<script>alert(1)</script>") > 15
    assert "{{ 7 * 7 }}" in found.text
    for text in saved(html, "image/svg+xml").values():
        assert not [each for each in ElementTree.fromstring(text).iter() if each.tag.endswith(("script", "img"))]


def test_a_miss_is_said_in_the_first_sentence_and_counted_as_a_failure() -> None:
    findings = planted_findings()
    assert findings.forecast
    missed = replace(findings.forecast, measured=1.80, inside=False, relative_error=1.8 / 1.7 - 1, compute_error=0.606)
    findings = replace(findings, forecast=missed)
    assert "measured 1.800, outside the 90 % interval: 5.9 % more loss than forecast" in headline(findings)
    assert (doubts(findings)[0].name, doubts(findings)[0].verdict) == ("forecast", "fail")
    assert "outside [1.660, 1.740]" in page(findings)


def test_a_study_without_a_single_run_still_has_a_page() -> None:
    text = Reader(page(Findings("empty"))).text
    assert "No forecast yet: nothing has been trained." in text
    assert "No check has been run yet" in text
    assert "nothing to draw" in text


def test_an_unfinished_ladder_shows_what_there_is_and_how_to_go_on() -> None:
    findings = planted_findings()
    runs = tuple(
        run if i < 12 else changed(run, status="planned", loss=None, seconds=None, curve=type(run.curve)())
        for i, run in enumerate(findings.runs)
    )
    unfinished = Findings("half", runs=runs, command=findings.command, loss_unit="nats/byte")
    html = page(unfinished)
    text = Reader(html).text
    assert f"{len(runs) - 12} of {len(runs)} runs are still to be trained" in text
    assert findings.command in text
    assert "isoflop-curves.svg" in saved(html, "image/svg+xml")
    assert "loss-against-compute.svg" not in saved(html, "image/svg+xml")


def test_a_forecast_that_awaits_its_run_says_so() -> None:
    findings = planted_findings()
    assert findings.forecast
    waiting = replace(
        findings.forecast, measured=None, measured_se=None, relative_error=None, compute_error=None, inside=None
    )
    waiting_page = page(replace(findings, forecast=waiting, runs=findings.runs[:-1]))
    assert "the run that tests it is not trained yet" in Reader(waiting_page).text
    broken = changed(findings.runs[-1], status="failed", loss=None, note="killed")
    assert "the run that tests it has failed" in headline(replace(findings, forecast=waiting, runs=(broken,)))


def test_a_ladder_that_diverged_whole_names_its_runs() -> None:
    findings = planted_findings()
    note = "loss 7.1 after start 5.3"
    runs = tuple(changed(run, status="diverged", loss=None, note=note) for run in findings.runs[:3])
    text = Reader(page(Findings("lost", runs=runs))).text
    assert "none of the 3 runs ended well (3 diverged)" in text
    assert text.count("loss 7.1 after start 5.3") >= 3


def test_no_doubt_is_said_only_where_checks_were_made() -> None:
    checked = Findings("calm", checks=(CheckFact("noise", "ok", "Seeds agree."),))
    assert "no check raised a doubt" in Reader(page(checked)).text
    assert "no check raised a doubt" not in Reader(page(Findings("unchecked"))).text


def test_the_same_findings_make_the_same_page(whole: str) -> None:
    assert page(planted_findings()) == whole


def test_a_ladder_of_three_hundred_runs_stays_under_a_megabyte() -> None:
    findings = planted_findings()
    ladder = [run for run in findings.runs if run.role == "ladder"]
    many = tuple(changed(run, run_id=f"{i:04d}{run.run_id}"[:16]) for i in range(6) for run in ladder)
    assert len(many) == 300
    assert len(page(replace(findings, runs=many)).encode()) < 1_000_000


def test_reading_the_findings_costs_neither_charts_nor_jax() -> None:
    program = "import sys, isoflop.reports.page; print({'altair', 'jax', 'jinja2', 'vl_convert'} & {*sys.modules})"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "set()"
