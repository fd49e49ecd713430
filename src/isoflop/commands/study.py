"""init, run, status, report: a study from its file to its report."""

import sys
from argparse import Namespace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from isoflop.commands.say import say

if TYPE_CHECKING:
    from isoflop.designs.kept import Kept
    from isoflop.plans.outcome import Outcome


def init(arguments: Namespace) -> int:
    """Write a commented study."""
    from isoflop.designs.study import Study  # noqa: PLC0415
    from isoflop.errors import BadInput  # noqa: PLC0415
    from isoflop.runs.durable import make_folder, write_durably  # noqa: PLC0415

    path = Path(arguments.path)
    if path.exists() and not arguments.force:
        raise BadInput(f"{path} is there already. Choose another name, or replace it with --force.")
    make_folder(path.parent)
    write_durably(path, Study().to_toml(comments=True).encode())
    said = f"Wrote {path}. Change it, then: isoflop run {path} --out {Path('runs', path.stem)}"
    return say(arguments, {"study": str(path)}, said)


def run(arguments: Namespace) -> int:
    """Train a study, or go on with it, and write its report."""
    from isoflop.designs.study import Study  # noqa: PLC0415

    study = Study.from_toml(arguments.study)
    folder = Path(arguments.out or Path("runs", Path(arguments.study).stem))
    from isoflop.designs.kept import settle  # noqa: PLC0415
    from isoflop.designs.planned import planned  # noqa: PLC0415
    from isoflop.lab import conclude, keep, write_results  # noqa: PLC0415
    from isoflop.runs.durable import make_folder  # noqa: PLC0415
    from isoflop.runs.store import Store  # noqa: PLC0415
    from isoflop.session import Session  # noqa: PLC0415
    from isoflop.terminal import Display, console  # noqa: PLC0415
    from isoflop.training.version import TRAINER  # noqa: PLC0415

    people = console(quiet=arguments.json)
    say = partial(people.print, soft_wrap=True)
    if arguments.dry_run:
        return _dry_run(arguments, keep(study, TRAINER, say))
    make_folder(folder)
    store = Store(folder)
    with Session(store, study.run) as session:
        if not store.index():  # there is surely something to train
            session.begin()
        kept = settle(folder, study, lambda study: keep(study, TRAINER, say), say)
        kept.write(folder)
        for problem in store.problems():
            say(problem)
        display = Display(people, planned(kept), study.run.workers)
        with display.shown():
            outcome = conclude(kept, folder, session.getter(kept, display), display.say)
            display.say("Writing the report")
            write_results(outcome, folder)
    return _concluded(arguments, outcome, folder)


def _dry_run(arguments: Namespace, kept: "Kept") -> int:
    from isoflop.designs.planned import planned  # noqa: PLC0415
    from isoflop.reports.text import planned_runs, seconds_of  # noqa: PLC0415

    runs, workers, about = planned(kept), kept.study.run.workers, kept.about
    found = {
        "study": kept.study.name,
        "text": about,
        "runs": [{"run_id": run.id, "flops": run.flops, **run.to_json()} for run in runs],
        "flops": sum(run.flops for run in runs),
        "seconds": seconds_of(runs, workers),
    }
    told = f"{about['name']}: {about['train_tokens']:,} tokens to train on, {about['held_out_tokens']:,} held out"
    return say(arguments, found, f"{told}\n{planned_runs(runs, workers)}")


def report(arguments: Namespace) -> int:
    """Write the report anew from what is there."""
    from isoflop.designs.kept import kept_study  # noqa: PLC0415
    from isoflop.errors import BadInput  # noqa: PLC0415
    from isoflop.lab import conclude, write_results  # noqa: PLC0415
    from isoflop.runs.store import Store  # noqa: PLC0415
    from isoflop.session import found_in  # noqa: PLC0415

    folder = Path(arguments.folder)
    kept, store = kept_study(folder), Store(folder)
    for problem in store.problems():
        print(problem, file=sys.stderr)
    outcome = conclude(kept, folder, lambda runs: found_in(store, runs))
    if not outcome.records and store.index():
        raise BadInput(
            f"The {len(store.index())} records in {folder} are not of the runs that this version of isoflop makes of "
            "its study. Its report is left as it is; the version that trained them can write it anew."
        )
    write_results(outcome, folder)
    return _concluded(arguments, outcome, folder)


def status(arguments: Namespace) -> int:
    """How far a study is."""
    from isoflop.designs.kept import kept_study  # noqa: PLC0415
    from isoflop.reports import text  # noqa: PLC0415
    from isoflop.reports.progress import progress  # noqa: PLC0415

    folder = Path(arguments.folder)
    found = progress(kept_study(folder), folder)
    return say(arguments, found, text.status(found))


def _concluded(arguments: Namespace, outcome: "Outcome", folder: Path) -> int:
    from isoflop.errors import IsoflopError, RunsFailed  # noqa: PLC0415
    from isoflop.reports import text  # noqa: PLC0415
    from isoflop.runs.record import Status  # noqa: PLC0415

    counts = {str(word): len(outcome.ended(word)) for word in Status}
    forecast, failed = outcome.forecast, outcome.ended(Status.FAILED)
    lines = [
        f"{each.run.id} {each.status}: {each.note}"
        for word in ("diverged", "failed")
        for each in outcome.ended(Status(word))
    ]
    lines += [outcome.why] if outcome.why else []
    lines += [text.verdict(forecast)] if forecast else []
    lines += [f"Report: {folder / 'report.html'}"]
    if failed:
        lines.append(f"{len(failed)} runs failed; mend what their notes say, and the same command tries them again.")
    found = {
        "study": outcome.study.name,
        "folder": str(folder),
        "report": str(folder / "report.html"),
        "runs": counts,
        "missing": len(outcome.ladder.missing),
        "forecast": forecast.to_json() if forecast else None,
        "why": outcome.why,
    }
    say(arguments, found, "\n".join(lines))
    if failed:
        return RunsFailed.exit_code
    return IsoflopError.exit_code if outcome.why else 0
