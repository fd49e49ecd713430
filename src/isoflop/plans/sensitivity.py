"""What a plan hangs on: the answer again with one assumption moved at a time, the largest effect first."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import log
from typing import Any

import numpy as np

from isoflop.costs.utilisation import REPORTED
from isoflop.errors import IsoflopError
from isoflop.estimates.ensemble import Ensemble
from isoflop.laws.data_constrained import DataConstrained
from isoflop.plans.answer import Answer
from isoflop.plans.moved import Moved
from isoflop.plans.other_laws import against, other_laws
from isoflop.plans.resources import Resources
from isoflop.plans.same_loss import frontier_slope
from isoflop.plans.settling import tightest
from isoflop.plans.source import Source
from isoflop.plans.split import Aim
from isoflop.units import plural, print_count, print_dollars, print_flops, print_ratio

OF_MFU = 0.25
"""Of itself, by which MFU and price are moved; upwards an MFU that was assumed is moved to the highest reported."""
OF_REPEATS = 5.0
"""Times R_D*, up and down: the runs hardly hold it (`isoflop laws MUENNIGHOFF_2023`)."""
OF_SERVED = 10.0
"""Times the tokens served, up and down: nobody knows them beforehand."""
_LOOSE = "the runs barely hold R_D*, see isoflop laws MUENNIGHOFF_2023"
_STILL = 1e-4  # of a logarithm: what moves less does not move
_MOST = log(1e3)  # of compute: a loss that is worth more is beyond all
_DIGITS = 12  # of a loss: below them it is rounding
_EQUAL = 9  # digits of a logarithm: effects that differ further down are as large


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

    of_run: the farthest |ln| that N, D or the compute that a change of the loss is worth (ΔL over dL/d ln C along the
    frontier) moves; of_cost: the same of days and dollars. aside: another law of a text that a law before stands for.
    """

    name: str
    what: str
    changes: tuple[Change, ...]
    of_run: float = 0.0
    of_cost: float = 0.0
    aside: bool = False

    @property
    def size(self) -> float:
        """The farthest that anything moves."""
        return max(self.of_run, self.of_cost)

    def to_json(self) -> dict[str, Any]:
        """Plain values, null where unknown."""
        return {
            "name": self.name,
            "what": self.what,
            "size": self.size,
            "of_run": self.of_run,
            "of_cost": self.of_cost,
            "aside": self.aside,
            "changes": [vars(change) for change in self.changes],
        }


def sensitivity(answer: Answer) -> tuple[Effect, ...]:
    """Every assumption moved alone, those that move most first; those that move nothing are left out.

    MFU, price and time lost; the binding budget doubled, the loss asked for moved by a hundredth, tokens served
    tenfold and a tenth, unique tokens halved and doubled, R_D* by what is not known of it, each other published law
    that counts N alike and was seen in a source, and as one row the ends of the interval over the laws of the bag, each
    quantity by itself. Large bags are asked by some of their laws, as against the plan of the same laws.

    Where money or time decides the compute, what moves N, D or the loss comes before what moves the cost alone; where
    compute is given, or what it takes is the answer, all are on one scale.
    """
    plan = Moved.of_plan(answer)
    slope = abs(frontier_slope(plan.split.bag, plan.split.median("flops"), plan.aim.unique_tokens))
    moved = (*_machines(plan), *_asked(plan), *_repeats(plan), *_laws(plan, answer.source), *_doubt(answer))
    found = [each for effect in moved if (each := _sized(effect, slope)).size > 0]
    run_first = answer.binding not in ("", "--flops")

    def rank(effect: Effect) -> tuple[float, float]:
        run, cost = round(effect.of_run, _EQUAL), round(effect.of_cost, _EQUAL)
        return (-run, -cost) if run_first else (-max(run, cost), -run - cost)

    return tuple(sorted(found, key=rank))


