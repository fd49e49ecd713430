"""From a loss to the accuracy on a task, through points of the user's own, with the error that leaving one out shows"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from isoflop.allocations.allocate import Floats
from isoflop.errors import BadInput
from isoflop.laws.downstream import LossAccuracy
from isoflop.laws.law import About

FEWEST = 4
"""Points at different losses that a curve with a floor takes."""
MOST_BEYOND = 0.25
"""How far beyond the points' losses it may be read, as a part of what they span."""
_ABOVE_CHANCE = 0.05  # where no point is further above it, the curve is read off noise
_MIDDLES = np.linspace(-1.0, 2.0, 31)  # of the points' span, where searches begin
_STEEPNESSES = np.geomspace(0.3, 100.0, 31)  # per span
_STEP = 1e-6
_ROUNDS = 60


@dataclass(frozen=True)
class Accuracy:
    """The share of right answers expected at a loss, and how sure that is.

    error: root mean square of what each point is missed by where it is left out. low, high: the range of what the
    curves say that each leave one point out. law: the curve through all. notes: what was assumed, what is doubtful.
    """

    loss: float
    value: float
    error: float
    low: float
    high: float
    law: LossAccuracy
    points: int
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {**vars(self), "law": self.law.to_json(), "notes": list(self.notes)}


def accuracy(
    points: Sequence[tuple[float, float]], loss: float, *, chance: float | None = None, top: float = 1.0
) -> Accuracy:
    """Acc(L) = chance + (top - chance) / (1 + exp(k (L - L_mid))), by least squares through points (loss, accuracy).

    `LossAccuracy`. The points are other models of the user's, their losses of the same text and tokenizer as the loss
    asked. chance: what guessing scores, fitted where it is not given. Raises `BadInput` with all that is wrong: fewer
    than four losses, accuracies outside 0 to 1, accuracy that rises with the loss, a loss far beyond the points.
    """
    given = np.asarray(points, dtype=np.float64).reshape(-1, 2)
    x, y = given.T
    _check(x, y, loss, chance, top)
    whole = _fit(x, y, chance, top)
    others = [_fit(np.delete(x, i), np.delete(y, i), chance, top, whole) for i in range(len(x))]
    missed = [float(law(at)) - value for law, at, value in zip(others, x, y, strict=True)]
    said = [float(law(loss)) for law in (whole, *others)]
    low, high = float(x.min()), float(x.max())
    return Accuracy(
        loss=float(loss),
        value=said[0],
        error=float(np.sqrt(np.mean(np.square(missed)))),
        low=min(said),
        high=max(said),
        law=whole,
        points=len(x),
        notes=tuple(_notes(whole, (low, high), float(y.max()), loss, given_chance=chance is not None)),
    )


def _check(x: Floats, y: Floats, loss: float, chance: float | None, top: float) -> None:
    problems = []
    if not np.all(np.isfinite(x)) or not np.all((y >= 0) & (y <= 1)):
        problems.append("Every point is a loss in nats/token and an accuracy from 0 to 1.")
    if not 0 < top <= 1 or not (chance is None or 0 <= chance < top):
        problems.append(f"0 <= chance < top <= 1; got chance {chance}, top {top}.")
    if (different := len(np.unique(x))) < FEWEST:
        problems.append(
            f"{len(x)} points at {different} different losses: a curve with a floor takes {FEWEST} or more. Measure "
            "the accuracy of more models, or of more checkpoints."
        )
    if problems:
        raise BadInput(problems)
    if not np.sum((x - x.mean()) * (y - y.mean())) < 0:
        raise BadInput("Over these points the accuracy does not rise as the loss falls: the loss does not foretell it.")
    low, high = float(x.min()), float(x.max())
    beyond = max(low - loss, loss - high)
    if not beyond <= MOST_BEYOND * (high - low):
        side = f"below the lowest of the points, {low:.4g}" if loss < low else f"above the highest, {high:.4g}"
        raise BadInput(
            f"A loss of {loss:.4g} lies {beyond:.3g} {side}, and they span {high - low:.3g}: too far to read the "
            f"curve. Add points nearer to it, or ask within {low - MOST_BEYOND * (high - low):.4g} to "
            f"{high + MOST_BEYOND * (high - low):.4g}."
        )


