"""Batch size, learning rate and weight decay."""

from collections.abc import Mapping
from dataclasses import replace

from isoflop.conventions import LossUnit
from isoflop.laws.constants.row import Published
from isoflop.laws.law import About

_ZHANG = About(
    loss=LossUnit.NATS_PER_TOKEN,
    text="C4; sequences of 512 tokens",
    source="arXiv:2410.21676, output of the authors' notebook",
    paper="zhang2024",
    tag="C",
)

SETS: Mapping[str, Published] = {
    "ZHANG_2024_85M": Published("StepsToTarget", {"a": 1293.83, "b": 2.83426e6}, _ZHANG),
    "ZHANG_2024_151M": Published("StepsToTarget", {"a": 1752.42, "b": 5.67748e6}, _ZHANG),
    "ZHANG_2024_302M": Published("StepsToTarget", {"a": 2095.35, "b": 1.13833e7}, _ZHANG),
    "ZHANG_2024_604M": Published("StepsToTarget", {"a": 2459.93, "b": 1.94497e7}, _ZHANG),
    "ZHANG_2024_1P2B": Published("StepsToTarget", {"a": 3897.31, "b": 4.33811e7}, _ZHANG),
    # The notebook counts N in millions.
    "ZHANG_2024_CRITICAL": Published("CriticalBatch", {"k": 93.196814 * 1e-6**0.468278, "a": 0.468278}, _ZHANG),
    "ZHANG_2024_CRITICAL_LINEAR": Published(
        "CriticalBatch",
        {"k": 99.505898 * 1e-6**0.457641, "a": 0.457641},
        replace(_ZHANG, source="arXiv:2410.21676, output of the authors' notebook, by squares of batches"),
    ),
}
