"""Whose vocabulary a plan has, and N with its embeddings or without."""

from pathlib import Path

import pytest

from isoflop.conventions import Size
from isoflop.designs.grid import Text
from isoflop.designs.kept import Kept
from isoflop.designs.study import Study
from isoflop.estimates.ensemble import Ensemble
from isoflop.laws.chinchilla import BESIROGLU_2024
from isoflop.laws.counting import PEARCE_2024_BPE
from isoflop.plans.answer import answer
from isoflop.plans.question import Question
from isoflop.plans.source import Source
from isoflop.plans.vocabulary import Vocabulary, counted_as, recorded_vocabulary, vocabulary

TINY = Path(__file__).parent.parent / "studies" / "tiny.toml"
BYTES = Vocabulary(148, "your study's")


def test_a_published_law_s_plan_has_the_family_s_vocabulary() -> None:
    assert vocabulary(Question(flops=1e22), own=False).size == 128_256
    assert vocabulary(Question(flops=1e22, family="gpt2"), own=False).size == 50_257


def test_what_is_asked_for_comes_before_what_the_runs_had_and_the_family_s_is_never_the_user_s() -> None:
    asked = Question(flops=1e22, vocab=300)
    assert {vocabulary(asked, own=own, recorded=148).size for own in (True, False)} == {300}
    assert vocabulary(Question(flops=1e22), own=True, recorded=148) == BYTES
    unknown = vocabulary(Question(flops=1e22), own=True)
    assert unknown.size is None
    assert "--vocab" in unknown.source


def test_a_study_s_vocabulary_is_read_from_what_the_study_wrote(tmp_path: Path) -> None:
    Kept(Study.from_toml(TINY), Text("c", "t", 148, 10**6), "trainer").write(tmp_path)
    assert recorded_vocabulary(tmp_path / "fit.json") == 148


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"text": {"vocab_size": "148"}}', '{"text": {"vocab_size": 0}}'])
def test_a_file_that_records_none_is_no_vocabulary(text: str, tmp_path: Path) -> None:
    assert recorded_vocabulary(tmp_path / "fit.json") is None
    (tmp_path / "text.json").write_text(text)
    assert recorded_vocabulary(tmp_path / "fit.json") is None


def test_bytes_hardly_add_to_a_model_and_a_large_vocabulary_is_most_of_it() -> None:
    """7,190 parameters without embeddings: 11.4 thousand with 148 ids, 3.7 million with 128,256."""
    few, said = counted_as(7190, Size.NON_EMBEDDING, Size.WITH_HEAD, BYTES)
    many, _ = counted_as(7190, Size.NON_EMBEDDING, Size.WITH_HEAD, Vocabulary(128_256, "llama's; --vocab"))
    assert few == pytest.approx(11_429, rel=1e-3)
    assert many == pytest.approx(3.68e6, rel=1e-3)
    assert "148 ids (your study's)" in said


@pytest.mark.parametrize("ids", [BYTES, Vocabulary(50_257, "--vocab")])
def test_there_and_back_is_the_same_n(ids: Vocabulary) -> None:
    total, _ = counted_as(1e9, Size.NON_EMBEDDING, Size.TOTAL, ids)
    assert total is not None
    assert counted_as(total, Size.TOTAL, Size.NON_EMBEDDING, ids)[0] == pytest.approx(1e9)


def test_with_gpt_2_s_ids_it_is_pearce_and_song_s_law() -> None:
    found, _ = counted_as(1e9, Size.NON_EMBEDDING, Size.TOTAL, Vocabulary(50_257, "--vocab"))
    assert found == pytest.approx(float(PEARCE_2024_BPE(1e9)))


def test_nothing_is_converted_by_a_vocabulary_that_nobody_said() -> None:
    unknown = vocabulary(Question(flops=1e22), own=True)
    found, said = counted_as(7190, Size.NON_EMBEDDING, Size.WITH_HEAD, unknown)
    assert found is None
    assert said.startswith("not followed")
    assert "--vocab" in said
    assert counted_as(7190, Size.TOTAL, Size.WITH_HEAD, unknown) == (7190, "")


def test_active_parameters_are_not_followed_and_the_reason_is_said() -> None:
    found, said = counted_as(1e9, Size.ACTIVE, Size.TOTAL, BYTES)
    assert found is None
    assert "not followed" in said


def test_a_plan_by_a_study_s_fit_has_the_study_s_vocabulary_until_another_is_asked_for() -> None:
    own = Source("Chinchilla of fit.json", Ensemble((BESIROGLU_2024,)), Size.WITH_HEAD, own=True, vocab_size=256)
    study, asked = (answer(Question(flops=1e18, vocab=vocab, extrapolate=True), own) for vocab in (None, 5_000.0))
    assert study.shape is not None
    assert asked.shape is not None
    assert (study.shape.vocab_size, asked.shape.vocab_size) == (256, 5_000)
    assert "your study's" in study.defaults["vocabulary"]
    assert "vocabulary" not in asked.defaults
    assert "--vocab" not in " ".join(study.question.given)
