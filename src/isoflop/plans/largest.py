"""The largest model of a family of which something holds, such as that it fits one device; and the smallest."""

from collections.abc import Callable
from math import exp, log

from isoflop.conventions import Size
from isoflop.costs.shape import Shape
from isoflop.errors import BadInput
from isoflop.plans.shapes import Family, built, count, shape_of

_STEP = 0.01  # of N: how finely sizes are told apart
_BEYOND = 35  # steps past the edge that are looked at
_HEADS = 4  # of the smallest model


def smallest(like: Family, context: int) -> Shape:
    """The smallest model of a family: one layer of four small heads."""
    return built((1, _HEADS * like.small_head_dim), like, context)


def largest(
    holds: Callable[[Shape], bool], like: Family, context: int, most: float, counts: Size = Size.WITH_HEAD
) -> Shape | None:
    """The largest shape with up to `most` parameters of which it holds, to a hundredth; None if not of the smallest.

    Halves the range of sizes, then looks at those up to 40 % above: a slightly larger model may be wider and flatter,
    so that its cache is smaller, and fits again. Sizes that no shape comes to, as there are between one layer and two
    of a small vocabulary, decide nothing.
    """

    def at(log_n: float) -> Shape | None:
        try:
            return shape_of(exp(log_n), like, context, counts)
        except BadInput:
            return None

    found = smallest(like, context)
    if not holds(found):
        return None
    low = log(count(found, counts))
    high = log(max(most, count(found, counts)))
    while high - low > _STEP:
        middle = (low + high) / 2
        shape = at(middle)
        if shape is None or holds(shape):
            low, found = middle, shape or found
        else:
            high = middle
    below = int((low - log(count(found, counts))) / _STEP)
    for step in range(_BEYOND, -below - 1, -1):
        shape = at(low + step * _STEP)
        if shape is not None and count(found, counts) < count(shape, counts) <= most and holds(shape):
            return shape
    return found
