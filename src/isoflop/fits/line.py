"""The line that a profile follows: what is held, the lowest objective at each of its values, the minima beside it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from isoflop.errors import BadInput
from isoflop.fits.objective import LN_HIGH, LN_LOW, Floats
from isoflop.fits.problem import Problem
from isoflop.fits.sandwich import Covariance
from isoflop.fits.solve import Solution, minimise, screen
from isoflop.fits.starts import best_starts
from isoflop.fits.tangent import jacobian

POINTS = 41  # to begin with; each widening adds half as many on its side
REACH = 5.0  # standard errors each way to begin with, or so many e-folds where there are none
STARTS = 8  # of every EACH-th value, beside the fit's and the neighbours' optima: from those what they find spreads
EACH = 5
SWEEPS = 20
SAME = 1e-9  # relative; objectives this near are of one optimum
HEAVY = (
    30.0  # an output is held by a run of this weight, relative to all others together; that is enough, since what it
)
# is held at is read from the law: with any weight, no law with that output has a lower objective


class Held(Protocol):
    """One number that is held at many values: t is its place on the scale of the search (a logarithm or itself)."""

    name: str
    log: bool
    limits: tuple[float, float]

    def at(self, theta: Floats) -> Floats:
        """t (k,) of points of the search (k, p)."""

    def tangent(self, theta: Floats) -> Floats:
        """(p,): the derivatives of t at a point."""

    def minimise(self, theta: Floats, t: Floats) -> Solution:
        """Descend from each row of theta with the number held at t (k,)."""


class Constant:
    """One constant of the form, by its name."""

    def __init__(self, problem: Problem, name: str):
        params = {p.name: i for i, p in enumerate(problem.form.params())}
        if name not in params:
            raise BadInput(f"{problem.form.__name__} has no constant {name!r}; it has {', '.join(params)}.")
        self.problem, self.name, self.place = problem, name, params[name]
        param = problem.form.params()[self.place]
        self.log = param.scale == "log"
        low, high = param.domain
        self.limits = (LN_LOW, LN_HIGH) if self.log else (low, high)

    def at(self, theta: Floats) -> Floats:
        """The coordinate itself."""
        return theta[:, self.place]

    def tangent(self, theta: Floats) -> Floats:
        """A unit vector."""
        return np.asarray(np.eye(len(theta))[self.place])

    def minimise(self, theta: Floats, t: Floats) -> Solution:
        """The coordinate is set and held."""
        start = theta.copy()
        start[:, self.place] = t
        mask = np.zeros(start.shape, bool)
        mask[:, self.place] = True
        return minimise(self.problem, start, held=mask)


class Output:
    """The law's output at one place, such as the loss at N and D: held by a run there that outweighs all others."""

    def __init__(self, problem: Problem, place: Mapping[str, float]):
        form = problem.form
        if set(place) != set(form.inputs):
            raise BadInput(
                f"{form.__name__} has an output at {', '.join(form.inputs)}; got {', '.join(place) or 'none'}."
            )
        self.problem = problem
        self.name = f"{form.output} at {', '.join(f'{name} = {place[name]:.4g}' for name in form.inputs)}"
        self.log = problem.objective.scale == "log"
        self.limits = (LN_LOW, LN_HIGH) if self.log else (-np.inf, np.inf)
        inputs = tuple(np.append(x, place[name]) for name, x in zip(form.inputs, problem.inputs, strict=True))
        weights = np.append(problem.weights, HEAVY * problem.weights.sum())
        measured = np.append(problem.measured, problem.measured[0])
        self.with_run = replace(problem, inputs=inputs, measured=measured, weights=weights)

    def at(self, theta: Floats) -> Floats:
        """What the law says there."""
        said = np.asarray([self.with_run.fitted(each)[-1] for each in theta])
        return np.log(said) if self.log else said

    def tangent(self, theta: Floats) -> Floats:
        """The row of the Jacobian."""
        return np.asarray(jacobian(self.with_run, theta)[-1])

    def minimise(self, theta: Floats, t: Floats) -> Solution:
        """The heavy run has the output t; its own part is taken out of the objective again."""
        value = np.exp(t) if self.log else t
        measured = np.concatenate([np.tile(self.problem.measured, (len(t), 1)), value[:, None]], axis=1)
        solution = minimise(self.with_run, theta, measured=measured)
        return replace(solution, objective=screen(self.problem, solution.theta))


