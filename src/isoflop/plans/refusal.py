"""What a question is told that has no answer: what clashes, and every way out of it that is one."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache

from isoflop.costs.hardware import devices
from isoflop.errors import IsoflopError
from isoflop.plans.contradictions import conflict, over
from isoflop.plans.question import Question
from isoflop.plans.reaching import reach_notes
from isoflop.plans.relaxations import Way, rounded, ways_out
from isoflop.plans.same_loss import FEW
from isoflop.plans.settling import Settled, settle
from isoflop.plans.size_limits import size_limits
from isoflop.plans.source import Source


def refusal(problem: str, settled: Settled) -> str:
    """The conflict with every way out of it; they are looked for by few of the laws, and held to all of them."""
    question, source = settled.question, settled.source
    few = replace(source, bag=source.bag.thinned(FEW))

    @cache
    def limits(one_gpu: bool, speed: float | None, gpu: str | None) -> dict[str, float]:
        asked = replace(question, one_gpu=one_gpu, tokens_per_second=speed, gpu=gpu)
        return size_limits(asked, source.counts)

    def stands(by: Source) -> Callable[[Question], bool]:
        def all_hold(asked: Question) -> bool:
            try:
                found = settle(
                    asked.with_size(by.counts), by, limits(asked.one_gpu, asked.tokens_per_second, asked.gpu)
                )
                if conflict(found) is not None or found.split is None:
                    return False
                n, d = found.split.median("n_params"), found.split.median("tokens")
                reach_notes(by.law, n_params=n, tokens=d, extrapolate=asked.extrapolate)
            except IsoflopError:
                return False
            return True

        return all_hold

    ways = ways_out(question, over(settled), stands(few), stands(source))
    other = _other_gpu(question, stands(source)) if settled.most else None
    if not ways and other is None:
        given = ", ".join(question.given)
        if len(question.given) == 1:
            return f"{problem} It is far from anything that {source.name} was fitted to: ask for another {given}."
        return f"{problem} No one of these alone can give enough: leave out some of {given}."
    told = [str(replace(each, cheapest=_cheapest(each, few, question))) for each in ways]
    *first, last = [*told, *([f'--gpu "{other}"'] if other else [])]
    return f"{problem} Relax one: {', '.join(first)}{', or ' if first else ''}{last}."


def _other_gpu(question: Question, stands: Callable[[Question], bool]) -> str | None:
    """The smallest GPU of the table with which everything holds."""
    known = sorted(devices(question.devices).values(), key=lambda each: (each.memory_bytes, each.bytes_per_second))
    return next((each.name for each in known if stands(replace(question, gpu=each.name))), None)


def _cheapest(way: Way, source: Source, question: Question) -> float | None:
    """The size or tokens with which the loss costs least, where the way names the fewest that reach it."""
    name, value = way.changes[0]
    named = name in {"n_params", "tokens"} and value is not None
    if question.loss is None or not named or question.judged or question.epochs is not None:
        return None
    free = replace(question, n_params=None) if name == "n_params" else replace(question, tokens=None)
    found = settle(free, source, size_limits(free, source.counts)).split
    return None if found is None or found.median(name) < float(value or 0) else rounded(found.median(name), up=True)
