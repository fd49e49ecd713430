"""Least squares for a swarm: one law fitted to many tables, halves of tables or resamples side by side, in one program.

`solve.minimise` certifies optima of any objective for one table. Here every candidate has its own runs, the objective
is squares of log residuals (or Huber's), and nothing leaves the compiled loop: 20 times faster where a law bends its
valleys.
"""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from isoflop.fits.objective import LN_HIGH, LN_LOW, Floats, double_precision, from_search
from isoflop.laws.law import UNKNOWN, About, Law, Param

SLOTS = 64  # candidates side by side, always this many: one compiled program a law and number of rows
ROWS = 48  # rows are padded with weight 0 to a multiple of this, or many to a power of two: few programs serve all
STEPS = 60
SETTLED = 1e-9  # a step that lowers no candidate's objective by more than this share, twice over, ends the descent
STUCK = 1e4  # damping, relative to the curvature, past which a candidate is given up
TURN = 0.75  # the largest second-order part of a step, relative to the first-order one (Transtrum and Sethna 2012)


@dataclass(frozen=True)
class Sample:
    """Runs as logarithms: ln of each input and of the output, (n,) or one row a candidate (m, n); weights likewise."""

    inputs: tuple[Floats, ...]
    target: Floats
    weights: Floats

    @property
    def rows(self) -> int:
        """n."""
        return int(self.target.shape[-1])

    def weighing(self, weights: Floats) -> "Sample":
        """The same runs with other weights; those of weight 0 are left out of a fit."""
        return Sample(self.inputs, self.target, weights)


def descend(
    form: type[Law], theta: Floats, sample: Sample, *, delta: float = np.inf, steps: int = STEPS
) -> tuple[Floats, Floats]:
    """Where a damped Gauss-Newton descent from each row of theta ends, and sum of w r^2 there; infinite if nowhere.

    With delta it is the sum of 2 w Huber_delta(r); r = ln f - ln y. Levenberg and Marquardt with geodesic acceleration
    (Transtrum and Sethna 2012, arXiv:1201.5885): steps bend with the valleys that stretched exponentials have.
    """
    m = len(theta)
    run, _ = _compiled(form)
    found, value = np.empty(theta.shape), np.empty(m)
    with double_precision():
        for first in range(0, m, SLOTS):
            at = slice(first, min(first + SLOTS, m))
            x, y, w = _padded(sample, at)
            start = _filled(theta[at])
            ended, f = run(start, (x, y, w), delta, steps)
            found[at], value[at] = np.asarray(ended)[: at.stop - first], np.asarray(f)[: at.stop - first]
    return found, np.where(np.isfinite(value) & np.isfinite(found).all(1), value, np.inf)


def best(form: type[Law], starts: Sequence[Floats], sample: Sample, weights: Floats) -> tuple[Floats, Floats]:
    """The lowest of the descents from its own starts for each row of weights (k, n): theta (k, p), sum of w r^2."""
    counts = [len(each) for each in starts]
    theta, value = descend(form, np.concatenate(starts), sample.weighing(np.repeat(weights, counts, axis=0)))
    ends = np.cumsum(counts)
    lowest = [end - count + int(np.argmin(value[end - count : end])) for end, count in zip(ends, counts, strict=True)]
    return theta[lowest], value[lowest]


def tangents(form: type[Law], theta: Floats, sample: Sample) -> tuple[Floats, Floats]:
    """ln y - ln f (m, n), and the derivatives of ln f with respect to the search coordinates (m, n, p)."""
    m, n = len(theta), sample.rows
    _, linear = _compiled(form)
    r, J = np.empty((m, n)), np.empty((m, n, theta.shape[1]))
    with double_precision():
        for first in range(0, m, SLOTS):
            at = slice(first, min(first + SLOTS, m))
            x, y, _ = _padded(sample, at)
            each_r, each_J = linear(_filled(theta[at]), x, y)
            r[at], J[at] = -np.asarray(each_r)[: at.stop - first, :n], np.asarray(each_J)[: at.stop - first, :n]
    return r, J


def law_at(form: type[Law], theta: Floats, about: About = UNKNOWN) -> Law:
    """The law at a point of the search; a constant beyond the end of its domain is put there."""
    params = form.params()
    found = from_search(params, theta)
    return form(**{p.name: float(np.clip(found[p.name], *p.domain)) for p in params}, about=about)


def _filled(rows: Floats) -> Floats:
    """The first row repeated up to SLOTS."""
    return np.concatenate([rows, np.repeat(rows[:1], SLOTS - len(rows), axis=0)])


