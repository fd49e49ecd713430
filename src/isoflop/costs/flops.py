"""FLOPs of training, per token, by the convention of each paper; one multiply-add is two FLOPs.

Backward counts twice the forward pass (Kaplan et al. 2020, sec. 2.1), so training is three times forward.
"""

from typing import Literal, get_args

from isoflop.costs.operations import forward_flops, hoffmann_operations, kaplan_operations, of_layers
from isoflop.costs.shape import Shape
from isoflop.errors import BadInput

Convention = Literal["exact", "6nd", "kaplan", "kaplan-attention", "hoffmann", "deepseek", "palm"]

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

    exact: 3 (2 N + 4 n_layer n_ctx d_attn), what the trainer executes; N of matrices and head. Porian et al. 2024 call
    it "standard" with attention.
    6nd: 6 N, with the same N; Porian's "standard".
    kaplan: 6 N, with N non-embedding (Kaplan et al. 2020, eq. 2.2, context term dropped).
    kaplan-attention: 6 N + 6 n_layer n_ctx d_attn, N non-embedding: eq. 2.2 with the context term, the causal half.
    hoffmann: all of Hoffmann et al. 2022, app. F: embedding as a product, the full square, softmax, logits.
    deepseek: 6 N + 12 n_layer n_ctx d_attn, N non-embedding; 72 n d^2 + 12 n d s where d_attn = d and d_ff = 4 d (Bi et
    al. 2024, eq. 2: their M).
    palm: 6 N + 12 L H Q T, N with the embedding once (Chowdhery et al. 2022, app. B, of MFU): the same as exact.
    """
    match convention:
        case "exact" | "palm":
            return BACKWARD_AND_FORWARD * forward_flops_per_token(shape)
        case "6nd":
            return 6.0 * shape.n_params
        case "kaplan":
            return 6.0 * shape.n_params_nonembedding
        case "kaplan-attention":
            return BACKWARD_AND_FORWARD * forward_flops(of_layers(kaplan_operations(shape)))
        case "deepseek":
            return BACKWARD_AND_FORWARD * forward_flops(of_layers(kaplan_operations(shape, causal=False)))
        case "hoffmann":
            return BACKWARD_AND_FORWARD * forward_flops(hoffmann_operations(shape))
    raise BadInput(f"No count of FLOPs is called {convention!r}. There are {', '.join(get_args(Convention))}.")
