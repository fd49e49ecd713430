"""The options of `isoflop plan` that are numbers or a shape, read from how people write them."""

import re
from argparse import Namespace
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from isoflop.errors import BadInput
from isoflop.units import parse_count, parse_dollars, parse_flops, parse_number, parse_share


def _tokens(text: str) -> float:
    return parse_count(text, "tokens")


READERS: Mapping[str, Callable[[str], float]] = {
    "flops": parse_flops,
    "dollars": parse_dollars,
    "price": parse_dollars,
    "n_params": lambda text: parse_count(text, "parameters"),
    "tokens": _tokens,
    "unique_tokens": _tokens,
    "inference_tokens": _tokens,
    "output_tokens": _tokens,
    "context": _tokens,
    "gpus": lambda text: parse_number(text, "64 or 1,024"),
    "days": lambda text: parse_number(text, "10 or 2.5"),
    "loss": lambda text: parse_number(text, "2.2, nats/token"),
    "tokens_per_second": lambda text: parse_number(text, "50"),
    "mfu": lambda text: parse_share(text, "0.4 or 40%"),
    "vocab": lambda text: parse_number(text, "50,257"),
    "epochs": lambda text: parse_number(text, "4 or 2.5"),
}


def numbers(arguments: Namespace, plain: Iterable[str]) -> tuple[dict[str, Any], list[str]]:
    """What was given, by the names of a question, and what is wrong with what cannot be read.

    plain: options that need no reading.
    """
    given: dict[str, Any] = {}
    problems = []
    for name, read in READERS.items():
        text = getattr(arguments, name)
        if text is None:
            continue
        try:
            given[name] = read(text)
        except BadInput as bad:
            problems += [f"--{name.replace('_', '-')} {problem}" for problem in bad.problems]
    given["family"], given["sizes"] = _shape(arguments.shape, problems)
    if given["sizes"] and arguments.n_params:
        problems.append(
            f"--shape {arguments.shape} and --n-params {arguments.n_params} both say how large: leave one out."
        )
    return given | {name: value for name in plain if (value := getattr(arguments, name)) is not None}, problems


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
