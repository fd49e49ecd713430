"""What follows from a bag of laws: many allocations at once, compute for a loss, intervals of the mean and of a run."""

import time

import numpy as np
import pytest

from isoflop.allocations.allocate import allocate, allocate_all
from isoflop.allocations.target import flops_for
from isoflop.errors import BadInput, IsoflopError
from isoflop.estimates.ensemble import Ensemble
from isoflop.estimates.interval import MEAN, NEW_RUN
from isoflop.laws.chinchilla import BESIROGLU_2024, Chinchilla
from isoflop.laws.power import FlooredPowerLaw, PowerLaw
from isoflop.plans.plan import plan
from isoflop.plans.quantities import best, flops_interval


def spread(count: int, seed: int = 0) -> Chinchilla:
    """Many laws at once, around Besiroglu's."""
    z = np.exp(np.random.default_rng(seed).normal(size=(5, count)) * np.asarray([[0.01], [0.2], [0.2], [0.02], [0.02]]))
    names = ("E", "A", "B", "alpha", "beta")
    return Chinchilla(**{name: getattr(BESIROGLU_2024, name) * each for name, each in zip(names, z, strict=True)})


def single(laws: Chinchilla, i: int) -> Chinchilla:
    return Chinchilla(*(float(values[i]) for values in (laws.E, laws.A, laws.B, laws.alpha, laws.beta)))  # type: ignore[index]


def bag(count: int = 200) -> Ensemble:
    laws = spread(count)
    return Ensemble(tuple(single(laws, i) for i in range(count)))


def test_many_laws_are_allocated_as_each_alone_and_quickly() -> None:
    """1,000 laws took 0.02 CPU-s; the target is half a second."""
    laws = spread(1000)
    began = time.process_time()
    all_ = allocate_all(laws, 1e21)
    assert time.process_time() - began < 0.25
    assert all_.found.all()
    for i in (0, 17, 999):
        one = allocate(single(laws, i), 1e21)
        for name in ("n_params", "tokens", "loss", "slope"):
            assert getattr(all_, name)[i] == pytest.approx(getattr(one, name), rel=1e-9), name
    G = (laws.alpha * laws.A / (laws.beta * laws.B)) ** (1 / (laws.alpha + laws.beta))
    assert all_.n_params == pytest.approx(G * (1e21 / 6) ** (laws.beta / (laws.alpha + laws.beta)), rel=1e-6)


def test_one_law_at_many_budgets_is_its_frontier() -> None:
    budgets = np.geomspace(1e18, 1e24, 7)
    frontier = allocate_all(BESIROGLU_2024, budgets)
    assert 6 * frontier.n_params * frontier.tokens == pytest.approx(budgets)
    assert frontier.loss == pytest.approx([allocate(BESIROGLU_2024, C).loss for C in budgets], rel=1e-12)


def test_a_law_without_a_best_size_is_nan_with_its_side_and_spoils_no_other() -> None:
    """alpha = 0: size never helps, so the smallest model is the best."""
    laws = Chinchilla(np.full(2, 1.8), 400.0, 2000.0, np.asarray([0.35, 0.0]), 0.37)  # type: ignore[arg-type]
    found = allocate_all(laws, 1e21)
    assert found.found.tolist() == [True, False]
    assert np.isnan(found.loss[1])
    assert found.edge.tolist() == [0, -1]
    assert found.end[1] == pytest.approx(1)
    with pytest.raises(BadInput, match="use allocate_all"):
        allocate(laws, 1e21)
    with pytest.raises(BadInput, match="not as many laws"):
        allocate_all(Chinchilla(np.full(2, 1.8), np.full(3, 400.0), 2000.0, 0.3, 0.3), 1e21)  # type: ignore[arg-type]


def test_a_bag_in_one_law_keeps_the_order_and_forms_stay_apart() -> None:
    mixed = Ensemble((PowerLaw(2.0, 0.1), FlooredPowerLaw(1.0, 2.0, 0.1), PowerLaw(3.0, 0.1)))
    with pytest.raises(BadInput, match="FlooredPowerLaw, PowerLaw"):
        mixed.stacked()
    (powers, at), (floored, where) = mixed.stacks()
    assert np.asarray(powers.A).tolist() == [2.0, 3.0]  # type: ignore[attr-defined]
    assert (at.tolist(), where.tolist()) == ([0, 2], [1])
    assert isinstance(floored, FlooredPowerLaw)
    kept = Ensemble(mixed.laws, np.asarray([1.0, 2.0, 1.0])).only(np.asarray([True, True, False]))
    assert kept.weights == pytest.approx([1 / 3, 2 / 3])


def test_compute_for_a_loss_is_the_frontier_turned_round() -> None:
    laws = spread(50)
    losses = allocate_all(laws, 1e22).loss
    assert flops_for(single(laws, 3), float(losses[3])) == pytest.approx([1e22], rel=1e-8)
    reached = flops_for(laws, 2.1)
    assert allocate_all(laws, reached).loss == pytest.approx(np.full(50, 2.1), rel=1e-9)
    assert flops_for(FlooredPowerLaw(1.0, 20.0, 0.1), 2.0) == pytest.approx([20.0**10])
    assert flops_for(FlooredPowerLaw(1.0, 20.0, 0.1), 0.9) == pytest.approx([np.inf])


def test_intervals_of_a_budget_are_of_the_mean_and_wider_for_a_new_run() -> None:
    laws = bag()
    at = best(laws, 1e21)
    assert at.left_out == 0
    size, loss, run = at.interval("n_params"), at.interval("loss"), at.interval("loss", noise=0.02)
    alone = [allocate(law, 1e21).n_params for law in laws.laws]
    assert np.mean([size.low <= n <= size.high for n in alone]) == pytest.approx(0.9, abs=0.02)
    assert (loss.of, run.of) == (MEAN, NEW_RUN)
    assert run.high - run.low > loss.high - loss.low
    assert plan(laws, 1e21).n_params is not None
    assert vars(plan(laws, 1e21).n_params)["low"] == size.low


def test_intervals_of_compute_for_a_loss_may_have_no_end() -> None:
    laws = bag()
    near, run = flops_interval(laws, 2.2), flops_interval(laws, 2.2, noise=0.05)
    assert near.of == MEAN
    assert run.of == NEW_RUN
    assert run.low < near.low < near.median < near.high < run.high
    floors = np.sort([law.E for law in laws.laws])  # type: ignore[attr-defined]
    far = flops_interval(laws, float(floors[150]))  # a quarter of the laws never fall so low
    assert np.isfinite(far.median)
    assert far.high == np.inf
    with pytest.raises(IsoflopError, match=r"never fall to 1\.7"):
        flops_interval(laws, 1.7)


def test_a_mixture_of_forms_has_one_interval_of_compute() -> None:
    mixed = Ensemble.mixture([bag(20), Ensemble((FlooredPowerLaw(1.8, 1000.0, 0.15),) * 20)], [0.5, 0.5])
    found = flops_interval(mixed, 2.2)
    of_power = flops_for(FlooredPowerLaw(1.8, 1000.0, 0.15), 2.2)[0]
    assert found.low <= of_power <= found.high


def test_laws_without_an_optimum_are_left_out_of_a_plan_and_counted() -> None:
    laws = bag(30).laws
    flat = Chinchilla(1.8, 400.0, 2000.0, 0.0, 0.37)
    with_one = best(Ensemble((*laws, flat)), 1e21)
    assert with_one.left_out == 1
    assert len(with_one.bag) == 30
    with pytest.raises(IsoflopError, match="10 of 40 laws have no best size"):
        best(Ensemble((*laws, *[flat] * 10)), 1e21)
