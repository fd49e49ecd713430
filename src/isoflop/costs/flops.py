"""FLOPs of training, per token, by the convention of each paper; one multiply-add is two FLOPs.

Backward counts twice the forward pass (Kaplan et al. 2020, sec. 2.1), so training is three times forward.
"""

from typing import Literal

from isoflop.costs.shape import Shape

Convention = Literal["exact", "6nd", "kaplan"]

BACKWARD_AND_FORWARD = 3


def forward_flops_per_token(shape: Shape) -> float:
    """Matrix multiplications executed per token: 2 N + 4 n_layer n_ctx d_attn.

    N counts matrices and head. The attention term is the full n_ctx x n_ctx square for QK^T and for AV, as executed
    (Hoffmann et al. 2022, app. F, without the embedding look-up, which multiplies nothing, and without the softmax);
    Kaplan's Table 1 counts the causal half.
    """
    attention = 4 * shape.n_layers * shape.context * shape.attention_width
    return 2.0 * shape.n_params + attention


def flops_per_token(shape: Shape, convention: Convention = "exact") -> float:
    """Training FLOPs per token.

    exact: 3 (2 N + 4 n_layer n_ctx d_attn), what the trainer executes.
    6nd: 6 N, with the default N (matrices and head).
    kaplan: 6 N, with N non-embedding (Kaplan et al. 2020, eq. 2.2, context term dropped).
    """
    match convention:
        case "exact":
            return BACKWARD_AND_FORWARD * forward_flops_per_token(shape)
        case "6nd":
            return 6.0 * shape.n_params
        case "kaplan":
            return 6.0 * shape.n_params_nonembedding
