"""Constraints that cannot hold together: which they are, and by how much one of them must give."""

from collections.abc import Callable, Mapping

import numpy as np

from isoflop.allocations.isoloss import ENDLESS, size_for
from isoflop.errors import BadInput, IsoflopError
from isoflop.plans.question import Question
from isoflop.plans.resources import Resources
from isoflop.plans.source import Source
from isoflop.plans.split import Aim, Split
from isoflop.units import print_count, print_dollars, print_flops


def check_run(question: Question, limits: Mapping[str, float], have: Resources, aim: Aim) -> None:
    """Raise `BadInput` where a run of the N and D given costs more than a budget allows."""
    if not (question.judged and limits):
        return
    n, d = float(question.n_params or 0), float(question.tokens or 0)
    needs = 6 * n * d + 2 * n * aim.served
    name, allowed = tightest(limits)
    if needs <= allowed:
        return
    served = aim.served / 3
    raised = _raised(question, name, needs, allowed, have)
    raise BadInput(
        f"--n-params {print_count(n)} with --tokens {print_count(d)} takes {print_flops(needs)}; {name} allows "
        f"{print_flops(allowed)}, {needs / allowed:.3g} times less. Relax one: {raised}, "
        f"--tokens to {print_count(max(allowed / (6 * n) - served, 0))}, or --n-params to "
        f"{print_count(allowed / (6 * d + 6 * served))}."
    )


def check_loss(
    question: Question,
    limits: Mapping[str, float],
    have: Resources,
    source: Source,
    *,
    aim: Aim,
    solve: Callable[[Aim], Split],
) -> None:
    """Raise `BadInput` where the loss asked for takes more than a budget allows, or cannot be reached at that size.

    solve: splits an aim by every law of the source.
    """
    if question.loss is None:
        return
    try:
        found = solve(aim)
    except IsoflopError as error:
        raise BadInput(_out_of_reach(question, source, aim, str(error))) from None
    if not limits:
        return
    name, allowed = tightest(limits)
    needs = found.median("cost_flops")
    if needs <= allowed:
        return
    free = Aim(
        flops=allowed,
        n_params=aim.n_params,
        tokens=aim.tokens,
        unique_tokens=aim.unique_tokens,
        served=aim.served,
        most_params=aim.most_params,
    )
    best = solve(free).median("loss")
    raise BadInput(
        f"--loss {question.loss:g} takes {print_flops(needs)} by {source.name}; {name} allows {print_flops(allowed)}, "
        f"{needs / allowed:.3g} times less. Relax one: {_raised(question, name, needs, allowed, have)}, or --loss to "
        f"{np.ceil(best * 1e4) / 1e4:.4f}."
    )


def check_size(question: Question, most: Mapping[str, float]) -> None:
    """Raise `BadInput` where the N given is larger than one GPU holds, or than decodes as fast as asked."""
    if question.n_params is None or not most:
        return
    name, largest = tightest(most)
    if question.n_params > largest:
        n, most_n = print_count(question.n_params), print_count(largest)
        raise BadInput(
            f"--n-params {n} is {question.n_params / largest:.3g} times the largest that {name} allows, {most_n}. "
            f"Relax one: --n-params to {most_n}, or leave out {name}."
        )


def tightest(limits: Mapping[str, float]) -> tuple[str, float]:
    """The limit that binds, and its value."""
    name = min(limits, key=lambda each: limits[each])
    return name, limits[name]


def _raised(question: Question, name: str, needs: float, allowed: float, have: Resources) -> str:
    """The budget that would be enough, in its own unit."""
    more = needs / allowed
    match name:
        case "--flops":
            return f"--flops to {needs:.3g}"
        case "--dollars":
            return f"--dollars to {print_dollars((question.dollars or 0) * more)}"
        case _:
            days = (question.days or 0) * more
            return f"--days to {days:.3g} or --gpus to {np.ceil(have.gpus * more):,.0f}"


def _out_of_reach(question: Question, source: Source, aim: Aim, error: str) -> str:
    if question.n_params is not None and source.law.inputs == ("n_params", "tokens"):
        least = float(np.median([size_for(law, ENDLESS, float(question.loss or 0)) for law in source.bag.laws]))
        if np.isfinite(least):
            size = print_count(question.n_params)
            return (
                f"--n-params {size} never reaches --loss {question.loss:g} by {source.name}, "
                f"whatever the tokens. Relax one: --n-params to more than {print_count(least)}, or --loss upwards."
            )
    return f"--loss {question.loss:g}: {error}"
