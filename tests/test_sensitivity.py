"""What a plan hangs on: every effect has its sign and its size, and the largest comes first."""

import json
from itertools import pairwise
from math import log
from typing import Any

import pytest

from isoflop.allocations.allocate import allocate
from isoflop.allocations.repeated import allocate_repeated
from isoflop.costs.utilisation import REPORTED
from isoflop.laws.catalog import FORMS, form
from isoflop.laws.chinchilla import BESIROGLU_2024, HOFFMANN_2022_TEX
from isoflop.laws.data_constrained import MUENNIGHOFF_2023
from isoflop.plans.answer import Answer
from isoflop.plans.costing import costing
from isoflop.plans.other_laws import SPLITTING
from isoflop.plans.sensitivity import OF_REPEATS, Effect, sensitivity
from isoflop.plans.source import SPLITS
from isoflop.reports.others_text import sensitivity_text
from planted_bags import asked, bag

QUESTIONS = (
    {"flops": 1e22},
    {"dollars": 1e5},
    {"gpus": 64.0, "days": 10.0, "gpu": "h200"},
    {"loss": 2.2},
    {"loss": 2.2, "inference_tokens": 1e13},
    {"flops": 1e22, "inference_tokens": 1e12},
    {"n_params": 7e9, "tokens": 2e12},
)
REPEATING = (
    {"flops": 1e22, "unique_tokens": 3e10},
    {"n_params": 7e9, "tokens": 2e12, "unique_tokens": 1e11},
    {"loss": 2.4, "unique_tokens": 3e10},
)


def named(answer: Answer) -> dict[str, Any]:
    """The first effect of each name."""
    found: dict[str, Any] = {}
    for each in sensitivity(answer):
        found.setdefault(each.name, each)
    return found


def ends(effect: Effect) -> tuple[Any, Any]:
    low, high = effect.changes
    return low, high


def test_forms_that_split_are_all_of_the_catalogue() -> None:
    assert {name for name in FORMS if form(name).output == "loss" and form(name).inputs in SPLITS} == set(SPLITTING)


def test_a_lower_mfu_takes_longer_where_flops_are_given_and_trains_less_where_dollars_are() -> None:
    low, high = ends(named(asked(flops=1e22))["mfu"])
    assert (low.n_params, low.loss) == (1, 0)
    assert (low.days, low.dollars) == pytest.approx((4 / 3, 4 / 3))
    assert high.days < 1
    low, high = ends(named(asked(dollars=1e5))["mfu"])
    assert low.n_params < 1 < high.n_params
    assert low.loss > 0 > high.loss
    assert low.dollars == pytest.approx(1, rel=1e-5)
    assert low.n_params == pytest.approx(0.75**BESIROGLU_2024.a, rel=0.02)


def test_an_assumed_mfu_is_moved_to_the_highest_reported_and_one_given_by_a_quarter() -> None:
    most = max(each.mfu for each in REPORTED)
    _, high = ends(named(asked(flops=1e22))["mfu"])
    assert high.days == pytest.approx(0.4 / most)
    assert "PaLM" in high.note
    assert "arXiv:2204.02311" in high.note
    low, high = ends(named(asked(flops=1e22, mfu=0.5))["mfu"])
    assert (low.days, high.days) == pytest.approx((4 / 3, 0.8))
    assert high.note == ""


def test_the_price_moves_the_size_where_it_decides_the_compute_and_the_cost_where_not() -> None:
    low, high = ends(named(asked(dollars=1e5))["price"])
    assert low.n_params == pytest.approx((4 / 3) ** BESIROGLU_2024.a, rel=0.02)
    assert high.n_params < 1
    low, high = ends(named(asked(flops=1e22))["price"])
    assert (low.n_params, low.days, low.dollars) == pytest.approx((1, 1, 0.75))


def test_twice_the_budget_is_twice_the_budget() -> None:
    (twice,) = named(asked(flops=1e22))["budget"].changes
    one, two = allocate(BESIROGLU_2024, 1e22), allocate(BESIROGLU_2024, 2e22)
    assert twice.n_params == pytest.approx(two.n_params / one.n_params)
    assert twice.tokens == pytest.approx(two.tokens / one.tokens)
    assert twice.loss == pytest.approx(two.loss - one.loss)
    found = asked(flops=1e22)
    days, dollars = costing(found.have, two.n_params, 2e22)
    assert twice.days == pytest.approx(days / found.have.days(1e22))
    assert twice.dollars == pytest.approx(float(dollars or 0) / float(found.have.dollars(1e22) or 1))


@pytest.mark.parametrize(("given", "of"), [({"gpus": 64.0, "days": 10.0}, "days"), ({"dollars": 1e5}, "dollars")])
def test_twice_the_days_or_dollars_are_spent_as_twice(given: dict[str, Any], of: str) -> None:
    """Whatever a model of the size that comes out executes beyond 6 N D."""
    (twice,) = named(asked(**given))["budget"].changes
    assert getattr(twice, of) == pytest.approx(2, rel=1e-5)
    assert twice.n_params > 1.3


