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
from isoflop.plans.broken_limits import percent
from isoflop.plans.costing import costing
from isoflop.plans.judgement import BEST, LEAST, NO_WASTE
from isoflop.plans.same_loss import least_flops
from isoflop.reports.others_text import alternatives_text
from isoflop.units import print_count
from planted_bags import asked, bag

SMALLER = "20% smaller at the same loss"


ON_ONE = "largest that one GPU holds"
NEARLY = "within 0.1% of the loss for least compute"


def named(answer: Answer, one_gpu: float | None = 1e15) -> dict[str, Any]:
    return {each.name: each for each in alternatives(answer, one_gpu=one_gpu)}


@pytest.mark.parametrize("law", ["BESIROGLU_2024", "DEVRIES_2023", "GADRE_2024_REFINEDWEB"])
@pytest.mark.parametrize("flops", [1e20, 1e23])
def test_a_smaller_model_costs_de_vries_overhead_at_every_budget(law: str, flops: float) -> None:
    """harmdevries.com/post/model-size-vs-compute-overhead: k_N k_D - 1, by the closed form."""
    found = asked(law, flops=flops)
    small = named(found)[SMALLER]
    assert small.extra == pytest.approx(float(smaller(found.source.law, SHARE).overhead), rel=1e-6)
    assert small.n_params == pytest.approx(SHARE * found.n_params)
    assert small.loss == pytest.approx(found.split.median("loss"))
    assert (small.days, small.dollars) == pytest.approx(costing(found.have, small.n_params, small.flops))


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


def test_a_judged_plan_at_its_best_is_told_in_one_line() -> None:
    best = allocate(BESIROGLU_2024, 1e21)
    found = asked(n_params=best.n_params, tokens=best.tokens)
    shown = named(found)
    assert LEAST not in shown
    assert shown[BEST].is_plan
    assert (shown[BEST].n_params, shown[BEST].tokens) == pytest.approx((best.n_params, best.tokens))
    lines = alternatives_text(found, alternatives(found, one_gpu=1e15)).splitlines()
    assert lines[1] == f"{BEST.capitalize()}: This plan is it, to within 0.1% of the training compute."
    assert not any(line.startswith("this plan") for line in lines)


def test_two_alternatives_that_are_nearly_one_are_shown_as_one() -> None:
    """A size 15 % off wastes 0.9 % of the compute: the best split and the cheapest run differ by less than 2 %."""
    best = allocate(BESIROGLU_2024, 1e21)
    n, d = 1.15 * best.n_params, best.tokens / 1.15
    shown = named(asked(n_params=n, tokens=d))
    assert BEST not in shown
    needed = float(flops_for(BESIROGLU_2024, float(BESIROGLU_2024(n, d)))[0])
    assert NO_WASTE < 1 - needed / 1e21 < 0.02
    assert shown[LEAST].extra == pytest.approx(needed / 1e21 - 1, rel=1e-5)
    lower = float(BESIROGLU_2024(n, d)) - best.loss
    assert f"split best, would come {lower:.4f} nats/token lower" in shown[LEAST].why


def test_a_judged_plan_that_serves_is_judged_with_its_serving() -> None:
    """7e9 parameters on 2e12 tokens are far too small to train best, and right to serve 1e13."""
    alone, served = (asked(n_params=7e9, tokens=2e12, inference_tokens=more) for more in (None, 1e13))
    assert named(alone)[LEAST].extra < -0.4
    assert named(served)[BEST].is_plan
    assert "training and serving" in named(served)[BEST].why


def test_a_fixed_size_is_laid_beside_the_free_one() -> None:
    shown = named(asked(n_params=2e9, flops=1e22))
    assert shown[BEST].n_params == pytest.approx(allocate(BESIROGLU_2024, 1e22).n_params)
    assert shown[LEAST].extra < 0


