"""Every doubt about a fit that its runs can answer, looked into with numbers."""

import numpy as np

from isoflop.errors import BadInput
from isoflop.estimates.fit import Check, Fit, Verdict
from isoflop.estimates.reach import reach
from isoflop.fits.counting import counting
from isoflop.fits.fitted import Fitted
from isoflop.fits.identifiability import loose_constants
from isoflop.fits.influence import influence
from isoflop.fits.outliers import law_of_the_others
from isoflop.fits.problem import problem_of
from isoflop.fits.proposal import proposal
from isoflop.fits.repeats import seed_noise_explains
from isoflop.fits.suspects import Suspect, suspects
from isoflop.fits.trends import trends


def looked_into(fitted: Fitted) -> tuple[Check, ...]:
    """Suspicious runs, influence, loose constants, trends, seed noise, what is counted, and the span of the runs."""
    if not _finite(fitted):
        row = fitted.rows(np.flatnonzero(~np.isfinite(fitted.above + fitted.jacobian.sum(axis=1)))[:1])
        message = f"not looked at: the law or its slopes are not finite at {row}. Look at the table's units"
        return (Check("suspicious runs", Verdict.WARN, message), reach(fitted.law))
    others = law_of_the_others(fitted)
    found = tuple(suspects(fitted, others))
    off = others.off.copy()
    for each in found:
        off[each.positions] = True
    return (
        proposal(fitted, found),
        influence(fitted),
        loose_constants(fitted),
        trends(fitted, off),
        seed_noise_explains(fitted, off),
        counting(fitted),
        reach(fitted.law),
    )


def proposed(found: Fit) -> tuple[Suspect, ...]:
    """The runs that the checks of a parametric fit propose to leave out, with every row's number.

    `table.excluding(suspect.rows, suspect.why)` leaves one out. Raises `BadInput` of a fit without its table.
    """
    fitted = _again(found)
    return tuple(suspects(fitted, law_of_the_others(fitted))) if _finite(fitted) else ()


def doubts_of(found: Fit) -> tuple[Check, ...]:
    """What `looked_into` says of a fit that was made without it. Raises `BadInput` of a fit without its table."""
    return looked_into(_again(found))


def _again(found: Fit) -> Fitted:
    if found.table is None or found.minimised is None:
        raise BadInput("Doubts are looked into with the runs of a parametric fit, and this one has no table.")
    return Fitted(problem_of(type(found.law), found.table, found.minimised, found.weights), found.law, found.table)


def _finite(fitted: Fitted) -> bool:
    return bool(np.isfinite(fitted.above).all() and np.isfinite(fitted.jacobian).all())
