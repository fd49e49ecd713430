"""A study survives its file, and tells everything that is wrong with a file at once."""

import math
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isoflop.designs.field import knob
from isoflop.designs.recipe import Recipe
from isoflop.designs.sections import Section, leaves, read
from isoflop.designs.study import (
    CorpusSection,
    LadderSection,
    ModelSection,
    Study,
    TokenizerSection,
    reference_markdown,
)
from isoflop.designs.writing import plain, to_toml
from isoflop.errors import BadInput

EVERYTHING_WRONG = """
name = 3
sede = 1
allow_repeats = "no"

[corpus]
name = "vital-wiki"
path = "texts"

[tokenizer]
kind = "bpee"

[model]
sizes = [[2, 8], [2.5, 16], [2, 12, 3]]
dtype = "float16"
budgets = [1e9]

[ladder]
budgets = [1e10, -1e11]
seeds = [3, true]

[recipe]
clip = nan

[check]
factor = 0.5

[run]
workers = 0
"""


def problems_of(text: Any) -> Any:
    with pytest.raises(BadInput) as caught:
        Study.from_text(text)
    assert caught.value.exit_code == 2
    return caught.value.problems


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("name = 3:", "must be any text"),
        ("sede:", "Did you mean seed?"),
        ("allow_repeats = 'no':", "true or false"),
        ("corpus.name and path:", "both are given"),
        ("tokenizer.kind = 'bpee':", 'must be one of "bytes", "bpe"'),
        ("model.sizes[1][0] = 2.5:", "a whole number"),
        ("model.sizes[2] has 3 items:", "a whole number"),
        ("model.dtype = 'float16':", 'one of "float32", "bfloat16"'),
        ("model.budgets:", "Did you mean ladder.budgets?"),
        ("ladder.budgets[1] = -100000000000.0:", "a number > 0 (FLOPs)"),
        ("ladder.seeds[1] = True:", "a whole number >= 1"),
        ("recipe.clip = nan:", "a number > 0"),
        ("check.factor = 0.5:", "a number > 1"),
        ("run.workers = 0:", "a whole number >= 1"),
    ],
)
def test_every_problem_is_told_with_its_path_and_what_is_allowed(path: Path, told: Any) -> None:
    (problem,) = [problem for problem in problems_of(EVERYTHING_WRONG) if problem.startswith(path)]
    assert told in problem


def test_no_problem_is_told_twice() -> None:
    assert len(problems_of(EVERYTHING_WRONG)) == 14


def test_an_unknown_key_is_told_with_the_keys_that_are_allowed() -> None:
    (problem,) = problems_of("[check]\ncolour = 1\n")
    assert problem == "check.colour: there is no such key. Allowed here: factor, seeds."


def test_a_value_where_a_section_should_be_is_told() -> None:
    assert problems_of('corpus = "vital-wiki"') == ("corpus = 'vital-wiki': must be a section, [corpus].",)


def test_conflicts_between_fields_are_told_with_their_section() -> None:
    text = '[ladder]\nbudgets = [1e10, 1e9]\n[tokenizer]\nkind = "bpe"\n[corpus]\n'
    told = problems_of(text + "[model]\nsizes = [[1, 8], [1, 12], [1, 8]]\n")
    assert [problem.split(" ")[0] for problem in told] == [
        "corpus.name",
        "tokenizer.vocab_size",
        "model.sizes:",
        "ladder.budgets",
        "ladder.seeds",
    ]


def test_a_python_study_is_held_to_the_same_rules() -> None:
    with pytest.raises(BadInput, match=r"exponent = 2\.0: must be a number > 0 and < 1\.5"):
        LadderSection(exponent=2)
    with pytest.raises(BadInput, match=r"head_dim = 3: must be even"):
        ModelSection(head_dim=3, sizes=((1, 3), (1, 6), (1, 9)))
    with pytest.raises(BadInput, match="recipe = None: must be a Recipe"):
        Study(recipe=None)  # type: ignore[arg-type]


