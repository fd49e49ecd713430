"""Laws of a table judged by its largest budgets, and what that says against a look ahead."""

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from isoflop.errors import BadInput, FitError, IsoflopError
from isoflop.estimates.check import Check, Verdict
from isoflop.estimates.fit import Fit, FitStatus
from isoflop.estimates.standing import Standing
from isoflop.fitting.wanted import Wanted
from isoflop.laws.law import Law
from isoflop.plans.plan import Plan, Quantity
from isoflop.runs.table import Table

if TYPE_CHECKING:
    from isoflop.fits.choice import Choice

AHEAD = (1.0, 10.0, 100.0)
"""Times the most compute of a run, at which the best size is told."""
ONE_BUDGET = 0.2
"""Runs whose ln C span less are all of one budget."""
MOST_JUDGED = 1000
"""Runs that hold-outs look at; of more, so many are taken evenly, since hold-outs take all runs' covariance."""


def judge(forms: Sequence[type[Law]], table: Table, wanted: Wanted) -> "Choice":
    """Laws of L(N, D) judged by a forward hold-out. Raises `BadInput` where none of the forms is one."""
    from isoflop.fits.choice import choose  # noqa: PLC0415

    splitting = [form for form in forms if form.inputs == ("n_params", "tokens")]
    if not splitting:
        names = ", ".join(form.__name__ for form in forms)
        raise BadInput(f"--holdout {wanted.holdout} compares laws of L(N, D), and {names} is none. Add --law all.")
    if alone := one_budget(table):
        raise BadInput(f"--holdout {wanted.holdout} has nothing to hold out: {alone[0].message}.")
    return choose(splitting, thinned(table), holdout=wanted.holdout, draws=max(wanted.draws, 1), seed=wanted.seed)


def best_standing(fits: Sequence[Fit], standings: Sequence[Standing]) -> int:
    """The law that stands best of those whose own fit is certified; the best of all where none is."""
    places = {type(fit.law).__name__: i for i, fit in enumerate(fits)}
    order = [places[each.name] for each in standings if each.name in places]
    return next((i for i in order if fits[i].status is not FitStatus.NOT_CERTIFIED), order[0])


def held_out(found: Fit, table: Table) -> tuple[Check, ...]:
    """Whether this law alone, fitted below the largest budget, foresees it, against noise and two baselines."""
    from isoflop.fits.choice import hold_out  # noqa: PLC0415

    if found.law.inputs != ("n_params", "tokens") or one_budget(table):
        return ()
    try:
        return (hold_out(type(found.law), thinned(table))[1],)
    except IsoflopError as error:
        return (Check("hold-out", Verdict.WARN, f"not looked at: {error}"),)


def weighed_ahead(judged: "Choice", table: Table) -> tuple[Plan, ...]:
    """The best size at 1, 10 and 100 times the most compute of a run, by all laws by weight; C = 6 N D."""
    weights = [f"{each.name} {each.weight:.0%}" for each in judged.standings if each.weight]
    plans = []
    for times in AHEAD:
        try:
            found = judged.at(float(np.max(6 * table.n_params * table.tokens)) * times)
        except FitError:
            break
        n, d, ratio, loss = map(Quantity.of, (found.n_params, found.tokens, found.tokens_per_param, found.loss))
        plans.append(Plan(found.flops, "laws by weight: " + ", ".join(weights), n, d, ratio, loss))
    return tuple(plans)


def falling(plans: Sequence[Plan]) -> tuple[Check, ...]:
    """A failure where the best size is said to shrink as compute grows: no law that was fitted means that."""
    sizes = [plan.n_params.median for plan in plans if plan.n_params]
    if all(low < high for low, high in pairwise(sizes)):
        return ()
    told = ", ".join(f"{size:.3g} at {plan.flops:.3g}" for size, plan in zip(sizes, plans, strict=True))
    message = (
        f"the best size falls as compute grows: {told} FLOPs. The laws drift away from the runs too much to look "
        "ahead: leave out runs that are named as suspicious, or add budgets"
    )
    return (Check("look ahead", Verdict.FAIL, message),)


def one_budget(table: Table) -> tuple[Check, ...]:
    """A failure where all runs spend the same: they show how loss goes with size, not how it goes with compute."""
    if "flops" not in table or len(table) == 0 or np.ptp(np.log(table.flops)) > ONE_BUDGET:
        return ()
    message = (
        f"all {len(table)} runs spend about {float(np.median(table.flops)):.3g} FLOPs, so nothing shows what more "
        "compute buys. Add runs at two or more other budgets, each three times the one before"
    )
    return (Check("one budget", Verdict.FAIL, message),)


def thinned(table: Table) -> Table:
    """At most MOST_JUDGED of the runs, evenly taken in the order of their compute and size."""
    if len(table) <= MOST_JUDGED:
        return table
    order = np.lexsort((table.n_params, table.flops))
    mask = np.zeros(len(table), bool)
    mask[order[np.linspace(0, len(table) - 1, MOST_JUDGED).round().astype(int)]] = True
    return table.where(mask)
