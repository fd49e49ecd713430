"""Section 9: experts, precision, vocabulary, mixtures, transfer, modalities."""

from dataclasses import replace
from math import log10
from typing import Any

from isoflop.laws.modality import (
    HENIGHAN_2020_SIZE,
    SHUKOR_2025_EARLY_SIZE,
    SHUKOR_2025_EARLY_TOKENS,
    SHUKOR_2025_LATE_SIZE,
    SHUKOR_2025_LATE_TOKENS,
    SHUKOR_2025_SPARSE_SIZE,
    SHUKOR_2025_SPARSE_TOKENS,
)
from isoflop.laws.precision import KUMAR_2024
from isoflop.laws.routed import CLARK_2022_HASH, CLARK_2022_RL_R, CLARK_2022_S_BASE, Routed
from isoflop.laws.transfer import HERNANDEZ_2021_TEXT
from isoflop.laws.vocabulary import TAO_2024_DERIVATIVE, TAO_2024_ISOFLOP
from specified.row import Row


def cutoff(law: Routed) -> Any:
    """N past which routing no longer helps."""
    return law.cutoff


def kept(bits: float) -> Any:
    """N_eff / N with weights alone in so many bits, by the equation as printed: without the fit's shifts."""
    return replace(KUMAR_2024, n_w=0.0).effective_params(1.0, bits)


def best_bits() -> Any:
    """P* of the fit as it was made, shifts included."""
    return KUMAR_2024.best_bits


def exponent(law: Any, x: float) -> float:
    """How many decades a law's output grows with the next decade of its input."""
    return log10(law(10 * x) / law(x))


ROWS = (
    Row("9", "Clark's dense model of 1e9, E = 1", CLARK_2022_S_BASE, (1e9, 1), "2.28"),
    Row("9", "Clark's cutoff by rounded constants, S-Base", cutoff, (CLARK_2022_S_BASE,), "1e12"),
    Row("9", "Clark's cutoff by rounded constants, RL-R", cutoff, (CLARK_2022_RL_R,), "3e10"),
    Row("9", "Clark's cutoff by rounded constants, Hash", cutoff, (CLARK_2022_HASH,), "2e11"),
    Row("9", "Kumar's N_eff / N at 2 bits of weights", kept, (2,), ".527"),
    Row("9", "Kumar's N_eff / N at 4 bits of weights", kept, (4,), ".776"),
    Row("9", "Kumar's N_eff / N at 8 bits of weights", kept, (8,), ".950"),
    Row("9", "Kumar's N_eff / N at 16 bits of weights", kept, (16,), ".997"),
    Row("9", "Kumar's best precision", best_bits, (), "7.5", 0.5, "the spec prints '≈7–8 bits'"),
    Row("9", "Tao's N_v against N, from isoFLOPs", exponent, (TAO_2024_ISOFLOP, 1e9), ".83"),
    Row(
        "9",
        "Tao's N_v against N, from derivatives",
        exponent,
        (TAO_2024_DERIVATIVE, 1e9),
        "0.83",
        0.006,
        "the spec prints one number for both ways; the code has .8354 here",
    ),
    Row("9", "Hernandez's D_T at N = 1e8, D_F = 1e6", HERNANDEZ_2021_TEXT, (1e6, 1e8), "2.5e8"),
    Row("9", "Henighan's N_opt against C", exponent, (HENIGHAN_2020_SIZE, 1.0), ".7"),
    Row("9", "Shukor's N_opt against C, early fusion", exponent, (SHUKOR_2025_EARLY_SIZE, 1.0), ".526"),
    Row("9", "Shukor's D_opt against C, early fusion", exponent, (SHUKOR_2025_EARLY_TOKENS, 1.0), ".473"),
    Row("9", "Shukor's N_opt against C, late fusion", exponent, (SHUKOR_2025_LATE_SIZE, 1.0), ".636"),
    Row("9", "Shukor's D_opt against C, late fusion", exponent, (SHUKOR_2025_LATE_TOKENS, 1.0), ".462"),
    Row("9", "Shukor's N_opt against C, sparse", exponent, (SHUKOR_2025_SPARSE_SIZE, 1.0), ".361"),
    Row("9", "Shukor's D_opt against C, sparse", exponent, (SHUKOR_2025_SPARSE_TOKENS, 1.0), ".656"),
)
