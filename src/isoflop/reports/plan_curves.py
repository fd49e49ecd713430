"""What the pictures of a plan show, as rows: losses and costs around it by every law of its bag, others beside."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from isoflop.allocations.allocate import Floats, allocate_all, columns
from isoflop.allocations.isoloss import ENDLESS
from isoflop.errors import IsoflopError
from isoflop.estimates.ensemble import Ensemble
from isoflop.laws.catalog import published_law
from isoflop.laws.crossing import crossing
from isoflop.laws.kaplan_frontier import least_compute
from isoflop.plans.answer import Answer
from isoflop.plans.basin import TOLERANCE
from isoflop.plans.reaching import fitted_ranges
from isoflop.plans.split import Aim, Split, split

LEVEL = 0.9
FACTORS = np.exp(np.linspace(-np.log(100), np.log(100), 401))  # sizes looked at, times the best, as `basin` does
AROUND = 4.0  # sizes are drawn so many times beyond those nearly as good as the best
DRAWN = 60  # points of a line
DECADES = 2.0  # of compute drawn either side of the plan
FURTHER = 4.0  # decades out to which the fitted range is drawn too
BUDGETS = 25
WORSE = 1.12  # times the best loss, as far as sizes are drawn
DEAR = 4.0  # times the least cost, as far as sizes are drawn
FAR = 1e300  # stands for infinity while quantiles are taken

BESIDE = {
    "BESIROGLU_2024": "Besiroglu 2024",
    "HOFFMANN_2022_TEX": "Hoffmann 2022, approach 3",
    "DUBEY_2024": "Llama 3 (Dubey 2024)",
    "KAPLAN_2020_TABLE_6_SIZE": "Kaplan 2020",
}
"""Published laws that a plan's own is drawn beside."""

Rows = list[dict[str, float]]


@dataclass(frozen=True)
class Sizes:
    """Loss against size at one budget: rows of n_params, tokens, loss, low, high; the best size and its loss there.

    within: the sizes at most a tolerance above the best loss. best is None where the laws have no best size.
    """

    flops: float
    rows: Rows
    within: tuple[float, float]
    best: dict[str, float] | None


def spent(found: Answer) -> float:
    """6 N D + 2 N D_inf of the plan, FLOPs: training and what is served."""
    return found.flops + 2 * found.n_params * found.split.aim.served


def losses(bag: Ensemble, n_params: Floats, tokens: Floats, unique_tokens: Floats | float) -> Floats:
    """L by every law, (laws, points), at sizes and tokens (points,) or of each law's own (laws, points).

    Laws without repetition do not ask for unique tokens.
    """
    at = [np.atleast_2d(each) for each in np.broadcast_arrays(n_params, tokens, unique_tokens)]
    values = np.empty((len(bag), at[0].shape[1]))
    for law, places in bag.stacks():
        upright, _ = columns(law)
        here = (each if len(each) == 1 else each[places] for each in at)
        values[places] = upright(*[*here][: len(law.inputs)])
    return values


def best_at_budget(found: Answer) -> Split | None:
    """The best split of what the plan spends, nothing fixed and no size forbidden; None where the laws have none."""
    aim = found.split.aim
    return _split(found.split.bag, Aim(flops=spent(found), unique_tokens=aim.unique_tokens, served=aim.served))


def at_budget(found: Answer) -> Sizes:
    """Loss against N where what the plan spends is spent on N: D = (C - 2 N D_inf) / (6 N), at most U of them new."""
    aim, bag, C = found.split.aim, found.split.bag, spent(found)
    free = best_at_budget(found)
    middle = free.median("n_params") if free else found.n_params
    every = middle * FACTORS
    every = every[C - 2 * every * aim.served > 6 * every]  # at least a token is left
    unique = aim.unique_tokens or np.inf
    values = losses(bag, every, _left(C, every, aim.served), unique)
    values = np.where(np.isfinite(values), values, FAR)
    ok = values <= (1 + TOLERANCE) * values.min(axis=1, keepdims=True)
    first, last = np.argmax(ok, axis=1), ok.shape[1] - 1 - np.argmax(ok[:, ::-1], axis=1)
    low, high = (bag.interval(every[ends]).median for ends in (first, last))
    if found.basin is not None and free:
        low, high = found.basin.low, found.basin.high
    ends = (min(low / AROUND, found.n_params / 1.5), max(high * AROUND, found.n_params * 1.5))
    middles = np.asarray([bag.interval(column).median for column in values.T])
    most = max(WORSE * middles.min(), 1.01 * found.quantity("loss").median)
    drawn = np.flatnonzero((every >= ends[0]) & (every <= ends[1]) & (middles <= most))
    drawn = drawn[np.unique(np.linspace(0, len(drawn) - 1, DRAWN).round().astype(int))]
    rows = [
        {"n_params": float(every[i]), "tokens": float(_left(C, every[i], aim.served)), **_fan(bag, values[:, i])}
        for i in drawn
    ]
    best = None
    if free:
        n = middle
        at = losses(bag, np.asarray([n]), np.asarray([_left(C, n, aim.served)]), unique)[:, 0]
        best = {"n_params": n, "tokens": float(_left(C, n, aim.served)), "loss": bag.interval(at).median}
    return Sizes(C, rows, (low, high), best)


