"""The approaches side by side: what each says of the best size and its loss, and whether they agree."""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import permutations
from typing import Any, NamedTuple, get_args

import numpy as np

from isoflop.allocations.allocate import allocate
from isoflop.errors import BadInput, IsoflopError
from isoflop.estimates.ensemble import Ensemble
from isoflop.estimates.fit import Check, Fit, FitStatus, Verdict
from isoflop.estimates.interval import Interval
from isoflop.estimates.opinion import Estimate, Opinion
from isoflop.fits.envelope import Envelope, envelope
from isoflop.fits.frontier import Frontier, frontier
from isoflop.fits.minima import Curve, minima
from isoflop.fits.objective import Floats
from isoflop.laws.law import Law
from isoflop.runs.budgets import budget_notes, with_budgets
from isoflop.runs.cost import cost_of
from isoflop.runs.table import Table

AHEAD = (1.0, 10.0)  # times the most compute of a run
APART = 0.25  # best sizes further apart than this share disagree


@np.errstate(all="ignore")
def agreement(
    table: Table, law: Law | Fit | None = None, *, draws: int = 500, seed: int = 0
) -> tuple[tuple[Opinion, ...], Check]:
    """Approaches 1, 2 (by parabola, cubic and Akima) and a given L(N, D) of approach 3, at the most compute of a run
    and at ten times that; and a check that warns where they disagree.

    They disagree where two intervals do not overlap or two best sizes differ by more than a quarter. A law that is a
    `Fit` has the intervals of its bootstrap. An approach that cannot be run on this table is a row with the reason.
    Raises `BadInput` where the table has no runs in use.
    """
    if not len(table):
        raise BadInput("No runs are in use, so there is nothing that approaches could agree on.")
    flops = tuple(times * np.max(table.flops) for times in AHEAD)  # NumPy's numbers overflow without an exception
    grouped = with_budgets(table)
    ways: dict[str, Callable[[], Estimates]] = {"approach 1": partial(_envelope, table, flops, draws, seed)}
    for curve in get_args(Curve):
        ways[f"approach 2 ({curve})"] = partial(_minima, grouped, curve, flops, draws, seed)
    if law is not None:
        ways["approach 3"] = partial(_law, law, table, flops)
    rows = tuple(_attempt(name, flops, way) for name, way in ways.items())
    return rows, _check(rows, budget_notes(grouped) if "budget" in grouped.derived else ())


class Estimates(NamedTuple):
    """What an approach that could be run says: the exponent, and best sizes and losses at each budget."""

    exponent: Estimate
    n_params: tuple[Estimate, ...]
    loss: tuple[Estimate, ...]


def _attempt(name: str, flops: tuple[float, ...], way: Callable[[], Estimates]) -> Opinion:
    try:
        return Opinion(name, flops, *way())
    except IsoflopError as error:
        return Opinion(name, flops, reason=str(error))


def _envelope(table: Table, flops: Sequence[float], draws: int, seed: int) -> Estimates:
    return _by_compute(envelope(table, draws=draws, seed=seed), flops)


def _minima(table: Table, curve: Curve, flops: Sequence[float], draws: int, seed: int) -> Estimates:
    return _by_compute(frontier(minima(table, curve=curve, draws=draws, seed=seed), seed=seed), flops)


def _by_compute(found: Envelope | Frontier, flops: Sequence[float]) -> Estimates:
    """From power laws of compute and their ensembles."""
    loss, of_loss = found.loss, found.ensembles["loss"]
    if found.floored is not None and found.floored.status is not FitStatus.AT_BOUND:
        loss, of_loss = found.floored, found.ensembles["floored"]
    size, of_size = found.n_params, found.ensembles["n_params"]

    def at(fit: Fit, bag: Ensemble, c: float) -> Estimate:
        return Estimate(float(fit.law(c)), bag.interval(lambda law: law(c)))

    exponent = Estimate(size.law.constants["a"], of_size.interval(lambda law: law.a))
    return Estimates(exponent, tuple(at(size, of_size, c) for c in flops), tuple(at(loss, of_loss, c) for c in flops))


