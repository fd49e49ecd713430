"""Worlds whose truth is known: laws of the loss drawn at random, designs, seed noise, and runs that went wrong.

A world is a law L(N, D) that nobody sees, and a ladder of runs from it: 5 to 9 budgets over 2 to 3 decades of compute,
5 to 9 sizes a budget around a guess of the best one, D = C / 6N, and normal seed noise of 0.3 to 1 % of the loss.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isoflop.laws.chinchilla import Chinchilla
from isoflop.laws.farseer import Farseer
from isoflop.laws.kaplan import Kaplan
from isoflop.runs.table import Table

Floats = NDArray[np.float64]
Loss = Callable[[Any, Any], Any]

AHEAD = 100.0
"""Multiple of the largest budget at which best size, best data and loss are asked for."""

DIVERGED = 0.05
"""Share of the runs whose loss is too high in worlds with diverged runs, by 5 to 50 %."""


@dataclass(frozen=True)
class World:
    """The runs, the largest budget (FLOPs), and what is true at AHEAD times it: N, D, and the loss there.

    severity: how far the world bends away from Chinchilla's law, as a number to sort worlds of one kind by; 0 if it has
    none of its own.
    """

    kind: str
    table: Table
    flops: float
    n_params: float
    tokens: float
    loss: float
    severity: float = 0.0


def chinchilla(rng: np.random.Generator) -> Chinchilla:
    """Constants around Besiroglu et al. 2024: exponents 0.27 to 0.42, a floor of 1.2 to 2.1 nats, 12 to 35 tokens per
    parameter at 1e19 FLOPs.
    """
    alpha, beta = rng.uniform(0.27, 0.42, 2)
    n = np.sqrt(1e19 / 6 / rng.uniform(12, 35))
    d = 1e19 / 6 / n
    reducible = rng.uniform(0.6, 1.1)  # nats at the optimum of 1e19 FLOPs
    # At the optimum the two terms stand as beta to alpha (Hoffmann et al. 2022, eq. 4).
    A = reducible * beta / (alpha + beta) * n**alpha
    B = reducible * alpha / (alpha + beta) * d**beta
    return Chinchilla(E=rng.uniform(1.2, 2.1), A=A, B=B, alpha=alpha, beta=beta)


def farseer(rng: np.random.Generator, flops: float) -> Farseer:
    """Farseer's form (arXiv:2506.10972) with made-up constants of the authors' order, unverified, most drawn anew.

    Drawn again until the best size at every budget up to `flops` has 10 to 4000 tokens per parameter: far outside the
    runs of its authors the form turns over, and the largest model wins with no data at all.
    """
    while True:
        law = Farseer(
            a1=-0.124 * rng.uniform(0.94, 1.03),
            b1=0.424,
            alpha=0.123,
            a2=88.0 * rng.uniform(0.98, 1.02),
            b2=-5.29 + rng.uniform(-0.3, 0.3),
            beta=-0.1,
            a3=-0.021 * rng.uniform(0.9, 1.1),
            b3=0.09,
            gamma=0.169,
        )
        budgets = flops / 10.0 ** np.arange(6)
        ratios = [budget / (6 * best_size(law, budget)[0] ** 2) for budget in budgets]
        if min(ratios) > 10 and max(ratios) < 4000:
            return law


def kaplan(rng: np.random.Generator) -> Kaplan:
    """Kaplan's joint form with exponents around those of Kaplan et al. 2020, Table 2."""
    alpha_n, alpha_d = rng.uniform(0.06, 0.11), rng.uniform(0.08, 0.13)
    n = np.sqrt(1e19 / 6 / 20)
    return Kaplan(
        N_c=n * rng.uniform(2.2, 2.8) ** (1 / alpha_n),
        D_c=20 * n * rng.uniform(2.2, 2.8) ** (1 / alpha_d),
        alpha_N=alpha_n,
        alpha_D=alpha_d,
    )


