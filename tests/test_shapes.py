"""Shapes for a size: near it by the count asked, proportioned as their family, and buildable."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isoflop.conventions import Size
from isoflop.costs.gated import GatedShape
from isoflop.errors import BadInput
from isoflop.plans.shapes import FAMILIES, count, family, shape_of


def test_eight_billion_parameters_are_llama_s_eight_billion() -> None:
    """Llama 3.1 8B: 32 layers of width 4096, 32 heads of 128, 8 of them keys' and values', feed-forward 14336."""
    shape = shape_of(8.03e9, family("llama"), 8192, Size.TOTAL)
    assert isinstance(shape, GatedShape)
    assert (shape.n_layers, shape.width, shape.n_heads, shape.ff_width) == (32, 4096, 32, 14336)
    assert (shape.head_dim, shape.n_kv_heads) == (128, 8)
    assert shape.n_params_total == pytest.approx(8.03e9, rel=2e-3)


def test_gpt2_small_is_found_from_its_size() -> None:
    shape = shape_of(12 * 12 * 768**2, family("gpt2"), 1024, Size.NON_EMBEDDING)
    assert (shape.n_layers, shape.width, shape.n_heads, shape.ff_width) == (12, 768, 12, 3072)


@given(st.floats(8.3, 12), st.sampled_from(sorted(FAMILIES)), st.sampled_from([Size.TOTAL, Size.WITH_HEAD]))
def test_a_shape_is_near_the_size_asked(log_n: float, name: str, counts: Size) -> None:
    shape = shape_of(10**log_n, family(name), 2048, counts)
    assert count(shape, counts) == pytest.approx(10**log_n, rel=0.1)
    assert shape.width == shape.attention_width
    aspect = shape.width / shape.n_layers / family(name).aspect
    assert 0.1 < aspect < 10  # where Kaplan et al. 2020, fig. 5, see a few per cent of the loss


def test_a_model_smaller_than_its_vocabulary_is_refused() -> None:
    with pytest.raises(BadInput, match="smaller vocabulary"):
        shape_of(1e5, family("llama"), 2048)
    with pytest.raises(BadInput, match="llama, gpt2"):
        family("mamba")


def test_gpt2_s_head_is_counted_apart_from_its_embedding_and_that_is_said() -> None:
    like = family("gpt2")
    found = shape_of(124e6, like, 1024)
    assert found.n_params_total - found.n_params == like.vocab_size * found.width
    assert found.n_params - found.n_params_nonembedding == like.vocab_size * found.width
    assert "the head untied" in like.source
