"""Models and shapes that the claims are about, as their papers give them."""

from dataclasses import dataclass

from isoflop.costs.shape import Shape
from isoflop.laws.kaplan_protocol import KAPLAN_2020_RUN, WEBTEXT2
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


# Brown et al. 2020, Tables 2.1 and D.1, which rounds to both; Hoffmann et al. 2022, sec. 4.
GPT_3, GPT_3_FLOPS, GPT_3_PF_DAYS = Trained(175e9, 300e9), 3.14e23, 3640
CHINCHILLA = Trained(70e9, 1.4e12)

# Share of right answers in MMLU, with four to choose from: Hoffmann et al. 2022, sec. 4.2.
MMLU_CHANCE, MMLU_GOPHER, MMLU_CHINCHILLA = 0.25, 0.600, 0.676

# Kaplan et al. 2020, sec. 2.2 and 3.1: N without embeddings.
SMALLEST, LARGEST = (Trained(n, KAPLAN_2020_RUN.tokens) for n in (768, 1.5e9))
FEWEST_TOKENS = WEBTEXT2.tokens / 2**10
VOCABULARY = 50257


def gpt_2_shape(n_layers: int, width: int) -> Shape:
    """A shape as GPT-2 and Kaplan et al. 2020 have it: d_attn = d_ff / 4 = d_model, heads of 64."""
    return Shape(n_layers, width, width // 64, 64, 4 * width, VOCABULARY, KAPLAN_2020_RUN.context)
