"""Whether the learning rate had decayed where a loss was read, and what a decay there would have gained."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from isoflop.errors import BadInput
from isoflop.laws.history import curve
from isoflop.laws.law import Law
from isoflop.laws.schedule import Floats

LOW = 0.2
"""A rate below this share of the highest before it has decayed: cosine to a tenth spends its last 22 % there."""

COOLDOWN = 0.2
"""Share of the steps over which a decay gains about what a cosine does (Hägele et al. 2024, arXiv:2405.18392)."""


def decayed(learning_rates: ArrayLike, steps: ArrayLike | None = None) -> NDArray[np.bool_]:
    """Whether the rate at each of the given steps (or at all) is below LOW of the highest up to there.

    A loss read elsewhere is of mid-schedule, and too high for its step (Hoffmann et al. 2022, sec. 2). In a warm-up no
    rate has decayed.
    """
    rates = np.asarray(learning_rates, dtype=np.float64)
    low = rates < LOW * np.maximum.accumulate(rates)
    return low if steps is None else low[np.asarray(steps, dtype=np.int64)]


def excess(law: Law, learning_rates: ArrayLike, steps: ArrayLike, *, cooldown: float = COOLDOWN) -> Floats:
    """How much higher (nats/token) a curve law says each loss is than after a decay that ends at its step.

    The decay is linear to 0 over the last `cooldown` of the steps up to there, from the rate where it begins. Near 0
    or below where the rate had decayed anyway. Raises `BadInput`.
    """
    if not 0 < cooldown <= 1:
        raise BadInput(f"A decay takes a share of the steps above 0 and up to 1; got {cooldown}.")
    rates, at = np.asarray(learning_rates, dtype=np.float64), np.atleast_1d(np.asarray(steps, dtype=np.int64))
    as_it_was = curve(law, rates, at)

    def after_decay(step: Any) -> float:
        other = rates[: step + 1].copy()
        length = max(1, int(cooldown * (step + 1)))
        other[-length:] = other[-length] * (1 - np.arange(1, length + 1) / length)
        return float(curve(law, other, [step])[0])

    return np.asarray(as_it_was - [after_decay(step) for step in at])
