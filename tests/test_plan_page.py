"""What `isoflop plan --html` shows: the plan, its doubts, what was assumed; pictures whose every point is the law's."""

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest

from isoflop.allocations.allocate import allocate
from isoflop.allocations.isoloss import tokens_for
from isoflop.estimates.ensemble import Ensemble
from isoflop.laws.chinchilla import BESIROGLU_2024, HOFFMANN_2022_TEX
from isoflop.laws.data_constrained import MUENNIGHOFF_2023, RepetitionPenalty
from isoflop.plans.answer import Answer, answer
from isoflop.plans.question import Question
from isoflop.plans.source import Source, published_source
from isoflop.reports import prose
from isoflop.reports.plan_page import plan_page
from isoflop.reports.plan_parts import PARTS, Part
from planted_analyses import sample_of
from read_html import Reader, saved

ALWAYS = ("loss-against-size", "loss-against-compute", "sizes-and-tokens")


def asked(source: Source | None = None, most: dict[str, float] | None = None, **given: object) -> Answer:
    question = Question(**given)  # type: ignore[arg-type]
    return answer(question, source or published_source(None, repeats=question.unique_tokens is not None), most)


@pytest.fixture(scope="module")
def bag() -> Source:
    """Sixty laws about a published one, as if fitted to the user's runs."""
    plain = published_source(None, repeats=False)
    sample = replace(sample_of(BESIROGLU_2024), laws=tuple(
        replace(law, about=BESIROGLU_2024.about) for law in sample_of(BESIROGLU_2024).laws
    ))  # fmt: skip
    return replace(plain, name="Chinchilla of fit.json", bag=sample, own=True, text="", notes=(), doubts=("it bends",))


@pytest.fixture(scope="module")
def clean() -> str:
    return plan_page(asked(flops=1e22))


@pytest.fixture(scope="module")
def served() -> str:
    return plan_page(asked(loss=2.2, inference_tokens=1e13))


@pytest.fixture(scope="module")
def repeated() -> str:
    return plan_page(asked(gpus=64.0, gpu="h200", days=10.0, unique_tokens=30e9))


def rows(html: str, figure: str, what: str) -> list[dict[str, float]]:
    """The rows of one kind in the data of a picture, the numbers among their fields."""
    text = saved(html, "text/csv")[f"{figure}.csv"]
    read = [row for row in csv.DictReader(io.StringIO(text)) if row["what"] == what]
    return [dict(_numbers(row)) for row in read]


def _numbers(row: dict[str, str]) -> Iterator[tuple[str, float]]:
    for name, value in row.items():
        try:
            yield name, float(value)
        except ValueError:
            continue


def words(html: str) -> str:
    return Reader(html).text.replace("\u00a0", " ")


def names(html: str) -> list[str]:
    return [name.removesuffix(".svg") for name in saved(html, "image/svg+xml")]


def test_a_page_is_one_small_file_that_asks_for_nothing(clean: str, bag: Source) -> None:
    for html in (clean, plan_page(asked(bag, flops=1e22, unique_tokens=None, inference_tokens=1e12))):
        assert len(html.encode()) < 600_000
        found = Reader(html)
        assert (found.misnested, found.open) == ([], [])
        assert not {"script", "iframe", "object", "embed", "img", "base"} & {tag for tag, _ in found.tags}
        addresses = [value or "" for _, given in found.tags for key, value in given.items() if key in ("src", "href")]
        assert [address for address in addresses if not address.startswith(("#", "data:"))] == []
        ids = [str(given["id"]) for _, given in found.tags if "id" in given]
        assert len(ids) == len(set(ids))
        assert set(re.findall(r'href="#([^"]+)"', html)) <= set(ids)


def test_every_picture_has_words_its_data_and_its_svg_and_follows_the_theme(clean: str, served: str) -> None:
    for html in (clean, served):
        drawings, tables = saved(html, "image/svg+xml"), saved(html, "text/csv")
        pictures = [given for tag, given in Reader(html).tags if tag == "svg"]
        assert len(pictures) == len(drawings) == len(tables)
        assert all(len(each["aria-label"] or "") > 40 for each in pictures)
        for name, text in drawings.items():
            assert ElementTree.fromstring(text).tag.endswith("svg"), name
            assert not {"NaN", "Infinity", "undefined", "null"} & set(re.findall(r"\w+", text)), name
            assert list(csv.DictReader(io.StringIO(tables[f"{name.removesuffix('.svg')}.csv"]))), name
        inline = html[html.index("<main>") : html.index("</main>")]
        assert set(re.findall(r'(?:fill|stroke)="(#[^"]+)"', inline)) == set()


