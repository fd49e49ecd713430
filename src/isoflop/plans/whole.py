"""A whole plan: the answer, how it is trained and run, what else one would look at, and what it hangs on."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from isoflop.conventions import Counted, Size
from isoflop.errors import BadInput, IsoflopError
from isoflop.estimates.fit import Fit
from isoflop.plans.accuracy import Accuracy, accuracy
from isoflop.plans.alternatives import alternatives
from isoflop.plans.answer import Answer, answer
from isoflop.plans.comparison import Row, compared
from isoflop.plans.defaults import in_brief, in_full
from isoflop.plans.hyperparameters import Hyperparameters, hyperparameters
from isoflop.plans.other_run import Alternative
from isoflop.plans.plan import Quantity
from isoflop.plans.question import Question
from isoflop.plans.running import Running, running
from isoflop.plans.sensitivity import Effect, sensitivity
from isoflop.plans.serving import ServingCost, largest_on_one, serving_cost
from isoflop.plans.shapes import count
from isoflop.plans.source import Source
from isoflop.plans.training_spread import TrainingSpread, training_spread

COUNTED = (Size.NON_EMBEDDING, Size.WITH_HEAD, Size.TOTAL)  # of a shape: rules of training count N in different ways


@dataclass(frozen=True)
class WholePlan:
    """All that `isoflop plan` says.

    spread: intervals of how it is trained, None of one law alone. running: None where no shape comes to N; serving:
    of no tokens where none were asked for.
    """

    answer: Answer
    training: Hyperparameters
    spread: TrainingSpread | None
    running: Running | None
    serving: ServingCost
    alternatives: tuple[Alternative, ...]
    sensitivity: tuple[Effect, ...]
    beside: tuple[Row, ...]
    accuracy: Accuracy | None = None

    @property
    def defaults(self) -> Mapping[str, str]:
        """All that was taken because nothing else was asked: a clause each, with the option that sets it."""
        return in_brief(self.answer, self.training, self.running)

    @property
    def problem(self) -> str:
        """Why the run fits no GPUs there are, and how many would do; "" where it does."""
        return "" if self.running is None else self.running.problem

    @property
    def serves(self) -> bool:
        """Whether anything of serving was asked."""
        asked = self.answer.question
        return bool(asked.inference_tokens or asked.tokens_per_second or asked.one_gpu)

    @property
    def doubts(self) -> tuple[str, ...]:
        """What speaks against the laws, then against what was taken for granted of machines and rules."""
        machines = () if self.running is None else self.running.doubts
        return tuple(dict.fromkeys((*self.answer.doubts, *machines, *self._tight, *self.training.doubts)))

    @property
    def _tight(self) -> tuple[str, ...]:
        """That the largest model which the laws leave possible would not fit the layout."""
        held = None if self.spread is None else self.spread.memory_bytes
        layout = None if self.running is None else self.running.layout
        if held is None or layout is None or (held.high or 0.0) <= layout.available:
            return ()
        high, room = f"{(held.high or 0.0) / 1e9:.3g}", f"{layout.available / 1e9:.3g}"
        return (f"Memory: at the high end of N this layout takes {high} GB a GPU, of {room} GB usable.",)

    def to_json(self) -> dict[str, Any]:
        """Plain values; every quantity as {"median", "low", "high", "level"}, null where unknown.

        defaults: in brief; defaults_why: those that have a reason or a source to tell.
        """
        return {
            **self.answer.to_json(),
            "training": self._training(),
            "running": None if self.running is None else {**self.running.to_json(), **self._machines(self.running)},
            "problem": self.problem or None,
            "serving": self.serving.to_json(),
            "alternatives": [each.to_json() for each in self.alternatives],
            "sensitivity": [each.to_json() for each in self.sensitivity],
            "beside": [each.to_json() for each in self.beside],
            "accuracy": None if self.accuracy is None else self.accuracy.to_json(),
            "defaults": dict(self.defaults),
            "defaults_why": in_full(self.answer, self.training, self.running),
            "doubts": list(self.doubts),
        }

    def _training(self) -> dict[str, Any]:
        """Hyperparameters with their intervals."""
        found = self.training.to_json()
        names = ("batch_tokens", "learning_rate", "weight_decay", "steps")
        found |= {name: self._quantity(name, found[name]) for name in names}
        for name in ("warmup_steps", "cooldown_steps"):
            found["schedule"][name] = self._quantity(name, found["schedule"][name])
        found["critical_batch"]["value"] = self._quantity("critical_batch", found["critical_batch"]["value"])
        return found

    def _machines(self, running: Running) -> dict[str, Any]:
        """Speed and memory of a GPU with their intervals: of the shapes at the ends of N, in the same layout."""
        memory = running.memory
        return {
            "tokens_per_second": self._quantity("tokens_per_second", running.tokens_per_second),
            "memory_bytes": None if memory is None else self._quantity("memory_bytes", memory["total"]),
        }

    def _quantity(self, name: str, value: float) -> dict[str, float | None]:
        found: Quantity | None = None if self.spread is None else getattr(self.spread, name)
        return dict(vars(found or Quantity(value)))


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
    training, run = _trained(found)
    if question.gpus is None and run is not None and run.layout is None and run.enough:
        with suppress(BadInput):  # so many lose more time to failures, which a budget may just not allow
            found = answer(replace(question, least_gpus=run.enough), source)
            training, run = _trained(found)
    question = found.question
    n, context = found.n_params, int(question.context)
    served = serving_cost(
        n,
        (question.inference_tokens or 0.0) - question.output_tokens,
        question.output_tokens,
        found.have,
        shape=found.shape,
        context=context,
        like=question.like,
        counts=source.counts,
        asked=question.tokens_per_second,
    )
    try:
        one_gpu = largest_on_one(found.have.device, context, question.like, counts=source.counts)
    except (BadInput, IsoflopError):
        one_gpu = None
    return WholePlan(
        found,
        training,
        training_spread(found, training, run),
        run,
        served,
        alternatives(found, one_gpu=one_gpu),
        sensitivity(found),
        compared(found, fits) if compare else (),
        accuracy(points, found.quantity("loss").median) if points else None,
    )


def _trained(found: Answer) -> tuple[Hyperparameters, Running | None]:
    """How the run is trained and laid out; its batch is one that the GPUs share evenly."""
    loss = found.quantity("loss").median if found.source.own else None
    shape, context = found.shape, found.question.context
    bare: dict[Size, float] = {} if shape is None else {each: float(count(shape, each)) for each in COUNTED}
    counts = found.source.counts if shape is None else Size.NON_EMBEDDING
    given = Counted(bare.get(counts, found.n_params), counts)

    def trained(multiple: int = 1) -> Hyperparameters:
        return hyperparameters(given, found.tokens, loss=loss, context=context, sizes=bare, multiple=multiple)

    def run(training: Hyperparameters) -> Running | None:
        if shape is None:
            return None
        return running(shape, found.n_params, found.tokens, found.have, training.batch_tokens, flops=found.flops)

    training = trained()
    laid = run(training)
    at_once = _at_once(laid)
    if laid is None or training.sequences % at_once == 0:
        return training, laid
    training = trained(at_once)
    again = run(training)
    if again is None or training.sequences % _at_once(again):  # another layout, that shares it unevenly again
        replicas = training.sequences
        split = laid.layout.split if laid.layout else None
        most = None if split is None else replicas * split.tensor * split.pipeline
        again = replace(laid, batch_tokens=training.batch_tokens, most_replicas=replicas, most_gpus=most)
    return training, again


def _at_once(run: Running | None) -> int:
    """Sequences that the replicas take at once."""
    return 1 if run is None or run.layout is None else run.layout.split.data * run.layout.split.micro_batch
