"""plan: from a budget, an aim and limits to a run one can start."""

import re
from argparse import Namespace
from collections.abc import Callable
from dataclasses import replace
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from isoflop.commands.say import say, writable

if TYPE_CHECKING:
    from isoflop.plans.question import Question
    from isoflop.plans.source import Source


def plan(arguments: Namespace) -> int:
    """The best size and tokens for what is asked, and what the run takes."""
    from isoflop.estimates.fit import read_fits  # noqa: PLC0415
    from isoflop.plans.points import read_points  # noqa: PLC0415
    from isoflop.plans.whole import whole_plan  # noqa: PLC0415
    from isoflop.reports.whole_text import page_parts, whole_text  # noqa: PLC0415

    question = _question(arguments)
    writable(arguments.html)
    if arguments.finetune:
        return _finetune(arguments, question)
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


def _finetune(arguments: Namespace, question: "Question") -> int:
    from isoflop.conventions import Size  # noqa: PLC0415
    from isoflop.errors import BadInput  # noqa: PLC0415
    from isoflop.plans.finetuning import FineTuning, Purpose, finetune  # noqa: PLC0415
    from isoflop.plans.resources import resources  # noqa: PLC0415
    from isoflop.plans.tunable import Method, largest_finetunable  # noqa: PLC0415
    from isoflop.reports.running_text import finetuning_text  # noqa: PLC0415

    n_params, tokens = question.n_params, question.tokens or question.unique_tokens
    if n_params is None or tokens is None:
        raise BadInput(f"--finetune {arguments.finetune} needs the model's --n-params and the corpus's --tokens.")
    method: Method = "lora" if arguments.finetune == "lora" else "full"
    purpose: Purpose = "continued" if arguments.finetune == "continued" else "tuning"

    def on(gpus: float | None) -> FineTuning:
        have = resources(replace(question, gpus=gpus), n_params)
        context, like = int(question.context), question.like
        return finetune(n_params, tokens, have, method, purpose=purpose, context=context, like=like)

    found = on(question.gpus or 1)
    if question.gpus is None and found.problem and found.enough:
        found = on(found.enough)
    if question.gpus is None:
        assumed = {"gpus": f"{found.gpus}, the fewest in powers of two that hold it (--gpus)"}
        found = replace(found, defaults={**found.defaults, **assumed})
    gpu = resources(question, n_params).device
    most = {
        each: largest_finetunable(gpu, each, int(question.context), question.like, counts=Size.TOTAL)
        for each in get_args(Method)
    }
    return say(arguments, {**found.to_json(), "largest_on_one_gpu": most}, finetuning_text(found, gpu.name, most))


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
