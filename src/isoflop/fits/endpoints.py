"""Which rows of a table are ends of training: a loss read in mid-schedule is higher than that of a shorter schedule."""

import numpy as np
from numpy.typing import NDArray

from isoflop.errors import FitError
from isoflop.estimates.fit import Check, Verdict
from isoflop.runs.table import Table

WHOLE = 0.98  # of the schedule: rows nearer to its end than this have all but the last of the decay


def endpoints(table: Table) -> tuple[Table, Check]:
    """The table with every row excluded that is no end of a schedule, and what was done about it.

    A column `horizon` (tokens at which the schedule ends) or `decayed` (1 where the learning rate had decayed, else 0)
    says which rows are ends; with both, either will do. With neither, the last row of each run is taken for its end:
    where runs have several rows that is a guess, and the check warns. Raises `FitError` where no row is an end.
    """
    if "horizon" in table or "decayed" in table:
        kept = table
        for why, rows in _unended(table).items():
            kept = kept.excluding(rows, why)
        message = f"{len(kept)} of {len(table)} rows are at the end of their schedule"
        check = Check("endpoints", Verdict.OK, message)
    else:
        last = _last_of_run(table)
        if last.all():
            message = f"each of {len(table)} rows is a run of its own and is taken as ended"
            return table, Check("endpoints", Verdict.OK, message)
        kept = table.excluding(table.rows[~last], "in mid-schedule, as its run has a later row: its loss is too high")
        message = (
            f"{len(table)} rows are of {len(kept)} runs, and no column says where their schedules end: the last row of "
            "each was used. Add a column horizon (tokens at the end of the schedule) or decayed (1 or 0)"
        )
        check = Check("endpoints", Verdict.WARN, message)
    if not len(kept):
        raise FitError(f"None of {len(table)} rows is at the end of its schedule, so there is no envelope: {message}.")
    return kept, check


def _unended(table: Table) -> dict[str, list[int]]:
    """Why rows are no ends of a schedule → their numbers."""
    ended = np.zeros(len(table), bool)
    if "decayed" in table:
        given = table["decayed"]
        ended |= np.char.lower(given) == "true" if given.dtype.kind == "U" else given == 1
    horizon = np.full(len(table), np.nan)
    if "horizon" in table:
        horizon = np.asarray(table["horizon"], dtype=np.float64)
        ended |= table.tokens >= WHOLE * horizon
    known = np.isfinite(horizon)
    unknown = "it is not known to be at the end of its schedule, before which its loss is too high"
    found = {unknown: table.rows[~ended & ~known].tolist()}
    tenths = np.floor(10 * np.where(known, table.tokens / np.where(known, horizon, 1.0), 0.0))
    for tenth in np.unique(tenths[~ended & known]):
        why = f"it is in mid-schedule, {tenth / 10:.0%} to {(tenth + 1) / 10:.0%} through: its loss is too high"
        found[why] = table.rows[~ended & known & (tenths == tenth)].tolist()
    return {why: rows for why, rows in found.items() if rows}


def _last_of_run(table: Table) -> NDArray[np.bool_]:
    """Whether a row has the most tokens of its run."""
    ids = clusters_of(table)
    order = np.lexsort((table.tokens, ids))
    last = np.ones(len(table), bool)
    last[order[:-1]] = ids[order[1:]] != ids[order[:-1]]
    return last


def clusters_of(table: Table) -> NDArray[np.intp]:
    """A number for each row's run: rows of one run are no independent witnesses. Rows without a run are one each."""
    if "run_id" not in table:
        return np.arange(len(table))
    names, ids = np.unique(table["run_id"], return_inverse=True)
    nameless = np.flatnonzero(table["run_id"] == "")
    found: NDArray[np.intp] = ids.astype(np.intp)
    found[nameless] = len(names) + np.arange(len(nameless))
    return found