def test_which_pictures_there_are_goes_by_what_was_asked(clean: str, served: str, repeated: str) -> None:
    assert names(clean) == list(ALWAYS)
    assert names(repeated) == ["loss-against-size", "loss-against-epochs", *ALWAYS[1:]]
    assert names(served) == ["loss-against-size", "cost-against-size", *ALWAYS[1:]]
    both = plan_page(asked(flops=1e22, unique_tokens=1e11, inference_tokens=1e12))
    assert names(both) == ["loss-against-size", "loss-against-epochs", "cost-against-size", *ALWAYS[1:]]


def test_plan_doubts_assumptions_pictures_and_numbers_come_in_this_order(clean: str) -> None:
    parts = ('class="verdict"', '<h2 id="doubts"', '<h2 id="assumed"', '<h2 id="pictures"', '<h2 id="plan"')
    places = [clean.index(part) for part in parts]
    assert places == sorted(places)


def test_every_number_of_the_plan_is_on_the_page_and_every_assumption_and_note(clean: str) -> None:
    found, text = asked(flops=1e22), words(clean)
    for value in ("9.05B", "184B", "2.141", "7,590", "19.8", "$19.0K", "37 layers of 4,096", "20.4"):
        assert value in text
    for name, assumed in found.defaults.items():
        assert f"{name} {assumed}" in text
    for note in (*found.notes, *found.have.device.doubts):
        assert note in text
    assert "There are no intervals" in text
    assert json.loads(saved(clean, "application/json")["plan.json"]) == json.loads(json.dumps(found.to_json()))


def test_a_bag_of_laws_has_intervals_bands_and_its_doubts_first(bag: Source) -> None:
    found = asked(bag, flops=1e22)
    html = plan_page(found)
    text = words(html)
    assert "one doubt about the law is below" in text
    assert text.index("it bends") < text.index("What was asked")
    assert "There are no intervals" not in text
    assert "90 % intervals over 60 laws: case bootstrap of planted runs" in text
    assert "another text" not in text
    size = found.quantity("n_params")
    here = min(rows(html, "sizes-and-tokens", "this law"), key=lambda row: abs(row["flops"] / 1e22 - 1))
    assert (here["low"], here["value"], here["high"]) == pytest.approx((size.low, size.median, size.high), rel=1e-4)
    for figure, what in (("loss-against-size", "law"), ("loss-against-compute", "frontier")):
        for row in rows(html, figure, what):
            assert row["low"] < row["loss"] < row["high"]


def test_losses_of_another_text_are_marked_on_every_axis_of_loss(clean: str, bag: Source) -> None:
    drawn = saved(clean, "image/svg+xml")
    own = saved(plan_page(asked(bag, flops=1e22)), "image/svg+xml")
    for name in ("loss-against-size.svg", "loss-against-compute.svg"):
        assert "Loss (nats/token, of another text)" in drawn[name]
        assert "Loss (nats/token)" in own[name]
    assert "Model size N (parameters, all, with embeddings)" in drawn["loss-against-size.svg"]
    assert "Training compute C (FLOPs)" in drawn["loss-against-compute.svg"]


def test_the_bowl_is_the_law_s_along_the_budget_and_grey_where_it_is_within_a_hundredth(clean: str) -> None:
    curve = rows(clean, "loss-against-size", "law")
    for row in curve:
        assert row["n_params"] * row["tokens"] * 6 == pytest.approx(1e22, rel=1e-4)
        assert row["loss"] == pytest.approx(BESIROGLU_2024(row["n_params"], row["tokens"]), rel=1e-5)
    (within,) = rows(clean, "loss-against-size", "within")
    best = allocate(BESIROGLU_2024, 1e22)
    for end, beyond in ((within["low"], 0.97), (within["high"], 1.03)):
        assert (
            BESIROGLU_2024(end, 1e22 / 6 / end)
            <= 1.01 * best.loss
            < BESIROGLU_2024(beyond * end, 1e22 / 6 / (beyond * end))
        )
    assert "Within 1 % of the best loss from 3.28B to 24.3B" in words(clean)
    (plan,) = rows(clean, "loss-against-size", "plan")
    assert (plan["n_params"], plan["loss"]) == pytest.approx((best.n_params, best.loss), rel=1e-5)