class Line:
    """The profile as it grows: t (k,), ascending, with the lowest optimum found at each."""

    def __init__(self, problem: Problem, held: Held, theta: Floats, cov: Covariance | None):
        self.problem, self.held, self.fit = problem, held, theta
        self.centre = float(held.at(theta[None])[0])
        self.towards, self.unit = np.zeros(len(theta)), 1.0
        if cov is not None:
            a = held.tangent(theta)[cov.alive]
            spread = cov.inverse @ a
            if a @ spread > 0:
                self.towards[cov.alive] = spread / (a @ spread)  # along it the others follow, to first order
                self.unit = float(np.sqrt(a @ cov.sandwich @ a))
        self.starts = best_starts(problem, STARTS)
        self.t, self.objective, self.theta = np.empty(0), np.empty(0), np.empty((0, len(theta)))

    def around(self) -> Floats:
        """The values to begin with: REACH standard errors each way."""
        return self._inside(self.centre + np.linspace(-REACH, REACH, POINTS) * self.unit)

    def values(self) -> Floats:
        """What is held, at each optimum."""
        at = self.held.at(self.theta)
        return np.exp(at) if self.held.log else at

    def wider(self, low: bool, high: bool) -> Floats:
        """Values beyond the ends asked for, as far again as they are from the centre."""
        steps = np.arange(1, POINTS // 2 + 1) / (POINTS // 2)
        sides = [self.t[end] + steps * (self.t[end] - self.centre) for end, go in ((0, low), (-1, high)) if go]
        return np.setdiff1d(self._inside(np.concatenate([*sides, np.empty(0)])), self.t)

    def solve(self, t: Floats) -> None:
        """Add these values, each from its own starts, then from its neighbours' optima until none improves."""
        t = np.setdiff1d(t, self.t)
        if not len(t):
            return
        predicted = self.fit + (t - self.centre)[:, None] * self.towards
        some = np.arange(0, len(t), EACH)
        places = np.concatenate([np.arange(len(t)), np.arange(len(t)), np.tile(some, len(self.starts))])
        kept = np.repeat(self.fit[None], len(t), axis=0), np.repeat(self.starts, len(some), axis=0)
        solution = self.held.minimise(np.concatenate([predicted, *kept]), t[places])
        best = np.asarray(
            [np.flatnonzero(places == i)[np.argmin(solution.objective[places == i])] for i in range(len(t))]
        )
        order = np.argsort(np.concatenate([self.t, t]), kind="stable")
        self.t = np.concatenate([self.t, t])[order]
        self.theta = np.concatenate([self.theta, solution.theta[best]])[order]
        self.objective = np.concatenate([self.objective, solution.objective[best]])[order]
        self._sweep()

    def minima(self) -> list[Floats]:
        """Every local minimum of the objective (p,) that the line leads to when nothing is held, the lowest first."""
        free = minimise(self.problem, np.concatenate([self.fit[None], self.theta]))
        found: list[int] = []
        for row in np.argsort(free.objective, kind="stable"):
            same = [
                abs(free.objective[row] - free.objective[other]) <= 100 * SAME * free.objective[row] for other in found
            ]
            if free.converged[row] and not any(same):
                found.append(int(row))
        return [free.theta[row] for row in found]

    def _sweep(self) -> None:
        k = len(self.t)
        changed: NDArray[np.bool_] = np.ones(k, bool)
        for _ in range(SWEEPS):
            to = np.concatenate([np.flatnonzero(changed[:-1]) + 1, np.flatnonzero(changed[1:])])
            source = np.concatenate([np.flatnonzero(changed[:-1]), np.flatnonzero(changed[1:]) + 1])
            changed = np.zeros(k, bool)
            if not len(to):
                return
            solution = self.held.minimise(self.theta[source], self.t[to])
            for row, place in enumerate(to):
                if solution.objective[row] < self.objective[place] * (1 - SAME):
                    self.theta[place], self.objective[place] = solution.theta[row], solution.objective[row]
                    changed[place] = True

    def _inside(self, t: Floats) -> Floats:
        low, high = self.held.limits
        return t[(t > low) & (t < high)]
