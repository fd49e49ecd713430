"""What stands beside a plan is what the allocations say: smaller, served, better split, with more data."""

import json
from typing import Any

import numpy as np
import pytest

from isoflop.allocations.allocate import allocate
from isoflop.allocations.isoloss import tokens_for
from isoflop.allocations.repeated import allocate_repeated
from isoflop.allocations.serving import serve
from isoflop.allocations.smaller import smaller
from isoflop.allocations.target import flops_for
from isoflop.estimates.ensemble import Ensemble
from isoflop.laws.chinchilla import BESIROGLU_2024
from isoflop.laws.data_constrained import MUENNIGHOFF_2023
from isoflop.laws.overtraining import DEVRIES_2023
from isoflop.plans.alternatives import SERVED, SHARE, alternatives
from isoflop.plans.answer import Answer
from isoflop.plans.same_loss import cheapest, least_flops
from isoflop.reports.others_text import alternatives_text
from isoflop.reports.width import WIDEST
from planted_bags import asked, bag

SMALLER = "20% smaller at the same loss"
BEST, LEAST = "the best split of the same compute", "the same loss for least compute"


def named(answer: Answer, **given: float) -> dict[str, Any]:
    return {each.name: each for each in alternatives(answer, **given)}


@pytest.mark.parametrize("law", ["BESIROGLU_2024", "DEVRIES_2023", "GADRE_2024_REFINEDWEB"])
@pytest.mark.parametrize("flops", [1e20, 1e23])
def test_a_smaller_model_costs_de_vries_overhead_at_every_budget(law: str, flops: float) -> None:
    """harmdevries.com/post/model-size-vs-compute-overhead: k_N k_D - 1, by the closed form."""
    found = asked(law, flops=flops)
    small = named(found)[SMALLER]
    assert small.extra == pytest.approx(float(smaller(found.source.law, SHARE).overhead), rel=1e-6)
    assert small.n_params == pytest.approx(SHARE * found.n_params)
    assert small.loss == pytest.approx(found.split.median("loss"))
    assert small.days == pytest.approx(found.have.days(flops) * (1 + small.extra))


def test_the_overhead_of_four_fifths_is_that_of_the_formula() -> None:
    """(1 - (0.8^-alpha - 1) beta / alpha)^(-1 / beta), 0.8 of it, less 1."""
    law = BESIROGLU_2024
    more = (1 - (0.8**-law.alpha - 1) * law.beta / law.alpha) ** (-1 / law.beta)
    assert 0.8 * more - 1 == pytest.approx(0.0195, abs=5e-5)
    assert named(asked(flops=1e22))[SMALLER].extra == pytest.approx(0.8 * more - 1, rel=1e-7)
    assert float(smaller(DEVRIES_2023, 0.8).overhead) < 0.8 * more - 1


@pytest.mark.parametrize("given", [{"flops": 1e22}, {"loss": 2.2}, {"dollars": 3e4}])
def test_the_best_for_serving_meets_its_first_order_condition(given: dict[str, Any]) -> None:
    """Sardana et al. 2024: eps_N / eps_D = 1 + D_inf / (3 D), with ten tokens served for each of the plan's."""
    found, law = asked(**given), BESIROGLU_2024
    served = SERVED * found.tokens
    best = named(found)["best for serving"]
    assert best.tokens is not None
    of_size = law.alpha * law.A / best.n_params**law.alpha
    of_data = law.beta * law.B / best.tokens**law.beta
    assert of_size / of_data == pytest.approx(1 + served / (3 * best.tokens), rel=1e-4)
    assert best.loss == pytest.approx(found.split.median("loss"))
    one = serve(law, found.split.median("loss"), served)
    total = 6 * found.n_params * found.tokens + 2 * found.n_params * served
    assert best.total_extra == pytest.approx(float(one.cost) / total - 1, rel=1e-5)
    assert best.total_extra < 0 < best.extra
    assert "assumed" in best.why


def test_a_plan_that_serves_is_laid_beside_the_cheapest_to_train() -> None:
    found = asked(loss=2.2, inference_tokens=1e13)
    shown = named(found)
    assert "best for serving" not in shown
    best = shown["cheapest to train"]
    assert best.flops == pytest.approx(float(flops_for(BESIROGLU_2024, 2.2)[0]), rel=1e-6)
    assert best.extra < 0 < best.total_extra


def test_what_a_judged_plan_wastes_is_what_allocate_would_save() -> None:
    n, d = 7e9, 2e12
    found = asked(n_params=n, tokens=d)
    loss = float(BESIROGLU_2024(n, d))
    split, least = named(found)[BEST], named(found)[LEAST]
    best = allocate(BESIROGLU_2024, 6 * n * d)
    assert (split.n_params, split.tokens, split.loss) == pytest.approx((best.n_params, best.tokens, best.loss))
    assert split.loss_change == pytest.approx(best.loss - loss)
    needed = float(flops_for(BESIROGLU_2024, loss)[0])
    assert least.extra == pytest.approx(needed / (6 * n * d) - 1, rel=1e-7)
    assert f"{1 - needed / (6 * n * d):.1%} of the training compute is not needed" in least.why
    assert "too small" in least.why


def test_a_judged_plan_at_its_best_wastes_nothing() -> None:
    best = allocate(BESIROGLU_2024, 1e21)
    shown = named(asked(n_params=best.n_params, tokens=best.tokens))
    assert shown[LEAST].extra == pytest.approx(0, abs=1e-7)
    assert shown[BEST].loss_change == pytest.approx(0, abs=1e-9)
    assert "the best one" in shown[LEAST].why


