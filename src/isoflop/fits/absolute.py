"""Least absolute deviations end at a vertex, where as many residuals are 0 as there are constants: found by pivots."""

import numpy as np
from numpy.typing import NDArray

from isoflop.fits.objective import Floats
from isoflop.fits.problem import Problem
from isoflop.fits.tangent import jacobian

CELLS = 2**22  # at most so many derivatives at once, 32 MB
OUTER = 30  # linearisations
STRAIGHT = 3  # linearisations after which one that leads too far means that the law bends there
PIVOTS = 300  # of one linear problem; from a near start 10 or 20 do
SETTLED = 1e-11  # of the objective: the fall that a linear problem still promises at the end
DEGENERATE = 1e-9  # a multiplier may exceed its bound by this share: counts of runs make ties common
APART = 1e-12  # of the mean residual
IDLE = 1e-9  # a constant that moves residuals by a smaller share than another does not matter
INDEPENDENT = 1e-5  # the share of a row that earlier rows of a basis must leave over


def vertices(
    problem: Problem, theta: Floats, weights: Floats, target: Floats, held: NDArray[np.bool_]
) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """(theta, sum_i w_i lean_i |r_i|, certified) from starts (m, p) near their optima; weights and target are (m, n).

    Each step solves min_d sum w |r + J d| by the simplex method of Barrodale and Roberts 1973, for all starts at once,
    and goes there, or part of the way if the objective itself does not fall. A bent law may have its optimum on an edge
    instead, with one residual less at 0: Newton's method along it ends there. Certified: no multiplier exceeds its
    run's weight, to first order the condition of an optimum. Constants that are held (m, p) stay, and those that do
    not matter (they ran to 0 or to infinity).
    """
    theta, m = theta.copy(), len(theta)
    value, certified = np.full(m, np.inf), np.zeros(m, bool)
    size = np.stack([np.abs(jacobian(problem, each)).max(axis=0) for each in theta])
    matters = ~held & (size > IDLE * np.where(held, 0, size).max(axis=1, keepdims=True))
    at_once = max(1, CELLS // size[0].size // len(problem.measured))
    for kind in np.unique(matters, axis=0):
        rows = np.flatnonzero((matters == kind).all(axis=1))
        for some in np.split(rows, range(at_once, len(rows), at_once)):
            if kind.any():
                ended = _vertices(problem, theta[some], weights[some], target[some], kind)
                theta[some], value[some], certified[some] = ended
    return theta, value, certified


def _vertices(
    problem: Problem, theta: Floats, weights: Floats, target: Floats, free: NDArray[np.bool_]
) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    m = len(theta)
    value = _values(problem, theta, weights, target)
    certified, working = np.zeros(m, bool), np.isfinite(value)
    for turn in range(OUTER):
        rows = np.flatnonzero(working)
        if not len(rows):
            break
        r = _residuals(problem, theta[rows], target[rows])
        J = np.stack([jacobian(problem, each)[:, free] for each in theta[rows]])
        solved, d, promised, basis = _linear(r, J, weights[rows], problem.objective.lean)
        done = solved & (value[rows] - promised <= SETTLED * value[rows])
        certified[rows[done]] = True
        working[rows[done | ~solved]] = False
        rows, d, basis = rows[solved & ~done], d[solved & ~done], basis[solved & ~done]
        if not len(rows):
            continue
        fell, whole = np.zeros(len(rows), bool), np.zeros(len(rows), bool)
        for share in (1.0, 0.3, 0.1, 0.01):
            there = theta[rows]
            there[:, free] += share * d
            at = _values(problem, there, weights[rows], target[rows])
            better = ~fell & (at < value[rows])
            theta[rows[better]], value[rows[better]] = there[better], at[better]
            fell |= better
            whole |= better & (share == 1)
        bends = ~fell | ~whole & (turn >= STRAIGHT)
        for row, S in zip(rows[bends], basis[bends], strict=True):
            theta[row], value[row], certified[row] = _along_edge(
                problem, theta[row], (weights[row], target[row]), free, S
            )
        working[rows[~fell]] = False
        working[certified] = False
    return theta, value, certified


def _along_edge(
    problem: Problem, theta: Floats, rows: tuple[Floats, Floats], free: NDArray[np.bool_], basis: NDArray[np.intp]
) -> tuple[Floats, float, bool]:
    """(theta, objective, certified) of one problem: Newton's method on the edge where all of a basis but one run is 0.

    rows are its weights and its target (n,). The objective is smooth along the edge; its second derivative is that of
    the residuals, weighted by pulls and multipliers.
    """
    w, target = rows
    lean, step = problem.objective.lean, 1e-4  # of residuals, for differences of derivatives: only speed rests on it

    def residuals(at: Floats) -> Floats:
        return np.asarray(_residuals(problem, at[None], target[None])[0])

    def objective(r: Floats) -> float:
        value = float(problem.objective.value(r, w))
        return value if np.isfinite(value) else np.inf

    r = residuals(theta)
    S = np.delete(basis, np.argmax(np.abs(r[basis])))
    here = objective(r)
    for _ in range(OUTER):
        J = jacobian(problem, theta)[:, free]
        size = np.maximum(np.abs(J).max(axis=0), 1e-300)
        J = J / size
        along = np.linalg.svd(J[S])[2][-1]
        pull = w * np.where(r < 0, lean, 1.0) * np.sign(r)
        pull[S] = 0.0
        u = np.linalg.lstsq(J[S].T, -pull @ J)[0]
        slope = float(pull @ J @ along)
        pull[S] = u
        ends = [theta.copy(), theta.copy()]
        for end, side in zip(ends, (-step, step), strict=True):
            end[free] += side * along / size
        bent = pull @ (jacobian(problem, ends[1])[:, free] - jacobian(problem, ends[0])[:, free]) / size
        curvature = float(bent @ along) / (2 * step)
        if not curvature > 0:
            return theta, here, False
        d = np.linalg.lstsq(J[S], -r[S])[0] - slope / curvature * along
        promised = slope**2 / curvature + float(np.abs(u) @ np.abs(r[S]))
        if promised <= SETTLED * here:
            bounds = w[S] * np.where(u < 0, lean, 1.0)
            return theta, here, bool(np.all(np.abs(u) <= bounds * (1 + DEGENERATE)))
        for share in (1.0, 0.3, 0.1):
            there = theta.copy()
            there[free] += share * d / size
            r_there = residuals(there)
            if objective(r_there) < here:
                theta, r, here = there, r_there, objective(r_there)
                break
        else:
            return theta, here, False
    return theta, here, False


def _residuals(problem: Problem, theta: Floats, target: Floats) -> Floats:
    fitted = np.stack([problem.fitted(each) for each in theta])
    with np.errstate(all="ignore"):
        return np.asarray((np.log(fitted) if problem.objective.scale == "log" else fitted) - target)


def _values(problem: Problem, theta: Floats, weights: Floats, target: Floats) -> Floats:
    value = np.asarray(problem.objective.value(_residuals(problem, theta, target), weights), dtype=np.float64)
    return np.where(np.isfinite(value), value, np.inf)


def _linear(r: Floats, J: Floats, w: Floats, lean: float) -> tuple[NDArray[np.bool_], Floats, Floats, NDArray[np.intp]]:
    """(solved, d, objective, basis) of min_d sum w |r + J d| for m problems: r, w (m, n), J (m, n, k)."""
    m, n, k = J.shape
    size = np.maximum(np.abs(J).max(axis=1), 1e-300)
    J = J / size[:, None, :]
    # Runs drawn twice with one output would make a vertex that pivots go round in: a breath of noise parts them.
    r = r + APART * np.abs(r).mean(axis=1, keepdims=True) * np.random.default_rng(0).uniform(-1, 1, n)
    basis, solved = _first_basis(r, J, w)
    d, value, every = np.zeros((m, k)), np.full(m, np.inf), np.arange(m)
    working = solved.copy()
    solved = np.zeros(m, bool)
    for _ in range(PIVOTS):
        at = np.flatnonzero(working)
        if not len(at):
            break
        S = basis[at]
        JS = J[at[:, None], S]
        d[at] = np.linalg.solve(JS, -r[at[:, None], S][..., None])[..., 0]
        here = r[at] + np.einsum("mnk,mk->mn", J[at], d[at])
        here[every[: len(at), None], S] = 0.0
        cost = w[at] * np.where(here < 0, lean, 1.0)
        value[at] = np.sum(cost * np.abs(here), axis=1)
        pull = np.einsum("mn,mnk->mk", cost * np.sign(here), J[at])
        u = np.linalg.solve(JS.transpose(0, 2, 1), pull[..., None])[..., 0]
        bound = w[at[:, None], S] * np.where(u > 0, lean, 1.0)  # u > 0: the objective falls where the residual is < 0
        excess = np.abs(u) - bound * (1 + DEGENERATE)
        leaves = np.argmax(excess, axis=1)
        row = every[: len(at)]
        optimal = excess[row, leaves] <= DEGENERATE * np.abs(cost).max(axis=1)
        solved[at[optimal]], working[at[optimal]] = True, False
        at, S, JS, here, cost = at[~optimal], S[~optimal], JS[~optimal], here[~optimal], cost[~optimal]
        u, bound, leaves = u[~optimal], bound[~optimal], leaves[~optimal]
        if not len(at):
            continue
        row = every[: len(at)]
        unit = np.zeros((len(at), k))
        unit[row, leaves] = -np.sign(u[row, leaves])
        along = np.einsum("mnk,mk->mn", J[at], np.linalg.solve(JS, unit[..., None])[..., 0])
        along[row[:, None], S] = 0.0
        enters = _first_rise(here, along, w[at] * (1 + lean), np.abs(u[row, leaves]) - bound[row, leaves])
        lost = enters < 0
        working[at[lost]] = False
        basis[at[~lost], leaves[~lost]] = enters[~lost]
    return solved, d / size, value, basis


def _first_rise(here: Floats, along: Floats, kink: Floats, slope: Floats) -> NDArray[np.intp]:
    """Where a line of slope -slope turns upwards: the run (m,) whose residual is 0 there, or -1 if it never does."""
    with np.errstate(all="ignore"):
        t = np.where(here * along < 0, -here / along, np.inf)
    order = np.argsort(t, axis=1, kind="stable")
    gained = np.take_along_axis(np.where(np.isfinite(t), kink * np.abs(along), 0.0), order, axis=1)
    turned = np.cumsum(gained, axis=1) >= slope[:, None]
    first = np.argmax(turned, axis=1)
    found = order[np.arange(len(t)), first]
    return np.where(turned.any(axis=1), found, -1)


def _first_basis(r: Floats, J: Floats, w: Floats) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """k independent runs of small residual in each problem (m, k), and in which problems there are so many."""
    m, n, k = J.shape
    order = np.argsort(np.where(w > 0, np.abs(r), np.inf), axis=1, kind="stable")
    basis, have = np.zeros((m, k), np.intp), np.zeros(m, np.intp)
    span = np.zeros((m, k, k))
    every = np.arange(m)
    for place in range(n):
        open_ = have < k
        if not open_.any():
            break
        candidate = order[:, place]
        row = J[every, candidate]
        left = row - np.einsum("mij,mj,mik->mk", span, row, span)
        length = np.linalg.norm(left, axis=1)
        takes = open_ & (w[every, candidate] > 0) & (length > INDEPENDENT * np.linalg.norm(row, axis=1))
        at = every[takes]
        span[at, have[at]] = left[at] / length[at, None]
        basis[at, have[at]] = candidate[at]
        have[at] += 1
    return basis, have == k