def _sized(effect: Effect, slope: float) -> Effect:
    run = [abs(log(each)) for c in effect.changes for each in (c.n_params, c.tokens) if each]
    if effect.name != "law" or max(run, default=0.0) < _STILL:  # the level of another law's loss is no change of plan
        run += [min(abs(c.loss) / slope, _MOST) if slope else _MOST for c in effect.changes if c.loss]
    cost = [abs(log(each)) for c in effect.changes for each in (c.days, c.dollars) if each]
    run_most, cost_most = (max(each, default=0.0) for each in (run, cost))
    return replace(
        effect,
        of_run=run_most if run_most > _STILL else 0.0,
        of_cost=cost_most if cost_most > _STILL else 0.0,
    )


def _machines(plan: Moved) -> Iterator[Effect]:
    have = plan.have
    low, high, said = (1 - OF_MFU) * have.mfu, min((1 + OF_MFU) * have.mfu, 1.0), ""
    most = max(REPORTED, key=lambda each: each.mfu)
    if plan.question.mfu is None and most.mfu > have.mfu:
        high, said = most.mfu, f"the highest reported, {most.what} ({most.source})"
    yield Effect(
        "mfu",
        f"MFU {have.mfu:.0%}",
        (
            _had(plan, f"{low:.0%}", replace(have, mfu=low)),
            _had(plan, f"{high:.0%}", replace(have, mfu=high), note=said),
        ),
    )
    if have.price is not None:
        prices = ((1 - OF_MFU) * have.price, (1 + OF_MFU) * have.price)
        changes = tuple(_had(plan, f"${price:.3g}", replace(have, price=price)) for price in prices)
        yield Effect("price", f"price ${have.price:.3g} an hour", changes)
    lost = 1 - have.goodput
    moves = [(f"{each:.1%}", replace(have, goodput=1 - each)) for each in (2 * lost, lost / 2) if each < 1]
    yield Effect("goodput", f"time lost {lost:.1%}", tuple(_had(plan, to, moved) for to, moved in moves))


def _asked(plan: Moved) -> Iterator[Effect]:
    """What the question itself says."""
    aim = plan.aim
    if aim.flops is not None:
        yield _budget(plan)
    if aim.loss is not None:
        losses = [share * aim.loss for share in (1.01, 0.99)]
        changes = (_tried(plan, f"{loss:.4g}", aim=replace(aim, loss=loss)) for loss in losses)
        yield Effect("loss", f"--loss {aim.loss:g}", tuple(changes))
    if aim.served and aim.tokens is None:
        asked = plan.question.inference_tokens or aim.served
        factors = (1 / OF_SERVED, OF_SERVED)
        changes = (_tried(plan, print_count(by * asked), aim=replace(aim, served=by * aim.served)) for by in factors)
        yield Effect("inference_tokens", f"--inference-tokens {print_count(asked)}", tuple(changes))


def _budget(plan: Moved) -> Effect:
    """The binding budget doubled, in its own unit; another may bind then."""
    name, question = tightest(plan.budgets)[0], plan.question
    flops, dollars, days = (by or 0.0 for by in (question.flops, question.dollars, question.days))
    match name:
        case "--flops":
            asked, to = (print_flops(by * flops).removesuffix(" FLOPs") for by in (1, 2))
            doubled = replace(question, flops=2 * flops)
        case "--dollars":
            asked, to = (print_dollars(by * dollars) for by in (1, 2))
            doubled = replace(question, dollars=2 * dollars)
        case _:
            asked, to = (f"{by * days:g}" for by in (1, 2))
            doubled = replace(question, days=2 * days)
    moved = plan.again(question=doubled)
    binds = tightest(moved.budgets)[0]
    note = ""
    if binds != name:
        share = float(moved.aim.flops or 0) / float(plan.aim.flops or 1)
        note = f"{binds} then binds, at {print_ratio(share)} times this plan's compute"
    elif name == "--gpus and --days":
        note = f"--days alone, on the same {plural(plan.have.gpus, 'GPU')}"
    return Effect("budget", f"{name.split()[-1]} {asked}", (replace(_change(to, moved, plan), note=note),))


