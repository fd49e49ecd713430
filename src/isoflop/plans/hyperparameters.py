"""How a run of N parameters on D tokens is trained: batch, learning rate, schedule, weight decay, each with its law."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, inf, log
from typing import Any

from isoflop.conventions import Counted
from isoflop.errors import BadInput
from isoflop.laws import batch, critical_batch, learning_rate
from isoflop.laws.advice import Advice, Point, Spread, advice
from isoflop.laws.kaplan_batch import KAPLAN_2020_CRITICAL_BATCH
from isoflop.laws.weight_decay import BERGSMA_2025_TIMESCALE
from isoflop.plans.hyperparameter_notes import beta2_for, doubts, notes
from isoflop.plans.rate_schedule import Schedule
from isoflop.plans.recommended import Recommended, recommend
from isoflop.plans.speedup import Trade, most_gpus, speedup

CONTEXT = 4096  # tokens of a sequence, where nothing is said
TRADED = "BERGSMA_2025_CRITICAL"
"""Whose critical batch the trade of steps against FLOPs takes: it is E_min / S_min, as Kaplan's formulas ask; Zhang et
al.'s is another. Its prefactor is from memory; E_min / S_min of the steps that Zhang et al. measured at five sizes is
within a third of it."""


@dataclass(frozen=True)
class Hyperparameters:
    """What to train N parameters on D tokens with, and what else is published.

    batch, rate: the rule that was taken of all. sequences: the batch in whole sequences of `context` tokens. critical:
    the batch up to which more of it pays, by data size. of_loss: the same by a loss, tokens, a hint. timescale: share
    of the run that AdamW averages over. notes: what was done to the numbers; doubts: what speaks against them.
    """

    point: Point
    context: int
    batch: Recommended
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
) -> Hyperparameters:
    """Batch, peak rate, schedule and weight decay of a run, each by the published law nearest to it.

    flops: C, 6 N D unless given. loss: expected, nats/token, for Kaplan's critical batch. context: tokens of a
    sequence, CONTEXT unless given. Raises `BadInput` with every problem.
    """
    point, length = _checked(n_params, tokens, flops, loss, CONTEXT if context is None else context)
    given = Counted(point.n_params, point.counts) if point.counts else point.n_params
    rates = learning_rate.opinions(given, point.tokens, flops=point.flops)
    rate, best = recommend(rates, batch.opinions(given, point.tokens, flops=point.flops))
    sequences = rounded_sequences(best.value / length, most=point.tokens / length)
    schedule = Schedule.of(rate.value, ceil(point.tokens / (sequences * length)))
    critical = critical_batch.opinions(given, point.tokens)
    timescale = advice("BERGSMA_2025_TIMESCALE", BERGSMA_2025_TIMESCALE, point)
    defaults = {} if flops is not None else {"C": "6 N D"}
    if point.counts is None:
        defaults["N counts"] = "what each rule counts"
    if context is None:
        defaults["context"] = f"{CONTEXT:,} tokens"
    return Hyperparameters(
        point=point,
        context=length,
        batch=best,
        sequences=sequences,
        rate=rate,
        critical=critical,
        loss=loss,
        of_loss=None if loss is None else float(KAPLAN_2020_CRITICAL_BATCH(loss)),
        timescale=timescale,
        schedule=schedule,
        beta2=beta2_for(sequences),
        notes=notes(best, sequences, length, schedule, loss),
        doubts=doubts(rate, best, sequences * length, timescale=timescale, critical=critical, traded=TRADED),
        defaults=defaults,
    )


def rounded_sequences(sequences: float, most: float = inf) -> int:
    """Of 1, 2, 3, 4, 6, 8, 12, 16 ... the nearest by ratio, so that the batch divides over GPUs; none above `most`.

    Off by a factor of sqrt(1.5) at most, of sqrt(2) below 2 sequences, unless `most` or 1 decides. `most` is 1 or more.
    """
    powers = range(int(log(max(sequences, 1), 2)) + 2)
    even = {1, *(1 << k for k in powers), *(3 << k for k in powers)}
    return min((each for each in even if each <= most), key=lambda each: (abs(log(each / sequences)), each))


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
