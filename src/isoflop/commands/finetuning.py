"""plan --finetune: a given model trained further on a given corpus."""

from argparse import Namespace

from isoflop.commands.asked import asked
from isoflop.commands.say import say

MEANT = {
    "finetune", "n_params", "shape", "vocab", "tokens", "unique_tokens", "epochs", "context",
    "gpus", "gpu", "devices", "days", "dollars", "price", "mfu", "json", "command",
}  # fmt: skip
"""Options that say something of a fine-tuning."""


def finetuning(arguments: Namespace) -> int:
    """What it takes to train the model further, in full or by adapters."""
    from isoflop.errors import BadInput  # noqa: PLC0415
    from isoflop.plans.finetuning import Purpose  # noqa: PLC0415
    from isoflop.plans.tunable import Method  # noqa: PLC0415
    from isoflop.plans.tuning_plan import plan_tuning  # noqa: PLC0415
    from isoflop.reports.finetuning_text import finetuning_text  # noqa: PLC0415

    if problems := _problems(arguments):
        raise BadInput(problems)
    corpus = arguments.tokens or arguments.unique_tokens
    question = asked(Namespace(**{**vars(arguments), "tokens": corpus, "unique_tokens": None}))
    method: Method = "lora" if arguments.finetune == "lora" else "full"
    purpose: Purpose = "continued" if arguments.finetune == "continued" else "tuning"
    found = plan_tuning(question, method, purpose, arguments.epochs)
    told = {**found.run.to_json(), "largest_on_one_gpu": dict(found.largest)}
    return say(arguments, told, finetuning_text(found))


def _problems(arguments: Namespace) -> list[str]:
    """All that is missing, and all that means nothing here."""
    how, said = f"--finetune {arguments.finetune}", []
    missing = [] if arguments.n_params or arguments.shape else ["the model's --n-params (or --shape)"]
    missing += [] if arguments.tokens or arguments.unique_tokens else ["the corpus's --tokens"]
    if missing:
        said.append(f"{how} needs {' and '.join(missing)}.")
    if arguments.tokens and arguments.unique_tokens:
        said.append(f"{how}: --tokens and --unique-tokens are both the corpus; leave one out, and say --epochs.")
    others = [name for name, value in vars(arguments).items() if name not in MEANT and value not in {None, False}]
    if others:
        named = ", ".join(f"--{name.replace('_', '-')}" for name in others)
        said.append(f"{how} has no use for {named}: leave {'it' if len(others) == 1 else 'them'} out.")
    if arguments.epochs is not None and not 0 < arguments.epochs < float("inf"):
        said.append(f"--epochs {arguments.epochs:g} is no positive number.")
    return said
