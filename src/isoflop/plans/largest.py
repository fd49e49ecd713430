"""The largest model of a family of which something holds, such as that it fits one device."""

from collections.abc import Callable
from math import exp, log

from isoflop.conventions import Size
from isoflop.costs.shape import Shape
from isoflop.plans.shapes import Family, count, shape_of

_SMALLEST_WIDTH = 512
_STEP = 0.01  # of N: how finely sizes are told apart
_BEYOND = 35  # steps past the edge that are looked at


def largest(
    holds: Callable[[Shape], bool], like: Family, context: int, most: float, counts: Size = Size.WITH_HEAD
) -> Shape | None:
    """The largest shape with up to `most` parameters of which it holds, to a hundredth; None where it holds of none.

    Halves the range of sizes, then looks at those up to 40 % above: a slightly larger model may be wider and flatter,
    so that its cache is smaller, and fits again.
    """

    def at(log_n: float) -> Shape:
        return shape_of(exp(log_n), like, context, counts)

    found = at(log(like.vocab_size * _SMALLEST_WIDTH))
    if not holds(found):
        return None
    low, high = log(count(found, counts)), log(max(most, count(found, counts)))
    while high - low > _STEP:
        middle = (low + high) / 2
        shape = at(middle)
        if holds(shape):
            low, found = middle, shape
        else:
            high = middle
    for step in range(_BEYOND, 0, -1):
        shape = at(low + step * _STEP)
        if count(found, counts) < count(shape, counts) <= most and holds(shape):
            return shape
    return found
