"""Claims about the laws of Kaplan et al. 2020 in one variable: their units, constants, ranges and optima."""

from isoflop.errata.erratum import Erratum, Kind, power
from isoflop.errata.runs import LARGEST
from isoflop.laws.catalog import PUBLISHED
from isoflop.laws.chinchilla import HOFFMANN_2022
from isoflop.laws.kaplan_batch import KAPLAN_2020_CRITICAL_BATCH
from isoflop.laws.kaplan_frontier import (
    KAPLAN_2020_TABLE_6_BATCH,
    KAPLAN_2020_TABLE_6_SIZE,
    KAPLAN_2020_TABLE_6_STEPS,
    KAPLAN_2020_TABLE_6_TOKENS,
)
from isoflop.laws.kaplan_single import (
    KAPLAN_2020_TABLE_5_COMPUTE_MIN,
    KAPLAN_2020_TABLE_5_COMPUTE_NAIVE,
    KAPLAN_2020_TABLE_5_SIZE,
)
from isoflop.units import pf_days_of

FLOPS = 1e21
"""The budget of the examples: 11.57 PF-days."""


def _flops_for_pf_days() -> str:
    law = KAPLAN_2020_TABLE_5_COMPUTE_MIN
    return (
        f"At 1e21 FLOPs the loss becomes {law(FLOPS):.4f} instead of {law(pf_days_of(FLOPS)):.4f} nats/token; from "
        f"{power(law.C_c, 2)} FLOPs on the claim promises less than 1 nat."
    )


def _total_or_least_compute() -> str:
    total = KAPLAN_2020_TABLE_5_COMPUTE_NAIVE(pf_days_of(FLOPS))
    least = KAPLAN_2020_TABLE_5_COMPUTE_MIN(pf_days_of(FLOPS))
    return f"At 1e21 FLOPs total compute gives {total:.4f} nats/token, and C_min {least:.4f}."


def _claimed_size(flops: float) -> float:
    """(C / 6)^0.73: the paper's exponent without its coefficient and its unit."""
    return float((flops / 6) ** KAPLAN_2020_TABLE_6_SIZE.a)


def size_without_coefficient(flops: float) -> float:
    """How many times too large the claimed best size is, at C FLOPs."""
    return float(_claimed_size(flops) / KAPLAN_2020_TABLE_6_SIZE(pf_days_of(flops)))


def _size() -> str:
    claimed, paper = _claimed_size(FLOPS), KAPLAN_2020_TABLE_6_SIZE(pf_days_of(FLOPS))
    return (
        f"At 1e21 FLOPs the best size becomes {power(claimed)} parameters instead of {power(paper)}: "
        f"{power(size_without_coefficient(FLOPS), 4)} times too many, there and at every other budget."
    )


def _tokens() -> str:
    size, paper_size = _claimed_size(FLOPS), KAPLAN_2020_TABLE_6_SIZE(pf_days_of(FLOPS))
    tokens, paper = FLOPS / 6 / size, KAPLAN_2020_TABLE_6_TOKENS(pf_days_of(FLOPS))
    return (
        f"At 1e21 FLOPs: {power(tokens)} tokens instead of {power(paper)}, or {power(tokens / size, 1)} tokens per "
        f"parameter instead of {paper / paper_size:.1f}."
    )


def _tables() -> str:
    sources = " ".join(row.about.source for row in PUBLISHED.values() if row.about.paper == "kaplan2020")
    found = [f"{number}" for number in range(1, 10) if f"Table {number}" in sources]
    return f"The catalogue has its constants from Tables {', '.join(found[:-1])} and {found[-1]}."


def _one_nat() -> str:
    law = KAPLAN_2020_TABLE_5_SIZE
    return (
        f"At N_c = {power(law.N_c, 2)} the law gives {law(law.N_c):g} nat/token; the largest model it was fitted to is "
        f"{power(law.N_c / LARGEST.n_params, 2)} times smaller."
    )


def _floor() -> str:
    paper = KAPLAN_2020_TABLE_5_SIZE(1e9)
    return (
        f"With Hoffmann's E = {HOFFMANN_2022.E} added, a model of 1e9 parameters has {HOFFMANN_2022.E + paper:.3f} "
        f"nats/token instead of {paper:.3f}. A floor belongs to a fit that had one."
    )


def _doubled() -> str:
    law = KAPLAN_2020_TABLE_5_SIZE
    return f"Twice the parameters multiply the loss by {law(2e9) / law(1e9):.3f}; abilities are another law."


def _batch() -> str:
    at = [f"{power(KAPLAN_2020_CRITICAL_BATCH(loss))} tokens at {loss} nats/token" for loss in (3.0, 2.5)]
    return f"B_crit is {' and '.join(at)}, whatever the size."


def _unit_of_loss() -> str:
    return f"All of its losses in the catalogue are in {KAPLAN_2020_TABLE_5_SIZE.output_unit}."


def _split() -> str:
    laws = {"N": KAPLAN_2020_TABLE_6_SIZE, "B": KAPLAN_2020_TABLE_6_BATCH, "S": KAPLAN_2020_TABLE_6_STEPS}
    grown = [f"{name} by {law(10) / law(1):.2f}" for name, law in laws.items()]
    return f"Ten times the compute multiplies {', '.join(grown)}: factors, whose product is the budget's."


