"""plan --finetune: what it takes to train a given model further on a corpus."""

from argparse import Namespace

from isoflop.commands.numbers import numbers
from isoflop.commands.say import say

_READ = ("n_params", "shape", "tokens", "context", "dollars", "price", "epochs", "gpus", "mfu", "days", "vocab")
_PLAIN = ("gpu", "devices")
_ALWAYS = {"command", "finetune", "json"}


def finetuning(arguments: Namespace) -> int:
    """The plan of a fine-tuning. Options that mean nothing to it are refused, all at once."""
    from isoflop.errors import BadInput  # noqa: PLC0415
    from isoflop.plans.tuning import finetune  # noqa: PLC0415
    from isoflop.plans.tuning_question import TuningQuestion  # noqa: PLC0415
    from isoflop.reports.finetuning_text import finetuning_text  # noqa: PLC0415

    meant = {*_READ, *_PLAIN, *_ALWAYS}
    given, problems = numbers(arguments, _PLAIN)
    others = [
        name for name, value in vars(arguments).items() if name not in meant and not (value is None or value is False)
    ]
    if others:
        options = ", ".join(_option(name) for name in _READ + _PLAIN)
        verb, them = ("means", "it") if len(others) == 1 else ("mean", "them")
        problems.insert(
            0,
            f"{', '.join(map(_option, others))} {verb} nothing with --finetune: leave {them} out. It takes {options} "
            "and --json.",
        )
    if problems:
        raise BadInput(problems)
    found = finetune(TuningQuestion(arguments.finetune, **given))
    return say(arguments, found.to_json(), finetuning_text(found))


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")
