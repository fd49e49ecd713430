"""The largest model of a family of which something holds, such as that it fits one device."""

from collections.abc import Callable
from math import exp, log

from isoflop.conventions import Size
from isoflop.costs.shape import Shape
from isoflop.plans.shapes import Family, count, shape_of

_SMALLEST_WIDTH = 512
_STEP = 1e-3  # of N: how finely sizes are told apart
_BEYOND = 20  # steps past the edge that are looked at, since shapes come in whole layers


def largest(
    holds: Callable[[Shape], bool], like: Family, context: int, most: float, counts: Size = Size.WITH_HEAD
) -> Shape | None:
    """The largest shape with up to `most` parameters of which it holds; None where it holds of none.

    Halves the range of sizes, so it must hold of the smaller ones; then looks a little beyond, shape by shape.
    """

    def at(n_params: float) -> Shape:
        return shape_of(n_params, like, context, counts)

    found = at(like.vocab_size * _SMALLEST_WIDTH)
    if not holds(found):
        return None
    low, high = log(count(found, counts)), log(max(most, count(found, counts)))
    while high - low > _STEP:
        middle = (low + high) / 2
        shape = at(exp(middle))
        if holds(shape):
            low, found = middle, shape
        else:
            high = middle
    for step in range(1, _BEYOND + 1):
        shape = at(exp(low + step * _STEP))
        if count(found, counts) < count(shape, counts) <= most and holds(shape):
            found = shape
    return found