def test_a_file_that_is_no_toml_or_not_there_is_bad_input(tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    with pytest.raises(BadInput, match=r"study\.toml could not be read: No such file"):
        Study.from_toml(path)
    path.write_text("name = \n")
    with pytest.raises(BadInput, match=r"study\.toml: This is not TOML.*line 1"):
        Study.from_toml(path)
    path.write_bytes(b"name = '\xff'")
    with pytest.raises(BadInput, match="not UTF-8"):
        Study.from_toml(path)


@pytest.mark.parametrize("comments", [False, True])
def test_a_study_survives_its_file(comments: Any) -> None:
    study = Study(
        name='a "quoted"\nname \\ with é, \x7f and 🎈',
        seed=7,
        corpus=CorpusSection(path="texts/*.jsonl", field="body"),
        tokenizer=TokenizerSection(kind="bpe", vocab_size=512),
        ladder=LadderSection(budgets=(1e9, 3.3e9, 1.23456789e17), seeds=(3, 1, 1), exponent=1 / 3),
        recipe=replace(Recipe(), clip=math.pi),
    )
    assert Study.from_text(study.to_toml(comments=comments)) == study


@settings(deadline=None)
@given(st.floats(1e-300, 1e300), st.text(), st.integers(0, 2**31 - 1))
def test_every_number_and_text_survives_the_file(number: Any, name: Any, seed: int) -> None:
    if any("\ud800" <= letter <= "\udfff" for letter in name):
        return  # no UTF-8 file holds a lone surrogate
    study = Study(name=name, seed=seed, recipe=replace(Recipe(), clip=number))
    assert Study.from_text(study.to_toml()) == study


def test_an_empty_file_is_the_default_study() -> None:
    assert Study.from_text("") == Study()


def test_whole_numbers_may_be_written_with_an_exponent_and_floats_without_a_point() -> None:
    study = Study.from_text("[evaluation]\ntokens = 1e5\n[check]\nfactor = 4\n")
    assert study.evaluation.tokens == 100_000
    assert isinstance(study.evaluation.tokens, int)
    assert study.check.factor == 4.0
    assert isinstance(study.check.factor, float)


def test_the_commented_study_and_the_reference_say_every_key_and_its_meaning() -> None:
    commented, reference = Study().to_toml(comments=True), reference_markdown()
    for path, field in leaves(Study):
        name = path.rpartition(".")[2]
        meaning = field.metadata["isoflop"].help
        assert f"\n{name} = " in commented or f"\n# {name} =" in commented, path
        assert " ".join(meaning.split()) in " ".join(commented.replace("\n#", "").split()), path
        assert f"| `{name}` |" in reference, path
        assert meaning in reference, path
    assert max(map(len, commented.splitlines())) <= 120


def test_plain_values_are_those_of_the_file() -> None:
    assert plain(Study()) == tomllib.loads(to_toml(Study()))


@dataclass(frozen=True)
class Inner(Section):
    """A section inside."""

    share: float = knob(0.5, "a share", low=0, high=1)


@dataclass(frozen=True)
class Outer(Section):
    """A section that must be given its size."""

    size: int = knob(3, "a size", low=1)
    inner: Inner = Inner()


def test_a_new_field_needs_only_its_own_line() -> None:
    assert read(Outer, {"size": 4, "inner": {"share": 1}}) == Outer(4, Inner(1.0))
    with pytest.raises(BadInput) as caught:
        read(Outer, {"size": 0, "inner": {"share": 1.5}})
    assert caught.value.problems == (
        "size = 0: must be a whole number >= 1.",
        "inner.share = 1.5: must be a number >= 0 and <= 1.",
    )


def test_the_reference_in_the_docs_is_that_of_the_program() -> None:
    """Renew it: python -c "import isoflop.designs.study as s; print(s.reference_markdown(), end='')" > docs/study.md"""
    docs = Path(__file__).parent.parent / "docs" / "study.md"
    assert docs.read_text(encoding="utf-8") == reference_markdown()
