"""The page of the known models: one file, pictures with words and data, every number of the text."""

import re
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

from isoflop.plans.standing_of_models import standing_of_models
from isoflop.reports import labels
from isoflop.reports.model_figures import draw
from isoflop.reports.models_page import models_page
from isoflop.reports.models_text import doubts_of_places
from placed_models import standing, written
from read_html import Reader, saved

PICTURES = ["timeline", "sizes-and-tokens", "tokens-per-param", "losses"]


@cache
def page(law: str | None = None) -> str:
    return models_page(standing(law))


def test_a_page_without_a_single_place_says_so(tmp_path: Path) -> None:
    path = written(tmp_path, {"n_params": (10, 100), "tokens": (10, 100)}, draws=False)
    assert "says nothing of any known model" in Reader(models_page(standing_of_models(str(path)))).text


def test_the_page_is_one_small_file_that_asks_for_nothing() -> None:
    html = page()
    assert len(html.encode()) < 1_000_000
    found = Reader(html)
    assert found.misnested == []
    assert found.open == []
    assert not {"script", "iframe", "object", "embed", "img", "base"} & {tag for tag, _ in found.tags}
    addresses = [value or "" for _, given in found.tags for name, value in given.items() if name in ("src", "href")]
    assert [address for address in addresses if not address.startswith(("#", "data:"))] == []
    assert not re.search(r"@import|url\((?!#)", html)
    ids = [given["id"] for _, given in found.tags if "id" in given]
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', html)) <= {str(each) for each in ids}
    inline = html[html.index("<main>") : html.index("</main>")]
    assert set(re.findall(r'(?:fill|stroke)="(#[^"]+)"', inline)) == set()


def test_every_picture_has_words_and_gives_away_its_data_and_its_svg() -> None:
    drawings, tables = saved(page(), "image/svg+xml"), saved(page(), "text/csv")
    assert [name.removesuffix(".svg") for name in drawings] == PICTURES
    for name, text in drawings.items():
        assert ElementTree.fromstring(text).tag.endswith("svg")
        assert not {"NaN", "Infinity", "undefined", "null"} & set(re.findall(r"\w+", text)), name
    for name in PICTURES[:3]:
        assert tables[f"{name}.csv"].count("\nmodel,") == 26
    assert all(each.alt for each in draw(standing()))


def test_every_model_and_number_of_the_words_is_on_the_page() -> None:
    text = Reader(page()).text.replace("\u00a0", " ")
    for each in standing().models:
        assert each.run.name in text
        assert each.run.unverified in text
        if each.now:
            assert f"{each.now.penalty:.4f}" in text


def test_the_page_says_what_is_from_memory_whose_law_was_then_and_each_doubt_once() -> None:
    text = " ".join(Reader(page()).text.replace("\u2011", "-").split())
    for marked in ("1.54B?", "2019-11?", "V100?", "Kaplan*?", "2.00T?"):
        assert marked in text
    assert "known 6 months before its release" in text
    assert "oldest first" in text
    for doubt in doubts_of_places(standing()):
        assert text.count(doubt) == 1


def test_a_law_without_losses_draws_no_losses() -> None:
    assert [each.name for each in draw(standing("DUBEY_2024"))] == PICTURES[:3]


def test_the_model_named_leads_the_page_and_stands_out() -> None:
    html = models_page(standing(), standing(name="Gopher").models)
    assert "Gopher is 4.15 times as large" in Reader(html).text
    assert html.count('<tr class="odd">') == 2


def test_words_of_a_picture_do_not_lie_on_each_other() -> None:
    """Planted: three dots side by side, each with a name wider than their distance."""
    across = (0.45, 0.5, 0.55)
    frame = labels.Frame((0.0, 1.0), (0.0, 1.0), log_x=False, log_y=False)
    wanted = [{"label": "a long name", "x": x, "y": 0.5} for x in across]
    found = labels.beside(frame, wanted, ("x", "y"), [(x, 0.5) for x in across])
    boxes = [
        labels._box(frame.pixel(float(str(row["x"])), 0.5), "a long name", style)
        for style, rows in found.items()
        for row in rows
    ]
    assert sum(labels._overlap(one, other) for i, one in enumerate(boxes) for other in boxes[:i]) == 0
    assert len(boxes) == 3
