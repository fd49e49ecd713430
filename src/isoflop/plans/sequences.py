"""A batch in whole sequences: rounded so that it divides over GPUs, and in multiples of what they take at once."""

from math import inf

import numpy as np
from numpy.typing import ArrayLike, NDArray

EVEN = np.sort(np.concatenate([2.0 ** np.arange(61), 3 * 2.0 ** np.arange(60)]))  # 1, 2, 3, 4, 6, 8, 12, 16 ...


def rounded_sequences(sequences: ArrayLike, most: ArrayLike = inf) -> NDArray[np.float64]:
    """Of 1, 2, 3, 4, 6, 8, 12, 16 ... the nearest by ratio, so that the batch divides over GPUs; none above `most`.

    Off by a factor of sqrt(1.5) at most, of sqrt(2) below 2 sequences, unless `most` or 1 decides. `most` is 1 or more.
    """
    between = np.sqrt(EVEN[:-1] * EVEN[1:])
    nearest = np.searchsorted(between, np.asarray(sequences, np.float64))
    allowed = np.searchsorted(EVEN, np.asarray(most, np.float64), side="right") - 1
    return EVEN[np.minimum(nearest, allowed)]


def in_multiples(sequences: ArrayLike, multiple: int, most: ArrayLike = inf) -> NDArray[np.float64]:
    """As many sequences or a few more, so that GPUs that take `multiple` at once are all fed; fewer for a short run."""
    whole = multiple * np.ceil(np.asarray(sequences, np.float64) / multiple)
    return np.where(whole <= most, whole, np.maximum(whole - multiple, np.minimum(sequences, multiple)))
