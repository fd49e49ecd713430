"""Progress of one run, as its trainer tells it while it goes on."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Event:
    """Where a run is: step of steps, smoothed training loss (nats/token), FLOPs done, seconds since it began."""

    run_id: str
    step: int
    steps: int
    loss: float | None
    flops_done: float
    seconds: float
