"""Ladders of runs made up from a known law, with seed noise as measured on small byte models."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from isoflop.allocations.allocate import allocate
from isoflop.laws.chinchilla import Chinchilla
from isoflop.runs.table import Table

BYTES = Chinchilla(E=0.9, A=20.0, B=82.0, alpha=0.38, beta=0.33)  # 2.9 to 1.9 nats/byte between 1e10 and 5e11 FLOPs
BUDGETS = tuple(np.geomspace(1e10, 5e11, 5))


def seed_noise_at(flops: float) -> float:
    """0.025 nats at 1e10 FLOPs, shrinking as measured."""
    return float(0.025 * (flops / 1e10) ** -0.15)


def ladder(
    law: Callable[[Any, Any], Any] = BYTES,
    *,
    noise: Callable[[float], float] = seed_noise_at,
    seed: int = 0,
    budgets: Sequence[float] = BUDGETS,
    seeds: Sequence[int] = (3, 3, 3, 1, 1),
    spread: Sequence[float] = (0.25, 0.5, 1.0, 2.0, 4.0),
    off_centre: float = 1.0,
) -> Table:
    """Five sizes a budget around BYTES' best one (times off_centre), D = C / 6N."""
    rng = np.random.default_rng(seed)
    rows = []
    for budget, repeats in zip(budgets, seeds, strict=True):
        centre = allocate(BYTES, budget).n_params * off_centre
        for times in spread:
            n, d = centre * times, budget / (6 * centre * times)
            rows += [(n, d, budget, budget, law(n, d) + rng.normal() * noise(budget), each) for each in range(repeats)]
    names = ("n_params", "tokens", "flops", "budget", "loss", "seed")
    return Table({name: np.asarray(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)})


def quiet(flops: float) -> float:
    """No noise at all."""
    return 0.0 * flops
