"""Where papers disagree with themselves: numbers that they print twice, or print wrong, and what it amounts to."""

from dataclasses import replace

from isoflop.errata.erratum import Erratum, Kind, percent, power
from isoflop.errata.runs import CHINCHILLA, LARGEST, Trained
from isoflop.laws.chinchilla import BESIROGLU_2024, BESIROGLU_2024_HUBER, BESIROGLU_2024_LAD, HOFFMANN_2022_TEX
from isoflop.laws.cooldown import branched_tokens
from isoflop.laws.decay import COOLDOWN
from isoflop.laws.kaplan import KAPLAN_2020, KAPLAN_2020_STEPS
from isoflop.laws.kaplan_batch import KAPLAN_2020_CRITICAL_BATCH, KAPLAN_2020_TABLE_5_CRITICAL_BATCH
from isoflop.laws.kaplan_efficient import ComputeEfficient
from isoflop.laws.kaplan_frontier import (
    KAPLAN_2020_EQ_6_7_TOKENS,
    KAPLAN_2020_TABLE_6_SIZE,
    KAPLAN_2020_TABLE_6_TOKENS,
    contradiction,
    tokens_processed,
)
from isoflop.laws.kaplan_single import (
    KAPLAN_2020_TABLE_5_COMPUTE_MIN,
    KAPLAN_2020_TABLE_5_DATA,
    KAPLAN_2020_TABLE_5_SIZE,
)
from isoflop.laws.power import DUBEY_2024

A3_BEST = Trained(175e9, 12.0e12)
"""What approach 3 holds best at the compute that Table A3 of Hoffmann et al. 2022 misprints."""


def _tokens() -> str:
    size, data, compute = KAPLAN_2020_TABLE_6_SIZE, KAPLAN_2020_TABLE_5_DATA, KAPLAN_2020_TABLE_5_COMPUTE_MIN
    derived = tokens_processed(1, size(1), 1)
    ends = [
        contradiction(compute, data, tokens, size) for tokens in (KAPLAN_2020_TABLE_6_TOKENS, KAPLAN_2020_EQ_6_7_TOKENS)
    ]
    return (
        f"2 C_min / (6 N) with Table 6 is {power(derived)} tokens at 1 PF-day, "
        f"{KAPLAN_2020_EQ_6_7_TOKENS.k / derived:.1f} times less. "
        f"The point where the laws break down moves from {power(ends[0].pf_days)} PF-days "
        f"({ends[0].loss:.2f} nats/token) to {power(ends[1].pf_days)} ({ends[1].loss:.2f})."
    )


def _compute_exponent() -> str:
    fitted, size = KAPLAN_2020_TABLE_5_COMPUTE_MIN.alpha_C, KAPLAN_2020_TABLE_5_SIZE.alpha_N
    steps = replace(KAPLAN_2020_STEPS, alpha_N=size)
    derived = ComputeEfficient(steps, KAPLAN_2020_CRITICAL_BATCH).alpha_C
    return (
        f"By the exponents of Table 5, 1 / (1 / alpha_S + 1 / alpha_B + 1 / alpha_N) is {derived:.3f}. "
        "Over alpha_N the three give N an exponent of "
        f"{0.054 / size:.2f}, {derived / size:.2f} and {fitted / size:.2f}; {KAPLAN_2020_TABLE_6_SIZE.a} was measured."
    )


def _critical_batch() -> str:
    one, other = (law(3.0) for law in (KAPLAN_2020_CRITICAL_BATCH, KAPLAN_2020_TABLE_5_CRITICAL_BATCH))
    apart = percent(other / one - 1)
    return f"At 3 nats/token the critical batch is {power(one)} or {power(other)} tokens, {apart} apart."


def _data_exponent() -> str:
    joint, single = KAPLAN_2020.of_infinite_size, KAPLAN_2020_TABLE_5_DATA
    losses = [f"{single(tokens):.3f} and {joint(tokens):.3f} on {power(tokens, 2)}" for tokens in (2.2e7, 2.2e10)]
    return f"Table 5 and Table 2 give {losses[0]} tokens, {losses[1]}."


def _size_scale() -> str:
    laws = KAPLAN_2020_TABLE_5_SIZE, KAPLAN_2020.on_infinite_data, KAPLAN_2020_STEPS.converged
    losses = [f"{law(1e9):.3f} (Table {table})" for law, table in zip(laws, (5, 2, 3), strict=True)]
    return f"For 1e9 parameters on infinite data: {', '.join(losses)} nats/token. They are three fits, not to be mixed."


def _at_convergence() -> str:
    law = KAPLAN_2020_CRITICAL_BATCH
    converged = KAPLAN_2020_TABLE_5_SIZE(LARGEST.n_params)
    return (
        f"L(N) of the largest model, {power(LARGEST.n_params, 2)} parameters, converges to {converged:.2f} nats/token, "
        f"where B_crit is {power(law(converged), 2)} tokens; 2e6 belong to a loss of {law.loss_at(2e6):.2f}."
    )


def _half_the_cost() -> str:
    horizons = (10.0, 20.0, 30.0)
    shares = [branched_tokens(horizons, fraction=fraction) / sum(horizons) for fraction in (COOLDOWN, 0.1)]
    return (
        f"Runs of 10, 20 and 30 tokens a parameter then take {shares[0]:.2f} of what three cosines take with cooldowns "
        f"of {percent(COOLDOWN)}, and {shares[1]:.2f} with 10 %: half only with none."
    )


