"""A plan as it stands, and as it would stand with one thing moved."""

from dataclasses import dataclass, replace

from isoflop.estimates.ensemble import Ensemble
from isoflop.plans.answer import Answer
from isoflop.plans.contradictions import tightest
from isoflop.plans.costing import costing
from isoflop.plans.resources import Resources, limits
from isoflop.plans.same_loss import few
from isoflop.plans.split import Aim, Split, split


@dataclass(frozen=True)
class Moved:
    """A plan, or what it becomes: what it has, the FLOPs of its budgets, what it is asked, and its split.

    Of large bags some of the laws. GPUs stay as many.
    """

    answer: Answer
    have: Resources
    budgets: dict[str, float]
    aim: Aim
    split: Split

    @classmethod
    def of_plan(cls, answer: Answer) -> "Moved":
        """Nothing moved."""
        return cls(answer, answer.have, dict(answer.allowed), answer.split.aim, few(answer.split))

    def again(
        self,
        *,
        have: Resources | None = None,
        budgets: dict[str, float] | None = None,
        aim: Aim | None = None,
        bag: Ensemble | None = None,
    ) -> "Moved":
        """With something moved; split anew only where the split can move. Raises `IsoflopError` if there is none."""
        have, aim = have or self.have, aim or self.aim
        if budgets is None:
            budgets = dict(limits(self.answer.question, have)) if have is not self.have else self.budgets
        if aim.flops is not None and budgets:
            aim = replace(aim, flops=tightest(budgets)[1])
        moved = bag is not None or aim != self.aim
        found = split(bag or self.split.bag, aim) if moved else self.split
        return Moved(self.answer, have, budgets, aim, found)

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
