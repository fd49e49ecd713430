"""Parameters and forward FLOPs of every operation of a Transformer, as Kaplan's and Hoffmann's tables list them."""

from dataclasses import dataclass

from isoflop.costs.shape import Shape


@dataclass(frozen=True)
class Operation:
    """A row: its name, the parameters it holds, and its forward FLOPs per token; one multiply-add is two FLOPs."""

    name: str
    n_params: int
    flops: float


def kaplan_operations(shape: Shape, *, causal: bool = True) -> tuple[Operation, ...]:
    """The rows of Kaplan et al. 2020, arXiv:2001.08361, Table 1.

    Its "mask" counts half of the square, 2 n_ctx d_attn a layer, which is what a token attends to on average; not
    causal: all of it, 4 n_ctx d_attn. N and C of that paper are of the rows between the embedding and its inverse.
    """
    n, d, attention = shape.n_layers, shape.width, shape.attention_width
    mask = (2 if causal else 4) * n * shape.context * attention
    qkv, project, feed = n * d * 3 * attention, n * attention * d, n * 2 * d * shape.ff_width
    return (
        Operation("embed", (shape.vocab_size + shape.context) * d, 4 * d),
        Operation("attention: QKV", qkv, 2 * qkv),
        Operation("attention: mask", 0, mask),
        Operation("attention: project", project, 2 * project),
        Operation("feedforward", feed, 2 * feed),
        Operation("de-embed", 0, 2 * d * shape.vocab_size),
    )


def hoffmann_operations(shape: Shape) -> tuple[Operation, ...]:
    """The rows of Hoffmann et al. 2022, arXiv:2203.15556, app. F, over the sequence's length s.

    The embedding is counted as a product with one-hot vectors. All of app. F is 1.60 (73e6) to 1.03 (6.8e9) times 6ND;
    its Table A4 prints 1.03 to 0.99, which the layers alone give, without embeddings, softmax and logits.
    """
    n, d, attention, s = shape.n_layers, shape.width, shape.attention_width, shape.context
    return (
        Operation("embeddings", shape.vocab_size * d, 2 * shape.vocab_size * d),
        Operation("attention: QKV", n * 3 * d * attention, n * 2 * 3 * d * attention),
        Operation("attention: logits", 0, n * 2 * s * attention),
        Operation("attention: softmax", 0, n * 3 * shape.n_heads * s),
        Operation("attention: reduction", 0, n * 2 * s * attention),
        Operation("attention: out", n * attention * d, n * 2 * attention * d),
        Operation("dense", n * 2 * d * shape.ff_width, n * 2 * 2 * d * shape.ff_width),
        Operation("logits", 0, 2 * d * shape.vocab_size),
    )


OF_EMBEDDINGS = ("embed", "de-embed", "embeddings", "logits")
"""The rows outside the layers."""


def of_layers(operations: tuple[Operation, ...]) -> tuple[Operation, ...]:
    """The rows of the layers: what is left without embeddings and head."""
    return tuple(each for each in operations if each.name not in OF_EMBEDDINGS)


def forward_flops(operations: tuple[Operation, ...]) -> float:
    """Their FLOPs per token."""
    return float(sum(each.flops for each in operations))