def test_one_gpu_keeps_the_loss_where_that_is_cheap_and_the_compute_where_not() -> None:
    found = asked(flops=1e22)
    near, far = (named(found, one_gpu=size)[ON_ONE] for size in (5e9, 1.5e9))
    tokens = float(tokens_for(BESIROGLU_2024, 5e9, found.split.median("loss")))
    assert (near.n_params, near.tokens) == pytest.approx((5e9, tokens))
    assert far.extra == pytest.approx(0)
    assert far.loss == pytest.approx(float(BESIROGLU_2024(1.5e9, 1e22 / 9e9)))


def test_that_one_gpu_holds_the_plan_or_not_even_the_smallest_is_said() -> None:
    found = asked(flops=1e22)
    holds, none = named(found, one_gpu=1e10), named(found, one_gpu=None)
    assert ON_ONE not in holds
    assert ON_ONE not in none
    assert holds["on one GPU"].is_plan
    assert "One H100 SXM serves the plan's 9.05B (at most 10.0B" in holds["on one GPU"].why
    assert none["on one GPU"].tokens is None
    assert "Not even the smallest of the llama family fits one H100 SXM" in none["on one GPU"].why
    for shown in (holds, none):
        lines = alternatives_text(found, tuple(shown.values())).splitlines()
        assert sum(line.lower().startswith("on one gpu") for line in lines) == 1


def test_what_breaks_a_limit_says_so_and_by_how_much() -> None:
    small = named(asked(flops=1e22))[SMALLER]
    assert f"It exceeds --flops by {100 * small.extra:.2g}%." in small.why
    both = asked(dollars=1e5, flops=7e22)
    found = named(both)["best for serving"]
    by_flops, by_dollars = found.flops / 7e22 - 1, found.dollars / 1e5 - 1
    assert by_dollars > by_flops > 0
    assert found.why.endswith(f"It exceeds --flops by {percent(by_flops)} and --dollars by {percent(by_dollars)}.")
    days = named(asked(gpus=64.0, days=10.0, gpu="h200"))["best for serving"]
    assert f"It exceeds --days by {days.days / 10 - 1:.0%}." in days.why
    assert "exceeds" not in named(asked(loss=2.2))[SMALLER].why
    fixed = asked(n_params=3e10, flops=3e24, one_gpu=True, extrapolate=True)
    assert "larger than --one-gpu allows" in named(fixed)[BEST].why
    missed = named(asked(loss=2.2), one_gpu=5e8)[ON_ONE]
    assert missed.loss > 2.2
    assert missed.why.endswith("It does not come to --loss 2.2.")


def test_what_costs_much_is_said_before_what_it_buys() -> None:
    cheap, dear = named(asked(flops=1e22))[SMALLER], named(asked(loss=2.2, inference_tokens=1e13))[SMALLER]
    assert cheap.extra < 0.25 < dear.extra
    assert cheap.why.startswith("A token served costs 20% less and the model fits more easily")
    assert dear.why.startswith(f"Training takes {1 + dear.extra:.3g} times the compute")
    assert "more easily" not in dear.why
    assert f"in all, serving included, it takes {dear.total_extra:.0%} more compute" in dear.why


def test_a_smaller_model_is_repaid_where_serving_has_saved_what_training_cost() -> None:
    """C1 - C0 = 2 (N0 - N1) T: from T tokens on the smaller model is the cheaper one."""
    found = asked(flops=1e22)
    small = named(found)[SMALLER]
    tokens = (small.flops - 1e22) / (2 * (found.n_params - small.n_params))
    assert f"repaid after {print_count(tokens)} tokens served" in small.why
    later, sooner = (
        (6 * small.tokens + 2 * t) * small.n_params - (6 * found.tokens + 2 * t) * found.n_params
        for t in (1.01 * tokens, 0.99 * tokens)
    )
    assert later < 0 < sooner


