"""The whole idea on one page: design → run → tabulate → fit → forecast → check → report.

A study's folder holds `study.toml`, `text.json`, `records/`, `table.csv`, `fit.json`, `forecast.json`, `report.html`.
Each stage asks `get` for the records of its runs. Training, `get` trains those that are missing; reporting, it only
looks them up. So a study that was interrupted, or is read again, goes through the very same steps.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from isoflop.designs.grid import Text, check_runs, expected_n, rung
from isoflop.designs.kept import Kept
from isoflop.designs.pilot import cell_nearest
from isoflop.designs.planned import pilots_of, planned
from isoflop.designs.study import Study
from isoflop.errors import BadInput, FitError
from isoflop.estimates.fit import fits_to_json
from isoflop.laws.law import Law
from isoflop.plans.forecast import Forecast, read_forecast
from isoflop.plans.outcome import Ladder, Outcome
from isoflop.runs.durable import make_folder, write_durably
from isoflop.runs.record import Record, Status
from isoflop.runs.run import Run
from isoflop.runs.table import Table

Get = Callable[[Sequence[Run]], list[Record]]
"""The records of runs, in their order; fewer where some are not there and nobody trains them."""

Say = Callable[[str], None]
"""Tells people what is being done now."""


def prepare_text(study: Study, say: Say) -> tuple[Text, dict[str, Any]]:
    """The study's corpus, tokenised, and what to say of it. Raises `BadInput`, `DownloadError` or `StorageError`."""
    from isoflop.training.prepare import prepare  # noqa: PLC0415 – reads and tokenises, which reports need not

    corpus, tokenizer = study.corpus, study.tokenizer
    dataset = prepare(
        corpus.name,
        path=corpus.path,
        field=corpus.field,
        held_out=corpus.held_out,
        tokenizer=tokenizer.kind,
        vocab_size=tokenizer.vocab_size,
        seed=study.seed,
        say=say,
    )
    if study.evaluation.tokens >= dataset.held_out.n_tokens:
        raise BadInput(
            f"evaluation.tokens = {study.evaluation.tokens:,}, but {dataset.name} holds out "
            f"{dataset.held_out.n_tokens:,} tokens ({dataset.held_out.n_documents:,} documents). "
            "Lower it, raise corpus.held_out, or give more text."
        )
    text = Text(dataset.fingerprint, dataset.tokenizer_fingerprint, dataset.vocab_size, dataset.train.n_tokens)
    about = {
        "name": dataset.name,
        "description": dataset.description,
        "documents": dataset.n_documents,
        "bytes": dataset.n_bytes,
        "train_tokens": dataset.train.n_tokens,
        "held_out_tokens": dataset.held_out.n_tokens,
        "held_out_documents": dataset.held_out.n_documents,
        "bytes_per_token": dataset.held_out.bytes_per_token,
        "reading": asdict(dataset.reading),
    }
    return text, about


def keep(study: Study, trainer: str, say: Say) -> Kept:
    """The study with its text and trainer, refused with all that cannot be trained of it. Raises as `prepare_text`."""
    text, about = prepare_text(study, say)
    kept = Kept(study, text, trainer, about)
    planned(kept)
    return kept


def climb(kept: Kept, get: Get, say: Say) -> Ladder:
    """Rung after rung, each centred on the best N found at the rungs below; stops at the first that is not whole."""
    study = kept.study
    records: list[Record] = []
    pilot: list[Record] = []
    for i, budget in enumerate(study.ladder.budgets):
        centre = expected_n(study, budget, _minima(records))
        try:
            runs = rung(study, i, kept.text, n_params=centre, trainer=kept.trainer)
        except BadInput as bad:  # the rungs below moved the best size away from model.sizes
            return Ladder(tuple(records), tuple(pilot), why=str(bad))
        pilots = pilots_of(study, runs, centre, i)
        say(
            f"Rung {i + 1} of {len(study.ladder.budgets)}: {budget:.3g} FLOPs a run, best N expected near {centre:,.0f}"
        )
        found = get([*runs, *pilots])
        there = {record.run.id for record in found}
        ids = {run.id for run in runs}
        records += [record for record in found if record.run.id in ids]
        pilot += [record for record in found if record.run.id not in ids]
        if missing := tuple(run for run in [*runs, *pilots] if run.id not in there):
            why = f"The ladder is unfinished: {len(missing)} runs of rung {i + 1} are missing."
            return Ladder(tuple(records), tuple(pilot), missing, why)
    return Ladder(tuple(records), tuple(pilot))


