"""Served tokens as so many at the price of training, and the size that is the best for the price of serving it."""

from collections.abc import Callable
from math import exp, floor, log, pow

from isoflop.conventions import Size
from isoflop.costs.shape import Shape
from isoflop.plans.resources import Resources
from isoflop.plans.serving import FORWARD, serving_cost
from isoflop.plans.shapes import Family

_STEP = log(2) / 4  # of ln N: between sizes so far apart the cost goes in a line; 90 % of shapes are within 11 % of it
_CLOSE = 1e-7  # of ln N
_ROUNDS = 80
_FIRST = 2.0  # of ln N: the longest first step


def served_tokens(
    n_params: float,
    input_tokens: float,
    output_tokens: float,
    have: Resources,
    *,
    shape: Shape | None = None,
    context: int = 4096,
    like: Family | str = "llama",
    counts: Size = Size.WITH_HEAD,
) -> float:
    """T whose 2 N T cost as much, as FLOPs of training (6 N D), as reading and writing these tokens: `serving_cost`.

    Shapes go in steps: of a few more parameters a model may be wider and flatter and keep half the cache, so that no
    size is the best at its own price. Here ln T goes in a line of ln N from one size to the next, a fifth larger; a
    shape that is given has its own. Raises `BadInput`.
    """

    def at(n: float) -> float:
        found = serving_cost(
            n, input_tokens, output_tokens, have, shape=shape, context=context, like=like, counts=counts
        )
        return found.training_flops / (FORWARD * n)

    if shape is not None or not 1 <= n_params < 1e300:
        return at(n_params)
    step = floor(log(n_params) / _STEP)
    share = log(n_params) / _STEP - step
    below, above = at(exp(step * _STEP)), at(exp((step + 1) * _STEP))
    return below * pow(above / below, share) if below else 0.0


def settled(after: Callable[[float], float], guess: float) -> float:
    """N = after(N), where after(N) is the best size at the price of serving N: by false position (Illinois) in ln N.

    To put each answer in again does not settle: a cache makes small models dear, and the answers jump to and fro. From
    the guess outwards until the answer lies on the other side; where `after` jumps past N, N is where it does.
    """

    def off(log_n: float) -> float:
        return log(after(exp(log_n))) - log_n

    a = b = log(guess)
    off_a = off_b = off(a)
    step = min(max(off_a, -_FIRST), _FIRST)
    for _ in range(_ROUNDS):
        if off_a * off_b <= 0:
            break
        a, off_a = b, off_b
        b += step
        off_b, step = off(b), 2 * step
    for _ in range(_ROUNDS):
        if min(abs(off_b), abs(b - a)) < _CLOSE:
            break
        c = (a * off_b - b * off_a) / (off_b - off_a)
        off_c = off(c)
        if off_c * off_b < 0:
            a, off_a = b, off_b
        else:
            off_a /= 2
        b, off_b = c, off_c
    return exp(b)
