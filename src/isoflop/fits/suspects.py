"""Runs that may not belong to the others, each with a reason: whole groups, rising curves, single rows."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from isoflop.estimates.objective import LOG
from isoflop.fits.fitted import Fitted
from isoflop.fits.groups import far_outside, groups_off, rising_curves
from isoflop.fits.objective import Floats
from isoflop.fits.outliers import OFF, Others

ABOVE, BELOW = "diverged, undertuned, mislabelled", "another recipe, a leak, a wrong unit"


@dataclass(frozen=True)
class Suspect:
    """Runs that may not belong: rows (numbers as in `table.rows`), who they are in words, why, and what to look for.

    positions are theirs among the rows in use.
    """

    rows: NDArray[np.int64]
    who: str
    why: str
    look_for: str
    positions: NDArray[np.intp]


def suspects(fitted: Fitted, others: Others) -> Iterator[Suspect]:
    """All of them; no row is in two. Rows far outside in D/N too come before those only off the law."""
    ratio, outside = far_outside(fitted)
    free = np.ones(len(fitted.table), bool)

    def taken(positions: NDArray[np.intp], why: str, look_for: str, name: str = "") -> Suspect:
        free[positions] = False
        who = fitted.rows(positions) + (f" ({name})" if name else "")
        return Suspect(fitted.table.rows[positions], who, why, look_for, positions)

    def far_in_ratio(positions: NDArray[np.intp]) -> str:
        return f"D/N {_span(ratio[positions])}, far outside the rest ({_span(ratio[outside == 0])})"

    for name, group, distance in groups_off(fitted, others):
        if free[group].all():
            side, look = ("above", ABOVE) if distance > 0 else ("below", BELOW)
            yield taken(group, f"{_percent(fitted, distance)} {side} the law of the others", look, name)
    for curve, rise in rising_curves(fitted):
        if free[curve].all():
            yield taken(curve, f"the end {rise:.1%} above an earlier quarter of the curve", ABOVE)
    sides = (("above", others.deviations > OFF, ABOVE), ("below", others.deviations < -OFF, BELOW))
    for far in (True, False):
        for side, off, look in sides:
            found = np.flatnonzero(free & off & ((outside != 0) == far))
            if not len(found):
                continue
            size = _span(np.abs(others.above[found]), lambda each: _percent(fitted, each))
            away = _span(np.abs(others.deviations[found]), "{:.0f}".format)
            why = f"{size} {side} the law of the others ({away} standard deviations)"
            yield taken(found, f"{why}, {far_in_ratio(found)}" if far else why, look)
    found = np.flatnonzero(free & (np.abs(outside) > OFF))
    if len(found):
        yield taken(found, far_in_ratio(found), "another recipe")


def _percent(fitted: Fitted, distance: float) -> str:
    """A distance from the law as a share of the output."""
    log = fitted.problem.objective.scale == LOG
    return f"{np.expm1(abs(distance)) if log else abs(distance) / fitted.problem.scale:.2%}"


def _span(values: Floats, form: Callable[[float], str] = "{:.3g}".format) -> str:
    low, high = form(float(values.min())), form(float(values.max()))
    return low if low == high else f"{low} to {high}"
