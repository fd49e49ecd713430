"""The columns of a table made whole: each one checked, the third of N, D and C derived, all problems told."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from isoflop.errors import BadInput
from isoflop.runs.cells import rows_with
from isoflop.runs.columns import TRIANGLE, checked, needs
from isoflop.runs.names import Named, listed, missing
from isoflop.runs.scales import wrong_units

CONVENTION = "6ND"
CONVENTIONS = (CONVENTION, "none")
FORMULAS = {"n_params": "C / (6 D)", "tokens": "C / (6 N)", "flops": "6 N D", "flops_6nd": "6 N D"}

Arrays = dict[str, NDArray[np.generic]]


def complete(
    found: Named, used: NDArray[np.bool_], needed: Sequence[str] | None, convention: str
) -> tuple[Arrays, tuple[str, ...]]:
    """All columns checked, with those that follow from C = 6 N D, and the names of those that were derived.

    Used says which rows fits will see. Under the convention "6ND" any two of n_params, tokens and flops give the
    third (Kaplan et al. 2020, sec. 2.1); under "none" nothing is derived but flops_6nd, which is 6 N D by name.
    Raises `BadInput` with every problem.
    """
    problems = list(found.problems)
    if convention not in CONVENTIONS:
        problems.append(f"There is no counting convention {convention!r}; there are {', '.join(CONVENTIONS)}.")
    must = needs(needed)
    given = [name for name in TRIANGLE if name in found.columns]
    derived = [name for name in TRIANGLE if name not in given and len(given) == 2 and convention == CONVENTION]
    absent = [name for name in must if name not in found.columns and name not in derived and name not in found.told]
    problems += missing(list(found.columns), absent)
    if set(absent) & set(TRIANGLE):
        problems.append(
            "Two of n_params, tokens and flops are enough: the third follows from C = 6 N D."
            if convention == CONVENTION
            else f"Nothing is derived under the counting convention {convention!r}; {CONVENTION!r} gives the third."
        )
    arrays: Arrays = {}
    for name, cells in found.columns.items():
        arrays[name], wrong = checked(name, cells, used, needed=name in must)
        problems += wrong
    sound = not problems
    if "flops_6nd" not in arrays and len(given) + len(derived) == len(TRIANGLE):
        derived.append("flops_6nd")
    for name in derived:
        arrays[name] = _derived(name, arrays)
        out_of_range = np.isinf(arrays[name]) | (arrays[name] == 0)
        if sound and (out_of_range & used).any():
            rows = rows_with(np.flatnonzero(out_of_range & used), arrays[name])
            problems.append(f"{name} = {FORMULAS[name]} leaves the range of numbers: {rows}. Look at the units.")
    problems += wrong_units(arrays, np.flatnonzero(used), derived)
    if problems:
        raise BadInput([*problems, *found.notes, f"The columns given are {listed(found.columns)}."])
    return arrays, tuple(derived)


def derivations(derived: Sequence[str], n_rows: int) -> tuple[str, ...]:
    """Which of N, D and C were not in the table, and where they come from instead."""
    return tuple(
        f"{name} is not in the table: in all {n_rows} rows it is {FORMULAS[name]}, from C = 6 N D."
        for name in derived
        if name in TRIANGLE
    )


def _derived(name: str, arrays: Arrays) -> NDArray[np.float64]:
    n, d, c = (arrays.get(each, np.full(0, np.nan)).astype(np.float64) for each in TRIANGLE)
    with np.errstate(all="ignore"):  # rows left out may miss them, and what overflows is told
        if name == "n_params":
            return c / (6 * d)
        return c / (6 * n) if name == "tokens" else 6 * n * d
