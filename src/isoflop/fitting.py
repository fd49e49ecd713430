"""What `isoflop fit` does with a table: fit every law asked for, look ahead, lay the approaches side by side."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from isoflop.errors import BadInput, FitError, IsoflopError
from isoflop.estimates.check import Check, Verdict
from isoflop.estimates.ensemble import Ensemble
from isoflop.estimates.fit import Fit, FitStatus
from isoflop.estimates.objective import HUBER, LEAST_ABSOLUTE, SQUARES, UNDERTUNED, Objective
from isoflop.laws.catalog import loss_form, loss_forms
from isoflop.laws.law import Law
from isoflop.plans.analysis import Analysis
from isoflop.plans.plan import Plan, Quantity, plan
from isoflop.runs.budgets import budget_notes, with_budgets
from isoflop.runs.cost import cost_of, counts_6nd
from isoflop.runs.table import Table

if TYPE_CHECKING:
    from isoflop.estimates.opinion import Opinion
    from isoflop.estimates.standing import Standing
    from isoflop.fits.choice import Choice

AHEAD = (1.0, 10.0, 100.0)
"""Times the most compute of a run, at which the best size is told."""
DRAWS = 200
"""Resamples by default: enough for a 90 % interval, and a cold fit stays under 4 s."""
ALL = "all"
TRIANGLE = {"n_params", "tokens", "flops", "loss"}
ONE_BUDGET = 0.2
"""Runs whose ln C span less are all of one budget."""
MOST_JUDGED = 1000
"""Runs that hold-outs look at; of more, so many are taken evenly, since hold-outs take all runs' covariance."""
INTERVALS = ("auto", "case", "cluster", "residual", "wild", "sandwich", "posterior")


@dataclass(frozen=True)
class Wanted:
    """How laws are fitted: the objective, the runs' weights ("loss_se" or none), the kind of intervals and its draws.

    holdout: "flops" judges the laws by the largest budgets, held out, and the best is chosen.
    """

    objective: Objective = HUBER
    weigh: str = ""
    intervals: str = "auto"
    draws: int = DRAWS
    seed: int = 0
    holdout: str = ""

    def __post_init__(self) -> None:
        problems = []
        if self.draws < 0:
            problems.append(f"{self.draws} draws: give how many laws the intervals are made of, or 0 for none.")
        if self.intervals not in INTERVALS:
            problems.append(f"No intervals are called {self.intervals!r}. There are {', '.join(INTERVALS)}.")
        if self.weigh not in {"", "loss_se"}:
            problems.append(f"Runs are weighed by 'loss_se' or not at all, not by {self.weigh!r}.")
        if self.seed < 0:
            problems.append(f"A seed is 0 or more; got {self.seed}.")
        if self.holdout not in {"", "flops"}:
            problems.append(f"Held out are the largest 'flops' or nothing, not {self.holdout!r}.")
        if problems:
            raise BadInput(problems)


def read(
    source: str, laws: Sequence[str], mapping: Mapping[str, str], exclude: Sequence[int], convention: str = "6ND"
) -> Table:
    """A user's table, with the columns that the laws need, without the rows they name and without pilots."""
    from isoflop.runs.readers.read import read_table  # noqa: PLC0415

    needed = None
    if ALL not in laws:
        columns = dict.fromkeys(name for law in laws for name in (*loss_form(law).inputs, "loss"))
        needed = None if set(columns) <= TRIANGLE else tuple(columns)
    left_out = dict.fromkeys(exclude, "left out by --exclude")
    table = read_table(source, mapping, needed=needed, convention=convention, exclude=left_out)
    if "role" in table and (pilots := table.rows[table["role"] == "pilot"]).size:
        table = table.excluding(pilots, "a learning-rate pilot, not trained by the recipe")
    return table


def forms_of(laws: Sequence[str], table: Table) -> tuple[type[Law], ...]:
    """The forms by the names given; for "all", every law of the loss whose inputs the table has and can determine."""
    if ALL not in laws:
        return tuple(dict.fromkeys(loss_form(name) for name in laws))
    whole = [name for name, column in table.columns.items() if column.dtype.kind in "fiu" and np.all(table[name] > 0)]
    return tuple(form for form in loss_forms(whole) if len(form.params()) < len(table))


def objective_of(name: str, delta: float | None) -> Objective:
    """The objective by its name on the command line. Raises `BadInput` where it has no threshold to set."""
    named = {"huber": HUBER, "absolute": LEAST_ABSOLUTE, "squares": SQUARES, "undertuned": UNDERTUNED}
    if delta is None:
        return named[name]
    if name not in {"huber", "undertuned"}:
        raise BadInput(
            f"--delta {delta:g} is Huber's threshold, and --objective {name} has none. Leave one of them out."
        )
    return replace(named[name], delta=delta)


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
    best = _best(fits, judged.standings) if judged else 0
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


def _best(fits: Sequence[Fit], standings: "Sequence[Standing]") -> int:
    """The law that stands best of those whose own fit is certified; the best of all where none is."""
    places = {type(fit.law).__name__: i for i, fit in enumerate(fits)}
    order = [places[each.name] for each in standings if each.name in places]
    return next((i for i in order if fits[i].status is not FitStatus.NOT_CERTIFIED), order[0])


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


def thinned(table: Table) -> Table:
    """At most MOST_JUDGED of the runs, evenly taken in the order of their compute and size."""
    if len(table) <= MOST_JUDGED:
        return table
    order = np.lexsort((table.n_params, table.flops))
    mask = np.zeros(len(table), bool)
    mask[order[np.linspace(0, len(table) - 1, MOST_JUDGED).round().astype(int)]] = True
    return table.where(mask)


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


def with_doubts(found: Fit) -> Fit:
    """The fit with every doubt that its runs can answer looked into."""
    from isoflop.fits.checks import doubts_of  # noqa: PLC0415 – brings JAX

    return found.with_checks(*one_budget(found.table), *doubts_of(found))


def one_budget(table: Table) -> tuple[Check, ...]:
    """A failure where all runs spend the same: they show how loss goes with size, not how it goes with compute."""
    if "flops" not in table or len(table) == 0 or np.ptp(np.log(table.flops)) > ONE_BUDGET:
        return ()
    message = (
        f"all {len(table)} runs spend about {float(np.median(table.flops)):.3g} FLOPs, so nothing shows what more "
        "compute buys. Add runs at two or more other budgets, each three times the one before"
    )
    return (Check("one budget", Verdict.FAIL, message),)


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
        return found.with_intervals(ensemble(found, wanted))
    except FitError as error:
        return found.with_checks(Check("intervals", Verdict.WARN, str(error)))


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