def test_the_frontier_is_the_best_loss_of_each_compute_over_the_fitted_range(clean: str) -> None:
    line = rows(clean, "loss-against-compute", "frontier")
    for row in line[::6]:
        assert row["loss"] == pytest.approx(allocate(BESIROGLU_2024, row["flops"]).loss, rel=1e-5)
    assert line[0]["flops"] < 1e20
    assert line[-1]["flops"] >= 0.99e24
    (fitted,) = rows(clean, "loss-against-compute", "fitted")
    (low_n, high_n), (low_d, high_d) = (BESIROGLU_2024.about.fitted[name] for name in ("n_params", "tokens"))
    assert 6 * low_n * low_d <= fitted["low"] < fitted["high"] <= 6 * high_n * high_d * (1 + 1e-5)


def test_published_laws_stand_beside_the_plan_s_own_which_is_not_drawn_twice(clean: str) -> None:
    text = saved(clean, "text/csv")["sizes-and-tokens.csv"]
    read = list(csv.DictReader(io.StringIO(text)))
    assert [row["law"] for row in read if row["what"] == "this law"] == ["plan"] * 50
    assert {row["law"] for row in read} == {"plan", "Hoffmann 2022, approach 3", "Llama 3 (Dubey 2024)", "Kaplan 2020"}
    for row in read:
        if row["law"].startswith("Hoffmann") and row["quantity"] == "N":
            best = allocate(HOFFMANN_2022_TEX, float(row["flops"]))
            assert float(row["value"]) == pytest.approx(best.n_params, rel=1e-4)


def test_epochs_are_worth_what_the_law_says_and_new_tokens_more(repeated: str) -> None:
    found = asked(gpus=64.0, gpu="h200", days=10.0, unique_tokens=30e9)
    old, new = (rows(repeated, "loss-against-epochs", what) for what in ("repeated", "every token new"))
    for row, other in zip(old, new, strict=True):
        assert row["loss"] == pytest.approx(float(MUENNIGHOFF_2023(found.n_params, row["tokens"], 30e9)), rel=1e-4)
        assert other["loss"] <= row["loss"] * (1 + 1e-6)
    assert f"{found.tokens / 30e9:.3g} epochs" in saved(repeated, "image/svg+xml")["loss-against-epochs.svg"]
    assert "none of these epochs hurts" in words(repeated)


def test_the_cost_of_a_life_is_least_at_the_plan_and_each_size_is_as_good(served: str) -> None:
    found = asked(loss=2.2, inference_tokens=1e13)
    sizes = rows(served, "cost-against-size", "size")
    for row in sizes[::10]:
        d = float(tokens_for(BESIROGLU_2024, row["n_params"], 2.2))
        assert row["training"] == pytest.approx(6 * row["n_params"] * d, rel=1e-4)
        assert row["total"] == pytest.approx(row["training"] + 2 * row["n_params"] * 1e13, rel=1e-4)
    (cheapest,), (trained,) = (rows(served, "cost-against-size", w) for w in ("cheapest", "cheapest to train"))
    assert cheapest["n_params"] == pytest.approx(found.n_params, rel=0.03)
    assert trained["n_params"] == pytest.approx(asked(loss=2.2).n_params, rel=0.03)
    (plan,) = rows(served, "cost-against-size", "plan")
    assert plan["total"] <= cheapest["total"] * (1 + 1e-5)
    assert "above the line because its size is also chosen for serving" in words(served)


def test_in_a_budget_every_law_serves_a_model_as_good_as_its_own_plan(bag: Source) -> None:
    """Where laws disagree on the loss, one loss for all of them would be out of reach of many."""
    found = asked(bag, flops=1e22, inference_tokens=1e12)
    sizes = rows(plan_page(found), "cost-against-size", "size")
    spent = found.flops + 2 * found.n_params * 1e12
    near = min(sizes, key=lambda row: abs(row["n_params"] / found.n_params - 1))
    assert (near["low"], near["high"]) == pytest.approx((spent, spent), rel=0.03)