def _law(given: Law | Fit, table: Table, flops: Sequence[float]) -> Estimates:
    """From the optima of L(N, D) at the table's own FLOPs per token; the exponent is that between the budgets."""
    law, bag = (given.law, given.sample) if isinstance(given, Fit) else (given, None)
    cost = cost_of(table)

    def optima(of: Law) -> list[tuple[float, float]]:
        found = [allocate(of, c, cost) for c in flops]
        return [(each.n_params, each.loss) for each in found]

    here = np.asarray(optima(law))  # (budgets, 2) of N and L
    drawn = np.asarray([optima(each) for each in bag.laws]) if bag else np.empty((0, len(flops), 2))

    def exponent(of: Floats) -> Floats:
        return np.asarray(np.log(of[..., -1, 0] / of[..., 0, 0]) / np.log(flops[-1] / flops[0]))

    def estimate(value: Any, draws: Floats) -> Estimate:
        if bag is None:
            return Estimate(float(value))
        interval = Interval.of_draws(draws, bag.weights)
        return Estimate(interval.median, interval)  # as a plan by the same draws says it

    sizes, losses = (tuple(estimate(here[i, k], drawn[:, i, k]) for i in range(len(flops))) for k in (0, 1))
    return Estimates(estimate(exponent(here), exponent(drawn)), sizes, losses)


def _check(rows: Sequence[Opinion], notes: Sequence[str]) -> Check:
    ran = [row for row in rows if row.exponent is not None]
    if len(ran) < 2:
        reasons = "; ".join(f"{row.approach}: {row.reason}" for row in rows if row.reason)
        return Check("agreement", Verdict.WARN, f"{len(ran)} approaches could be run, so none confirms it. {reasons}")
    doubts = []
    compared: list[tuple[str, list[Estimate]]] = [("the exponent", [r.exponent for r in ran if r.exponent])]
    for i, c in enumerate(ran[0].flops):
        compared += [(f"the best size at {c:.3g} FLOPs", [r.n_params[i] for r in ran])]
        compared += [(f"the loss at {c:.3g} FLOPs", [r.loss[i] for r in ran])]
    for name, estimates in compared:
        doubt = _apart([row.approach for row in ran], estimates, by_ratio="size" in name)
        doubts += [f"On {name} {doubt}"] if doubt else []
    low, high = (f([r.exponent.value for r in ran if r.exponent]) for f in (min, max))
    summary = f"{len(ran)} approaches say N ~ C^{low:.3f} to C^{high:.3f}"
    message = ". ".join([*doubts, summary, *(note.rstrip(".") for note in notes)])
    return Check("agreement", Verdict.WARN if doubts else Verdict.OK, message)


def _apart(names: Sequence[str], estimates: Sequence[Estimate], *, by_ratio: bool) -> str:
    """How the lowest and the highest of the estimates disagree; "" if they do not."""
    told = list(zip(names, estimates, strict=True))
    pairs = [
        (other.low - one.high, mine, theirs)
        for mine, theirs in permutations(told, 2)
        if (one := mine[1].interval) is not None and (other := theirs[1].interval) is not None
    ]
    gap, mine, theirs = max(pairs, key=lambda pair: pair[0], default=(0.0, told[0], told[0]))
    if gap > 0:
        return f"{mine[0]} says {mine[1]} and {theirs[0]} {theirs[1]}: the intervals do not overlap"
    least, most = (f(told, key=lambda each: each[1].value) for f in (min, max))
    ratio = most[1].value / least[1].value if least[1].value > 0 else np.inf
    if by_ratio and ratio > 1 + APART:
        return f"{most[0]} says {ratio - 1:.0%} more ({most[1].value:.3g}) than {least[0]} ({least[1].value:.3g})"
    return ""
