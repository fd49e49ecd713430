"""How large a vocabulary should be: Tao et al. 2024."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from isoflop.laws.arrays import bounded_exp, exp, log
from isoflop.laws.crossing import crossing
from isoflop.laws.law import Law, param
from isoflop.laws.published import constants

_ANY = (-np.inf, np.inf)


@dataclass(frozen=True)
class Vocabulary(Law):
    """L_u(N, N_v, D) = A1 / N^alpha1 + A2 / N_v^alpha2 + B / D^beta - E

    Tao et al. 2024, arXiv:2407.13623, sec. 3.3. L_u is the cross-entropy less that of a model which knows no more than
    how frequent each token is, in nats/token: it is below 0, and compares between vocabularies, as L does not. N leaves
    out the embedding and the head, N_v = V d counts one of the two. The authors tie alpha1 and beta.
    """

    E: float = param("nats/token", "how far L_u is below 0 at its lowest", starts=(3.0, 6.0), linear=True)
    A1: float = param("nats/token", "what a finite model costs, at N = 1", starts=(10.0, 1e3), linear=True)
    A2: float = param("nats/token", "what a finite vocabulary costs, at N_v = 1", starts=(10.0, 3e3), linear=True)
    B: float = param("nats/token", "what finite data costs, at D = 1", starts=(1e3, 3e4), linear=True)
    alpha1: float = param("1", "how fast size helps", starts=(0.3, 0.5))
    alpha2: float = param("1", "how fast the vocabulary helps", starts=(0.3, 0.7))
    beta: float = param("1", "how fast data helps", starts=(0.3, 0.5))

    inputs = ("n_params", "vocab_params", "tokens")
    output = "unigram_loss"
    paper = "tao2024"

    def __call__(self, n_params: Any, vocab_params: Any, tokens: Any) -> Any:
        """L_u at N parameters beside the N_v of the vocabulary and D tokens, nats/token."""
        size, data = bounded_exp(-self.alpha1 * log(n_params)), bounded_exp(-self.beta * log(tokens))
        return self.A1 * size + self.A2 * bounded_exp(-self.alpha2 * log(vocab_params)) + self.B * data - self.E

    def best_vocab_params(self, n_params: Any, flops: Any) -> Any:
        """N_v of the least L_u at N parameters and C = 6 (N + N_v) D FLOPs; the vocabulary is N_v / d.

        The authors' approach 3: alpha2 A2 / N_v^(alpha2 + 1) = beta B (6 / C)^beta (N + N_v)^(beta - 1).
        """

        def slope(log_vocab: Any) -> Any:
            size = log(self.alpha2 * self.A2) - (self.alpha2 + 1) * log_vocab
            data = log(self.beta * self.B) + self.beta * log(6 / flops)
            return size - data - (self.beta - 1) * log(n_params + exp(log_vocab))

        return exp(crossing(slope, log(1e-6 * n_params), log(1e6 * n_params)))


@dataclass(frozen=True)
class OptimalVocabulary(Law):
    """N_v = k N^gamma

    Tao et al. 2024, arXiv:2407.13623, sec. 3.1 and 3.2: the best parameters of the vocabulary, one embedding of V d,
    for N beside them, where tokens grow with N. With gamma below 1 a vocabulary grows slower than its model.
    """

    k: float = param("parameters", "of the vocabulary, at N = 1", starts=(0.1, 1.0, 10.0), linear=True)
    gamma: float = param("1", "how the best vocabulary grows", starts=(0.5, 0.8, 1.0), domain=_ANY, scale="linear")

    inputs = ("n_params",)
    output = "vocab_params"
    output_unit = "parameters"
    paper = "tao2024"

    def __call__(self, n_params: Any) -> Any:
        """N_v at N parameters beside them, parameters."""
        return self.k * bounded_exp(self.gamma * log(n_params))


@dataclass(frozen=True)
class TokensPerCharacter(Law):
    """f(V) = a (ln V)^2 + b ln V + c

    Tao et al. 2024, arXiv:2407.13623: how many tokens a character of text becomes; D = f(V) H of H characters. It is an
    interpolation: past e^(-b / (2 a)) it would rise again.
    """

    a: float = param(
        "tokens/character", "how the fall slows down", starts=(0.006,), domain=_ANY, scale="linear", linear=True
    )
    b: float = param("tokens/character", "the fall at V = 1", starts=(-0.16,), domain=_ANY, scale="linear", linear=True)
    c: float = param("tokens/character", "tokens at V = 1", starts=(1.2,), domain=_ANY, scale="linear", linear=True)

    inputs = ("vocab_size",)
    output = "tokens_per_character"
    output_unit = "tokens/character"
    paper = "tao2024"

    def __call__(self, vocab_size: Any) -> Any:
        """f at a vocabulary of V ids, tokens per character."""
        ln_V = log(vocab_size)
        return self.a * ln_V**2 + self.b * ln_V + self.c

    def flops(self, n_params: Any, vocab_size: Any, width: Any, characters: Any) -> Any:
        """C = 6 (N + V d) H f(V), FLOPs: training on H characters a model of width d with N parameters beside V d."""
        return 6 * (n_params + vocab_size * width) * characters * self(vocab_size)


TAO_2024 = Vocabulary(**constants("TAO_2024"))
TAO_2024_ISOFLOP = OptimalVocabulary(**constants("TAO_2024_ISOFLOP"))
TAO_2024_DERIVATIVE = OptimalVocabulary(**constants("TAO_2024_DERIVATIVE"))
TAO_2024_COMPRESSION = TokensPerCharacter(**constants("TAO_2024_COMPRESSION"))
