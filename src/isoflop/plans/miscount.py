"""What best sizes a ladder would find, were a law true: by what it counts as N and C, and how long its runs warm up."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from isoflop.allocations.allocate import Floats, allocate_all, six_n
from isoflop.errors import BadInput
from isoflop.laws.arrays import where
from isoflop.laws.constants.frontiers import KAPLAN_WARMUP, PORIAN_BUDGETS, PORIAN_SIZES
from isoflop.laws.counting import PEARCE_2024_BPE, TotalSize
from isoflop.laws.law import Law


@dataclass(frozen=True)
class Counting:
    """How a ladder counts and trains: three switches, of which Kaplan et al. 2020 has all at "wrong".

    head_in_n: N counts the output head. head_in_c: C counts its FLOPs. warmup_tokens: every run warms up for so many.
    """

    head_in_n: bool = True
    head_in_c: bool = True
    warmup_tokens: float = 0.0


AS_KAPLAN = Counting(head_in_n=False, head_in_c=False, warmup_tokens=KAPLAN_WARMUP)
HEAD_COUNTED = Counting(warmup_tokens=KAPLAN_WARMUP)
AS_IT_IS = Counting()


@dataclass(frozen=True)
class Ladder:
    """Budgets (FLOPs, as they are counted), the sizes looked at (parameters with head), and what the head holds.

    Sizes lie dense between their ends; the defaults are the ladder of Porian et al. 2024 with Kaplan's vocabulary.
    """

    budgets: Sequence[float] = PORIAN_BUDGETS
    sizes: tuple[float, float] = PORIAN_SIZES
    shapes: TotalSize = PEARCE_2024_BPE

    def __post_init__(self) -> None:
        low, high = self.sizes
        problems = []
        if len(self.budgets) < 2 or not all(0 < flops < np.inf for flops in self.budgets):
            problems.append(f"A ladder has two budgets or more, positive FLOPs; got {list(self.budgets)}.")
        if not 0 < low < high < np.inf:
            problems.append(f"Sizes of a ladder run from a smallest to a largest; got {low} to {high}.")
        if problems:
            raise BadInput(problems)


@dataclass(frozen=True)
class Apparent:
    """What a ladder finds: N ∝ C^exponent as it counts both, through the best sizes of the budgets that have one.

    budgets and n_params: those with a best size inside the ladder. log_k: ln of N at 1 FLOP.
    """

    exponent: float
    log_k: float
    budgets: Floats
    n_params: Floats

    def size(self, flops: float) -> float:
        """N, parameters as it counts them, that the line through its best sizes gives at C."""
        return float(np.exp(self.log_k + self.exponent * np.log(flops)))


@dataclass(frozen=True)
class _Seen(Law):
    """L(N_T(N), D_effective(D)): a law as a ladder sees it that names sizes N without the head."""

    truth: Law
    shapes: TotalSize
    warmup_tokens: float

    inputs = ("n_params", "tokens")

    def __call__(self, n_params: Any, tokens: Any) -> Any:
        return self.truth(self.shapes(n_params), effective_tokens(tokens, self.warmup_tokens))


def effective_tokens(tokens: Any, warmup_tokens: float) -> Any:
    """Tokens at full learning rate that do what these do: the sum of rates over the peak.

    D^2 / (2 W) while a linear warm-up of W tokens lasts, and D - W/2 after it. That progress is the sum of learning
    rates is Kaplan et al. 2020, app. D.6; the law itself is of runs whose warm-up is short.
    """
    if not warmup_tokens:
        return tokens
    return where(tokens < warmup_tokens, tokens**2 / (2 * warmup_tokens), tokens - warmup_tokens / 2)


def apparent(truth: Law, counting: Counting, ladder: Ladder | None = None) -> Apparent:
    """The best sizes that a ladder finds, and the line through them, were `truth` the loss of N with head and D.

    For each budget argmin over sizes of the loss, at as many tokens as its C pays for: C / 6N, N with or without the
    head. A budget whose best size is the smallest or largest looked at has none. Raises `BadInput` where fewer than two
    are left.
    """
    ladder = ladder or Ladder()
    shapes = ladder.shapes

    def paid(n_params: Any) -> Any:
        return six_n(shapes(n_params) if counting.head_in_c else n_params)

    low, high = (float(shapes.nonembedding(size)) for size in ladder.sizes)
    seen = _Seen(truth, shapes, counting.warmup_tokens)
    found = allocate_all(seen, np.asarray(ladder.budgets, dtype=np.float64), paid, n_params=(low, high))
    kept = found.found
    if kept.sum() < 2:
        raise BadInput(
            f"Of {len(kept)} budgets {kept.sum()} have a best size between {ladder.sizes[0]:.3g} and "
            f"{ladder.sizes[1]:.3g} parameters: no line goes through them. Widen the sizes, or move the budgets."
        )
    budgets, bare = found.flops[kept], found.n_params[kept]
    n_params = np.asarray(shapes(bare) if counting.head_in_n else bare)
    exponent, log_k = np.polyfit(np.log(budgets), np.log(n_params), 1)
    return Apparent(float(exponent), float(log_k), budgets, n_params)
