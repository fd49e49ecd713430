"""The whole idea on one page: design → run → tabulate → fit → forecast → check → report.

A study's folder holds `study.toml`, `text.json`, `records/`, `table.csv`, `fit.json`, `forecast.json` and `report.html`.
Each stage asks `get` for the records of its runs. Training, `get` trains those that are missing; reporting, it only looks
them up. So a study that was interrupted, or is read again, goes through the very same steps.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from isoflop.designs.grid import Text, check_runs, expected_n, preview, rung
from isoflop.designs.pilot import cell_nearest, pilot_runs
from isoflop.designs.study import Study
from isoflop.errors import BadInput, FitError, StorageError
from isoflop.estimates.fit import fits_to_json
from isoflop.plans.forecast import Forecast, read_forecast
from isoflop.runs.durable import make_folder, write_durably
from isoflop.runs.record import Record, Status
from isoflop.runs.run import Run
from isoflop.runs.table import Table

Get = Callable[[Sequence[Run]], list[Record]]
"""The records of runs, in their order; fewer where some are not there and nobody trains them."""


@dataclass(frozen=True)
class Ladder:
    """What became of the ladder: its records and the pilot's, and the runs that have no record yet."""

    records: tuple[Record, ...] = ()
    pilot: tuple[Record, ...] = ()
    missing: tuple[Run, ...] = ()

    @property
    def table(self) -> Table:
        """The ladder's runs, without the pilot's."""
        return Table.from_records(self.records)


@dataclass(frozen=True)
class Outcome:
    """All that a study came to: what the page, the JSON and the terminal are made from.

    fit is None, and forecast too, where the ladder is unfinished or has no result; why says so.
    """

    study: Study
    text: Text
    ladder: Ladder
    check: tuple[Record, ...] = ()
    fit: Any = None  # fits.ladder.LadderFit, which this file imports only where it fits: it brings JAX
    forecast: Forecast | None = None
    rung_forecasts: tuple[tuple[float, Forecast], ...] = ()
    why: str = ""
    about: dict[str, Any] = field(default_factory=dict)

    @property
    def records(self) -> tuple[Record, ...]:
        """Every record: ladder, pilot, check."""
        return self.ladder.records + self.ladder.pilot + self.check

    @property
    def failed(self) -> int:
        """How many runs have no result because they failed (a diverged run is a result)."""
        return sum(record.status is Status.FAILED for record in self.records)


def prepare_text(study: Study, say: Callable[[str], None]) -> tuple[Text, dict[str, Any]]:
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
            f"evaluation.tokens = {study.evaluation.tokens:,}, but {dataset.name} holds out {dataset.held_out.n_tokens:,} "
            f"tokens ({dataset.held_out.n_documents:,} documents). Lower it, or raise corpus.held_out."
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


def climb(study: Study, text: Text, *, trainer: str, get: Get) -> Ladder:
    """Rung after rung, each centred on the best N found at the rungs below; stops at the first that is not whole."""
    records: list[Record] = []
    pilot: list[Record] = []
    last = len(study.ladder.budgets) - 1
    for i, budget in enumerate(study.ladder.budgets):
        centre = expected_n(study, budget, _minima(records))
        runs = rung(study, i, text, n_params=centre, trainer=trainer)
        corner = {0: 0, last: 1}.get(i)
        pilots = [] if corner is None else _pilot(study, runs, centre, corner)
        found = get([*runs, *pilots])
        ids = {run.id for run in runs}
        records += [record for record in found if record.run.id in ids]
        pilot += [record for record in found if record.run.id not in ids]
        if len(found) < len(runs) + len(pilots):
            there = {record.run.id for record in found}
            return Ladder(tuple(records), tuple(pilot), tuple(run for run in [*runs, *pilots] if run.id not in there))
    return Ladder(tuple(records), tuple(pilot))


def conclude(study: Study, text: Text, about: dict[str, Any], out: Path, *, trainer: str, get: Get) -> Outcome:
    """The whole study: ladder, fits, a forecast written before its run, that run, the score."""
    ladder = climb(study, text, trainer=trainer, get=get)
    if not ladder.records:
        return Outcome(study, text, ladder, why="No run is finished yet.", about=about)
    from isoflop.fits.ladder import fit_ladder  # noqa: PLC0415 – brings JAX

    fit = fit_ladder(ladder.table, seed=study.seed)
    if ladder.missing:
        why = f"The ladder is unfinished: {len(ladder.missing)} runs of its current rung are missing."
        return Outcome(study, text, ladder, fit=fit, why=why, about=about)
    rungs = tuple(rung_forecasts(study, ladder))
    try:
        forecast, runs = forecast_check(study, text, fit, trainer=trainer)
    except FitError as error:
        return Outcome(study, text, ladder, fit=fit, rung_forecasts=rungs, why=str(error), about=about)
    path = out / "forecast.json"
    if (written := read_forecast(path)) and written.run_ids == forecast.run_ids:
        forecast = written  # made before the run, and never rewritten
    else:
        forecast.write(path)
    check = get(runs)
    done = [record for record in check if record.status is Status.DONE and record.loss is not None]
    if len(done) == len(runs):
        forecast = forecast.scored([(record.run.id, record.loss or 0.0, record.loss_se) for record in done])
        forecast.write(path)
    why = "" if len(done) == len(runs) else "The run that the forecast is about is not finished."
    return Outcome(study, text, ladder, tuple(check), fit, forecast, rungs, why, about)


