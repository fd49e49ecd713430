"""models: the known public models, and how far each was from compute-optimal."""

from argparse import Namespace
from pathlib import Path

from isoflop.commands.say import say, writable


def models(arguments: Namespace) -> int:
    """List the known models by the laws of their time and of today, or tell all of one; a page where it is asked."""
    from isoflop.plans.standing_of_models import standing_of_models  # noqa: PLC0415
    from isoflop.reports.models_text import models_text  # noqa: PLC0415

    writable(arguments.html)
    found = standing_of_models(arguments.law, arguments.name)
    said = [models_text(found)]
    if arguments.html:
        from isoflop.reports.models_page import models_page  # noqa: PLC0415
        from isoflop.runs.durable import write_durably  # noqa: PLC0415

        page = models_page(standing_of_models(arguments.law), found.models) if arguments.name else models_page(found)
        write_durably(Path(arguments.html), page.encode())
        said.append(f"Wrote {arguments.html}")
    return say(arguments, found.to_json(), "\n".join(said))
