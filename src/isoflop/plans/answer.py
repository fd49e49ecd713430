"""The answer to a question: how large, on how many tokens, at what loss, with which devices; each with its interval."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any

import numpy as np

from isoflop.conventions import Size
from isoflop.costs.shape import Shape
from isoflop.errors import BadInput
from isoflop.plans.basin import Basin, Regret, basin, regret
from isoflop.plans.contradictions import check_loss, check_run, check_size, tightest
from isoflop.plans.plan import Quantity
from isoflop.plans.quantities import Best, best
from isoflop.plans.question import Question
from isoflop.plans.reaching import reach_notes
from isoflop.plans.resources import Resources, limits, resources
from isoflop.plans.serving import serving_cost
from isoflop.plans.shapes import shape_of
from isoflop.plans.size_limits import size_limits
from isoflop.plans.source import Source
from isoflop.plans.split import Aim, Split, split

_ROUNDS = 12  # of MFU and device counts, which depend on the size that they decide
_LIKE = 1e9  # parameters, to begin with


@dataclass(frozen=True)
class Answer:
    """N, D, loss and what they take, by every law of the source.

    split: the numbers by each law. have: devices, prices, MFU. allowed: the FLOPs of each budget given; binding: the
    one that decides, "" where none does. most: the largest N of each limit on size. shape: one that can be built, None
    with the reason in the notes where there is none. basin, regret: how flat the optimum is; None where nothing is
    optimised, or for one law alone.
    """

    question: Question
    source: Source
    split: Split
    have: Resources
    allowed: Mapping[str, float]
    binding: str
    most: Mapping[str, float]
    shape: Shape | None
    basin: Basin | None
    regret: Regret | None
    notes: tuple[str, ...] = ()
    defaults: Mapping[str, str] = field(default_factory=dict)

    @property
    def n_params(self) -> float:
        """The median N."""
        return self.split.median("n_params")

    @property
    def tokens(self) -> float:
        """The D that belongs to the median N."""
        aim = self.split.aim
        if aim.tokens is not None:
            return aim.tokens
        if aim.loss is None and aim.flops is not None:
            return (aim.flops - 2 * self.n_params * aim.served) / (6 * self.n_params)
        return self.split.median("tokens")

    @property
    def flops(self) -> float:
        """Training FLOPs, the median of 6 N D over the laws."""
        return self.split.median("flops")

    @property
    def doubts(self) -> tuple[str, ...]:
        """What speaks against the laws themselves."""
        return self.source.doubts

    def quantity(self, name: str) -> Quantity:
        """A number with its interval, which one law alone has not."""
        interval = self.split.interval(name)
        return Quantity.of(interval) if len(self.split.bag) > 1 else Quantity(interval.median)

    def of_flops(self, per_flop: float | None) -> Quantity | None:
        """What the training FLOPs come to at so much each; None where that is not known."""
        if per_flop is None:
            return None
        found = self.quantity("flops")
        low, high = ((None if end is None else end * per_flop) for end in (found.low, found.high))
        return Quantity(found.median * per_flop, low, high, found.level)

    def to_json(self) -> dict[str, Any]:
        """Every quantity as {"median", "low", "high", "level"}, null where unknown."""
        have, names = self.have, ("flops", "n_params", "tokens", "tokens_per_param", "epochs", "loss")
        costs = {
            "gpu_hours": self.of_flops(have.hours(1.0)),
            "days": self.of_flops(have.days(1.0)),
            "dollars": self.of_flops(have.dollars(1.0)),
        }
        found: dict[str, Any] = {name: vars(self.quantity(name)) for name in names}
        found["serving_flops"] = vars(self.quantity("serving_flops")) if self.split.aim.served else None
        return {
            "law": self.source.name,
            "loss_of": self.source.text or "your runs",
            **found,
            **{name: None if each is None else vars(each) for name, each in costs.items()},
            "shape": None if self.shape is None else {"family": self.question.family, **vars(self.shape)},
            "gpu": have.device.name,
            "gpus": have.gpus,
            "mfu": have.mfu,
            "goodput": have.goodput,
            "allowed_flops": dict(self.allowed),
            "binding": self.binding,
            "largest_n_params": dict(self.most),
            "within": None if self.basin is None else vars(self.basin),
            "regret": None if self.regret is None else vars(self.regret),
            "defaults": dict(self.defaults),
            "notes": list(self.notes),
            "doubts": list(self.doubts),
        }


def answer(question: Question, source: Source, most: Mapping[str, float] | None = None) -> Answer:
    """N, D and the rest for a question by the laws of a source.

    most: the largest N of each limit on the size, where they are not those of the question. Of several budgets the
    smallest binds. Raises `BadInput` where constraints contradict each other, with what would have to give, or where
    the law is asked too far off.
    """
    question = question.with_size(source.counts)
    caps = size_limits(question, source.counts) if most is None else dict(most)
    check_size(question, caps)
    have, allowed, found = _settled(question, source, caps)
    n, d = found.median("n_params"), found.median("tokens")
    notes = [*source.notes]
    notes += reach_notes(source.law, n_params=n, tokens=d, extrapolate=question.extrapolate)
    if found.left_out:
        notes.append(f"{found.left_out} of {len(source.bag)} laws have no answer here and are left out.")
    if found.capped:
        name, largest = tightest(caps)
        notes.append(f"{name} keeps N at {largest:.3g}; {found.capped:.0%} of the laws would have it larger.")
    binding = tightest(allowed)[0] if allowed and question.loss is None and not question.judged else ""
    shape = None
    try:
        shape = question.shape or shape_of(n, question.like, int(question.context), source.counts)
    except BadInput as bad:
        notes += bad.problems
    free = found.aim.n_params is None and found.aim.tokens is None and not found.capped
    free = free and source.law.inputs == ("n_params", "tokens")
    around = _around(found) if free and found.aim.unique_tokens is None and not found.aim.served else None
    return Answer(
        question,
        source,
        found,
        have,
        allowed,
        binding,
        caps,
        shape,
        basin(around) if around else None,
        regret(around) if around else None,
        tuple(notes),
        {**source.defaults, "cost": "training 6 N D FLOPs, serving 2 N a token", **have.defaults},
    )


def aim_of(question: Question, allowed: Mapping[str, float], caps: Mapping[str, float], served: float) -> Aim:
    """What is to be split, once budgets are FLOPs and served tokens are counted by what they cost."""
    return Aim(
        flops=None if question.judged or not allowed or question.loss is not None else tightest(allowed)[1],
        loss=None if question.judged else question.loss,
        n_params=question.n_params,
        tokens=question.tokens,
        unique_tokens=question.unique_tokens,
        served=served,
        served_tokens=question.inference_tokens or 0.0,
        most_params=tightest(caps)[1] if caps else np.inf,
    )


def _settled(
    question: Question, source: Source, caps: Mapping[str, float]
) -> tuple[Resources, dict[str, float], Split]:
    """Devices and split that agree with each other: MFU goes by the size, the number of devices by the FLOPs."""
    n: float = question.n_params or _LIKE
    flops: float | None = None
    solve = cache(partial(split, source.bag))  # most rounds ask the same again
    for _ in range(_ROUNDS):
        have = resources(question, n, flops)
        allowed = limits(question, have)
        aim = aim_of(question, allowed, caps, _served(question, have, n, source.counts))
        check_run(question, allowed, have, aim)
        check_loss(question, allowed, have, source, aim=aim, solve=solve)
        found = solve(aim)
        n_before, flops_before = n, flops
        n, flops = found.median("n_params"), found.median("flops")
        reach_notes(source.law, n_params=n, tokens=found.median("tokens"), extrapolate=question.extrapolate)
        if flops_before is not None and np.allclose((n_before, flops_before), (n, flops), rtol=1e-9):
            break
    return have, allowed, found


def _served(question: Question, have: Resources, n_params: float, counts: Size) -> float:
    """Served tokens by what they cost, as tokens at the price of training: output is dearer, near this N."""
    if not question.output_tokens:
        return question.inference_tokens or 0.0
    read = (question.inference_tokens or 0.0) - question.output_tokens
    cost = serving_cost(
        n_params,
        read,
        question.output_tokens,
        have,
        context=int(question.context),
        like=question.like,
        counts=counts,
    )
    return have.mfu * (read / cost.mfu_input + question.output_tokens / cost.mfu_output)


def _around(found: Split) -> Best:
    """The split as `basin` and `regret` take it: of one budget, the median one where each law has its own."""
    flops = found.median("flops")
    if found.aim.loss is not None:
        found = split(found.bag, Aim(flops=flops))
    return best(found.bag, flops)
