"""All runs of a study before any is trained, and which of them the learning-rate pilot tries again."""

from collections.abc import Sequence

from isoflop.designs.grid import expected_n, preview
from isoflop.designs.kept import Kept
from isoflop.designs.pilot import cell_nearest, pilot_runs
from isoflop.designs.study import Study
from isoflop.runs.run import Run


def planned(kept: Kept) -> list[Run]:
    """Every run as it would be if each rung's best N is as expected: for `--dry-run`, and to refuse before training.

    Raises `BadInput` with all that cannot be trained.
    """
    study = kept.study
    budgets = study.ladder.budgets
    rungs = preview(study, kept.text, trainer=kept.trainer)
    pilots = [pilots_of(study, rungs[i], expected_n(study, budgets[i]), i) for i in sorted({0, len(budgets) - 1})]
    return [run for rung in (*rungs, *pilots) for run in rung]


def pilots_of(study: Study, runs: Sequence[Run], n_params: float, i: int) -> list[Run]:
    """The pilot of rung i, on its cell nearest to n_params: at the lowest and at the top budget; none between."""
    corners = {len(study.ladder.budgets) - 1: 1, 0: 0}
    if i not in corners:
        return []
    cell = cell_nearest(runs, n_params)
    return pilot_runs(cell, study.pilot.factors, min(len(cell), study.pilot.seeds[corners[i]]))
