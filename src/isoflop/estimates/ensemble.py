"""Uncertainty as a bag of laws: everything after a fit maps over the bag, wherever its laws came from."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from statistics import NormalDist
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from isoflop.errors import BadInput
from isoflop.estimates.interval import MEAN, NEW_RUN, Interval
from isoflop.laws.law import Law

# A new run's noise is spread over these many equally likely values of a normal distribution: no random numbers.
NOISE_POINTS = 41


@dataclass(frozen=True)
class Ensemble:
    """Laws with weights that sum to 1, equal where none are given; seed of the draws, and how many were dropped."""

    laws: tuple[Law, ...]
    weights: NDArray[np.float64] = field(default_factory=lambda: np.empty(0), compare=False)
    seed: int | None = None
    dropped: int = 0

    def __post_init__(self) -> None:
        if not self.laws:
            raise BadInput("An ensemble needs at least one law.")
        given = np.asarray(self.weights, dtype=np.float64)
        weights = given if given.size else np.ones(len(self.laws))
        if weights.shape != (len(self.laws),) or not np.all(weights >= 0) or not 0 < weights.sum() < np.inf:
            raise BadInput(f"{len(self.laws)} laws need as many weights, none below 0; got {weights.size}.")
        object.__setattr__(self, "weights", weights / weights.sum())

    def __len__(self) -> int:
        return len(self.laws)

    @classmethod
    def mixture(cls, parts: Sequence[Self], weights: Sequence[float] | None = None) -> Self:
        """One bag from several (forms, say), each with its share: the interval then holds the doubt between them."""
        shares = np.ones(len(parts)) if weights is None else np.asarray(weights, dtype=np.float64)
        laws = tuple(law for part in parts for law in part.laws)
        mass = np.concatenate([share * part.weights for share, part in zip(shares, parts, strict=True)])
        return cls(laws, mass, dropped=sum(part.dropped for part in parts))

    def thinned(self, most: int) -> Self:
        """At most so many laws, all of one weight, spread evenly over this bag's weights: no random numbers."""
        if len(self) <= most and np.ptp(self.weights) == 0:
            return self
        n = min(most, len(self))
        reached = np.cumsum(self.weights)
        chosen = np.searchsorted(reached, (np.arange(n) + 0.5) / n * reached[-1])
        return replace(self, laws=tuple(self.laws[i] for i in chosen), weights=np.empty(0))

    def values(self, quantity: Callable[[Any], float]) -> NDArray[np.float64]:
        """A quantity of each law, in order."""
        return np.asarray([float(quantity(law)) for law in self.laws])

    def interval(
        self, quantity: Callable[[Any], float], level: float = 0.9, *, noise: float | Iterable[float] = 0.0
    ) -> Interval:
        """The interval of any quantity of a law, such as `lambda law: law.alpha`.

        noise is the standard deviation of one run about the mean, in the quantity's unit: one, or one for each law.
        Given, the interval is of a new run; without it, of the mean.
        """
        draws = self.values(quantity)
        scale = np.broadcast_to(
            np.asarray(noise if isinstance(noise, float | int) else list(noise), float), draws.shape
        )
        if not np.any(scale):
            return Interval.of_draws(draws, self.weights, level=level, of=MEAN)
        normal = NormalDist()
        steps = np.asarray([normal.inv_cdf((i + 0.5) / NOISE_POINTS) for i in range(NOISE_POINTS)])
        steps /= np.sqrt(np.mean(steps**2))  # the middles of equal slices spread a little less than the whole
        spread = draws[:, None] + scale[:, None] * steps
        weights = np.repeat(self.weights / NOISE_POINTS, NOISE_POINTS)
        return Interval.of_draws(spread, weights, level=level, of=NEW_RUN)

    def intervals(self, level: float = 0.9) -> dict[str, Interval]:
        """The interval of each constant; the laws must be of one form."""
        forms = {type(law).__name__ for law in self.laws}
        if len(forms) > 1:
            raise BadInput(f"Constants of different forms have no common interval: {', '.join(sorted(forms))}.")
        names = self.laws[0].constants
        return {name: self.interval(lambda law, name=name: getattr(law, name), level) for name in names}  # type: ignore[misc]
