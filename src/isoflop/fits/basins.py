"""Refits of many draws, each to its own lowest optimum: begun at the fit's, and looked for in other basins too."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from isoflop.fits.objective import Floats
from isoflop.fits.problem import Problem
from isoflop.fits.solve import minimise

SOUNDED = 64  # draws whose optima are followed back to the fit's own objective: where they end are its basins
MOST_BASINS = 6
POOL = 256  # optima of draws that every draw is compared with, where only weights differ; for new outputs, FEW
FEW = 24
ROUNDS = 4
LOWER = 1e-8  # relative; another optimum that is lower by less is the same


@dataclass(frozen=True)
class Refits:
    """Where each draw ended: theta (m, p), objective (m,), converged (m,).

    moved: how many draws had a lower optimum than the one reached from the fit's; basins: optima of the fit itself.
    """

    theta: Floats
    objective: Floats
    converged: NDArray[np.bool_]
    moved: int
    basins: int


def refit(problem: Problem, start: Floats, weights: Floats | None, measured: Floats | None, draws: int) -> Refits:
    """Minimise each draw's objective from `start` (p,), then from wherever else a lower value shows.

    1. The optima of 64 draws are followed back to the fit's own objective. Where that has several optima (Muennighoff's
    law on their runs has five), every draw starts from each. 2. Every draw's objective is taken at the optima of
    others, a matrix product where only weights differ; where one is lower than its own optimum, it starts again there.
    Draws that did not converge start again at the two best.
    Measured on 400 draws each: no draw of L(N, D) on the runs of Besiroglu et al. 2024 or of Gemstones moved, but for 1
    in 80 that had not converged; of Muennighoff's law 146 did, and 122 would have stayed up to 4 % above their optimum.
    """
    solution = minimise(problem, np.repeat(start[None], draws, axis=0), weights, measured=measured)
    theta, objective, converged = solution.theta, solution.objective, solution.converged
    first = objective.copy()
    others = _basins(problem, start, theta)

    def improve(rows: NDArray[np.intp], starts: Floats) -> bool:
        again = minimise(
            problem,
            starts,
            None if weights is None else weights[rows],
            measured=None if measured is None else measured[rows],
        )
        lower = again.objective < objective[rows] * (1 - LOWER)
        takes = lower | (again.converged & ~converged[rows] & (again.objective <= objective[rows] * (1 + LOWER)))
        at = rows[takes]
        theta[at], objective[at], converged[at] = again.theta[takes], again.objective[takes], again.converged[takes]
        return bool(takes.any())

    for other in others:
        improve(np.arange(draws), np.repeat(other[None], draws, axis=0))
    for _ in range(ROUNDS):
        pool = theta[np.linspace(0, draws - 1, min(draws, POOL if measured is None else FEW)).astype(int)]
        values = _values(problem, pool, weights, measured)
        best = np.argsort(values, axis=1, kind="stable")[:, :2]
        lower = np.flatnonzero(np.min(values, axis=1) < objective * (1 - LOWER))
        lost = np.flatnonzero(~converged)
        again = improve(lower, pool[best[lower, 0]]) if len(lower) else False
        for place in range(best.shape[1]):
            again |= improve(lost, pool[best[lost, place]]) if len(lost) else False
        if not again:
            break
    return Refits(theta, objective, converged, int(np.sum(objective < first * (1 - LOWER))), 1 + len(others))


def _basins(problem: Problem, start: Floats, theta: Floats) -> Floats:
    """Other optima of the fit's own objective (k, p), lowest first, that some of the draws' optima lead to."""
    some = theta[np.linspace(0, len(theta) - 1, min(len(theta), SOUNDED)).astype(int)]
    found = minimise(problem, np.concatenate([start[None], some]))
    here = found.objective[0]
    distinct: dict[float, int] = {}
    for row in np.argsort(found.objective, kind="stable"):
        share = found.objective[row] / here - 1 if here > 0 else 0.0
        same = any(abs(share - other) < 100 * LOWER for other in (0.0, *distinct))
        if found.converged[row] and not same:
            distinct[share] = int(row)
    return found.theta[list(distinct.values())[:MOST_BASINS]]


def _values(problem: Problem, pool: Floats, weights: Floats | None, measured: Floats | None) -> Floats:
    """(draws, k): the objective of each draw at each of the pool, infinite where the law gives no number."""
    fitted, objective = np.stack([problem.fitted(theta) for theta in pool]), problem.objective
    with np.errstate(all="ignore"):
        if measured is None:
            assert weights is not None
            losses = objective.value(objective.residuals(fitted, problem.measured)[..., None])
            values = weights @ losses.T
        else:
            w = problem.weights if weights is None else weights
            values = np.stack([objective.value(objective.residuals(f, measured), w) for f in fitted], axis=1)
    return np.where(np.isfinite(values), values, np.inf)
