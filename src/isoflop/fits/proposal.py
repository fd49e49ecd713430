"""What leaving suspicious runs out does to the forecast: a proposal, never done unsaid."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from isoflop.estimates.fit import Check, Verdict
from isoflop.estimates.objective import SQUARES
from isoflop.fits.fitted import SIZE, Fitted
from isoflop.fits.influence import ELSE, TOLERATED, moved, without
from isoflop.fits.objective import Floats
from isoflop.fits.outliers import OFF
from isoflop.fits.solve import minimise
from isoflop.fits.suspects import Suspect
from isoflop.units import print_count

TOLD = 6  # suspects that are told of one by one


def proposal(fitted: Fitted, found: Sequence[Suspect]) -> Check:
    """Which runs, why, and the forecast without each group and without all; a failure where it moves far.

    Least squares of all runs stands beside it: how far a fit goes astray whose objective is not robust.
    """
    name = "suspicious runs"
    if not found:
        return Check(name, Verdict.OK, f"none is {OFF:g} standard deviations off the law of the others")
    n = len(fitted.table)
    out = np.zeros((len(found) + 2, n), bool)
    for line, each in zip(out[1:], found, strict=False):
        line[each.positions] = True
    out[-1] = out.any(axis=0)
    seen = fitted.forecast(without(fitted, out))
    told = [f"A{fitted.where[1:]} the fit says {_values(seen, 0)}{_squares(fitted)}."]
    told += [
        f"{each.who[0].upper()}{each.who[1:]}: {each.why}; {each.look_for}? Without, {_values(seen, i)}."
        for i, each in enumerate(found[:TOLD], 1)
    ]
    if len(found) > TOLD:
        told.append(f"Also {', '.join(each.who for each in found[TOLD:])}.")
    if len(found) > 1:
        told.append(f"Without all {int(out[-1].sum())} of {n} rows, {_values(seen, -1)}.")
    told.append("None is left out: look at them, and leave out those you can explain, with the reason in `excluded`.")
    worst = max(
        float(np.nanmax(moved(values[0], values[1:]), initial=0.0)) / TOLERATED.get(what, ELSE)
        for what, values in seen.items()
    )
    lost = np.isnan(seen[fitted.law.output]).any()
    rows = tuple(int(row) for each in found for row in each.rows)
    return Check(name, Verdict.FAIL if worst > 1 or lost else Verdict.WARN, " ".join(told), rows)


def _squares(fitted: Fitted) -> str:
    if fitted.problem.objective.delta == np.inf:
        return ""
    squares = replace(fitted.problem, objective=replace(SQUARES, scale=fitted.problem.objective.scale))
    seen = fitted.forecast(minimise(squares, fitted.theta[None]).theta)
    return f" (least squares of the same runs: {_values(seen, 0)})"


def _values(seen: dict[str, Floats], i: int) -> str:
    if any(np.isnan(values[i]) for values in seen.values()):
        return "there is no best size"
    return ", ".join(
        f"{name} {print_count(values[i]) if name == SIZE else f'{values[i]:.4g}'}" for name, values in seen.items()
    )
