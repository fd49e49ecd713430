"""The catalogue: every law says what it is, every constant where it comes from, and no constant lives elsewhere."""

import ast
import json
import re
import subprocess
import sys
from decimal import Decimal
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from conftest import Shell
from isoflop.errors import BadInput
from isoflop.laws.catalog import FORMS, find, form, listed, published_law, typed_name
from isoflop.laws.description import described, listing
from isoflop.laws.inputs import QUANTITIES
from isoflop.laws.papers import papers
from isoflop.laws.published import PUBLISHED, TAGS
from isoflop.plans.prediction import predict
from isoflop.reports.law_text import law_text
from isoflop.reports.width import WIDEST

SOURCE = Path(__file__).parent.parent / "src" / "isoflop"


def test_the_field_is_there() -> None:
    every = listing()
    assert len(every) >= 40
    assert sum(len(law["constants"]) for law in every) >= 60
    assert {each["name"] for law in every for each in law["constants"]} == set(PUBLISHED)


@pytest.mark.parametrize("name", listed())
def test_a_law_names_its_formula_its_symbols_and_its_papers(name: str) -> None:
    page = described(name)
    assert "=" in page["formula"]
    assert {each["name"] for each in page["symbols"] if each["role"] == "input"} == set(form(name).inputs)
    assert all(each["unit"] and each["meaning"] for each in page["symbols"])
    assert form(name).paper in {"", *papers()}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_constants_are_sourced(name: str) -> None:
    row = PUBLISHED[name]
    about = row.about
    assert set(row.values) == {each.name for each in form(row.form).params()}
    assert about.tag in TAGS
    assert about.source
    assert about.paper in papers()
    assert set(about.fitted) <= set(QUANTITIES)
    if about.tag == "M":
        assert about.unverified, "what is from memory says so"


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_set_says_what_its_symbols_count_or_that_nobody_recorded_it(name: str) -> None:
    """N and C by a convention, or "what N counts is not recorded" where people read it; D, L and the text in words."""
    about, own = PUBLISHED[name].about, form(PUBLISHED[name].form)
    asked = {*own.inputs, own.output}
    told = f"{about.note} {about.unverified}"
    for symbol, names in {"N": {"n_params", "size_ratio", "size_growth"}, "C": {"flops", "flops_ratio"}}.items():
        if asked & names:
            known = about.n_params if symbol == "N" else about.flops
            assert known or re.search(rf"[Ww]hat [NDC, and]*\b{symbol}\b[NDC, and]* counts?", told), symbol
    assert about.tokens or "tokens" not in asked
    assert about.loss or own.output != "loss"
    assert about.text


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_set_stands_beside_a_law(name: str) -> None:
    """`isoflop.laws.chinchilla.HOFFMANN_2022_TEX`: with its form, or in the file of its paper."""
    modules = [import_module(each) for each in sorted(set(FORMS.values()))]
    (home,) = [each for each in modules if hasattr(each, name)]
    assert getattr(home, name) == published_law(name)


def test_no_published_constant_lives_outside_the_catalogue() -> None:
    """Numbers that laws were published with are written in laws/constants/ alone: of three digits, in no other file of
    laws/, of five, nowhere."""
    published = {float(value) for row in PUBLISHED.values() for value in row.values.values() if np.ndim(value) == 0}
    for file in SOURCE.rglob("*.py"):
        if file.parent.name == "constants":
            continue
        digits = 3 if file.parent.name == "laws" else 5
        written = {
            node.value
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
            if isinstance(node, ast.Constant) and isinstance(node.value, float)
        }
        assert not {each for each in written & published if significant(each) >= digits}, file


def significant(number: float) -> int:
    """How many significant digits a number is written with."""
    return len(Decimal(repr(number)).normalize().as_tuple().digits)


@pytest.mark.parametrize("typed", ["kaplan-steps", "KaplanSteps", "kaplan_steps", "KAPLANSTEPS"])
def test_a_law_is_found_however_it_is_typed(typed: str) -> None:
    assert find(typed) == ("KaplanSteps", ("KAPLAN_2020_STEPS",))


