"""How far the doubt of the laws moves the way a run is trained: the same rules at the N and D of each law."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from isoflop.allocations.allocate import Floats
from isoflop.conventions import Convention, Size
from isoflop.costs.flops import flops_per_token
from isoflop.costs.shape import Shape
from isoflop.errors import BadInput
from isoflop.laws.catalog import published_law
from isoflop.laws.weight_decay import BERGSMA_2025_TIMESCALE
from isoflop.plans.answer import Answer
from isoflop.plans.footprint import footprint
from isoflop.plans.hyperparameters import TRADED, Hyperparameters
from isoflop.plans.plan import Quantity
from isoflop.plans.rate_schedule import cooldown_of, warmup_of
from isoflop.plans.running import Running
from isoflop.plans.sequences import in_multiples, rounded_sequences
from isoflop.plans.shapes import count, shape_of


@dataclass(frozen=True)
class TrainingSpread:
    """What is recommended (as median) and the ends of its central interval over the laws.

    Batch, steps and weight decay are those of batches rounded as the recommended one is. memory_bytes (a GPU) and
    tokens_per_second: of the shapes at the ends of N, on the same GPUs, in the same layout, at the same MFU; None where
    there is no shape or no layout, or none at an end.
    """

    batch_tokens: Quantity
    learning_rate: Quantity
    weight_decay: Quantity
    steps: Quantity
    warmup_steps: Quantity
    cooldown_steps: Quantity
    critical_batch: Quantity
    memory_bytes: Quantity | None
    tokens_per_second: Quantity | None


def training_spread(
    answer: Answer, training: Hyperparameters, running: Running | None, level: float = 0.9
) -> TrainingSpread | None:
    """Intervals of a run's hyperparameters, memory and speed over the laws of an answer; None of one law alone.

    What is recommended lies within, even where size and tokens of the plan are no law's own.
    """
    split = answer.split
    if len(split.bag) < 2:
        return None
    ends = _ends(answer, level)
    sizes = {each: _counted(answer, each, ends) for each in training.sizes}
    n = sizes.get(training.point.counts, split.n_params) if training.point.counts else split.n_params
    d = split.tokens
    most = np.maximum(d / training.context, 1.0)
    asked = _says(training.batch.rule, sizes, n, d) / training.context
    batch = training.context * in_multiples(rounded_sequences(asked, most), training.multiple, most)
    rate, steps = _says(training.rate.rule, sizes, n, d), np.ceil(d / batch)

    def spread(recommended: float, values: Floats) -> Quantity:
        found = split.bag.interval(values, level)
        return _around(recommended, found.low, found.high, level)

    rounded = training.batch_tokens, batch
    memory, speed = _machines(answer, running, ends, level)
    return TrainingSpread(
        batch_tokens=_rounded(spread(*rounded), batch),
        learning_rate=spread(training.learning_rate, rate),
        weight_decay=spread(training.weight_decay, BERGSMA_2025_TIMESCALE.weight_decay(n, d, batch, rate)),
        steps=spread(training.steps, steps),
        warmup_steps=spread(training.schedule.warmup_steps, warmup_of(steps)),
        cooldown_steps=spread(training.schedule.cooldown_steps, cooldown_of(steps)),
        critical_batch=spread(training.critical_batch, _says(TRADED, sizes, n, d)),
        memory_bytes=memory,
        tokens_per_second=speed,
    )


def _says(rule: str, sizes: Mapping[Size, Floats], n: Floats, d: Floats) -> Floats:
    """What a rule says at the N and D of every law, N counted as the rule counts it where that is known."""
    law = published_law(rule)
    wanted: Convention | None = law.about.counts("n_params")
    given = {"n_params": sizes.get(wanted, n) if isinstance(wanted, Size) else n, "tokens": d, "flops": 6 * n * d}
    return np.broadcast_to(law(*(given[name] for name in law.inputs)), n.shape)


def _ends(answer: Answer, level: float) -> tuple[tuple[float, Shape], ...]:
    """N and the shape there, at the low end of N, the median and the high end; empty where there is no shape."""
    if answer.shape is None:
        return ()
    n, asked = answer.split.interval("n_params", level), answer.question
    found = [(n.median, answer.shape)]
    for end in {n.low, n.high} - {n.median}:
        try:
            found.append((end, asked.shape or shape_of(end, asked.like, int(asked.context), answer.source.counts)))
        except BadInput:
            continue
    return tuple(sorted(found, key=lambda each: each[0]))


def _counted(answer: Answer, wanted: Size, ends: tuple[tuple[float, Shape], ...]) -> Floats:
    """N of every law by another count: as many times more or less as in the shapes at the ends, between by powers."""
    n = answer.split.n_params
    at = np.log([each for each, _ in ends])
    ratio = np.log([count(shape, wanted) / count(shape, answer.source.counts) for _, shape in ends])
    assert answer.shape is not None, "other counts are known of a shape alone"
    miss = count(answer.shape, answer.source.counts) / answer.n_params
    return np.asarray(miss * n * np.exp(np.interp(np.log(n), at, ratio)), np.float64)


def _machines(
    answer: Answer, running: Running | None, ends: tuple[tuple[float, Shape], ...], level: float
) -> tuple[Quantity | None, Quantity | None]:
    """Bytes on a GPU and tokens/s at the ends of N."""
    if running is None or running.layout is None or answer.shape is None:
        return None, None
    if (low := answer.split.interval("n_params", level)).low == low.high:
        shapes = [answer.shape]
    elif len(ends) < 3:
        return None, None
    else:
        shapes = [shape for _, shape in ends]
    held = [footprint(shape, running.layout.split).total for shape in shapes]
    work = flops_per_token(answer.shape)
    speeds = [running.tokens_per_second * work / flops_per_token(shape) for shape in shapes]
    return (
        _around(running.layout.memory.total, min(held), max(held), level),
        _around(running.tokens_per_second, min(speeds), max(speeds), level),
    )


def _around(recommended: float, low: float, high: float, level: float) -> Quantity:
    return Quantity(float(recommended), min(float(low), recommended), max(float(high), recommended), level)


def _rounded(found: Quantity, values: Floats) -> Quantity:
    """Ends that are batches: quantiles between two of them are none."""
    assert found.low is not None
    assert found.high is not None
    inside = values[(values >= found.low) & (values <= found.high)]
    return Quantity(
        found.median,
        min(found.median, float(inside.min(initial=found.median))),
        max(found.median, float(inside.max(initial=found.median))),
        found.level,
    )
