"""laws, predict: the catalogue, and what a law of it says at one point."""

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from isoflop.commands.say import say

if TYPE_CHECKING:
    from isoflop.conventions import Size


def laws(arguments: Namespace) -> int:
    """Every law, or the page of one."""
    from isoflop.laws.catalog import find  # noqa: PLC0415
    from isoflop.laws.description import described, listing  # noqa: PLC0415
    from isoflop.reports.law_text import law_text, listing_text  # noqa: PLC0415

    if arguments.law is None:
        every = listing()
        return say(arguments, {"laws": every}, listing_text(every))
    page = described(*find(arguments.law))
    return say(arguments, {"laws": [page]}, law_text(page))


def predict(arguments: Namespace) -> int:
    """What a law says at one point."""
    from isoflop.plans import prediction  # noqa: PLC0415
    from isoflop.reports.law_text import prediction_text  # noqa: PLC0415

    given, counts = _given(arguments), _counts(arguments.counts)
    if arguments.law.endswith(".json"):
        found = prediction.predict_fitted(Path(arguments.law), given, counts=counts)
    else:
        found = prediction.predict(arguments.law, given, counts=counts)
    return say(arguments, found.to_json(), prediction_text(found))


def _given(arguments: Namespace) -> dict[str, float]:
    """The inputs by name. Raises `BadInput` naming every one that cannot be read, or is said twice."""
    from isoflop.errors import BadInput  # noqa: PLC0415
    from isoflop.laws.inputs import QUANTITIES  # noqa: PLC0415

    problems, given = [], {}
    options = ("n_params", "tokens", "unique_tokens", "flops")
    typed = [(name, text) for name in options if (text := getattr(arguments, name)) is not None]
    for each in arguments.at:
        name, _, value = each.partition("=")
        if name not in QUANTITIES or not value:
            problems.append(f"--at {each}: write NAME=VALUE, such as loss=2.5; `isoflop laws LAW` names its inputs.")
        else:
            typed.append((name, value))
    for name, text in typed:
        if name in given or (name, "flops") == ("pf_days", next((n for n, _ in typed if n == "flops"), "")):
            problems.append(f"{name} is said twice: {', '.join(f'{n} {t}' for n, t in typed if n in (name, 'flops'))}.")
            continue
        try:
            given[name] = _number(name, text)
        except BadInput as bad:
            problems += bad.problems
    if problems:
        raise BadInput(problems)
    return given


def _number(name: str, text: str) -> float:
    from isoflop.errors import BadInput  # noqa: PLC0415
    from isoflop.laws.inputs import QUANTITIES  # noqa: PLC0415
    from isoflop.units import parse_count, parse_flops  # noqa: PLC0415

    about = QUANTITIES[name]
    if name == "flops":
        return parse_flops(text)
    if about.low == 0 and about.closed not in {"low", "both"}:
        return parse_count(text, about.unit)
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not about.allows(value):
        raise BadInput(f"{text!r} is no {about.meaning.split(';')[0]}: that is {about.range}.")
    return value


def _counts(text: str | None) -> "Size | None":
    from isoflop.conventions import Size  # noqa: PLC0415

    return Size[text.upper().replace("-", "_")] if text else None


def why(arguments: Namespace) -> int:
    """What lies behind a disagreement of the field."""
    from isoflop.errors import BadInput  # noqa: PLC0415

    unused = ("n_params", "tokens") if arguments.question == "kaplan-vs-chinchilla" else ("flops",)
    if given := [name for name in unused if getattr(arguments, name) is not None]:
        options = ", ".join(f"--{name.replace('_', '-')}" for name in given)
        raise BadInput(f"why {arguments.question} has no use for {options}. Leave it out.")
    if arguments.question == "kaplan-vs-chinchilla":
        return _exponents(arguments)
    return _rules(arguments)


def _exponents(arguments: Namespace) -> int:
    from isoflop.plans.discrepancy import discrepancy  # noqa: PLC0415
    from isoflop.reports.discrepancy_text import discrepancy_text  # noqa: PLC0415
    from isoflop.units import parse_flops  # noqa: PLC0415

    found = discrepancy(parse_flops(arguments.flops or "1e21"))
    return say(arguments, found.to_json(), discrepancy_text(found))


def _rules(arguments: Namespace) -> int:
    from isoflop.laws import batch, learning_rate  # noqa: PLC0415
    from isoflop.units import parse_count  # noqa: PLC0415

    n_params = parse_count(arguments.n_params or "1e9", "parameters")
    tokens = parse_count(arguments.tokens or "20e9", "tokens")
    rules = {"learning-rate": learning_rate.opinions, "batch": batch.opinions}[arguments.question]
    found = rules(n_params, tokens)
    return say(arguments, found.to_json(), str(found))
