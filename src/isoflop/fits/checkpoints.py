"""Laws of size and steps, L(N, S), fitted to checkpoints of a few runs rather than to the ends of many."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isoflop.errors import BadInput
from isoflop.estimates.fit import Check, Fit, Verdict
from isoflop.fits.curve_checks import correlation
from isoflop.fits.objective import Floats
from isoflop.fits.parametric import fit
from isoflop.laws.decay import LOW
from isoflop.laws.law import Law
from isoflop.runs.curve import EARLY
from isoflop.runs.table import Table

FEW = 5  # models below which a law of size is a guess (Choshen et al. 2024, arXiv:2410.11840)


def fit_checkpoints(form: type[Law], table: Table, *, early: float = EARLY, **options: Any) -> Fit:
    """`fit` to checkpoints, each a row with its `run_id` and `steps`, without the first `early` of each run.

    Kaplan et al. 2020, arXiv:2001.08361, eq. 1.6: all steps after the warm-up, and poor at few steps. Choshen et al.
    2024, arXiv:2410.11840: checkpoints of a run help, those of its first tenth harm. Checkpoints of one run depend on
    each other, so for intervals draw whole runs; the check "dependence" says what they are worth. Raises `BadInput`.
    """
    settled = without_early(table, early)
    found = fit(form, settled, **options)
    return found.with_checks(dependence(found.law, settled))


def without_early(table: Table, early: float = EARLY) -> Table:
    """The table with the checkpoints of the first `early` of each run's steps excluded, and the reason kept."""
    steps = _steps(table)
    last = np.zeros(len(table))
    for rows in _runs(table):
        last[rows] = steps[rows].max()
    out = table.rows[steps < early * last]
    why = f"among the first {early:.0%} of its run: warm-up and first descent (Choshen et al. 2024)"
    return table.excluding(out, why) if len(out) else table


def mid_schedule(table: Table) -> NDArray[np.bool_]:
    """Which rows in use are losses of mid-schedule, before the learning rate decayed: too high for their steps.

    With a column learning_rate: where it is at least LOW of the highest of the run's rows (a run of one row shows
    nothing of its schedule, and counts as ended). Without: all but the last checkpoint of each run.
    """
    found = np.zeros(len(table), bool)
    for rows in _runs(table):
        if len(rows) < 2:
            continue
        if "learning_rate" in table:
            rates = table["learning_rate"][rows]
            found[rows] = rates >= LOW * rates.max()
        else:
            found[rows[:-1]] = True
    return found


def dependence(law: Law, table: Table) -> Check:
    """How many independent losses the checkpoints are worth, and whether there are runs enough."""
    r = np.log(table.loss) - np.log(law(*(table[name] for name in law.inputs)))
    parts: list[Floats] = [r[rows] for rows in _runs(table)]
    rho = [correlation(each) for each in parts]
    worth = sum(len(each) * (1 - c) / (1 + c) for each, c in zip(parts, rho, strict=True))
    message = (
        f"{len(r)} checkpoints of {len(parts)} runs; neighbours' residuals correlate {np.mean(rho):+.2f} on average: "
        f"they are worth about {worth:.0f} independent losses. Draw runs, not checkpoints, for intervals"
    )
    if len(parts) < FEW:
        message += f"; with fewer than {FEW} runs what the law says of size rests on little"
    return Check("dependence", Verdict.OK if len(parts) >= FEW else Verdict.WARN, message)


def _steps(table: Table) -> Floats:
    if lacking := [name for name in ("run_id", "steps") if name not in table]:
        raise BadInput(
            f"Checkpoints need the columns run_id and steps; {' and '.join(lacking)} is missing. The table has "
            f"{', '.join(table.columns)}."
        )
    steps: Floats = np.asarray(table["steps"], dtype=np.float64)
    return steps


def _runs(table: Table) -> Iterator[NDArray[np.intp]]:
    """The positions of each run's rows, by steps."""
    steps, names = _steps(table), table["run_id"]
    for name in np.unique(names):
        rows = np.flatnonzero(names == name)
        yield rows[np.argsort(steps[rows], kind="stable")]
