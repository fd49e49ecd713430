"""What a plan hangs on: the answer again with one assumption moved at a time, the largest effect first."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from math import log
from typing import Any

from isoflop.errors import BadInput, IsoflopError
from isoflop.estimates.ensemble import Ensemble
from isoflop.laws.data_constrained import DataConstrained
from isoflop.laws.law import Law
from isoflop.laws.published import PUBLISHED
from isoflop.plans.answer import Answer
from isoflop.plans.reaching import decades
from isoflop.plans.resources import Resources, limits
from isoflop.plans.same_loss import few
from isoflop.plans.settling import tightest
from isoflop.plans.source import Source, published_source
from isoflop.plans.split import Aim, Split, split

SPLITTING = ("Chinchilla", "DataConstrained", "Farseer", "Kaplan", "Overtraining", "RepetitionPenalty")
"""Forms of a loss by N and D, which split a budget."""
_STILL = 1e-4  # of a logarithm: what moves less does not move
_DIGITS = 12  # of a loss: below them it is rounding


@dataclass(frozen=True)
class Change:
    """What one move does: N, D, days and dollars as multiples of the plan's, the loss in nats/token beyond it.

    None where it is not known, or not comparable: the loss by a law of another text. note: what else follows.
    """

    to: str
    n_params: float | None = None
    tokens: float | None = None
    loss: float | None = None
    days: float | None = None
    dollars: float | None = None
    note: str = ""


@dataclass(frozen=True)
class Effect:
    """An assumption, what it is in the plan, and what becomes of the plan where it is moved, one way or both.

    size: the farthest |ln| that N moves; where N stays, days or dollars; where they do, the loss.
    """

    name: str
    what: str
    changes: tuple[Change, ...]
    plan_loss: float = field(repr=False, default=1.0)

    @property
    def size(self) -> float:
        """By which effects are sorted."""
        sizes = _farthest([each.n_params for each in self.changes])
        money = _farthest([value for each in self.changes for value in (each.days, each.dollars)])
        losses = _farthest([None if c.loss is None else 1 + c.loss / self.plan_loss for c in self.changes])
        return next((each for each in (sizes, money, losses) if each > _STILL), 0.0)

    def to_json(self) -> dict[str, Any]:
        """Plain values, null where unknown."""
        return {
            "name": self.name,
            "what": self.what,
            "size": self.size,
            "changes": [vars(change) for change in self.changes],
        }


def sensitivity(answer: Answer) -> tuple[Effect, ...]:
    """Every assumption moved alone, by how far the plan moves; those that move nothing are left out.

    MFU by a quarter, the price by a quarter, time lost halved and doubled, the binding budget doubled, the loss asked
    for by a hundredth, tokens served tenfold, R_D* halved and doubled, each other published law that counts N alike
    and was seen in a source, and as one row the ends of the interval over the laws of the bag, each quantity by itself.
    GPUs stay as many. Large bags are asked by some of their laws, as against the plan of the same laws.
    """
    plan = _Moved.of_plan(answer)
    found = [*_machines(plan), *_asked(plan), *_of_law(plan), *_doubt(answer)]
    return tuple(sorted((each for each in found if each.size > 0), key=lambda each: -each.size))


@dataclass(frozen=True)
class _Moved:
    """A plan, or what it becomes: with what it is asked, had and answered by."""

    answer: Answer
    have: Resources
    budgets: dict[str, float]
    aim: Aim
    split: Split

    @classmethod
    def of_plan(cls, answer: Answer) -> "_Moved":
        return cls(answer, answer.have, dict(answer.allowed), answer.split.aim, few(answer.split))

    def again(
        self,
        *,
        have: Resources | None = None,
        budgets: dict[str, float] | None = None,
        aim: Aim | None = None,
        bag: Ensemble | None = None,
    ) -> "_Moved":
        """With something moved; split anew only where the split can move."""
        have, aim = have or self.have, aim or self.aim
        if budgets is None:
            budgets = dict(limits(self.answer.question, have)) if have is not self.have else self.budgets
        if aim.flops is not None and budgets:
            aim = replace(aim, flops=tightest(budgets)[1])
        moved = bag is not None or aim != self.aim
        found = split(bag or self.split.bag, aim) if moved else self.split
        return _Moved(self.answer, have, budgets, aim, found)

    def numbers(self) -> tuple[float, float, float, float, float | None]:
        """N, D, loss, days, dollars."""
        flops = self.split.median("flops")
        n = self.split.median("n_params")
        return n, flops / (6 * n), self.split.median("loss"), self.have.days(flops), self.have.dollars(flops)

    def change(self, to: str, plan: "_Moved", *, comparable: bool = True) -> Change:
        """As against the plan."""
        (n, d, loss, days, dollars), (n0, d0, loss0, days0, dollars0) = self.numbers(), plan.numbers()
        priced = dollars is not None and dollars0 is not None
        return Change(
            to,
            n / n0,
            d / d0,
            round(loss - loss0, _DIGITS) + 0.0 if comparable else None,
            days / days0,
            float(dollars or 0) / float(dollars0 or 1) if priced else None,
            self.broken(),
        )

    def broken(self) -> str:
        """The budget that is no longer enough, where size and tokens or the loss are given."""
        if self.aim.flops is not None or not self.budgets:
            return ""
        name, allowed = tightest(self.budgets)
        needs = self.split.median("flops") + 2 * self.split.median("n_params") * self.aim.served
        return f"{name} is then not enough" if needs > allowed * (1 + 1e-9) else ""


def _machines(plan: _Moved) -> Iterator[Effect]:
    have, loss = plan.have, plan.split.median("loss")
    moves = [(f"{mfu:.0%}", replace(have, mfu=mfu)) for mfu in (0.75 * have.mfu, min(1.25 * have.mfu, 1.0))]
    yield _effect(plan, "mfu", f"MFU {have.mfu:.0%}", moves, loss)
    if have.price is not None:
        moves = [(f"${price:.3g}", replace(have, price=price)) for price in (0.75 * have.price, 1.25 * have.price)]
        yield _effect(plan, "price", f"price ${have.price:.3g} an hour", moves, loss)
    lost = 1 - have.goodput
    moves = [(f"{each:.1%}", replace(have, goodput=1 - each)) for each in (2 * lost, lost / 2) if each < 1]
    yield _effect(plan, "goodput", f"time lost {lost:.1%}", moves, loss)


def _effect(plan: _Moved, name: str, what: str, moves: list[tuple[str, Resources]], loss: float) -> Effect:
    return Effect(name, what, tuple(plan.again(have=have).change(to, plan) for to, have in moves), loss)


def _asked(plan: _Moved) -> Iterator[Effect]:
    """What the question itself says."""
    answer, aim, loss = plan.answer, plan.aim, plan.split.median("loss")
    if aim.flops is not None:
        doubled = {**plan.budgets, answer.binding: 2 * plan.budgets[answer.binding]}
        change = plan.again(budgets=doubled).change("doubled", plan)
        if (binds := tightest(doubled)[0]) != answer.binding:
            change = replace(change, note=f"then {binds} binds")
        yield Effect("budget", answer.binding, (change,), loss)
    if aim.loss is not None:
        changes = tuple(_or_why(plan, f"{share * aim.loss:.4g}", share * aim.loss) for share in (1.01, 0.99))
        yield Effect("loss", f"--loss {aim.loss:g}", changes, loss)
    if aim.served and aim.tokens is None:
        tenfold = plan.again(aim=replace(aim, served=10 * aim.served)).change("tenfold", plan)
        yield Effect("inference_tokens", "tokens served", (tenfold,), loss)


def _or_why(plan: _Moved, to: str, loss: float) -> Change:
    try:
        return plan.again(aim=replace(plan.aim, loss=loss)).change(to, plan)
    except IsoflopError:
        return Change(to, note="the law cannot come so low here")


def _of_law(plan: _Moved) -> Iterator[Effect]:
    source, aim, loss = plan.answer.source, plan.aim, plan.split.median("loss")
    bag = plan.split.bag
    held = [law for law in bag.laws if isinstance(law, DataConstrained)]
    if aim.unique_tokens is not None and len(held) == len(bag):
        moved = {
            word: replace(bag, laws=tuple(replace(law, R_D_star=factor * law.R_D_star) for law in held))
            for word, factor in (("halved", 0.5), ("doubled", 2.0))
        }
        changes = [_by(plan, other, word, comparable=True) for word, other in moved.items()]
        star = bag.interval(lambda law: law.R_D_star).median
        yield Effect("repeats", f"worth of repeats, R_D* {star:.3g}", tuple(each for each in changes if each), loss)
    for name in _others(source):
        other = _source(name, repeats=aim.unique_tokens is not None)
        same_text = other is not None and other.text == source.text and not source.own
        if other is None or (aim.loss is not None and not same_text):
            continue
        if change := _by(plan, other.bag, name, comparable=same_text):
            said = [each for each in (_told(other.law, plan, change), change.note) if each]
            yield Effect("law", f"law {source.name}", (replace(change, note="; ".join(said)),), loss)


def _by(plan: _Moved, bag: Ensemble, to: str, *, comparable: bool) -> Change | None:
    """The plan by other laws; None where they have no answer."""
    try:
        return plan.again(bag=bag).change(to, plan, comparable=comparable)
    except IsoflopError:
        return None


def _told(law: Law, plan: _Moved, change: Change) -> str:
    """What speaks against another law here: constants that nobody has seen, and how far off it is asked."""
    n, d, *_ = plan.numbers()
    far = decades(law, n_params=n * float(change.n_params or 1), tokens=d * float(change.tokens or 1))
    most = max(far.values(), key=abs, default=0.0)
    off = f"{abs(most):.1f} decades {'above' if most > 0 else 'below'} what was fitted" if most else ""
    return "; ".join(each for each in ("constants unverified" if law.about.unverified else "", off) if each)


def _others(source: Source) -> Iterator[str]:
    """Published sets that split a budget and count N alike, but those recalled from memory alone."""
    for name, row in PUBLISHED.items():
        alike = row.about.counts("n_params") == source.counts and row.about.tag != "M"
        if row.form in SPLITTING and name != source.name and alike:
            yield name


def _source(name: str, *, repeats: bool) -> Source | None:
    try:
        return published_source(name, repeats=repeats)
    except BadInput:  # it does not value repetition
        return None


def _doubt(answer: Answer) -> Iterator[Effect]:
    """The interval over the laws as one row."""
    if len(answer.split.bag) < 2:
        return
    middle = {name: answer.quantity(name) for name in ("n_params", "tokens", "loss", "flops")}
    level = middle["n_params"].level or 0.0

    def end(side: str) -> Change:
        ratio = {name: float(getattr(each, side)) / each.median for name, each in middle.items() if name != "loss"}
        loss = round(float(getattr(middle["loss"], side)) - middle["loss"].median, _DIGITS) + 0.0
        priced = ratio["flops"] if answer.have.price is not None else None
        return Change(f"{side} end", ratio["n_params"], ratio["tokens"], loss, ratio["flops"], priced)

    yield Effect(
        "interval",
        f"doubt of the law, {level:.0%} of {len(answer.split.bag):,} laws",
        (end("low"), end("high")),
        middle["loss"].median,
    )


def _farthest(ratios: list[float | None]) -> float:
    return max((abs(log(each)) for each in ratios if each is not None and each > 0), default=0.0)
