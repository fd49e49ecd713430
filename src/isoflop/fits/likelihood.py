"""The likelihood that an objective stands for, once its scale is estimated: how much of a rise is evidence."""

import numpy as np

from isoflop.estimates.objective import Objective
from isoflop.fits.objective import Floats


def deviance(objective: Objective, weights: Floats, values: Floats, n_constants: int) -> Floats:
    """2 ln of the likelihood ratio of each value (k,) of the objective to the lowest of them; 0 at the lowest.

    A sum F of functions rho of residuals is minus the logarithm of a likelihood with density exp(-w rho(r) / s) / Z(s /
    w) up to its scale s, which runs tell and nobody knows: it is estimated anew for each value. That is Laplace's
    density for absolute deviations (2 n ln F / F_min), the normal's for squares (n ln F / F_min), and for Huber's
    function one with a round top and exponential tails. Times (n - p) / n, since p constants were fitted: compare it
    with the square of Student's t.
    """
    w = weights[weights > 0]
    best = np.asarray([-_log_likelihood(objective, w, float(value)) for value in values])
    return np.asarray(2 * (best - best.min()) * (len(w) - n_constants) / len(w))


def threshold(level: float, n: int, n_constants: int) -> float:
    """The deviance that the true value of one constant stays below with this probability."""
    from scipy.special import stdtrit  # noqa: PLC0415  (slow to import)

    return float(stdtrit(n - n_constants, 0.5 + level / 2) ** 2)


def _log_likelihood(objective: Objective, w: Floats, value: float) -> float:
    """max over s of -F / s - sum_i ln Z(s / w_i), found by golden sections in ln s."""
    from scipy.optimize import minimize_scalar  # noqa: PLC0415

    if not 0 < value < np.inf:
        return -np.inf if value else np.inf

    def minus(log_s: float) -> float:
        s = float(np.exp(log_s))
        return value / s + float(np.sum(_log_normaliser(objective, s / w)))

    rough = np.log(value / len(w))  # s of Laplace's density; the normal's is twice that
    return -float(minimize_scalar(minus, bounds=(rough - 5, rough + 5), method="bounded", options={"xatol": 1e-9}).fun)


def _log_normaliser(objective: Objective, s: Floats) -> Floats:
    """ln of the integral over r of exp(-lean(r) rho(r) / s)."""
    return np.asarray(np.log((_integral(objective.delta, s) + _integral(objective.delta, s / objective.lean)) / 2))


def _integral(delta: float, s: Floats) -> Floats:
    """The integral of exp(-rho(r) / s) over all r."""
    from scipy.special import erf  # noqa: PLC0415

    if delta == 0:
        return 2 * s
    if delta == np.inf:
        return np.sqrt(2 * np.pi * s)
    root = delta / np.sqrt(2 * s)
    return np.sqrt(2 * np.pi * s) * erf(root) + 2 * (s / delta) * np.exp(-(root**2))
