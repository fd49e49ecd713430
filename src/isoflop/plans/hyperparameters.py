"""How a run of N parameters on D tokens is trained: batch, learning rate, schedule, weight decay, each with its law."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import ceil, inf
from typing import Any

from isoflop.conventions import Counted, Size
from isoflop.errors import BadInput
from isoflop.laws import batch, critical_batch, learning_rate
from isoflop.laws.advice import Advice, Point, Spread, advice
from isoflop.laws.kaplan_batch import KAPLAN_2020_CRITICAL_BATCH
from isoflop.laws.weight_decay import BERGSMA_2025_TIMESCALE
from isoflop.plans.hyperparameter_notes import Told, assumed, beta2_for, doubts, notes
from isoflop.plans.rate_schedule import Schedule
from isoflop.plans.recommended import Recommended, recommend
from isoflop.plans.sequences import in_multiples, rounded_sequences
from isoflop.plans.speedup import Trade, most_gpus, speedup

CONTEXT = 4096  # tokens of a sequence, where nothing is said
TRADED = "BERGSMA_2025_CRITICAL"
"""Whose critical batch the trade of steps against FLOPs takes: it is E_min / S_min, as Kaplan's formulas ask; Zhang et
al.'s is another. Its prefactor is from memory; E_min / S_min of the steps that Zhang et al. measured at five sizes is
within a third of it."""


@dataclass(frozen=True)
class Hyperparameters:
    """What to train N parameters on D tokens with, and what else is published.

    sizes: N by what else it may count, for rules that count otherwise than the point. batch, rate: the rule that was
    taken of all. rounded: its batch in whole sequences of `context` tokens; sequences: that in multiples of `multiple`,
    what the GPUs take at once. critical: the batch up to which more of it pays, by data size. of_loss: the same by a
    loss, tokens, a hint. timescale: share of the run that AdamW averages over. notes: what was done to the numbers, in
    full; doubts: what speaks against them, a line each. defaults: what was assumed.
    """

    point: Point
    sizes: Mapping[Size, float]
    context: int
    batch: Recommended
    rounded: int
    multiple: int
    sequences: int
    rate: Recommended
    critical: Spread
    loss: float | None
    of_loss: float | None
    timescale: Advice
    schedule: Schedule
    beta2: float
    notes: tuple[str, ...]
    doubts: tuple[str, ...]
    defaults: Mapping[str, str]

    @property
    def batch_tokens(self) -> int:
        """B, whole sequences."""
        return self.sequences * self.context

    @property
    def learning_rate(self) -> float:
        """The peak rate."""
        return self.rate.value

    @property
    def steps(self) -> int:
        """D / B, the last batch included where it is not full."""
        return self.schedule.steps

    @property
    def weight_decay(self) -> float:
        """lambda = B / (tau eta D) of the batch and the rate that were taken; decoupled, as in AdamW."""
        return float(
            BERGSMA_2025_TIMESCALE.weight_decay(
                self.point.n_params, self.point.tokens, self.batch_tokens, self.learning_rate
            )
        )

    @property
    def critical_batch(self) -> float:
        """B_crit = E_min / S_min, tokens, by TRADED."""
        return next(float(each.value) for each in self.critical.rows if each.rule == TRADED and each.value is not None)

    @property
    def most_gpus(self) -> int:
        """With one sequence on each, and none split over several."""
        return most_gpus(self.batch_tokens, self.context)

    def faster(self, factor: float = 2.0) -> Trade:
        """What it takes to be `factor` times as fast to the same loss."""
        return speedup(self.critical_batch, self.batch_tokens, factor)

    def to_json(self) -> dict[str, Any]:
        """Plain values; null where nothing is known."""
        return {
            "point": self.point.to_json(),
            "context": self.context,
            "batch_tokens": self.batch_tokens,
            "sequences": self.sequences,
            "sequences_by_rule": self.rounded,
            "steps": self.steps,
            "learning_rate": self.learning_rate,
            "weight_decay": self.weight_decay,
            "beta2": self.beta2,
            "most_gpus": self.most_gpus,
            "batch_rules": self.batch.to_json(),
            "learning_rate_rules": self.rate.to_json(),
            "critical_batch": {
                "value": self.critical_batch,
                "rule": TRADED,
                "spread": self.critical.to_json(),
                "of_loss": self.of_loss,
                "loss": self.loss,
            },
            "timescale": self.timescale.to_json(),
            "schedule": self.schedule.to_json(),
            "twice_as_fast": self.faster().to_json(),
            "notes": list(self.notes),
            "doubts": list(self.doubts),
            "defaults": dict(self.defaults),
        }


def hyperparameters(
    n_params: float | Counted,
    tokens: float,
    flops: float | None = None,
    loss: float | None = None,
    *,
    context: float | None = None,
    sizes: Mapping[Size, float] | None = None,
    multiple: int = 1,
) -> Hyperparameters:
    """Batch, peak rate, schedule and weight decay of a run, each by the published law nearest to it.

    flops: C, 6 N D unless given. loss: expected, nats/token, for Kaplan's critical batch. context: tokens of a
    sequence, CONTEXT unless given. sizes: the same N by other counts: a rule that counts so is given that. multiple:
    sequences that the GPUs take at once, of which the batch is made a multiple. Raises `BadInput` with every problem.
    """
    point, length = _checked(n_params, tokens, flops, loss, CONTEXT if context is None else context)
    known = dict(sizes or {})
    rates = _counted(lambda n: learning_rate.opinions(n, point.tokens, flops=point.flops), point, known)
    batches = _counted(lambda n: batch.opinions(n, point.tokens, flops=point.flops), point, known)
    rate, best = recommend(rates, batches)
    rounded = rounded_sequences(best.value / length, most=point.tokens / length)
    sequences = in_multiples(rounded, multiple, most=point.tokens / length)
    schedule = Schedule.of(rate.value, ceil(point.tokens / (sequences * length)))
    told = Told(
        point=point,
        sizes=known,
        rate=rate,
        batch=best,
        rounded=int(rounded),
        sequences=int(sequences),
        context=length,
        schedule=schedule,
        timescale=advice("BERGSMA_2025_TIMESCALE", BERGSMA_2025_TIMESCALE, point),
        critical=_counted(lambda n: critical_batch.opinions(n, point.tokens), point, known),
        traded=TRADED,
        loss=loss,
    )
    return Hyperparameters(
        point=point,
        sizes=known,
        context=length,
        batch=best,
        rounded=told.rounded,
        multiple=multiple,
        sequences=told.sequences,
        rate=rate,
        critical=told.critical,
        loss=loss,
        of_loss=None if loss is None else float(KAPLAN_2020_CRITICAL_BATCH(loss)),
        timescale=told.timescale,
        schedule=schedule,
        beta2=beta2_for(told.sequences),
        notes=notes(told),
        doubts=doubts(told),
        defaults=assumed(told, context=context is not None, flops=flops is not None),
    )


def _counted(opinions: Callable[[float | Counted], Spread], point: Point, sizes: Mapping[Size, float]) -> Spread:
    """The rules at a point, those that count N otherwise at the N they count, where it is known."""
    found = opinions(Counted(point.n_params, point.counts) if point.counts else point.n_params)
    wanted = {row.rule: row.about.counts("n_params") for row in found.rows}
    other = {
        row.rule: row
        for size, n in sizes.items()
        if size != point.counts and size in wanted.values()
        for row in opinions(Counted(n, size)).rows
        if wanted[row.rule] == size
    }
    return replace(found, rows=tuple(other.get(row.rule, row) for row in found.rows))


def _checked(
    n_params: float | Counted, tokens: float, flops: float | None, loss: float | None, context: float
) -> tuple[Point, int]:
    problems = []
    if loss is not None and not 0 < loss < inf:
        problems.append(f"loss is a number above 0; got {loss}.")
    if not (1 <= context < inf and context == int(context)):
        problems.append(f"context is a whole number of tokens, 1 or more; got {context}.")
    elif 0 < tokens < context:
        problems.append(f"{tokens:g} tokens are not even one sequence of {context:,.0f} tokens.")
    try:
        point = Point.of(n_params, tokens, flops)
    except BadInput as error:
        problems = [*error.problems, *problems]
    if problems:
        raise BadInput(problems)
    return point, int(context)
