"""Models trained beyond or short of the best number of tokens."""

from collections.abc import Mapping

from isoflop.laws.constants.row import Published

SETS: Mapping[str, Published] = {}
