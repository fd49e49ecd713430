"""The shape of a decoder-only Transformer and its parameter counts, one per convention."""

from dataclasses import dataclass

from isoflop.errors import BadInput


@dataclass(frozen=True)
class Shape:
    """Layers, widths, vocabulary and context: all that parameter and FLOP counts depend on.

    Norms have no gains and matrices no biases, so the counts below are exact. All in parameters or tokens.
    Raises `BadInput`, naming every size that is not a positive integer.
    """

    n_layers: int
    width: int
    n_heads: int
    head_dim: int
    ff_width: int
    vocab_size: int
    context: int

    def __post_init__(self) -> None:
        wrong = [f"{name} = {value!r}" for name, value in vars(self).items() if not isinstance(value, int) or value < 1]
        if wrong:
            raise BadInput(f"A shape needs positive whole numbers; got {', '.join(wrong)}.")

    @property
    def attention_width(self) -> int:
        """d_attn = n_heads * head_dim (Kaplan et al. 2020, sec. 2.1)."""
        return self.n_heads * self.head_dim

    @property
    def n_params_nonembedding(self) -> int:
        """N = 2 d_model n_layer (2 d_attn + d_ff), Kaplan et al. 2020, eq. 2.1: no embedding, no head."""
        return 2 * self.width * self.n_layers * (2 * self.attention_width + self.ff_width)

    @property
    def n_params_head(self) -> int:
        """d_model * n_vocab: the output head."""
        return self.width * self.vocab_size

    @property
    def n_params(self) -> int:
        """The default N: weight matrices and output head, no input embedding (Porian et al. 2024, "standard")."""
        return self.n_params_nonembedding + self.n_params_head

    @property
    def n_params_total(self) -> int:
        """Everything trained: the default N plus the untied input embedding."""
        return self.n_params + self.width * self.vocab_size
