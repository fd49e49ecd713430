"""How far approach 2 errs without any noise: its minima on a law's own losses against the law's own optima."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from isoflop.allocations.allocate import Allocation, allocate
from isoflop.errors import FitError
from isoflop.estimates.fit import Check, Verdict
from isoflop.fits.minima import Curve, noiseless_minima
from isoflop.laws.law import Law
from isoflop.runs.budgets import with_budgets
from isoflop.runs.cost import cost_of
from isoflop.runs.table import Table

AHEAD = (1.0, 10.0, 100.0)  # times the largest budget
TELLING = 0.1  # a best size off by more than this share, at ten times the largest budget, is worth a warning


@dataclass(frozen=True)
class Misplaced:
    """At C FLOPs: the size that approach 2 names, the law's best one, and the share of compute that the choice wastes.

    waste = 1 - C' / C, where the best size reaches at C' what the named one reaches at C.
    """

    flops: float
    n_params: float
    best: float
    waste: float

    @property
    def error(self) -> float:
        """N_named / N_opt - 1."""
        return self.n_params / self.best - 1


@dataclass(frozen=True)
class Bias:
    """What a curve finds without noise on a design, where the law is known: N ~ C^exponent against C^true_exponent.

    minima: how many budgets have one; refused: how many have none although nothing is noisy. at: at 1, 10 and 100
    times the largest budget.
    """

    curve: Curve
    exponent: float
    true_exponent: float
    minima: int
    refused: int
    at: tuple[Misplaced, ...]

    def check(self) -> Check:
        """A warning where the best size is off by more than a tenth at ten times the largest budget."""
        parts = ", ".join(f"{each.error:+.1%} at {each.flops:.3g}" for each in self.at)
        message = (
            f"without noise, were the fitted law true, {self.minima} minima of this design by {self.curve} would say "
            f"N ~ C^{self.exponent:.4f} where it is C^{self.true_exponent:.4f}; their best size is off by {parts} "
            f"FLOPs, which wastes {self.at[-1].waste:.2%} of the compute there"
        )
        if self.refused:
            message += f"; {self.refused} budgets do not bracket it"
        bad = any(abs(each.error) > TELLING for each in self.at[:2])
        if bad:
            message += ". Trust approach 3 more, or narrow the sizes round the best one"
        return Check(f"bias of approach 2 ({self.curve})", Verdict.WARN if bad else Verdict.OK, message)


def bias(
    law: Law,
    table: Table,
    *,
    curve: Curve = "parabola",
    share_curvature: bool = False,
    flops_per_token: Callable[[Any], Any] | None = None,
) -> Bias:
    """Approach 2 on the table's sizes and budgets with the losses that a law L(N, D) gives them, against the law.

    Czech et al. 2026, arXiv:2603.22339: wide grids, off-centre grids and alpha != beta bend the parabola. For small
    spans about the optimum, N is off by -(beta - alpha) m4 / (6 m2) in ln N, m the grid's moments about it: a constant
    factor; the exponent errs where the grid's place or span drifts with the budget. The power law here is unweighted.

    flops_per_token: C / D as a function of N; that of the table's own runs by default, as a power law of N. Raises
    `FitError` where fewer than two budgets have a minimum, `IsoflopError` where the law itself has no optimum.
    """
    table = with_budgets(table)
    used = table.where(np.isfinite(table["budget"]))
    columns = {name: used[name] for name in ("n_params", "tokens", "flops", "budget")}
    exact = Table({**columns, "loss": law(used.n_params, used.tokens)})
    found = noiseless_minima(exact, curve, share_curvature=share_curvature)
    usable = [each for each in found if each.usable]
    if len(usable) < 2:
        raise FitError(
            f"Approach 2 ({curve}) would find {len(usable)} minima on this design if {law} were true; a power law "
            "needs two. Train sizes on both sides of the best one."
        )
    cost = flops_per_token or cost_of(table)
    ln_c = np.log([each.flops for each in usable])
    best = [allocate(law, each.flops, cost) for each in usable]
    slope, level = np.polyfit(ln_c, np.log([each.n_params for each in usable]), 1)
    true_slope = np.polyfit(ln_c, np.log([each.n_params for each in best]), 1)[0]
    top = float(np.exp(ln_c.max()))
    at = tuple(
        _misplaced(law, allocate(law, times * top, cost), float(np.exp(level + slope * np.log(times * top))), cost)
        for times in AHEAD
    )
    return Bias(curve, float(slope), float(true_slope), len(usable), len(found) - len(usable), at)


def _misplaced(law: Law, best: Allocation, n_params: float, cost: Callable[[Any], Any]) -> Misplaced:
    loss = float(law(n_params, best.flops / cost(n_params)))
    waste = 1 - float(np.exp(-max(0.0, loss - best.loss) / -best.slope))
    return Misplaced(best.flops, n_params, best.n_params, waste)
