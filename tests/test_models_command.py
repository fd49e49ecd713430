"""`isoflop models`: where the known models stand by the law of their time and by any other, as words, JSON and page."""

import json
import re
import subprocess
import sys
import time
from dataclasses import replace
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import pytest

from conftest import Shell
from isoflop.allocations.allocate import allocate
from isoflop.conventions import Size
from isoflop.errors import BadInput
from isoflop.estimates.fit import fits_to_json
from isoflop.laws.catalog import PUBLISHED, published_law
from isoflop.laws.chinchilla import Chinchilla
from isoflop.laws.law import About
from isoflop.laws.papers import papers
from isoflop.plans.law_of_time import LAWS_OF_THEIR_TIME, LEAD_MONTHS, law_of_its_time, months_before
from isoflop.plans.models import KnownRun, known_run, known_runs, six_nd
from isoflop.plans.question import Question
from isoflop.plans.rule import Rule, rule, rules
from isoflop.plans.source import fitted_source, published_source
from isoflop.plans.standing_of_models import Placing, StandingOfModels, place, standing_of_models
from isoflop.plans.whole import whole_plan
from isoflop.reports import labels
from isoflop.reports.model_figures import draw
from isoflop.reports.models_page import models_page
from isoflop.reports.models_text import models_text
from isoflop.reports.one_model_text import short
from isoflop.reports.width import WIDEST
from isoflop.units import PF_DAY
from planted_analyses import WARNED, fit_of, sample_of
from planted_ladders import ladder
from read_html import Reader, saved

PICTURES = ["timeline", "sizes-and-tokens", "tokens-per-param", "losses"]


@cache
def standing(law: str | None = None, name: str | None = None) -> StandingOfModels:
    return standing_of_models(law, name)


def now(model: str, law: str | None = None) -> Placing:
    (found,) = [each.now for each in standing(law).models if each.run.name == model]
    assert found is not None
    return found


def then(model: str) -> Placing:
    (found,) = [each.then for each in standing().models if each.run.name == model]
    assert found is not None
    return found


@cache
def page(law: str | None = None) -> str:
    return models_page(standing(law))


def test_every_run_leads_to_a_paper() -> None:
    assert {run.paper for run in known_runs().values()} <= set(papers())


def test_gpt_3_took_what_it_reports_and_was_too_large() -> None:
    """6 N D = 3.14e23; 1.7 tokens a parameter, where Hoffmann's laws ask for 20 or more; but small for Kaplan's."""
    run = known_run("GPT-3")
    assert run.six_nd == pytest.approx(3.14e23, rel=0.002)
    assert run.tokens_per_param == pytest.approx(1.72, abs=0.005)
    assert now("GPT-3", "HOFFMANN_2022_APPROACH_1_SIZE").oversized == pytest.approx(3.48, abs=0.01)
    assert now("GPT-3", "HOFFMANN_2022_APPROACH_1_SIZE").best_tokens_per_param == pytest.approx(20.8, abs=0.1)
    assert then("GPT-3").rule == "KAPLAN_2020_TABLE_6_SIZE"
    assert then("GPT-3").oversized < 0.6
    assert then("GPT-3").best_n_params == pytest.approx(1.3e9 * (3.1428e23 / 2 / PF_DAY) ** 0.73, rel=1e-4)


def test_chinchilla_was_best_where_gopher_lost_half_its_compute() -> None:
    assert now("Chinchilla").oversized == pytest.approx(0.96, abs=0.005)
    assert now("Chinchilla").wasted == pytest.approx(0, abs=0.001)
    assert now("Gopher").oversized == pytest.approx(4.15, abs=0.01)
    assert now("Gopher").wasted == pytest.approx(0.503, abs=0.001)
    assert (now("Gopher").penalty or 0) > 0.02


def test_suites_stand_where_they_were_put() -> None:
    """Cerebras-GPT was trained by Hoffmann's rule, Pythia with one number of tokens for all sizes."""
    for run in known_runs().values():
        if run.family == "Cerebras-GPT":
            assert then(run.name).oversized == pytest.approx(1, abs=0.03)
            assert (now(run.name).wasted or 0) < 0.01
    pythia = [now(run.name).oversized for run in known_runs().values() if run.family == "Pythia"]
    assert pythia == sorted(pythia)
    assert pythia[0] < 0.1
    assert pythia[-1] == pytest.approx(0.89, abs=0.01)


