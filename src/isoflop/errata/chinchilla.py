"""Claims about Hoffmann et al. 2022 (Chinchilla), about why it differs from Kaplan et al. 2020, and repeated data."""

from isoflop.errata.erratum import Erratum, Kind, power
from isoflop.errata.runs import CHINCHILLA, GPT_3, GPT_3_FLOPS
from isoflop.laws.constants.frontiers import PORIAN_WATERFALL
from isoflop.laws.data_constrained import MUENNIGHOFF_2023
from isoflop.laws.kaplan_frontier import KAPLAN_2020_TABLE_6_SIZE, KAPLAN_2020_TABLE_6_TOKENS
from isoflop.laws.power import HOFFMANN_2022_TWENTY_SIZE as TWENTY_SIZE
from isoflop.laws.power import HOFFMANN_2022_TWENTY_TOKENS as TWENTY_TOKENS
from isoflop.units import pf_days_of

FLOPS = 1e21
"""The budget of the examples."""


def root_of_a_sixth(flops: float) -> float:
    """The claimed best size, (C / 6)^0.5."""
    return float((flops / 6) ** 0.5)


def _as_many_tokens_as_parameters() -> str:
    claimed = root_of_a_sixth(GPT_3_FLOPS)
    size, tokens = TWENTY_SIZE(GPT_3_FLOPS), TWENTY_TOKENS(GPT_3_FLOPS)
    return (
        f"At GPT-3's {power(GPT_3_FLOPS)} FLOPs it gives N = D = {power(claimed)}, {GPT_3_FLOPS / 6 / claimed**2:.0f} "
        f"token per parameter; 20 per parameter are {power(size, 2)} parameters and {power(tokens)} tokens."
    )


def _overspent() -> str:
    claimed = root_of_a_sixth(FLOPS)
    tokens = 20 * claimed
    return (
        f"At 1e21 FLOPs: {power(claimed)} parameters and {power(tokens)} tokens, which take "
        f"{6 * claimed * tokens / FLOPS:.0f} times the budget, instead of {power(TWENTY_SIZE(FLOPS))} and "
        f"{power(TWENTY_TOKENS(FLOPS))}."
    )


def _coefficient() -> str:
    return (
        f"The coefficient is {TWENTY_SIZE.k:.4f}, not {1 / 20}: at 1e21 FLOPs {power(TWENTY_SIZE(FLOPS))} parameters, "
        f"where the claim has {power(FLOPS**0.5 / 20)}."
    )


def _not_the_same_budget() -> str:
    return (
        f"Chinchilla took {power(CHINCHILLA.flops)} FLOPs by 6 N D, GPT-3 {power(GPT_3.flops)}: "
        f"{CHINCHILLA.flops / GPT_3.flops:.2f} times as many."
    )


def _more_parameters() -> str:
    claimed = root_of_a_sixth(GPT_3_FLOPS)
    return (
        f"It gives {power(claimed)} parameters, more than GPT-3's {power(GPT_3.n_params)}: GPT-3 has "
        f"{GPT_3.n_params / claimed:.2f} times as many, and nothing became fewer."
    )


def _frontier_measured() -> str:
    law = KAPLAN_2020_TABLE_6_SIZE
    return f"The frontier it measured is in the catalogue: N = {power(law.k, 2)} C^{law.a:g}, C in PF-days."


def _waterfall() -> str:
    exponents = ", ".join(f"{step.exponent:.3f} ({step.name})" for step in PORIAN_WATERFALL)
    return f"One change after the other, the exponent of N goes {exponents}."


def _epochs() -> str:
    law = MUENNIGHOFF_2023
    worth = [f"{law.worth_of_epochs(float(epochs)):.3f} over {epochs}" for epochs in (2, 4, 8)]
    return f"A token is worth {', '.join(worth)} epochs, where a new one is worth 1: nothing asks for repetition."


def _gpt_3() -> str:
    kaplan = KAPLAN_2020_TABLE_6_SIZE, KAPLAN_2020_TABLE_6_TOKENS
    sizes = [law(pf_days_of(GPT_3_FLOPS)) for law in kaplan]
    return (
        f"GPT-3 has {power(GPT_3.n_params)} parameters and {power(GPT_3.tokens)} tokens. At its "
        f"{pf_days_of(GPT_3_FLOPS):.0f} PF-days Kaplan's laws ask for {power(sizes[0], 2)} and {power(sizes[1], 2)}, "
        f"Hoffmann's rule for {power(TWENTY_SIZE(GPT_3_FLOPS), 2)} and {power(TWENTY_TOKENS(GPT_3_FLOPS), 2)}."
    )


ROWS = (
    Erratum(
        9,
        "Chinchilla's optimum is N = (C / 6)^0.5 and D = C / (6 N).",
        "The two make N = D. The paper trained 70e9 parameters on 1.4e12 tokens, 20 each.",
        (("hoffmann2022", "sec. 3.4 and Table 3"),),
        Kind.FORMULA,
        _as_many_tokens_as_parameters,
    ),
    Erratum(
        10,
        "It is N = (C / 6)^0.5 and D = 20 N.",
        "6 N D must be C. With D = 20 N that makes N = (C / 120)^0.5.",
        (("hoffmann2022", "Table 3"),),
        Kind.FORMULA,
        _overspent,
    ),
    Erratum(
        11,
        "N is about C^0.5 / 20.",
        "With 20 tokens per parameter the coefficient is 1 / sqrt(120).",
        (("hoffmann2022", "Table 3"),),
        Kind.CONSTANT,
        _coefficient,
    ),
    Erratum(
        12,
        "Chinchilla beats GPT-3 with the same compute.",
        "It has the compute of Gopher.",
        (("hoffmann2022", "abstract"), ("brown2020", "Table D.1")),
        Kind.READING,
        _not_the_same_budget,
    ),
    Erratum(
        13,
        "N = (C / 6)^0.5 shows how many times fewer parameters than GPT-3 the best model of its budget has.",
        "The best model would be smaller. This formula makes it larger.",
        (("hoffmann2022", "Table 3"),),
        Kind.FORMULA,
        _more_parameters,
    ),
    Erratum(
        34,
        "Kaplan et al. never fixed the compute and looked for the best size.",
        "They did: Figure 11 has loss against size at fixed compute, and section 6 fits N(C_min) to it. Their exponent "
        "is too large for other reasons, which the next row tells.",
        (("kaplan2020", "Fig. 11 and sec. 6"),),
        Kind.READING,
        _frontier_measured,
    ),
    Erratum(
        35,
        "Kaplan's allocation is wrong because it was concluded from L(N) and L(D).",
        "It was measured. Hoffmann et al. name the one schedule for all runs; Pearce and Song the count without "
        "embeddings at small sizes; Porian et al. the head's FLOPs, the warmup, and untuned rates and batches.",
        (("hoffmann2022", "sec. 2"), ("pearce2024", ""), ("porian2024", "")),
        Kind.READING,
        _waterfall,
    ),
    Erratum(
        36,
        "Data should be repeated for at least four epochs.",
        "Up to about four epochs cost almost nothing against new data.",
        (("muennighoff2023", "eq. 5"),),
        Kind.READING,
        _epochs,
    ),
    Erratum(
        57,
        "GPT-3 was close to the optimum.",
        "It is far from both: Kaplan's laws want a larger model on fewer tokens, Hoffmann's the opposite.",
        (("kaplan2020", "Table 6"), ("hoffmann2022", "Table 3")),
        Kind.READING,
        _gpt_3,
    ),
)
