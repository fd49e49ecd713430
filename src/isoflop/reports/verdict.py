"""What a report says first: one sentence of verdict, then every doubt, the worst before the others."""

from isoflop.reports import prose
from isoflop.reports.findings import CheckFact, Findings, ForecastFact, RunFact


def headline(findings: Findings) -> str:
    """The verdict in one sentence of plain text: forecast against measurement, or why there is none."""
    forecast = findings.forecast
    if forecast is None:
        return _why_no_forecast(findings)
    above = forecast.flops / forecast.fitted_up_to
    said = (
        f"Forecast {prose.loss(forecast.loss.median)} {prose.bracket(forecast.loss)} {findings.loss_unit} for "
        f"{prose.power(forecast.flops)} FLOPs, {above:.3g} times the largest budget fitted"
    )
    if forecast.measured is None:
        states = {run.status for run in findings.runs if run.role == "check"}
        ended = states & {"failed", "diverged"}
        return f"{said}; the run that tests it {f'has {ended.pop()}' if ended else 'is not trained yet'}."
    where = "inside" if forecast.inside else "outside"
    return (
        f"{said}; the run measured {prose.loss(forecast.measured)}, {where} the {prose.level(forecast.loss)} interval"
        f"{_miss(forecast)}."
    )


def doubts(findings: Findings) -> tuple[CheckFact, ...]:
    """All that speaks against the result, failures first; empty when nothing does."""
    found = [
        *_of_the_forecasts(findings),
        *_of_the_runs(findings),
        *(
            CheckFact(f"minimum at {prose.power(minimum.budget)} FLOPs", "warn", minimum.reason or minimum.status)
            for minimum in findings.minima
            if minimum.status != "ok"
        ),
        *(
            CheckFact(fit.title, "warn", f"The fit is {fit.status}: trust its constants less than its curve.")
            for fit in findings.fits
            if fit.status != "converged"
        ),
        *(check for check in checks(findings) if check.verdict != "ok"),
    ]
    return tuple(sorted(found, key=lambda check: check.verdict != "fail"))


def checks(findings: Findings) -> tuple[CheckFact, ...]:
    """Every check that was made, of the ladder and of each fit; a fit's checks carry its title."""
    of_fits = (CheckFact(f"{c.name}, {fit.title}", c.verdict, c.message) for fit in findings.fits for c in fit.checks)
    return (*findings.checks, *of_fits)


def progress(findings: Findings) -> str:
    """How many runs ended how: "47 done, 1 diverged, 3 planned"."""
    counts: dict[str, int] = {}
    for run in findings.runs:
        counts[run.status] = counts.get(run.status, 0) + 1
    order: list[str] = [status for status in ("done", "diverged", "failed", "planned") if status in counts]
    order += [status for status in counts if status not in order]
    return ", ".join(f"{counts[status]} {status}" for status in order) or "none"


def _miss(forecast: ForecastFact) -> str:
    if forecast.relative_error is None:
        return ""
    way = "more" if forecast.relative_error > 0 else "less"
    compute = f", a miss worth {prose.percent(forecast.compute_error)} of the compute" if forecast.compute_error else ""
    return f": {prose.percent(forecast.relative_error)} {way} loss than forecast{compute}"


def _why_no_forecast(findings: Findings) -> str:
    total = len(findings.runs)
    if not total:
        return "No forecast yet: nothing has been trained."
    waiting = _having(findings, "planned")
    if waiting:
        return f"No forecast yet: {len(waiting)} of {total} runs are still to be trained."
    if not _having(findings, "done"):
        return f"No forecast: none of the {total} runs ended well ({progress(findings)})."
    return f"No forecast: the runs are trained ({progress(findings)}), but no law came out; the doubts below say why."


def _of_the_forecasts(findings: Findings) -> list[CheckFact]:
    found = []
    forecast = findings.forecast
    if forecast and forecast.measured is not None and not forecast.inside:
        message = f"The run measured {prose.loss(forecast.measured)}, outside {prose.bracket(forecast.loss)}."
        found.append(CheckFact("forecast", "fail", message))
    scored = [each for each in findings.rung_forecasts if each.measured is not None]
    missed = [each for each in scored if not each.inside]
    if missed:
        where = ", ".join(prose.power(each.flops) for each in missed)
        message = f"{len(missed)} of {len(scored)} forecasts from rung to rung missed their interval, at {where} FLOPs."
        found.append(CheckFact("rung forecasts", "warn", message))
    return found


def _of_the_runs(findings: Findings) -> list[CheckFact]:
    left_out = {exclusion.run_id for exclusion in findings.exclusions}
    found = []
    if waiting := _having(findings, "planned"):
        message = f"{len(waiting)} of {len(findings.runs)} runs are still to be trained: what follows will change."
        found.append(CheckFact("unfinished", "warn", message))
    for run in (*_having(findings, "failed"), *_having(findings, "diverged")):
        # An exclusion already says so, in the list beside this one.
        if run.run_id not in left_out:
            cell = f"{prose.count(run.n_params)} parameters at {prose.power(run.budget)} FLOPs"
            why = run.note or "no reason was kept"
            found.append(CheckFact(f"run {run.run_id[:8]} {run.status}", "warn", f"{cell}: {why}."))
    return found


def _having(findings: Findings, status: str) -> list[RunFact]:
    return [run for run in findings.runs if run.status == status]
