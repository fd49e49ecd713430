"""What was printed of best sizes: Hoffmann's Tables 3 and A3, Porian's waterfall and the runs behind it."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import exp, log
from statistics import linear_regression


@dataclass(frozen=True)
class Best:
    """A row of a table of best sizes: N (parameters), C (FLOPs), D (tokens), as printed."""

    n_params: float
    flops: float
    tokens: float


HOFFMANN_TABLE_3 = (
    Best(400e6, 1.92e19, 8.0e9),
    Best(1e9, 1.21e20, 20.2e9),
    Best(10e9, 1.23e22, 205.1e9),
    Best(67e9, 5.76e23, 1.5e12),
    Best(175e9, 3.85e24, 3.7e12),
    Best(280e9, 9.90e24, 5.9e12),
    Best(520e9, 3.43e25, 11.0e12),
    Best(1e12, 1.27e26, 21.2e12),
    Best(10e12, 1.30e28, 216.2e12),
)
"""Approach 1; arXiv:2203.15556, Table 3. Its 67e9 and 1.5e12 make 5 % more than its 5.76e23."""

HOFFMANN_TABLE_A3 = (
    Best(400e6, 1.84e19, 7.7e9),
    Best(1e9, 1.20e20, 20.0e9),
    Best(10e9, 1.32e22, 219.5e9),
    Best(67e9, 6.88e23, 1.7e12),
    Best(175e9, 4.54e24, 4.3e12),
    Best(280e9, 1.18e25, 7.1e12),
    Best(520e9, 4.19e25, 13.4e12),
    Best(1e12, 1.59e26, 26.5e12),
    Best(10e12, 1.75e28, 292.0e12),
)
"""Approach 2; arXiv:2203.15556, Table A3, read in a transcription of it."""


def power_law(rows: Iterable[Best]) -> tuple[float, float]:
    """k and a of N = k C^a: the least-squares line of ln N on ln C."""
    pairs = [(log(row.flops), log(row.n_params)) for row in rows]
    a, ln_k = linear_regression(*zip(*pairs, strict=True))
    return exp(ln_k), a


@dataclass(frozen=True)
class Step:
    """A step from Kaplan's exponent to Hoffmann's: what was put right and why it matters, and what came of it.

    N ∝ C^exponent from there on, low and high its 95 % interval; n_params is N* (parameters) at PORIAN_FLOPS.
    """

    name: str
    cause: str
    exponent: float
    low: float
    high: float
    n_params: float


PORIAN_SOURCE = "Porian et al. 2024, arXiv:2406.19146, RefinedWeb"
PORIAN_TAG = "V2"
PORIAN_FLOPS = 5.88e23
PORIAN_WATERFALL = (
    Step("as Kaplan", "no head in N and C, long warm-up", 0.835, 0.82, 0.85, 3e12),
    Step("head counted", "small models are mostly head", 0.706, 0.69, 0.72, 787e9),
    Step("warm-up by size", "short runs hardly ended theirs", 0.602, 0.59, 0.62, 292e9),
    Step("decay by run", "one cosine for all cut them off", 0.571, 0.56, 0.59, 183e9),
    Step("tuned", "rate, batch, beta2 by size", 0.497, 0.49, 0.50, 77e9),
)
"""Each step's exponent is with that cause put right, and all before it. The decay proved inessential: with the rates
tuned a constant one does as well."""

PORIAN_BUDGETS = tuple(1.25e16 * 2**i for i in range(12))
PORIAN_SIZES = (5e6, 901e6)
"""Smallest and largest of their models, parameters with head."""
KAPLAN_WARMUP = 3000 * 2**19
"""Tokens of warm-up in every run: 3000 steps of 2^19 tokens (arXiv:2001.08361, sec. 2.2)."""
