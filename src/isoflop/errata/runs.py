"""Runs and models that the claims are about, as their papers give them: sizes, tokens, steps, scores."""

from dataclasses import dataclass

from isoflop.costs.shape import Shape
from isoflop.units import pf_days_of


@dataclass(frozen=True)
class Trained:
    """A model as its paper counts it: N in parameters, D in tokens."""

    n_params: float
    tokens: float

    @property
    def flops(self) -> float:
        """6 N D."""
        return 6 * self.n_params * self.tokens

    @property
    def pf_days(self) -> float:
        """6 N D in PF-days."""
        return float(pf_days_of(self.flops))


# Brown et al. 2020, Table D.1; Hoffmann et al. 2022, sec. 4.
GPT_3 = Trained(175e9, 300e9)
GPT_3_FLOPS = 3.14e23
CHINCHILLA = Trained(70e9, 1.4e12)
TOKENS_PER_PARAMETER = CHINCHILLA.tokens / CHINCHILLA.n_params

# Share of right answers in MMLU, with four to choose from: Hoffmann et al. 2022, sec. 4.2.
MMLU_CHANCE, MMLU_GOPHER, MMLU_CHINCHILLA = 0.25, 0.600, 0.676

# Kaplan et al. 2020, sec. 2 and 3: the standard run, its data, the range of sizes without embeddings and of data.
BATCH_TOKENS, STEPS = 2**19, 2.5e5
STANDARD_TOKENS = BATCH_TOKENS * STEPS
WEBTEXT2_TOKENS = 2.29e10
FEWEST_TOKENS = WEBTEXT2_TOKENS / 2**10
SMALLEST, LARGEST = Trained(768, STANDARD_TOKENS), Trained(1.5e9, STANDARD_TOKENS)


def gpt_2_shape(n_layers: int, width: int) -> Shape:
    """A shape as Kaplan et al. 2020 and GPT-2 have it: d_attn = d_ff / 4 = d_model, heads of 64, BPE 50257."""
    return Shape(n_layers, width, width // 64, 64, 4 * width, 50257, 1024)
