"""One optimiser for every parametric fit: many starts or many resamples, side by side, each to a certified optimum."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from isoflop.fits.absolute import vertices
from isoflop.fits.objective import LN_HIGH, LN_LOW, Floats, compiled, double_precision
from isoflop.fits.problem import ROWS, Problem

SLOTS = 64  # candidates side by side at the most, and
FEWEST = 2  # at the least; so many for a number of rows always, so that one compiled program serves all fits to them
CELLS = 2**12  # candidates x rows: more side by side cost a lone straggler more than they save the many
MAX_STEPS = 100
TOLERANCE = 1e-12  # of the decrease that Newton's model still promises, relative to the objective
PINNED = 1e-14  # a constant on a log scale with a smaller share of the curvature no longer matters
STUCK = 12  # steps without a decrease after which a candidate is given up
GENTLE = 1e-3  # the Huber threshold that absolute deviations begin with: the size of good fits' residuals
FAR_BELOW = 1e-200


@dataclass(frozen=True)
class Solution:
    """Where each candidate ended: theta (m, p), objective (m,), gradient (m, p), converged (m,), steps in all.

    gradient is |sum of pulls| ÷ sum of |pulls| on each constant: 0 at an optimum, 1 far from it, and the same whatever
    the units, the weights' scale or the number of runs.
    """

    theta: Floats
    objective: Floats
    gradient: Floats
    converged: NDArray[np.bool_]
    steps: int


def screen(problem: Problem, theta: Floats, weights: Floats | None = None, *, measured: Floats | None = None) -> Floats:
    """The objective at each candidate; infinite where the law gives no number. Arguments as in `minimise`."""
    values, _, _ = compiled(problem.form, problem.objective.scale)
    slots, inputs = _slots(problem), problem.padded_inputs()
    # Far below every residual, Huber's function over its threshold is the absolute value.
    delta = problem.objective.delta or FAR_BELOW
    rows, targets = _rows(problem, weights, measured)
    found = np.empty(len(theta))
    with double_precision(), np.errstate(all="ignore"):
        x = jax.device_put(inputs)
        weights_of, target_of = _by_slot(rows, slots), _by_slot(targets, slots)
        for first in range(0, len(theta), slots):
            fill = np.minimum(np.arange(first, first + slots), len(theta) - 1)
            at = np.asarray(values(theta[fill], weights_of(fill), x, target_of(fill), (delta, problem.objective.lean)))
            found[first : first + slots] = at[: len(theta) - first]
    if problem.objective.delta == 0:
        found /= delta
    return np.where(np.isfinite(found), found, np.inf)


def minimise(
    problem: Problem,
    theta: Floats,
    weights: Floats | None = None,
    *,
    measured: Floats | None = None,
    held: NDArray[np.bool_] | None = None,
) -> Solution:
    """Descend from each row of theta; with `weights` or `measured` (m, n), each row has its own of them.

    Where held (m, p) is true, a constant stays as it is and the others are looked for.
    Least absolute deviations have no curvature: a Huber threshold brings them near, pivots between vertices end there.
    """
    rows, targets = _rows(problem, weights, measured)
    solution = _descend(problem, problem.objective.delta or GENTLE * problem.scale, theta, rows, targets, held=held)
    if problem.objective.delta > 0:
        return solution
    each, still = (len(theta), len(problem.measured)), np.zeros(theta.shape, bool) if held is None else held
    w, y = (np.broadcast_to(values[:, : each[1]], each) for values in (rows, targets))
    end, value, certified = vertices(problem, solution.theta, w, y, still)
    gradient = np.repeat(np.where(certified, 0.0, 1.0)[:, None], theta.shape[1], axis=1)
    return Solution(end, value, gradient, certified, solution.steps)


def _rows(problem: Problem, weights: Floats | None, measured: Floats | None) -> tuple[Floats, Floats]:
    """Weights and targets, padded: one row for all candidates, or a row for each."""
    target = problem.target if measured is None else replace(problem, measured=measured).target
    rows = np.atleast_2d(problem.weights if weights is None else weights)
    return problem.pad(rows, zero=True), problem.pad(np.atleast_2d(target))


def _descend(
    problem: Problem,
    delta: float,
    theta: Floats,
    rows: Floats,
    targets: Floats,
    *,
    held: NDArray[np.bool_] | None = None,
) -> Solution:
    """Damped Newton and damped majorised Gauss-Newton steps compete at every step.

    What has converged leaves its slot to the next candidate.
    """
    m = len(theta)
    slots = _slots(problem)
    inputs, shape = problem.padded_inputs(), (delta, problem.objective.lean)
    theta = theta.copy()
    still = np.zeros(theta.shape, bool) if held is None else held
    objective, gradient, done = np.full(m, np.inf), np.ones(theta.shape), np.zeros(m, bool)
    damping, stuck = np.full(m, 1e-3), np.zeros(m, int)
    waiting, active, steps = np.arange(m), np.empty(0, int), 0
    age = np.zeros(m, int)
    values, derivatives, _ = compiled(problem.form, problem.objective.scale)
    on_log = np.asarray([each.scale == "log" for each in problem.form.params()])
    bounds = np.where(on_log, LN_LOW, -np.inf), np.where(on_log, LN_HIGH, np.inf)

    with double_precision(), np.errstate(all="ignore"):  # a step too far overflows and is refused
        x = jax.device_put(inputs)
        weights_of, target_of = _by_slot(rows, slots), _by_slot(targets, slots)
        while True:
            taken = waiting[: slots - len(active)]
            active, waiting = np.concatenate([active, taken]), waiting[len(taken) :]
            if not len(active):
                break
            steps += 1
            age[active] += 1
            fill = np.concatenate([active, np.repeat(active[:1], slots - len(active))])
            here = theta[fill]
            w, y = weights_of(fill), target_of(fill)
            f, g, H, G, gross = map(np.array, derivatives(here, w, x, y, shape))
            stays = still[fill]
            idle = _idle(G, on_log) & ~stays
            if idle.any():
                at_zero = np.where(idle, LN_LOW, here)
                no_higher = np.asarray(values(at_zero, w, x, y, shape)) <= f * (1 + TOLERANCE)
                here = np.where(no_higher[:, None], at_zero, here)
            _hold(g, H, G, idle | stays)
            newton, majorised, promise = _steps(g, H, G)
            best, best_f = here.copy(), f.copy()
            lam = damping[fill, None]
            for step, strength in ((newton, 0 * lam), (newton, lam), (majorised, lam), (majorised, 30 * lam)):
                there = np.clip(here + step(strength), *bounds)
                value = np.asarray(values(there, w, x, y, shape))
                better = value < best_f
                best[better], best_f[better] = there[better], value[better]

            k = len(active)
            fell = best_f[:k] < f[:k]
            theta[active], objective[active] = best[:k], np.where(np.isfinite(f[:k]), best_f[:k], np.inf)
            gradient[active] = (np.abs(g) / np.maximum(gross, 1e-300))[:k]
            damping[active] = np.clip(damping[active] * np.where(fell, 0.2, 10.0), 1e-9, 1e9)
            stuck[active] = np.where(fell, 0, stuck[active] + 1)
            done[active] = promise[:k] <= TOLERANCE * np.maximum(f[:k], 1e-300)
            stop = done[active] | (stuck[active] >= STUCK) | (age[active] >= MAX_STEPS) | ~np.isfinite(f[:k])
            active = active[~stop]
    return Solution(theta, objective, gradient, done, steps)


def _by_slot(rows: Floats, slots: int) -> Callable[[NDArray[np.intp]], Any]:
    """The rows of the candidates in the slots, on the device; one row for all is put there once."""
    if len(rows) == 1:
        same = jax.device_put(np.broadcast_to(rows, (slots, rows.shape[1])))
        return lambda fill: same
    return lambda fill: jax.device_put(rows[fill])


def _slots(problem: Problem) -> int:
    cells = problem.padded_rows * max(int(np.prod(each.shape[1:])) for each in problem.inputs)
    return max(FEWEST, min(SLOTS, CELLS // max(cells, ROWS)))


def _idle(G: Floats, on_log: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Constants on a log scale that no longer matter, nearly always since they have run to 0.

    Left free, such a constant falls for ever, an e-fold a step, and keeps the others from their optimum. So it is put
    at the bottom of its range, unless that raises the objective: then it ran to infinity, and is held where it is.
    """
    size = np.einsum("bii->bi", G)
    return np.asarray(on_log & (size < PINNED * size.max(1, keepdims=True)))