def _void() -> str:
    tokens = KAPLAN_2020_TABLE_6_TOKENS(pf_days_of(FLOPS))
    return f"It is no number of tokens whatever the constant. At 1e21 FLOPs the paper's law gives {power(tokens)}."


def _text() -> str:
    return f"The constants are those of {KAPLAN_2020_TABLE_5_SIZE.about.text}; another tokenizer moves every scale."


ROWS = (
    Erratum(
        1,
        "In L(C) = (C_c / C)^0.050 the scale C_c = 3.1e8 is in FLOPs.",
        "C_c is in PF-days, each 8.64e19 FLOPs.",
        (("kaplan2020", "eq. 1.3"),),
        Kind.UNIT,
        _flops_for_pf_days,
    ),
    Erratum(
        2,
        "The loss falls with total compute by the exponent 0.050.",
        "0.050 is for C_min, the compute at a batch far below the critical one. Total compute, at the one batch of the "
        "study, has 0.057 and a scale of its own, 1.6e7 PF-days.",
        (("kaplan2020", "eq. 1.3 and 3.3"),),
        Kind.CONSTANT,
        _total_or_least_compute,
    ),
    Erratum(
        3,
        "The best size is N = (C / 6)^0.73.",
        "N = 1.3e9 C^0.73 with C in PF-days: an exponent alone fixes no size.",
        (("kaplan2020", "Table 6"),),
        Kind.FORMULA,
        _size,
    ),
    Erratum(
        4,
        "The tokens for it are D = C / (6 N), with that N.",
        "D = 2e10 C^0.27, C in PF-days, for a run at the critical batch, which takes twice C_min: D = 2 C_min / 6 N.",
        (("kaplan2020", "Table 6 and eq. 6.7"),),
        Kind.FORMULA,
        _tokens,
    ),
    Erratum(
        5,
        "The best size is equation 5.1.",
        "Eq. 5.1 trades steps against examples at a fixed loss and holds no N. The best size is in eq. 1.7, eq. 6.1 "
        "and Table 6.",
        (("kaplan2020", "eq. 5.1 and 6.1"),),
        Kind.READING,
        "Who looks the equation up finds (S / S_min - 1) (E / E_min - 1) = 1.",
    ),
    Erratum(
        6,
        "The constants of the laws are in Table 1.",
        "Table 1 counts parameters and FLOPs of each operation. The constants are in eq. 1.1 to 1.3 and in appendix A.",
        (("kaplan2020", "Tables 1 and 5"),),
        Kind.READING,
        _tables,
    ),
    Erratum(
        7,
        "L(N) holds for N far above N_c.",
        "It holds far below: N_c = 8.8e13 is where the law would give 1 nat.",
        (("kaplan2020", "eq. 1.1"),),
        Kind.READING,
        _one_nat,
    ),
    Erratum(
        8,
        "L(N), L(D) and L(C) end in an irreducible loss, + L_inf.",
        "None of these laws has a floor. Henighan et al. and Hoffmann et al. fit one, with other constants beside it.",
        (("kaplan2020", "eq. 1.1 to 1.3"), ("henighan2020", "eq. 1.1"), ("hoffmann2022", "eq. 2")),
        Kind.FORMULA,
        _floor,
    ),
    Erratum(
        24,
        "Performance grows as Scale^alpha.",
        "It is the loss, and it falls: L is proportional to Scale^-alpha.",
        (("kaplan2020", "sec. 1.1"),),
        Kind.FORMULA,
        _doubled,
    ),
    Erratum(
        40,
        "The critical batch grows with the model: B_crit = B_* (N / N_*)^0.24.",
        "B_crit = B_* / L^(1 / 0.21) depends on the loss alone. 0.24 is how it grows with C_min along the frontier.",
        (("kaplan2020", "eq. 1.4 and Table 6"),),
        Kind.FORMULA,
        _batch,
    ),
    Erratum(
        42,
        "Losses are in nats per dimension.",
        "Nats per token: the cross-entropy of the next token, averaged over the context.",
        (("kaplan2020", "sec. 1.3 and 2"),),
        Kind.UNIT,
        _unit_of_loss,
    ),
    Erratum(
        45,
        "The power laws of the optimum take C in FLOPs and need no coefficient.",
        "They take PF-days, and have coefficients: 1.3e9 parameters and 2e10 tokens.",
        (("kaplan2020", "Table 6"),),
        Kind.UNIT,
        _size,
    ),
    Erratum(
        50,
        "A larger budget goes to size by 80 %, to the batch by 15 % and to steps by 5 %.",
        "These are exponents, 0.73, 0.24 and 0.03: shares of the growth in logarithms, not of a budget.",
        (("kaplan2020", "eq. 1.7 and Table 6"),),
        Kind.READING,
        _split,
    ),
    Erratum(
        52,
        "D_opt = C^beta (C / D) times a constant.",
        "D_opt = 2e10 C^0.27. The claim has D on both sides, and its units do not come out as tokens.",
        (("kaplan2020", "Table 6"),),
        Kind.FORMULA,
        _void,
    ),
    Erratum(
        59,
        "The scales N_c, D_c and C_c are constants of nature.",
        "They depend on vocabulary and tokenizer, and have no fundamental meaning.",
        (("kaplan2020", "sec. 1.2"),),
        Kind.READING,
        _text,
    ),
)
