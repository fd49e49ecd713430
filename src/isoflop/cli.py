"""The commands: parse, call the lab, print. Everything heavy is imported inside the command that needs it."""

import json
import os
import shlex
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isoflop.interruption import ends_at_once

if TYPE_CHECKING:
    from argparse import Namespace

    from isoflop.designs.kept import Kept
    from isoflop.plans.outcome import Outcome

SCHEMA = 1


def main(arguments: Sequence[str] | None = None) -> int:
    """`isoflop`: its exit code is 0 done, 1 no result, 2 bad input, 3 some runs failed, 130 interrupted."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    again = f" What is finished is kept; the same command goes on: isoflop {shlex.join(given)}"
    try:
        with ends_at_once(f"isoflop: interrupted.{again if given[:1] == ['run'] else ''}"):
            code = _command(given)
            sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read our output is gone; what is still buffered must not fail again while Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return code


def _command(given: Sequence[str]) -> int:
    from isoflop.arguments import parser  # noqa: PLC0415
    from isoflop.errors import BadInput, IsoflopError  # noqa: PLC0415

    arguments = parser().parse_args(given)
    if arguments.command in ("run", "report", "fit"):
        _keep_compilations()
    commands = {"init": init, "run": run, "status": status, "report": report, "fit": fit, "plan": plan}
    try:
        return commands[arguments.command](arguments)
    except BrokenPipeError:
        raise
    except (IsoflopError, OSError) as error:
        problems = list(error.problems) if isinstance(error, BadInput) else [str(error)]
        for problem in problems:
            print(f"isoflop: {problem}", file=sys.stderr)
        if arguments.json:
            print(json.dumps({"schema": SCHEMA, "error": type(error).__name__, "problems": problems}))
        return error.exit_code if isinstance(error, IsoflopError) else IsoflopError.exit_code


def _keep_compilations() -> None:
    """Whatever JAX compiles from here on is kept for later commands; said by environment, before it is imported."""
    from isoflop.training.cache import cache_folder  # noqa: PLC0415

    os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(cache_folder() / "compiled"))
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")


def init(arguments: "Namespace") -> int:
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
    return _say(arguments, {"study": str(path)}, said)


def run(arguments: "Namespace") -> int:
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


def _dry_run(arguments: "Namespace", kept: "Kept") -> int:
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
    return _say(arguments, found, f"{told}\n{planned_runs(runs, workers)}")


def report(arguments: "Namespace") -> int:
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


def status(arguments: "Namespace") -> int:
    """How far a study is."""
    from isoflop.designs.kept import kept_study  # noqa: PLC0415
    from isoflop.reports import text  # noqa: PLC0415
    from isoflop.reports.progress import progress  # noqa: PLC0415

    folder = Path(arguments.folder)
    found = progress(kept_study(folder), folder)
    return _say(arguments, found, text.status(found))


def fit(arguments: "Namespace") -> int:
    """Fit laws to a table of runs, say what speaks against them, keep fit.json."""
    from isoflop.errors import BadInput  # noqa: PLC0415
    from isoflop.fitting.analyse import analyse  # noqa: PLC0415
    from isoflop.fitting.wanted import Wanted, forms_of, objective_of, read  # noqa: PLC0415
    from isoflop.runs.durable import write_durably  # noqa: PLC0415
    from isoflop.terminal import console  # noqa: PLC0415

    pairs = [each.split("=", 1) for each in arguments.map]
    if wrong := [pair[0] for pair in pairs if len(pair) != 2]:
        raise BadInput(f"--map {' '.join(wrong)}: write OURS=THEIRS, such as n_params=N tokens=D loss=final_loss.")
    wanted = Wanted(
        objective_of(arguments.objective, arguments.delta),
        weigh=arguments.weights or "",
        intervals=arguments.intervals,
        draws=arguments.draws,
        seed=arguments.seed,
        holdout=arguments.holdout or "",
    )
    out = _replaceable(Path(arguments.out))
    table = read(arguments.table, arguments.law, dict(pairs), arguments.exclude, arguments.convention)
    people = console(quiet=True)
    with people.status("") as status:  # shown on a terminal only
        forms, name = forms_of(arguments.law, table), Path(arguments.table).name
        found = analyse(table, forms, wanted, source=name, say=status.update)
    from isoflop.estimates.fit import fits_to_json  # noqa: PLC0415
    from isoflop.reports.fit_text import fit_text  # noqa: PLC0415

    content = fits_to_json(found.fits, found.chosen, found.to_json())
    write_durably(out, (content + "\n").encode())
    said = [fit_text(found), f"Wrote {out}."]
    if found.ahead:
        alone = f" (by {type(found.fit.law).__name__} alone)" if found.standings else ""
        said[-1] += f" Plan by it{alone}: isoflop plan --flops {found.ahead[-1].flops:.0e} --fit {out}"
    if arguments.html:
        from isoflop.reports.fit_page import fit_page  # noqa: PLC0415

        write_durably(Path(arguments.html), fit_page(found).encode())
        said.append(f"Wrote {arguments.html}")
    return _say(arguments, {**json.loads(content), **found.fit.to_json()}, "\n".join(said))


def _replaceable(path: Path) -> Path:
    """The path of a fit.json, where it may be written and there is none yet or one of ours."""
    from isoflop.errors import BadInput  # noqa: PLC0415
    from isoflop.estimates.fit import read_fits  # noqa: PLC0415

    if not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
        raise BadInput(f"{path} cannot be written: {path.parent} is no folder that may be written in. Choose another.")
    if path.exists():
        try:
            read_fits(path)
        except BadInput as bad:
            raise BadInput(
                f"{path} is there already and is no fit of isoflop's. Choose another --out. ({bad})"
            ) from None
    return path


def plan(arguments: "Namespace") -> int:
    """The best size and tokens for a budget."""
    from isoflop.estimates.fit import read_fits  # noqa: PLC0415
    from isoflop.plans.plan import fitted_plans, published_plans  # noqa: PLC0415
    from isoflop.reports import text  # noqa: PLC0415
    from isoflop.units import parse_flops  # noqa: PLC0415

    flops = parse_flops(arguments.flops)
    plans = fitted_plans(*read_fits(Path(arguments.fit)), flops) if arguments.fit else published_plans(flops)
    found = {**plans[0].to_json(), "beside": [each.to_json() for each in plans[1:]]}
    return _say(arguments, found, text.plan(plans))


def _concluded(arguments: "Namespace", outcome: "Outcome", folder: Path) -> int:
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
    _say(arguments, found, "\n".join(lines))
    if failed:
        return RunsFailed.exit_code
    return IsoflopError.exit_code if outcome.why else 0


def _say(arguments: "Namespace", found: dict[str, Any], words: str) -> int:
    """JSON for programs, or words for people."""
    print(json.dumps({"schema": SCHEMA, **found}, ensure_ascii=False) if arguments.json else words)
    return 0


if __name__ == "__main__":
    sys.exit(main())
