"""A plan as it stands, and as it would stand with one thing moved."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import isclose

from isoflop.estimates.ensemble import Ensemble
from isoflop.plans.answer import Answer
from isoflop.plans.costing import costing, sized
from isoflop.plans.question import Question
from isoflop.plans.resources import Resources, limits
from isoflop.plans.same_loss import few
from isoflop.plans.settling import tightest
from isoflop.plans.split import Aim, Split, split

_ROUNDS = 5  # of a size and the budgets at it
_SETTLED = 1e-6  # of a budget


@dataclass(frozen=True)
class Moved:
    """A plan, or what it becomes: what it is asked, the machines it has, the FLOPs of its budgets, and its split.

    Of large bags some of the laws. GPUs stay as many.
    """

    question: Question
    have: Resources
    budgets: Mapping[str, float]
    aim: Aim
    split: Split

    @classmethod
    def of_plan(cls, answer: Answer) -> "Moved":
        """Nothing moved; the budgets are those at the size that these laws give."""
        return cls(answer.question, answer.have, answer.allowed, answer.split.aim, few(answer.split)).again()

    def again(
        self,
        *,
        question: Question | None = None,
        have: Resources | None = None,
        aim: Aim | None = None,
        bag: Ensemble | None = None,
    ) -> "Moved":
        """With something moved; split anew only where the split can move. Raises `IsoflopError` if there is none.

        Money and time are worth what they buy at the size that comes out, so both are found together.
        """
        question, have, aim = question or self.question, have or self.have, aim or self.aim
        bag, budgets, found = bag or self.split.bag, self.budgets, self.split
        for _ in range(_ROUNDS):
            if aim != found.aim or bag is not found.bag:
                found = split(bag, aim)
            budgets = limits(question, sized(have, found.median("n_params")))
            if (
                aim.flops is None
                or not budgets
                or isclose(allowed := tightest(budgets)[1], aim.flops, rel_tol=_SETTLED)
            ):
                break
            aim = replace(aim, flops=allowed)
        return Moved(question, have, budgets, aim, found)

    def numbers(self) -> tuple[float, float, float, float, float | None]:
        """N, D, loss, days, dollars."""
        flops, n = self.split.median("flops"), self.split.median("n_params")
        days, dollars = costing(self.have, n, flops)
        return n, flops / (6 * n), self.split.median("loss"), days, dollars

    def broken(self) -> str:
        """The budget that is no longer enough, where size and tokens or the loss are given; "" where all are."""
        if self.aim.flops is not None or not self.budgets:
            return ""
        name, allowed = tightest(self.budgets)
        needs = self.split.median("flops") + 2 * self.split.median("n_params") * self.aim.served
        return f"{name} is then not enough" if needs > allowed * (1 + 1e-9) else ""
