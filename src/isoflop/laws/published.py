"""Published constants, unrounded, each set with its source and what its symbols count: all families together.

Plain data, so that the file of a law can re-export its constants without a circle of imports.
"""

from collections.abc import Mapping
from typing import Any

from isoflop.errors import BadInput
from isoflop.laws.constants import (
    architectures,
    data,
    dense,
    downstream,
    hyperparameters,
    kaplan,
    overtraining,
    repetition,
    schedules,
    test_time,
)
from isoflop.laws.constants.row import TAGS, Published

__all__ = ["PUBLISHED", "TAGS", "Published", "constants"]

PUBLISHED: Mapping[str, Published] = {
    **dense.SETS,
    **kaplan.SETS,
    **repetition.SETS,
    **overtraining.SETS,
    **hyperparameters.SETS,
    **schedules.SETS,
    **architectures.SETS,
    **data.SETS,
    **downstream.SETS,
    **test_time.SETS,
}


def constants(name: str) -> dict[str, Any]:
    """The constants and `about` of a published set, as arguments of its form."""
    if name not in PUBLISHED:
        raise BadInput(f"No published constants are called {name!r}. There are {', '.join(PUBLISHED)}.")
    row = PUBLISHED[name]
    return {**row.values, "about": row.about}
