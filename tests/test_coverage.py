"""Intervals at 100x the largest compute hold the truth as often as they say: a small part of benches/coverage.py."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import binom

from isoflop.estimates.ensemble import Ensemble
from isoflop.fits.choice import LAWS, choose

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benches"))
import coverage as bench
import worlds

FEW = 20
UNLUCKY = 1e-3  # the chance that a procedure right on its target fails here


def some(kind: str, count: int) -> list[Any]:
    """The first so many worlds of a kind with 33 to 48 runs: one shape, so that each law compiles once."""
    found: list[Any] = []
    i = 0
    while len(found) < count:
        planted = worlds.world(kind, np.random.default_rng([7, i]))
        found += [planted] if 32 < len(planted.table) <= 48 else []
        i += 1
    return found


def covered(kind: str, count: int) -> Any:
    """How many worlds' intervals of N, D and L hold the truth."""
    runs = [bench.tried(bench.by_choice(each, 100, i), each) for i, each in enumerate(some(kind, count))]
    found = bench.summary(runs)
    return {name: round(found[name]["coverage"] * count) for name in bench.QUANTITIES}


@pytest.mark.parametrize(
    ("kind", "least", "most"),
    [("chinchilla", 0.87, 0.93), ("diverged", 0.82, 1.0), ("kaplan", 0.80, 1.0), ("undertuned", 0.80, 1.0)],
)
def test_nine_in_ten_intervals_hold_the_truth(kind: str, least: float, most: float) -> None:
    """Of FEW worlds; at the ends of the target a run of bad luck of one in a thousand is let through."""
    for name, inside in covered(kind, FEW).items():
        assert binom.ppf(UNLUCKY, FEW, least) <= inside <= binom.ppf(1 - UNLUCKY, FEW, most), name


def test_a_bootstrap_of_the_wrong_law_alone_does_not() -> None:
    """The test above could not fail if anything covered these worlds: Chinchilla's percentiles miss Kaplan's losses."""
    planted = some("kaplan", FEW)
    naive = bench.summary([bench.tried(bench.by_bootstrap(each, 100, i), each) for i, each in enumerate(planted)])
    assert naive["loss"]["coverage"] < 0.3


def test_a_score_rewards_narrow_intervals_that_hold_the_truth() -> None:
    """Gneiting and Raftery 2007, eq. 43, at 90 %: the width, and 20 times what the truth lies outside."""
    world = worlds.World("any", Any, 1e21, np.exp(2.0), np.exp(2.0), np.exp(2.0))  # type: ignore[arg-type]
    inside = bench.tried(np.asarray([[1.0, 1.0, 1.0], [3.0, 3.0, 3.0]]), world)
    outside = bench.tried(np.asarray([[2.1, 2.1, 2.1], [3.1, 3.1, 3.1]]), world)
    found = bench.summary([inside, outside])["loss"]
    assert found["coverage"] == 0.5
    assert found["score"] == pytest.approx((2.0 + (1.0 + 20 * 0.1)) / 2)
    assert found["width"] == pytest.approx(1.5)


def test_the_same_seed_gives_the_same_bag() -> None:
    (planted,) = some("chinchilla", 1)
    bags: list[Ensemble] = [choose(LAWS, planted.table, draws=20, seed=3).ensemble for _ in range(2)]
    assert bags[0].laws == bags[1].laws
