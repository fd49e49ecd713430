"""Laws of the learning-rate schedule: published numbers, their formulas step by step, and drops taken together."""

import csv
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isoflop.errors import BadInput
from isoflop.estimates.objective import HUBER
from isoflop.laws.chinchilla import Chinchilla
from isoflop.laws.decay import decayed, excess
from isoflop.laws.history import curve, features, grouped, stacked, whole
from isoflop.laws.law import Law
from isoflop.laws.multipower import LUO_2025_100M, MultiPower
from isoflop.laws.schedule import DECAYS, Floats, schedule
from isoflop.laws.tissue import Annealing

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benches"))
import luo_curves as luo

Reference = Callable[[str], Path]
ANNEALING = Annealing(L_0=2.6, A=0.6, C=0.7, alpha=0.5, tau=600.0)
SLOW = MultiPower(L_0=2.6, A=0.63, B=637.0, C=0.002, alpha=0.45, beta=0.25, gamma=1.36)
LAWS = (LUO_2025_100M, SLOW, ANNEALING)


def step_by_step(law: Law, rates: Floats, t: int) -> float:
    """The papers' sums as they are written, one term after the other."""
    s1 = sum(rates[: t + 1])
    if isinstance(law, MultiPower):
        gain = 0.0
        for k in range(1, t + 1):
            reached = law.C * rates[k] ** -law.gamma * sum(rates[k : t + 1])
            gain += (rates[k - 1] - rates[k]) * (1 - (1 + reached) ** -law.beta)
        return float(law.L_0 + law.A * s1**-law.alpha - law.B * gain)
    assert isinstance(law, Annealing)
    momentum = area = 0.0
    for i in range(1, t + 1):
        momentum = law.decay * momentum + rates[i - 1] - rates[i]
        area += momentum
    return float(law.L_0 + law.A * s1**-law.alpha - law.C * area)


@pytest.mark.parametrize("size", luo.SIZES)
def test_all_published_test_metrics_come_out_to_all_digits(reference: Reference, size: int) -> None:
    found = luo.metrics(luo.PUBLISHED[size], luo.curves(reference("luo2025_multipower"), size, luo.TEST))
    assert round(found[0], 4) == luo.METRICS[size][0]
    assert tuple(round(value, 5) for value in found[1:]) == luo.METRICS[size][1:]


@pytest.mark.parametrize(("size", "published"), [(25, 2.912e-4), (100, 2.810e-4), (400, 5.770e-4)])
def test_the_objective_of_the_published_constants_is_as_recomputed(
    reference: Reference, size: int, published: float
) -> None:
    """Huber 1e-3 of log residuals, summed over the three training curves."""
    law, train = luo.PUBLISHED[size], luo.curves(reference("luo2025_multipower"), size, luo.TRAIN)
    said = [curve(law, each.learning_rates, each.steps) for each in train]
    total = sum(HUBER.value(HUBER.residuals(p, each.losses)) for p, each in zip(said, train, strict=True))
    assert total == pytest.approx(published, rel=1e-3)


