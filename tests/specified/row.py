"""A number of the specification: which section says it, what gives it, and how far off the answer may be."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any


@dataclass(frozen=True)
class Row:
    """section of the specification; what: the number in words; function(*inputs) must give value, as it is printed.

    tolerance, absolute, is half a unit of the last digit printed, so that "2.3518" holds to the published digit; a
    wider one says why.
    """

    section: str
    what: str
    function: Callable[..., Any]
    inputs: tuple[Any, ...]
    value: str
    tolerance: float | None = None
    why: str = ""

    def __post_init__(self) -> None:
        assert self.tolerance is None or self.why, f"{self.what}: a tolerance of its own needs its reason."

    @property
    def allowed(self) -> float:
        """Half a unit of the last digit, or the tolerance that was given."""
        if self.tolerance is not None:
            return self.tolerance
        exponent = Decimal(self.value).as_tuple().exponent
        assert isinstance(exponent, int)
        return 0.5 * 10.0**exponent * (1 + 1e-9)

    def __str__(self) -> str:
        return f"{self.section}: {self.what}"
