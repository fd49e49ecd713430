"""Where a fit begins: the form's own grid of starts, and one that has its linear constants solved for."""

from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isoflop.fits.objective import LN_HIGH, Floats, to_search
from isoflop.fits.problem import Problem
from isoflop.fits.solve import screen
from isoflop.laws.law import Law, Param

STARTS = 64  # that a fit descends from
MOST = 2**14  # starts of a grid; of a larger one, so many are drawn
PROJECTED = 1024  # points of the grid whose linear constants are solved for
SCREENED = 512  # runs that the starts are compared on; the rest cannot change their order by much


def grid(form: type[Law]) -> Floats:
    """The full grid of the form's starts, in search coordinates; MOST of it, drawn with a fixed seed, where larger."""
    axes = [np.log(p.starts) if p.scale == "log" else np.asarray(p.starts, dtype=np.float64) for p in form.params()]
    size = int(np.prod([float(len(axis)) for axis in axes]))
    if size <= MOST:
        return np.asarray(list(product(*axes)), dtype=np.float64)
    rng = np.random.default_rng(0)
    return np.stack([rng.choice(axis, MOST) for axis in axes], axis=1)


def best_starts(problem: Problem, count: int = STARTS) -> Floats:
    """The `count` starts of lowest objective: half from the grid, half from the projected grid where there is one."""
    few = problem.thinned(SCREENED)
    tried = [grid(problem.form)]
    if any(p.linear for p in problem.form.params()):
        tried.append(projected(few))
    share = -(-count // len(tried))
    chosen = [each[np.argsort(screen(few, each), kind="stable")[:share]] for each in tried]
    return np.concatenate(chosen)[:count]


def projected(problem: Problem) -> Floats:
    """Variable projection: on a grid of the other constants, those the law is linear in by weighted least squares.

    Golub and Pereyra 1973; for L(N, D), E, A and B follow from alpha and beta (Czech et al. 2026, arXiv:2603.22339).
    Weights are those of squared log residuals to first order, w / y^2. Constants that may not be negative are held at 0
    where they would be.
    """
    params = problem.form.params()
    free = [p for p in params if not p.linear]
    outer = _between(free, max(2, int(PROJECTED ** (1 / max(len(free), 1)))))
    names = [p.name for p in params if p.linear]
    columns: dict[str, Any] = {p.name: outer[:, [i]] for i, p in enumerate(free)}
    zero, points = dict.fromkeys(names, 0.0), len(outer)
    with np.errstate(all="ignore"):
        base = _values(problem, columns | zero, points)
        basis = np.stack([_values(problem, columns | zero | {name: 1.0}, points) - base for name in names], axis=-1)
        w = problem.weights / problem.measured**2
        solved = _least_squares(basis, problem.measured - base, w, [p.domain[0] >= 0 for p in params if p.linear])
    found = {name: solved[:, i] for i, name in enumerate(names)} | {name: each[:, 0] for name, each in columns.items()}
    usable = np.all([np.isfinite(each) for each in found.values()], axis=0)
    theta = [to_search((p,), {p.name: found[p.name][usable]})[0] for p in params]
    start: Floats = np.minimum(np.stack(theta, axis=1), LN_HIGH)
    return start


def _values(problem: Problem, constants: dict[str, Any], points: int) -> Floats:
    """(points, n): what the law says of every run at every point of a grid of constants."""
    said = problem.form(**constants)(*problem.inputs)
    found: Floats = np.zeros((points, len(problem.measured)))
    found += said
    return found


def _between(params: list[Param], count: int) -> Floats:
    """A grid with `count` steps a constant between the ends of its starts, as values; exponents of 0 tell nothing."""
    if not params:
        return np.empty((1, 0))
    axes = []
    for p in params:
        low, high = min(p.starts), max(p.starts)
        if p.scale == "log":
            axes.append(np.geomspace(low, high, count))
        else:
            axes.append(np.linspace(low, high, count + 1)[1:] if low == 0 else np.linspace(low, high, count))
    return np.asarray(list(product(*axes)), dtype=np.float64)


def _least_squares(basis: Floats, y: Floats, w: Floats, positive: list[bool]) -> Floats:
    """(grid, k): the weighted least-squares coefficients at each point; negative ones that may not be are held at 0."""
    size = np.sqrt(np.einsum("gnk,n->gk", basis**2, w))
    scaled = basis / np.where(size > 0, size, 1)[:, None, :]
    G = np.einsum("gnk,gnj,n->gkj", scaled, scaled, w)
    b = np.einsum("gnk,gn,n->gk", scaled, y, w)
    finite = np.isfinite(G).all((1, 2)) & np.isfinite(b).all(1)
    G, b = np.where(finite[:, None, None], G, 0.0), np.where(finite[:, None], b, 0.0)
    k = b.shape[1]
    held: NDArray[np.bool_] = np.zeros(b.shape, bool)
    eye = np.eye(k)
    found = b
    for _ in range(k):
        free = ~held
        system = np.where(free[:, :, None] & free[:, None, :], G, 0.0) + eye * (held[:, :, None] + 1e-13)
        found = np.linalg.solve(system, np.where(free, b, 0.0)[..., None])[..., 0]
        held |= (found < 0) & np.asarray(positive)
    coefficients = np.where(held, 0.0, found) / np.where(size > 0, size, 1)
    return np.where(finite[:, None], coefficients, np.nan)
