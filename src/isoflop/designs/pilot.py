"""The learning-rate pilot: a ladder's own cell again at other learning rates, with the same seeds."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from isoflop.runs.run import Run


def pilot_runs(cell: Sequence[Run], factors: Sequence[float], seeds: int) -> list[Run]:
    """The first `seeds` runs of a cell, once for each factor; all three learning rates are scaled by it.

    Initialisation and data order are the cell's own, so that differences between factors carry little noise.
    """
    return [
        replace(
            run,
            role="pilot",
            optimizer=replace(
                run.optimizer,
                peak_lr=run.optimizer.peak_lr * factor,
                embedding_lr=run.optimizer.embedding_lr * factor,
                head_lr=run.optimizer.head_lr * factor,
            ),
        )
        for factor in factors
        for run in cell[:seeds]
    ]


def cell_nearest(runs: Sequence[Run], n_params: float) -> list[Run]:
    """The runs of the cell whose N is nearest to n_params in ln N."""
    shape = min((run.shape for run in runs), key=lambda shape: abs(math.log(shape.n_params / n_params)))
    return [run for run in runs if run.shape == shape]


@dataclass(frozen=True)
class Tuning:
    """How far a cell is from its best learning rate, by the parabola of mean loss in ln factor.

    best_factor is where the parabola is lowest, gain what it says would be won there, as a share of the loss; both None
    where it has no minimum within the factors tried.
    """

    factors: NDArray[np.float64]
    losses: NDArray[np.float64]
    best_factor: float | None
    gain: float | None


def tuning(factors: Sequence[float], losses: Sequence[float]) -> Tuning:
    """The parabola through mean losses (nats/token) at factors of the recipe's learning rate, factor 1 among them."""
    order = np.argsort(factors)
    at, loss = np.asarray(factors, float)[order], np.asarray(losses, float)[order]
    if len(at) < 3 or 1.0 not in at:
        return Tuning(at, loss, None, None)
    a, b, _ = np.polyfit(np.log(at), loss, 2)
    best = -b / (2 * a) if a > 0 else math.nan
    if not np.log(at[0]) <= best <= np.log(at[-1]):
        return Tuning(at, loss, None, None)
    return Tuning(at, loss, float(np.exp(best)), float(a * best**2 / loss[at == 1.0][0]))
