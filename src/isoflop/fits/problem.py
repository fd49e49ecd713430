"""What a solver is given: a form, the runs as numbers, and what is to be minimised."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from isoflop.errors import BadInput, FitError
from isoflop.estimates.objective import HUBER, LOG, Objective
from isoflop.fits.objective import Floats, from_search
from isoflop.laws.law import Law
from isoflop.runs.table import Table

ROWS = 64  # rows are padded (with weight 0) to this or the next power of two, so that one compiled program serves many


@dataclass(frozen=True)
class Problem:
    """A form and the runs to fit it to: inputs (arrays with n rows each), measured output y (n,), weights (n,)."""

    form: type[Law]
    inputs: tuple[Floats, ...]
    measured: Floats
    weights: Floats
    objective: Objective = HUBER

    @property
    def target(self) -> Floats:
        """What the residuals are measured from: ln y or y."""
        return np.log(self.measured) if self.objective.scale == LOG else self.measured

    @property
    def scale(self) -> float:
        """The size of a residual of the order of the output itself, for thresholds that must not depend on units."""
        return 1.0 if self.objective.scale == LOG else float(np.median(np.abs(self.measured)))

    @property
    def padded_rows(self) -> int:
        """n, or the standard size above it."""
        return max(ROWS, 1 << (len(self.measured) - 1).bit_length())

    def fitted(self, theta: Floats) -> Floats:
        """What the law at a point of the search says of every run, computed with NumPy; nan outside its domain."""
        with np.errstate(all="ignore"):
            try:
                law = self.form(**from_search(self.form.params(), theta))
            except BadInput:
                return np.full(len(self.measured), np.nan)
            return np.asarray(law(*self.inputs), dtype=np.float64)

    def residuals(self, law: Law) -> Floats:
        """ln f - ln y or f - y of every run, computed with NumPy."""
        with np.errstate(all="ignore"):
            return self.objective.residuals(law(*self.inputs), self.measured)

    def value(self, law: Law) -> float:
        """The objective at a law, computed with NumPy."""
        return float(self.objective.value(self.residuals(law), self.weights))

    def only(self, rows: ArrayLike) -> Self:
        """The same with some of its runs."""
        chosen = np.asarray(rows)
        inputs = tuple(each[chosen] for each in self.inputs)
        return replace(self, inputs=inputs, measured=self.measured[chosen], weights=self.weights[chosen])

    def thinned(self, most: int) -> Self:
        """The same with at most so many of its runs, evenly taken in the order of their outputs."""
        n = len(self.measured)
        if n <= most:
            return self
        order = np.argsort(self.measured, kind="stable")
        return self.only(np.sort(order[np.linspace(0, n - 1, most).round().astype(int)]))

    def pad(self, per_run: Floats, *, zero: bool = False) -> Floats:
        """An array whose last axis is the runs, with the first run repeated (or zeros) up to the standard size."""
        extra = self.padded_rows - per_run.shape[-1]
        filler = np.repeat(per_run[..., :1], extra, axis=-1)
        return np.concatenate([per_run, np.zeros_like(filler) if zero else filler], axis=-1)

    def padded_inputs(self) -> tuple[Floats, ...]:
        """The inputs with the first run repeated up to the standard size."""
        extra = self.padded_rows - len(self.measured)
        return tuple(np.concatenate([each, np.repeat(each[:1], extra, axis=0)]) for each in self.inputs)


def problem_of(
    form: type[Law], table: Table, objective: Objective = HUBER, weights: ArrayLike | None = None
) -> Problem:
    """The numbers of a fit to a table. Raises `BadInput` or `FitError` where there is nothing to fit."""
    n_constants = len(form.params())
    if len(table) <= n_constants:
        raise FitError(
            f"{form.__name__} has {n_constants} constants, but the table has only {len(table)} runs in use. "
            "Add runs, or fit a law with fewer constants."
        )
    w = np.ones(len(table)) if weights is None else np.asarray(weights, dtype=np.float64)
    if w.shape != (len(table),) or not np.all(w >= 0) or not 0 < w.sum() < np.inf:
        raise BadInput(f"{len(table)} runs need as many weights, none below 0 and not all 0; got {w.size}.")
    columns: Mapping[str, Floats] = {
        name: np.asarray(table[name], dtype=np.float64) for name in (*form.inputs, form.output)
    }
    bad = []
    for name, column in columns.items():
        usable = np.isfinite(column) & ((column > 0) | (name == form.output and objective.scale != LOG))
        if not usable.all():
            rows = ", ".join(str(row) for row in table.rows[~usable][:3])
            bad.append(
                f"{name}: {int(np.sum(~usable))} values are not above 0 and finite (row {rows}…); a law of powers "
                "needs positive numbers. Correct them, or leave those rows out."
            )
    if bad:
        raise BadInput(bad)
    return Problem(form, tuple(columns[name] for name in form.inputs), columns[form.output], w, objective)


def noise_weights(table: Table) -> Floats:
    """1 / variance of each run's ln L from the column loss_se, the largest 1. Raises `BadInput` where it is unknown."""
    if "loss_se" not in table:
        raise BadInput("Weights by known noise need the column loss_se, the standard error of each loss (nats/token).")
    se = np.asarray(table.loss_se, dtype=np.float64)
    if not np.all(se > 0):
        unknown = table.rows[~(se > 0)]
        rows = ", ".join(map(str, unknown[:3]))
        raise BadInput(
            f"loss_se is not above 0 in {len(unknown)} rows in use (row {rows}…), so their weights are unknown. "
            "Fill it in, or leave those rows out."
        )
    precision = (table.loss / se) ** 2
    return np.asarray(precision / precision.max())
