"""What a careful engineer looks at beside a plan: smaller, cheaper to serve, on one GPU, better split, more data."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from isoflop.plans.answer import Answer
from isoflop.plans.other_run import Alternative, OtherRun
from isoflop.plans.same_loss import cheapest, few, is_closed, losses, same_loss
from isoflop.plans.split import Aim, split
from isoflop.units import print_count, print_flops

SHARE = 0.8
"""Of the plan's size, in the smaller alternative."""
SERVED = 10.0
"""Inference tokens assumed for each training token where none are asked for."""
FAR_TOKENS = 100.0
"""D / N from which one law says little: refits to runs of up to 10 000 gave other exponents (Sardana et al. 2024)."""
_SAME = 0.01  # of N: what lies nearer to the plan is no other model
_MOST_EXTRA = 2.0  # times the plan's compute beyond it: to keep the loss at more is no alternative


def alternatives(answer: Answer, *, one_gpu: float | None = None) -> tuple[Alternative, ...]:
    """The runs to look at beside a plan. one_gpu: the largest N that one GPU holds when the model serves.

    20 % smaller at the same loss; best for serving, or where the plan serves already, cheapest to train; the largest
    that one GPU holds, where the plan is larger. Where N or D was given: the best split of the same compute, and the
    same loss for least. Where tokens repeat: with twice as many different ones.
    """
    aim = answer.split.aim
    sought: list[Callable[[Answer], Alternative | None]]
    if aim.n_params is not None or aim.tokens is not None:
        sought = [_best_split, _least_compute]
    else:
        sought = [_smaller, _cheapest_to_train if aim.served else _for_serving]
    if one_gpu is not None and answer.n_params > one_gpu * (1 + _SAME):
        sought.append(lambda answer: _on_one_gpu(answer, one_gpu))
    if answer.split.median("epochs") > 1 + _SAME:
        sought.append(_more_unique)
    return tuple(found for each in sought if (found := each(answer)) is not None)


def _smaller(answer: Answer) -> Alternative:
    plan, unique = answer.split, answer.split.aim.unique_tokens
    n = SHARE * plan.n_params
    run = OtherRun(answer, plan, n, same_loss(plan.bag, n, plan.loss, unique), plan.loss, plan.aim.served)
    name = f"{1 - SHARE:.0%} smaller at the same loss"
    if run.extra is None:
        limit = f" with {print_count(unique)} unique tokens" if unique else ""
        return run.alternative(name, f"There is none: a model so much smaller never comes to this loss{limit}.")
    more = (1 + run.extra) / SHARE - 1
    return run.alternative(
        name,
        f"A token served costs {1 - SHARE:.0%} less and the model fits more easily; it takes {more:.0%} more tokens.",
    )


def _for_serving(answer: Answer) -> Alternative | None:
    served = SERVED * answer.tokens
    run = _cheapest(answer, served, compared_at=served)
    if run.n_params is None or run.total_extra is None or _near(run.n_params, answer):
        return None
    ratio = (run.tokens or 0.0) / run.n_params
    far = f" Few laws were fitted at {ratio:,.0f} tokens a parameter." if ratio > FAR_TOKENS else ""
    return run.alternative(
        "best for serving",
        f"Served {print_count(served)} tokens, {SERVED:g} times those trained on (assumed; --inference-tokens), it "
        f"comes to the loss for {-run.total_extra:.1%} fewer FLOPs in all.{far}",
    )


def _cheapest_to_train(answer: Answer) -> Alternative | None:
    served = answer.split.aim.served
    asked = answer.question.inference_tokens or served  # served counts them by what they cost
    run = _cheapest(answer, 0.0, compared_at=served)
    if run.n_params is None or run.total_extra is None or _near(run.n_params, answer):
        return None
    return run.alternative(
        "cheapest to train",
        f"Best for this loss if it served nobody; to serve {print_count(asked)} tokens as well, it would take "
        f"{run.total_extra:.1%} more compute in all than the plan.",
    )


