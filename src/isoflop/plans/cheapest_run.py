"""The cheapest run to a plan's loss, or near it, as another run beside the plan."""

from isoflop.plans.answer import Answer
from isoflop.plans.other_run import OtherRun
from isoflop.plans.same_loss import cheapest, few, is_closed

SAME = 0.01
"""Of N: what lies nearer to the plan is no other model."""


def cheapest_run(answer: Answer, served: float, *, compared_at: float, times: float = 1.0) -> OtherRun:
    """The run that comes to so many times the plan's loss for least, training and serving `served` tokens.

    compared_at: tokens its cost and the plan's are told for. By all laws where the size for a loss is closed, else by
    a few of them.
    """
    plan = answer.split if is_closed(answer.split.bag) else few(answer.split)
    loss = times * plan.loss
    n, d = cheapest(plan.bag, loss, served, plan.aim.unique_tokens)
    return OtherRun(answer, plan, n, d, loss, compared_at)


def is_same_size(run: OtherRun, answer: Answer) -> bool:
    """Whether its N is the plan's."""
    return run.n_params is not None and abs(run.n_params / answer.n_params - 1) < SAME
