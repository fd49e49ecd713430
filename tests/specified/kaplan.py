"""Sections 1.2 to 1.8: Kaplan et al. 2020; and the errata that need its laws alone."""

from dataclasses import replace
from math import log10

from isoflop.laws.kaplan import KAPLAN_2020, KAPLAN_2020_DATA_NEEDED, KAPLAN_2020_STEPS, Kaplan
from isoflop.laws.kaplan_batch import KAPLAN_2020_CRITICAL_BATCH
from isoflop.laws.kaplan_efficient import ComputeEfficient
from isoflop.laws.kaplan_frontier import (
    KAPLAN_2020_EQ_6_7_TOKENS,
    KAPLAN_2020_TABLE_6_BATCH,
    KAPLAN_2020_TABLE_6_SIZE,
    KAPLAN_2020_TABLE_6_STEPS,
    KAPLAN_2020_TABLE_6_TOKENS,
    Contradiction,
    KaplanOptimalTokens,
    contradiction,
    tokens_processed,
)
from isoflop.laws.kaplan_protocol import KAPLAN_2020_LEARNING_RATE, KAPLAN_2020_RUN, WEBTEXT2
from isoflop.laws.kaplan_single import BROWN_2020
from isoflop.laws.kaplan_single import KAPLAN_2020_TABLE_5_COMPUTE_MIN as COMPUTE
from isoflop.laws.kaplan_single import KAPLAN_2020_TABLE_5_COMPUTE_NAIVE as NAIVE
from isoflop.laws.kaplan_single import KAPLAN_2020_TABLE_5_DATA as DATA
from isoflop.laws.kaplan_single import KAPLAN_2020_TABLE_5_SIZE as SIZE
from isoflop.laws.law import Law
from isoflop.units import flops_of, pf_days_of
from specified.row import Row

EFFICIENT = ComputeEfficient(KAPLAN_2020_STEPS, KAPLAN_2020_CRITICAL_BATCH)
WITH_TABLE_5 = replace(EFFICIENT, steps=replace(KAPLAN_2020_STEPS, alpha_N=SIZE.alpha_N))
"""Section 1.6 computes B.16 and B.17, and 0.052, with alpha_N = 0.076 of Table 5, the rest of it with Table 3."""
JOINT_OF_TABLE_5 = Kaplan(SIZE.N_c, DATA.D_c, SIZE.alpha_N, DATA.alpha_D)
"""What no one should use: the joint form with constants of the single laws."""
GPT_3 = (175e9, 300e9)
N_OPT, B_OPT, S_OPT, D_OPT = (
    KAPLAN_2020_TABLE_6_SIZE,
    KAPLAN_2020_TABLE_6_BATCH,
    KAPLAN_2020_TABLE_6_STEPS,
    KAPLAN_2020_TABLE_6_TOKENS,
)


def told(value: float) -> float:
    """A number that a property or a ratio of values gave."""
    return value


def grown(law: Law, low: float, high: float) -> float:
    """How many times larger the output is at the second input."""
    return float(law(high) / law(low))


def of_flops(law: Law, flops: float) -> float:
    """A law in PF-days, asked rightly."""
    return float(law(pf_days_of(flops)))


def size_as_claimed(flops: float) -> float:
    """Errata 3: (C / 6)^0.73."""
    return float((flops / 6) ** N_OPT.a)


def tokens_as_claimed(flops: float) -> float:
    """Errata 4: C / (6 N) with the size of errata 3."""
    return flops / (6 * size_as_claimed(flops))


def crossing(tokens: KaplanOptimalTokens) -> Contradiction:
    """Where L(D(C)) meets L(C_min), Tables 5 and 6."""
    return contradiction(COMPUTE, DATA, tokens, N_OPT)


def overfitting_in_nats(n_params: float, tokens: float) -> float:
    """L(N, D) - L(N, inf)."""
    return float(KAPLAN_2020(n_params, tokens) - KAPLAN_2020.on_infinite_data(n_params))


def product_of_laws(n_params: float, tokens: float) -> float:
    """Errata 48: L(N) L(D) L(C), with C = 6 N D."""
    return float(SIZE(n_params) * DATA(tokens) * of_flops(COMPUTE, 6 * n_params * tokens))


