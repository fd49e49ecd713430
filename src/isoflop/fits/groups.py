"""Which groups of runs do not belong: a rung or a size that is off as a whole, a curve that rises, D/N far outside."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from isoflop.fits.fitted import Fitted, spread
from isoflop.fits.outliers import MANY, OFF, SMALL, Others, gentle, leverage, look
from isoflop.fits.problem import Problem
from isoflop.fits.solve import minimise
from isoflop.units import print_count, print_flops

OUTSIDE = 3.0  # ln D/N is far outside the rest at so many of its own standard deviations (both by medians)
FEW = 20  # with fewer runs their D/N say nothing of what is far outside
LEAST, MOST = 3, 64  # runs that make a group, and groups that are looked at
PART = 3  # a group holds at most one part of so many of the runs
RISING = 0.01  # of the loss, the last quarter of a curve above an earlier one
QUARTERS = 4
MEDIAN = np.pi / 2  # the variance of a median in that of a mean, of normal noise


def groups_off(fitted: Fitted, others: Others) -> list[tuple[str, NDArray[np.intp], float]]:
    """Rungs (one budget) and sizes (one N) whose runs lie off a law that has not seen them: name, rows, distance.

    One is off at OFF standard errors, in units of what the groups as a whole show: where a law fits badly, all are off.
    """
    rows = fitted.problem.sample(MANY)
    few, belong = fitted.problem.only(rows), ~others.off[rows]
    found = []
    for kind, labels in _labels(fitted):
        size = np.bincount(labels[rows], minlength=int(labels.max()) + 1)
        chosen = np.flatnonzero((size >= LEAST) & (size <= len(rows) / PART))
        if not 2 < len(chosen) <= MOST:
            continue
        groups = labels[rows] == chosen[:, None]
        keep = belong & ~groups
        start = np.repeat(others.theta[None], len(keep), axis=0)
        theta = minimise(gentle(few, others.width), start, few.weights * keep).theta
        seen = [_distance(few, *each) for each in zip(theta, groups, keep, strict=True)]
        distance, error = np.asarray(seen).T
        away = np.abs(distance) / np.maximum(error, 1e-300)
        typical = max(1.0, spread(away))
        for i in np.flatnonzero((away > OFF * typical) & (np.abs(distance) > SMALL * few.scale)):
            off = np.flatnonzero(labels == chosen[i])
            found.append((_named(fitted, kind, off), off, float(distance[i])))
    return found


def rising_curves(fitted: Fitted) -> Iterator[tuple[NDArray[np.intp], float]]:
    """Runs whose checkpoints end above where they were: rows, and by what share of the loss.

    Means of quarters of a curve, in the order of tokens, are compared: one noisy checkpoint says nothing.
    """
    inputs = dict(zip(fitted.law.inputs, fitted.problem.inputs, strict=True))
    if fitted.law.output != "loss" or "tokens" not in inputs or fitted.runs.max() + 1 == len(fitted.runs):
        return
    order = np.lexsort((inputs["tokens"], fitted.runs))
    for rows in np.split(order, np.flatnonzero(np.diff(fitted.runs[order])) + 1):
        if len(rows) < QUARTERS:
            continue
        means = [each.mean() for each in np.array_split(fitted.problem.measured[rows], QUARTERS)]
        rise = float(means[-1] / min(means) - 1)
        if rise > RISING:
            yield rows, rise


def far_outside(fitted: Fitted) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """D/N of every row, and how many standard deviations (by medians) its logarithm lies from the median; 0 if unknown.

    Only OUTSIDE and beyond count.
    """
    inputs = dict(zip(fitted.law.inputs, fitted.problem.inputs, strict=True))
    n = len(fitted.table)
    if not {"n_params", "tokens"} <= inputs.keys() or n < FEW:
        return np.full(n, np.nan), np.zeros(n)
    ratio = inputs["tokens"] / inputs["n_params"]
    away = np.log(ratio) - np.median(np.log(ratio))
    away /= max(spread(away), 1e-12)
    return ratio, np.where(np.abs(away) > OUTSIDE, away, 0.0)


def _labels(fitted: Fitted) -> Iterator[tuple[str, NDArray[np.intp]]]:
    """Group numbers of the rows, by rung and by size, where the table has them: a law may have other inputs."""
    if "budget" in fitted.table or "flops" in fitted.table:
        yield "rung", _numbered(_budgets(fitted))
    if "n_params" in fitted.table:
        yield "size", _numbered(fitted.table.n_params)


def _budgets(fitted: Fitted) -> NDArray[np.float64]:
    table = fitted.table
    return np.asarray(table["budget" if "budget" in table else "flops"], dtype=np.float64)


def _numbered(values: NDArray[np.float64]) -> NDArray[np.intp]:
    """Equal numbers (to six digits) get one number from 0."""
    rounded = np.round(np.log(np.where(values > 0, values, np.nan)), 6)
    return np.asarray(np.unique(rounded, return_inverse=True)[1])


def _named(fitted: Fitted, kind: str, rows: NDArray[np.intp]) -> str:
    if kind == "size":
        return f"the size of {print_count(fitted.table.n_params[rows[0]])} parameters"
    return f"the rung of {print_flops(_budgets(fitted)[rows[0]])}"


def _distance(
    problem: Problem, theta: NDArray[np.float64], group: NDArray[np.bool_], keep: NDArray[np.bool_]
) -> tuple[float, float]:
    """The median distance of a group above a law of the runs kept, and its standard error."""
    seen = look(problem, theta)
    if seen is None:
        return 0.0, np.inf
    above, J = seen
    hat = float(leverage(J[group].mean(axis=0), J, keep.astype(np.float64)))
    width = spread(above[keep], J.shape[1])
    return float(np.median(above[group])), float(width * np.sqrt(MEDIAN / group.sum() + hat))
