"""What a fit minimises: a robust sum over runs, of logarithms or of the output itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from isoflop.errors import BadInput

LOG, RAW = "log", "raw"


@dataclass(frozen=True)
class Objective:
    """sum_i w_i lean_i Huber_delta(r_i), with r = ln f - ln y ("log") or f - y ("raw"); summed, never averaged.

    Huber_delta(r) = r^2 / 2 up to delta, delta (|r| - delta / 2) beyond. delta = inf is least squares; delta = 0 is
    least absolute deviations, sum_i w_i lean_i |r_i|, the limit of Huber / delta. lean multiplies the runs that lie
    above the law (r < 0): below 1 they pull less, as undertuned runs, whose losses can only be too high, should.
    Hoffmann et al. 2022, arXiv:2203.15556, sec. D.2, have delta = 1e-3, log, lean = 1. Raises `BadInput`.
    """

    delta: float = 1e-3
    scale: str = LOG
    lean: float = 1.0

    def __post_init__(self) -> None:
        problems = []
        if not self.delta >= 0:
            problems.append(f"The Huber threshold delta is 0 (absolute deviations) or more; got {self.delta}.")
        if self.scale not in {LOG, RAW}:
            problems.append(f"Residuals are of the {LOG!r} or of the {RAW!r} output; got {self.scale!r}.")
        if not 0 < self.lean < np.inf:
            problems.append(f"lean multiplies the runs above the law and is above 0; got {self.lean}.")
        if problems:
            raise BadInput(problems)

    def __str__(self) -> str:
        what = "log residuals" if self.scale == LOG else "residuals"
        name = {0.0: "absolute", np.inf: "squared"}.get(self.delta, f"Huber (delta {self.delta:g}) of")
        leaning = "" if self.lean == 1 else f", runs above the law times {self.lean:g}"
        return f"sum of {name} {what}{leaning}"

    def residuals(self, fitted: ArrayLike, measured: ArrayLike) -> NDArray[np.float64]:
        """ln f - ln y, or f - y."""
        f, y = np.asarray(fitted, dtype=np.float64), np.asarray(measured, dtype=np.float64)
        return np.asarray(np.log(f) - np.log(y) if self.scale == LOG else f - y)

    def value(self, residuals: ArrayLike, weights: ArrayLike = 1.0) -> Any:
        """The sum over the last axis."""
        r, w = np.asarray(residuals, dtype=np.float64), np.asarray(weights, dtype=np.float64)
        size = np.abs(r)
        if self.delta == 0:
            each = size
        elif self.delta == np.inf:
            each = size**2 / 2
        else:
            each = np.where(size < self.delta, size**2 / 2, self.delta * (size - self.delta / 2))
        return np.sum(w * np.where(r < 0, self.lean, 1.0) * each, axis=-1)

    def to_json(self) -> dict[str, Any]:
        """{"delta", "scale", "lean"}; delta is null for least squares, since JSON has no infinity."""
        return {**vars(self), "delta": None if self.delta == np.inf else self.delta}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`."""
        return cls(**{**values, "delta": np.inf if values["delta"] is None else values["delta"]})


HUBER = Objective()
LEAST_ABSOLUTE = Objective(delta=0.0)
SQUARES = Objective(delta=float("inf"))
UNDERTUNED = Objective(lean=0.2)
"""For ladders with undertuned rungs: a run above the law pulls a fifth as much, so that the law runs along the lower
sixth of the losses rather than along their median."""
