"""A run whose size or tokens were given, against the best that its compute or its loss allows."""

from isoflop.errors import IsoflopError
from isoflop.plans.answer import Answer
from isoflop.plans.cheapest_run import cheapest_run, is_same_size
from isoflop.plans.other_run import Alternative, OtherRun
from isoflop.plans.split import Aim, Split, split
from isoflop.units import print_flops, print_ratio, print_share

BEST, LEAST = "the best split of the same compute", "the same loss for least compute"
NO_WASTE = 0.001
"""Of the compute: a run that wastes less is the best split."""
_ALIKE = 0.02  # of N and of compute: runs nearer to each other are one


def judgement(answer: Answer) -> tuple[Alternative, ...]:
    """The best split of the same compute, and the same loss for least: one of them where they are nearly the same run.

    The plan itself where next to nothing of its compute is wasted. Where a loss is asked for, each law has compute of
    its own, and only the second is told. Nothing where the laws have neither.
    """
    aim = answer.split.aim
    least = cheapest_run(answer, aim.served, compared_at=aim.served)
    best = _best(answer) if aim.loss is None else None
    spent = "compute of training and serving" if aim.served else "training compute"
    if least.spared is not None and least.spared < NO_WASTE:
        said = f"This plan is it, to within {NO_WASTE:.1%} of the {spent}."
        return (Alternative.the_plan(answer, BEST if best else LEAST, said),)
    found = []
    if best is not None and best.n_params is not None and not _alike(best, least):
        found.append(_told_best(answer, best))
    if least.spared is not None:
        found.append(_told_least(answer, least, spent, best))
    return tuple(found)


def _best(answer: Answer) -> OtherRun | None:
    """None where the laws have no best split of so much."""
    plan, aim = answer.split, answer.split.aim
    try:
        found = split(plan.bag, Aim(flops=_spent(plan), unique_tokens=aim.unique_tokens, served=aim.served))
    except IsoflopError:
        return None
    return OtherRun.of(answer, found)


def _spent(plan: Split) -> float:
    """FLOPs of training and serving."""
    return plan.median("flops") + 2 * plan.median("n_params") * plan.aim.served


def _told_best(answer: Answer, run: OtherRun) -> Alternative:
    serving = ", serving included," if answer.split.aim.served else ""
    spent = print_flops(_spent(answer.split))
    return run.alternative(BEST, f"The same {spent}{serving} would come {_lower(answer, run)}.")


def _told_least(answer: Answer, run: OtherRun, spent: str, best: OtherRun | None) -> Alternative:
    factor = float(run.n_params or 1) / answer.n_params
    side = f"{print_ratio(max(factor, 1 / factor))} times too {'small' if factor > 1 else 'large'}"
    size = f"the best in the median of {len(run.plan.bag):,} laws that differ" if is_same_size(run, answer) else side
    also = f"; all of it, split best, would come {_lower(answer, best)}" if best and _alike(best, run) else ""
    return run.alternative(
        LEAST,
        f"{print_share(run.spared or 0.0, 1)} of the {spent} is not needed for this loss: the size is {size}{also}.",
    )


def _lower(answer: Answer, run: OtherRun) -> str:
    lost = max(-(run.loss_change or 0.0), 0.0)
    return f"{lost:.4f} nats/token lower, {lost / answer.split.median('loss'):.2%} of the loss"


def _alike(one: OtherRun, other: OtherRun) -> bool:
    if one.n_params is None or other.n_params is None or one.extra is None or other.extra is None:
        return False
    return abs(one.n_params / other.n_params - 1) < _ALIKE and abs(one.extra - other.extra) < _ALIKE
