"""From one count of a model's parameters to another, by its vocabulary and width; what biases and norms add."""

from dataclasses import replace

from isoflop.conventions import MEANINGS, Counted, Size
from isoflop.errors import BadInput


def nonembedding_of(
    n_params: Counted, *, vocab_size: int, width: int, positions: int = 0, tied: bool = False
) -> Counted:
    """N without embeddings and head (Kaplan et al. 2020, sec. 2.1), from any count but the active one.

    vocab_size ids and `positions` learned positions (0: none are learned) of `width` numbers each; tied: the head is
    the embedding. Raises `BadInput` where no parameters would be left, or the count is another.
    """
    left = n_params.value - _beside(n_params, vocab_size * width, positions * width, tied)
    if not left > 0:
        raise BadInput(
            f"N = {n_params.value:,.0f}, {MEANINGS[n_params.counts]}, leaves {left:,.0f} without the embeddings of "
            f"{vocab_size:,} ids in width {width}. Check the vocabulary, the width, and what N counts."
        )
    return Counted(left, Size.NON_EMBEDDING)


def with_head_of(n_params: Counted, *, vocab_size: int, width: int, positions: int = 0, tied: bool = False) -> Counted:
    """N of matrices and output head (Porian et al. 2024, "standard"), from any count but the active one."""
    bare = nonembedding_of(n_params, vocab_size=vocab_size, width=width, positions=positions, tied=tied)
    return Counted(bare.value + vocab_size * width, Size.WITH_HEAD)


def total_of(n_params: Counted, *, vocab_size: int, width: int, positions: int = 0, tied: bool = False) -> Counted:
    """All of N: non-embedding, input embedding, learned positions, and the head where it is one of its own."""
    bare = nonembedding_of(n_params, vocab_size=vocab_size, width=width, positions=positions, tied=tied)
    whole = replace(bare, counts=Size.TOTAL)
    return replace(whole, value=bare.value + _beside(whole, vocab_size * width, positions * width, tied))


def bias_params(n_layers: int, width: int, *, ff_width: int, attention_width: int) -> int:
    """What biases add, which no count above holds: n_layer (3 d_attn + d_model + d_ff + d_model), as in GPT-2."""
    return n_layers * (3 * attention_width + width + ff_width + width)


def norm_params(n_layers: int, width: int) -> int:
    """What layer norms add: gain and shift of two norms a layer and of the last one, (2 n_layer + 1) 2 d_model."""
    return (2 * n_layers + 1) * 2 * width


def _beside(n_params: Counted, ids: int, positions: int, tied: bool) -> int:
    """What a count holds beside the non-embedding parameters."""
    match n_params.counts:
        case Size.NON_EMBEDDING:
            return 0
        case Size.WITH_HEAD:
            return ids
        case Size.TOTAL:
            return ids * (1 if tied else 2) + positions
    raise BadInput(f"N = {n_params.value} counts {MEANINGS[n_params.counts]}: that says nothing of the embeddings.")
