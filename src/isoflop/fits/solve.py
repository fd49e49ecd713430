"""One optimiser for every parametric fit: many starts or many resamples, side by side, each to a certified optimum."""

from dataclasses import dataclass
from itertools import product
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from isoflop.fits.objective import LN_HIGH, LN_LOW, Floats, compiled, double_precision
from isoflop.laws.law import Law

SLOTS = 64  # candidates side by side; with few rows a fixed number, so that one compiled program serves all fits
ROWS = 64  # rows are padded (with weight 0) to this or the next power of two, for the same reason
CELLS = 2**20  # at most this many candidates x rows at once, about 0.4 GB
MAX_STEPS = 100
TOLERANCE = 1e-12  # of the decrease that Newton's model still promises, relative to the objective
PINNED = 1e-14  # a constant on a log scale with a smaller share of the curvature no longer matters: it is held at 0
STUCK = 12  # steps without a decrease after which a candidate is given up


@dataclass(frozen=True)
class Problem:
    """A form and the runs to fit it to: inputs (k, n), ln_y (n,), weights (n,) of the runs, and the Huber threshold."""

    form: type[Law]
    inputs: Floats
    ln_y: Floats
    weights: Floats
    delta: float

    def padded(self, weights: Floats) -> tuple[Floats, Floats, Floats]:
        """Inputs, ln y and (batch, n) weights with rows of weight 0 added up to a standard size."""
        n = len(self.ln_y)
        extra = max(ROWS, 1 << (n - 1).bit_length()) - n
        inputs = np.concatenate([self.inputs, np.repeat(self.inputs[:, :1], extra, axis=1)], axis=1)
        ln_y = np.concatenate([self.ln_y, np.repeat(self.ln_y[:1], extra)])
        return inputs, ln_y, np.concatenate([weights, np.zeros((len(weights), extra))], axis=1)


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


def starts(form: type[Law]) -> Floats:
    """The full grid of the form's starts, in search coordinates."""
    axes = [np.log(p.starts) if p.scale == "log" else np.asarray(p.starts) for p in form.params()]
    return np.asarray(list(product(*axes)), dtype=np.float64)


def screen(problem: Problem, theta: Floats) -> Floats:
    """The objective at each candidate; infinite where the law gives no number."""
    values, _, _ = compiled(problem.form)
    slots = _slots(problem)
    inputs, ln_y, weights = problem.padded(np.broadcast_to(problem.weights, (slots, len(problem.ln_y))))
    found = np.empty(len(theta))
    with double_precision():
        for first in range(0, len(theta), slots):
            chunk = theta[first : first + slots]
            full = np.concatenate([chunk, np.repeat(chunk[:1], slots - len(chunk), axis=0)])
            at = np.asarray(values(full, weights, inputs, ln_y, problem.delta))
            found[first : first + slots] = at[: len(chunk)]
    return np.where(np.isfinite(found), found, np.inf)


def minimise(problem: Problem, theta: Floats, weights: Floats | None = None) -> Solution:
    """Descend from each row of theta, with the runs' weights or with a row of weights (m, n) for each.

    Damped Newton and damped majorised Gauss-Newton steps compete at every step; what has converged leaves its slot to
    the next candidate.
    """
    m = len(theta)
    slots = _slots(problem)
    inputs, ln_y, base = problem.padded(problem.weights[None])
    rows = base if weights is None else problem.padded(weights)[2]
    theta = theta.copy()
    objective, gradient, done = np.full(m, np.inf), np.ones(theta.shape), np.zeros(m, bool)
    damping, stuck = np.full(m, 1e-3), np.zeros(m, int)
    waiting, active, steps = np.arange(m), np.empty(0, int), 0
    age = np.zeros(m, int)
    values, derivatives, _ = compiled(problem.form)
    on_log = np.asarray([each.scale == "log" for each in problem.form.params()])

    with double_precision(), np.errstate(all="ignore"):  # a step too far overflows and is refused
        while True:
            taken = waiting[: slots - len(active)]
            active, waiting = np.concatenate([active, taken]), waiting[len(taken) :]
            if not len(active):
                break
            steps += 1
            age[active] += 1
            fill = np.concatenate([active, np.repeat(active[:1], slots - len(active))])
            here = theta[fill]
            w = rows[fill] if weights is not None else np.broadcast_to(rows, (slots, rows.shape[1]))
            w, x, y = (jax.device_put(each) for each in (w, inputs, ln_y))
            f, g, H, G, gross = map(np.array, derivatives(here, w, x, y, problem.delta))
            _pin(here, g, H, G, on_log)
            newton, majorised, promise = _steps(g, H, G)
            best, best_f = here.copy(), f.copy()
            lam = damping[fill, None]
            for step, strength in ((newton, 0 * lam), (newton, lam), (majorised, lam), (majorised, 30 * lam)):
                there = np.clip(here + step(strength), LN_LOW, LN_HIGH)
                value = np.asarray(values(there, w, x, y, problem.delta))
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


def _slots(problem: Problem) -> int:
    n = max(ROWS, 1 << (len(problem.ln_y) - 1).bit_length())
    return max(8, min(SLOTS, CELLS // n))


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


def best_starts(problem: Problem, grid: Floats, count: int) -> Floats:
    """The `count` starts of lowest objective."""
    return grid[np.argsort(screen(problem, grid), kind="stable")[:count]]