def test_a_judged_plan_that_serves_is_judged_with_its_serving() -> None:
    """7e9 parameters on 2e12 tokens are far too small to train best, and right to serve 1e13."""
    alone, served = (asked(n_params=7e9, tokens=2e12, inference_tokens=more) for more in (None, 1e13))
    assert named(alone)[LEAST].extra < -0.4
    assert named(served)[LEAST].total_extra == pytest.approx(0, abs=1e-3)
    assert named(served)[BEST].total_extra == pytest.approx(0, abs=1e-9)


def test_a_fixed_size_is_laid_beside_the_free_one() -> None:
    shown = named(asked(n_params=2e9, flops=1e22))
    assert shown[BEST].n_params == pytest.approx(allocate(BESIROGLU_2024, 1e22).n_params)
    assert shown[LEAST].extra < 0


def test_one_gpu_keeps_the_loss_where_that_is_cheap_and_the_compute_where_not() -> None:
    found = asked(flops=1e22)
    near, far = (named(found, one_gpu=size)["largest that one GPU holds"] for size in (5e9, 1.5e9))
    tokens = float(tokens_for(BESIROGLU_2024, 5e9, found.split.median("loss")))
    assert (near.n_params, near.tokens) == pytest.approx((5e9, tokens))
    assert far.extra == pytest.approx(0)
    assert far.loss == pytest.approx(float(BESIROGLU_2024(1.5e9, 1e22 / 9e9)))
    assert "largest that one GPU holds" not in named(found, one_gpu=1e10)


def test_a_size_that_never_comes_to_the_loss_is_told_and_left_without_numbers() -> None:
    """Served so much, a model is as small as can come to the loss at all; a fifth smaller never does."""
    found = asked(loss=2.2, inference_tokens=1e17, extrapolate=True)
    small = named(found)[SMALLER]
    assert small.n_params == pytest.approx(SHARE * found.n_params)
    assert float(tokens_for(BESIROGLU_2024, small.n_params, 2.2)) == np.inf
    assert small.tokens is small.loss is small.flops is small.extra is small.days is small.dollars is None
    assert "never" in small.why
    assert alternatives_text(found, [small])


def test_more_data_is_worth_what_the_law_of_repeats_says() -> None:
    found = asked(flops=1e21, unique_tokens=5e9)
    more = named(found)["with twice the unique tokens"]
    once, twice = (allocate_repeated(MUENNIGHOFF_2023, 1e21, unique) for unique in (5e9, 1e10))
    assert more.n_params == pytest.approx(twice.n_params)
    assert more.loss_change == pytest.approx(twice.loss - once.loss)
    assert f"from {once.epochs:.3g} to {twice.epochs:.3g}" in more.why
    assert "with twice the unique tokens" not in named(asked(flops=1e21, unique_tokens=1e12))


def test_with_repeats_the_same_loss_is_the_law_s() -> None:
    found = asked(flops=1e21, unique_tokens=5e9)
    loss = found.split.median("loss")
    for each in (named(found)[SMALLER], named(found)["best for serving"]):
        assert float(MUENNIGHOFF_2023(each.n_params, each.tokens, 5e9)) == pytest.approx(loss, rel=1e-6)


def test_with_repeats_the_cheapest_is_cheaper_than_sizes_beside_it() -> None:
    one = Ensemble((MUENNIGHOFF_2023,))
    for served in (0.0, 1e12):
        n, d = cheapest(one, np.asarray([2.5]), served, 5e9)
        assert float(MUENNIGHOFF_2023(n[0], d[0], 5e9)) == pytest.approx(2.5)
        cost = n[0] * (6 * d[0] + 2 * served)
        for factor in (0.9, 1.1):
            tokens = np.geomspace(d[0] / 3, 3 * d[0], 200_001)
            near = tokens[np.argmin(np.abs(MUENNIGHOFF_2023(factor * n[0], tokens, 5e9) - 2.5))]
            assert factor * n[0] * (6 * near + 2 * served) > cost


def test_least_flops_turns_the_frontier_round() -> None:
    for law, unique in ((BESIROGLU_2024, None), (MUENNIGHOFF_2023, 5e9)):
        budgets = np.asarray([[1e19, 1e20, 1e21]])
        best = [allocate(law, c) if unique is None else allocate_repeated(law, c, unique) for c in budgets[0]]
        at = np.asarray([[each.loss for each in best]])
        assert least_flops(Ensemble((law,)), at, 1e21, unique) == pytest.approx(budgets, rel=1e-7)


def test_many_laws_give_medians_about_the_one_they_are_spread_from() -> None:
    alone, many = named(asked(flops=1e22)), named(asked(bag(laws=300, spread=0.002), flops=1e22))
    for name, each in alone.items():
        assert many[name].n_params == pytest.approx(each.n_params, rel=0.03)
        assert many[name].extra == pytest.approx(each.extra, rel=0.03)


@pytest.mark.parametrize(
    "given",
    [
        {"flops": 1e22},
        {"loss": 2.2, "inference_tokens": 1e13},
        {"n_params": 7e9, "tokens": 2e12},
        {"flops": 1e22, "unique_tokens": 3e10},
    ],
)
def test_what_is_printed_fits_the_screen_and_json_holds_it(given: dict[str, Any]) -> None:
    found = asked(**given)
    shown = alternatives(found, one_gpu=1e9)
    lines = alternatives_text(found, shown).splitlines()
    assert max(map(len, lines)) <= WIDEST
    assert len(shown) >= 2
    for each in shown:
        plain = json.loads(json.dumps(each.to_json(), allow_nan=False))
        assert plain["why"]
        assert any(line.startswith(each.name) for line in lines)
