"""How laws stand after a forward hold-out: their errors in loss and in compute, beside two baselines, and a verdict."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from isoflop.estimates.fit import Check, Verdict
from isoflop.estimates.standing import Standing
from isoflop.fits.forward import FEWEST, Judged, Whole
from isoflop.fits.objective import Floats
from isoflop.fits.swarm import law_at
from isoflop.laws.law import Law
from isoflop.runs.table import Table

ENOUGH = 5
"""Budgets from which on laws are weighted; with fewer the spread across laws is shown instead."""

CUBIC = 6  # sizes a budget from which on a cubic leaves noise over
MANY_NOISES = 2.0  # errors of more than so many times the noise are the law's, not luck
STEP = 0.01  # in ln C


def standings(judged: Sequence[Judged], weights: Floats, table: Table, groups: Whole) -> tuple[Standing, ...]:
    """Laws in the order given, then the baselines; errors are of the largest budget as foreseen from all below."""
    rows = [_of_law(each, float(weight), table, groups) for each, weight in zip(judged, weights, strict=True)]
    return (*rows, *_baselines(table, groups))


def _of_law(judged: Judged, weight: float, table: Table, groups: Whole) -> Standing:
    name, p = judged.form.__name__, len(judged.theta)
    if not judged.ahead or judged.ahead[-1].group != groups.max():
        return Standing(name, p, None, None, None, None, weight)
    last = judged.ahead[-1]
    lowest = int(np.argmin(table.loss[last.rows]))
    row = int(last.rows[lowest])
    law = law_at(judged.form, last.theta)
    slope = slope_of(law, table, row)
    found, error = float(table.loss[row]), float(np.expm1(min(float(last.errors[lowest]), 700.0)))
    with np.errstate(all="ignore"):
        rms = float(np.sqrt(np.mean(np.expm1(last.errors) ** 2)))
    # A fit below that ran off may be flat or nothing at all up here: then its error has no measure in compute.
    told = found * error / (1 + error) / abs(slope) if slope and np.isfinite(slope) and error > -1 else None
    return Standing(name, p, rms, error, told, judged.score, weight)


def slope_of(law: Law, table: Table, row: int) -> float:
    """dL/d ln C at a run's N and D, both growing alike; near the best size every way of growing has the same slope."""
    inputs: list[Any] = [float(table[name][row]) for name in law.inputs]

    def loss(by: float) -> float:
        return float(law(*(each * np.exp(by / 2) for each in inputs)))

    with np.errstate(all="ignore"):
        return (loss(STEP) - loss(-STEP)) / (2 * STEP)


def _baselines(table: Table, groups: Whole) -> tuple[Standing, ...]:
    """A power law in C without a floor through the lowest loss of every budget below, and that of the last below."""
    runs = [np.flatnonzero(groups == k) for k in range(groups.max() + 1)]
    lowest = [int(rows[np.argmin(table.loss[rows])]) for rows in runs if len(rows)]
    names = ("power law in C", "last point")
    if len(lowest) < FEWEST + 1:
        return tuple(Standing(name, p, None, None, None, None, None) for name, p in zip(names, (2, 0), strict=True))
    ln_c, ln_l = np.log(table.flops[lowest]), np.log(table.loss[lowest])
    slope, level = np.polyfit(ln_c[:-1], ln_l[:-1], 1)
    found = []
    for name, p, said in ((names[0], 2, slope * ln_c[-1] + level), (names[1], 0, ln_l[-2])):
        error = float(np.expm1(ln_l[-1] - said))
        found.append(Standing(name, p, None, error, float((ln_l[-1] - said) / abs(slope)), None, None))
    return tuple(found)


def scatter(table: Table, groups: Whole, sd: float) -> float:
    """Noise of a run as a share of its loss, whatever the law: about a cubic in ln N at each budget; at most sd.

    sd is of the residuals about a law: noise and what the law gets wrong together. Where budgets have fewer than CUBIC
    sizes it is all that is known.
    """
    squares, free = 0.0, 0
    for k in range(groups.max() + 1):
        rows = groups == k
        x = np.log(table.n_params[rows])
        if len(np.unique(x)) < CUBIC:
            continue
        x = (x - x.mean()) / x.std()
        y = np.log(table.loss[rows])
        squares += float(np.sum((y - np.polyval(np.polyfit(x, y, 3), x)) ** 2))
        free += len(x) - 4
    return min(sd, float(np.sqrt(squares / free))) if free else sd


def verdict(rows: Sequence[Standing], budgets: int, noise: float | None, sd: float) -> Check:
    """Whether the first law foresaw the largest budget, against the noise and the baselines, in a sentence."""
    laws = [each for each in rows if each.weight is not None]
    first = laws[0]
    if first.rms is None or first.error is None:
        message = (
            f"{budgets} budgets where a hold-out needs {FEWEST + 1}: no law was tested on runs that it never saw. "
            "Add a budget."
        )
        return Check("hold-out", Verdict.WARN, message)
    against = f"seed noise is {noise:.2%}" if noise is not None else f"the runs scatter {sd:.2%}"
    baselines = [each for each in rows if each.weight is None and each.error is not None]
    beaten = ", ".join(f"{each.name} {each.error:+.2%}" for each in baselines)
    in_compute = f" or {first.compute:+.0%} of compute" if first.compute is not None else ""
    whose = f"of {len(laws)} laws {first.name} foresaw best" if len(laws) > 1 else f"{first.name} was fitted below"
    message = (
        f"{whose}; of the largest budget, from those below, rms {first.rms:.2%} of the loss, {first.error:+.2%} at its "
        f"lowest run{in_compute}; {against}; baselines there: {beaten}"
    )
    near = first.rms <= MANY_NOISES * max(noise or 0.0, sd)
    best = all(abs(first.error) <= max(abs(each.error or 0.0), MANY_NOISES * sd) for each in baselines)
    return Check("hold-out", Verdict.OK if near and best else Verdict.WARN, message)


def weighed(rows: Sequence[Standing], budgets: int) -> Check:
    """The weights of the laws, or that budgets are too few for any."""
    laws = [each for each in rows if each.weight is not None]
    if budgets < ENOUGH:
        message = (
            f"{budgets} budgets are too few to weight laws by: {laws[0].name} speaks alone; "
            f"compare the spread of {', '.join(each.name for each in laws)}"
        )
        return Check("weights of laws", Verdict.WARN, message)
    return Check("weights of laws", Verdict.OK, ", ".join(f"{each.name} {each.weight:.1%}" for each in laws))
