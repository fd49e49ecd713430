"""What a run beside a plan takes on the plan's machines."""

from isoflop.plans.resources import Resources


def sized(have: Resources, n_params: float) -> Resources:
    """The machines for a model of N parameters."""
    return have.at(n_params)


def costing(have: Resources, n_params: float, flops: float) -> tuple[float, float | None]:
    """Days and dollars of a run of N parameters and C = 6 N D FLOPs; dollars are None where no price is known."""
    machines = sized(have, n_params)
    return machines.days(flops), machines.dollars(flops)
