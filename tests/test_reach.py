"""How far a law is asked beyond its runs is said in decades, and far is a doubt."""

import pytest

from isoflop.estimates.fit import Verdict
from isoflop.estimates.reach import reach, spans
from isoflop.laws.chinchilla import BESIROGLU_2024, Chinchilla
from isoflop.laws.law import About
from planted_grids import TRUTH, grid


def of_runs(**fitted: tuple[float, float]) -> Chinchilla:
    return Chinchilla(**TRUTH.constants, about=About(fitted=fitted))


LAW = of_runs(n_params=(1e8, 1e10), tokens=(1e9, 1e11), flops=(1e18, 1e21), tokens_per_param=(1.0, 100.0))


def test_spans_have_compute_and_data_per_parameter() -> None:
    columns = grid()
    found = spans({name: columns[name] for name in ("n_params", "tokens")})
    assert found["flops"] == pytest.approx((1e18, 1e21))
    assert found["tokens_per_param"] == pytest.approx((20 / 64, 20 * 64))


def test_inside_the_runs_there_is_no_doubt() -> None:
    assert reach(LAW, flops=1e20, n_params=1e9, tokens=1e10).message == "within what the law was fitted to"


@pytest.mark.parametrize(
    ("flops", "verdict", "said"),
    [
        (5e21, Verdict.OK, "5e+21 FLOPs are 5x beyond the largest fitted, 1e+21 (0.7 decades)"),
        (1e23, Verdict.WARN, "100x beyond the largest fitted, 1e+21 (2.0 decades); here the form of the law decides"),
        (1e25, Verdict.FAIL, "1e+04x beyond the largest fitted, 1e+21 (4.0 decades)"),
        (1e16, Verdict.WARN, "100x below the smallest fitted, 1e+18 (2.0 decades)"),
    ],
)
def test_decades_beyond_the_largest_run_are_told(flops: float, verdict: Verdict, said: str) -> None:
    check = reach(LAW, flops=flops)
    assert check.verdict is verdict
    assert said in check.message


def test_data_per_parameter_beyond_the_runs_is_a_doubt_of_its_own() -> None:
    """N and D are inside, their ratio is ten times beyond."""
    check = reach(LAW, n_params=1e8, tokens=1e11)
    assert check.verdict is Verdict.WARN
    assert check.message.startswith("1e+03 tokens per parameter are 10x beyond the largest fitted, 100;")


def test_without_a_question_the_span_is_told() -> None:
    check = reach(LAW)
    assert check.verdict is Verdict.OK
    assert "3.0 decades of compute. Forecasts beyond 1e+22 FLOPs lean on the form of the law" in check.message


def test_one_budget_says_little() -> None:
    check = reach(of_runs(n_params=(1e8, 1e10), tokens=(1e9, 1e11), flops=(1e20, 1.5e20)))
    assert check.verdict is Verdict.WARN
    assert "add budgets" in check.message


def test_a_published_law_of_unknown_runs_says_so() -> None:
    unknown = Chinchilla(**BESIROGLU_2024.constants)
    assert reach(unknown, flops=1e22).message == "it is not known what runs the law was fitted to"