def _padded(sample: Sample, at: slice) -> tuple[tuple[Any, ...], Any, Any]:
    n = sample.rows
    rows = -(-n // ROWS) * ROWS if n <= 4 * ROWS else 1 << (n - 1).bit_length()

    def full(each: Floats, zero: bool = False) -> Any:
        some = each[None] if each.ndim == 1 else each[at]
        wide = np.concatenate([some, np.repeat(some[:, :1] * (0.0 if zero else 1.0), rows - n, axis=1)], axis=1)
        return np.broadcast_to(wide, (SLOTS, rows)) if len(wide) == 1 else _filled(wide)

    return tuple(full(x) for x in sample.inputs), full(sample.target), full(sample.weights, zero=True)


def constants_of(params: Sequence[Param], theta: Any) -> dict[str, Any]:
    """Search coordinates (..., p) → constants by name, each (...): arrays of NumPy or JAX, whichever came in."""
    exp = jnp.exp if not isinstance(theta, np.ndarray) else np.exp
    return {p.name: exp(theta[..., i]) if p.scale == "log" else theta[..., i] for i, p in enumerate(params)}


def _compiled(form: type[Law]) -> tuple[Callable[..., Any], Callable[..., Any]]:
    key: Any = form
    return _programs(key)


@functools.lru_cache(maxsize=32)
def _programs(form: type[Law]) -> tuple[Callable[..., Any], Callable[..., Any]]:
    params = form.params()
    p = len(params)
    low = np.asarray([LN_LOW if each.scale == "log" else -np.inf for each in params])
    high = np.asarray([LN_HIGH if each.scale == "log" else np.inf for each in params])

    def residual(theta: Any, x: Any, y: Any) -> Any:
        return jnp.log(form(**constants_of(params, theta))(*(jnp.exp(each) for each in x))) - y

    def bend(theta: Any, v: Any, x: Any, y: Any) -> Any:
        def along(at: Any) -> Any:
            return jax.jvp(lambda t: residual(t, x, y), (at,), (v,))[1]

        return jax.jvp(along, (theta,), (v,))[1]

    def value(theta: Any, x: Any, y: Any, w: Any, delta: Any) -> Any:
        size = jnp.abs(residual(theta, x, y))
        found = jnp.sum(jnp.where(w > 0, w * jnp.where(size <= delta, size**2, delta * (2 * size - delta)), 0.0))
        return jnp.where(jnp.isfinite(found), found, jnp.inf)

    residuals, values, bends = jax.vmap(residual), jax.vmap(value, (0, 0, 0, 0, None)), jax.vmap(bend)
    jacobians = jax.vmap(jax.jacfwd(residual))

    def run(theta: Any, runs: Any, delta: Any, steps: Any) -> Any:
        x, y, w = runs

        def more(state: Any) -> Any:
            _, _, _, still, step = state
            return (step < steps) & jnp.any(still < 2)

        def move(state: Any) -> Any:
            theta, damping, f, still, step = state
            J, r = jacobians(theta, x, y), residuals(theta, x, y)
            held = jnp.where(jnp.abs(r) <= delta, 1.0, delta / jnp.maximum(jnp.abs(r), 1e-300))
            weighted = J * (w * held)[:, :, None]
            G = jnp.sum(weighted[:, :, :, None] * J[:, :, None, :], axis=1)
            size = jnp.sqrt(jnp.maximum(jnp.einsum("bii->bi", G), 1e-300))
            scaled = G / (size[:, :, None] * size[:, None, :]) + (damping[:, None, None] + 1e-14) * jnp.eye(p)
            solve = _cholesky(scaled, p)
            v = -solve(jnp.sum(weighted * r[:, :, None], axis=1) / size) / size
            a = -0.5 * solve(jnp.sum(weighted * bends(theta, v, x, y)[:, :, None], axis=1) / size) / size
            straight = jnp.linalg.norm(a * size, axis=1) < TURN * jnp.linalg.norm(v * size, axis=1)
            there = jnp.clip(theta + v + jnp.where(straight[:, None], a, 0.0), low, high)
            f_there = values(there, x, y, w, delta)
            fell = (f_there < f) & straight
            settled = (f - f_there <= SETTLED * f) & (f_there <= f * (1 + SETTLED)) | (f <= 1e-24)
            stuck = damping > STUCK  # steps of nothing lower nothing
            still = jnp.where((settled & straight) | stuck, still + 1, jnp.where(fell, 0, still))
            theta = jnp.where(fell[:, None], there, theta)
            damping = jnp.clip(jnp.where(fell, damping * 0.1, damping * 6.0), 1e-13, 1e6)
            return theta, damping, jnp.where(fell, f_there, f), still, step + 1

        start = (theta, jnp.full(len(theta), 1e-4), values(theta, x, y, w, delta), jnp.zeros(len(theta), int), 0)
        theta, _, f, _, _ = jax.lax.while_loop(more, move, start)
        return theta, f

    return jax.jit(run), jax.jit(lambda theta, x, y: (residuals(theta, x, y), jacobians(theta, x, y)))


def _cholesky(A: Any, p: int) -> Callable[[Any], Any]:
    """Solves A x = g for a batch of small positive matrices; written out, since a call a matrix takes far longer."""
    L: list[list[Any]] = [[None] * p for _ in range(p)]
    for j in range(p):
        L[j][j] = jnp.sqrt(jnp.maximum(A[:, j, j] - sum(L[j][k] ** 2 for k in range(j)), 1e-30))
        for i in range(j + 1, p):
            L[i][j] = (A[:, i, j] - sum(L[i][k] * L[j][k] for k in range(j))) / L[j][j]

    def solve(g: Any) -> Any:
        z: list[Any] = [None] * p
        for i in range(p):
            z[i] = (g[:, i] - sum(L[i][k] * z[k] for k in range(i))) / L[i][i]
        x: list[Any] = [None] * p
        for i in reversed(range(p)):
            x[i] = (z[i] - sum(L[k][i] * x[k] for k in range(i + 1, p))) / L[i][i]
        return jnp.stack(x, axis=1)

    return solve
