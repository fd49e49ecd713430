"""Which runs share a budget, for a table that does not say: runs of several sizes that spent nearly the same."""

from copy import copy

import numpy as np
from numpy.typing import NDArray

from isoflop.runs.table import Table

SPREAD = 0.1
"""Runs whose true FLOPs differ by more than this, as ln C, are not of one budget. At fixed N the loss falls by about
5 % an e-fold, so runs this far apart move the best size by a few per cent at most."""

FEWEST_SIZES = 3  # fewer show no best size

SAME_SIZE = 1e-3  # sizes closer than this, as ln N, are one size: figures read off a plot repeat a size to 1e-6
LONGEST = 10  # gaps that a group of equal values may be long


def with_budgets(table: Table, tolerance: float = SPREAD) -> Table:
    """The table with a column `budget`, FLOPs; as it came if it has one with any budget in it.

    Runs are grouped by their true FLOPs: a group is cut off by gaps in ln C larger than `tolerance`. Where no gap cuts,
    the window of that width that holds most runs is taken first, then the next; such a window must hold as many runs as
    the windows on both its sides together, or it is a slice of a continuum. The budget of a group is its median FLOPs.
    Runs of no group, or of one with fewer than three sizes, have none: not a number. `budget_notes` tells of them.
    """
    if "budget" in table and np.isfinite(table["budget"]).any():
        return table
    ln_c, ln_n = np.log(table.flops), np.log(table.n_params)
    order = np.argsort(ln_c, kind="stable")
    budget = np.full(len(table), np.nan)
    x = ln_c[order]
    for start, stop in _windows(x, tolerance):
        rows = order[start:stop]
        around = np.searchsorted(x, x[stop - 1] + tolerance, side="right") - np.searchsorted(x, x[start] - tolerance)
        stands_out = around <= 2 * (stop - start)
        if stands_out and stop - start >= FEWEST_SIZES and clusters(ln_n[rows], SAME_SIZE).max() + 1 >= FEWEST_SIZES:
            budget[rows] = np.median(table.flops[rows])
    column = np.full(len(table.columns["loss"]), np.nan)
    column[table.rows] = budget
    other = copy(table)  # the other columns were checked already, and their rows in use stay as they are
    other.columns = {**table.columns, "budget": column}
    other.derived = (*table.derived, "budget")
    return other


def budget_notes(table: Table) -> tuple[str, ...]:
    """What a user should know about the budgets of a table: whether they were given, and which rows have none."""
    if "budget" not in table:
        return ("The table has no budgets.",)
    budget = table["budget"]
    found = np.unique(budget[np.isfinite(budget)])
    notes = []
    if "budget" in table.derived:
        said = f", {found[0]:.3g} to {found[-1]:.3g} FLOPs" if len(found) else ""
        notes.append(f"The table has no column budget: {len(found)} were found by the runs' FLOPs{said}.")
    if without := table.rows[~np.isfinite(budget)].tolist():
        shown = ", ".join(str(row) for row in without[:5]) + (", ..." if len(without) > 5 else "")
        notes.append(
            f"{len(without)} of {len(table)} runs share their FLOPs with too few other sizes to be of a budget (rows "
            f"{shown})."
        )
    return tuple(notes)


def clusters(values: NDArray[np.float64], gap: float) -> NDArray[np.intp]:
    """The group of each value, numbered upwards: neighbours no further apart than `gap` are of one group.

    A chain of neighbours longer than `LONGEST` gaps is no group of equals and is cut into groups of that length.
    """
    order = np.argsort(values, kind="stable")
    x = values[order]
    starts = np.concatenate([[True], np.diff(x) > gap])[: len(x)]
    chain = np.cumsum(starts) - 1
    part = np.floor((x - x[starts][chain]) / (LONGEST * gap))
    starts[1:] |= part[1:] != part[:-1]
    found = np.empty(len(values), np.intp)
    found[order] = np.cumsum(starts) - 1
    return found


def _windows(ln_c: NDArray[np.float64], width: float) -> list[tuple[int, int]]:
    """(start, stop) of the groups of sorted ln C, none wider than `width`, every run in one."""
    cuts = np.flatnonzero(np.diff(ln_c) > width) + 1
    pieces = list(zip([0, *cuts.tolist()], [*cuts.tolist(), len(ln_c)], strict=True)) if len(ln_c) else []
    found = []
    while pieces:
        start, stop = pieces.pop()
        here = ln_c[start:stop]
        if here[-1] - here[0] <= width:
            found.append((start, stop))
            continue
        ends = np.searchsorted(here, here + width, side="right")
        spread = here[ends - 1] - here
        best = int(np.argmax(ends - np.arange(len(here)) - spread / (2 * width)))  # of equal counts the narrowest
        pieces += [(start, start + best)] if best else []
        found.append((start + best, start + int(ends[best])))
        pieces += [(start + int(ends[best]), stop)] if ends[best] < len(here) else []
    return sorted(found)
