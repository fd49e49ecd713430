"""An interval: a median and two ends, how sure they are, and what they are about."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from isoflop.errors import BadInput

MEAN = "mean"
NEW_RUN = "new run"


@dataclass(frozen=True)
class Interval:
    """Median, low and high of a quantity, of the mean over seeds or of one new run, which is wider."""

    median: float
    low: float
    high: float
    level: float = 0.9
    of: str = MEAN

    def __post_init__(self) -> None:
        if not self.low <= self.median <= self.high:
            raise BadInput(f"An interval needs low <= median <= high; got {self.low}, {self.median}, {self.high}.")
        if not 0 < self.level < 1:
            raise BadInput(f"A level lies between 0 and 1; got {self.level}.")
        if self.of not in {MEAN, NEW_RUN}:
            raise BadInput(f"An interval is of the {MEAN!r} or of a {NEW_RUN!r}; got {self.of!r}.")

    @classmethod
    def of_draws(
        cls, draws: ArrayLike, weights: ArrayLike | None = None, *, level: float = 0.9, of: str = MEAN
    ) -> Self:
        """The central interval of weighted draws: as much weight is left out below as above."""
        if not 0 < level < 1:
            raise BadInput(f"A level lies between 0 and 1; got {level}.")
        tail = (1 - level) / 2
        low, median, high = quantiles(draws, (tail, 0.5, 1 - tail), weights)
        return cls(float(median), float(low), float(high), level, of)

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high

    def __str__(self) -> str:
        return f"{self.median:.5g} ({self.low:.5g} to {self.high:.5g}, {self.level:.0%})"

    def to_json(self) -> dict[str, Any]:
        """{"median", "low", "high", "level", "of"}."""
        return dict(vars(self))

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`."""
        return cls(**values)


def quantiles(draws: ArrayLike, levels: ArrayLike, weights: ArrayLike | None = None) -> NDArray[np.float64]:
    """Quantiles of weighted draws, linear between the middles of their weights (Hazen's rule if all weigh the same)."""
    values = np.asarray(draws, dtype=np.float64).ravel()
    mass = np.full(values.shape, 1.0) if weights is None else np.asarray(weights, dtype=np.float64).ravel()
    if values.size == 0 or values.shape != mass.shape or not np.all(np.isfinite(values)):
        bad = int(np.sum(~np.isfinite(values)))
        raise BadInput(f"Quantiles need finite draws, each with a weight; got {values.size} draws, {bad} not finite.")
    values, mass = values[mass > 0], mass[mass > 0]
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(mass[order])
    middles = (reached - mass[order] / 2) / reached[-1]
    return np.interp(np.asarray(levels, dtype=np.float64), middles, values[order])
