"""Another run beside a plan: its numbers as against the plan's, by every law and in the median."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np

from isoflop.allocations.allocate import Floats
from isoflop.plans.answer import Answer
from isoflop.plans.broken_limits import broken_limits
from isoflop.plans.costing import costing
from isoflop.plans.plan import Quantity
from isoflop.plans.same_loss import median
from isoflop.plans.split import Split

_DIGITS = 12  # of a share: below them it is rounding
_QUANTITIES = ("n_params", "tokens", "loss", "loss_change", "flops", "extra", "total_extra", "days", "dollars")


@dataclass(frozen=True)
class Alternative:
    """Another run: N, D, loss (nats/token), training FLOPs, days and dollars; None where there are none, as `why` says.

    All are the plan's, moved by the median change over the laws; intervals: their ends over the laws, where there are
    several. loss_change: nats/token beyond the plan's. extra: training FLOPs beyond the plan's, as a part of them;
    total_extra: of training and serving together, None where nothing is served. days are on the plan's GPUs. why: a
    sentence or two. is_plan: what was looked for is the plan itself, whose numbers these are.
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
    intervals: Mapping[str, Quantity] = field(default_factory=dict, repr=False)
    is_plan: bool = False

    @classmethod
    def the_plan(cls, answer: Answer, name: str, why: str) -> Self:
        """What was looked for is the plan."""
        have, n, flops = answer.have, answer.n_params, answer.flops
        days, dollars = costing(have, n, flops)
        total = 0.0 if answer.split.aim.served else None
        loss = answer.split.median("loss")
        return cls(name, n, flops / (6 * n), loss, 0.0, flops, 0.0, total, days, dollars, why, is_plan=True)

    @property
    def tokens_per_param(self) -> float | None:
        """D / N."""
        return None if self.tokens is None else self.tokens / self.n_params

    def to_json(self) -> dict[str, Any]:
        """Every quantity as {"median", "low", "high", "level"}, null where unknown."""
        found: dict[str, Any] = {"name": self.name, "is_plan": self.is_plan, "why": self.why}
        for name in (*_QUANTITIES, "tokens_per_param"):
            value = getattr(self, name)
            known = self.intervals.get(name, Quantity(0.0))
            found[name] = None if value is None else vars(replace(known, median=value))
        return found


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
        return self._rounded(self._median(self._beyond(0.0)))

    @property
    def total_extra(self) -> float | None:
        """6 N D + 2 N D_inf over the plan's, less 1; None where nothing is served."""
        return self._rounded(self._median(self._beyond(self.served))) if self.served else None

    @property
    def spared(self) -> float | None:
        """The share of the plan's compute, serving included, that this run does without; below 0: it takes more."""
        more = self.total_extra if self.served else self.extra
        return None if more is None else -more

    @property
    def loss_change(self) -> float | None:
        """Nats/token beyond the plan's loss."""
        return None if self.extra is None else self._median(self.all_losses - self.plan.loss)

    @property
    def repaid_after(self) -> float | None:
        """Tokens served, at 2 N FLOPs each, after which a smaller model has made up for the compute of its training."""
        if self.flops is None or self.n_params is None or self.n_params >= self.answer.n_params:
            return None
        return (self.flops - self.answer.flops) / (2 * (self.answer.n_params - self.n_params))

    def alternative(self, name: str, why: str) -> Alternative:
        """With its days and dollars, and what it breaks. It needs a size."""
        n, flops, change = self.n_params, self.flops, self.loss_change
        assert n is not None, name
        loss = None if change is None else self.answer.split.median("loss") + change
        days, dollars = (None, None) if flops is None else costing(self.answer.have, n, flops)
        broken = broken_limits(self.answer, n_params=n, flops=flops, loss=loss)
        return Alternative(
            name=name,
            n_params=n,
            tokens=self.tokens,
            loss=loss,
            loss_change=change,
            flops=flops,
            extra=self.extra,
            total_extra=self.total_extra,
            days=days,
            dollars=dollars,
            why=" ".join((why, *broken)),
            intervals=self._intervals(),
        )

    def _intervals(self) -> dict[str, Quantity]:
        """Of every quantity over the laws, where there are several and nearly all have it."""
        bag, n, d = self.plan.bag, self.all_n_params, self.all_tokens
        days, dollars = costing(self.answer.have, 1.0 if self.n_params is None else self.n_params, 1.0)
        values = {
            "n_params": n,
            "tokens": d,
            "tokens_per_param": d / n,
            "loss": self.all_losses,
            "loss_change": self.all_losses - self.plan.loss,
            "flops": 6 * n * d,
            "extra": self._beyond(0.0),
            "days": 6 * n * d * days,
        }
        values |= {} if dollars is None else {"dollars": 6 * n * d * dollars}
        values |= {"total_extra": self._beyond(self.served)} if self.served else {}
        known = np.isfinite(n) & np.isfinite(d) & np.isfinite(self.all_losses)
        if len(bag) < 2 or self.extra is None:
            return {}
        bag = bag.only(known)
        return {name: Quantity.of(bag.interval(each[known])) for name, each in values.items()}

    def _beyond(self, served: float) -> Floats:
        of_plan = self.plan.n_params * (3 * self.plan.tokens + served)
        found: Floats = self.all_n_params * (3 * self.all_tokens + served) / of_plan - 1
        return found

    def _rounded(self, share: float | None) -> float | None:
        return None if share is None else round(share, _DIGITS) + 0.0  # no -0

    def _median(self, values: Floats) -> float | None:
        return median(self.plan.bag, np.asarray(values))
