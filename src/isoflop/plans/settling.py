"""A question brought to rest: devices, budgets and the split of compute that agree with each other."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache, partial

import numpy as np

from isoflop.conventions import Size
from isoflop.costs.shape import Shape
from isoflop.errors import BadInput, IsoflopError
from isoflop.plans.priced import Priced, best_priced, split_priced
from isoflop.plans.question import Question
from isoflop.plans.resources import Resources, limits, resources
from isoflop.plans.same_loss import FEW, losses
from isoflop.plans.served import served_tokens, settled
from isoflop.plans.shapes import shape_of
from isoflop.plans.source import Source
from isoflop.plans.split import Aim, Split, split

_ROUNDS = 12  # of MFU, attention and device counts, which depend on the size that they decide
_FREE = 6  # of them; then the FLOPs executed stay as they are, for shapes come in steps and sizes could go to and fro
_PRICED = 3  # of them in which the size that serving is priced at is searched for anew
_LIKE = 1e9  # parameters, to begin with


@dataclass(frozen=True)
class Settled:
    """What a question comes to by the laws of a source, whether or not its constraints can hold together.

    have: devices for the size found. allowed: FLOPs, 6 N D and serving together, of each budget. split: None where the
    laws have no answer, as `problem` says. most: the largest N of each limit on the size.
    """

    question: Question
    source: Source
    most: Mapping[str, float]
    have: Resources
    allowed: Mapping[str, float]
    aim: Aim
    split: Split | None
    problem: str = ""


def settle(question: Question, source: Source, most: Mapping[str, float]) -> Settled:
    """Devices and split in turn until neither moves: MFU and attention go by the size, devices by the FLOPs.

    question: with the size of its shape. Where what is written is priced apart, its price goes by the size too, so
    steeply that the size is searched for, by few of the laws. Raises `BadInput` for devices that are unknown or not
    enough at any number.
    """
    if question.output_tokens and question.loss is None and question.n_params is None and question.tokens is None:
        return _by_price(question, source, most)
    n: float = question.n_params or _LIKE
    flops: float | None = None
    priced: float | None = None  # the size that serving is priced at, where it is not the one of the round before
    solve = cache(partial(split, source.bag))  # most rounds ask the same again
    executed = 1.0
    for turn in range(_ROUNDS):
        if question.output_tokens and question.n_params is None and turn < _PRICED:
            try:
                after = partial(_size_after, question=question, source=source, most=most, flops=flops)
                priced = settled(after, priced or n)
            except IsoflopError:
                priced = None
        have = resources(question, n, flops, source.counts)
        if turn < _FREE:
            executed = have.executed
        have = have.executing(executed)
        allowed = limits(question, have)
        aim = aim_of(question, allowed, most, served_like_training(question, have, priced or n, source.counts))
        try:
            found = solve(aim)
        except IsoflopError as error:
            return Settled(question, source, most, have, allowed, aim, None, str(error))
        before = [n, flops or 0.0]
        n, flops = found.median("n_params"), found.median("flops")
        if np.allclose(before, [n, flops], rtol=1e-9):
            break
    if question.output_tokens:
        found = _as_it_is_built(question, source, have, found)
    return Settled(question, source, most, have, allowed, found.aim, found)


def _by_price(question: Question, source: Source, most: Mapping[str, float]) -> Settled:
    """A budget for training and for serving what is written too, each size at its own price."""

    def machines(n_params: float, flops: float | None = None) -> tuple[Resources, dict[str, float], Priced]:
        have = resources(question, n_params, flops, source.counts)
        allowed = limits(question, have)
        shape = question.shape or _shape(question, n_params, source.counts)
        served = served_like_training(question, have, n_params, source.counts, shape)
        return have, allowed, Priced(tightest(allowed)[1], served)

    aim = aim_of(question, {"any": 1.0}, most, 0.0)
    found = best_priced(source.bag, aim, lambda n_params: machines(n_params)[2])
    if found is None:
        have, allowed, at = machines(_LIKE / 1e3)
        said = f"serving leaves no size any tokens to train on, not even {_LIKE / 1e3:,.0f} parameters."
        aim = replace(aim, flops=at.allowed, served=at.served)
        return Settled(question, source, most, have, allowed, aim, None, said)
    n, at = found
    have, allowed, at = machines(n, at.allowed - 2 * n * at.served)
    try:
        parts = split_priced(source.bag, aim, n, at)
    except IsoflopError as error:
        return Settled(question, source, most, have, allowed, aim, None, str(error))
    return Settled(question, source, most, have, allowed, parts.aim, parts)


def _as_it_is_built(question: Question, source: Source, have: Resources, found: Split) -> Split:
    """The split at what its own shape costs to serve, which is not quite on the line that settled the size.

    Sizes stay as they are; of a budget more or fewer tokens are trained on, so that both together cost what is allowed.
    Where the tokens are given, the size gives way instead.
    """

    def served(n_params: float) -> float:
        shape = question.shape or _shape(question, n_params, source.counts)
        return served_like_training(question, have, n_params, source.counts, shape)

    n, middle, allowed = found.n_params, found.median("n_params"), found.aim.flops
    if allowed is not None and found.aim.tokens is not None:
        for _ in range(_ROUNDS):
            fits = allowed / (6 * found.aim.tokens + 2 * served(middle))
            if middle <= fits:
                break
            n, middle = n * fits / middle, fits
    aim = replace(found.aim, served=served(middle))
    tokens = found.tokens if allowed is None or aim.tokens is not None else allowed / (6 * n) - aim.served / 3
    if np.min(tokens) < 1:
        return replace(found, aim=aim)
    loss = losses(found.bag, n[:, None], tokens[:, None], aim.unique_tokens)[:, 0]
    return replace(found, aim=aim, n_params=n, tokens=tokens, loss=loss)


def _shape(question: Question, n_params: float, counts: Size) -> Shape | None:
    try:
        return shape_of(n_params, question.like, int(question.context), counts)
    except BadInput:
        return None


def _size_after(
    n_params: float,
    *,
    question: Question,
    source: Source,
    most: Mapping[str, float],
    flops: float | None,
) -> float:
    """The best N where serving costs what it costs for this N."""
    have = resources(question, n_params, flops, source.counts)
    served = served_like_training(question, have, n_params, source.counts)
    bag = source.bag.thinned(FEW)
    return split(bag, aim_of(question, limits(question, have), most, served)).median("n_params")


def aim_of(question: Question, allowed: Mapping[str, float], most: Mapping[str, float], served: float) -> Aim:
    """What is to be split, once budgets are FLOPs and served tokens are counted by what they cost."""
    return Aim(
        flops=None if question.judged or not allowed or question.loss is not None else tightest(allowed)[1],
        loss=None if question.judged else question.loss,
        n_params=question.n_params,
        tokens=question.tokens,
        unique_tokens=question.unique_tokens,
        served=served,
        served_tokens=question.inference_tokens or 0.0,
        most_params=tightest(most)[1] if most else np.inf,
    )


def served_like_training(
    question: Question, have: Resources, n_params: float, counts: Size, shape: Shape | None = None
) -> float:
    """Served tokens D_inf, so that 2 N D_inf FLOPs cost as much as training FLOPs; output is dearer, near this N.

    shape: the one that is built; else a line through shapes of about this size.
    """
    if not question.output_tokens:
        return question.inference_tokens or 0.0
    read, context = (question.inference_tokens or 0.0) - question.output_tokens, int(question.context)
    return served_tokens(
        n_params,
        read,
        question.output_tokens,
        have.at(n_params),
        shape=shape or question.shape,
        context=context,
        like=question.like,
        counts=counts,
    )


def tightest(limits: Mapping[str, float]) -> tuple[str, float]:
    """The limit that binds, and its value."""
    name = min(limits, key=lambda each: limits[each])
    return name, limits[name]
