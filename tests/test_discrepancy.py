"""The steps from Kaplan's exponent to Hoffmann's: published as published, simulated with nothing tuned."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from isoflop.allocations.allocate import allocate
from isoflop.errors import BadInput
from isoflop.laws.chinchilla import BESIROGLU_2024, HOFFMANN_2022_TEX, Chinchilla
from isoflop.laws.constants.frontiers import KAPLAN_WARMUP, PORIAN_FLOPS, PORIAN_WATERFALL
from isoflop.laws.counting import PEARCE_2024_BPE, TotalSize
from isoflop.plans.discrepancy import ADVISERS, advice, discrepancy
from isoflop.plans.miscount import AS_IT_IS, AS_KAPLAN, HEAD_COUNTED, Counting, Ladder, apparent, effective_tokens
from isoflop.reports.discrepancy_text import discrepancy_text

PUBLISHED = (0.835, 0.706, 0.602, 0.571, 0.497)


def test_the_published_waterfall_falls_inside_its_own_intervals() -> None:
    """Porian et al. 2024: exponents, and N* at 5.88e23."""
    assert tuple(step.exponent for step in PORIAN_WATERFALL) == PUBLISHED
    assert [step.n_params for step in PORIAN_WATERFALL] == [3e12, 787e9, 292e9, 183e9, 77e9]
    assert all(step.low <= step.exponent <= step.high for step in PORIAN_WATERFALL)
    at = discrepancy(PORIAN_FLOPS)
    assert [step.n_params for step in at.steps] == pytest.approx([step.n_params for step in PORIAN_WATERFALL])


def test_porian_s_stored_optima_have_the_published_exponents(reference: Callable[[str], Path]) -> None:
    path = reference("porian2024") / "published_fits.csv"
    rows = list(csv.DictReader(path.open(encoding="utf-8")))
    wanted = [
        ("base", "long", "kaplan", "kaplan"),
        ("base", "long", "kaplan", "standard"),
        ("base", "short", "kaplan", "standard"),
        ("base", "short", "chinchilla", "standard"),
        ("tuned", "short", "const", "standard"),
    ]
    for step, key in zip(PORIAN_WATERFALL, wanted, strict=True):
        (row,) = (
            row
            for row in rows
            if row["dataset"] == "rw" and (row["hparams"], row["warmup"], row["decay"], row["param_count"]) == key
        )
        assert step.exponent == pytest.approx(float(row["weighted_n_exponent"]), abs=6e-4)


@pytest.mark.parametrize("law", [BESIROGLU_2024, HOFFMANN_2022_TEX], ids=["Besiroglu", "TeX"])
def test_a_ladder_that_counts_right_finds_the_law_s_own_sizes(law: Chinchilla) -> None:
    found = apparent(law, AS_IT_IS)
    assert found.exponent == pytest.approx(law.a, abs=1e-5)
    assert found.n_params == pytest.approx(law.optimal_size(found.budgets), rel=1e-5)


@pytest.mark.parametrize("law", [BESIROGLU_2024, HOFFMANN_2022_TEX], ids=["Besiroglu", "TeX"])
def test_every_miscount_steepens_and_the_simulated_steps_go_the_published_way(law: Chinchilla) -> None:
    kaplan, head, right = (apparent(law, each).exponent for each in (AS_KAPLAN, HEAD_COUNTED, AS_IT_IS))
    assert kaplan > head > right
    assert kaplan == pytest.approx(PUBLISHED[0], abs=0.05)
    assert head == pytest.approx(PUBLISHED[1], abs=0.05)
    assert apparent(law, Counting(head_in_n=False, head_in_c=False)).exponent > right


def test_the_best_size_under_a_miscount_is_the_lowest_of_a_plain_grid() -> None:
    """L at every size, by hand, at the middle budget: C / 6N of the layers alone, half the warm-up lost."""
    found = apparent(BESIROGLU_2024, AS_KAPLAN)
    bare = np.geomspace(1e5, 1e9, 200_001)
    tokens = found.budgets[6] / (6 * bare)
    lost = np.where(tokens < KAPLAN_WARMUP, tokens**2 / (2 * KAPLAN_WARMUP), tokens - KAPLAN_WARMUP / 2)
    whole = bare + PEARCE_2024_BPE.omega * np.cbrt(bare)
    assert found.n_params[6] == pytest.approx(bare[BESIROGLU_2024(whole, lost).argmin()], rel=1e-3)


def test_warm_up_tokens_count_for_half_once_it_is_over_and_for_less_before() -> None:
    tokens = np.asarray([1.0, 50.0, 100.0, 200.0])
    assert effective_tokens(tokens, 100.0) == pytest.approx([0.005, 12.5, 50.0, 150.0])
    assert effective_tokens(tokens, 0.0) is tokens


def test_a_small_vocabulary_leaves_nothing_to_miscount() -> None:
    tiny = Ladder(shapes=TotalSize(omega=1.0))
    wrong = apparent(BESIROGLU_2024, Counting(head_in_n=False, head_in_c=False), tiny)
    assert wrong.exponent == pytest.approx(BESIROGLU_2024.a, abs=1e-3)


def test_budgets_without_a_best_size_inside_the_ladder_are_left_out() -> None:
    assert len(apparent(BESIROGLU_2024, HEAD_COUNTED).budgets) == 10
    with pytest.raises(BadInput, match="Of 2 budgets 0 have a best size"):
        apparent(BESIROGLU_2024, AS_IT_IS, Ladder(budgets=(1e10, 1e11)))
    with pytest.raises(BadInput, match=r"(?s)two budgets or more.*smallest to a largest"):
        Ladder(budgets=(1e18,), sizes=(1e9, 1e6))


def test_the_line_is_extrapolated_as_it_was_fitted() -> None:
    found = apparent(BESIROGLU_2024, AS_IT_IS)
    assert found.size(1e21) == pytest.approx(allocate(BESIROGLU_2024, 1e21).n_params, rel=1e-4)


def test_what_is_found_is_plain_json_and_says_what_was_not_simulated() -> None:
    found = discrepancy(1e21).to_json()
    assert json.loads(json.dumps(found)) == found
    assert [step["simulated"] is None for step in found["steps"]] == [False, False, False, True, True]
    assert found["tag"] == "V2"


def test_advice_spends_the_budget() -> None:
    """6 N D = C, of all but Kaplan et al. 2020, whose tokens are of training at the critical batch size."""
    for name, sets in ADVISERS.items():
        if "Kaplan" in name:
            continue
        given = advice(name, sets, 1e21)
        assert 6 * given.n_params * given.tokens == pytest.approx(1e21), name


def test_the_page_fits_a_screen_and_says_every_step_and_its_cause() -> None:
    found = discrepancy(1e21)
    text = discrepancy_text(found)
    lines = text.splitlines()
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 100
    for step in found.steps:
        assert step.name in text
        assert step.cause in text
        assert f"{step.exponent:.3f}" in text
    assert "Nothing is tuned" in text


def test_kaplan_s_table_is_asked_at_the_least_compute() -> None:
    """arXiv:2203.15556 has 4.68e9 parameters of it at 1e21 FLOPs: C_min is C / 2. 6 N D is C but for rounding."""
    given = advice("Kaplan", ADVISERS["Kaplan 2020, Table 6"], 1e21)
    assert given.n_params == pytest.approx(4.68e9, rel=1e-3)
    assert given.tokens == pytest.approx(3.2e10, rel=5e-3)
    assert 6 * given.n_params * given.tokens == pytest.approx(9.0e20, rel=5e-3)
    assert "C_min = C / 2" in given.note
    assert given.note in " ".join(discrepancy_text(discrepancy(1e21)).split())


@pytest.mark.parametrize(
    ("flops", "said"), [(6.4e23, "4.4 decades beyond"), (1.25e13, "3.0 decades below"), (1e18, None)]
)
def test_a_budget_outside_what_was_measured_is_said(flops: float, said: str | None) -> None:
    found = discrepancy(flops)
    if said is None:
        assert found.notes == ()
    else:
        assert said in found.notes[0]
        assert said in discrepancy_text(found)


@pytest.mark.parametrize("flops", [0.0, -1e20, 1e5, 1e33, float("inf"), float("nan")])
def test_a_budget_that_is_none_is_refused(flops: float) -> None:
    with pytest.raises(BadInput, match="positive number of FLOPs, from"):
        discrepancy(flops)
