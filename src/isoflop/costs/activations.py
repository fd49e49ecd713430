"""Bytes that training keeps for the backward pass (Korthikanti et al. 2022, arXiv:2205.05198); the cost of redoing."""

from enum import StrEnum

from isoflop.costs.flops import BACKWARD_AND_FORWARD, forward_flops_per_token
from isoflop.costs.shape import Shape
from isoflop.errors import BadInput

REPLICATED = 10.0  # inputs of norms and of both blocks, dropout masks: not split by tensor parallelism alone
ATTENTION = 8.0  # Q, K, V and the input of the output matrix; times d_attn / d_model
FEED_FORWARD = 16.0  # input of the non-linearity and of the second matrix, 4 d_model each; times d_ff / (4 d_model)
SCORES = 5.0  # softmax, its dropout mask, and its output dropped out: of each head's n_ctx x n_ctx
LAYER_INPUT = 2.0  # all that full recomputation keeps
LOGIT = 2.0 + 4.0  # bf16, and fp32 for the loss


class Recomputation(StrEnum):
    """What the backward pass computes again: nothing, the attention scores, or whole layers."""

    NONE = "none"
    SELECTIVE = "selective"
    FULL = "full"


def activation_bytes_per_layer(
    shape: Shape,
    micro_batch: int = 1,
    *,
    tensor: int = 1,
    sequence_parallel: bool = False,
    recomputation: Recomputation = Recomputation.NONE,
    flash: bool = True,
) -> float:
    """s b h (10 + 24 / t + 5 a s / (h t)), bytes a layer on one device, for micro-batches of b sequences.

    s: context; h: width; a: heads; t: tensor-parallel devices. With sequence parallelism all is split:
    (s b h / t)(34 + 5 a s / h). Selective recomputation, or attention that never writes its scores out (flash), drops
    the last term; full keeps 2 s b h. Table 2 of the paper, where d_ff = 4 h and d_attn = h; for other shapes its 24 is
    8 d_attn / h + 4 d_ff / h, which is ours.
    """
    if tensor < 1 or micro_batch < 1:
        raise BadInput(f"Needs 1 or more tensor-parallel devices and sequences; got {tensor} and {micro_batch}.")
    s, b, h = shape.context, micro_batch, shape.width
    if recomputation is Recomputation.FULL:
        return LAYER_INPUT * s * b * h
    split = ATTENTION * shape.attention_width / h + FEED_FORWARD * shape.ff_width / (4 * h)
    replicated = REPLICATED / tensor if sequence_parallel else REPLICATED
    kept = s * b * h * (replicated + split / tensor)
    if flash or recomputation is Recomputation.SELECTIVE:
        return kept
    return kept + SCORES * shape.n_heads * s * s * b / tensor


def logit_bytes(shape: Shape, micro_batch: int = 1, *, tensor: int = 1) -> float:
    """s b V (2 + 4) / t: bytes of the logits, in bf16 and in fp32 for the loss."""
    return LOGIT * shape.context * micro_batch * shape.vocab_size / tensor


def recomputed_share(shape: Shape, recomputation: Recomputation) -> float:
    """FLOPs of recomputing over those of training: full 1/3; selective the scores, 4 n_layer n_ctx d_attn a token.

    Korthikanti et al. (sec. 5) say s / (6 h) for selective, three times this: as much as the scores' whole training.
    """
    forward = forward_flops_per_token(shape)
    scores = 4.0 * shape.n_layers * shape.context * shape.attention_width
    again = {Recomputation.NONE: 0.0, Recomputation.SELECTIVE: scores, Recomputation.FULL: forward}[recomputation]
    return again / (BACKWARD_AND_FORWARD * forward)


def pipeline_bubble(stages: int, micro_batches: int) -> float:
    """(p - 1) / m: idle time of a pipeline over the time it works, p stages and m micro-batches."""
    if stages < 1 or micro_batches < 1:
        raise BadInput(f"A pipeline has 1 or more stages and micro-batches; got {stages} and {micro_batches}.")
    return (stages - 1) / micro_batches