def _repeats(plan: Moved) -> Iterator[Effect]:
    """How many tokens are different, and what repeating them is worth."""
    aim, bag = plan.aim, plan.split.bag
    unique = aim.unique_tokens
    if unique is None:
        return
    changes = (_tried(plan, print_count(by * unique), aim=replace(aim, unique_tokens=by * unique)) for by in (0.5, 2.0))
    yield Effect("unique_tokens", f"--unique-tokens {print_count(unique)}", tuple(changes))
    held = [law for law in bag.laws if isinstance(law, DataConstrained)]
    if len(held) == len(bag):
        star = bag.interval(lambda law: law.R_D_star)
        ends, said = (star.median / OF_REPEATS, OF_REPEATS * star.median), _LOOSE
        if star.high > star.low:  # the laws of a fit of one's own say how far it is known
            ends, said = (star.low, star.high), ""

        def worth(by: float) -> Ensemble:
            return replace(bag, laws=tuple(replace(law, R_D_star=by * law.R_D_star) for law in held))

        low, high = (_tried(plan, f"{end:.3g}", bag=worth(end / star.median)) for end in ends)
        low = replace(low, note="; ".join(each for each in (said, low.note) if each))
        yield Effect("repeats", f"worth of repeats, R_D* {star.median:.3g}", (low, high))


def _laws(plan: Moved, source: Source) -> Iterator[Effect]:
    aim = plan.aim
    told: set[str] = set()
    for other in other_laws(source, repeats=aim.unique_tokens is not None):
        same_text = other.text == source.text and not source.own
        if aim.loss is not None and not same_text:
            continue
        try:
            moved = plan.again(bag=other.bag)
        except IsoflopError:
            continue
        change = _change(other.name, moved, plan, comparable=same_text)
        n, d, *_ = moved.numbers()
        said = (against(other.law, n_params=n, tokens=d), change.note)
        change = replace(change, note="; ".join(each for each in said if each))
        yield Effect("law", f"law {source.name}", (change,), aside=other.text in told)
        told.add(other.text)


def _doubt(answer: Answer) -> Iterator[Effect]:
    """The laws at both ends of N as one row, each with its own N, D and loss."""
    found = answer.split
    if len(found.bag) < 2:
        return
    n = answer.quantity("n_params")
    spent = answer.flops_by_law * answer.executed_by_law
    middle = {name: found.median(name) for name in ("n_params", "tokens", "loss")}

    def end(side: str, size: float) -> Change:
        i = int(np.argmin(np.abs(found.n_params - size)))
        time = float(spent[i] / found.bag.interval(spent).median)
        loss = round(float(found.loss[i]) - middle["loss"], _DIGITS) + 0.0
        priced = time if answer.have.price is not None else None
        ratio = {name: float(getattr(found, name)[i]) / middle[name] for name in ("n_params", "tokens")}
        return Change(f"{side} N", ratio["n_params"], ratio["tokens"], loss, time, priced)

    ends = (end("least", n.low or n.median), end("most", n.high or n.median))
    yield Effect("interval", f"doubt of the law, {n.level or 0:.0%} of {len(found.bag):,} laws", ends)


def _had(plan: Moved, to: str, have: Resources, note: str = "") -> Change:
    moved = plan.again(have=have)
    change = _change(to, moved, plan)
    then = ""
    if plan.aim.flops is not None and (binds := tightest(moved.budgets)[0]) != tightest(plan.budgets)[0]:
        then = f"{binds} then binds"
    return replace(change, note="; ".join(each for each in (note, then, change.note) if each))


def _tried(plan: Moved, to: str, *, aim: Aim | None = None, bag: Ensemble | None = None) -> Change:
    try:
        return _change(to, plan.again(aim=aim, bag=bag), plan)
    except IsoflopError:
        return Change(to, note="the law has no such run: it cannot come so low")


def _change(to: str, moved: Moved, plan: Moved, *, comparable: bool = True) -> Change:
    """What it became, as against the plan."""
    (n, d, loss, days, dollars), (n0, d0, loss0, days0, dollars0) = moved.numbers(), plan.numbers()
    return Change(
        to,
        n / n0,
        d / d0,
        round(loss - loss0, _DIGITS) + 0.0 if comparable else None,
        days / days0,
        dollars / dollars0 if dollars is not None and dollars0 else None,
        moved.broken(),
    )
