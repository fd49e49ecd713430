"""From a number of parameters to a shape one can build: layers, width, heads, feed-forward, after a known family."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import log

from isoflop.conventions import Size
from isoflop.costs.gated import GatedShape
from isoflop.costs.shape import Shape
from isoflop.errors import BadInput
from isoflop.units import print_count

_SIZE_WEIGHT = 20.0  # how much a miss in N weighs against one in width / layers, both as logarithms
_WIDEST = 65_536
_HEADS = 4  # the number of heads is a multiple of it, of wide models of twice it
_CLOSE = 0.1  # of N; a shape further off is no answer


@dataclass(frozen=True)
class Family:
    """How models of a family are proportioned.

    aspect: width per layer. head_dim: of models wider than `wide`, small_head_dim of others. kv: query heads per key
    and value head; 0: not grouped, with a plain feed-forward of ff widths. Loss hardly depends on proportions: within
    a few per cent over a fortyfold range of the aspect (Kaplan et al. 2020, arXiv:2001.08361, fig. 5).
    """

    name: str
    vocab_size: int
    aspect: float
    head_dim: int
    small_head_dim: int
    wide: int
    ff: float
    kv: int
    source: str


FAMILIES: Mapping[str, Family] = {
    "llama": Family("llama", 128_256, 128.0, 128, 64, 2048, 3.5, 4, "Llama 3.1 8B's proportions, unverified"),
    "gpt2": Family(
        "gpt2", 50_257, 64.0, 64, 64, 2048, 4.0, 0, "GPT-2 small's proportions, the head untied, unverified"
    ),
}


def family(name: str) -> Family:
    """The family of this name. Raises `BadInput` naming those there are."""
    if name not in FAMILIES:
        raise BadInput(f"No family of shapes is called {name!r}. There are {', '.join(FAMILIES)}.")
    return FAMILIES[name]


def shape_of(n_params: float, like: Family, context: int, counts: Size = Size.WITH_HEAD) -> Shape:
    """The shape of about N parameters, by what N counts, whose width per layer is nearest to the family's.

    Raises `BadInput` where none comes within a tenth of N, as of models smaller than their vocabulary.
    """
    step = _HEADS * like.small_head_dim
    best: tuple[float, Shape] | None = None
    for width in range(step, _WIDEST + 1, step):
        if width > like.wide and width % (2 * _HEADS * like.head_dim):
            continue  # so that tensor parallelism of 8 divides the heads
        one = _shape(like, width, 1, context)
        layer, around = one.n_params_nonembedding, count(one, counts) - one.n_params_nonembedding
        n_layers = max(1, round((n_params - around) / layer))
        shape = _shape(like, width, n_layers, context)
        miss = abs(log(count(shape, counts) / n_params))
        score = abs(log(width / n_layers / like.aspect)) + _SIZE_WEIGHT * miss
        if miss <= _CLOSE and (best is None or score < best[0]):
            best = score, shape
    if best is None:
        raise BadInput(
            f"No shape like {like.name}'s, with {like.vocab_size:,} ids, comes to {print_count(n_params)} parameters "
            f"({counts}). A smaller vocabulary is needed for so small a model."
        )
    return best[1]


def built(sizes: tuple[int, ...], like: Family, context: int) -> Shape:
    """The shape of these (layers, width) or (layers, width, feed-forward width), else as the family.

    Raises `BadInput` where the width is no multiple of a head.
    """
    n_layers, width, *ff_width = sizes
    found = _shape(like, width, n_layers, context)
    if found.attention_width != width:
        raise BadInput(f"A width of {width:,} is no multiple of {like.name}'s heads of {found.head_dim}.")
    return replace(found, ff_width=ff_width[0]) if ff_width else found


def count(shape: Shape, counts: Size) -> int:
    """N of a shape by what it counts."""
    match counts:
        case Size.NON_EMBEDDING:
            return shape.n_params_nonembedding
        case Size.TOTAL:
            return shape.n_params_total
        case _:
            return shape.n_params


def _shape(like: Family, width: int, n_layers: int, context: int) -> Shape:
    head_dim = like.head_dim if width > like.wide else like.small_head_dim
    n_heads = width // head_dim
    ff = round(like.ff * width)
    if not like.kv:
        return Shape(n_layers, width, n_heads, head_dim, ff, like.vocab_size, context)
    kv = n_heads // like.kv if n_heads % like.kv == 0 else n_heads
    ff = 256 * max(1, round(ff / 256))
    return GatedShape(n_layers, width, n_heads, head_dim, ff, like.vocab_size, context, n_kv_heads=kv)