_SIX_ND = N_OPT(1) * 6 / flops_of(1)
_SMALL = EFFICIENT.to_convergence(EFFICIENT.convergence_factor, 0.02)
_LESS, _MORE = WITH_TABLE_5.sizes_within(0.2)
_AT = WITH_TABLE_5.at_size
_CROSSING, _OTHER_CROSSING = crossing(D_OPT), crossing(KAPLAN_2020_EQ_6_7_TOKENS)
_NEEDED = KAPLAN_2020.data_needed(0.02)
_B_CRIT = KAPLAN_2020_CRITICAL_BATCH
_LOW, _HIGH = SIZE.about.fitted["n_params"]
_LEAST, _MOST = COMPUTE.about.fitted["pf_days"]
_FEWEST = WEBTEXT2.tokens / 1024
_ABOUT_40 = "one digit: 42.7 of 2.24e7 tokens, 38.1 of the 2e7 printed beside it"
_STEP = 6 * _LOW * KAPLAN_2020_RUN.batch_tokens

ROWS = (
    Row("1.2", "doubling N multiplies the loss by", grown, (SIZE, 1e8, 2e8), "0.949"),
    Row("1.2", "orders of magnitude in N", told, (log10(_HIGH / _LOW),), "6"),
    Row("1.2", "orders of magnitude in C_min", told, (log10(_MOST / _LEAST),), "8"),
    Row("1.3", "tokens of a data set reduced 1024 times", told, (_FEWEST,), "2e7"),
    Row("1.3", "updates an epoch of it", told, (_FEWEST / KAPLAN_2020_RUN.batch_tokens,), "40", 5, _ABOUT_40),
    *(
        Row("1.3", f"tokens of the legend, 22e9 halved {k} times", told, (22e9 / 2**k,), value)
        for k, value in zip(range(10, 4, -1), ("21e6", "43e6", "86e6", "172e6", "344e6", "688e6"), strict=True)
    ),
    Row("1.3", "data that 8 times the size asks for", grown, (KAPLAN_2020_DATA_NEEDED, 1e8, 8e8), "4.66"),
    Row("1.3", "8 times the size, 5 times the data", grown, (KAPLAN_2020_DATA_NEEDED, 1e8, 8e8), "5"),
    Row("1.3", "coefficient of the data that keeps overfitting at 2 %", told, (_NEEDED.k,), "5.52e3"),
    Row("1.3", "its exponent", told, (_NEEDED.a,), "0.738"),
    Row("1.3", "exponent of N^.74 / D", told, (KAPLAN_2020.alpha_N / KAPLAN_2020.alpha_D,), "0.74"),
    Row("1.3", "size that 22e9 tokens are enough for", KAPLAN_2020_DATA_NEEDED.largest_size, (22e9,), "0.95e9"),
    Row("1.4", "B_crit after a decrease by 13 %", grown, (_B_CRIT, 1.0, 0.87), "1.94"),
    Row("1.4", "decrease that doubles B_crit", lambda: 1 - _B_CRIT.loss_at(2 * _B_CRIT(1.0)), (), "0.135"),
    Row("1.4", "S_min of S = 2 at B_crit", lambda: _B_CRIT.fewest_steps(2, _B_CRIT(3.0), 3.0), (), "1"),
    Row("1.4", "E_min of E = 2 at B_crit", lambda: _B_CRIT.fewest_tokens(2, _B_CRIT(3.0), 3.0), (), "1"),
    Row("1.4", "C_min of C = 2 at B_crit", lambda: _B_CRIT.least_compute(2, _B_CRIT(3.0), 3.0), (), "1"),
    Row("1.6", "6 N B S of Table 6, in PF-days", told, (_SIX_ND * B_OPT(1) * S_OPT(1),), "0.975"),
    Row("1.6", "6 N D of Table 6, in PF-days", told, (_SIX_ND * D_OPT(1),), "1.81"),
    Row("1.6", "D at B_crit of Table 6's size", tokens_processed, (1, N_OPT(1), 1), "2.22e10"),
    Row(
        "1.6",
        "eq. 6.7 over that D",
        told,
        (KAPLAN_2020_EQ_6_7_TOKENS(1) / tokens_processed(1, N_OPT(1), 1),),
        "1.8",
    ),
    Row("1.6", "exponent of D = B S", told, (B_OPT.a + S_OPT.a,), "0.27"),
    Row("1.6", "alpha_C with the exponents of Table 5", told, (WITH_TABLE_5.alpha_C,), "0.052"),
    Row("1.6", "exponent of N derived", told, (WITH_TABLE_5.size_law.a,), "0.68"),
    Row("1.6", "convergence factor", told, (EFFICIENT.convergence_factor,), "0.10"),
    Row("1.6", "C_c derived, PF-days", told, (EFFICIENT.C_c,), "1.53e8"),
    Row("1.6", "loss at 1 PF-day derived", EFFICIENT.loss_law, (1,), "2.688"),
    Row("1.6", "loss at 1 PF-day fitted", COMPUTE, (1,), "2.658"),
    Row("1.6", "size at 1 PF-day derived", EFFICIENT.size_law, (1,), "6.0e8"),
    Row("1.6", "size at 1 PF-day fitted", N_OPT, (1,), "1.3e9"),
    Row("1.6", "parameters to stop early over those to converge, printed", told, (_SMALL.n_params,), "2.7"),
    Row("1.6", "steps to stop early over those to converge, printed", told, (_SMALL.steps,), "0.13"),
    Row("1.6", "compute to stop early over that to converge, printed", told, (_SMALL.compute,), "0.35"),
    Row("1.6", "compute saved, printed", told, (1 - _SMALL.compute,), "0.65"),
    Row("1.6", "fewer updates, printed", told, (1 / _SMALL.steps,), "7.7", 0.06, "the paper inverts its rounded 0.13"),
    Row("1.6", "parameters to stop early over those to converge", told, (_SMALL.n_params,), "2.708"),
    Row("1.6", "steps to stop early over those to converge", told, (_SMALL.steps,), "0.1308"),
    Row("1.6", "fewer updates", told, (1 / _SMALL.steps,), "7.64"),
    Row("1.6", "compute to stop early over that to converge", told, (_SMALL.compute,), "0.354"),
    Row("1.6", "smallest size within 20 %, printed", told, (_LESS,), "0.6"),
    Row("1.6", "largest size within 20 %, printed", told, (_MORE,), "2.2"),
    Row("1.6", "smallest size within 20 %", told, (_LESS,), "0.577"),
    Row("1.6", "largest size within 20 %", told, (_MORE,), "2.184"),
    Row("1.6", "compute at 0.6 of the best size", told, (_AT(0.6).compute,), "1.164"),
    Row("1.6", "compute at 2.2 of the best size", told, (_AT(2.2).compute,), "1.203"),
    Row("1.6", "steps at 2.2 of the best size", told, (_AT(2.2).steps,), "0.547"),
    Row("1.6", "fewer steps at 2.2 of the best size, printed", told, (1 - _AT(2.2).steps,), "0.45"),
    Row("1.6", "size that cannot reach the loss", told, (WITH_TABLE_5.smallest_ratio,), "0.285"),
    Row("1.7", "exponent of data needed in compute", told, (KAPLAN_2020_DATA_NEEDED.a * N_OPT.a,), "0.54"),
    Row("1.7", "exponent of L(D(C))", told, (DATA.alpha_D * D_OPT.a,), "0.03"),
    Row("1.7", "contradiction, PF-days", told, (_CROSSING.pf_days,), "1.12e4"),
    Row("1.7", "contradiction, size", told, (_CROSSING.n_params,), "1.17e12"),
    Row("1.7", "contradiction, tokens", told, (_CROSSING.tokens,), "2.5e11"),
    Row("1.7", "contradiction, loss", told, (_CROSSING.loss,), "1.668"),
    Row("1.7", "contradiction, loss printed", told, (_CROSSING.loss,), "1.7"),
    Row("1.7", "contradiction, order of PF-days", told, (log10(_CROSSING.pf_days),), "4"),
    Row("1.7", "contradiction, order of size", told, (log10(_CROSSING.n_params),), "12"),
    Row(
        "1.7",
        "contradiction, order of tokens",
        told,
        (log10(_CROSSING.tokens),),
        "12",
        1.0,
        "uncertain by an order of magnitude, the paper says",
    ),
    Row("1.7", "contradiction with eq. 6.7, PF-days", told, (_OTHER_CROSSING.pf_days,), "1.06e5"),
    Row("1.7", "contradiction with eq. 6.7, loss", told, (_OTHER_CROSSING.loss,), "1.49"),
    Row("1.7", "WebText2's tokens a word", told, (WEBTEXT2.tokens_per_word,), "1.4"),
    Row("1.8", "size whose learning rate is 0", told, (KAPLAN_2020_LEARNING_RATE.zero,), "1.21e10"),
    Row("1.8", "tokens of a full run", told, (KAPLAN_2020_RUN.tokens,), "1.31e11"),
    Row("1.8", "epochs of a full run", WEBTEXT2.epochs, (KAPLAN_2020_RUN.tokens,), "5.7"),
    Row("1.8", "FLOPs of the largest run", KAPLAN_2020_RUN.flops, (_HIGH,), "1.18e21"),
    Row("1.8", "PF-days of the largest run", pf_days_of, (KAPLAN_2020_RUN.flops(_HIGH),), "13.7"),
    Row("1.8", "compute that 1 % of loss is worth", COMPUTE.compute_worth, (1.01,), "1.22"),
    Row("1.8", "GPT-3's loss by Brown et al.", BROWN_2020, (3640,), "1.734"),
    Row("errata 1", "L(1e21 FLOP)", of_flops, (COMPUTE, 1e21), "2.3518"),
    Row("errata 1", "L with FLOPs taken for PF-days", COMPUTE, (1e21,), "0.2369"),
    Row("errata 1", "1 nat where FLOPs taken for PF-days reach C_c", COMPUTE, (3.1e8,), "1"),
    Row("errata 2", "naive L(C) at 1e21", of_flops, (NAIVE, 1e21), "2.2388"),
    Row("errata 2", "L(C_min) at 1e21", of_flops, (COMPUTE, 1e21), "2.3518"),
    Row("errata 3", "N_opt at 1e21", of_flops, (N_OPT, 1e21), "7.77e9"),
    Row("errata 3", "N_opt as claimed", size_as_claimed, (1e21,), "5.78e14"),
    Row("errata 3", "claim over N_opt", lambda c: size_as_claimed(c) / of_flops(N_OPT, c), (1e21,), "7.442e4"),
    Row("errata 3", "claim over N_opt at 1e18", lambda c: size_as_claimed(c) / of_flops(N_OPT, c), (1e18,), "7.442e4"),
    Row("errata 4", "D_opt at 1e21", of_flops, (D_OPT, 1e21), "3.87e10"),
    Row("errata 4", "D_opt as claimed", tokens_as_claimed, (1e21,), "2.88e5"),
    Row("errata 4", "tokens a parameter", lambda c: of_flops(D_OPT, c) / of_flops(N_OPT, c), (1e21,), "5.0"),
    Row(
        "errata 4",
        "tokens a parameter as claimed",
        lambda c: tokens_as_claimed(c) / size_as_claimed(c),
        (1e21,),
        "5e-10",
    ),
    Row("errata 7", "L(N_c)", SIZE, (SIZE.N_c,), "1"),
    Row("errata 8", "L(1e9)", SIZE, (1e9,), "2.376"),
    Row("errata 8", "L(1e9) over a floor of 1.69", lambda n: 1.69 + SIZE(n), (1e9,), "4.066"),
    Row("errata 14", "GPT-3 by L(N)", SIZE, (GPT_3[0],), "1.604"),
    Row("errata 14", "GPT-3 by L(D)", DATA, (GPT_3[1],), "1.638"),
    Row("errata 14", "GPT-3 by L(N, D)", KAPLAN_2020, GPT_3, "1.661"),
    Row("errata 14", "GPT-3 by L(C_min)", COMPUTE, (3640,), "1.764"),
    Row("errata 14", "GPT-3 by its own fit", BROWN_2020, (3640,), "1.734"),
    Row("errata 15", "GPT-3's own trend", BROWN_2020, (3640,), "1.73"),
    Row("errata 15", "GPT-3 by L(N)", SIZE, (GPT_3[0],), "1.60"),
    Row("errata 15", "GPT-3 by L(D)", DATA, (GPT_3[1],), "1.64"),
    Row("errata 19", "L(N) of 1.2e12 parameters", SIZE, (1.2e12,), "1.386"),
    Row("errata 19", "L*", told, (_CROSSING.loss,), "1.7"),
    Row("errata 22", "GPT-2 small by its total size", SIZE, (123.6e6,), "2.785"),
    Row("errata 22", "GPT-2 small by its non-embedding size", SIZE, (84.9e6,), "2.865"),
    Row("errata 28", "FLOPs of the largest run", KAPLAN_2020_RUN.flops, (_HIGH,), "1.18e21"),
    Row("errata 29", "overfitting of 1e8 parameters on 1e9 tokens", KAPLAN_2020.overfitting, (1e8, 1e9), "0.070"),
    Row("errata 30", "exponent of S_min", told, (KAPLAN_2020_STEPS.alpha_S,), ".76"),
    Row("errata 30", "its scale", told, (KAPLAN_2020_STEPS.S_c,), "2100"),
    Row("errata 31", "excess where the best run stops", told, (EFFICIENT.convergence_factor,), ".10"),
    Row("errata 31", "epochs of a full run", WEBTEXT2.epochs, (KAPLAN_2020_RUN.tokens,), "5.7"),
    Row("errata 38", "fewest tokens", told, (_FEWEST,), "2.2e7"),
    Row("errata 38", "most tokens", told, (WEBTEXT2.tokens,), "2.3e10"),
    Row("errata 39", "D = B S", told, (KAPLAN_2020_RUN.tokens,), "1.31e11"),
    Row("errata 39", "2 B S", told, (2 * KAPLAN_2020_RUN.tokens,), "2.62e11"),
    Row("errata 40", "B_crit at a loss of 3", _B_CRIT, (3,), "1.07e6"),
    Row("errata 40", "B_crit at a loss of 2.5", _B_CRIT, (2.5,), "2.55e6"),
    Row("errata 41", "L(N) of the smallest shape", SIZE, (37.7e6,), "3.05"),
    Row("errata 41", "L(N) of the largest shape", SIZE, (42.5e6,), "3.02"),
    Row("errata 43", "orders of magnitude in N", told, (log10(_HIGH / _LOW),), "6"),
    Row("errata 43", "orders of magnitude in C_min", told, (log10(_MOST / _LEAST),), "8"),
    Row("errata 44", "joint law with Table 2", KAPLAN_2020, (1e9, 2.2e10), "2.3693"),
    Row("errata 44", "joint law with Table 5", JOINT_OF_TABLE_5, (1e9, 2.2e10), "2.4305"),
    Row("errata 48", "GPT-3 by a product of laws", product_of_laws, GPT_3, "4.63"),
    Row("errata 48", "GPT-3 by the joint law", KAPLAN_2020, GPT_3, "1.66"),
    Row(
        "errata 48",
        "a product of laws, all three doubled",
        lambda: grown(SIZE, 1, 2) * grown(DATA, 1, 2) * grown(COMPUTE, 1, 2),
        (),
        "0.858",
    ),
    Row("errata 49", "the larger of L(N) and L(D)", lambda n, d: max(SIZE(n), DATA(d)), (1e8, 1e9), "2.830"),
    Row("errata 49", "joint law with Table 2", KAPLAN_2020, (1e8, 1e9), "2.957"),
    Row("errata 49", "joint law with Table 5", JOINT_OF_TABLE_5, (1e8, 1e9), "3.015"),
    Row("errata 50", "N at 10 times the compute", grown, (N_OPT, 1, 10), "5.37"),
    Row("errata 50", "B at 10 times the compute", grown, (B_OPT, 1, 10), "1.74"),
    Row("errata 50", "S at 10 times the compute", grown, (S_OPT, 1, 10), "1.07"),
    Row("errata 51", "overfitting in nats", overfitting_in_nats, (1e9, 2.2e10), "0.0505"),
    Row("errata 51", "overfitting as claimed", lambda n, d: (n / d) ** 0.38, (1e9, 2.2e10), "0.309"),
    Row("errata 53", "exponent of steps in the loss", told, (KAPLAN_2020_STEPS.alpha_S,), ".76"),
    Row("errata 55", "FLOPs of one step of the smallest model", told, (_STEP,), "2.4e9"),
    Row("errata 55", "FLOPs of the largest run", KAPLAN_2020_RUN.flops, (_HIGH,), "1.2e21"),
    Row("errata 57", "N_opt of GPT-3's compute", N_OPT, (3634,), "5.2e11"),
    Row("errata 57", "D_opt of GPT-3's compute", D_OPT, (3634,), "1.8e11"),
)