def test_what_is_doubled_is_named_in_its_own_unit() -> None:
    def told(**given: Any) -> tuple[str, str, str]:
        budget = named(asked(**given))["budget"]
        return budget.what, budget.changes[0].to, budget.changes[0].note

    assert told(flops=1e22) == ("--flops 1e22", "2e22", "")
    assert told(dollars=1e5) == ("--dollars $100K", "$200K", "")
    assert told(gpus=64.0, days=10.0) == ("--days 10", "20", "--days alone, on the same 64 GPUs")
    assert told(gpus=1.0, days=10.0)[2] == "--days alone, on the same 1 GPU"


def test_a_second_budget_binds_where_the_first_is_doubled() -> None:
    found = asked(flops=1.5e22, gpus=64.0, days=6.0)
    budget = named(found)["budget"]
    (twice,) = budget.changes
    share = found.allowed["--flops"] / found.allowed[found.binding]
    assert budget.what == "--days 6"
    assert 1 < share < 2
    assert twice.n_params * twice.tokens == pytest.approx(share)
    assert twice.days < 2
    assert twice.note == f"--flops then binds, at {share:.3g} times this plan's compute"


@pytest.mark.parametrize("given", [{"gpus": 64.0, "days": 10.0, "gpu": "h200"}, {"dollars": 1e5}])
def test_where_compute_is_not_given_what_moves_the_run_comes_before_what_moves_the_cost(given: dict[str, Any]) -> None:
    """With GPUs and days the price moves the cost by more than the MFU moves N, and comes after it all the same."""
    found = sensitivity(asked(**given))
    names = [each.name for each in found]
    runs = [each.of_run > 0 for each in found]
    assert runs == sorted(runs, reverse=True)
    if "gpus" in given:
        price, mfu = found[names.index("price")], found[names.index("mfu")]
        assert names.index("mfu") < names.index("price")
        assert price.of_run == 0 < price.of_cost
        assert mfu.of_run > abs(log(mfu.changes[0].n_params or 1))  # as compute, which the loss is worth


def test_where_compute_is_given_time_and_money_are_on_the_same_scale() -> None:
    found = sensitivity(asked(flops=1e22))
    names = [each.name for each in found]
    assert names.index("mfu") < names.index("price") < names.index("goodput")
    assert found[names.index("mfu")].of_run == 0


def test_a_change_of_loss_counts_as_the_compute_it_is_worth() -> None:
    """Twice the compute moves the loss by what a slope dL/d ln C makes of about ln 2."""
    budget = named(asked(flops=1e22))["budget"]
    assert budget.of_run == pytest.approx(log(2), rel=0.1)
    assert budget.of_cost == pytest.approx(log(2), rel=0.1)


def test_one_law_of_a_text_is_shown_and_json_keeps_all() -> None:
    found = sensitivity(asked(flops=1e22))
    laws = [each for each in found if each.name == "law"]
    assert {"HOFFMANN_2022", "HOFFMANN_2022_TEX", "DEVRIES_2023"} <= {each.changes[0].to for each in laws}
    shown = {each.changes[0].to for each in laws if not each.aside}
    assert shown & {"HOFFMANN_2022", "HOFFMANN_2022_TEX", "DEVRIES_2023"} == {"HOFFMANN_2022_TEX"}
    assert not any(name.startswith("BESIROGLU") for name in shown)  # the plan's own paper
    text = sensitivity_text(found, most=100)
    assert "HOFFMANN_2022_TEX" in text
    assert "DEVRIES_2023" not in text
    assert len([each.to_json() for each in found if each.name == "law"]) == len(laws)


def test_a_lower_loss_takes_more_of_everything_and_one_out_of_reach_is_told() -> None:
    high, low = ends(named(asked(loss=2.2))["loss"])
    assert high.n_params < 1 < low.n_params
    assert high.dollars < 1 < low.dollars
    assert low.loss == pytest.approx(-0.022)
    _, never = ends(named(asked(loss=1.83, gpus=1000.0, extrapolate=True))["loss"])
    assert never.n_params is None
    assert "cannot" in never.note


def test_more_tokens_served_make_the_model_smaller_and_fewer_larger() -> None:
    fewer, more = ends(named(asked(loss=2.2, inference_tokens=1e12))["inference_tokens"])
    assert more.n_params < 1 < more.tokens
    assert fewer.tokens < 1 < fewer.n_params
    assert "inference_tokens" not in named(asked(loss=2.2))


def test_repeats_that_are_worth_less_ask_for_more_parameters_and_fewer_tokens() -> None:
    low, high = ends(named(asked(flops=1e22, unique_tokens=3e10))["repeats"])
    assert low.n_params > 1 > high.n_params
    assert low.tokens < 1 < high.tokens
    assert low.loss > 0 > high.loss
    assert (low.to, high.to) == tuple(f"{by * MUENNIGHOFF_2023.R_D_star:.3g}" for by in (1 / OF_REPEATS, OF_REPEATS))
    assert "barely hold" in low.note


