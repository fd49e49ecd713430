"""One optimiser for every parametric fit: many starts or many resamples, side by side, each to a certified optimum."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from isoflop.fits.objective import LN_HIGH, LN_LOW, Floats, compiled, double_precision
from isoflop.fits.problem import ROWS, Problem

SLOTS = 64  # candidates side by side at the most, and
FEWEST = 2  # at the least; so many for a number of rows always, so that one compiled program serves all fits to them
CELLS = 2**12  # candidates x rows: more side by side cost a lone straggler more than they save the many
MAX_STEPS = 100
TOLERANCE = 1e-12  # of the decrease that Newton's model still promises, relative to the objective
PINNED = 1e-14  # a constant on a log scale with a smaller share of the curvature no longer matters: it is held at 0
STUCK = 12  # steps without a decrease after which a candidate is given up
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


def screen(problem: Problem, theta: Floats) -> Floats:
    """The objective at each candidate; infinite where the law gives no number."""
    values, _, _ = compiled(problem.form, problem.objective.scale)
    slots = _slots(problem)
    inputs, shape = problem.padded_inputs(), (_delta(problem), problem.objective.lean)
    weights = np.broadcast_to(problem.pad(problem.weights, zero=True), (slots, problem.padded_rows))
    target = np.broadcast_to(problem.pad(problem.target), weights.shape)
    found = np.empty(len(theta))
    with double_precision(), np.errstate(all="ignore"):
        w, x, y = (jax.device_put(each) for each in (weights, inputs, target))
        for first in range(0, len(theta), slots):
            chunk = theta[first : first + slots]
            full = np.concatenate([chunk, np.repeat(chunk[:1], slots - len(chunk), axis=0)])
            at = np.asarray(values(full, w, x, y, shape))
            found[first : first + slots] = at[: len(chunk)]
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
    Least absolute deviations have no curvature: they are come at through smaller and smaller Huber thresholds.
    """
    target = None if measured is None else replace(problem, measured=measured).target
    if problem.objective.delta > 0:
        return _descend(problem, _delta(problem), theta, weights, target, held=held)
    solution = _descend(problem, _delta(problem), theta, weights, target, held=held)
    w = problem.weights if weights is None else weights
    total = np.sum(np.broadcast_to(w, (len(theta), len(problem.measured))), axis=1)
    delta, steps = _delta(problem), solution.steps
    typical = float(np.median(solution.objective[np.isfinite(solution.objective)] / delta / total.mean()))
    last = max(ABSOLUTE * typical, 1e-15 * problem.scale)
    while delta > last:
        delta = max(delta * GENTLER, last)
        solution = _descend(problem, delta, solution.theta, weights, target, held=held)
        steps += solution.steps
    return replace(solution, objective=solution.objective / delta, steps=steps)


def _delta(problem: Problem) -> float:
    """The Huber threshold to begin with: the objective's own, or one of the size of good fits' residuals."""
    return problem.objective.delta or 1e-3 * problem.scale


def _descend(
    problem: Problem,
    delta: float,
    theta: Floats,
    weights: Floats | None,
    target: Floats | None,
    *,
    held: NDArray[np.bool_] | None = None,
) -> Solution:
    """Damped Newton and damped majorised Gauss-Newton steps compete at every step.

    What has converged leaves its slot to the next candidate.
    """
    m = len(theta)
    slots = _slots(problem)
    inputs, shape = problem.padded_inputs(), (delta, problem.objective.lean)
    rows = problem.pad(problem.weights[None] if weights is None else weights, zero=True)
    targets = problem.pad(problem.target[None] if target is None else target)
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
            idle = _idle(G, on_log) & ~still[fill]
            here[idle] = LN_LOW
            _hold(g, H, G, idle | still[fill])
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
    """Constants that have run to 0: they no longer matter, and are put at the bottom of their range.

    Left free, such a constant falls for ever, an e-fold a step, and keeps the others from their optimum.
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
