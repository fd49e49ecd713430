"""`isoflop models`: where the known models stand by any law, as Python and as JSON."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from conftest import Shell
from isoflop.allocations.allocate import allocate
from isoflop.conventions import Size
from isoflop.errors import BadInput
from isoflop.laws.catalog import published_law
from isoflop.laws.chinchilla import Chinchilla
from isoflop.laws.papers import papers
from isoflop.plans.answer import answer
from isoflop.plans.models import KnownRun, known_run, known_runs, six_nd
from isoflop.plans.question import Question
from isoflop.plans.rule import Rule, rule, rules
from isoflop.plans.source import fitted_source, published_source
from isoflop.plans.standing_of_models import place, standing_of_models
from isoflop.plans.whole import whole_plan
from isoflop.reports.models_page import models_page
from isoflop.reports.models_text import models_text
from isoflop.units import PF_DAY
from placed_models import LAW, now, standing, then, written
from planted_analyses import WARNED
from read_html import Reader


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


@pytest.mark.parametrize("law", [name for name in rules() if rule(name).joint])
def test_what_is_best_is_what_plan_advises(law: str) -> None:
    """`isoflop plan --flops C --law SET` answers for every model with a place by the set, C that of N as it counts."""
    source = published_source(law, repeats=False)
    for model in standing(law).models:
        if model.now is not None:
            plan = answer(Question(flops=model.now.flops), source)
            assert plan.n_params == pytest.approx(model.now.best_n_params, rel=1e-9)
            assert plan.tokens == pytest.approx(model.now.best_tokens, rel=1e-9)
            assert model.plan.endswith(f" --law {law}")


def test_the_plan_that_is_named_answers_so(isoflop: Shell) -> None:
    one = json.loads(isoflop("models", "PaLM", "--json").stdout)["models"][0]
    planned = isoflop(*one["plan"].split()[1:], "--json")
    assert planned.returncode == 0, planned.stderr
    found = json.loads(planned.stdout)
    assert found["n_params"]["median"] == pytest.approx(one["now"]["best_n_params"], rel=1e-5)
    assert found["tokens"]["median"] == pytest.approx(one["now"]["best_tokens"], rel=1e-5)
    assert "`isoflop plan --flops 2.52884e24 --law BESIROGLU_2024` advises that: 154B parameters on 2.73T tokens." in (
        " ".join(models_text(standing(name="PaLM")).split())
    )
    assert standing("DUBEY_2024", "PaLM").models[0].plan == ""


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
    with pytest.raises(BadInput, match=r"families are GPT-2, GPT-3"):
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
                    "loss", "loss_of", "tag", "unverified", "source", "paper", "then", "now", "plan"):  # fmt: skip
            assert key in each
        assert (each["now"] is None) == (run.tokens is None)
        if each["now"]:
            assert each["now"]["oversized"] == each["now"]["n_params"] / each["now"]["best_n_params"]
            assert 0 <= each["now"]["wasted"] < 1
    assert plain["notes"]
    assert any("UNVERIFIED" in doubt for doubt in plain["doubts"])


def test_a_user_s_fit_judges_them_with_its_interval(tmp_path: Path) -> None:
    path = written(tmp_path, {"n_params": (1e8, 1e10), "tokens": (1e9, 1e12)})
    found = standing_of_models(str(path))
    (gpt,) = [each.now for each in found.models if each.run.name == "GPT-3"]
    assert gpt is not None
    assert gpt.best_n_params == pytest.approx(allocate(LAW, gpt.flops).n_params, rel=0.02)  # the median of its draws
    assert gpt.best_n_params_ends is not None
    assert gpt.best_n_params_ends[0] < gpt.best_n_params < gpt.best_n_params_ends[1]
    assert any(WARNED.message in doubt for doubt in found.doubts)
    plan = whole_plan(Question(flops=gpt.flops), fitted_source(path, repeats=False)).answer
    assert (plan.n_params, plan.tokens) == (gpt.best_n_params, gpt.best_tokens)
    size = plan.quantity("n_params")
    assert (size.low, size.high) == gpt.best_n_params_ends
    assert "90 % of the fit's draws" in " ".join(models_text(standing_of_models(str(path), "GPT-3")).split())
    assert f"Chinchilla of {path.name}" in Reader(models_page(found)).text


def test_a_fit_of_tiny_runs_says_nothing_of_large_ones(tmp_path: Path) -> None:
    found = standing_of_models(str(written(tmp_path, {"n_params": (1e4, 1e6), "tokens": (1e6, 1e8)}, draws=False)))
    by_name = {each.run.name: each for each in found.models}
    assert by_name["Cerebras-GPT 111M"].now is not None
    assert by_name["GPT-3"].now is None
    assert "decades beyond" in by_name["GPT-3"].unplaced
    text, html = models_text(found), models_page(found)
    assert "decades beyond" in text
    assert "decades beyond" in html


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
