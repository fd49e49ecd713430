"""One optimiser for every parametric fit: many starts or many resamples, side by side, each to a certified optimum."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from isoflop.fits.objective import LN_HIGH, LN_LOW, Floats, compiled, double_precision
from isoflop.fits.problem import ROWS, Problem

SLOTS = 64  # candidates side by side; with few rows a fixed number, so that one compiled program serves all fits
CELLS = 2**20  # at most this many candidates x numbers at once, about 0.4 GB
MAX_STEPS = 100
TOLERANCE = 1e-12  # of the decrease that Newton's model still promises, relative to the objective
PINNED = 1e-14  # a constant on a log scale with a smaller share of the curvature no longer matters: it is held at 0
STUCK = 12  # steps without a decrease after which a candidate is given up
GENTLE = 1e-3  # the Huber threshold that absolute deviations begin with: the size of good fits' residuals
FAR_BELOW = 1e-200
ABSOLUTE = 1e-7  # Huber's delta that stands for 0, relative to the mean residual: it moves no digit of the optimum
GENTLER = 0.1  # least absolute deviations are come at through Huber thresholds, each this times the one before


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
    problem: Problem, theta: Floats, weights: Floats | None = None, *, measured: Floats | None = None
) -> Solution:
    """Descend from each row of theta; with `weights` or `measured` (m, n), each row has its own of them.

    Least absolute deviations have no curvature: they are come at through smaller and smaller Huber thresholds.
    """
    rows, targets = _rows(problem, weights, measured)
    if problem.objective.delta > 0:
        return _descend(problem, problem.objective.delta, theta, rows, targets)
    delta = GENTLE * problem.scale
    solution = _descend(problem, delta, theta, rows, targets)
    found = screen(problem, solution.theta, weights, measured=measured)
    typical = float(np.median(found[np.isfinite(found)]) / rows.sum(axis=1).mean()) if np.isfinite(found).any() else 1.0
    last, steps = max(ABSOLUTE * typical, 1e-15 * problem.scale), solution.steps
    while delta > last:
        delta = max(delta * GENTLER, last)
        solution = _descend(problem, delta, solution.theta, rows, targets)
        steps += solution.steps
    return replace(solution, objective=screen(problem, solution.theta, weights, measured=measured), steps=steps)


def _rows(problem: Problem, weights: Floats | None, measured: Floats | None) -> tuple[Floats, Floats]:
    """Weights and targets, padded: one row for all candidates, or a row for each."""
    target = problem.target if measured is None else replace(problem, measured=measured).target
    rows = np.atleast_2d(problem.weights if weights is None else weights)
    return problem.pad(rows, zero=True), problem.pad(np.atleast_2d(target))


def _descend(problem: Problem, delta: float, theta: Floats, rows: Floats, targets: Floats) -> Solution:
    """Damped Newton and damped majorised Gauss-Newton steps compete at every step.

    What has converged leaves its slot to the next candidate.
    """
    m = len(theta)
    slots = _slots(problem)
    inputs, shape = problem.padded_inputs(), (delta, problem.objective.lean)
    theta = theta.copy()
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
            _pin(here, g, H, G, on_log)
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
    return max(8, min(SLOTS, CELLS // max(cells, ROWS)))


def _pin(theta: Floats, g: Floats, H: Floats, G: Floats, on_log: NDArray[np.bool_]) -> None:
    """Hold constants that have run to 0 at the bottom of their range, in place, and take them out of the derivatives.

    Left free, such a constant falls for ever, an e-fold a step, and keeps the others from their optimum.
    """
    size = np.einsum("bii->bi", G)
    pinned = on_log & (size < PINNED * size.max(1, keepdims=True))
    theta[pinned], g[pinned] = LN_LOW, 0.0
    row, constant = np.nonzero(pinned)
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