def broken(rng: np.random.Generator, middle: float, span: float) -> tuple[Loss, float]:
    """Chinchilla whose frontier breaks: the exponent of the reducible loss in compute changes by 5 to 20 %, up or down,
    at a budget in the middle half of the ladder, over 0.3 to 1 e-folds of compute. Comes with that share.

    The break of Caballero et al. 2023 (arXiv:2210.14891) in compute: times (1 + (C / C_b)^(1/s))^(-c s).
    """
    law = chinchilla(rng)
    at = middle + rng.uniform(-0.25, 0.25) * span  # ln C_b
    before = law.alpha * law.beta / (law.alpha + law.beta)  # the frontier's exponent of compute
    share = rng.uniform(0.05, 0.2)
    change = before * rng.choice([-1, 1]) * share
    sharp = rng.uniform(0.3, 1.0)

    def loss(n_params: Any, tokens: Any) -> Any:
        beyond = np.logaddexp(0, (np.log(6 * n_params * tokens) - at) / sharp) * sharp
        return law.E + (law(n_params, tokens) - law.E) * np.exp(-change * beyond)

    return loss, share


def undertuned(rng: np.random.Generator, middle: float, span: float) -> tuple[Loss, float]:
    """Chinchilla with an excess loss that drifts with compute, by 0.15 to 0.5 % of the loss an e-fold.

    In half of the worlds it grows from a mid-ladder budget on, for ever (a recipe that was tuned for small runs); in
    the other half it vanishes there (one tuned for large ones, such as warmups too long for small runs: Porian et al.
    2024, arXiv:2406.19146).
    """
    law = chinchilla(rng)
    rate, grows = rng.uniform(0.0015, 0.005), rng.random() < 0.5
    at = middle + rng.uniform(-0.25, 0.25) * span

    def loss(n_params: Any, tokens: Any) -> Any:
        beyond = np.log(6 * n_params * tokens) - at
        return law(n_params, tokens) * (1 + rate * np.logaddexp(0, beyond if grows else -beyond))

    return loss, rate


KINDS = ("chinchilla", "diverged", "farseer", "kaplan", "break", "undertuned")


def world(kind: str, rng: np.random.Generator) -> World:
    """One world of a kind."""
    n_budgets, n_sizes = rng.integers(5, 10, 2)
    decades = rng.uniform(2, 3)
    low = np.log(10) * (rng.uniform(17.5, 18.5) + (1.5 if kind == "farseer" else 0))
    span = np.log(10) * decades
    middle = low + span / 2
    truth: Loss
    severity = 0.0
    if kind in {"chinchilla", "diverged"}:
        truth = chinchilla(rng)
    elif kind == "farseer":
        truth = farseer(rng, AHEAD * np.exp(low + span))
    elif kind == "kaplan":
        truth = kaplan(rng)
    elif kind == "break":
        truth, severity = broken(rng, middle, span)
    else:
        truth, severity = undertuned(rng, middle, span)
    budgets = np.exp(np.linspace(low, low + span, n_budgets))
    width = np.log(rng.uniform(3, 6))
    off, drift = 0.3 * rng.normal(), 0.03 * rng.normal()
    n, c = [], []
    for budget in budgets:
        best = best_size(truth, budget)[0]
        centre = np.log(best) + off + drift * (np.log(budget) - middle)
        n.append(np.exp(centre + np.linspace(-width, width, n_sizes)))
        c.append(np.full(n_sizes, budget))
    n_params, flops = np.concatenate(n), np.concatenate(c)
    tokens = flops / (6 * n_params)
    sd = np.exp(rng.uniform(np.log(0.003), np.log(0.01)))
    loss = truth(n_params, tokens) * np.exp(sd * rng.normal(size=len(n_params)))
    if kind == "diverged":
        bad = rng.random(len(loss)) < DIVERGED
        loss = loss * np.where(bad, 1 + rng.uniform(0.05, 0.5, len(loss)), 1)
    columns = {"n_params": n_params, "tokens": tokens, "flops": flops, "loss": loss, "budget": flops}
    target = AHEAD * budgets[-1]
    best, loss_there = best_size(truth, target)
    return World(kind, Table(columns), float(budgets[-1]), best, target / (6 * best), loss_there, severity)


def best_size(law: Loss, flops: float) -> tuple[float, float]:
    """argmin over N of L(N, C / 6N), and the loss there: two grids and a parabola."""
    middle, reach = 0.5 * np.log(flops / 120), 3.0  # D / N from 0.05 to 8000
    for _ in range(3):
        grid = np.linspace(middle - reach, middle + reach, 401)
        n = np.exp(grid)
        losses = np.asarray(law(n, flops / (6 * n)))
        best = int(np.clip(np.argmin(losses), 1, 399))
        middle, reach = grid[best], 2 * (grid[1] - grid[0])
    return float(np.exp(middle)), float(losses[best])
