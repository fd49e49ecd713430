"""Forward hold-out of runs: each law fitted to the runs up to a budget, and judged by what it says of the next.

In-sample fit plays no part. `holdout.py` does the same for whole ladders and their minima.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from isoflop.errors import BadInput
from isoflop.estimates.objective import HUBER, SQUARES
from isoflop.fits.objective import Floats
from isoflop.fits.problem import Problem, problem_of
from isoflop.fits.solve import screen
from isoflop.fits.starts import grid, projected
from isoflop.fits.swarm import Sample, best, descend, tangents
from isoflop.laws.law import Law
from isoflop.runs.table import Table

Whole = NDArray[np.int64]

FEWEST = 3
"""Budgets that a law is fitted to, at the least, before it is asked about the next."""

STARTS = 16
STARTS_BELOW = 8
KEPT = 4
ROUGH = 25  # steps that are enough to see which runs lie far off
OUTLYING = 4.0
"""Standard deviations from the best law beyond which a run takes no part: one in 2,000 if noise is normal, as planted
worlds of 25 to 81 runs show (a run that was left out makes the rest look quieter)."""

EXACT = 1e-6  # residuals of so much of the loss are rounding, not noise

GROUPS = 6
"""Into so many groups of equal size runs are divided that share no budgets."""


@dataclass(frozen=True)
class Ahead:
    """What one law, fitted to the runs below, said of the runs of one group: ln y - ln f, and how likely that was.

    score: ln of the predictive density of all of the group's runs together (Student's, with the constants' own
    uncertainty in it). theta: the fit below. rows: which runs of the table.
    """

    group: int
    theta: Floats
    rows: Whole
    errors: Floats
    score: float


@dataclass(frozen=True)
class Judged:
    """A form, its fit to all runs (theta, residuals, their tangent and sd), and its hold-outs, lowest group first."""

    form: type[Law]
    theta: Floats
    residuals: Floats
    tangent: Floats
    sd: float
    ahead: tuple[Ahead, ...]

    @property
    def score(self) -> float:
        """ln of the density of all that was held out, group after group."""
        return sum(each.score for each in self.ahead)


def groups_of(table: Table, by: str) -> Whole:
    """The group of each run, from 0 at the least: its budget, or one of GROUPS by the column `by`.

    Runs without a budget, in a table where most have one, join the budget nearest to their FLOPs.
    """
    if by not in {"flops", "n_params", "tokens"}:
        raise BadInput(f"Runs are held out by flops, n_params or tokens; got {by!r}.")
    if by == "flops" and "budget" in table:
        budget = np.asarray(table["budget"], dtype=np.float64)
        known = np.isfinite(budget)
        if known.mean() > 0.5:
            ladder = np.unique(budget[known])
            distance = np.abs(np.log(np.where(known, budget, table.flops))[:, None] - np.log(ladder))
            return np.asarray(distance.argmin(1))
    values = np.asarray(table[by], dtype=np.float64)
    found, each = np.unique(values, return_inverse=True)
    if len(found) <= GROUPS:
        return each
    rank = np.argsort(np.argsort(values, kind="stable"), kind="stable")
    return np.asarray(rank * GROUPS // len(values))


def sample_of(problem: Problem) -> Sample:
    """The runs of a problem as logarithms."""
    return Sample(tuple(map(np.log, problem.inputs)), np.log(problem.measured), problem.weights)


def starts_of(problem: Problem, count: int) -> Floats:
    """The `count` starts of lowest objective: of the projected grid where a law is linear in some constants."""
    some = projected(problem) if any(p.linear for p in problem.form.params()) else grid(problem.form)
    return some[np.argsort(screen(problem, some), kind="stable")[:count]]


def regular(forms: Sequence[type[Law]], table: Table, groups: Whole) -> tuple[NDArray[np.bool_], list[Floats]]:
    """Which runs lie within OUTLYING robust standard deviations of the law that describes most of them best.

    Huber's fit of threshold 1e-3 is hardly moved by them. What is left is fitted by squares, and looked at again. A
    budget most of whose runs lie off did not diverge: the law is wrong there, and they stay. Comes with each form's
    lowest optima, to start from.
    """
    scale, law, starts = np.inf, 0, []
    n = len(table)
    samples = [sample_of(problem_of(form, table, HUBER)) for form in forms]
    for i, (form, sample) in enumerate(zip(forms, samples, strict=True)):
        begin = starts_of(problem_of(form, table, HUBER), STARTS)
        theta, value = descend(form, begin, sample, delta=HUBER.delta, steps=ROUGH)
        theta = theta[np.argsort(value, kind="stable")[:KEPT]]
        starts.append(theta)
        size = np.abs(tangents(form, theta[:1], sample)[0][0])
        robust = 1.4826 * float(np.median(size)) * np.sqrt(n / (n - theta.shape[1]))
        if robust < scale:
            scale, law, kept = robust, i, _near(size, robust, groups)
    form, sample, theta = forms[law], samples[law], starts[law]
    for _ in range(2):
        free = kept.sum() - theta.shape[1]
        if free <= 0 or kept.all():
            return np.ones(n, bool), starts
        found, value = best(form, [theta], sample, kept[None].astype(np.float64))
        r, J = (each[0] for each in tangents(form, found, sample))
        # A run that was left out lies further off than noise alone would have it: the law there is uncertain too.
        hat = np.einsum("ni,ij,nj->n", J, np.linalg.pinv(J[kept].T @ J[kept]), J)
        size = np.abs(r) / np.sqrt(np.where(kept, 1.0, 1.0 + hat))
        kept = _near(size, float(np.sqrt(value[0] / free)), groups)
    return kept, starts


def _near(size: Floats, sd: float, groups: Whole) -> NDArray[np.bool_]:
    near = size <= OUTLYING * max(sd, EXACT)
    share = np.bincount(groups, near) / np.bincount(groups)
    return near | (share[groups] <= 0.5)


def judge(form: type[Law], table: Table, groups: Whole, starts: Floats) -> Judged:
    """Fit a form to all runs, and to those of the groups below each from FEWEST on, without a look at what follows."""
    problem = problem_of(form, table, SQUARES)
    n, p = len(table), len(form.params())
    sample = sample_of(problem)
    held = [k for k in range(FEWEST, groups.max() + 1) if np.sum(groups < k) > p and np.any(groups == k)]
    below = [groups < k for k in held]
    blind = [starts_of(problem.only(np.flatnonzero(below[0])), STARTS_BELOW)] * len(held) if held else []
    thetas, values = best(form, [starts, *blind], sample, np.stack([groups >= 0, *below]).astype(np.float64))
    rs, Js = tangents(form, thetas, sample)
    ahead: list[Ahead] = []
    for i, (k, seen) in enumerate(zip(held, below, strict=True), start=1):
        rows = np.flatnonzero(groups == k)
        score = _density(Js[i][seen], Js[i][rows], rs[i][rows], float(values[i]))
        ahead.append(Ahead(k, thetas[i], rows, rs[i][rows], score))
    return Judged(form, thetas[0], rs[0], Js[0], float(np.sqrt(values[0] / (n - p))), tuple(ahead))


def _density(J: Floats, J_ahead: Floats, errors: Floats, squares: float) -> float:
    """ln of multivariate Student's density of errors of variance s^2 (1 + J_ahead (J'J)^-1 J_ahead')."""
    (n, p), q = J.shape, len(errors)
    if not np.isfinite(squares) or not np.all(np.isfinite(J)) or not np.all(np.isfinite(J_ahead)):
        return -np.inf
    scale = np.linalg.norm(J, axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    A = (J / scale).T @ (J / scale) + 1e-10 * np.eye(p)
    variance = np.eye(q) + (J_ahead / scale) @ np.linalg.solve(A, (J_ahead / scale).T)
    df = n - p
    s2 = max(squares / df, 1e-24)
    distance = float(errors @ np.linalg.solve(variance, errors)) / s2
    ln_det = float(np.linalg.slogdet(variance)[1])
    return float(
        gammaln((df + q) / 2)
        - gammaln(df / 2)
        - 0.5 * (q * np.log(df * np.pi * s2) + ln_det + (df + q) * np.log1p(distance / df))
    )


def shares(judged: Sequence[Judged]) -> Floats:
    """The weight of each law: the density of what was held out, times e for every constant that it has fewer.

    The product of forward densities is the laws' evidence after the first FEWEST budgets (Dawid 1984); the price of a
    constant is Akaike's.
    """
    ln = np.asarray([each.score - len(each.theta) for each in judged])
    ln = np.where(np.isfinite(ln), ln, -np.inf)
    if not np.any(np.isfinite(ln)):
        return np.full(len(judged), 1 / len(judged))
    found = np.exp(ln - ln.max())
    return np.asarray(found / found.sum())
