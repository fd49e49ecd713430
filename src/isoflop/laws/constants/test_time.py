"""Compute at test time, and in reinforcement learning."""

from collections.abc import Mapping

from isoflop.laws.constants.row import Published

SETS: Mapping[str, Published] = {}
