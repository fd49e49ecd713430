"""Which of a question's limits another run breaks, and by how much."""

from isoflop.plans.answer import Answer
from isoflop.plans.costing import costing
from isoflop.plans.settling import tightest
from isoflop.units import print_count

_CLOSE = 1e-4  # of a limit: what is beyond it by less keeps to it


def broken_limits(answer: Answer, *, n_params: float, flops: float | None, loss: float | None) -> tuple[str, ...]:
    """A sentence for each kind of limit that a run of N, 6 N D FLOPs and a loss breaks: size, budgets, the loss asked.

    Budgets pay for serving too, as in the plan. flops, loss: None where the run has none.
    """
    said = []
    if answer.most and _beyond(n_params, (limit := tightest(answer.most))[1]):
        said.append(f"It is larger than {limit[0]} allows, {print_count(limit[1])}.")
    if flops is not None and (over := _budgets(answer, n_params, flops)):
        said.append(f"It exceeds {' and '.join(f'{name} by {percent(more)}' for name, more in over.items())}.")
    asked = answer.question.loss
    if asked is not None and loss is not None and _beyond(loss, asked):
        said.append(f"It does not come to --loss {asked:g}.")
    return tuple(said)


def percent(extra: float) -> str:
    """0.127 as "13%", 0.00456 as "0.46%", 1.5 as "150%"."""
    return f"{extra:,.0%}" if extra >= 0.1 else f"{100 * extra:.2g}%"


def _budgets(answer: Answer, n_params: float, flops: float) -> dict[str, float]:
    """How far beyond each budget that is broken, as a part of it, by its options."""
    question, have = answer.question, answer.have
    paid = flops + 2 * n_params * answer.split.aim.served
    days, dollars = costing(have, n_params, paid)
    shares: dict[str, float] = {}
    if question.flops is not None:
        shares["--flops"] = paid / question.flops
    if question.dollars is not None and dollars is not None:
        shares["--dollars"] = dollars / question.dollars
    if question.days is not None:
        training, _ = costing(have, n_params, flops)
        # Where no number of GPUs is given, they are counted for the training alone.
        shares["--days"] = (training if question.gpus is None else days) / question.days
    return {name: share - 1 for name, share in shares.items() if _beyond(share, 1.0)}


def _beyond(value: float, limit: float) -> bool:
    return value > limit * (1 + _CLOSE)