def test_a_fit_of_one_s_own_says_how_far_its_worth_of_repeats_is_known() -> None:
    own = bag(MUENNIGHOFF_2023, laws=20, spread=0.05)
    found = asked(own, flops=1e22, unique_tokens=3e10)
    low, high = ends(named(found)["repeats"])
    star = found.split.bag.interval(lambda law: law.R_D_star)
    assert (low.to, high.to) == (f"{star.low:.3g}", f"{star.high:.3g}")
    assert low.note == ""


def test_fewer_unique_tokens_cost_loss() -> None:
    halved, doubled = ends(named(asked(flops=1e22, unique_tokens=3e10))["unique_tokens"])
    one, two = (allocate_repeated(MUENNIGHOFF_2023, 1e22, unique) for unique in (3e10, 6e10))
    assert doubled.loss == pytest.approx(two.loss - one.loss)
    assert doubled.n_params == pytest.approx(two.n_params / one.n_params)
    assert halved.loss > 0
    assert "unique_tokens" not in named(asked(flops=1e22))
    assert "unique_tokens" not in named(asked(flops=1e22, unique_tokens=1e13))  # none is seen twice


def test_other_laws_move_it_as_they_would_split_and_losses_of_other_texts_are_not_told() -> None:
    found = {each.changes[0].to: each.changes[0] for each in sensitivity(asked(flops=1e22)) if each.name == "law"}
    one, other = (allocate(law, 1e22) for law in (BESIROGLU_2024, HOFFMANN_2022_TEX))
    assert found["HOFFMANN_2022_TEX"].n_params == pytest.approx(other.n_params / one.n_params)
    assert found["HOFFMANN_2022_TEX"].loss == pytest.approx(other.loss - one.loss)
    assert found["MUENNIGHOFF_2023"].loss is None
    assert "KAPLAN_2020" not in found  # its N leaves out embeddings
    assert not [name for name in found if name.startswith("GADRE")]  # nobody has seen those constants
    for_a_loss = {each.changes[0].to for each in sensitivity(asked(loss=2.2)) if each.name == "law"}
    assert "HOFFMANN_2022_TEX" in for_a_loss
    assert "MUENNIGHOFF_2023" not in for_a_loss


def test_the_doubt_of_the_bag_is_one_row_with_a_law_at_each_end_of_n() -> None:
    """Each end is one law's run, so that N and D move against each other and the compute stays."""
    found = asked(bag(laws=200), flops=1e22)
    low, high = ends(named(found)["interval"])
    n = found.split.interval("n_params")
    assert (low.n_params, high.n_params) == pytest.approx((n.low / n.median, n.high / n.median), rel=0.02)
    for end in (low, high):
        assert end.n_params * end.tokens == pytest.approx(1, abs=0.02)
    assert "interval" not in named(asked(flops=1e22))


def test_a_judged_plan_keeps_its_size_and_hangs_on_time_money_and_the_law_s_loss() -> None:
    found = sensitivity(asked(n_params=7e9, tokens=2e12))
    assert all(change.n_params in (1, None) for each in found for change in each.changes)
    assert {"mfu", "price", "law"} <= {each.name for each in found}


def test_a_budget_that_no_longer_suffices_is_told() -> None:
    found = asked(loss=2.2, flops=4e21)
    dearer = [change for each in sensitivity(found) for change in each.changes if change.note.endswith("not enough")]
    assert "2.178" in {change.to for change in dearer}
    low, _ = ends(named(asked(n_params=7e9, tokens=1e12, gpus=512.0, days=3.0))["mfu"])
    assert low.note == "--gpus and --days is then not enough"


@pytest.mark.parametrize("given", [*QUESTIONS, *REPEATING])
def test_effects_come_largest_first_and_keep_to_the_screen(
    given: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = asked(**given)
    found = sensitivity(answer)
    assert found
    by_run = answer.binding not in ("", "--flops")
    sizes = [(each.of_run, each.of_cost) if by_run else (each.size,) for each in found]
    assert all(one >= tuple(each - 1e-8 for each in other) for one, other in pairwise(sizes))
    assert all(each.size > 0 for each in found)
    for columns in (60, 80, 100):
        monkeypatch.setenv("COLUMNS", str(columns))
        assert max(map(len, sensitivity_text(found).splitlines())) <= columns
    assert json.loads(json.dumps([each.to_json() for each in found], allow_nan=False))


def test_few_laws_stand_for_many() -> None:
    """Each effect is against the plan of the same few laws, so it is near that of the law they are spread from."""
    alone, many = named(asked(flops=1e22)), named(asked(bag(spread=0.005), flops=1e22))
    for name in ("budget", "mfu"):
        for one, other in zip(alone[name].changes, many[name].changes, strict=True):
            assert other.n_params == pytest.approx(one.n_params, rel=0.01)
            assert other.days == pytest.approx(one.days, rel=0.01)
