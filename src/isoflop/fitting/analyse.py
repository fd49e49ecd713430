"""Fits of every law asked for, with their doubts, a look ahead, and the approaches side by side."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from isoflop.errors import BadInput, FitError, IsoflopError
from isoflop.estimates.check import Check, Verdict
from isoflop.estimates.ensemble import Ensemble
from isoflop.estimates.fit import Fit, FitStatus
from isoflop.fitting.judging import AHEAD, best_standing, falling, held_out, judge, one_budget, weighed_ahead
from isoflop.fitting.wanted import DRAWS, Wanted
from isoflop.laws.law import Law
from isoflop.plans.analysis import Analysis
from isoflop.plans.plan import Plan, plan
from isoflop.runs.budgets import budget_notes, with_budgets
from isoflop.runs.cost import cost_of, counts_6nd
from isoflop.runs.table import Table

if TYPE_CHECKING:
    from isoflop.estimates.opinion import Opinion
    from isoflop.fits.choice import Choice


def analyse(
    table: Table,
    forms: Sequence[type[Law]],
    wanted: Wanted,
    *,
    source: str = "",
    say: Callable[[str], None] = lambda _: None,
) -> Analysis:
    """Fit each form and say all there is to say. A form that gives no fit is told of; `FitError` if none does.

    The chosen law alone has the slower checks: the first, or where laws are judged the one that stands best.
    """
    fits: list[Fit] = []
    failed: dict[str, str] = {}
    for form in forms:
        say(f"Fitting {form.__name__} to {len(table)} runs")
        try:
            fits.append(fit_by(form, table, wanted))
        except FitError as error:
            failed[form.__name__] = str(error)
    if not fits:
        raise FitError(" ".join(failed.values()))
    judged: Choice | None = None
    if wanted.holdout:
        say("Judging the laws by the largest budgets, held out")
        judged = judge([type(each.law) for each in fits], table, wanted)
    best = best_standing(fits, judged.standings) if judged else 0
    say(f"Looking into {type(fits[best].law).__name__}")
    chosen = with_doubts(fits[best])
    say("Laying the approaches side by side")
    opinions, doubts, notes = beside(chosen, table, wanted)
    plans = weighed_ahead(judged, table) if judged else ahead(chosen, table)
    against = judged.checks if judged else held_out(chosen, table)
    fits[best] = chosen.with_checks(*falling(plans), *against, *doubts)
    return Analysis(
        source=source,
        table=table,
        fits=tuple(fits),
        chosen=best,
        failed=failed,
        ahead=plans,
        opinions=opinions,
        standings=judged.standings if judged else (),
        notes=(*table.notes, *notes),
    )


def with_doubts(found: Fit) -> Fit:
    """The fit with every doubt that its runs can answer looked into."""
    from isoflop.fits.checks import doubts_of  # noqa: PLC0415 – brings JAX

    return found.with_checks(*one_budget(found.table), *doubts_of(found))


def fit_by(form: type[Law], table: Table, wanted: Wanted) -> Fit:
    """A certified fit with the intervals of its constants; where it has none, a check says why. Raises `FitError`."""
    from isoflop.fits.parametric import fit  # noqa: PLC0415 – brings JAX
    from isoflop.fits.problem import noise_weights  # noqa: PLC0415

    weights = noise_weights(table) if wanted.weigh else None
    found = fit(form, table, objective=wanted.objective, weights=weights, check=False)
    if not wanted.draws:
        return found
    if found.status is FitStatus.NOT_CERTIFIED:
        message = "none: draws around a point that is no certified optimum would say nothing"
        return found.with_checks(Check("intervals", Verdict.WARN, message))
    try:
        bag = ensemble(found, wanted)
    except FitError as error:
        return found.with_checks(Check("intervals", Verdict.WARN, str(error)))
    return found.with_intervals(bag).with_checks(*bag.checks)


def ensemble(found: Fit, wanted: Wanted) -> Ensemble:
    """The bag of laws that intervals are made of. "auto" draws whole runs where the rows are checkpoints of runs."""
    from isoflop.fits.resample import bootstrap  # noqa: PLC0415

    if wanted.intervals == "posterior":
        from isoflop.fits.posterior import posterior  # noqa: PLC0415

        return posterior(found, draws=wanted.draws, seed=wanted.seed)
    if wanted.intervals == "sandwich":
        from isoflop.fits.sandwich import sandwich  # noqa: PLC0415

        return sandwich(found, draws=wanted.draws, seed=wanted.seed)
    kind = None if wanted.intervals == "auto" else wanted.intervals
    if kind == "cluster" and "run_id" not in found.table:
        raise BadInput(
            "--intervals cluster draws whole runs, and the table has no column run_id. Map it, or take case."
        )
    return bootstrap(found, draws=wanted.draws, seed=wanted.seed, kind=kind)


def ahead(found: Fit, table: Table) -> tuple[Plan, ...]:
    """The best size at 1, 10 and 100 times the most compute of a run, counted as the table does."""
    if found.law.inputs != ("n_params", "tokens"):
        return ()
    plans = []
    for times in AHEAD:
        try:
            budget = float(table.flops.max()) * times
            plans.append(plan(found.sample or found.law, budget, flops_per_token=cost_of(table)))
        except IsoflopError:
            break
    return tuple(plans)


def beside(
    found: Fit, table: Table, wanted: Wanted
) -> "tuple[tuple[Opinion, ...], tuple[Check, ...], tuple[str, ...]]":
    """The approaches side by side; what their disagreement and the parabola's bias say against the fit; notes."""
    from isoflop.fits.agreement import agreement  # noqa: PLC0415
    from isoflop.fits.bias import bias  # noqa: PLC0415

    if found.law.inputs != ("n_params", "tokens"):
        return (), (), ()
    opinions, agreed = agreement(table, found, draws=max(wanted.draws, DRAWS), seed=wanted.seed)
    grouped = with_budgets(table)
    notes = budget_notes(grouped) if "budget" in grouped.derived else ()
    if not counts_6nd(table):
        notes += ("C is what the table says, not 6 N D: `isoflop plan --fit` counts 6 N D, and its budgets mean that.",)
    try:
        return opinions, (agreed, bias(found.law, table).check()), notes
    except IsoflopError:  # no budgets of several sizes: there are no parabolas to be biased
        return opinions, (agreed,), notes
