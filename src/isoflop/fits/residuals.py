"""New outputs made from a fit and its residuals, for the residual and the wild bootstrap."""

import numpy as np
from numpy.typing import NDArray

from isoflop.estimates.objective import LOG
from isoflop.fits.objective import Floats
from isoflop.fits.problem import Problem
from isoflop.fits.tangent import jacobian

SHRUNK = (
    0.1  # a run so near to fixing a constant by itself that its residual shrinks by more tells nothing of its noise
)


def redrawn(problem: Problem, theta: Floats, draws: int, rng: np.random.Generator) -> Floats:
    """(draws, n) outputs: the fit's, plus residuals drawn with replacement (Efron 1979).

    Residuals are corrected for leverage, made comparable by the square roots of their weights, and moved so that the
    objective's own centre of them is 0: the mean for squares, the median for absolute deviations.
    """
    root = np.sqrt(problem.weights)
    used = root > 0
    even = (corrected(problem, theta) * root)[used]
    even = even - centre(problem, even)
    chosen = even[rng.integers(0, len(even), (draws, len(root)))]
    return _outputs(problem, theta, chosen / np.where(used, root, 1.0))


def flipped(
    problem: Problem, theta: Floats, clusters: NDArray[np.intp], draws: int, rng: np.random.Generator
) -> Floats:
    """(draws, n) outputs: the fit's, plus the corrected residuals with random signs, one sign for a cluster (n,).

    Rademacher's signs, -1 or 1 (Liu 1988; for runs of different noise). Under Mammen's two values, -0.62 and 1.62, the
    mean of a residual is 0 but not its median, so a robust fit would not stay where it is (Feng, He and Hu 2011).
    """
    signs = rng.integers(0, 2, (draws, clusters.max() + 1))[:, clusters] * 2.0 - 1.0
    return _outputs(problem, theta, signs * corrected(problem, theta))


def corrected(problem: Problem, theta: Floats) -> Floats:
    """r_i / sqrt(1 - h_i), h_i being the leverage of a run: a fit comes nearer to its runs than the truth does."""
    r = problem.objective.residuals(problem.fitted(theta), problem.measured)
    return np.asarray(r / np.sqrt(np.maximum(1 - leverage(problem, theta), SHRUNK)))


def leverage(problem: Problem, theta: Floats) -> Floats:
    """(n,): the diagonal of the hat matrix of W^(1/2) J."""
    J = jacobian(problem, theta) * np.sqrt(problem.weights)[:, None]
    J = J[:, np.abs(J).max(axis=0) > 0]
    U, sizes, _ = np.linalg.svd(J / np.abs(J).max(axis=0), full_matrices=False)
    return np.asarray(np.sum(U[:, sizes > 1e-12 * sizes[0]] ** 2, axis=1))


def centre(problem: Problem, residuals: Floats) -> float:
    """The number whose subtraction makes the objective of these residuals least; its derivative is bisected."""
    objective = problem.objective
    low, high = float(residuals.min()), float(residuals.max())
    for _ in range(100):
        middle = (low + high) / 2
        r = residuals - middle
        pull = np.sign(r) if objective.delta == 0 else np.clip(r, -objective.delta, objective.delta)
        low, high = (middle, high) if np.sum(np.where(r < 0, objective.lean, 1.0) * pull) > 0 else (low, middle)
    return (low + high) / 2


def _outputs(problem: Problem, theta: Floats, residuals: Floats) -> Floats:
    fitted = problem.fitted(theta)
    return fitted * np.exp(-residuals) if problem.objective.scale == LOG else fitted - residuals
