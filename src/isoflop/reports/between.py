"""The ends of an interval, as they stand beside a number."""

from collections.abc import Callable

from isoflop.plans.plan import Quantity
from isoflop.units import print_count


def between(quantity: Quantity | None, show: Callable[[float], str] = print_count) -> str:
    """The ends in brackets, after a space; nothing where there is no interval or they read as one number."""
    if quantity is None or quantity.low is None or quantity.high is None:
        return ""
    low, high = show(quantity.low), show(quantity.high)
    return "" if low == high else f" ({low} to {high})"
