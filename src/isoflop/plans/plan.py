"""A plan: how to split a budget between size and tokens, by every law of a fit, or by published laws."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from isoflop.allocations.allocate import six_n
from isoflop.conventions import MEANINGS
from isoflop.errors import BadInput
from isoflop.estimates.ensemble import Ensemble
from isoflop.estimates.fit import Fit
from isoflop.estimates.interval import Interval
from isoflop.laws.catalog import PUBLISHED, constants, form
from isoflop.laws.law import Law
from isoflop.plans.quantities import best

SCHEMA = 1
DEFAULT_LAWS = ("BESIROGLU_2024", "HOFFMANN_2022_TEX")
"""The first is planned by, the second shown beside it; both are of Hoffmann's runs."""
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


def published_plans(flops: float, names: Sequence[str] = DEFAULT_LAWS) -> list[Plan]:
    """A plan by each published law; the first carries what was assumed."""
    plans = [plan(form(PUBLISHED[name].form)(**constants(name)), flops, law=name) for name in names]
    about = PUBLISHED[names[0]].about
    counts = about.counts("n_params")
    defaults = {
        "law": f"{names[0]} ({about.source})",
        "cost": "C = 6 N D",
        "N counts": MEANINGS[counts] if counts else about.n_params,
    }
    notes = (
        f"These losses belong to another text ({about.text}): compare them with each other, not with yours. "
        "Fit your own runs (`isoflop fit`), then `isoflop plan --fit fit.json`.",
        "Published constants come without their draws, so there are no intervals.",
    )
    return [Plan(**{**vars(plans[0]), "defaults": defaults, "notes": notes}), *plans[1:]]


def fitted_plans(fits: Sequence[Fit], chosen: int, flops: float) -> list[Plan]:
    """Plans by the fits of a fit.json: L(N, D) if there is one (approach 3), and the laws of minima (approach 2).

    Raises `BadInput` where no fit says how to split a budget.
    """
    plans = []
    splits = [fit for fit in (fits[chosen], *fits) if fit.law.inputs == ("n_params", "tokens")]
    if splits:
        fit = splits[0]
        plans.append(plan(fit.sample or fit.law, flops, law=f"{type(fit.law).__name__}, fitted"))
        defaults = {
            "law": f"the {fit.approach} fit",
            "cost": "C = 6 N D",
            "N counts": fit.convention or "as the table does",
        }
        doubts = tuple(f"{check.name}: {check.message}" for check in fit.doubts)
        status = () if str(fit.status) == "converged" else (f"The fit is {fit.status}. {fit.status.advice}",)
        plans[0] = Plan(**{**vars(plans[0]), "defaults": defaults, "doubts": (*status, *doubts)})
    if frontier := _through_minima(fits, flops):
        plans.append(frontier)
    if not plans:
        there = ", ".join(type(fit.law).__name__ for fit in fits) or "none"
        raise BadInput(
            f"No fit in the file says how to split a budget (its fits: {there}). "
            "Fit L(N, D): isoflop fit TABLE --law chinchilla"
        )
    return plans


def _through_minima(fits: Sequence[Fit], flops: float) -> Plan | None:
    """The plan by N_opt(C), D_opt(C) and L(C), where a fit.json has them."""
    by_output = {fit.law.output: fit for fit in fits if fit.law.inputs == ("flops",)}
    if "n_params" not in by_output:
        return None

    def quantity(fit: Fit | None) -> Quantity | None:
        if fit is None:
            return None
        return Quantity.of(fit.sample.interval(lambda law: law(flops))) if fit.sample else Quantity(fit.law(flops))

    size = by_output["n_params"]
    return Plan(
        flops,
        "minima, fitted",
        quantity(size),
        quantity(by_output.get("tokens")),
        None,
        quantity(by_output.get("loss")),
        defaults={"N counts": size.convention},
        notes=_reach(size.law, "flops", flops, "FLOPs"),
    )


def _reach(law: Law, name: str, value: float, unit: str) -> tuple[str, ...]:
    """How far a number lies beyond what the law was fitted to, where that is far."""
    top = law.about.fitted.get(name, (0.0, 0.0))[1]
    if not top or value <= FAR * top:
        return ()
    return (f"{value:.3g} {unit} are {value / top:,.3g} times the most that the law was fitted to.",)
