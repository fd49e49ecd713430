"""How any law splits a budget between size and tokens: by its loss, or by naming the best size, tokens or ratio."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from isoflop.allocations.isoloss import ENDLESS
from isoflop.conventions import Size
from isoflop.errors import BadInput
from isoflop.estimates.ensemble import Ensemble
from isoflop.estimates.interval import Interval
from isoflop.laws.catalog import PUBLISHED, find, form, published_law
from isoflop.laws.kaplan_frontier import least_compute
from isoflop.laws.law import Law
from isoflop.laws.power import TokensPerParam
from isoflop.plans.reaching import decades
from isoflop.plans.source import first_fit
from isoflop.plans.split import Aim, split

JOINT = (("n_params", "tokens"), ("n_params", "tokens", "unique_tokens"))
"""Inputs of laws of the loss that split a budget."""
NAMING = {("flops", "n_params"), ("flops", "tokens"), ("flops", "tokens_per_param"), ("pf_days", "n_params")}
"""Input and output of laws that name the best split themselves. Not Kaplan's tokens: those are of the critical batch,
where 6 N D is twice the C_min that they are a law of."""


@dataclass(frozen=True)
class Rule:
    """A law by the name it goes by, and what N counts in it.

    bag: the laws of a fit's draws; None where there are none. doubts: what speaks against the law itself. option: how
    `isoflop plan` is asked for it, "" where a plan needs more than the law has.
    """

    name: str
    law: Law
    counts: Size | None
    bag: Ensemble | None = None
    doubts: tuple[str, ...] = ()
    option: str = ""

    def __post_init__(self) -> None:
        if not splits(type(self.law)):
            raise BadInput(
                f"{self.name}: a law of {', '.join(self.law.inputs)} that gives {self.law.output} splits no budget "
                f"between N and D. These do: {', '.join(rules())}; or a fit.json."
            )

    @property
    def joint(self) -> bool:
        """Whether it is a law of the loss, which also says what another split costs."""
        return self.law.inputs in JOINT

    def best(self, flops: float) -> tuple[float, float]:
        """N (parameters) and D (tokens) with 6 N D = C that the law calls best: what `isoflop plan` says.

        Over the draws of a fit the median N. A law of C_min in PF-days (Kaplan et al. 2020) is asked at C_min = C / 2,
        a run at the critical batch.
        """
        if self.joint:
            n_params = split(self.bag or Ensemble((self.law,)), Aim(flops=flops)).median("n_params")
            return n_params, flops / (6 * n_params)
        if isinstance(self.law, TokensPerParam):
            return float(self.law.optimal_size(flops)), float(self.law.optimal_tokens(flops))
        named = float(self.law(least_compute(flops) if self.law.inputs == ("pf_days",) else flops))
        other = flops / (6 * named)
        return (named, other) if self.law.output == "n_params" else (other, named)

    def best_size_interval(self, flops: float) -> Interval | None:
        """Of N over the fit's draws, 90 %."""
        return None if self.bag is None else split(self.bag, Aim(flops=flops)).interval("n_params")

    def loss(self, n_params: float, tokens: float) -> float:
        """L at N and D, none of them repeated, nats/token; of a joint law."""
        given = (n_params, tokens) if len(self.law.inputs) == 2 else (n_params, tokens, ENDLESS)
        return float(self.law(*given))

    def least_loss(self, flops: float) -> float:
        """The lowest loss for C, nats/token; of a joint law."""
        return float(split(Ensemble((self.law,)), Aim(flops=flops)).loss[0])

    def least_flops(self, loss: float) -> float:
        """C with which the best split reaches a loss, FLOPs; of a joint law."""
        return float(split(Ensemble((self.law,)), Aim(loss=loss)).flops[0])

    def decades(self, n_params: float, tokens: float) -> Mapping[str, float]:
        """By how many factors of ten N, D and 6 N D lie above (+) or below (-) what was fitted, where they do."""
        found = decades(self.law, n_params=n_params, tokens=tokens)
        return {name: far for name, far in found.items() if far}


def splits(kind: type[Law]) -> bool:
    """Whether laws of this form say how to split a budget."""
    joint = kind.inputs in JOINT and kind.output == "loss"
    return joint or (len(kind.inputs) == 1 and (kind.inputs[0], kind.output) in NAMING)


def rules() -> tuple[str, ...]:
    """The names of all published sets that split a budget."""
    return tuple(name for name, row in PUBLISHED.items() if splits(form(row.form)))


def rule(name: str) -> Rule:
    """By a published set as people type it, or by the path of a fit.json: its chosen fit, or else the first that can.

    Raises `BadInput` for a form without constants, and for a law that splits no budget.
    """
    if name.endswith(".json"):
        return _fitted(Path(name))
    kind, sets = find(name)
    if len(sets) != 1:
        there = f"one of its sets: {', '.join(sets)}" if sets else "a set of constants"
        raise BadInput(f"--law {name}: {kind} is a form of law. A split needs constants; name {there}.")
    law = published_law(sets[0])
    counts = law.about.counts("n_params")
    said = {"UNVERIFIED": law.about.unverified, "disputed": law.about.disputed}
    doubts = tuple(f"{sets[0]}, {word}: {text}" for word, text in said.items() if text)
    option = f"--law {sets[0]}" if law.inputs in JOINT else ""
    return Rule(sets[0], law, counts if isinstance(counts, Size) else None, doubts=doubts, option=option)


def _fitted(path: Path) -> Rule:
    fit = first_fit(path, splits)
    status = () if str(fit.status) == "converged" else (f"The fit is {fit.status}. {fit.status.advice}",)
    name, joint = f"{type(fit.law).__name__} of {path.name}", fit.law.inputs in JOINT
    return Rule(
        name,
        fit.law,
        next((each for each in Size if each == fit.convention), None),
        fit.sample if joint else None,
        (*status, *(f"{name}, {check.name}: {check.message}" for check in fit.doubts)),
        f"--fit {path}" if joint else "",
    )