def test_a_run_that_is_judged_is_told_the_best_use_of_its_compute() -> None:
    html = plan_page(asked(n_params=7e9, tokens=2e12))
    text, best = words(html), allocate(BESIROGLU_2024, 8.4e22)
    assert "7B parameters on 2T tokens take 8.4 × 10 22 FLOPs and come to" in text
    assert f"the best use of as many FLOPs, 26.9B on 520B, comes to {best.loss:.3f}" in text
    (drawn,) = rows(html, "loss-against-size", "best")
    assert drawn["n_params"] == pytest.approx(best.n_params, rel=1e-4)
    assert "because its size is not the best for its compute" in text


def test_the_largest_size_allowed_is_drawn_where_it_decides() -> None:
    html = plan_page(asked(flops=1e22, most={"--one-gpu": 4e9}))
    (cap,) = rows(html, "loss-against-size", "largest allowed")
    assert cap["n_params"] == 4e9
    text = words(html)
    assert "go into the largest model allowed, 4B parameters" in text
    assert "--one-gpu: N at most 4B" in text


def test_an_option_is_shown_as_it_was_given_and_which_budget_binds() -> None:
    found = asked(flops=1e23, dollars=1e5, gpu="h100", price=2.5)
    text = words(plan_page(found))
    assert "--dollars $100K --gpu h100 --price $2.5 a GPU-hour" in text
    assert f"--dollars allows {found.flops / 1e22:.3g} × 10 22 FLOPs, which binds" in text
    assert "--flops allows 10 23 FLOPs" in text


def test_whatever_others_wrote_is_shown_and_never_obeyed(bag: Source) -> None:
    evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>&{{ 7 * 7 }}"
    source = replace(bag, name=evil, text=evil, notes=(evil,), doubts=(evil,), defaults={evil: evil, "N counts": evil})
    part = Part.of(evil, [(evil, evil, evil)], columns=(evil,), warnings=(evil,), caption=evil)
    html = plan_page(asked(source, flops=1e22), dict.fromkeys(PARTS, part))
    found = Reader(html)
    assert found.misnested == []
    assert not {"script", "img"} & {tag for tag, _ in found.tags}
    assert not [name for _, given in found.tags for name in given if name.startswith("on")]
    assert "{{ 7 * 7 }}" in found.text
    for text in saved(html, "image/svg+xml").values():
        assert not [each for each in ElementTree.fromstring(text).iter() if each.tag.endswith(("script", "img"))]


def test_a_law_with_a_penalty_says_past_how_many_epochs_more_hurt() -> None:
    base = BESIROGLU_2024.constants
    law = RepetitionPenalty(**base, P=0.01, delta=1.0, kappa=0.5)
    source = replace(published_source(None, repeats=True), bag=Ensemble((law,)), name="penalty")
    html = plan_page(asked(source, flops=1e21, unique_tokens=10e9))
    curve = rows(html, "loss-against-epochs", "repeated")
    lowest = min(curve, key=lambda row: row["loss"])
    assert curve[0]["loss"] > lowest["loss"] < curve[-1]["loss"]
    assert f"Past {prose.ratio(lowest['epochs'])} epochs more of them hurt" in words(html)


@pytest.mark.parametrize("law", ["KAPLAN_2020", "GADRE_2024_C4", "HOFFMANN_2022"])
def test_other_laws_have_pages_too(law: str) -> None:
    html = plan_page(asked(published_source(law, repeats=False), flops=1e20, inference_tokens=1e10))
    assert names(html) == ["loss-against-size", "cost-against-size", *ALWAYS[1:]]


def test_the_bands_hold_nine_tenths_of_the_laws(bag: Source) -> None:
    found = asked(bag, flops=1e22)
    row = rows(plan_page(found), "loss-against-size", "law")[30]
    each = np.asarray([law(row["n_params"], row["tokens"]) for law in bag.bag.laws])
    inside = np.mean((each >= row["low"] - 1e-5) & (each <= row["high"] + 1e-5))
    assert inside == pytest.approx(0.9, abs=0.04)
