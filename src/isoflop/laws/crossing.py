"""Where a falling function crosses zero: for the optima of laws that have no closed form."""

from collections.abc import Callable
from typing import Any

import numpy as np

_HALVINGS = 200


def crossing(function: Callable[[Any], Any], low: Any, high: Any) -> Any:
    """Where a function that falls from above 0 at low to below 0 at high crosses it, between positive numbers.

    Numbers or NumPy arrays, which broadcast; the bracket is halved in its logarithm until nothing lies in it.
    """
    low, high = np.broadcast_arrays(np.asarray(low, dtype=np.float64), np.asarray(high, dtype=np.float64))
    for _ in range(_HALVINGS):
        middle = np.sqrt(low) * np.sqrt(high)
        above = np.asarray(function(middle)) > 0
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    found = np.sqrt(low) * np.sqrt(high)
    return found.item() if found.ndim == 0 else found
