"""plan: from a budget, an aim and limits to a run one can start."""

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from isoflop.commands.finetuning import finetuning
from isoflop.commands.numbers import numbers
from isoflop.commands.say import say, writable

if TYPE_CHECKING:
    from isoflop.plans.question import Question
    from isoflop.plans.source import Source

_PLAIN = ("gpu", "devices", "one_gpu", "extrapolate")


def plan(arguments: Namespace) -> int:
    """The best size and tokens for what is asked, and what the run takes."""
    from isoflop.estimates.fit import read_fits  # noqa: PLC0415
    from isoflop.plans.points import read_points  # noqa: PLC0415
    from isoflop.plans.whole import whole_plan  # noqa: PLC0415
    from isoflop.reports.whole_text import page_parts, whole_text  # noqa: PLC0415

    if arguments.finetune:
        return finetuning(arguments)
    question = _question(arguments)
    writable(arguments.html)
    source = _source(arguments, question)
    fits = read_fits(Path(arguments.fit))[0] if arguments.fit and arguments.compare else ()
    points = read_points(Path(arguments.calibrate)) if arguments.calibrate else ()
    found = whole_plan(question, source, compare=arguments.compare, fits=fits, points=points)
    said = whole_text(found)
    if arguments.html:
        from isoflop.reports.plan_page import plan_page  # noqa: PLC0415
        from isoflop.runs.durable import write_durably  # noqa: PLC0415

        write_durably(Path(arguments.html), plan_page(found.answer, page_parts(found), found.defaults).encode())
        said += f"\nWrote {arguments.html}."
    return say(arguments, found.to_json(), said)


def _source(arguments: Namespace, question: "Question") -> "Source":
    from isoflop.errors import BadInput  # noqa: PLC0415
    from isoflop.plans.source import fitted_source, published_source  # noqa: PLC0415

    if arguments.fit and arguments.law:
        raise BadInput("--fit and --law both say which law to plan by: leave one out, and see the others by --compare.")
    repeats = question.unique_tokens is not None
    if arguments.fit:
        return fitted_source(Path(arguments.fit), repeats=repeats)
    return published_source(arguments.law, repeats=repeats)


def _question(arguments: Namespace) -> "Question":
    """What is asked, in plain numbers. Raises `BadInput` naming every one that cannot be read."""
    from isoflop.errors import BadInput  # noqa: PLC0415
    from isoflop.plans.question import Question  # noqa: PLC0415

    given, problems = numbers(arguments, _PLAIN)
    if arguments.epochs is not None and "tokens" in given:
        problems.append("--epochs and --tokens both say how many tokens: leave one out.")
    if problems:
        raise BadInput(problems)
    return Question(**given)