def forecast_check(study: Study, text: Text, fit: Any, *, trainer: str) -> tuple[Forecast, list[Run]]:
    """The forecast of the check, sealed, and its runs. Raises `FitError` where the ladder gives no law."""
    if fit.frontier is None:
        raise FitError("No forecast: no power law of the best size. " + " ".join(check.message for check in fit.checks))
    budget = study.check_budget
    best = fit.ensembles["n_params"].interval(lambda law: law(budget))
    runs = check_runs(study, text, n_params=best.median, trainer=trainer)
    return _forecast(study, fit, runs, best), runs


def rung_forecasts(study: Study, ladder: Ladder) -> Iterator[tuple[float, Forecast]]:
    """(budget, the forecast the rungs below would have made of it, scored), from the third rung on.

    Each is of the cell that was nearest to the best size then forecast; its interval is for one new run.
    """
    from isoflop.fits.ladder import fit_ladder  # noqa: PLC0415 – brings JAX

    table = ladder.table
    budgets = study.ladder.budgets
    for i in range(2, len(budgets)):
        below = fit_ladder(table.where(table["budget"] < budgets[i]), seed=study.seed, draws=300)
        cell = [r for r in ladder.records if r.run.budget == budgets[i] and r.status is Status.DONE]
        if below.frontier is None or not cell:
            continue
        best = below.ensembles["n_params"].interval(lambda law, budget=budgets[i]: law(budget))
        runs = cell_nearest([record.run for record in cell], best.median)
        losses = {record.run.id: (record.loss or 0.0, record.loss_se) for record in cell}
        yield budgets[i], _forecast(study, below, runs, best).scored([(run.id, *losses[run.id]) for run in runs])


def write_results(outcome: Outcome, out: Path) -> None:
    """table.csv, fit.json and report.html, from an outcome. Raises `StorageError`."""
    from isoflop.reports.gather import findings  # noqa: PLC0415
    from isoflop.reports.page import page  # noqa: PLC0415

    make_folder(out)
    if outcome.records:
        Table.from_records(outcome.records).to_csv(out / "table.csv")
    if outcome.fit is not None and outcome.fit.fits:
        write_durably(out / "fit.json", (fits_to_json(outcome.fit.fits, outcome.fit.ensembles) + "\n").encode())
    write_durably(out / "report.html", page(findings(outcome, out)).encode())


def keep_study(study: Study, text: Text, about: dict[str, Any], out: Path) -> None:
    """What `isoflop report` needs to go through the study again without its text."""
    make_folder(out)
    write_durably(out / "study.toml", study.to_toml(comments=True).encode())
    write_durably(out / "text.json", (json.dumps({"text": asdict(text), "about": about}, indent=1) + "\n").encode())


def kept_study(out: Path) -> tuple[Study, Text, dict[str, Any]]:
    """The study that a folder holds. Raises `BadInput` where it holds none, `StorageError` where it is broken."""
    if not (out / "study.toml").exists():
        raise BadInput(f"{out} holds no study (there is no study.toml in it). Start one: isoflop run STUDY --out {out}")
    study = Study.from_toml(out / "study.toml")
    try:
        kept = json.loads((out / "text.json").read_text(encoding="utf-8"))
        return study, Text(**kept["text"]), kept["about"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StorageError(
            f"{out / 'text.json'} is missing or broken ({error}). "
            f"Run the study again; its finished runs are kept: isoflop run {out / 'study.toml'} --out {out}"
        ) from error


def planned(study: Study, text: Text, *, trainer: str) -> list[Run]:
    """Every run as it would be if each rung's best N is as expected: for `--dry-run`, and to refuse before training."""
    rungs = preview(study, text, trainer=trainer)
    runs = [run for rung in rungs for run in rung]
    last = len(study.ladder.budgets) - 1
    for corner, i in enumerate((0, last)):
        runs += _pilot(study, rungs[i], expected_n(study, study.ladder.budgets[i]), corner)
    return runs


def _pilot(study: Study, runs: Sequence[Run], centre: float, corner: int) -> list[Run]:
    return pilot_runs(cell_nearest(runs, centre), study.pilot.factors, study.pilot.seeds[corner])


def _minima(records: Sequence[Record]) -> list[tuple[float, float]]:
    """(FLOPs, N_opt) of the rungs so far."""
    from isoflop.fits.parabola import minima  # noqa: PLC0415

    if not records:
        return []
    found = minima(Table.from_records(records), share_curvature=True, draws=50)
    return [(each.budget, each.n_params) for each in found if each.usable]


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
        method="L(C) through the minima with and without a floor, and L(N, D): the spread over all three",
        study=study.name,
        run_ids=tuple(run.id for run in runs),
    ).sealed()