def _five() -> str:
    exponent = 1 / KAPLAN_2020_CRITICAL_BATCH.alpha_B
    return f"1 / alpha_B is {exponent:.2f}: the 5 is that, rounded, and {percent(5 / exponent - 1)} too large."


def _misprint() -> str:
    law = HOFFMANN_2022_TEX
    best_at = 6 * (A3_BEST.n_params / law.G) ** (1 / law.a)  # eq. 4, turned round
    return (
        f"6 N D of its row, 175e9 parameters and {power(A3_BEST.tokens)} tokens, is {power(A3_BEST.flops)} FLOPs; by "
        f"the law behind that column the size is best at {power(best_at, 2)}."
    )


def _two_estimators() -> str:
    point = CHINCHILLA.n_params, CHINCHILLA.tokens
    printed, lad, huber = (law(*point) for law in (BESIROGLU_2024, BESIROGLU_2024_LAD, BESIROGLU_2024_HUBER))
    return (
        f"E = {BESIROGLU_2024.E} is of one fit, beside A = {BESIROGLU_2024_HUBER.A}; A = {BESIROGLU_2024.A} of the "
        f"other, beside E = {BESIROGLU_2024_LAD.E}. At Chinchilla's size and data: {printed:.4f} as printed, {lad:.4f} "
        f"and {huber:.4f} nats/token from one fit each."
    )


def _ten_orders() -> str:
    paper = KAPLAN_2020_CRITICAL_BATCH
    return (
        f"At 3 nats/token Kaplan's B_* = {power(paper.B_star, 1)} gives {power(paper(3.0))} tokens; 2e18 gives "
        f"{power(paper(3.0) * 2e18 / paper.B_star)}."
    )


def _tokens_called_n() -> str:
    tokens = DUBEY_2024(3.8e25)
    size = 3.8e25 / 6 / tokens
    return (
        f"At 3.8e25 FLOPs the formula has {power(tokens, 4)} tokens, which leave {power(size)} parameters by 6 N D; "
        f"read as parameters it is {tokens / size:.0f} times that."
    )


ROWS = (
    Erratum(
        1,
        "Eq. 6.7: D(C_min) = 4e10 C^0.26.",
        "Table 6: D = 2e10 C^0.27.",
        (("kaplan2020", "eq. 6.7 and Table 6"),),
        Kind.INSIDE,
        _tokens,
    ),
    Erratum(
        2,
        "Eq. 6.4: alpha_C of C_min is 0.054.",
        "Appendix B: 0.052. Table 5: 0.050, the one that was measured.",
        (("kaplan2020", "eq. 6.4, app. B and Table 5"),),
        Kind.INSIDE,
        _compute_exponent,
    ),
    Erratum(
        3,
        "Eq. 1.4 and 5.3: B_* is 2e8 tokens.",
        "Table 5: 2.1e8.",
        (("kaplan2020", "eq. 5.3 and Table 5"),),
        Kind.INSIDE,
        _critical_batch,
    ),
    Erratum(
        4,
        "Table 5: alpha_D is 0.095, D_c 5.4e13.",
        "Table 2: 0.103 and 1.8e13.",
        (("kaplan2020", "Tables 2 and 5"),),
        Kind.INSIDE,
        _data_exponent,
    ),
    Erratum(
        5,
        "Table 5: N_c is 8.8e13.",
        "Table 2: 6.4e13. Table 3: 6.5e13, with an exponent of 0.077.",
        (("kaplan2020", "Tables 2, 3 and 5"),),
        Kind.INSIDE,
        _size_scale,
    ),
    Erratum(
        6,
        "Eq. B.4 is printed with 1 - 5 (N / L) dL/dN.",
        "The factor is 1 / alpha_B.",
        (("kaplan2020", "eq. B.4"),),
        Kind.INSIDE,
        _five,
    ),
    Erratum(
        7,
        "Table A3, approach 3: 175e9 parameters are best at 1.26e24 FLOPs.",
        "Ten times more, by the tokens in the same row.",
        (("hoffmann2022", "Table A3"),),
        Kind.INSIDE,
        _misprint,
    ),
    Erratum(
        8,
        "Eq. 2 prints E, A, B, alpha and beta as one fit.",
        "The notebook has two: E is of Huber's loss, the others of absolute deviations.",
        (("besiroglu2024", "eq. 2"),),
        Kind.INSIDE,
        _two_estimators,
    ),
    Erratum(
        9,
        "A table of other laws has Kaplan's B_* as 2e18.",
        "Kaplan et al. have 2e8.",
        (("li2025", "comparison of laws"), ("kaplan2020", "eq. 5.3")),
        Kind.INSIDE,
        _ten_orders,
    ),
    Erratum(
        10,
        "N*(C) = 0.299 C^0.537 looks like a size.",
        "There N* is the number of tokens: 16.55e12 at 3.8e25 FLOPs, they say, for 402e9 parameters.",
        (("dubey2024", "sec. 3.2.1"),),
        Kind.INSIDE,
        _tokens_called_n,
    ),
    Erratum(
        11,
        "The critical batch is roughly 1 to 2 million tokens at convergence for the largest models.",
        "B_crit = 2e8 / L^(1 / 0.21).",
        (("kaplan2020", "sec. 5.1 and eq. 5.3"),),
        Kind.INSIDE,
        _at_convergence,
    ),
    Erratum(
        12,
        "Cooldowns from one run at a constant rate halve the cost of 10, 20 and 30 tokens a parameter.",
        "They cost max(D) (1 - f) + f sum D, where cosines cost sum D; f, the share of the cooldown, is 20 %.",
        (("hagele2024", ""),),
        Kind.INSIDE,
        _half_the_cost,
    ),
)
