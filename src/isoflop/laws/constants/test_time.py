"""Compute at test time, and in reinforcement learning."""

from collections.abc import Mapping
from math import log

from isoflop.laws.constants.row import Published
from isoflop.laws.law import About

_ONE, _MANY, _ATTEMPTS = 0.159, 0.56, 250.0  # coverage of one answer and of so many

SETS: Mapping[str, Published] = {
    "BROWN_2024_SWE_BENCH": Published(
        "Coverage",
        # The curve through the two coverages published: a = ln c(1), b = ln(ln c(k) / ln c(1)) / ln k.
        {"a": log(_ONE), "b": log(log(_MANY) / log(_ONE)) / log(_ATTEMPTS)},
        About(
            text="SWE-bench Lite, issues solved",
            source="arXiv:2407.21787, its coverage of 1 and of 250 answers; a and b derived from these two",
            paper="brown2024",
            tag="D",
            note="two points determine a and b, and leave none to judge the form by",
            fitted={"attempts": (1.0, _ATTEMPTS)},
        ),
    ),
    "JONES_2021": Published(
        "PlayCompute",
        {"s": 1.2, "e": 0.004, "c": 29.0},
        About(
            text="AlphaZero playing Hex",
            source="arXiv:2104.03113, its law of training against play, printed to two digits",
            paper="jones2021",
            tag="V2",
            unverified="what C counts, the size of the board, and where Elo is 0 (perfect play, from memory)",
            note="c has two digits: C_test is known to a factor of 3 at best",
        ),
    ),
}