def frontier(found: Answer) -> Rows:
    """Best loss, N and D of each training compute around the plan, nothing served: rows of flops and three fans."""
    bag, unique, middle = found.split.bag, found.split.aim.unique_tokens, found.flops
    low, high = middle / 10**DECADES, middle * 10**DECADES
    if fitted := fitted_flops(found):
        low = max(min(low, fitted[0]), middle / 10**FURTHER)
        high = min(max(high, fitted[1]), middle * 10**FURTHER)
    rows: Rows = []
    half = BUDGETS // 2 + 1
    for C in (*np.geomspace(low, middle, half), *np.geomspace(middle, high, half)[1:]):  # the plan's own among them
        here = _split(bag, Aim(flops=float(C), unique_tokens=unique))
        if here is None:
            continue
        loss, n, d = (here.interval(name, LEVEL) for name in ("loss", "n_params", "tokens"))
        rows.append(
            {
                "flops": float(C), "loss": loss.median, "low": loss.low, "high": loss.high,
                "n_params": n.median, "n_low": n.low, "n_high": n.high,
                "tokens": d.median, "d_low": d.low, "d_high": d.high,
            }
        )  # fmt: skip
    return rows


def fitted_flops(found: Answer) -> tuple[float, float] | None:
    """The compute that the law was fitted to, where that is known."""
    return fitted_ranges(found.source.law).get("flops")


def published_beside(found: Answer, flops: Sequence[float]) -> dict[str, Rows]:
    """N and D = C / (6 N) of each compute by published laws other than the plan's own."""
    C = np.asarray(flops, dtype=np.float64)
    rows = {}
    for name, words in BESIDE.items():
        if name == found.source.name:
            continue
        law = published_law(name)
        if law.inputs == ("n_params", "tokens"):
            n = allocate_all(law, C).n_params
        else:
            given = law(least_compute(C) if law.inputs == ("pf_days",) else C)
            n = given if law.output == "n_params" else C / (6 * given)
        rows[words] = [
            {"flops": float(c), "n_params": float(size), "tokens": float(c / (6 * size))}
            for c, size in zip(C, n, strict=True)
            if np.isfinite(size)
        ]
    return rows


def by_epochs(found: Answer) -> tuple[Rows, Rows]:
    """Loss of the plan's N against epochs of its unique tokens, and the same if every token were new."""
    unique, n, bag = float(found.split.aim.unique_tokens or np.inf), found.n_params, found.split.bag
    here = found.tokens / unique
    epochs = np.geomspace(min(0.5, here / 2), max(60.0, 8 * here), DRAWN)
    d = epochs * unique
    rows = []
    for values in (losses(bag, np.full_like(d, n), d, unique), losses(bag, np.full_like(d, n), d, d)):
        fans = [_fan(bag, column) for column in values.T]
        rows.append(
            [{"epochs": float(e), "tokens": float(e * unique), **each} for e, each in zip(epochs, fans, strict=True)]
        )
    return rows[0], rows[1]


def cost_of_life(found: Answer) -> Rows:
    """FLOPs to train and to serve a model against its N, on as many tokens as make it as good as the plan.

    As good by each law's own measure, where the plan is of a budget; of the very loss asked for, where it is of that.
    """
    aim, bag = found.split.aim, found.split.bag
    n = found.n_params * np.geomspace(1 / 10, 20, 241)
    unique = aim.unique_tokens or np.inf
    target = losses(bag, np.asarray([found.n_params]), np.asarray([found.tokens]), unique)
    if aim.loss is not None:
        target = np.full_like(target, aim.loss)
    top = np.full((len(bag), n.size), np.log(ENDLESS))
    each_n = np.broadcast_to(n, top.shape)
    at = crossing(lambda log_d: losses(bag, each_n, np.exp(log_d), unique) - target, np.zeros_like(top), top)
    d = np.where(losses(bag, each_n, np.exp(at), unique) <= target * (1 + 1e-9), np.exp(at), np.inf)
    rows = []
    for i, size in enumerate(n):
        training, serving = 6 * size * d[:, i], 2 * size * aim.served
        total = bag.interval(np.minimum(training + serving, FAR), LEVEL)
        if total.median < FAR:
            rows.append(
                {
                    "n_params": float(size), "training": float(total.median - serving), "serving": float(serving),
                    "total": total.median, "low": _end(total.low), "high": _end(total.high),
                }
            )  # fmt: skip
    least = min((row["total"] for row in rows), default=0.0)
    most = max(DEAR * least, 1.05 * spent(found))
    return [row for row in rows if row["total"] <= most]


def _left(flops: float, n_params: Floats | float, served: float) -> Floats:
    return np.asarray((flops - 2 * n_params * served) / (6 * n_params))


def _split(bag: Ensemble, aim: Aim) -> Split | None:
    """None where the laws have no such run."""
    try:
        return split(bag, aim)
    except IsoflopError:
        return None


def _fan(bag: Ensemble, values: Floats) -> dict[str, float]:
    found = bag.interval(np.where(np.isfinite(values), values, FAR), LEVEL)
    return {"loss": found.median, "low": _end(found.low), "high": _end(found.high)}


def _end(value: float) -> float:
    """An interval's end; infinite where laws that never get there reach into it."""
    return value if value < np.sqrt(FAR) else np.inf
