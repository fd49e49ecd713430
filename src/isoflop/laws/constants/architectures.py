"""Experts, precision, vocabulary."""

from collections.abc import Mapping

from isoflop.conventions import LossUnit, Size
from isoflop.laws.constants.row import Published
from isoflop.laws.law import About

_CLARK = About(
    n_params=Size.ACTIVE,
    tokens="130e9, always",
    loss=LossUnit.NATS_PER_TOKEN,
    text="MassiveText",
    source="arXiv:2202.01169, Table 3; 10^(-b/c) of these rounded constants is not the paper's cutoff",
    paper="clark2022",
    tag="V2",
)

SETS: Mapping[str, Published] = {
    "CLARK_2022_S_BASE": Published(
        "Routed",
        {"a": -0.082, "b": -0.108, "c": 0.009, "d": 1.104, "E_start": 1.847, "E_max": 314.478},
        _CLARK,
    ),
    "CLARK_2022_RL_R": Published(
        "Routed",
        {"a": -0.083, "b": -0.126, "c": 0.012, "d": 1.111, "E_start": 1.880, "E_max": 469.982},
        _CLARK,
    ),
    "CLARK_2022_HASH": Published(
        "Routed",
        {"a": -0.087, "b": -0.136, "c": 0.012, "d": 1.157, "E_start": 4.175, "E_max": 477.741},
        _CLARK,
    ),
}