def test_overtrained_models_are_below_the_best_size() -> None:
    for name in ("Llama 3.1 405B", "OLMo 2 7B", "DeepSeek-V3"):
        assert now(name).oversized < 0.7, name
        assert now(name).best_n_params > float(known_run(name).n_params.value)


def test_llama_3_1_followed_its_own_law() -> None:
    """They read 402e9 parameters off it at 3.8e25 FLOPs and trained 405e9; without the text's rounding."""
    assert now("Llama 3.1 405B", "DUBEY_2024").oversized == pytest.approx(1, abs=0.1)


KAPLAN, HOFFMANN = "KAPLAN_2020_TABLE_6_SIZE", "HOFFMANN_2022_APPROACH_1_SIZE"
THEN = {
    "GPT-2 XL": None, "GPT-3": KAPLAN, "Gopher": KAPLAN, "Chinchilla": HOFFMANN, "PaLM": KAPLAN, "LLaMA 65B": HOFFMANN,
    "Llama 2 70B": HOFFMANN, "Llama 3.1 405B": "DUBEY_2024", "OLMo 2 7B": HOFFMANN, "OLMo 2 13B": HOFFMANN,
    "DeepSeek-V3": HOFFMANN, "OLMo 2 32B": HOFFMANN,
}  # fmt: skip


def law_then(run: KnownRun) -> str | None:
    found = law_of_its_time(run)
    return found.rule.name if found else None


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


PLANTED = Chinchilla(E=1.8, A=400.0, B=2000.0, alpha=0.34, beta=0.37)


def made(n_params: float, tokens: float) -> KnownRun:
    return KnownRun("x", "x", {Size.TOTAL: n_params}, "2024-01", "V", "here", "x", tokens=tokens)


def test_a_run_at_the_optimum_wastes_nothing() -> None:
    best = allocate(PLANTED, 1e21)
    found = place(made(best.n_params, best.tokens), Rule("planted", PLANTED, None))
    assert found.penalty == pytest.approx(0, abs=1e-9)
    assert found.wasted == pytest.approx(0, abs=1e-6)
    assert found.oversized == pytest.approx(1, rel=1e-4)


@pytest.mark.parametrize("factor", [0.25, 4.0])
def test_the_wasted_compute_is_what_the_best_run_of_that_loss_saves(factor: float) -> None:
    """alpha = beta: N off by k costs as much as C off by ((k^a + k^-a) / 2)^(2/a)."""
    law = Chinchilla(E=1.8, A=400.0, B=400.0, alpha=0.35, beta=0.35)
    best = allocate(law, 1e21)
    found = place(made(best.n_params * factor, best.tokens / factor), Rule("planted", law, None))
    assert 1 / (1 - (found.wasted or 0)) == pytest.approx(((factor**0.35 + factor**-0.35) / 2) ** (2 / 0.35), rel=1e-4)
    assert found.oversized == pytest.approx(factor, rel=1e-4)
    assert (found.penalty or 0) > 0


@pytest.mark.parametrize("law", [None, "HOFFMANN_2022_TEX", "MUENNIGHOFF_2023"])
@pytest.mark.parametrize("model", ["GPT-3", "Llama 3.1 405B", "Cerebras-GPT 1.3B"])
def test_what_is_best_is_what_plan_advises(law: str | None, model: str) -> None:
    """`isoflop plan --flops C --law SET`, C that of the run as the law counts N."""
    found = now(model, law)
    plan = whole_plan(Question(flops=found.flops), published_source(law, repeats=False)).answer
    assert plan.n_params == pytest.approx(found.best_n_params, rel=1e-4)
    assert plan.tokens == pytest.approx(found.best_tokens, rel=1e-4)