@pytest.mark.parametrize("name", luo.TRAIN + luo.TEST)
def test_schedules_are_the_logged_ones(reference: Reference, name: str) -> None:
    with (reference("luo2025_multipower") / "curves" / "csv_100" / f"{name}.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    steps = [int(row["step"]) for row in rows]
    assert luo.rates(name)[steps] == pytest.approx([float(row["lr"]) for row in rows], rel=1e-14)


@pytest.mark.parametrize("law", LAWS, ids=["Luo", "slow", "Tissue"])
@pytest.mark.parametrize("decay", DECAYS)
def test_a_law_is_its_papers_sums(law: Law, decay: str) -> None:
    rates = schedule(200, 3e-4, warmup=30, decay=decay, begin=90, last=1e-5)
    rates = np.concatenate([rates, rates[::-1] + 1e-5])  # it rises again
    steps = [31, 90, 91, 150, 199, 200, 399]
    assert curve(law, rates, steps) == pytest.approx([step_by_step(law, rates, t) for t in steps], rel=1e-12)


@pytest.mark.parametrize("name", luo.TRAIN + luo.TEST)
def test_taking_drops_together_moves_a_loss_by_less_than_a_ten_thousandth(name: str) -> None:
    rates = luo.rates(name)
    steps = np.unique(
        np.clip([2160, 2170, 2300, 4000, 7999, 8000, 8010, 15000, 20005, 23999, 50000], 0, len(rates) - 1)
    )
    for law in LAWS:
        together = features(type(law), rates, steps)
        assert together[1].shape[1] <= 48
        assert law(*together) == pytest.approx(curve(law, rates, steps), rel=1e-4)


@given(st.lists(st.floats(1e-7, 1e-3), min_size=3, max_size=60), st.floats(1.05, 4))
def test_drops_taken_together_keep_their_sum_and_their_centre(rates: list[float], near: float) -> None:
    """Whatever the schedule, rising or falling: nothing is left out, nothing counted twice, nothing moved."""
    eta, steps = np.asarray(rates), np.arange(len(rates))
    found, every = grouped(eta, steps, near), whole(eta, steps)
    assert found["lr_drops"].sum(1) == pytest.approx(eta[0] - eta, abs=1e-15)
    for name in ("lr_after", "lr_since", "steps_since"):
        moments = [(each["lr_drops"] * each[name]).sum(1) for each in (found, every)]
        assert moments[0] == pytest.approx(moments[1], rel=1e-9, abs=1e-12), name


def test_many_laws_at_once_agree_with_each_alone() -> None:
    rates = schedule(300, 3e-4, warmup=20, last=3e-5)
    given = features(MultiPower, rates, [50, 200, 299])
    both = [SLOW.constants, LUO_2025_100M.constants]
    rows: dict[str, Any] = {name: np.asarray([[each[name]] for each in both]) for name in SLOW.constants}
    assert MultiPower(**rows)(*given) == pytest.approx(np.stack([SLOW(*given), LUO_2025_100M(*given)]))


def test_curves_with_few_drops_are_filled_up_with_drops_of_nothing() -> None:
    flat, falling = schedule(3000, 3e-4, warmup=100, decay="none"), schedule(3000, 3e-4, warmup=100)
    parts = [features(MultiPower, rates, [500, 2999]) for rates in (flat, falling)]
    alone = np.concatenate([SLOW(*part) for part in parts])
    assert SLOW(*stacked(MultiPower, parts)) == pytest.approx(alone, rel=1e-14)


def test_a_rate_of_zero_leaves_a_finite_loss() -> None:
    rates = np.concatenate([schedule(200, 3e-4, warmup=20, decay="linear"), np.zeros(50)])
    for law in LAWS:
        said = curve(law, rates, np.arange(30, 250))
        assert np.isfinite(said).all()


def test_decay_gains_and_warm_up_does_not_count_as_decay() -> None:
    flat, cosine = luo.rates("constant_24000"), luo.rates("cosine_24000")
    assert not decayed(flat).any()
    assert decayed(cosine).argmax() == np.ceil(2160 + 21840 * np.arccos(-7 / 9) / np.pi)
    assert decayed(cosine, [10, 12000, 23999]).tolist() == [False, False, True]
    assert excess(LUO_2025_100M, flat, [12000, 23999]).min() > 0.05
    assert abs(excess(LUO_2025_100M, cosine, [23999])[0]) < 0.02


def test_what_is_no_schedule_is_refused_with_the_reason() -> None:
    with pytest.raises(BadInput, match="of its inputs n_params, tokens a schedule says"):
        curve(Chinchilla(1.0, 1.0, 1.0, 0.3, 0.3), [1e-3, 1e-3], [1])
    with pytest.raises(BadInput, match="steps 0 to 1; asked for 1 to 2"):
        curve(SLOW, [1e-3, 1e-3], [1, 2])
    with pytest.raises(BadInput, match="none below 0"):
        curve(SLOW, [1e-3, -1e-3], [1])
    with pytest.raises(BadInput) as caught:
        schedule(10, 1e-3, warmup=20, decay="cosin", last=-1.0)
    assert len(caught.value.problems) == 3
    with pytest.raises(BadInput, match="never reaches 0"):
        schedule(10, 1e-3, decay="exponential")
