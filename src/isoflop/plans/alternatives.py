"""What a careful engineer looks at beside a plan: smaller, cheaper to serve, on one GPU, better split, more data."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from isoflop.allocations.allocate import Floats
from isoflop.errors import IsoflopError
from isoflop.plans.answer import Answer
from isoflop.plans.broken_limits import percent
from isoflop.plans.cheapest_run import SAME, cheapest_run, is_same_size
from isoflop.plans.judgement import judgement
from isoflop.plans.other_run import Alternative, OtherRun
from isoflop.plans.reaching import FAR_TOKENS
from isoflop.plans.same_loss import few, losses, same_loss
from isoflop.plans.split import split
from isoflop.units import print_count, print_flops, print_ratio, print_share

SHARE = 0.8
"""Of the plan's size, in the smaller alternative."""
SERVED = 10.0
"""Inference tokens assumed for each training token where none are asked for."""
MUCH = 0.25
"""Of the plan's training compute: more than it is said before what it buys."""
NEARLY = 0.001
"""Of the loss: what a run may come above the plan's to be as good, where tokens repeat."""
WORTH_SAVING = 0.2
"""Of the compute: what such a run must save to be shown."""
ON_ONE = "largest that one GPU holds"
_MOST_EXTRA = 2.0  # times the plan's compute beyond it: to keep the loss at more is no alternative
_ENDLESS = 100.0  # times the plan's compute: a loss that takes more is as good as never reached


def alternatives(answer: Answer, *, one_gpu: float | None) -> tuple[Alternative, ...]:
    """The runs to look at beside a plan. one_gpu: the largest N that one GPU holds when the model serves, None if none.

    20 % smaller at the same loss; best for serving, or where the plan serves already, cheapest to train. Where N or D
    was given: the best split of the same compute, and the same loss for least (`judgement`). The largest that one GPU
    holds, which may be the plan. Where tokens repeat: nearly the loss for far less, and with twice as many different
    ones.
    """
    return tuple(_sought(answer, one_gpu))


def _sought(answer: Answer, one_gpu: float | None) -> Iterator[Alternative]:
    aim = answer.split.aim
    wasted = 0.0
    if aim.n_params is not None or aim.tokens is not None:
        judged = judgement(answer)
        wasted = max((-(each.total_extra or each.extra or 0.0) for each in judged), default=0.0)
        yield from judged
    else:
        yield _smaller(answer)
        yield from _cheapest_to_train(answer) if aim.served else _for_serving(answer)
    yield _on_one_gpu(answer, one_gpu)
    if answer.split.median("epochs") > 1 + SAME:
        yield from _nearly(answer, told=wasted)
        yield from _more_unique(answer)


def _smaller(answer: Answer) -> Alternative:
    plan, unique = answer.split, answer.split.aim.unique_tokens
    run = _as_good(answer, SHARE * plan.n_params)
    name = f"{1 - SHARE:.0%} smaller at the same loss"
    if run.extra is None:
        limit = f" with {print_count(unique)} unique tokens" if unique else ""
        return run.alternative(
            name,
            f"There is none: a model so much smaller does not come to this loss for {_ENDLESS:g} times the "
            f"compute{limit}.",
        )
    in_all = f"; in all, serving included, it takes {_more(run.total_extra, 'compute')}" if run.total_extra else ""
    if run.extra > _MOST_EXTRA:
        nowhere = np.full(len(run.plan.bag), np.nan)
        none = OtherRun(answer, plan, run.all_n_params, nowhere, run.all_losses, run.served)
        return none.alternative(name, f"It would take {_more(run.extra, 'compute')}{_repaid(run)}{in_all}.")
    cheaper = f"a token served costs {1 - SHARE:.0%} less"
    tokens = _more((1 + run.extra) / SHARE - 1, "tokens")
    if run.extra > MUCH:
        why = f"{_dearer(run.extra)}, on {tokens}; {cheaper}"
    else:
        why = f"{cheaper[0].upper()}{cheaper[1:]} and the model fits more easily; it takes {tokens}"
    return run.alternative(name, f"{why}{in_all}{_repaid(run)}.{_far(run)}")


def _for_serving(answer: Answer) -> Iterator[Alternative]:
    served = SERVED * answer.tokens
    run = cheapest_run(answer, served, compared_at=served)
    if run.n_params is None or run.total_extra is None or run.extra is None or is_same_size(run, answer):
        return
    first = f"{_dearer(run.extra)}. " if run.extra > MUCH else ""
    yield run.alternative(
        "best for serving",
        f"{first}Served {print_count(served)} tokens, {SERVED:g} times those trained on (assumed; --inference-tokens), "
        f"it comes to the loss for {print_share(-run.total_extra, 1)} fewer FLOPs in all{_repaid(run)}.{_far(run)}",
    )


def _cheapest_to_train(answer: Answer) -> Iterator[Alternative]:
    served = answer.split.aim.served
    asked = answer.question.inference_tokens or served  # served counts them by what they cost
    run = cheapest_run(answer, 0.0, compared_at=served)
    if run.n_params is None or run.total_extra is None or is_same_size(run, answer):
        return
    in_all = f"{_more(run.total_extra, 'compute')} in all"
    yield run.alternative(
        "cheapest to train",
        f"Best for this loss if it served nobody; with the {print_count(asked)} tokens served it takes {in_all}.",
    )