def test_a_mixture_of_experts_spent_what_its_active_parameters_cost() -> None:
    """All of its parameters times 6 D would be 18 times the compute that was spent."""
    found = now("DeepSeek-V3")
    assert found.flops == six_nd(37e9, 14.8e12)
    assert found.n_params == 37e9
    (doubt,) = found.doubts
    assert "no mixtures of experts; N is the 37.0B of 671B parameters that a token uses" in doubt
    text = " ".join(models_text(standing()).split())
    assert text.count("the 37.0B of 671B parameters that a token uses") == 1


@pytest.mark.parametrize("name", rules())
def test_every_law_that_splits_a_budget_spends_it_whole(name: str) -> None:
    """At every budget 6 N D is C, and where the law is of the loss no other split is better."""
    by = rule(name)
    for flops in (1e20, 1e24):
        n, d = by.best(flops)
        assert 6 * n * d == pytest.approx(flops, rel=1e-9)
        if by.joint:
            assert by.loss(n, d) <= min(by.loss(n * k, d / k) for k in (0.9, 1.1))
            assert by.least_flops(by.loss(n, d)) == pytest.approx(flops, rel=1e-3)


def test_a_law_that_names_a_split_knows_no_cost() -> None:
    found = now("GPT-3", "DUBEY_2024")
    assert (found.loss, found.penalty, found.wasted) == (None, None, None)
    assert "does not say" in " ".join(models_text(standing("DUBEY_2024", "GPT-3")).split())


