"""The law of a model's time is the one its authors sized it by, or one that was known when it was designed."""

import re

import pytest

from isoflop.laws.catalog import PUBLISHED
from isoflop.plans.law_of_time import LAWS_OF_THEIR_TIME, LEAD_MONTHS, law_of_its_time, months_before
from isoflop.plans.models import KnownRun, known_run, known_runs
from isoflop.reports.models_text import models_text
from placed_models import HOFFMANN, KAPLAN, now, standing, then

THEN = {
    "GPT-2 XL": None, "GPT-3": KAPLAN, "Gopher": KAPLAN, "Chinchilla": HOFFMANN, "PaLM": KAPLAN, "LLaMA 65B": HOFFMANN,
    "Llama 2 70B": HOFFMANN, "Llama 3.1 405B": "DUBEY_2024", "OLMo 2 7B": HOFFMANN, "OLMo 2 13B": HOFFMANN,
    "DeepSeek-V3": HOFFMANN, "OLMo 2 32B": HOFFMANN,
}  # fmt: skip


def law_then(run: KnownRun) -> str | None:
    found = law_of_its_time(run)
    return found.rule.name if found else None


def test_llama_3_1_followed_its_own_law() -> None:
    """They read 402e9 parameters off it at 3.8e25 FLOPs and trained 405e9; without the text's rounding."""
    assert now("Llama 3.1 405B", "DUBEY_2024").oversized == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("name", known_runs())
def test_the_law_of_its_time_was_known_when_a_run_was_designed(name: str) -> None:
    run = known_run(name)
    suites = {"Pythia": HOFFMANN, "Cerebras-GPT": "HOFFMANN_2022_TWENTY_SIZE"}
    assert law_then(run) == suites.get(run.family, THEN.get(name))
    since = {law: month for month, law in LAWS_OF_THEIR_TIME}
    found = law_of_its_time(run)
    if found and not found.own:
        assert since[found.rule.name] <= months_before(run.released, LEAD_MONTHS)
        assert since[found.rule.name] in found.why


def test_any_lead_from_two_to_eleven_months_finds_the_same_laws(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = {name: law_then(run) for name, run in known_runs().items()}

    def changed(lead: int) -> set[str]:
        monkeypatch.setattr("isoflop.plans.law_of_time.LEAD_MONTHS", lead)
        return {name for name, run in known_runs().items() if law_then(run) != usual[name]}

    assert [changed(lead) for lead in range(2, 12)] == [set()] * 10
    assert changed(1) == {"PaLM"}
    assert changed(12) == {"LLaMA 65B"}


def test_laws_are_public_since_the_month_of_their_papers() -> None:
    for since, name in LAWS_OF_THEIR_TIME:
        number = re.search(r"arXiv:(\d\d)(\d\d)\.", PUBLISHED[name].about.source)
        assert number
        assert since == f"20{number[1]}-{number[2]}"


def test_months_before_go_over_the_year() -> None:
    assert months_before("2022-04", 6) == "2021-10"
    assert months_before("2020-01", 1) == "2019-12"
    assert months_before("2024-12", 12) == "2023-12"
    assert months_before("2024-07", 6) == "2024-01"


def test_palm_is_judged_by_kaplan_and_chinchilla_by_its_own_law() -> None:
    assert then("PaLM").oversized == pytest.approx(0.378, abs=0.001)
    assert then("Chinchilla").rule == HOFFMANN
    assert then("Chinchilla").oversized == pytest.approx(1.02, abs=0.005)
    plain = {each["name"]: each for each in standing().to_json()["models"]}
    assert plain["Chinchilla"]["law_of_its_time"]["designed_by"] is True
    assert "arXiv:2203.15556" in plain["Chinchilla"]["law_of_its_time"]["why"]
    assert plain["PaLM"]["law_of_its_time"]["designed_by"] is False
    assert "2021-10, 6 months before" in plain["PaLM"]["law_of_its_time"]["why"]
    assert plain["GPT-2 XL"]["law_of_its_time"] is None
    assert standing().to_json()["lead_months"] == LEAD_MONTHS
    text = " ".join(models_text(standing()).split())
    assert f"known {LEAD_MONTHS} months before its release" in text
    assert "Chinchilla by HOFFMANN_2022_APPROACH_1_SIZE (arXiv:2203.15556" in text
    assert re.search(r"Chinchilla +20 +Hoffmann\*", models_text(standing()))
    assert re.search(r"PaLM +1.44 +Kaplan +0.378", models_text(standing()))
    assert "2021-10, 6 months before its release" in " ".join(models_text(standing(name="palm")).split())
    assert "sized by Hoffmann 2022, approach 1" in " ".join(models_text(standing(name="chinchilla")).split())


def test_the_law_of_its_time_does_not_change_with_the_law_asked() -> None:
    for one, other in zip(standing().models, standing("DUBEY_2024").models, strict=True):
        assert one.then == other.then
