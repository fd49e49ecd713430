"""A rung spends its budget on sizes around the expected best N, and refuses with numbers what cannot be trained."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isoflop.designs.grid import FEWEST_STEPS, Text, check_runs, expected_n, preview, rung
from isoflop.designs.recipe import Recipe
from isoflop.designs.study import CheckSection, LadderSection, ModelSection, Study
from isoflop.errors import BadInput

TEXT = Text(corpus="c0ffee", tokenizer="bytes", vocab_size=199, train_tokens=11_000_000)
SIZES = tuple((depth, width) for depth in (1, 2, 3, 4) for width in range(8, 168, 8))
LADDER = LadderSection(budgets=(2e10, 8e10, 2.5e11), seeds=(3, 2, 1), first_n_params=9e3, exponent=0.5)
STUDY = Study(model=ModelSection(sizes=SIZES), ladder=LADDER, check=CheckSection(factor=4), recipe=Recipe(batch=256.0))


@settings(deadline=None)
@given(st.floats(6e3, 5e4), st.integers(0, 2))
def test_a_rung_spends_its_budget_on_different_sizes_on_both_sides(n_params: Any, index: Any) -> None:
    text = replace(TEXT, train_tokens=10**9)
    recipe = replace(STUDY.recipe, batch=128.0, batch_exponent=0.0)
    runs = rung(replace(STUDY, recipe=recipe), index, text, n_params=n_params, trainer="test-1")
    sizes = sorted({run.shape.n_params for run in runs})
    assert len(sizes) == 5
    assert n_params / 4 <= sizes[0] < n_params < sizes[-1] <= 4 * n_params
    assert len(runs) == 5 * LADDER.seeds[index]
    for run in runs:
        assert run.steps >= FEWEST_STEPS
        assert run.flops == pytest.approx(LADDER.budgets[index], rel=0.5 / FEWEST_STEPS)
        assert run.budget == LADDER.budgets[index]


def test_the_default_study_can_be_trained_on_the_default_text() -> None:
    rungs = preview(Study(), TEXT, trainer="test-1")
    assert [len(runs) for runs in rungs] == [15, 15, 5, 5, 1]


def test_every_run_of_a_study_has_its_own_id_and_seeds() -> None:
    runs = [run for rung_runs in preview(STUDY, TEXT, trainer="test-1") for run in rung_runs]
    assert len(runs) == 5 * (3 + 2 + 1) + 1
    for name in ("id", "init_seed", "data_seed"):
        assert len({getattr(run, name) for run in runs}) == len(runs), name
    assert [run.role for run in runs] == ["ladder"] * 30 + ["check"]


def test_the_same_study_gives_the_same_runs_and_another_seed_none_of_them() -> None:
    ids = {run.id for runs in preview(STUDY, TEXT, trainer="test-1") for run in runs}
    assert ids == {run.id for runs in preview(STUDY, TEXT, trainer="test-1") for run in runs}
    assert not ids & {run.id for runs in preview(replace(STUDY, seed=1), TEXT, trainer="test-1") for run in runs}


def test_workers_do_not_change_a_run_and_threads_do() -> Any:
    def ids(**changes: Any) -> Any:
        study = replace(STUDY, run=replace(STUDY.run, **changes))
        return [run.id for run in rung(study, 0, TEXT, n_params=9e3, trainer="test-1")]

    assert ids(workers=7) == ids()
    assert not set(ids(threads=7)) & set(ids())


def test_the_expected_best_n_follows_the_nearest_minimum_below() -> None:
    assert expected_n(STUDY, 2e10) == 9e3
    assert expected_n(STUDY, 8e10) == pytest.approx(18e3)
    assert expected_n(STUDY, 8e10, [(2e10, 5e3)]) == pytest.approx(10e3)
    assert expected_n(STUDY, 2.5e11, [(8e10, 2e4), (2e10, 5e3)]) == pytest.approx(2e4 * (2.5e11 / 8e10) ** 0.5)
    assert expected_n(STUDY, 8e10, [(8e10, 1e9), (2.5e11, 1e9)]) == pytest.approx(18e3)


def test_a_text_too_small_is_refused_with_the_numbers() -> None:
    small = replace(TEXT, train_tokens=600_000)
    with pytest.raises(BadInput) as caught:
        preview(STUDY, small, trainer="test-1")
    told = str(caught.value)
    assert "the training text has 600,000" in told
    assert "allow_repeats = true" in told
    assert "At 2.5e+11 FLOPs" in told
    assert preview(replace(STUDY, allow_repeats=True), small, trainer="test-1")


def test_cells_of_too_few_steps_are_refused_with_the_numbers() -> None:
    study = replace(STUDY, recipe=replace(STUDY.recipe, batch=4096.0))
    with pytest.raises(BadInput, match=r"would have \d+ steps of [\d,]+ tokens; the fewest are 300"):
        rung(study, 0, TEXT, n_params=9e3, trainer="test-1")


def test_sizes_on_one_side_alone_are_refused() -> None:
    study = replace(STUDY, model=ModelSection(sizes=((1, 8), (2, 8), (3, 8), (4, 8), (5, 8))))
    with pytest.raises(BadInput, match="on both sides of the expected best, 9,000"):
        rung(study, 0, TEXT, n_params=9e3, trainer="test-1")


def test_the_check_takes_the_nearest_size() -> None:
    (run,) = check_runs(STUDY, TEXT, n_params=37_000, trainer="test-1")
    assert run.shape.n_params == 37_200
    assert run.budget == 1e12
    assert run.role == "check"


def test_a_check_without_a_size_near_its_best_is_refused_early() -> None:
    study = replace(STUDY, check=CheckSection(factor=1e5), allow_repeats=True)
    with pytest.raises(BadInput, match=r"the check, none of model\.sizes within a factor 2"):
        preview(study, TEXT, trainer="test-1")
