"""A plan in brief: how every law of a bag splits a budget between size and tokens (`answer` says the rest)."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from isoflop.allocations.allocate import six_n
from isoflop.estimates.ensemble import Ensemble
from isoflop.estimates.interval import Interval
from isoflop.laws.law import Law
from isoflop.plans.quantities import best

SCHEMA = 1
FAR = 10.0  # beyond this multiple of the largest size or budget fitted, the plan says how far it reaches


@dataclass(frozen=True)
class Quantity:
    """A planned number and its interval, which is None where nothing is known of the uncertainty."""

    median: float
    low: float | None = None
    high: float | None = None
    level: float | None = None

    @classmethod
    def of(cls, interval: Interval) -> Self:
        """The same as an interval."""
        return cls(interval.median, interval.low, interval.high, interval.level)


@dataclass(frozen=True)
class Plan:
    """N (parameters), D (tokens), D / N, loss (nats/token) for a budget (FLOPs); None where the law says nothing.

    law names where it comes from; defaults are what was assumed because nothing else was asked; notes say how far it
    reaches; doubts speak against the fit it is made by, and are printed first.
    """

    flops: float
    law: str
    n_params: Quantity | None
    tokens: Quantity | None
    tokens_per_param: Quantity | None
    loss: Quantity | None
    defaults: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Every quantity as {"median", "low", "high", "level"}, null where unknown."""
        return {"schema": SCHEMA, **asdict(self), "notes": list(self.notes), "doubts": list(self.doubts)}


def plan(
    laws: Ensemble | Law,
    flops: float,
    *,
    law: str = "",
    level: float = 0.9,
    flops_per_token: Callable[[Any], Any] = six_n,
) -> Plan:
    """The best N and D for a budget, argmin of L(N, D) subject to C = 6 N D, by every law: intervals are over them.

    flops_per_token is another count of a token's FLOPs as a function of N, such as `cost_of` a table. One law alone has
    no intervals. Raises `BadInput` or `IsoflopError` where a law does not split the budget.
    """
    bag = laws if isinstance(laws, Ensemble) else Ensemble((laws,))
    found = best(bag, flops, flops_per_token)

    def quantity(name: str) -> Quantity:
        interval = found.interval(name, level)
        return Quantity.of(interval) if len(found.bag) > 1 else Quantity(interval.median)

    lost = found.left_out
    notes = [f"{lost} of {len(bag)} laws have no best size here and are left out."] if lost else []
    n_params, tokens = quantity("n_params"), quantity("tokens")
    return Plan(
        flops,
        law or type(bag.laws[0]).__name__,
        n_params,
        tokens,
        quantity("tokens_per_param"),
        quantity("loss"),
        notes=(
            *notes,
            *_reach(bag.laws[0], "n_params", n_params.median, "parameters"),
            *_reach(bag.laws[0], "tokens", tokens.median, "tokens"),
        ),
    )


def _reach(law: Law, name: str, value: float, unit: str) -> tuple[str, ...]:
    """How far a number lies beyond what the law was fitted to, where that is far."""
    top = law.about.fitted.get(name, (0.0, 0.0))[1]
    if not top or value <= FAR * top:
        return ()
    return (f"{value:.3g} {unit} are {value / top:,.3g} times the most that the law was fitted to.",)