def _on_one_gpu(answer: Answer, most: float | None) -> Alternative:
    """The largest N that one GPU serves: the plan's, or a smaller model, or none of the family."""
    plan, aim, question = answer.split, answer.split.aim, answer.question
    gpu, context = f"one {answer.have.device.name}", f"{int(question.context):,} tokens of context"
    nowhere = np.full(len(plan.bag), np.nan)
    if most is None:
        none = OtherRun(answer, plan, plan.n_params, nowhere, nowhere, aim.served)
        said = f"Not even the smallest of the {question.family} family fits {gpu} with {context}."
        return none.alternative("on one GPU", said)
    if answer.n_params <= most * (1 + SAME):
        said = f"{gpu[0].upper()}{gpu[1:]} serves the plan's {print_count(answer.n_params)}"
        return Alternative.the_plan(answer, "on one GPU", f"{said} (at most {print_count(most)}, with {context}).")
    n = np.full(len(plan.bag), most)
    same = _as_good(answer, n)
    serves = f"{gpu[0].upper()}{gpu[1:]} serves it, without splitting the model"
    if same.extra is not None and same.extra <= _MOST_EXTRA:
        first = f"{_dearer(same.extra)}. " if same.extra > MUCH else ""
        return same.alternative(ON_ONE, f"{first}{serves}, at the same loss.{_far(same)}")
    d = plan.flops / (6 * n)
    loss = losses(plan.bag, n[:, None], d[:, None], aim.unique_tokens)[:, 0]
    never = (
        "it does not come to the plan's loss"
        if same.extra is None
        else f"the plan's loss would take it {print_ratio(1 + same.extra)} times the compute"
    )
    run = OtherRun(answer, plan, n, d, loss, aim.served)
    return run.alternative(ON_ONE, f"{serves}; {never}, so it is trained with the plan's.{_far(run)}")


def _nearly(answer: Answer, *, told: float) -> Iterator[Alternative]:
    """The cheapest run a thousandth above the plan's loss, where repeating tokens further buys next to nothing.

    told: the share of compute that another alternative spares already, at the plan's loss.
    """
    served = answer.split.aim.served
    run = cheapest_run(answer, served, compared_at=served, times=1 + NEARLY)
    if run.spared is None or run.flops is None or run.tokens is None:
        return
    if run.spared - told < WORTH_SAVING:
        return
    epochs = max(run.tokens / (answer.split.aim.unique_tokens or run.tokens), 1.0)
    of = "compute of training and serving" if served else "training compute"
    yield run.alternative(
        f"within {NEARLY:.1%} of the loss for least compute",
        f"{print_share(run.spared)} of the {of} buys the last {NEARLY:.1%} of the loss: without it "
        f"{print_flops(run.flops)} are spent instead of {print_flops(answer.flops)}, and {print_ratio(epochs)} epochs "
        f"instead of {print_ratio(answer.split.median('epochs'))}.",
    )


def _more_unique(answer: Answer) -> Iterator[Alternative]:
    plan = answer.split if answer.split.aim.loss is None else few(answer.split)
    unique = 2 * (plan.aim.unique_tokens or 0.0)
    try:
        found = split(plan.bag, replace(plan.aim, unique_tokens=unique))
    except IsoflopError:  # none of the laws' best splits can be certified there
        return
    run = OtherRun.of(answer, found)
    if plan.aim.loss is None:
        gain = f"the loss is {-(run.loss_change or 0.0):.4f} nats/token lower"
    else:
        in_all = " in all, serving included" if plan.aim.served else ""
        gain = f"the same loss takes {print_share(run.spared or 0.0, 1)} less compute{in_all}"
    yield run.alternative(
        "with twice the unique tokens",
        f"With {print_count(unique)} different tokens, twice --unique-tokens, {gain}, and epochs go from "
        f"{print_ratio(plan.median('epochs'))} to {print_ratio(found.median('epochs'))}.",
    )


def _as_good(answer: Answer, n_params: Floats) -> OtherRun:
    """These sizes at the plan's loss; without tokens where that takes a hundred times the plan's compute."""
    plan, aim = answer.split, answer.split.aim
    tokens = same_loss(plan.bag, n_params, plan.loss, aim.unique_tokens)
    tokens = np.where(n_params * tokens <= _ENDLESS * plan.n_params * plan.tokens, tokens, np.nan)
    return OtherRun(answer, plan, n_params, tokens, plan.loss, aim.served)


def _dearer(extra: float) -> str:
    """What the training costs more, as the beginning of a sentence."""
    return f"Training takes {_more(extra, 'compute')}"


def _more(extra: float, what: str) -> str:
    """0.41 as "41% more compute", 1.5 as "2.5 times the compute"."""
    return f"{percent(extra)} more {what}" if extra < 1 else f"{print_ratio(1 + extra)} times the {what}"


def _far(run: OtherRun) -> str:
    """That few laws were fitted to so many tokens a parameter, where the plan itself does not say so."""
    ratio = 0.0 if run.tokens is None or run.n_params is None else run.tokens / run.n_params
    told = run.answer.tokens / run.answer.n_params > FAR_TOKENS
    return f" Few laws were fitted at {ratio:,.0f} tokens a parameter." if ratio > FAR_TOKENS and not told else ""


def _repaid(run: OtherRun) -> str:
    """From how many tokens served it pays to have trained a smaller model longer; nothing where the plan serves."""
    after = run.repaid_after
    if run.plan.aim.served or after is None or after <= 0:
        return ""
    return f", repaid after {print_count(after)} tokens served"