def _notes(law: LossAccuracy, span: tuple[float, float], best: float, loss: float, *, given_chance: bool) -> list[str]:
    notes = [
        f"chance {law.chance:.3g} {'given' if given_chance else 'fitted'}, and {law.top:g} at a low loss, assumed",
        "the points' losses are taken to be of the same text and tokenizer as this loss",
    ]
    if not span[0] <= loss <= span[1]:
        notes.append(f"read beyond the points, which lie from {span[0]:.4g} to {span[1]:.4g}")
    if best < law.chance + _ABOVE_CHANCE:
        notes.append("no point is clearly above chance: where accuracy begins to rise is a guess")
    elif not span[0] <= law.L_mid <= span[1]:
        notes.append(f"half of the rise, at {law.L_mid:.4g}, lies beyond the points: the form's guess")
    return notes


def _fit(x: Floats, y: Floats, chance: float | None, top: float, near: LossAccuracy | None = None) -> LossAccuracy:
    """Least squares: a grid of middles and steepnesses, the chance solved for at each, then Levenberg and Marquardt.

    near: a curve that is tried as well, that of all points where one is left out.
    """
    low, span = float(x.min()), float(np.ptp(x)) or 1.0

    def residuals(theta: Floats) -> tuple[Floats, Floats]:
        """Of (..., 2) ln k and L_mid: (..., n), and the chance."""
        s = _sigmoid(np.exp(theta[..., :1]) * (theta[..., 1:] - x))
        rest = 1 - s
        solved = np.sum(rest * (y - top * s), -1) / np.maximum(np.sum(rest**2, -1), 1e-12)
        floor = np.clip(solved, 0.0, top) if chance is None else np.full(solved.shape, chance)
        return floor[..., None] * rest + top * s - y, floor

    grid = np.stack(np.meshgrid(np.log(_STEEPNESSES / span), low + span * _MIDDLES, indexing="ij"), -1).reshape(-1, 2)
    if near is not None:
        grid = np.vstack([grid, [np.log(near.k), near.L_mid]])
    costs = np.sum(residuals(grid)[0] ** 2, -1)
    theta, cost, damping = grid[np.argmin(costs)], float(costs.min()), 1e-3
    scale = np.asarray([1.0, span])
    for _ in range(_ROUNDS):
        r = residuals(theta)[0]
        sides = theta + np.concatenate([np.diag(_STEP * scale), -np.diag(_STEP * scale)])
        at = residuals(sides)[0]
        slope = (at[:2] - at[2:]).T / (2 * _STEP)  # in units of the scale
        normal = slope.T @ slope
        step = np.linalg.solve(normal + damping * (np.diag(np.diag(normal)) + 1e-12 * np.eye(2)), -slope.T @ r) * scale
        new = theta + np.clip(step, -3 * scale, 3 * scale)
        lower = float(np.sum(residuals(new)[0] ** 2))
        if lower < cost:
            done = cost - lower < 1e-12 * cost + 1e-24
            theta, cost, damping = new, lower, damping / 5
            if done:
                break
        else:
            damping *= 5
            if damping > 1e9:
                break
    _, floor = residuals(theta)
    about = About(source=f"least squares of {len(x)} points", tag="fitted", fitted={"loss": (low, low + span)})
    return LossAccuracy(float(floor), top, float(np.exp(theta[0])), float(theta[1]), about=about)


def _sigmoid(z: Floats) -> Floats:
    found: Floats = 0.5 * (1 + np.tanh(z / 2))
    return found
