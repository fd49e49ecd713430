"""Another run beside a plan: its numbers as against the plan's, by every law and in the median."""

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from isoflop.allocations.allocate import Floats
from isoflop.plans.answer import Answer
from isoflop.plans.same_loss import median
from isoflop.plans.settling import tightest
from isoflop.plans.split import Split
from isoflop.units import print_count

_DIGITS = 12  # of a share: below them it is rounding


@dataclass(frozen=True)
class Alternative:
    """Another run: N, D, loss (nats/token), training FLOPs, days and dollars; None where there are none, as `why` says.

    All are the plan's, moved by the median change over the laws. loss_change: nats/token beyond the plan's. extra:
    training FLOPs beyond the plan's, as a part of them; total_extra: of training and serving together, None where
    nothing is served. days are on the plan's GPUs. why: a sentence or two.
    """

    name: str
    n_params: float
    tokens: float | None
    loss: float | None
    loss_change: float | None
    flops: float | None
    extra: float | None
    total_extra: float | None
    days: float | None
    dollars: float | None
    why: str

    @property
    def tokens_per_param(self) -> float | None:
        """D / N."""
        return None if self.tokens is None else self.tokens / self.n_params

    def to_json(self) -> dict[str, Any]:
        """Plain values, null where unknown."""
        return {**vars(self), "tokens_per_param": self.tokens_per_param}


@dataclass(frozen=True)
class OtherRun:
    """N, D and loss of another run by each law of a plan, (laws,); not finite where a law has none.

    plan: the answer's split by the same laws. served: tokens of inference that both are to serve.
    """

    answer: Answer
    plan: Split
    all_n_params: Floats
    all_tokens: Floats
    all_losses: Floats
    served: float = 0.0

    @classmethod
    def of(cls, answer: Answer, found: Split) -> Self:
        """A split by the laws of the plan, or by some of them."""
        whole = answer.split
        place = {id(law): i for i, law in enumerate(whole.bag.laws)}
        at = [place[id(law)] for law in found.bag.laws]
        plan = replace(whole, bag=found.bag, n_params=whole.n_params[at], tokens=whole.tokens[at], loss=whole.loss[at])
        return cls(answer, plan, found.n_params, found.tokens, found.loss, found.aim.served)

    @property
    def n_params(self) -> float | None:
        """N; None where too many laws have none."""
        share = self._median(self.all_n_params / self.plan.n_params)
        return None if share is None else self.answer.n_params * share

    @property
    def flops(self) -> float | None:
        """6 N D."""
        return None if self.extra is None else self.answer.split.median("flops") * (1 + self.extra)

    @property
    def tokens(self) -> float | None:
        """The D that belongs to this N and these FLOPs."""
        return None if self.flops is None or self.n_params is None else self.flops / (6 * self.n_params)

    @property
    def extra(self) -> float | None:
        """6 N D over the plan's, less 1."""
        return self._beyond(0.0)

    @property
    def total_extra(self) -> float | None:
        """6 N D + 2 N D_inf over the plan's, less 1; None where nothing is served."""
        return self._beyond(self.served) if self.served else None

    @property
    def loss_change(self) -> float | None:
        """Nats/token beyond the plan's loss."""
        return None if self.extra is None else self._median(self.all_losses - self.plan.loss)

    def alternative(self, name: str, why: str) -> Alternative:
        """With its days and dollars, and what it breaks. It needs a size."""
        n, flops, change, have = self.n_params, self.flops, self.loss_change, self.answer.have
        assert n is not None, name
        if self.answer.most and n > (limit := tightest(self.answer.most))[1]:
            why += f" It is larger than {limit[0]} allows, {print_count(limit[1])}."
        return Alternative(
            name=name,
            n_params=n,
            tokens=self.tokens,
            loss=None if change is None else self.answer.split.median("loss") + change,
            loss_change=change,
            flops=flops,
            extra=self.extra,
            total_extra=self.total_extra,
            days=None if flops is None else have.days(flops),
            dollars=None if flops is None else have.dollars(flops),
            why=why,
        )

    def _beyond(self, served: float) -> float | None:
        of_plan = self.plan.n_params * (3 * self.plan.tokens + served)
        found = self._median(self.all_n_params * (3 * self.all_tokens + served) / of_plan - 1)
        return None if found is None else round(found, _DIGITS) + 0.0  # no -0

    def _median(self, values: Floats) -> float | None:
        return median(self.plan.bag, np.asarray(values))
