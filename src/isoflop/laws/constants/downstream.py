"""Downstream accuracy from the loss, or from compute."""

from collections.abc import Mapping

from isoflop.laws.constants.row import Published

SETS: Mapping[str, Published] = {}
