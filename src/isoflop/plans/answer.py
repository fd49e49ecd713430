"""The answer to a question: how large, on how many tokens, at what loss, with which devices; each with its interval."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from isoflop.costs.shape import Shape
from isoflop.errors import BadInput
from isoflop.plans import repeats
from isoflop.plans.basin import Basin, Regret, basin, regret
from isoflop.plans.contradictions import conflict
from isoflop.plans.executed import Floats
from isoflop.plans.hyperparameters import CONTEXT
from isoflop.plans.plan import Quantity
from isoflop.plans.question import Question
from isoflop.plans.reaching import reach_notes
from isoflop.plans.refusal import refusal
from isoflop.plans.resources import Resources
from isoflop.plans.settling import settle, tightest
from isoflop.plans.shapes import shape_of
from isoflop.plans.size_limits import limit_defaults, size_limits
from isoflop.plans.source import Source
from isoflop.plans.split import Split, split
from isoflop.units import print_count

MONEY_AND_TIME = {"--dollars", "--gpus and --days"}
"""Budgets that are of what is executed."""


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
        """What speaks against the laws themselves, and against so many epochs."""
        return (*self.source.doubts, *repeats.doubts(self.split))

    def quantity(self, name: str) -> Quantity:
        """A number with its interval, which one law alone has not."""
        return self._over_laws(self.flops_by_law if name == "flops" else getattr(self.split, name))

    def of_flops(self, per_flop: float | None) -> Quantity | None:
        """What the training FLOPs come to at so much each; None where that is not known.

        per_flop is of the median size. Another size executes another share beyond 6 N D, and costs as much more.
        """
        if per_flop is None:
            return None
        found, median = self._over_laws(self.flops_by_law * self.executed_by_law * per_flop), self.flops * per_flop
        if found.low is None or found.high is None:
            return Quantity(median)
        return Quantity(median, min(found.low, median), max(found.high, median), found.level)

    @property
    def executed_by_law(self) -> Floats:
        """FLOPs executed for each of 6 N D by the size that each law has, over those of the median size."""
        n = self.split.n_params
        if self.have.executes is None or len(n) == 1:
            return np.ones_like(n)
        found = self.have.executes.along(np.append(n, self.n_params))
        return np.asarray(found[:-1] / found[-1])

    @property
    def flops_by_law(self) -> Floats:
        """6 N D; where money or time is what is given, a size that executes more has fewer of them."""
        return self.split.flops / (self.executed_by_law if self.binding in MONEY_AND_TIME else 1.0)

    def _over_laws(self, values: Floats) -> Quantity:
        interval = self.split.bag.interval(values)
        return Quantity.of(interval) if len(self.split.bag) > 1 else Quantity(interval.median)

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
    asked = replace(question, recorded_vocab=source.vocab_size).with_size(source.counts)
    caps = size_limits(asked, source.counts) if most is None else dict(most)
    settled = settle(asked, source, caps)
    if (problem := conflict(settled)) is not None:
        raise BadInput(refusal(problem, settled))
    found, have, allowed = settled.split, settled.have, settled.allowed
    assert found is not None, "no answer is a conflict"
    n, d = found.median("n_params"), found.median("tokens")
    notes = [*source.notes]
    try:
        notes += reach_notes(source.law, n_params=n, tokens=d, extrapolate=asked.extrapolate)
    except BadInput as far:
        if asked.loss is None:
            raise
        raise BadInput(refusal(str(far), settled)) from None
    if found.left_out:
        notes.append(f"{found.left_out} of {len(source.bag)} laws have no answer here and are left out.")
    if found.capped:
        name, largest = tightest(caps)
        notes.append(f"{name} keeps N at {print_count(largest)}; {found.capped:.0%} of the laws would have it larger.")
    if asked.judged and asked.loss is not None:
        notes.append(f"--loss {asked.loss:g} is reached, with {asked.loss - found.median('loss'):.4f} to spare.")
    binding = tightest(allowed)[0] if allowed and asked.loss is None and not asked.judged else ""
    shape = None
    try:
        shape = asked.shape or shape_of(n, asked.like, int(asked.context), source.counts)
    except BadInput as bad:
        notes += bad.problems
    around = _around(found)
    return Answer(
        asked,
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
        {
            **source.defaults,
            **_served_defaults(asked),
            "FLOPs": "6 N D to train, 2 N a token to serve",
            **_shape_defaults(asked, shape),
            **limit_defaults(asked),
            **have.defaults,
        },
    )


def _served_defaults(asked: Question) -> dict[str, str]:
    """What is taken of served tokens."""
    if not asked.inference_tokens or asked.output_tokens:
        return {}
    return {"served": "all of it read, none written, which would cost more (--output-tokens)"}


def _shape_defaults(asked: Question, shape: Shape | None) -> dict[str, str]:
    """What of the shape was not asked for."""
    said = {}
    if asked.context == CONTEXT:
        said["context"] = f"{CONTEXT:,} tokens (--context)"
    if shape is not None and not asked.sizes:
        said["shape"] = f"{asked.like.source} (--shape)"
    if shape is not None and asked.vocab is None:
        whose = f"{asked.family}'s" if asked.recorded_vocab is None else "your study's"
        said["vocabulary"] = f"{shape.vocab_size:,} ids, {whose} (--vocab)"
    return said


def _around(found: Split) -> Split | None:
    """The split of one budget, to look about it: the median one where each law has its own; None where N is bound."""
    aim = found.aim
    if aim.n_params is not None or aim.tokens is not None or found.capped:
        return None
    return found if aim.loss is None else split(found.bag, replace(aim, loss=None, flops=found.median("cost_flops")))