def _hold(g: Floats, H: Floats, G: Floats, held: NDArray[np.bool_]) -> None:
    """Take constants out of the derivatives, in place, so that no step moves them."""
    g[held] = 0.0
    row, constant = np.nonzero(held)
    for M in (H, G):
        M[row, constant, :] = 0.0
        M[row, :, constant] = 0.0
        M[row, constant, constant] = 1.0


def _steps(g: Floats, H: Floats, G: Floats) -> tuple[Any, Any, Floats]:
    """Newton and majorised steps as functions of the damping, and the decrease that Newton's model promises.

    Both matrices are scaled to unit diagonal of G, so that damping means the same for every constant. Newton's uses the
    sizes of the eigenvalues: it leaves saddles instead of going to them.
    """
    scale = 1 / np.sqrt(np.maximum(np.einsum("bii->bi", G), 1e-300))
    usable = np.asarray(np.isfinite(H).all((1, 2)) & np.isfinite(G).all((1, 2)) & np.isfinite(g).all(1))
    eye = np.eye(g.shape[1])
    both = scale[:, :, None] * scale[:, None, :]
    scaled: list[Floats] = [np.asarray(np.where(usable[:, None, None], M * both, eye)) for M in (H, G)]
    (h, U), (e, V) = (np.linalg.eigh(M) for M in scaled)
    h = np.maximum(np.abs(h), 1e-14 * np.abs(h).max(1, keepdims=True) + 1e-300)
    e = np.maximum(e, 1e-14 * e.max(1, keepdims=True) + 1e-300)
    pull: Floats = np.asarray(np.where(usable[:, None], g * scale, 0.0))
    in_U, in_V = np.einsum("bij,bi->bj", U, pull), np.einsum("bij,bi->bj", V, pull)

    def newton(damping: Floats) -> Any:
        return -scale * np.einsum("bij,bj->bi", U, in_U / (h + damping))

    def majorised(damping: Floats) -> Any:
        return -scale * np.einsum("bij,bj->bi", V, in_V / (e + damping))

    return newton, majorised, 0.5 * np.sum(in_U**2 / h, axis=1)
