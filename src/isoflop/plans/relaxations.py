"""Ways out of a contradiction: for each constraint how far it alone would have to give, every one of them tried."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from math import ceil, floor, log10
from typing import Any

from isoflop.errors import IsoflopError
from isoflop.plans.question import Question
from isoflop.units import print_count, print_dollars

DIGITS = 3
_FAR = (1.25, 2.0, 5.0, 25.0, 1e3, 1e6, 1e9)  # times the value: steps outwards until one holds
_CLOSE = 1.002  # how near the edge is looked for, as a ratio
_TIMES = (1.0, 1.005, 1.02, 1.05, 1.1, 1.25, 1.5, 2.0, 5.0, 20.0)  # what is needed by the arithmetic; more is lost
_SURER = (1.0, 1.002, 1.005, 1.01, 1.02, 1.05)  # times further, where few laws and all of them differ
_HIGHER = (1.5, 1.25, 1.1, 1.05, 1.02)  # times the loss: further up is no aim
_BUDGETS: Mapping[str, tuple[str, ...]] = {
    "--flops": ("flops",),
    "--dollars": ("dollars",),
    "--gpus and --days": ("days", "gpus"),
}


@dataclass(frozen=True)
class Way:
    """Options changed together, to these values; None: left out. cheapest: the best value, where this is the least."""

    changes: tuple[tuple[str, float | None], ...]
    cheapest: float | None = None

    def of(self, question: Question) -> Question:
        """The question with them. Raises `BadInput` where that is none."""
        changes: dict[str, Any] = {name: value if value is not None else False for name, value in self.changes}
        return replace(question, **changes)

    def further(self, question: Question, times: float) -> "Way":
        """The same, further from what is asked by so many times."""
        moved = []
        for name, value in self.changes:
            asked = getattr(question, name)
            if value is None or times == 1:
                moved.append((name, value))
            else:
                moved.append((name, _typed(name, value * times if value > asked else value / times, up=value > asked)))
        return replace(self, changes=tuple(moved))

    def __str__(self) -> str:
        said = [_said(name, value) for name, value in self.changes]
        best = self.changes[0][0], self.cheapest
        return " together with ".join(said) + (f" at the least ({_shown(*best)} is cheapest)" if best[1] else "")


def ways_out(
    question: Question,
    over: Mapping[str, float],
    stands: Callable[[Question], bool],
    surely: Callable[[Question], bool],
) -> tuple[Way, ...]:
    """Each way that is enough, as `stands` says of the question it makes, and hardly more than enough.

    surely: says it for certain, and takes longer; asked about what is found alone.

    over: budgets that are too small, and how many times. A way moves one option as little as need be, or all budgets
    that are too small together. Values have three digits, rounded to the safe side: what is told can be typed.
    """
    tried: list[Way | None] = [_budgets(question, over, stands, among) for among in _choices(over)]
    if question.loss is not None:
        tried.append(_loss(question, question.loss, stands))
    fixed = {"n_params": bool(question.sizes), "tokens": question.epochs is not None}
    for name in ("tokens", "epochs", "n_params"):
        if fixed.get(name):
            continue
        both = (_nearest(question, name, stands, up=up) for up in (False, True))
        tried.append(next((each for each in both if each is not None), None))
    tried.append(_nearest(question, "unique_tokens", stands, up=True))
    tried += [_nearest(question, name, stands, up=False) for name in ("inference_tokens", "tokens_per_second")]
    if question.one_gpu:
        without = Way((("one_gpu", None),))
        tried.append(without if stands(without.of(question)) else None)
    further = ((way.further(question, times) for times in _SURER) for way in tried if way is not None)
    found = (next((each for each in ways if surely(each.of(question))), None) for ways in further)
    return tuple(each for each in found if each is not None)


def rounded(number: float, *, up: bool) -> float:
    """The next number of three digits, not below (or not above) this one."""
    unit = 10.0 ** (floor(log10(number)) - DIGITS + 1)
    near = round(number / unit)
    if abs(near * unit / number - 1) < 1e-12:
        return float(f"{number:.{DIGITS}g}")
    return float(f"{(ceil if up else floor)(number / unit) * unit:.{DIGITS}g}")


def _choices(over: Mapping[str, float]) -> Iterator[dict[str, float]]:
    """Which options to raise, and how many times: of GPUs and days either."""
    if not over:
        return
    for i in range(max(len(_BUDGETS[name]) for name in over)):
        yield {_BUDGETS[name][min(i, len(_BUDGETS[name]) - 1)]: times for name, times in over.items()}


def _budgets(
    question: Question, over: Mapping[str, float], stands: Callable[[Question], bool], among: Mapping[str, float]
) -> Way | None:
    for more in _TIMES:
        raised = {name: getattr(question, name) * times * more for name, times in among.items()}
        way = Way(tuple((name, _typed(name, value, up=True)) for name, value in raised.items()))
        if stands(way.of(question)):
            return way
    return None


def _loss(question: Question, loss: float, stands: Callable[[Question], bool]) -> Way | None:
    def way(value: float) -> Way:
        return Way((("loss", _typed("loss", value, up=True)),))

    low, high = loss, next((loss * each for each in _HIGHER if stands(way(loss * each).of(question))), None)
    if high is None:
        return None
    while high - low > 1e-4:
        middle = (low + high) / 2
        low, high = (low, middle) if stands(way(middle).of(question)) else (middle, high)
    return way(high)


def _nearest(question: Question, name: str, stands: Callable[[Question], bool], *, up: bool) -> Way | None:
    """The value nearest to what is asked that stands, in one direction; None where none does, or nothing is asked."""
    asked = getattr(question, name)
    if asked is None:
        return None

    def way(value: float) -> Way:
        moved = {name: value}
        if name == "inference_tokens" and question.output_tokens:  # which are a part of them
            moved["output_tokens"] = question.output_tokens * value / asked
        return Way(tuple((each, _typed(each, to, up=up)) for each, to in moved.items()))

    def holds(value: float) -> bool:
        try:
            return stands(way(value).of(question))
        except IsoflopError:
            return False

    near, far = asked, None
    for times in _FAR:
        value = asked * times if up else asked / times
        if holds(value):
            far = value
            break
        near = value
    if far is None:
        return None
    while max(far / near, near / far) > _CLOSE:
        middle = (near * far) ** 0.5
        near, far = (near, middle) if holds(middle) else (middle, far)
    return way(far)


def _typed(name: str, value: float, *, up: bool) -> float:
    """As it can be typed: three digits, a loss to the fourth decimal, GPUs whole."""
    if name == "loss":
        return ceil(value * 1e4) / 1e4
    found = rounded(value, up=up)
    return float(ceil(found)) if name == "gpus" else found


def _said(name: str, value: float | None) -> str:
    option = "--" + name.replace("_", "-")
    if value is None:
        return f"leave out {option}"
    return f"{option} to {_shown(name, value)}"


def _shown(name: str, value: float | None) -> str:
    return _SHOWN.get(name, print_count)(value or 0.0)


_SHOWN: Mapping[str, Callable[[float], str]] = {
    "dollars": print_dollars,
    "flops": lambda value: f"{value:.3g}".replace("e+", "e"),
    "gpus": lambda value: f"{value:.0f}",
    "loss": lambda value: f"{value:.4f}",
    "days": lambda value: f"{value:.3g}",
    "epochs": lambda value: f"{value:.3g}",
    "tokens_per_second": lambda value: f"{value:.3g}",
}
"""How a value is written so that its option reads it."""
