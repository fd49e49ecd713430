"""What is said of a fit before anything else: a sentence of verdict, then every doubt, the worst before the rest."""

from collections.abc import Callable, Mapping

from isoflop.estimates.check import Check, Verdict
from isoflop.estimates.fit import Fit, FitStatus
from isoflop.estimates.standing import Standing
from isoflop.plans.analysis import Analysis
from isoflop.plans.plan import Quantity
from isoflop.reports import prose
from isoflop.reports.compared import Compared, words
from isoflop.units import print_count

REASONS: Mapping[FitStatus, str] = {
    FitStatus.NOT_CERTIFIED: "its optimum is not certified",
    FitStatus.AT_BOUND: "a constant ran to its bound",
    FitStatus.UNIDENTIFIED: "the runs do not determine every constant",
}
AHEAD = 10.0


def headline(analysis: Analysis, runs: Compared, flops: Callable[[float], str]) -> str:
    """The verdict in one sentence: what was fitted, whether to believe it, and what it says of the best size.

    flops writes a budget with its unit. Where the optimum is not certified or a check fails, that comes first.
    """
    fit = analysis.fit
    name, said = type(fit.law).__name__, _said(analysis, runs, flops)
    of = f" of {analysis.source}" if analysis.source else ""
    fitted = f"fitted to {len(analysis.table):,} runs{of}"
    if len(judged(analysis)) > 1:
        name, said = (
            f"{name}, of {len(judged(analysis))} laws judged",
            f"counts beside the others; together they {said}",
        )
    if why := _why_not(fit):
        return f"Do not plan by this yet: {why}; as it stands, {name}, {fitted}, {said}."
    warned = len(doubts(analysis))
    below = {0: "", 1: "; one doubt is below"}.get(warned, f"; {warned} doubts are below")
    return f"{name}, {fitted} to a certified optimum, {said}{below}."


def judged(analysis: Analysis) -> list[Standing]:
    """The laws that were judged by a hold-out, best first, without the baselines."""
    return [each for each in analysis.standings if each.weight is not None]


def doubtful(analysis: Analysis) -> bool:
    """Whether the verdict is not to plan by it."""
    return bool(_why_not(analysis.fit))


def doubts(analysis: Analysis) -> tuple[Check, ...]:
    """All that speaks against the fit: its status, then failed checks, then warnings; empty when nothing does."""
    status = analysis.fit.status
    known = () if status is FitStatus.CONVERGED else (Check(f"status: {status}", Verdict.FAIL, status.advice),)
    found = [check for check in checks(analysis) if check.verdict != Verdict.OK]
    return (*known, *sorted(found, key=lambda check: check.verdict != Verdict.FAIL))


def checks(analysis: Analysis) -> tuple[Check, ...]:
    """Every check of the chosen fit and of the draws behind its intervals, each once."""
    drawn = analysis.fit.sample.checks if analysis.fit.sample else ()
    return tuple(dict.fromkeys((*analysis.fit.checks, *drawn)))


def passed(analysis: Analysis) -> tuple[Check, ...]:
    """The checks that raised no doubt."""
    return tuple(check for check in checks(analysis) if check.verdict == Verdict.OK)


def left_out(fit: Fit) -> dict[str, list[int]]:
    """Reason → the rows that are left out for it."""
    found: dict[str, list[int]] = {}
    for row, why in fit.excluded:
        found.setdefault(why, []).append(row)
    return found


def minimised(fit: Fit) -> str:
    """The objective as a sentence."""
    what = f"the {fit.minimised}" if fit.minimised else "the chi² of the minima"
    return f"Its constants minimise {what}, which is {prose.number(fit.objective)} at the optimum."


def resampled(fit: Fit) -> str:
    """Where the intervals come from, or that there are none."""
    if not fit.draws:
        return "There are no intervals: nothing was resampled."
    how = f" ({fit.sample.how})" if fit.sample and fit.sample.how else ""
    level = next((prose.level(interval) for interval in fit.intervals.values()), "90 %")
    return f"Intervals hold {level} of {fit.draws:,} laws refitted to resampled runs{how}, seed {fit.seed}."


def span(quantity: Quantity, show: Callable[[float], str]) -> str:
    """A number with its ends where they are known: "6.2B (5.9B to 6.6B)"."""
    if quantity.low is None or quantity.high is None:
        return show(quantity.median)
    return f"{show(quantity.median)} ({show(quantity.low)} to {show(quantity.high)})"


def _why_not(fit: Fit) -> str:
    if fit.status is not FitStatus.CONVERGED:
        return REASONS[fit.status]
    failed = [check.name for check in fit.checks if check.verdict == Verdict.FAIL]
    names = " and ".join([", ".join(failed[:-1]), failed[-1]] if len(failed) > 1 else failed)
    return f"{'a check fails' if len(failed) == 1 else f'{len(failed)} checks fail'} ({names})" if failed else ""


def _said(analysis: Analysis, runs: Compared, flops: Callable[[float], str]) -> str:
    """What the law says ahead: the best size, or its output beyond the runs, or how near it comes to them."""
    sizes = [(plan.flops, plan.n_params) for plan in analysis.ahead if plan.n_params]
    if sizes:
        (most, here), *further = sizes
        ends = f" ({100 * here.level:.3g} % interval {_ends(here)})" if here.level else ""
        ten = f", and for ten times that at {span(further[0][1], print_count)}" if further else ""
        put = "put" if len(judged(analysis)) > 1 else "puts"
        return (
            f"{put} the best size for {flops(most)}, the most compute of a run, at {print_count(here.median)} "
            f"parameters{ends}{ten}"
        )
    if len(runs.inputs) == 1:
        return _one_input(analysis.fit, runs, flops)
    near = f"is within {prose.percent(runs.typical)} of the {words(runs.output)} of half of its runs"
    return f"names no best size and {near}" if runs.flops_per_token is not None else near


def _ends(quantity: Quantity) -> str:
    return span(quantity, print_count).partition("(")[2].rstrip(")")


def _one_input(fit: Fit, runs: Compared, flops: Callable[[float], str]) -> str:
    ((name, values),) = runs.inputs.items()
    far = float(values.max()) * AHEAD
    said = Quantity(float(fit.law(far)))
    if fit.sample:
        interval = fit.sample.interval(lambda law: float(law(far)))
        said = Quantity(said.median, interval.low, interval.high, interval.level)
    unit = "" if runs.unit in ("", "1", "output") else f" {runs.unit}"
    where = flops(far) if name == "flops" else f"{print_count(far)} {words(name)}"
    return f"puts the {words(runs.output)} at {span(said, prose.number)}{unit} for {where}, ten times the most of a run"