def test_a_set_is_found_alone_and_a_near_name_is_offered() -> None:
    assert find("hoffmann-2022-tex") == ("Chinchilla", ("HOFFMANN_2022_TEX",))
    with pytest.raises(BadInput, match="Did you mean chinchilla"):
        find("chincilla")


def test_names_of_forms_and_sets_do_not_collide() -> None:
    letters = [typed_name(each).replace("-", "") for each in FORMS]
    letters += [each.replace("_", "").lower() for each in PUBLISHED if each.replace("_", "").lower() not in letters]
    assert len(set(letters)) == len(letters)
    assert set(FORMS).isdisjoint(PUBLISHED)


def test_units_of_inputs_are_those_of_the_table() -> None:
    for name in listed():
        assert set(form(name).inputs) <= set(QUANTITIES), name
        assert form(name).output in QUANTITIES, name


def test_the_listing_is_json_and_loads_no_engine(isoflop: Shell) -> None:
    program = (
        "import sys; from isoflop.cli import main\n"
        "main(['laws', '--json'])\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules} & {'jax', 'scipy', 'pandas', 'rich'}))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    told, loaded = done.stdout.splitlines()
    assert loaded == "[]"
    laws = json.loads(told)["laws"]
    assert {"name", "formula", "inputs", "output", "constants"} <= laws[0].keys()
    assert {"name", "values", "source", "tag"} <= laws[0]["constants"][0].keys()


def test_predict_gives_hoffmann_s_loss_and_says_whose_it_is(isoflop: Shell) -> None:
    """Specification, sec. 3.3: 2.3289 at 1e21 FLOPs by the rounded constants."""
    said = isoflop("predict", "HOFFMANN_2022", "--flops", "1e21")
    assert "2.3289" in said.stdout
    assert "1.824e+09" in said.stdout
    assert "no absolute loss of yours" in " ".join(said.stdout.split())
    found = json.loads(isoflop("predict", "chinchilla", "--n-params", "7B", "--tokens", "1.4T", "--json").stdout)
    assert {each["constants"] for each in found["predictions"]} >= {"HOFFMANN_2022_TEX", "BESIROGLU_2024"}


def test_predict_says_how_many_decades_beyond_the_fitted_range() -> None:
    found = predict("HOFFMANN_2022_TEX", {"n_params": 1e14, "tokens": 1e12})
    high = PUBLISHED["HOFFMANN_2022_TEX"].about.fitted["n_params"][1]
    assert found.predictions[0].decades["n_params"] == pytest.approx(14 - np.log10(high))


def test_predict_refuses_a_count_that_the_law_does_not_mean(isoflop: Shell) -> None:
    refused = isoflop("predict", "kaplan", "--n-params", "124e6", "--tokens", "22B", "--counts", "total")
    assert refused.returncode == 2
    assert "counts all parameters" in refused.stderr
    assert "nonembedding_of" in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("kaplan", "--n-params", "1e9"), "it lacks tokens"),
        (("kaplan", "--n-params", "1e9", "--tokens", "1e9", "--at", "loss=2"), "no use for loss"),
        (("kaplan", "--n-params", "one", "--tokens", "many"), "'many'"),
        (("farseer", "--n-params", "1e9", "--tokens", "1e9"), "isoflop fit TABLE --law farseer"),
        (("chinchilla", "--n-params", "1e9", "--tokens", "1e9", "--flops", "1e19"), "leave out --flops"),
        (("multi-power", "--flops", "1e19"), "from Python"),
        (("kaplan", "--at", "los=2"), "NAME=VALUE"),
        (("kaplan", "--flops", "1e21"), "kaplan-optimal-size"),
        (("learning-rate", "--flops", "1e21"), "it lacks n_params, tokens"),
        (("HOFFMANN_2022_TEX", "--flops", "1e22", "--counts", "non-embedding"), "counts all parameters"),
        (("kaplan-compute", "--flops", "1e21", "--at", "pf_days=3"), "said twice"),
        (("downstream-error", "--at", "loss=3", "loss=2"), "said twice"),
        (("sparse-experts", "--n-params", "1e9", "--tokens", "1e11", "--at", "sparsity=1"), "0 to 1"),
        (("chinchilla", "--n-params", "1e308", "--tokens", "0"), "no positive number"),
        (
            ("data-constrained", "--n-params", "1e308", "--tokens", "1e308", "--unique-tokens", "1e308"),
            "no number there",
        ),
        (("nowhere.json", "--flops", "1e19"), "nowhere.json"),
    ],
)
def test_a_wrong_question_is_answered_with_what_to_do(isoflop: Shell, arguments: tuple[str, ...], said: str) -> None:
    refused = isoflop("predict", *arguments)
    assert refused.returncode == 2
    assert said in refused.stderr
    assert "Traceback" not in refused.stderr


