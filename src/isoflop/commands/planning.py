"""plan: what to do with a budget."""

from argparse import Namespace
from pathlib import Path

from isoflop.commands.say import say


def plan(arguments: Namespace) -> int:
    """The best size and tokens for a budget."""
    from isoflop.estimates.fit import read_fits  # noqa: PLC0415
    from isoflop.plans.plan import fitted_plans, published_plans  # noqa: PLC0415
    from isoflop.reports import text  # noqa: PLC0415
    from isoflop.units import parse_flops  # noqa: PLC0415

    flops = parse_flops(arguments.flops)
    plans = fitted_plans(*read_fits(Path(arguments.fit)), flops) if arguments.fit else published_plans(flops)
    found = {**plans[0].to_json(), "beside": [each.to_json() for each in plans[1:]]}
    return say(arguments, found, text.plan(plans))
