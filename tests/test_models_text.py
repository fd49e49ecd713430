"""What `isoflop models` prints: in order, within the width, doubts once, and ? beside what is from memory."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from isoflop.conventions import Size
from isoflop.estimates.fit import fits_to_json
from isoflop.laws.catalog import PUBLISHED
from isoflop.laws.law import About
from isoflop.plans.models import known_runs
from isoflop.plans.standing_of_models import standing_of_models
from isoflop.reports.models_text import models_text
from isoflop.reports.one_model_text import short
from isoflop.reports.width import WIDEST
from placed_models import LAW, standing
from planted_analyses import WARNED, fit_of
from planted_ladders import ladder


@pytest.mark.parametrize("name", [None, *known_runs(), "pythia"])
def test_words_fit_their_lines(name: str | None) -> None:
    """But for one address, which cannot be broken."""
    for law in (None, "DUBEY_2024"):
        lines = models_text(standing(law, name)).splitlines()
        assert max(len(line) for line in lines if "http" not in line) <= WIDEST


def test_a_question_mark_stands_beside_what_is_from_memory_and_nothing_else() -> None:
    table = models_text(standing()).partition("\n\n")[0].splitlines()
    rows = {line[:17].strip(): line[17:].split() for line in table[2:]}
    assert set(rows) == set(known_runs())
    assert [cell for cell in rows["GPT-3"] if "?" in cell] == ["V100?"]
    assert [cell for cell in rows["GPT-2 XL"] if "?" in cell] == ["2019-11?", "1.54B?"]
    assert [cell for cell in rows["LLaMA 65B"] if "?" in cell] == ["65.2B?", "1.40T?", "A100?"]
    assert [cell for cell in rows["OLMo 2 7B"] if "?" in cell] == ["7.30B?", "1.80e23?"]
    assert not any("?" in cell for name in ("Gopher", "PaLM", "Pythia 1B") for cell in rows[name])
    assert re.search(r"GPT-3 +1.72 +Kaplan\*\? ", models_text(standing()))


def test_training_flops_that_were_reported_twice_are_shown_twice() -> None:
    said = models_text(standing())
    table, plain = said.partition("\n\n")[0], " ".join(said.split())
    assert re.search(r"Gopher .* 5\.76e23\+ ", table)
    assert re.search(r"Chinchilla .* 5\.76e23\+ ", table)
    assert table.count("+") == 2
    assert "Gopher 5.76e23 and 6.31e23 (" in plain
    assert "Chinchilla 5.76e23 and 5.88e23 (" in plain


def test_words_name_every_doubt_once() -> None:
    text = models_text(standing())
    plain = " ".join(text.split())
    for run in known_runs().values():
        assert run.name in text
        assert run.unverified in plain
    assert plain.count("size and FLOPs are from memory") == 1
    assert "KAPLAN_2020_TABLE_6_SIZE" in plain
    doubts = [each for each in re.split(r"(?m)^(?! )", text) if each.startswith("Doubt")]
    assert len(doubts) == len(set(doubts))


@pytest.mark.parametrize("name", [None, "GPT-3", "DeepSeek-V3", "LLaMA 65B"])
@pytest.mark.parametrize("law", [None, "DUBEY_2024"])
def test_every_doubt_names_the_law_it_speaks_of(law: str | None, name: str | None) -> None:
    found = standing(law, name)
    known = set(PUBLISHED)
    for doubt in found.doubts:
        assert doubt.partition(",")[0] in known
    for place_doubt in found.doubts_of_places:
        assert place_doubt.laws
        assert set(place_doubt.laws) <= known
    for line in re.split(r"(?m)^(?! )", models_text(found)):
        assert not line.startswith("Doubt") or any(each in " ".join(line.split()) for each in known)


def test_models_are_listed_by_month_of_release_and_say_so() -> None:
    released = [each.run.released for each in standing().models]
    assert released == sorted(released)
    assert "oldest first" in models_text(standing()).splitlines()[0]
    assert standing().to_json()["order"].startswith("released")


@pytest.mark.parametrize("columns", [60, 80, 100])
@pytest.mark.parametrize("name", [None, "PaLM", "DeepSeek-V3", "pythia"])
def test_words_keep_to_a_narrow_terminal(columns: int, name: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    assert max(map(len, models_text(standing(name=name)).splitlines())) <= columns


def test_the_page_of_one_lays_laws_side_by_side() -> None:
    text = models_text(standing(name="gpt3"))
    for law in ("Besiroglu 2024", "Kaplan 2020, table 6", "Hoffmann 2022, approach 1", "Hoffmann 2022, TeX"):
        assert law in text
    assert "3.3 times as large as the best run of its compute" in " ".join(text.split())
    assert "@misc{brown2020," in text


def test_a_set_is_named_as_a_text_would() -> None:
    assert short("BESIROGLU_2024") == "Besiroglu 2024"
    assert short("HOFFMANN_2022_APPROACH_1_SIZE") == "Hoffmann 2022, approach 1"
    assert short("Chinchilla of fit.json") == "Chinchilla of fit.json"


def test_a_doubt_that_a_fit_has_of_every_model_is_said_once(tmp_path: Path) -> None:
    """Its N counts no embeddings, which is known of Pythia alone."""
    law = replace(LAW, about=About(n_params=Size.NON_EMBEDDING))
    fit = replace(fit_of(LAW, ladder(), WARNED, WARNED, draws=False), law=law, convention=Size.NON_EMBEDDING)
    path = tmp_path / "fit.json"
    path.write_text(fits_to_json([fit]))
    found = standing_of_models(str(path))
    own = [each for each in found.doubts_of_places if "Chinchilla of fit.json" in each.laws]
    (doubt,) = [each for each in own if "counts" in each.said]
    assert len(doubt.models) == 17
    text = " ".join(models_text(found).split())
    assert text.count("Chinchilla of fit.json: the law counts parameters without embeddings and head") == 1
    assert text.count(f"Doubt: Chinchilla of fit.json, {WARNED.name}: {WARNED.message}") == 1
    assert text.count(WARNED.message) == 1
