"""Claims about the laws of Kaplan et al. 2020 in one variable: their units, constants, ranges and optima."""

from isoflop.errata.erratum import Erratum, Kind, power
from isoflop.errata.runs import LARGEST
from isoflop.laws.catalog import PUBLISHED
from isoflop.laws.kaplan import B_CRIT, B_OPT, D_OPT, L_OF_C, L_OF_C_MIN, L_OF_N, N_OPT, S_OPT
from isoflop.laws.papers import fields
from isoflop.units import pf_days_of

FLOPS = 1e21
"""The budget of the examples: 11.57 PF-days."""


def _flops_for_pf_days() -> str:
    claimed, paper = L_OF_C_MIN(FLOPS), L_OF_C_MIN(pf_days_of(FLOPS))
    return (
        f"At 1e21 FLOPs the loss becomes {claimed:.4f} instead of {paper:.4f} nats/token. The claim promises less than "
        f"1 nat from {power(L_OF_C_MIN.C_c, 2)} FLOPs on."
    )


def _total_or_least_compute() -> str:
    total, least = (law(pf_days_of(FLOPS)) for law in (L_OF_C, L_OF_C_MIN))
    return f"At 1e21 FLOPs the law of total compute gives {total:.4f}, that of C_min {least:.4f} nats/token."


def _claimed_size(flops: float) -> float:
    """(C / 6)^0.73, the paper's exponent without its coefficient and its unit."""
    return float((flops / 6) ** N_OPT.a)


def _size_without_coefficient() -> str:
    claimed, paper = _claimed_size(FLOPS), N_OPT(pf_days_of(FLOPS))
    return (
        f"At 1e21 FLOPs: {power(claimed)} instead of {power(paper)} parameters, and at every budget "
        f"{power(claimed / paper, 4)} times too many."
    )


def _tokens_without_coefficient() -> str:
    size, paper_size = _claimed_size(FLOPS), N_OPT(pf_days_of(FLOPS))
    tokens, paper = FLOPS / 6 / size, D_OPT(pf_days_of(FLOPS))
    return (
        f"At 1e21 FLOPs: {power(tokens)} instead of {power(paper)} tokens, {power(tokens / size, 1)} instead of "
        f"{paper / paper_size:.1f} tokens per parameter."
    )


def _tables() -> str:
    sources = " ".join(row.about.source for row in PUBLISHED.values() if row.about.paper == "kaplan2020")
    found = [f"{number}" for number in range(1, 10) if f"Table {number}" in sources]
    return f"The catalogue's constants of this paper come from Tables {', '.join(found[:-1])} and {found[-1]}."


def _size_of_one_nat() -> str:
    edge = L_OF_N.N_c
    return (
        f"At N_c = {power(edge, 2)} the law gives {L_OF_N(edge):g} nat/token. The largest model it was fitted to is "
        f"{power(edge / LARGEST.n_params, 2)} times smaller."
    )


def _added_floor() -> str:
    paper = L_OF_N(1e9)
    return f"For 1e9 parameters the loss becomes {HOFFMANN_2022.E + paper:.3f} instead of {paper:.3f} nats/token."


def _improvement() -> str:
    return f"Twice the parameters multiply the loss by {L_OF_N(2e9) / L_OF_N(1e9):.3f}, they do not add to a performance."


ROWS = (
    Erratum(
        1,
        "The scale C_c = 3.1e8 goes with C in FLOPs.",
        "It is in PF-days, of 8.64e19 FLOPs each.",
        (("kaplan2020", "eq. 1.3"),),
        Kind.UNIT,
        _flops_for_pf_days,
    ),
    Erratum(
        2,
        "The loss falls with total compute by the exponent 0.050.",
        "0.050 belongs to C_min, the compute of batches far below the critical one. Total compute at the one batch of "
        "the study has 0.057 and a scale of its own, 1.6e7 PF-days.",
        (("kaplan2020", "eq. 1.3 and 3.3"),),
        Kind.CONSTANT,
        _total_or_least_compute,
    ),
)
