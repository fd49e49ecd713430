"""FLOPs and parameters are what the papers' formulas and the compiler say."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from isoflop.costs.counts import bias_params, norm_params
from isoflop.costs.flops import flops_per_token, forward_flops_per_token
from isoflop.costs.operations import forward_flops, hoffmann_operations, kaplan_operations, of_layers
from isoflop.costs.shape import Shape
from isoflop.errors import BadInput
from isoflop.training.model import initialise, token_losses

BATCH = 2


def shape(n_layers: int, width: int, *, head_dim: int, vocab_size: int, context: int) -> Shape:
    return Shape(n_layers, width, width // head_dim, head_dim, 4 * width, vocab_size, context)


def test_non_embedding_parameters_are_twelve_layers_width_squared() -> None:
    """Kaplan et al. 2020, eq. 2.1, with d_attn = d_ff/4 = d_model: GPT-2's sizes."""
    counts = {(12, 768): 84.9e6, (24, 1024): 302e6, (36, 1280): 708e6, (48, 1600): 1.475e9}
    for (n_layers, width), known in counts.items():
        counted = shape(n_layers, width, head_dim=64, vocab_size=50257, context=1024).n_params_nonembedding
        assert counted == 12 * n_layers * width**2
        assert counted == pytest.approx(known, rel=1e-3)


@pytest.mark.parametrize("size", [(2, 12), (2, 64), (3, 96)])
def test_the_counts_of_a_shape_are_those_of_its_weights(size: tuple[int, int]) -> None:
    n_layers, width = size
    sized = Shape(n_layers, width, -(-width // 8), 8, 4 * width, 199, 64)
    params = initialise(sized, 0)
    total = sum(leaf.size for leaf in jax.tree.leaves(params))
    assert total == sized.n_params_total
    assert total - params["embedding"].size == sized.n_params
    assert total - params["embedding"].size - params["head"].size == sized.n_params_nonembedding


def test_attention_is_four_context_widths_a_layer_forward() -> None:
    """Hoffmann et al. 2022, app. F: QK^T and AV, 2 n_ctx d_attn each; Kaplan's Table 1 counts the causal half of it."""
    sized = shape(6, 512, head_dim=64, vocab_size=32000, context=2048)
    matrices = 2 * sized.n_params
    assert forward_flops_per_token(sized) - matrices == 4 * 6 * 2048 * 512


def test_conventions_agree_on_what_they_count() -> None:
    sized = shape(4, 256, head_dim=64, vocab_size=1000, context=128)
    assert flops_per_token(sized, "6nd") == 6 * sized.n_params
    assert flops_per_token(sized, "kaplan") == 6 * sized.n_params_nonembedding
    assert flops_per_token(sized) == flops_per_token(sized, "6nd") + 12 * 4 * 128 * 256


@pytest.mark.parametrize("width", [512, 768])
def test_exact_flops_are_what_the_compiler_counts_from_width_512_up(width: int) -> None:
    """XLA's cost analysis of one step, not scanned: it counts element-wise work too, so it may lie a little above."""
    sized = shape(2, width, head_dim=64, vocab_size=512, context=128)
    params = jax.eval_shape(lambda: initialise(sized, 0))
    windows = np.zeros((BATCH, sized.context + 1), np.int32)
    step = jax.jit(jax.value_and_grad(lambda params, windows: jnp.mean(token_losses(params, windows, sized))))
    counted = step.lower(params, windows).compile().cost_analysis()
    assert counted is not None
    assert counted["flops"] == pytest.approx(BATCH * sized.context * flops_per_token(sized), rel=0.03)


def test_an_impossible_shape_names_every_wrong_size() -> None:
    with pytest.raises(BadInput, match=r"n_layers = 0.*width = -8"):
        Shape(0, -8, 1, 8, 32, 200, 64)


SIZED = shape(6, 512, head_dim=64, vocab_size=32000, context=2048)


def test_kaplan_s_rows_add_up_to_its_equations() -> None:
    """arXiv:2001.08361, eq. 2.1 and 2.2: N, and 2 N + 2 n_layer n_ctx d_attn; the causal half of the mask."""
    rows = of_layers(kaplan_operations(SIZED))
    n = SIZED.n_params_nonembedding
    assert sum(row.n_params for row in rows) == n
    assert forward_flops(rows) == 2 * n + 2 * 6 * 2048 * 512
    assert forward_flops(of_layers(kaplan_operations(SIZED, causal=False))) == 2 * n + 4 * 6 * 2048 * 512
    assert flops_per_token(SIZED, "kaplan-attention") == 3 * forward_flops(rows)
    embed, *_, head = kaplan_operations(SIZED)
    assert (embed.n_params, embed.flops, head.flops) == ((32000 + 2048) * 512, 4 * 512, 2 * 512 * 32000)


def test_hoffmann_s_rows_are_those_of_appendix_f() -> None:
    """Over a sequence of length s, with its letters: V, d, k, h, f."""
    V, d, k, h, f, s, layers = 32000, 512, 64, 8, 2048, 2048, 6
    attention = 2 * 3 * s * d * k * h + 2 * s * s * k * h + 3 * h * s * s + 2 * s * s * k * h + 2 * s * k * h * d
    whole = 2 * s * V * d + layers * (attention + 2 * s * (d * f + d * f)) + 2 * s * d * V
    assert s * forward_flops(hoffmann_operations(SIZED)) == whole
    assert flops_per_token(SIZED, "hoffmann") == pytest.approx(3 * whole / s)


def test_the_full_count_exceeds_table_a4_where_embeddings_are_large() -> None:
    """Its 73M: 1.60 times 6ND with all that app. F lists, 1.03 printed, which the layers give."""
    small = Shape(10, 640, 10, 64, 2560, 32000, 2048)
    assert flops_per_token(small, "hoffmann") / (6 * 73e6) == pytest.approx(1.60, abs=0.005)


def test_deepseek_s_and_palm_s_counts_are_what_their_papers_write() -> None:
    """72 n d^2 + 12 n d s, and 6 N + 12 L H Q T."""
    assert flops_per_token(SIZED, "deepseek") == 72 * 6 * 512**2 + 12 * 6 * 512 * 2048
    assert flops_per_token(SIZED, "palm") == 6 * SIZED.n_params + 12 * 6 * 8 * 64 * 2048


def test_an_unknown_count_is_refused_with_those_there_are() -> None:
    with pytest.raises(BadInput, match=r"'6n'.*deepseek"):
        flops_per_token(SIZED, "6n")  # type: ignore[arg-type]


def test_biases_and_norms_complete_gpt2_small() -> None:
    """124,439,808 in all: matrices, 50,257 ids and 1,024 positions of width 768, biases, gains and shifts."""
    matrices = 12 * 12 * 768**2 + (50257 + 1024) * 768
    rest = bias_params(12, 768, ff_width=3072, attention_width=768) + norm_params(12, 768)
    assert matrices + rest == 124_439_808
