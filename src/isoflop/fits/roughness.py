"""The noise of losses where no run was repeated: how far neighbouring ones are from any smooth curve."""

import numpy as np

from isoflop.fits.objective import Floats

MEDIAN_OF_NORMAL = 0.6744897501960817  # the median size of a standard normal number

OVERLAP = 2.31
"""How many neighbouring third differences say as much as one that shares no point: 1 + 2 (0.75^2 + 0.3^2 + 0.05^2)."""


def third_differences(x: Floats, y: Floats, runs: Floats) -> Floats:
    """(n - 3,) sizes of what no parabola through four neighbouring points can be, each as large as one run's noise.

    Gasser, Sroka and Jennen-Steinmetz 1986, Biometrika 73, with one difference more, for curves that bend. x in rising
    order; runs: how many a y is the mean of.
    """
    found = np.empty(max(0, len(x) - 3))
    for first in range(len(found)):
        four = slice(first, first + 4)
        apart = x[four][:, None] - x[four]
        np.fill_diagonal(apart, 1.0)
        weight = 1 / apart.prod(axis=1)
        found[first] = abs(weight @ y[four]) / np.sqrt(np.sum(weight**2 / runs[four]))
    return found