def test_why_kaplan_and_chinchilla_differ_step_by_step(isoflop: Shell) -> None:
    """arXiv:2406.19146: from 0.835 to 0.497, each step with its cause; the first steps simulated beside it."""
    said = isoflop("why", "kaplan-vs-chinchilla", "--flops", "1e21").stdout
    for exponent in ("0.835", "0.706", "0.602", "0.571", "0.497"):
        assert exponent in said
    assert "simulated" in said
    assert "Kaplan 2020, Table 6" in said
    found = json.loads(isoflop("why", "kaplan-vs-chinchilla", "--json").stdout)
    assert [step["exponent"] for step in found["steps"]] == [0.835, 0.706, 0.602, 0.571, 0.497]


def test_rules_that_disagree_in_sign_are_shown_and_not_averaged(isoflop: Shell) -> None:
    """Step Law raises the rate with tokens, Bjorck et al. lower it."""
    said = isoflop("why", "learning-rate", "--n-params", "1e9", "--tokens", "1e11").stdout
    assert "disagree in sign" in said
    assert "Step Law: 0.00163" in said
    assert "average" not in said
    assert "tokens" in isoflop("why", "batch").stdout


def test_a_budget_is_split_with_other_inputs_held() -> None:
    """Specification, sec. 5: 1e21 FLOPs and 5e9 unique tokens: N 2.07e9."""
    repeated = predict("MUENNIGHOFF_2023", {"flops": 1e21, "unique_tokens": 5e9}).predictions[0]
    assert repeated.inputs["n_params"] == pytest.approx(2.07e9, rel=3e-3)
    law = published_law("KRAJEWSKI_2024")
    routed = predict("KRAJEWSKI_2024", {"flops": 1e21, "granularity": 4.0}).predictions[0]
    n = routed.inputs["n_params"]
    for other in (0.9 * n, 1.1 * n):
        assert law(other, 1e21 / (6 * other), 4.0) > routed.value


def test_a_number_that_cannot_be_says_so() -> None:
    found = predict("downstream-error", {"loss": 0.5})
    assert all("cannot be" in each.impossible for each in found.predictions)
    assert not any(each.impossible for each in predict("downstream-error", {"loss": 2.5}).predictions)


def test_every_refusal_is_json_where_json_is_asked_for(isoflop: Shell) -> None:
    for arguments in (
        ("why", "nothing"),
        ("predict", "nothing"),
        ("why", "batch", "--flops", "1e21"),
        ("laws", "nothing"),
    ):
        refused = isoflop(*arguments, "--json")
        assert refused.returncode == 2
        assert json.loads(refused.stdout)["problems"], arguments


def test_laws_are_there_without_an_import_of_their_own() -> None:
    program = "import isoflop; print(isoflop.laws.chinchilla.HOFFMANN_2022_TEX(70e9, 1.4e12))"
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert float(said) == published_law("HOFFMANN_2022_TEX")(70e9, 1.4e12)


@pytest.mark.parametrize("name", [-1.0, 0.0, float("nan")])
def test_a_size_that_is_none_is_refused(name: float) -> None:
    with pytest.raises(BadInput, match="n_params"):
        published_law("HOFFMANN_2022_TEX")(name, 1e10)


@pytest.mark.parametrize("name", listed())
def test_a_page_keeps_to_its_width(name: str) -> None:
    page, _, _ = law_text(described(name)).partition("\n@")  # BibTeX is to be pasted, and keeps its lines
    assert max(map(len, page.splitlines())) <= WIDEST
