"""Constraints that cannot hold together: which they are, with the numbers that clash."""

from collections.abc import Iterable

import numpy as np

from isoflop.plans.question import Question
from isoflop.plans.relaxations import rounded
from isoflop.plans.same_loss import FEW, losses
from isoflop.plans.settling import Settled, tightest
from isoflop.units import print_count, print_flops

_SLACK = 1e-9  # of a budget
_SIZES = np.geomspace(1e3, 1e18, 91)
_TOKENS = np.geomspace(1e3, 1e30, 109)
"""Parameters and tokens among which a law is at its lowest: as good as no end of them."""
SMALLEST = 1e3
"""Parameters; what is smaller is no language model."""


def conflict(found: Settled) -> str | None:
    """What cannot be, in the user's own numbers; None where everything holds together."""
    return _too_large(found) or _served_beyond(found) or _never(found) or _over(found) or _too_short(found)


def over(found: Settled) -> dict[str, float]:
    """The budgets that are not enough, and how many times more is needed."""
    needs = _needs(found)
    if found.aim.flops is not None and found.split and (d := found.split.median("tokens")) < found.question.context:
        return {tightest(found.allowed)[0]: found.question.context / d}
    return {name: needs / each for name, each in found.allowed.items() if needs > each * (1 + _SLACK)}


def floor(found: Settled) -> float:
    """The lowest loss (nats/token) within the limits on size and tokens, at any compute: the median over the laws."""
    aim, bag = found.aim, found.source.bag.thinned(FEW)
    sizes = np.asarray([aim.n_params]) if aim.n_params else np.minimum(_SIZES, aim.most_params)
    tokens = np.asarray([aim.tokens]) if aim.tokens else _TOKENS
    n, d = (each.reshape(1, -1) for each in np.meshgrid(sizes, tokens))
    at = losses(bag, n, d, aim.unique_tokens)
    return bag.interval(np.min(np.where(np.isfinite(at), at, np.inf), axis=1)).median


def _needs(found: Settled) -> float:
    """Training and serving FLOPs, where they are not what a budget leaves."""
    aim, question = found.aim, found.question
    if question.judged:
        n, d = float(question.n_params or 0), float(question.tokens or 0)
        return 6 * n * d + 2 * n * aim.served
    if question.loss is not None:
        return found.split.median("cost_flops") if found.split else 0.0
    return 2 * (aim.n_params or SMALLEST) * aim.served


def _too_large(found: Settled) -> str | None:
    n = found.question.n_params
    if n is None or not (beyond := {name: most for name, most in found.most.items() if n > most}):
        return None
    said = " and ".join(f"{name} allows {_count(most, down=True)}" for name, most in beyond.items())
    return f"--n-params {print_count(n)} is too large: {said}."


def _served_beyond(found: Settled) -> str | None:
    question = found.question
    if question.judged or question.loss is not None or not (found.aim.served and over(found)):
        return None
    n = found.aim.n_params or SMALLEST
    who = f"--n-params {print_count(n)}" if found.aim.n_params else f"a model of no more than {n:,.0f} parameters"
    return (
        f"--inference-tokens {print_count(question.inference_tokens or 0)} of {who} take {print_flops(_needs(found))} "
        f"before anything is trained; {_allowed(found)}."
    )


def _never(found: Settled) -> str | None:
    question = found.question
    if question.loss is None:
        return found.problem or None
    within = _within(found)
    if question.judged and found.split is not None:
        comes_to = found.split.median("loss")
        if comes_to <= question.loss * (1 + _SLACK):
            return None
        return f"--loss {question.loss:g} is not reached by {found.source.name}{within}: the loss is {comes_to:.4f}."
    if found.split is not None:
        return None
    lowest = floor(found)
    if lowest < question.loss:
        return f"--loss {question.loss:g}{within}: {found.problem}"
    return (
        f"--loss {question.loss:g} is {lowest - question.loss:.4f} below {lowest:.4f}, the lowest that "
        f"{found.source.name} comes to{within} at any compute."
    )


def _over(found: Settled) -> str | None:
    if not over(found) or (found.aim.flops is not None and not found.question.judged):
        return None
    question, needs = found.question, print_flops(_needs(found))
    serving = ", serving included" if found.aim.served else ""
    if question.judged:
        n = print_count(question.n_params or 0)
        return f"--n-params {n} with {_tokens(question)} take {needs}{serving}; {_allowed(found)}."
    within = _within(found)
    return f"--loss {question.loss:g}{within} takes {needs} by {found.source.name}{serving}; {_allowed(found)}."


def _too_short(found: Settled) -> str | None:
    question = found.question
    d = found.split.median("tokens") if found.split else np.inf
    if d >= question.context:
        return None
    n = print_count(found.split.median("n_params")) if found.split else ""
    return f"{d:,.3g} tokens for {n} parameters are not even one sequence of --context {question.context:,.0f}."


def _tokens(question: Question) -> str:
    """How many tokens were asked for, as they were."""
    d = print_count(question.tokens or 0)
    return f"--tokens {d}" if question.epochs is None else f"--epochs {question.epochs:g} ({d} tokens)"


def _allowed(found: Settled) -> str:
    return "; ".join(
        f"{name} allow{'' if ' and ' in name else 's'} {print_flops(found.allowed[name])}, {times:.3g} times less"
        for name, times in over(found).items()
    )


def _within(found: Settled) -> str:
    """The limits that a loss is to be reached within."""
    aim = found.aim
    said: Iterable[str] = (
        f"--n-params {print_count(aim.n_params)}" if aim.n_params else "",
        _tokens(found.question) if aim.tokens else "",
        f"--unique-tokens {print_count(aim.unique_tokens)}" if aim.unique_tokens else "",
        *(f"{name}, {_count(most, down=True)} at most" for name, most in found.most.items()),
    )
    given = [each for each in said if each]
    return f" with {', '.join(given)}" if given else ""


def _count(number: float, *, down: bool) -> str:
    return print_count(rounded(number, up=not down))
