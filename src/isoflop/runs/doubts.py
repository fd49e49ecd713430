"""What is odd about a table's rows without being wrong: a sentence each, with its numbers and what to do."""

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from isoflop.runs.cells import SHOWN, numbered
from isoflop.runs.columns import COLUMNS, NEEDED, TRIANGLE
from isoflop.runs.scales import PERPLEXITY
from isoflop.units import print_flops

DISAGREES = 3.0  # C against 6 N D: attention, embeddings or recomputation explain less
ONE_BUDGET = 1.05
UNIFORM = 15.0  # nats/token: a guess among 3 million words, more than any vocabulary has
HIGH = 12.0  # nats/token: a guess among 160,000 words, as an untrained model would make
SEEDS = ("seed", "data_seed")


def doubts(
    columns: Mapping[str, NDArray[np.generic]],
    rows: NDArray[np.int64],
    derived: Collection[str],
    needed: Sequence[str] = NEEDED,
) -> tuple[str, ...]:
    """Notes on the rows in use; nothing is changed or left out."""
    if not rows.size:
        n_rows = len(next(iter(columns.values()), ()))
        why = " A run that ended well has the status done." if "status" in columns else ""
        return (f"No run is in use: all {n_rows} rows are left out.{why}",) if n_rows else ()
    values = {name: np.asarray(columns[name], np.float64)[rows] for name in NEEDED if name in columns}
    notes = []
    if all(name in values for name in TRIANGLE) and not set(TRIANGLE) & set(derived):
        notes += _flops(values, rows)
    flops, loss = (values.get(name, np.full(0, np.nan)) for name in ("flops", "loss"))
    if flops.size > 1 and flops.max() / ONE_BUDGET <= flops.min():
        notes.append(
            f"All {len(rows)} rows have one budget, {print_flops(flops.max())} within 5 %: nothing here shows how the "
            "loss falls with compute. Add runs of other budgets before you forecast."
        )
    if loss.size and np.isfinite(loss).all():
        notes += _loss(loss, rows)
        notes += _repeated(_identity(columns, rows, needed), rows)
    return tuple(notes)


def _flops(values: Mapping[str, NDArray[np.float64]], rows: NDArray[np.int64]) -> list[str]:
    ln_n, ln_d, ln_c = (np.log(values[name]) for name in TRIANGLE)
    ratio = (ln_c - ln_n - ln_d - np.log(6)) / np.log(10)
    apart = np.flatnonzero(np.abs(ratio) > np.log10(DISAGREES))
    if not apart.size:
        return []
    worst = apart[np.argsort(-np.abs(ratio[apart]), kind="stable")]
    shown = ", ".join(f"row {rows[each]} ({10 ** ratio[each]:.3g})" for each in worst[:SHOWN])
    more = f" and {len(apart) - SHOWN} more" if len(apart) > SHOWN else ""
    return [
        f"flops disagrees with 6 N D by more than {DISAGREES:g}x in {len(apart)} of {len(rows)} rows; C/(6 N D) is "
        f"that of {shown}{more}. Check the units of the three, and whether N counts what C counts."
    ]


def _loss(loss: NDArray[np.float64], rows: NDArray[np.int64]) -> list[str]:
    high = np.flatnonzero(loss > UNIFORM)
    if high.size or np.median(loss) > HIGH:
        where = f"{numbered(rows[high])} above {UNIFORM:g}, " if high.size else ""
        return [
            f"The loss is high for nats/token ({where}median {np.median(loss):.3g}, where a guess among 160,000 words "
            f"has {HIGH:g}): leave diverged runs out, and take the logarithm if some are perplexities "
            f"(above {PERPLEXITY:g})."
        ]
    if loss.max() < 1:
        return [
            f"Every loss lies between 0 and 1 ({loss.min():.3g} to {loss.max():.3g}): if these are accuracies or error "
            "rates they are no loss in nats/token, and a law of the loss does not describe them."
        ]
    return []


def _identity(
    columns: Mapping[str, NDArray[np.generic]], rows: NDArray[np.int64], needed: Sequence[str]
) -> list[NDArray[np.float64]]:
    """What tells one run from another: inputs and loss, and labels such as a data set's name, which recur.

    Further numbers may be an index or seconds, texts that never recur a run's address: one run has several of those.
    """
    names = dict.fromkeys((*TRIANGLE, "unique_tokens", *SEEDS, *needed, "loss"))
    found = [columns[name][rows] for name in names if name in columns and columns[name].dtype.kind in "fi"]
    for name, column in columns.items():
        if name not in COLUMNS and column.dtype.kind in "UO":
            different, which = np.unique(column[rows], return_inverse=True)
            found += [which] if 2 * len(different) <= len(rows) else []
    return [np.asarray(column, np.float64) for column in found]


def _repeated(identity: list[NDArray[np.float64]], rows: NDArray[np.int64]) -> list[str]:
    """The same inputs with another loss are seeds; with the same loss to the last digit, a run put in twice."""
    table = np.nan_to_num(np.column_stack(identity), nan=-1.0)
    order = np.lexsort(table.T)  # stable, so that the first of equal rows comes first
    again = np.flatnonzero((table[order][1:] == table[order][:-1]).all(axis=1)) + 1
    if not again.size:
        return []
    repeats, twice = order[again], order[again - 1]
    by_row = np.argsort(repeats)
    one = len(repeats) == 1
    return [
        f"{numbered(rows[repeats[by_row]]).capitalize()} {'repeats' if one else 'repeat'} the inputs and the loss, to "
        f"the last digit, of {numbered(rows[twice[by_row]])}, and count{'s' if one else ''} twice. Leave out what was "
        "put in twice: give a reason under `excluded`, or use table.excluding(rows, why)."
    ]
