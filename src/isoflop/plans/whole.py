"""A whole plan: the answer, how it is trained and run, what else one would look at, and what it hangs on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from isoflop.conventions import Counted, Size
from isoflop.errors import BadInput, IsoflopError
from isoflop.estimates.fit import Fit
from isoflop.plans.accuracy import Accuracy, accuracy
from isoflop.plans.alternatives import alternatives
from isoflop.plans.answer import Answer, answer
from isoflop.plans.comparison import Row, compared
from isoflop.plans.hyperparameters import Hyperparameters, hyperparameters
from isoflop.plans.other_run import Alternative
from isoflop.plans.question import Question
from isoflop.plans.running import Running, running
from isoflop.plans.sensitivity import Effect, sensitivity
from isoflop.plans.serving import ServingCost, largest_on_one, serving_cost
from isoflop.plans.source import Source


@dataclass(frozen=True)
class WholePlan:
    """All that `isoflop plan` says.

    running: None where no shape comes to N; serving: None then too, and where nothing is served.
    """

    answer: Answer
    training: Hyperparameters
    running: Running | None
    serving: ServingCost | None
    alternatives: tuple[Alternative, ...]
    sensitivity: tuple[Effect, ...]
    beside: tuple[Row, ...]
    accuracy: Accuracy | None = None

    @property
    def doubts(self) -> tuple[str, ...]:
        """What speaks against the laws, then against what was taken for granted of machines and rules."""
        machines = () if self.running is None else self.running.doubts
        return tuple(dict.fromkeys((*self.answer.doubts, *machines, *self.training.doubts)))

    def to_json(self) -> dict[str, Any]:
        """Plain values; every quantity as {"median", "low", "high", "level"}, null where unknown."""
        found = self.answer.to_json()
        defaults = {**found["defaults"], **self.training.defaults, **(self.running.defaults if self.running else {})}
        return {
            **found,
            "training": self.training.to_json(),
            "running": None if self.running is None else self.running.to_json(),
            "serving": None if self.serving is None else self.serving.to_json(),
            "alternatives": [each.to_json() for each in self.alternatives],
            "sensitivity": [each.to_json() for each in self.sensitivity],
            "beside": [each.to_json() for each in self.beside],
            "accuracy": None if self.accuracy is None else self.accuracy.to_json(),
            "defaults": defaults,
            "doubts": list(self.doubts),
        }


def whole_plan(
    question: Question,
    source: Source,
    *,
    compare: bool = False,
    fits: Sequence[Fit] = (),
    points: Sequence[tuple[float, float]] = (),
) -> WholePlan:
    """The answer to a question with everything a careful engineer would ask next.

    compare: other laws beside it, those of the fits too. points: (loss, accuracy) of the user's models, by which the
    plan's loss becomes an accuracy. Raises as `answer` does; what hangs on a shape is left out
    where none comes to the size.
    """
    found = answer(question, source)
    n, d, context = found.n_params, found.tokens, int(question.context)
    loss = found.quantity("loss").median if source.own else None
    bare = None if found.shape is None else Counted(found.shape.n_params_nonembedding, Size.NON_EMBEDDING)
    training = hyperparameters(bare or Counted(n, source.counts), d, loss=loss, context=question.context)
    run = None
    if found.shape is not None:
        run = running(found.shape, n, d, found.have, training.batch_tokens, flops=found.flops)
    served = None
    if question.inference_tokens and found.shape is not None:
        read = question.inference_tokens - question.output_tokens
        served = serving_cost(
            n, read, question.output_tokens, found.have, context=context, like=question.like, counts=source.counts
        )
    try:
        one_gpu = largest_on_one(found.have.device, context, question.like, counts=source.counts)
    except (BadInput, IsoflopError):
        one_gpu = None
    return WholePlan(
        found,
        training,
        run,
        served,
        alternatives(found, one_gpu=one_gpu),
        sensitivity(found),
        compared(found, fits) if compare else (),
        accuracy(points, found.quantity("loss").median) if points else None,
    )
