"""What a fine-tuning is asked for: a given model, a corpus, and what may be spent; no compute has to be asked for."""

from dataclasses import dataclass, replace
from functools import cached_property
from math import inf
from typing import Literal

from isoflop.conventions import Size
from isoflop.costs.shape import Shape
from isoflop.errors import BadInput
from isoflop.plans.hyperparameters import CONTEXT
from isoflop.plans.question import Question
from isoflop.plans.resources import Resources, resources
from isoflop.plans.shapes import Family, shape_of
from isoflop.plans.tunable import Method

How = Literal["full", "lora", "continued"]
Purpose = Literal["tuning", "continued"]


@dataclass(frozen=True)
class TuningQuestion:
    """A model of n_params, all counted, or of a fixed shape (sizes), to be trained further on so many different tokens.

    how: all of it on examples of a task (full), adapters alone (lora), or all of it on more text (continued). epochs:
    passes over the corpus; gpus: devices; None leaves them to the plan. days, dollars: what it may take at most. The
    rest is as in `Question`. Raises `BadInput` with everything that is wrong at once.
    """

    how: How
    n_params: float | None = None
    tokens: float | None = None
    epochs: float | None = None
    gpus: float | None = None
    days: float | None = None
    dollars: float | None = None
    gpu: str | None = None
    price: float | None = None
    mfu: float | None = None
    devices: str | None = None
    family: str = "llama"
    vocab: float | None = None
    sizes: tuple[int, ...] = ()
    context: float = CONTEXT

    def __post_init__(self) -> None:
        model = [] if self.n_params is not None or self.sizes else ["the model's --n-params (or its --shape)"]
        missing = model + ([] if self.tokens is not None else ["the corpus's --tokens"])
        problems = [f"--finetune {self.how} needs {' and '.join(missing)}."] if missing else []
        if self.epochs is not None and not 0 < self.epochs < inf:
            problems.append(f"--epochs {self.epochs:g} is no positive number.")
        try:
            self._asked()
        except BadInput as bad:
            problems += bad.problems
        if not problems and self.corpus < self.context:
            problems.append(
                f"--tokens {self.corpus:,.6g} are not even one sequence of --context {self.context:,.0f}: take shorter "
                "sequences, or more tokens."
            )
        if not problems:
            problems += self._shapeless()
        if problems:
            raise BadInput(problems)

    @property
    def method(self) -> Method:
        """What is trained: all parameters, or adapters."""
        return "lora" if self.how == "lora" else "full"

    @property
    def purpose(self) -> Purpose:
        """A task's examples, or more text."""
        return "continued" if self.how == "continued" else "tuning"

    @property
    def like(self) -> Family:
        """The family of shapes, with the vocabulary asked for."""
        return self._asked().like

    @property
    def corpus(self) -> float:
        """Different tokens there are."""
        return float(self.tokens or 0.0)

    @cached_property
    def shape(self) -> Shape:
        """The model's: the one asked for, else that of the family nearest to N."""
        asked = self._asked()
        return asked.shape or shape_of(self.size, asked.like, int(self.context), Size.TOTAL)

    @cached_property
    def size(self) -> float:
        """N of the model, all counted: the one asked for, or of the shape asked for."""
        return float(self._asked().with_size(Size.TOTAL).n_params or 0.0)

    def on(self, gpus: int) -> Resources:
        """So many devices as those asked for. Raises `BadInput` for an unknown one, and dollars without a price."""
        asked = replace(self._asked().with_size(Size.TOTAL), gpus=gpus)
        return resources(asked, self.size, counts=Size.TOTAL)

    def _asked(self) -> Question:
        """The same as a question to the planner, which says what is wrong with its numbers."""
        return Question(
            n_params=1.0 if self.n_params is None and not self.sizes else self.n_params,
            tokens=1.0 if self.tokens is None else self.tokens,
            gpus=self.gpus,
            days=self.days,
            dollars=self.dollars,
            gpu=self.gpu,
            price=self.price,
            mfu=self.mfu,
            devices=self.devices,
            family=self.family,
            vocab=self.vocab,
            sizes=self.sizes,
            context=self.context,
        )

    def _shapeless(self) -> list[str]:
        """Why no model is so small, or of such a shape."""
        try:
            _ = self.shape
        except BadInput as bad:
            return list(bad.problems) if self.sizes else [f"{each} Say it by --vocab." for each in bad.problems]
        return []
