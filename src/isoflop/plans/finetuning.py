"""Fine-tuning or continued training of a given model on a corpus, on so many GPUs: memory, epochs, time, money."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from isoflop.costs.activations import recomputed_share
from isoflop.costs.flops import flops_per_token
from isoflop.costs.memory import OPTIMIZER, WEIGHT, lora_flops_per_token
from isoflop.costs.utilisation import DAY, HOUR
from isoflop.laws.data_constrained import MUENNIGHOFF_2023
from isoflop.plans.models import six_nd
from isoflop.plans.resources import Resources
from isoflop.plans.tunable import RANK, Method, Tuned
from isoflop.plans.tuning_question import TuningQuestion

TYPICAL_EPOCHS = (1, 4)
"""Passes over the examples of supervised fine-tuning that are called typical: from memory, unverified."""
NEARLY_FREE = 4
"""Epochs up to which repeating is nearly free, not those to do at least (Muennighoff et al. 2023, arXiv:2305.16264)."""
EPOCHS = (1, 2, 4, 8, 16, 40)  # whose worth is told


@dataclass(frozen=True)
class FineTuning:
    """A model of N parameters trained further on a corpus that is seen `epochs` times, on the GPUs of `have`.

    there: what each of these GPUs holds, and one_gpu what one alone would; enough: GPUs on which it fits, the fewest in
    powers of two. largest: N of the largest model that one of them can train, by method, None where it can none.
    defaults: what was taken because nothing was asked. problem: why it does not fit the GPUs there are, and what would;
    hours and days are then arithmetic alone. doubts come first.
    """

    question: TuningQuestion
    have: Resources
    epochs: float
    there: Tuned
    one_gpu: Tuned
    enough: int
    largest: Mapping[Method, float | None]
    defaults: Mapping[str, str]
    doubts: tuple[str, ...] = ()
    problem: str = ""

    @property
    def tokens(self) -> float:
        """All that are seen, each as often as it is."""
        return self.question.corpus * self.epochs

    @property
    def flops(self) -> float:
        """6 N a token in full, 4 N + 6 n with adapters of n parameters: frozen weights need no gradients."""
        return per_token(self.question.size, self.there) * self.tokens

    @property
    def flops_executed(self) -> float:
        """Attention's too: what an MFU is a share of, so that the time is of them."""
        return self.have.executed * self.flops

    @property
    def recomputed(self) -> float:
        """FLOPs of recomputing over those executed, which do not count them."""
        shape = self.question.shape
        redone = recomputed_share(shape, self.there.recomputation) * flops_per_token(shape)
        return redone / executed_per_token(self.question, self.there)

    @property
    def hours(self) -> float:
        """GPU-hours."""
        return self.have.hours(self.flops)

    @property
    def days(self) -> float:
        """Days on all GPUs."""
        return self.have.days(self.flops)

    @property
    def dollars(self) -> float | None:
        """None where no price is known."""
        return self.have.dollars(self.flops)

    @property
    def tokens_per_second(self) -> float:
        """While it trains."""
        return self.tokens / (self.days * DAY * HOUR * self.have.goodput)

    @property
    def step_tokens(self) -> float:
        """Of the smallest step: one sequence on each GPU."""
        return self.have.gpus * self.question.context

    @property
    def checkpoint_bytes(self) -> tuple[float, float]:
        """What was trained, in bf16, to use it; and with fp32 weights and moments, to go on."""
        return WEIGHT * self.there.n_trained, OPTIMIZER * self.there.n_trained

    @property
    def worth(self) -> Mapping[float, float] | None:
        """Epochs → what a token is then worth on average, 1 if each were new; of continued training alone."""
        if self.question.purpose != "continued":
            return None
        return {many: float(MUENNIGHOFF_2023.worth_of_epochs(many)) for many in sorted({*EPOCHS, self.epochs})}

    @property
    def worth_tokens(self) -> float | None:
        """New tokens that all that are seen are worth."""
        return None if self.worth is None else self.worth[self.epochs] * self.tokens

    def to_json(self) -> dict[str, Any]:
        """Plain values, null where unknown."""
        asked, have, epochs = self.question, self.have, epochs_advised(self.question)
        worth = None if self.worth is None else {f"{many:g}": value for many, value in self.worth.items()}
        return {
            "n_params": asked.size,
            "method": asked.method,
            "purpose": asked.purpose,
            "shape": asdict(asked.shape),
            "family": asked.family,
            "n_trained": self.there.n_trained,
            "rank": RANK if asked.method == "lora" else None,
            "corpus_tokens": asked.corpus,
            "epochs": self.epochs,
            "epochs_advised": list(epochs),
            "tokens": self.tokens,
            "worth": worth,
            "worth_tokens": self.worth_tokens,
            "flops": self.flops,
            "flops_executed": self.flops_executed,
            "recomputed": self.recomputed,
            "device": have.device.name,
            "gpus": have.gpus,
            "mfu": have.mfu,
            "goodput": have.goodput,
            "price": have.price,
            "hours": self.hours,
            "days": self.days,
            "dollars": self.dollars,
            "days_allowed": asked.days,
            "dollars_allowed": asked.dollars,
            "tokens_per_second": self.tokens_per_second,
            "context": asked.context,
            "step_tokens": self.step_tokens,
            "checkpoint_bytes": list(self.checkpoint_bytes),
            "fits": self.there.fits,
            "problem": self.problem,
            "doubts": list(self.doubts),
            "memory": _held(self.there),
            "one_gpu": _held(self.one_gpu),
            "enough_gpus": self.enough,
            "largest_on_one_gpu": dict(self.largest),
            "defaults": dict(self.defaults),
        }


def epochs_advised(question: TuningQuestion) -> tuple[int, int]:
    """The fewest and the most: of continued training those that are nearly free."""
    return (1, NEARLY_FREE) if question.purpose == "continued" else TYPICAL_EPOCHS


def per_token(n_params: float, held: Tuned) -> float:
    """FLOPs that are counted: 6 N, or 4 N + 6 n."""
    return lora_flops_per_token(n_params, held.n_trained) if held.method == "lora" else six_nd(n_params, 1.0)


def executed_per_token(question: TuningQuestion, held: Tuned) -> float:
    """FLOPs of matrices, head and attention; adapters save a third of the matrices' alone, and nothing of attention's.

    6 N' + 12 L H Q T in full, 4 N' + 12 L H Q T + 6 n with adapters: scores have no weights that could be frozen.
    """
    shape = question.shape
    if held.method == "full":
        return flops_per_token(shape)
    saved = six_nd(shape.n_params, 1.0) - lora_flops_per_token(shape.n_params, held.n_trained)
    return flops_per_token(shape) - saved


def executing(question: TuningQuestion, gpus: int, held: Tuned) -> Resources:
    """The GPUs, knowing how many FLOPs are executed for each that is counted."""
    size = question.shape.n_params_total
    return question.on(gpus).executing(executed_per_token(question, held) / per_token(size, held))


def _held(each: Tuned) -> dict[str, Any]:
    parts = {**vars(each.memory), "total": each.memory.total, "available": each.available}
    return {
        "fits": each.fits,
        "recomputation": each.recomputation.value,
        "zero": 3 if each.n_devices > 1 else 0,
        **parts,
    }
