"""Where a function of one variable crosses zero, for many functions at once."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_HALVINGS = 12
_STEPS = 100
_CLOSE = 1e-15


def crossing(function: Callable[[Any], Any], low: Any, high: Any) -> Any:
    """x between low and high where the function, elementwise, changes its sign; not a number where it does not.

    Numbers or NumPy arrays, which broadcast; one number where all are.

    Halved first, then by the rule of false position (Illinois), which stays between the two signs: to the last digits.
    """
    at_low, at_high, low, high = np.broadcast_arrays(function(low), function(high), low, high)
    there = np.sign(at_low) * np.sign(at_high) <= 0
    side = np.zeros(np.shape(there))
    x = (low + high) / 2
    for step in range(_STEPS):
        at = function(x)
        right = np.sign(at) == np.sign(at_low)  # of x
        # An end that stays a second time counts half, so that the next step comes from its side.
        at_high = np.where(right, np.where(side > 0, at_high / 2, at_high), at)
        at_low = np.where(right, at, np.where(side < 0, at_low / 2, at_low))
        low, high = np.where(right, x, low), np.where(right, high, x)
        side = np.where(right, 1, -1)
        span = at_high - at_low
        false = high - at_high * (high - low) / np.where(span == 0, 1.0, span)
        better = (step >= _HALVINGS) & (span != 0) & (false >= low) & (false <= high)
        new = np.where(at == 0, x, np.where(better, false, (low + high) / 2))
        moved, x = np.abs(new - x), new
        if not np.any(moved[there] > _CLOSE * np.maximum(1.0, np.abs(x[there]))):
            break
    found: Floats = np.where(there, x, np.nan)
    return found.item() if found.ndim == 0 else found
