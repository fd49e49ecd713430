"""Claims about what a budget buys: money, machines, and what a loss says of abilities."""

import math

from isoflop.costs.hardware import device
from isoflop.costs.utilisation import devices_for, dollars_per_pf_day, flops_for_dollars
from isoflop.errata.erratum import Erratum, Kind, power
from isoflop.errata.runs import GPT_3_PF_DAYS, MMLU_CHANCE, MMLU_CHINCHILLA, MMLU_GOPHER
from isoflop.units import flops_of, pf_days_of

H100 = device("H100")
MFU, DOLLARS_AN_HOUR = 0.40, 2.5
"""What the examples assume of it."""
BUDGET = 100_000.0
CLAIMED_DOLLARS = 1.0
"""A PF-day, by the claim."""
GUESS = 4.6e6
"""Dollars for GPT-3, an outsider's estimate that circulates."""
CLAIMED_CLUSTER = 300e15
"""FLOP/s."""


def _price() -> str:
    price = dollars_per_pf_day(H100, MFU, dollars_per_hour=DOLLARS_AN_HOUR)
    bought = flops_for_dollars(BUDGET, H100, MFU, dollars_per_hour=DOLLARS_AN_HOUR)
    claimed = BUDGET / CLAIMED_DOLLARS
    return (
        f"An H100 at {100 * MFU:.0f} % of its peak and $2.5 an hour makes it ${price:.0f}. For $100,000 the claim "
        f"promises {power(claimed, 1)} PF-days, {power(flops_of(claimed))} FLOPs; they buy about "
        f"{pf_days_of(bought):.0f}, {power(bought, 2)} FLOPs."
    )


def _two_prices() -> str:
    claimed = CLAIMED_DOLLARS * GPT_3_PF_DAYS
    return f"At $1 a PF-day its {GPT_3_PF_DAYS} PF-days cost ${claimed:.0f}, {GUESS / claimed:.0f} times less."


def _cluster() -> str:
    days = BUDGET / CLAIMED_DOLLARS / (CLAIMED_CLUSTER / 1e15)
    return (
        f"To sustain 300 petaFLOP/s takes {devices_for(CLAIMED_CLUSTER, H100, MFU):.0f} H100s at {100 * MFU:.0f} %, "
        f"and the plan of {power(BUDGET, 1)} PF-days then {days:.0f} days."
    )


def mmlu_of_loss(loss: float) -> float:
    """The claimed accuracy, 0.9 - 0.2 ln L."""
    return 0.9 - 0.2 * math.log(loss)


def _accuracy() -> str:
    return (
        f"A loss of 3.0 is given {mmlu_of_loss(3.0):.3f}, though guessing gets {MMLU_CHANCE}, and one of 2.0 "
        f"{mmlu_of_loss(2.0):.3f}, more than Gopher ({MMLU_GOPHER:.3f}) and Chinchilla ({MMLU_CHINCHILLA:.3f}) have."
    )


def thinking_longer(base: float, multiple: float) -> float:
    """The claimed accuracy with so many times the compute at test time: base (1 + 0.1 ln(1 + m) / ln 2)."""
    return base * (1 + 0.1 * math.log1p(multiple) / math.log(2))


def _longer() -> str:
    once, ten, hundred = (thinking_longer(0.8, times) for times in (1, 10, 100))
    return (
        f"An accuracy of 0.80 becomes {once:.2f} with no more compute, {ten:.3f} with 10 times, {hundred:.3f} with 100."
    )


ROWS = (
    Erratum(
        16,
        "A PF-day costs about $1.",
        "No paper gives a price. It follows from a device's peak, the share of it that is used, and its rent.",
        (("chowdhery2022", "app. B, on the share used"),),
        Kind.CONSTANT,
        _price,
    ),
    Erratum(
        17,
        "In the same text: GPT-3 cost $4.6 million.",
        "The paper gives 3.64e3 PF-days and no price; the millions are an outsider's estimate.",
        (("brown2020", "Table D.1"),),
        Kind.UNSUPPORTED,
        _two_prices,
    ),
    Erratum(
        18,
        "The plan runs on a cluster of 300 petaFLOP/s.",
        "A cluster is so many devices, of a peak, of which a share is used; 300 says not which.",
        (("chowdhery2022", "app. B, on the share used"),),
        Kind.UNIT,
        _cluster,
    ),
    Erratum(
        20,
        "MMLU follows from the loss as 0.9 - 0.2 ln L, clipped.",
        "A score lies between chance and 1. Sigmoids and exponentials with a floor at chance are fitted, each to its "
        "own task and models.",
        (("bhagia2024", "step 2"), ("gadre2024", "eq. 5"), ("hoffmann2022", "sec. 4.2")),
        Kind.FORMULA,
        _accuracy,
    ),
    Erratum(
        21,
        "Compute at test time multiplies accuracy by 1 + 0.1 ln(1 + m) / ln 2.",
        "With m = 1 nothing changes, and no accuracy exceeds 1. What more attempts bring has laws of its own.",
        (("snell2024", ""), ("brown2024", "")),
        Kind.FORMULA,
        _longer,
    ),
)
