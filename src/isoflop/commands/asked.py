"""The options of plan as a question in plain numbers."""

import re
from argparse import Namespace
from collections.abc import Callable
from math import inf
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from isoflop.plans.question import Question


def asked(arguments: Namespace) -> "Question":
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
    if arguments.vocab is not None:
        given["vocab"] = arguments.vocab
    family, sizes = _shape(arguments.shape, problems)
    if sizes and arguments.n_params:
        problems.append(
            f"--shape {arguments.shape} and --n-params {arguments.n_params} both say how large: leave one out."
        )
    if arguments.epochs is not None and not arguments.finetune:
        if "unique_tokens" in given and "tokens" not in given and 0 < arguments.epochs < inf:
            given["tokens"] = arguments.epochs * given["unique_tokens"]
        else:
            problems.append(
                f"--epochs {arguments.epochs:g} are passes over --unique-tokens: give those, and leave out --tokens."
            )
    if problems:
        raise BadInput(problems)
    plain = ("gpus", "days", "gpu", "mfu", "devices", "loss", "one_gpu", "tokens_per_second", "extrapolate")
    given |= {name: getattr(arguments, name) for name in plain if getattr(arguments, name) is not None}
    return Question(**given, family=family, sizes=sizes)


def _shape(text: str | None, problems: list[str]) -> tuple[str, tuple[int, ...]]:
    """Family and sizes of `llama`, `32x4096` or `gpt2:12x768`; what is wrong is added to the problems."""
    from isoflop.plans.shapes import FAMILIES  # noqa: PLC0415

    found = re.fullmatch(r"(?:([a-z][a-z0-9]*):?)?(\d+x\d+(?:x\d+)?)?", text or "llama")
    name, sizes = found.groups() if found else (None, None)
    if found is None or (name and name not in FAMILIES):
        problems.append(
            f"--shape {text} is no shape: name a family ({', '.join(FAMILIES)}), or layers and width as 32x4096 or "
            "gpt2:12x768, with the feed-forward width as 32x4096x14336."
        )
        return "llama", ()
    return name or "llama", tuple(int(each) for each in sizes.split("x")) if sizes else ()
