"""fit: a user's table of runs."""

import json
import os
from argparse import Namespace
from pathlib import Path

from isoflop.commands.say import say, writable


def fit(arguments: Namespace) -> int:
    """Fit laws to a table of runs, say what speaks against them, keep fit.json."""
    from isoflop.errors import BadInput  # noqa: PLC0415
    from isoflop.fitting.analyse import analyse  # noqa: PLC0415
    from isoflop.fitting.wanted import Wanted, forms_of, objective_of, read  # noqa: PLC0415
    from isoflop.runs.durable import write_durably  # noqa: PLC0415
    from isoflop.terminal import console  # noqa: PLC0415

    writable(arguments.html)
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
    return say(arguments, {**json.loads(content), **found.fit.to_json()}, "\n".join(said))


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
