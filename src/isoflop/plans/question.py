"""What a plan is asked for: any mix of budget, aim and limits, checked as a whole before anything is computed."""

from dataclasses import dataclass, fields, replace
from math import inf

from isoflop.conventions import Size
from isoflop.costs.shape import Shape
from isoflop.errors import BadInput
from isoflop.plans.hyperparameters import CONTEXT
from isoflop.plans.shapes import Family, built, count, family

_POSITIVE = (
    "flops",
    "dollars",
    "gpus",
    "days",
    "price",
    "mfu",
    "loss",
    "n_params",
    "tokens",
    "unique_tokens",
    "inference_tokens",
    "tokens_per_second",
    "context",
    "vocab",
    "epochs",
)
_OURS = {"recorded_vocab", "least_gpus"}  # that nobody types
_WHOLE = ("gpus", "context", "vocab")


@dataclass(frozen=True)
class Question:
    """Constraints of a run, None where nothing is asked.

    Budgets, of which the smallest binds: flops (FLOPs), dollars, and gpus for days. Aims: a loss (nats/token) at least
    cost; else the lowest loss. Fixed: n_params, tokens. Limits: unique_tokens (more are repeats), one_gpu (one GPU must
    hold the model when it serves), tokens_per_second (that one sequence must be decoded at). Serving: inference_tokens
    over the model's life, output_tokens of them generated. gpu, price ($/h of one), mfu, devices (a TOML file of the
    user's GPUs), context (tokens): how it is trained. family (of shapes: llama, gpt2), vocab (ids; else recorded_vocab,
    those of the user's runs, else the family's), sizes (layers and width, or feed-forward width too, of a fixed shape:
    `with_size` makes N of them). epochs: passes over the unique tokens, of which `with_size` makes tokens. least_gpus:
    that hold the model, where their number is not given.

    Raises `BadInput` with everything that is wrong at once.
    """

    flops: float | None = None
    dollars: float | None = None
    gpus: float | None = None
    days: float | None = None
    gpu: str | None = None
    price: float | None = None
    mfu: float | None = None
    devices: str | None = None
    loss: float | None = None
    n_params: float | None = None
    tokens: float | None = None
    unique_tokens: float | None = None
    inference_tokens: float | None = None
    output_tokens: float = 0.0
    one_gpu: bool = False
    tokens_per_second: float | None = None
    family: str = "llama"
    vocab: float | None = None
    recorded_vocab: int | None = None
    least_gpus: int | None = None
    epochs: float | None = None
    sizes: tuple[int, ...] = ()
    context: float = CONTEXT
    extrapolate: bool = False

    def __post_init__(self) -> None:
        problems = []
        for name in _POSITIVE:
            value = getattr(self, name)
            if value is not None and not 0 < value < inf:
                problems.append(f"{_option(name)} {value:g} is no positive number.")
        for name in _WHOLE:
            value = getattr(self, name)
            if value is not None and 0 < value < inf and value != int(value):
                problems.append(f"{_option(name)} {value:g} is no whole number.")
        if self.mfu is not None and self.mfu > 1:
            problems.append(f"--mfu {self.mfu:g} is above 1: it is the share of the dense bf16 peak, 0.4 for 40 %.")
        if self.epochs is not None and self.unique_tokens is None:
            problems.append(f"--epochs {self.epochs:g} are passes over --unique-tokens: say how many those are.")
        if self.output_tokens and self.output_tokens > (self.inference_tokens or 0):
            problems.append(
                f"--output-tokens {self.output_tokens:g} are more than --inference-tokens "
                f"{self.inference_tokens or 0:g}: the latter are input and output together."
            )
        if not (self.budgeted or self.loss is not None or self.judged):
            given = ", ".join(self.given) or "nothing"
            half = {"--days": "--gpus", "--gpus": "--days"}
            first = next((half[each] for each in self.given if each in half), "--gpus with --days")
            problems.append(
                f"A plan needs a budget, an aim or a run to judge; given: {given}. Add {first}, --flops, --dollars, "
                "--loss, or --n-params with --tokens."
            )
        if problems:
            raise BadInput(problems)

    @property
    def budgeted(self) -> bool:
        """Whether compute is limited."""
        return self.flops is not None or self.dollars is not None or (self.gpus is not None and self.days is not None)

    @property
    def judged(self) -> bool:
        """Whether size and tokens are both given: a plan to be judged."""
        sized = self.n_params is not None or bool(self.sizes)
        return sized and (self.tokens is not None or self.epochs is not None)

    @property
    def like(self) -> Family:
        """The family of shapes, with the vocabulary asked for. Raises `BadInput` for one that is not known."""
        found = family(self.family)
        ids = self.vocab or self.recorded_vocab
        return found if ids is None else replace(found, vocab_size=int(ids))

    @property
    def shape(self) -> Shape | None:
        """The shape that is asked for, None where N decides on one."""
        return built(self.sizes, self.like, int(self.context)) if self.sizes else None

    def with_size(self, counts: Size) -> "Question":
        """The same with N of the shape asked for, by what N counts, and with D of the epochs."""
        n = self.n_params if self.shape is None else float(count(self.shape, counts))
        d = self.tokens if self.epochs is None else self.epochs * float(self.unique_tokens or 0)
        return replace(self, n_params=n, tokens=d)

    @property
    def given(self) -> tuple[str, ...]:
        """The options that were given."""
        options = [each for each in fields(self) if each.name not in _OURS]
        return tuple(_option(each.name) for each in options if getattr(self, each.name) != each.default)


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")