def conclude(kept: Kept, out: Path, get: Get, say: Say = lambda _: None) -> Outcome:
    """The whole study: ladder, fits, a forecast written before its run, that run, the score."""
    study = kept.study
    sealed = written_forecast(kept, out)  # one of other runs is told before a rung is trained in vain
    ladder = climb(kept, get, say)
    if not ladder.records:
        return Outcome(kept, ladder, why=ladder.why or "No run is finished yet.")
    say("Fitting")
    from isoflop.fits.holdout import fit_and_judge  # noqa: PLC0415 – brings JAX

    fit, judged = fit_and_judge(ladder.table, seed=study.seed)
    if ladder.why:
        return Outcome(kept, ladder, fit=fit, why=ladder.why)
    rungs = tuple(rung_forecasts(study, ladder, judged))
    path = out / "forecast.json"
    if sealed is None:
        try:
            sealed = forecast_check(kept, fit)
        except (FitError, BadInput) as error:
            return Outcome(kept, ladder, fit=fit, rung_forecasts=rungs, why=str(error))
    forecast, runs = sealed
    forecast.write(path)
    loss = forecast.loss
    say(
        f"Forecast written: {loss.median:.4f} nats/token ({loss.low:.4f} to {loss.high:.4f}) for {forecast.n_params:,} "
        f"parameters at {forecast.flops:.3g} FLOPs. Now that run."
    )
    check = get(runs)
    done = [record for record in check if record.status is Status.DONE and record.loss is not None]
    why = ""
    if len(done) == len(runs):
        forecast = forecast.scored([(record.run.id, record.loss or 0.0, record.loss_se) for record in done])
        forecast.write(path)
    else:
        ends = ", ".join(sorted({str(record.status) for record in check if record not in done})) or "is missing"
        why = f"The forecast has no measurement yet: the run that it is about {ends}."
    begun = [record.environment.get("started_at", "") for record in check]  # UTC, to the second, as written_at is
    if any("" < moment < forecast.written_at for moment in begun):
        why = (
            f"This is no forecast: it was written at {forecast.written_at}, its run had begun at {min(begun)}. "
            f"Restore the forecast.json that was there, or run the study with another --out. {why}"
        ).strip()
    return Outcome(kept, ladder, tuple(check), fit, forecast, rungs, why)


def written_forecast(kept: Kept, out: Path) -> tuple[Forecast, list[Run]] | None:
    """The forecast that the folder holds already, and its runs: it is never made again, whatever was learnt since.

    Raises `BadInput` where it is of runs that are not this study's: a later version may make others of the same file.
    """
    if (written := read_forecast(out / "forecast.json")) is None:
        return None
    runs = check_runs(kept.study, kept.text, n_params=written.n_params, trainer=kept.trainer)
    if written.run_ids != tuple(run.id for run in runs):
        raise BadInput(
            f"{out / 'forecast.json'} is about run {', '.join(written.run_ids)}, which this version of isoflop does "
            "not make of this study. A forecast is never rewritten: choose another --out, or the version that wrote it."
        )
    return written, runs


def forecast_check(kept: Kept, fit: Any) -> tuple[Forecast, list[Run]]:
    """The forecast of the check, sealed, and its runs. Raises `FitError` where the ladder gives no law."""
    if fit.frontier is None:
        raise FitError("No forecast: no power law of the best size. " + " ".join(check.message for check in fit.checks))
    budget = kept.study.check_budget
    best = fit.ensembles["n_params"].interval(lambda law: law(budget))
    runs = check_runs(kept.study, kept.text, n_params=best.median, trainer=kept.trainer)
    return _forecast(kept.study, fit, runs, best), runs


def rung_forecasts(study: Study, ladder: Ladder, judged: Sequence[Any]) -> Iterator[tuple[float, Forecast]]:
    """(budget, the forecast the rungs below would have made of it, scored), for every rung that was held out.

    Each is of the cell that was nearest to the best size then forecast; its interval is for one new run.
    """
    from isoflop.fits.holdout import one_ahead  # noqa: PLC0415 – brings JAX

    for held_out in one_ahead(judged):
        budget, below = held_out.budget, held_out.below
        cell = [r for r in ladder.records if r.run.budget == budget and r.status is Status.DONE]
        best = below.ensembles["n_params"].interval(partial(_at, budget))
        runs = cell_nearest([record.run for record in cell], best.median)
        losses = {record.run.id: (record.loss or 0.0, record.loss_se) for record in cell}
        yield budget, _forecast(study, below, runs, best).scored([(run.id, *losses[run.id]) for run in runs])


def write_results(outcome: Outcome, out: Path) -> None:
    """table.csv, fit.json and report.html, from an outcome. Raises `StorageError`."""
    from isoflop.reports.gather import findings  # noqa: PLC0415
    from isoflop.reports.page import page  # noqa: PLC0415

    make_folder(out)
    if outcome.records:
        Table.from_records(outcome.records).to_csv(out / "table.csv")
    if outcome.fit is not None and outcome.fit.fits:
        write_durably(out / "fit.json", (fits_to_json(outcome.fit.fits) + "\n").encode())
    write_durably(out / "report.html", page(findings(outcome, out)).encode())


def _minima(records: Sequence[Record]) -> list[tuple[float, float]]:
    """(FLOPs, N_opt) of the rungs so far."""
    from isoflop.fits.minima import minima  # noqa: PLC0415

    if not records:
        return []
    try:
        found = minima(Table.from_records(records), share_curvature=True, draws=50)
    except FitError:  # runs that diverged may leave a rung without three sizes: what was expected still holds
        return []
    return [(each.budget, each.n_params) for each in found if each.usable]


def _at(flops: float, law: Law) -> float:
    return float(law(flops))


def _forecast(study: Study, fit: Any, runs: Sequence[Run], best: Any) -> Forecast:
    run = runs[0]
    return Forecast(
        flops=run.flops,
        n_params=run.shape.n_params,
        tokens=run.tokens,
        shape=asdict(run.shape),
        loss=fit.loss(run.shape.n_params, run.tokens, run.flops),
        slope=fit.slope(run.flops),
        optimum_n_params=best,
        fitted_up_to=float(max(fit.table["budget"])),
        method="laws weighed by hold-out: " + ", ".join(f"{law} {share:.0%}" for law, share in fit.weights.items()),
        study=study.name,
        run_ids=tuple(run.id for run in runs),
    ).sealed()
