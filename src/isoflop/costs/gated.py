"""The shape of a Transformer with a gated feed-forward and grouped queries, as Llama's."""

from dataclasses import dataclass

from isoflop.costs.shape import Shape


@dataclass(frozen=True)
class GatedShape(Shape):
    """A `Shape` whose feed-forward has three matrices (SwiGLU) and whose keys and values have fewer heads (GQA)."""

    n_kv_heads: int

    @property
    def n_params_nonembedding(self) -> int:
        """N = n_layer d_model (2 d_attn + 2 d_kv + 3 d_ff): no embedding, no head."""
        kv_width = self.n_kv_heads * self.head_dim
        return self.n_layers * self.width * (2 * self.attention_width + 2 * kv_width + 3 * self.ff_width)
