"""Data mixtures, transfer, fine-tuning, modalities."""

from collections.abc import Mapping

from isoflop.laws.constants.row import Published

SETS: Mapping[str, Published] = {}
