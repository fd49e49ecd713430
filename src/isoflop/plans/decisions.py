"""Decisions beyond the loss of pre-training: more samples of a small model, or a larger one; accuracy from the loss."""

from dataclasses import dataclass
from math import exp, inf, log
from typing import Any

import numpy as np

from isoflop.errors import BadInput, IsoflopError
from isoflop.laws.crossing import crossing
from isoflop.laws.law import Law
from isoflop.laws.test_time import Coverage
from isoflop.plans.accuracy import Accuracy, accuracy
from isoflop.units import print_count, print_flops

__all__ = ["Accuracy", "Attempts", "Contender", "Exchange", "accuracy", "attempts_for", "exchange"]

_MOST_ATTEMPTS = 1e12


@dataclass(frozen=True)
class Attempts:
    """How many answers to a problem solve this share of the problems; 1 where one does already.

    notes: what that rests on.
    """

    coverage: float
    attempts: float
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {**vars(self), "notes": list(self.notes)}


def attempts_for(law: Law, coverage: float) -> Attempts:
    """k with c(k) = coverage, of a law of coverage (`laws.test_time`); closed for Brown's: k = (ln c / a)^(1 / b).

    Raises `BadInput` for another law, or a coverage that is none; `IsoflopError` where no number of answers gets there.
    """
    problems = []
    if law.inputs != ("attempts",) or law.output != "coverage":
        problems.append(f"{type(law).__name__} is no law of the coverage of so many attempts.")
    if not 0 < coverage < 1:
        problems.append(f"Coverage is a share of problems between 0 and 1; got {coverage}.")
    if problems:
        raise BadInput(problems)
    notes = ["one right answer among them is enough: what tells it from the wrong ones is not counted"]
    if coverage <= float(law(1.0)):
        return Attempts(coverage, 1.0, (*notes, f"one answer covers {float(law(1.0)):.3g} already"))
    if isinstance(law, Coverage):
        k = exp(min(log(log(coverage) / law.a) / law.b, 700.0))
    else:
        k = float(np.exp(crossing(lambda at: law(np.exp(at)) - coverage, 0.0, log(_MOST_ATTEMPTS))))
    if not k <= _MOST_ATTEMPTS:
        raise IsoflopError(
            f"{law} covers {float(law(_MOST_ATTEMPTS)):.3g} with {_MOST_ATTEMPTS:.0e} answers: {coverage:g} is out of "
            "reach by sampling. Ask for less, or for a better model."
        )
    most = law.about.fitted.get("attempts", (1.0, inf))[1]
    if k > most:
        notes.append(f"{k / most:.3g} times the {most:,.0f} answers that the law was fitted to")
    elif most == inf:
        notes.append("it is not known to how many answers the law was fitted")
    return Attempts(coverage, k, tuple(notes))


@dataclass(frozen=True)
class Contender:
    """A model that answers queries: N, the D it is trained on, and the samples it draws for each query.

    trained: whether it exists already, so that its training costs nothing more.
    """

    n_params: float
    tokens: float
    samples: float = 1.0
    trained: bool = False

    def __post_init__(self) -> None:
        wrong = [f"{k} {v} is no positive number." for k, v in vars(self).items() if k != "trained" and not 0 < v < inf]
        if wrong:
            raise BadInput(wrong)

    @property
    def training_flops(self) -> float:
        """6 N D, 0 where it is trained."""
        return 0.0 if self.trained else 6 * self.n_params * self.tokens

    def query_flops(self, answer_tokens: float, prompt_tokens: float = 0.0) -> float:
        """2 N (prompt + k answer) FLOPs: the prompt is read once for all samples."""
        return 2 * self.n_params * (prompt_tokens + self.samples * answer_tokens)


@dataclass(frozen=True)
class Exchange:
    """Compute in training against compute in answers: a small model sampled often, and a large one.

    even_samples: how many samples of the small one cost, a query, what the large one's do; below 1 where none does.
    even_queries: how many queries make both cost the same in all; None where one is cheaper whatever their number.
    small_flops, large_flops: training and all queries.
    """

    small: Contender
    large: Contender
    queries: float
    even_samples: float
    even_queries: float | None
    small_flops: float
    large_flops: float
    assumptions: tuple[str, ...]

    @property
    def cheaper(self) -> str:
        """small, large, or equal."""
        if self.small_flops == self.large_flops:
            return "equal"
        return "small" if self.small_flops < self.large_flops else "large"

    def __str__(self) -> str:
        n1, n2 = print_count(self.small.n_params), print_count(self.large.n_params)
        ends = (
            "whatever the number of queries"
            if self.even_queries is None
            else f"{'up to' if self.queries <= self.even_queries else 'from'} {print_count(self.even_queries)} queries"
        )
        who = {"small": f"{n1} is cheaper", "large": f"{n2} is cheaper", "equal": "both cost the same"}[self.cheaper]
        took = [
            f"{print_count(model.n_params)} with {model.samples:.3g} samples each takes {print_flops(flops)}"
            for model, flops in ((self.small, self.small_flops), (self.large, self.large_flops))
        ]
        return (
            f"{print_count(self.queries)} queries: {', '.join(took)}, training included. {who}, {ends}; a query costs "
            f"the same at {self.even_samples:.3g} samples of {n1}."
        )

    def to_json(self) -> dict[str, Any]:
        """Plain values; null where there is no such number."""
        plain = {**vars(self), "small": vars(self.small), "large": vars(self.large)}
        return {**plain, "assumptions": list(self.assumptions), "cheaper": self.cheaper}


def exchange(
    small: Contender, large: Contender, queries: float, *, answer_tokens: float, prompt_tokens: float = 0.0
) -> Exchange:
    """Which of two models is cheaper over M queries: 6 N D + M 2 N (prompt + k answer), with k samples a query.

    A query costs the same at k = (N2 / N1) (k2 + p / a) - p / a, which without a prompt is N2 / N1 for one sample of
    the large model. Both are taken to be good enough with the samples given: `attempts_for` says how many that takes.
    Raises `BadInput` with all that is wrong.
    """
    problems = [
        f"{name} {value} is no number {least}."
        for name, value, least, ok in (
            ("queries", queries, "from 0 on", 0 <= queries < inf),
            ("answer_tokens", answer_tokens, "above 0", 0 < answer_tokens < inf),
            ("prompt_tokens", prompt_tokens, "from 0 on", 0 <= prompt_tokens < inf),
        )
        if not ok
    ]
    if not small.n_params < large.n_params:
        problems.append(f"The small model has {small.n_params:.3g} parameters, the large one {large.n_params:.3g}.")
    if problems:
        raise BadInput(problems)
    ones, others = (each.query_flops(answer_tokens, prompt_tokens) for each in (small, large))
    prompt = prompt_tokens / answer_tokens
    saved, dearer = large.training_flops - small.training_flops, ones - others
    even = saved / dearer if dearer else -1.0
    return Exchange(
        small,
        large,
        float(queries),
        large.n_params / small.n_params * (large.samples + prompt) - prompt,
        even if even > 0 else None,
        small.training_flops + queries * ones,
        large.training_flops + queries * others,
        (
            "2 N FLOPs a token of an answer, 6 N D of training; attention over the context is left out",
            "an answer has as many tokens whichever model gives it; the prompt is read once for all samples",
            "choosing among the samples costs nothing",
            "FLOPs, not dollars: writing tokens uses less of a GPU's peak than reading or training",
        ),
    )
