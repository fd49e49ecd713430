"""How far single runs move a forecast: every run is left out in turn and the law refitted."""

import numpy as np
from numpy.typing import NDArray

from isoflop.estimates.fit import Check, Verdict
from isoflop.fits.fitted import Fitted, verdict
from isoflop.fits.objective import Floats
from isoflop.fits.solve import minimise

CELLS = 500_000  # with more refits x rows than this, leaving one out is not worth the time
MANY, RUNS = 1024, 256  # of many checkpoints of at most so many runs, MANY rows stand for all
TOLERATED = {"loss": 0.01}  # a move of the forecast by more than this warns;
ELSE = 0.25  # so large a one of best sizes and of whatever else


def influence(fitted: Fitted) -> Check:
    """Refit without each run in turn: how far one run moves the best size and the forecast. Checkpoints go together."""
    runs = fitted.runs
    count, rows = int(runs.max()) + 1, np.arange(len(runs))
    if count * len(runs) > CELLS:
        if count > RUNS:
            message = f"not looked at: {count} runs in {len(runs)} rows, of which none can matter much alone"
            return Check("influence", Verdict.OK, message)
        by_run = np.argsort(runs, kind="stable")
        rows = np.sort(by_run[np.linspace(0, len(runs) - 1, min(MANY, len(runs))).round().astype(int)])
    left_out = np.unique(runs[rows])
    nothing = np.zeros((1, len(rows)), bool)
    seen = fitted.forecast(without(fitted, np.concatenate([nothing, runs[rows] == left_out[:, None]]), rows))
    if np.isnan(seen[fitted.law.output][0]):
        return Check("influence", Verdict.WARN, f"{fitted.law} has no best size {fitted.where}")
    after = {name: values[1:] for name, values in seen.items()}
    parts, worst = [], 0.0
    for name, values in after.items():
        moves = moved(seen[name][0], values)
        k = int(np.nanargmax(moves)) if np.isfinite(moves).any() else 0
        parts.append(f"{name} by {np.expm1(moves[k]):.1%} ({fitted.rows(np.flatnonzero(runs == left_out[k]))})")
        worst = max(worst, moves[k] / TOLERATED.get(name, ELSE))
    lost = np.flatnonzero(np.isnan(after[fitted.law.output]))
    message = f"leaving one run out moves, {fitted.where}, {', '.join(parts)}"
    if len(lost):
        message += f"; without {fitted.rows(np.flatnonzero(runs == left_out[lost[0]]))} there is no best size"
    return Check("influence", verdict(True, worst < 1 and not len(lost)), message)


def without(fitted: Fitted, out: NDArray[np.bool_], rows: NDArray[np.intp] | None = None) -> Floats:
    """(m, p): where the search ends from the fit if the rows of each line of out (m, n) have no weight.

    With `rows`, a fit of those alone, out being of them.
    """
    problem = fitted.smooth if rows is None else fitted.smooth.only(rows)
    return minimise(problem, np.repeat(fitted.theta[None], len(out), axis=0), problem.weights * ~out).theta


def moved(before: float, after: Floats) -> Floats:
    """|ln after / before|, or of the difference where one is not above 0 (an output that is no loss)."""
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = after / before
        return np.abs(np.where(ratio > 0, np.log(ratio), ratio - 1))