def _on_one_gpu(answer: Answer, most: float) -> Alternative:
    plan, aim = answer.split, answer.split.aim
    n, name = np.full(len(plan.bag), most), "largest that one GPU holds"
    same = OtherRun(answer, plan, n, same_loss(plan.bag, n, plan.loss, aim.unique_tokens), plan.loss, aim.served)
    if same.extra is not None and same.extra <= _MOST_EXTRA:
        return same.alternative(name, "One GPU serves it, without splitting the model, at the same loss.")
    d = plan.flops / (6 * n)
    loss = losses(plan.bag, n[:, None], d[:, None], aim.unique_tokens)[:, 0]
    never = (
        "it never comes to the plan's loss"
        if same.extra is None
        else f"the plan's loss would take it {1 + same.extra:,.3g} times the compute"
    )
    return OtherRun(answer, plan, n, d, loss, aim.served).alternative(
        name, f"One GPU serves it, without splitting the model; {never}, so it is trained with the plan's."
    )


def _best_split(answer: Answer) -> Alternative | None:
    plan, aim = answer.split, answer.split.aim
    if aim.loss is not None:  # each law then has compute of its own
        return None
    spent = plan.median("flops") + 2 * plan.median("n_params") * aim.served
    run = OtherRun.of(answer, split(plan.bag, Aim(flops=spent, unique_tokens=aim.unique_tokens, served=aim.served)))
    lost = max(-(run.loss_change or 0.0), 0.0)
    serving = ", serving included," if aim.served else ""
    return run.alternative(
        "the best split of the same compute",
        f"The same {print_flops(spent)}{serving} would come {lost:.4f} nats/token lower, "
        f"{lost / plan.median('loss'):.2%} of the loss.",
    )


def _least_compute(answer: Answer) -> Alternative | None:
    served = answer.split.aim.served
    run = _cheapest(answer, served, compared_at=served)
    if run.n_params is None or run.extra is None:
        return None
    spent = "compute of training and serving" if served else "training compute"
    wasted = max(-(run.extra if run.total_extra is None else run.total_extra), 0.0)
    factor = run.n_params / answer.n_params
    side = f"{max(factor, 1 / factor):.3g} times too {'small' if factor > 1 else 'large'}"
    return run.alternative(
        "the same loss for least compute",
        f"{wasted:.1%} of the {spent} is not needed for this loss: the size is "
        f"{'the best one' if _near(run.n_params, answer) else side}.",
    )


def _more_unique(answer: Answer) -> Alternative:
    plan = answer.split if answer.split.aim.loss is None else few(answer.split)
    unique = 2 * (plan.aim.unique_tokens or 0.0)
    found = split(plan.bag, replace(plan.aim, unique_tokens=unique))
    run = OtherRun.of(answer, found)
    if plan.aim.loss is None:
        gain = f"the loss is {-(run.loss_change or 0.0):.4f} nats/token lower"
    else:
        gain = f"the same loss takes {-(run.extra or 0.0):.1%} less compute"
    return run.alternative(
        "with twice the unique tokens",
        f"With {print_count(unique)} different tokens {gain}, and epochs go from {plan.median('epochs'):.3g} to "
        f"{found.median('epochs'):.3g}: so much is more data worth.",
    )


def _cheapest(answer: Answer, served: float, *, compared_at: float) -> OtherRun:
    """The run that comes to the plan's loss for least, training and serving; compared_at: tokens its cost is for."""
    plan = answer.split if is_closed(answer.split.bag) else few(answer.split)
    n, d = cheapest(plan.bag, plan.loss, served, plan.aim.unique_tokens)
    return OtherRun(answer, plan, n, d, plan.loss, compared_at)


def _near(n_params: float, answer: Answer) -> bool:
    return abs(n_params / answer.n_params - 1) < _SAME
