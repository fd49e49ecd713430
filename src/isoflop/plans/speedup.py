"""What a larger batch buys and costs: fewer steps, so less time on more GPUs, for more tokens and FLOPs."""

from dataclasses import dataclass
from math import inf, isfinite
from typing import Any

from isoflop.errors import BadInput
from isoflop.units import print_count

ASSUMED = (
    "A step takes as long with a larger batch on as many times more GPUs, communication aside; the learning rate is "
    "tuned again for it; the tokens are all different."
)


@dataclass(frozen=True)
class Trade:
    """What it takes to reach one loss `factor` times sooner than with a batch of B: a larger batch, and more FLOPs.

    Kaplan et al. 2020, arXiv:2001.08361, eq. 5.1 and 5.2; McCandlish et al. 2018, arXiv:1812.06162. A run of batch B
    takes S = S_min (1 + B_crit / B) steps and E = E_min (1 + B / B_crit) tokens, with B_crit = E_min / S_min. So

        B' = f B B_crit / (B_crit - (f - 1) B)        C' / C = B_crit / (B_crit - (f - 1) B)

    until f = 1 + B_crit / B, which only an infinite batch reaches. Batches are in one unit, whichever. A factor below
    1 is a slower run with a smaller batch, which saves FLOPs. Raises `BadInput`.
    """

    critical_batch: float
    batch: float
    factor: float = 2.0

    def __post_init__(self) -> None:
        if wrong := [f"{name} is a number above 0; got {x}." for name, x in vars(self).items() if not 0 < x < inf]:
            raise BadInput(wrong)

    @property
    def fastest(self) -> float:
        """S / S_min = 1 + B_crit / B: no batch makes this run as many times faster, or more."""
        return 1 + self.critical_batch / self.batch

    @property
    def possible(self) -> bool:
        """Whether any batch is fast enough."""
        return self.factor < self.fastest

    @property
    def spent(self) -> float:
        """E / E_min = C / C_min = 1 + B / B_crit, of the run as it is: its FLOPs over the fewest that do."""
        return 1 + self.batch / self.critical_batch

    @property
    def new_batch(self) -> float:
        """B', in the unit of B; infinite where none is fast enough."""
        return self.factor * self.batch * self.flops_ratio

    @property
    def flops_ratio(self) -> float:
        """C' / C, tokens over tokens too; infinite where no batch is fast enough."""
        left = self.critical_batch - (self.factor - 1) * self.batch
        return self.critical_batch / left if self.possible and left > 0 else inf

    @property
    def gpus_ratio(self) -> float:
        """B' / B: as many times more GPUs, each with as much of a batch as before."""
        return self.new_batch / self.batch

    def to_json(self) -> dict[str, Any]:
        """Plain values; null where no batch is fast enough."""
        found = {
            "new_batch": self.new_batch,
            "flops_ratio": self.flops_ratio,
            "gpus_ratio": self.gpus_ratio,
        }
        return {
            "critical_batch": self.critical_batch,
            "batch": self.batch,
            "factor": self.factor,
            "possible": self.possible,
            "fastest": self.fastest,
            "spent": self.spent,
            **{name: value if isfinite(value) else None for name, value in found.items()},
            "assumed": ASSUMED,
        }

    def __str__(self) -> str:
        time = {2.0: "half the time", 0.5: "twice the time"}.get(self.factor, f"{1 / self.factor:.3g} of the time")
        if not isfinite(self.flops_ratio):
            return f"{time} is out of reach: even an infinite batch is only {self.fastest:.3g} times as fast"
        if self.flops_ratio >= 2:
            price = f"{self.flops_ratio:.3g} times the FLOPs"
        else:
            price = f"{abs(self.flops_ratio - 1):.1%} {'more' if self.factor >= 1 else 'fewer'} FLOPs"
        return f"{time}: a batch of {print_count(self.new_batch)} on {self.gpus_ratio:.3g} times the GPUs, {price}"


def speedup(critical_batch: float, batch: float, factor: float = 2.0) -> Trade:
    """How many more FLOPs it takes to reach the same loss `factor` times sooner, and with which batch. See `Trade`.

    critical_batch: B_crit = E_min / S_min, at which a run takes twice the fewest steps and twice the fewest tokens.
    """
    return Trade(float(critical_batch), float(batch), float(factor))


def most_gpus(batch_tokens: float, context: int, gpus_per_replica: int = 1) -> int:
    """floor(B / context) replicas: the most GPUs that a batch of B tokens keeps busy, each with one sequence at least.

    gpus_per_replica: tensor times pipeline parallelism, of which each replica takes so many. Raises `BadInput`.
    """
    problems = []
    if context < 1 or gpus_per_replica < 1:
        problems.append(
            f"A context has 1 or more tokens and a replica 1 or more GPUs; got {context} and {gpus_per_replica}."
        )
    elif not context <= batch_tokens < inf:
        problems.append(f"A batch of {batch_tokens:g} tokens is not even one sequence of {context:,} tokens.")
    if problems:
        raise BadInput(problems)
    return int(batch_tokens // context) * gpus_per_replica
