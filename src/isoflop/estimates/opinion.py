"""What one approach says of the best size and its loss, to be laid beside the others."""

from dataclasses import dataclass
from typing import Any

from isoflop.estimates.interval import Interval


@dataclass(frozen=True)
class Estimate:
    """A number, and its 90 % interval where there is one."""

    value: float
    interval: Interval | None = None

    def __str__(self) -> str:
        if self.interval is None:
            return f"{self.value:.4g}"
        return f"{self.value:.4g} ({self.interval.low:.4g} to {self.interval.high:.4g})"

    def to_json(self) -> dict[str, Any]:
        """{"value", "interval"}, the latter null where there is none."""
        return {"value": self.value, "interval": self.interval.to_json() if self.interval else None}


@dataclass(frozen=True)
class Opinion:
    """One approach: exponent a of N_opt ~ C^a, and N_opt (parameters) and loss (nats/token) at each of flops.

    The loss is that of L(C) = E + A / C^alpha where it has a floor, else of A / C^alpha. Where the approach could not
    be run there are no numbers, but a reason.
    """

    approach: str
    flops: tuple[float, ...]
    exponent: Estimate | None = None
    n_params: tuple[Estimate, ...] = ()
    loss: tuple[Estimate, ...] = ()
    reason: str = ""

    def to_json(self) -> dict[str, Any]:
        """Numbers by name, null or empty where the approach could not be run."""
        return {
            "approach": self.approach,
            "flops": list(self.flops),
            "exponent": self.exponent.to_json() if self.exponent else None,
            "n_params": [each.to_json() for each in self.n_params],
            "loss": [each.to_json() for each in self.loss],
            "reason": self.reason,
        }