def test_where_tokens_repeat_too_often_a_thousandth_of_the_loss_is_what_most_of_the_compute_buys() -> None:
    """1e21 FLOPs on 1e8 different tokens: 572 epochs, which 1e20 and less come to within a thousandth of."""
    found = asked(flops=1e21, unique_tokens=1e8, extrapolate=True)
    nearly, loss = named(found)[NEARLY], found.split.median("loss")
    assert found.split.median("epochs") > 500
    assert nearly.loss == pytest.approx(1.001 * loss)
    assert float(MUENNIGHOFF_2023(nearly.n_params, nearly.tokens, 1e8)) == pytest.approx(1.001 * loss, rel=1e-6)
    assert allocate_repeated(MUENNIGHOFF_2023, nearly.flops, 1e8).loss == pytest.approx(1.001 * loss, rel=1e-6)
    assert nearly.extra < -0.9
    assert f"{nearly.tokens / 1e8:.3g} epochs instead of" in nearly.why
    assert NEARLY not in named(asked(flops=1e22, unique_tokens=3e10))  # there it saves too little
    assert NEARLY not in named(asked(flops=1e22))


def test_a_smaller_model_that_takes_ever_so_much_more_compute_is_none() -> None:
    small = named(asked(flops=1e21, unique_tokens=1e8, extrapolate=True))[SMALLER]
    assert small.tokens is None
    assert "100 times the compute with 100M unique tokens" in small.why


def test_many_laws_give_every_number_of_an_alternative_an_interval() -> None:
    found = asked(bag(laws=300, spread=0.005), flops=1e22)
    small = named(found)[SMALLER].to_json()
    own = found.split.interval("n_params")
    assert small["n_params"]["low"] == pytest.approx(SHARE * own.low)
    assert small["n_params"]["high"] == pytest.approx(SHARE * own.high)
    for name in ("n_params", "tokens", "loss", "flops", "extra", "days", "dollars", "tokens_per_param"):
        assert small[name]["low"] <= small[name]["median"] <= small[name]["high"], name
        assert small[name]["level"] == 0.9
    assert small["total_extra"] is None
    assert named(asked(flops=1e22))[SMALLER].to_json()["loss"]["low"] is None


def test_a_size_that_never_comes_to_the_loss_is_told_and_left_without_numbers() -> None:
    """Served so much, a model is as small as can come to the loss at all; a fifth smaller never does."""
    found = asked(loss=2.2, inference_tokens=1e17, extrapolate=True)
    small = named(found)[SMALLER]
    assert small.n_params == pytest.approx(SHARE * found.n_params)
    assert float(tokens_for(BESIROGLU_2024, small.n_params, 2.2)) == np.inf
    assert small.tokens is small.loss is small.flops is small.extra is small.days is small.dollars is None
    assert "There is none" in small.why
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


@pytest.mark.parametrize("columns", [60, 80, 100])
@pytest.mark.parametrize(
    "given",
    [
        {"flops": 1e22},
        {"loss": 2.2, "inference_tokens": 1e13},
        {"n_params": 7e9, "tokens": 2e12},
        {"flops": 1e22, "unique_tokens": 3e10},
        {"flops": 1e21, "unique_tokens": 1e8, "extrapolate": True, "price": 1234.5, "gpus": 1.0},
    ],
)
def test_what_is_printed_keeps_to_the_screen_and_json_holds_it(
    given: dict[str, Any], columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    found = asked(**given)
    shown = alternatives(found, one_gpu=1e9)
    lines = alternatives_text(found, shown).splitlines()
    assert max(map(len, lines)) <= columns
    assert len(shown) >= 2
    for each in shown:
        plain = json.loads(json.dumps(each.to_json(), allow_nan=False))
        assert plain["why"]
        assert any(line.lower().startswith(each.name.lower()) for line in lines)


def test_a_narrow_table_loses_no_column_it_has_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    found = asked(flops=1e22)
    monkeypatch.setenv("COLUMNS", "60")
    lines = alternatives_text(found, alternatives(found, one_gpu=1e9)).splitlines()
    assert lines[1].split() == ["N", "D", "D", "/", "N", "loss", "compute", "days", "cost"]
    at = lines.index(SMALLER)
    assert lines[at + 1].split()[0] == "7.24B"
