"""How Kaplan et al. 2020 trained: the learning rate of a size, the standard run, and the text."""

from dataclasses import dataclass
from typing import Any

from isoflop.laws.arrays import bounded_exp, floats, log
from isoflop.laws.constants.kaplan import STANDARD_RUN, TEXT
from isoflop.laws.law import Law, param
from isoflop.laws.published import constants


@dataclass(frozen=True)
class LearningRateOfSize(Law):
    """eta(N) = a - b ln N

    Kaplan et al. 2020, arXiv:2001.08361, eq. D.1 (there LR), of Adam. The logarithm is natural. It breaks down for
    N > 1e10, and is negative beyond `zero`. N leaves out embeddings.
    """

    a: float = param("1", "the rate at N = 1", starts=(1e-3, 1e-2), linear=True)
    b: float = param("1", "what an e-fold of size takes off the rate", starts=(1e-4, 1e-3), linear=True)

    inputs = ("n_params",)
    output = "learning_rate"
    output_unit = "1"
    paper = "kaplan2020"

    def __call__(self, n_params: Any) -> Any:
        """eta of N parameters."""
        return self.a - self.b * log(n_params)

    @property
    def zero(self) -> Any:
        """N = e^(a / b), the size whose rate would be 0."""
        return bounded_exp(self.a / self.b)


@dataclass(frozen=True)
class StandardRun:
    """The run behind most of their models, sec. 2.2: linear warmup, then a cosine to zero over all steps."""

    batch_sequences: int
    context: int
    steps: int
    warmup_steps: int

    @property
    def batch_tokens(self) -> int:
        """B: sequences times their tokens."""
        return self.batch_sequences * self.context

    @property
    def tokens(self) -> int:
        """D = B S; not 2 B S, which is of S_min steps at the critical batch."""
        return self.batch_tokens * self.steps

    def flops(self, n_params: Any) -> Any:
        """C = 6 N B S, N non-embedding, in FLOPs (eq. 2.2 without the context term)."""
        return 6 * floats(n_params) * floats(self.tokens)


@dataclass(frozen=True)
class Text:
    """A corpus after its tokenizer, sec. 2.3."""

    documents: float
    words: float
    tokens: float
    test_tokens: float

    @property
    def tokens_per_word(self) -> float:
        """Mean."""
        return self.tokens / self.words

    def epochs(self, tokens: float) -> float:
        """How often tokens trained on go through the text."""
        return tokens / self.tokens


KAPLAN_2020_LEARNING_RATE = LearningRateOfSize(**constants("KAPLAN_2020_LEARNING_RATE"))
KAPLAN_2020_RUN = StandardRun(**STANDARD_RUN)
WEBTEXT2 = Text(**TEXT)