@pytest.mark.parametrize(
    ("law", "said"),
    [
        ("chinchilla", "BESIROGLU_2024"),
        ("kaplan-2020-steps", "splits no budget"),
        ("kaplan-2020-table-6-tokens", "KAPLAN_2020_TABLE_6_SIZE"),
        ("besiroglu", "Did you mean"),
        ("none.json", "could not be read"),
    ],
)
def test_a_law_that_cannot_be_used_is_refused_with_those_that_can(law: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        standing_of_models(law)


def test_an_unknown_name_gets_those_near_it() -> None:
    with pytest.raises(BadInput, match=r"'lama 3.1'.*Did you mean Llama 3.1") as refused:
        standing_of_models(name="lama 3.1")
    assert "Pythia" not in str(refused.value)
    with pytest.raises(BadInput, match=r"There are GPT-2 XL, GPT-3"):
        standing_of_models(name="zzzzzzz")


def test_a_family_is_all_its_models() -> None:
    assert [each.run.name for each in standing(name="olmo-2").models] == ["OLMo 2 7B", "OLMo 2 13B", "OLMo 2 32B"]
    assert len(standing(name="GPT-3").models) == 1


def test_a_run_without_tokens_has_no_place_and_says_why() -> None:
    (found,) = standing(name="gpt2").models
    assert found.then is None
    assert found.now is None
    assert "never published" in found.unplaced
    assert "never published" in models_text(standing(name="gpt2"))


def test_json_has_everything_of_every_model() -> None:
    plain = json.loads(json.dumps(standing().to_json()))
    assert plain["law"] == "BESIROGLU_2024"
    assert [each["name"] for each in plain["models"]] == list(known_runs())
    for each, run in zip(plain["models"], known_runs().values(), strict=True):
        for key in ("released", "sizes", "counts", "memory", "law_of_its_time",
                    "tokens", "flops", "flops_6nd", "tokens_per_param", "device_hours",
                    "loss", "loss_of", "tag", "unverified", "source", "paper", "then", "now"):  # fmt: skip
            assert key in each
        assert (each["now"] is None) == (run.tokens is None)
        if each["now"]:
            assert each["now"]["oversized"] == each["now"]["n_params"] / each["now"]["best_n_params"]
            assert 0 <= each["now"]["wasted"] < 1
    assert plain["notes"]
    assert any("UNVERIFIED" in doubt for doubt in plain["doubts"])


@pytest.mark.parametrize("name", [None, *known_runs(), "pythia"])
def test_words_fit_their_lines(name: str | None) -> None:
    """But for BibTeX, which is to be pasted."""
    for law in (None, "DUBEY_2024"):
        text = models_text(standing(law, name)).partition("\n\n@")[0]
        assert max(map(len, text.splitlines())) <= WIDEST
        assert text


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
    text = models_text(standing(name=name)).partition("\n\n@")[0]
    assert max(map(len, text.splitlines())) <= columns


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


LAW = Chinchilla(E=1.8, A=482.0, B=2085.0, alpha=0.348, beta=0.366)


def written(folder: Path, fitted: dict[str, tuple[float, float]], *, draws: bool = True) -> Path:
    """A fit.json of a law planted, as if of runs of this reach."""
    fit = fit_of(LAW, ladder(), WARNED, draws=False)
    fit = replace(fit, law=replace(LAW, about=About(fitted=fitted)))
    if draws:
        fit = fit.with_intervals(sample_of(fit.law, spread=0.002))
    path = folder / "fit.json"
    path.write_text(fits_to_json([fit]))
    return path


def test_a_user_s_fit_judges_them_with_its_interval(tmp_path: Path) -> None:
    path = written(tmp_path, {"n_params": (1e8, 1e10), "tokens": (1e9, 1e12)})
    found = standing_of_models(str(path))
    (gpt,) = [each.now for each in found.models if each.run.name == "GPT-3"]
    assert gpt is not None
    assert gpt.best_n_params == pytest.approx(allocate(LAW, gpt.flops).n_params, rel=1e-6)
    assert gpt.best_n_params_ends is not None
    assert gpt.best_n_params_ends[0] < gpt.best_n_params < gpt.best_n_params_ends[1]
    assert any(WARNED.message in doubt for doubt in found.doubts)
    plan = whole_plan(Question(flops=gpt.flops), fitted_source(path, repeats=False)).answer
    assert plan.n_params == pytest.approx(gpt.best_n_params, rel=0.01)  # the median of all draws, not the fit
    assert "90 % of the fit's draws" in " ".join(models_text(standing_of_models(str(path), "GPT-3")).split())
    assert f"Chinchilla of {path.name}" in Reader(models_page(found)).text


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
    assert text.count(" ".join(WARNED.message.split())) == 1


def test_a_fit_of_tiny_runs_says_nothing_of_large_ones(tmp_path: Path) -> None:
    found = standing_of_models(str(written(tmp_path, {"n_params": (1e4, 1e6), "tokens": (1e6, 1e8)}, draws=False)))
    by_name = {each.run.name: each for each in found.models}
    assert by_name["Cerebras-GPT 111M"].now is not None
    assert by_name["GPT-3"].now is None
    assert "decades beyond" in by_name["GPT-3"].unplaced
    text, html = models_text(found), models_page(found)
    assert "decades beyond" in text
    assert "decades beyond" in html


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


def test_the_command_lists_one_and_writes_a_page(isoflop: Shell) -> None:
    listed = isoflop("models", "--json")
    assert listed.returncode == 0, listed.stderr
    assert len(json.loads(listed.stdout)["models"]) == len(known_runs())
    one = isoflop("models", "gpt3", "--law", "hoffmann-2022-tex", "--html", "out.html")
    assert one.returncode == 0, one.stderr
    assert "Hoffmann 2022, TeX" in one.stdout
    assert (isoflop.folder / "out.html").read_text().startswith("<!doctype html>")
    alone = json.loads(isoflop("models", "gpt3", "--json").stdout)
    assert [each["name"] for each in alone["models"]] == ["GPT-3"]
    assert len(alone["models"][0]["beside"]) == 4
    refused = isoflop("models", "gpt5", "--json")
    assert refused.returncode == 2
    assert "Did you mean GPT-" in refused.stderr


def test_the_list_answers_at_once_and_loads_nothing_heavy() -> None:
    program = (
        "import sys; from isoflop.cli import main; main(['models'])\n"
        "print(sorted({n.partition('.')[0] for n in sys.modules} & {'jax', 'scipy', 'pandas', 'altair', 'jinja2'}))"
    )
    began = time.monotonic()
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    assert time.monotonic() - began < 5  # half a second on an idle machine


def test_sizes_are_counted_as_the_law_counts_where_that_is_known() -> None:
    found = place(known_run("Pythia 1B"), rule("KAPLAN_2020_TABLE_6_SIZE"))
    assert found.n_params == known_run("Pythia 1B").sizes[Size.NON_EMBEDDING]
    assert found.doubts == ()
    assert published_law("KAPLAN_2020_TABLE_6_SIZE")(found.flops / 2 / PF_DAY) == found.best_n_params
