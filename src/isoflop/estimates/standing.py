"""How one law, or baseline, came out of a forward hold-out."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Standing:
    """One law, or baseline, after it was held out from the largest budget.

    rms: root mean square relative error of the loss over that budget's runs; error: found / said - 1 at its lowest run;
    compute: the same in ln C, ΔL / |dL/d ln C|: 0.1 is 10 % of compute. score: ln density of all that was held out.
    None where nothing was said, or the law is flat there; weight: in the bag.
    """

    name: str
    constants: int
    rms: float | None
    error: float | None
    compute: float | None
    score: float | None
    weight: float | None

    def to_json(self) -> dict[str, Any]:
        """Its numbers by name, null where nothing was said."""
        return dict(vars(self))
