"""What other parts bring to a plan's page: tables in order, warnings first; who does not ask pays nothing."""

import subprocess
import sys
from typing import Any

import pytest

from isoflop.plans.answer import Answer, answer
from isoflop.plans.question import Question
from isoflop.plans.source import published_source
from isoflop.reports.plan_page import plan_page
from isoflop.reports.plan_parts import PARTS, Part
from read_html import Reader

SLOW = ("altair", "jinja2", "vl_convert", "jax", "scipy", "pandas")


def best() -> Answer:
    return answer(Question(flops=1e22), published_source(None, repeats=False))


def words(html: str) -> str:
    return Reader(html).text.replace("\u00a0", " ")


def test_parts_are_shown_in_their_order_each_may_be_missing_and_their_warnings_come_first() -> None:
    found = best()
    every = {
        name: Part.of(f"Part {name}", [(f"{name} label", f"{name} value", f"{name} note")], warnings=[f"beware {name}"])
        for name in reversed([*PARTS])
    }
    wide = Part.of("Others", [("Kaplan", "21B", "80B"), ("Hoffmann", "8B", "200B", "TeX")], columns=("N", "D"))
    html = plan_page(found, {**every, "comparison": wide})
    text = words(html)
    places = [html.index(f'<h2 id="{name}"') for name in PARTS]
    assert places == sorted(places)
    assert text.index("beware running") < text.index("What was asked")
    assert text.count("beware running") == 1
    assert "running label running value running note" in text
    assert "N D Kaplan 21B 80B Hoffmann 8B 200B TeX" in text
    for missing in PARTS:
        page = plan_page(found, {name: part for name, part in every.items() if name != missing})
        assert f'id="{missing}"' not in page
        assert f'href="#{missing}"' not in page
        assert Reader(page).misnested == []


def test_a_part_of_another_name_or_of_uneven_rows_is_refused() -> None:
    with pytest.raises(ValueError, match="no part sensitivities; it has hyperparameters, running"):
        plan_page(best(), {"sensitivities": Part.of("x", [("a", "b")])})
    rows: list[tuple[Any, ...]] = [("a",), ("a", "b", "c", "d"), ("a", 3.0)]
    for row in rows:
        with pytest.raises(ValueError, match="a row is a label, 1 values"):
            Part.of("x", [row])


@pytest.mark.parametrize(
    ("program", "absent"),
    [
        (
            "from isoflop.plans.answer import answer\nfrom isoflop.plans.question import Question\n"
            "from isoflop.plans.source import published_source\n"
            "answer(Question(flops=1e22), published_source(None, repeats=False))",
            ("isoflop.reports.plan_page", *SLOW),
        ),
        ("import isoflop.reports.plan_page", SLOW),
    ],
)
def test_nobody_pays_for_a_page_before_it_is_drawn(program: str, absent: tuple[str, ...]) -> None:
    program = f"import sys\n{program}\nprint(sorted(set({absent!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
