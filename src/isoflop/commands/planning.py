"""plan: from a budget, an aim and limits to a run one can start."""

from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isoflop.commands.say import say

if TYPE_CHECKING:
    from isoflop.plans.question import Question
    from isoflop.plans.source import Source


def plan(arguments: Namespace) -> int:
    """The best size and tokens for what is asked, and what the run takes."""
    from isoflop.plans.answer import answer  # noqa: PLC0415
    from isoflop.reports.plan_text import plan_text  # noqa: PLC0415

    question = _question(arguments)
    found = answer(question, _source(arguments, question))
    return say(arguments, found.to_json(), plan_text(found))


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
    from isoflop.units import parse_count, parse_dollars, parse_flops  # noqa: PLC0415

    def count(text: str, what: str) -> float:
        return parse_count(text, what)

    readers: dict[str, Callable[[str], float]] = {
        "flops": parse_flops,
        "dollars": parse_dollars,
        "price": parse_dollars,
        "n_params": lambda text: count(text, "parameters"),
        **{
            name: lambda text: count(text, "tokens")
            for name in ("tokens", "unique_tokens", "inference_tokens", "output_tokens", "context")
        },
    }
    given: dict[str, Any] = {}
    problems = []
    for name, read in readers.items():
        text = getattr(arguments, name)
        if text is None:
            continue
        try:
            given[name] = read(text)
        except BadInput as bad:
            problems += [f"--{name.replace('_', '-')} {problem}" for problem in bad.problems]
    if problems:
        raise BadInput(problems)
    plain = ("gpus", "days", "gpu", "mfu", "devices", "loss", "one_gpu", "tokens_per_second", "extrapolate")
    given |= {name: getattr(arguments, name) for name in plain if getattr(arguments, name) is not None}
    return Question(**given, **({"family": arguments.shape} if arguments.shape else {}))
