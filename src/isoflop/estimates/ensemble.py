"""Uncertainty as a bag of laws: everything after a fit maps over the bag, wherever its laws came from."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from statistics import NormalDist
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from isoflop.errors import BadInput
from isoflop.estimates.check import Check
from isoflop.estimates.interval import MEAN, NEW_RUN, Interval
from isoflop.laws.law import Law

# A new run's noise is spread over these many equally likely values of a normal distribution: no random numbers.
NOISE_POINTS = 41


@dataclass(frozen=True)
class Ensemble:
    """Laws with weights that sum to 1, equal where none are given.

    seed of the draws; dropped: how many draws gave no law; how: where the laws come from, in words ("cluster bootstrap
    of 22 runs"); checks: doubts about the draws themselves.
    """

    laws: tuple[Law, ...]
    weights: NDArray[np.float64] = field(default_factory=lambda: np.empty(0), compare=False)
    seed: int | None = None
    dropped: int = 0
    how: str = ""
    checks: tuple[Check, ...] = ()

    def __post_init__(self) -> None:
        if not self.laws:
            raise BadInput("An ensemble needs at least one law.")
        abouts = {id(law.about): law.about for law in self.laws}.values()
        for symbol in ("n_params", "flops", "loss"):
            counts = sorted({str(about.counts(symbol)) for about in abouts if about.counts(symbol)})
            if len(counts) > 1:
                raise BadInput(
                    f"These laws do not mean the same by {symbol}: {' and '.join(counts)}. Their numbers have no "
                    "common interval; plan by each, and compare."
                )
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
        how = "; ".join(dict.fromkeys(part.how for part in parts if part.how))
        checks = tuple(check for part in parts for check in part.checks)
        return cls(laws, mass, dropped=sum(part.dropped for part in parts), how=how, checks=checks)

    def thinned(self, most: int) -> Self:
        """At most so many laws, all of one weight, spread evenly over this bag's weights: no random numbers."""
        if len(self) <= most and np.ptp(self.weights) == 0:
            return self
        n = min(most, len(self))
        reached = np.cumsum(self.weights)
        chosen = np.searchsorted(reached, (np.arange(n) + 0.5) / n * reached[-1])
        return replace(self, laws=tuple(self.laws[i] for i in chosen), weights=np.empty(0))

    def only(self, kept: NDArray[np.bool_]) -> Self:
        """Some of the laws, with the weights they had among each other."""
        return replace(
            self, laws=tuple(law for law, keep in zip(self.laws, kept, strict=True) if keep), weights=self.weights[kept]
        )

    @property
    def form(self) -> type[Law]:
        """The one form of all laws. Raises `BadInput` where there are several."""
        forms = {type(law) for law in self.laws}
        if len(forms) > 1:
            names = ", ".join(sorted(each.__name__ for each in forms))
            raise BadInput(f"Constants of different forms have no common interval: {names}.")
        return forms.pop()

    def stacked(self) -> Law:
        """All laws as one whose constants are arrays, in order: many laws at once. They must be of one form."""
        return _stack(self.form, self.laws)

    def stacks(self) -> tuple[tuple[Law, NDArray[np.intp]], ...]:
        """`stacked` for each form there is, with the places of its laws in this bag."""
        places: dict[type[Law], list[int]] = {}
        for place, law in enumerate(self.laws):
            places.setdefault(type(law), []).append(place)
        return tuple((_stack(form, [self.laws[i] for i in at]), np.asarray(at)) for form, at in places.items())

    def values(self, quantity: Callable[[Any], float]) -> NDArray[np.float64]:
        """A quantity of each law, in order."""
        return np.asarray([float(quantity(law)) for law in self.laws])

    def interval(
        self,
        quantity: Callable[[Any], float] | NDArray[np.float64],
        level: float = 0.9,
        *,
        noise: float | Iterable[float] = 0.0,
    ) -> Interval:
        """The interval of any quantity of a law, such as `lambda law: law.alpha`, or of its values, one for each law.

        noise is the standard deviation of one run about the mean, in the quantity's unit: one, or one for each law.
        Given, the interval is of a new run; without it, of the mean.
        """
        draws = self.values(quantity) if callable(quantity) else np.asarray(quantity, dtype=np.float64)
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
        stack = self.stacked()
        columns = {name: np.broadcast_to(getattr(stack, name), len(self)) for name in self.laws[0].constants}
        return {name: self.interval(column, level) for name, column in columns.items()}


def _stack(form: type[Law], laws: Sequence[Law]) -> Law:
    columns = {p.name: np.asarray([getattr(law, p.name) for law in laws], dtype=np.float64) for p in form.params()}
    return form(**columns, about=laws[0].about)
