"""Claims about the laws of Kaplan et al. 2020 in several variables, and about what follows from them."""

from isoflop.errata.erratum import Erratum, Kind, percent, power
from isoflop.errata.runs import GPT_3
from isoflop.laws.kaplan import KAPLAN_2020, KAPLAN_2020_STEPS, Kaplan
from isoflop.laws.kaplan_frontier import KAPLAN_2020_TABLE_6_SIZE, KAPLAN_2020_TABLE_6_TOKENS, contradiction
from isoflop.laws.kaplan_single import (
    BROWN_2020,
    KAPLAN_2020_TABLE_5_COMPUTE_MIN,
    KAPLAN_2020_TABLE_5_DATA,
    KAPLAN_2020_TABLE_5_SIZE,
)
from isoflop.units import pf_days_of

SIZE, DATA, COMPUTE = KAPLAN_2020_TABLE_5_SIZE, KAPLAN_2020_TABLE_5_DATA, KAPLAN_2020_TABLE_5_COMPUTE_MIN
MIXED = Kaplan(N_c=SIZE.N_c, D_c=DATA.D_c, alpha_N=SIZE.alpha_N, alpha_D=DATA.alpha_D)
"""What comes of the joint formula with the constants of Table 5, which are not its own."""


def _five_losses() -> str:
    alone = SIZE(GPT_3.n_params), DATA(GPT_3.tokens)
    joint, compute, own = KAPLAN_2020(GPT_3.n_params, GPT_3.tokens), COMPUTE(GPT_3.pf_days), BROWN_2020(GPT_3.pf_days)
    return (
        f"Size alone gives {alone[0]:.3f}, data alone {alone[1]:.3f}, both together {joint:.3f} nats/token; L(C_min) "
        f"gives {compute:.3f}, and GPT-3's own trend {own:.3f}."
    )


def _better_or_worse() -> str:
    measured, size, data = BROWN_2020(GPT_3.pf_days), SIZE(GPT_3.n_params), DATA(GPT_3.tokens)
    better = "worse" if measured > max(size, data) else "better"
    return f"{measured:.2f} nats/token is {better} than {size:.2f} and {data:.2f}: a lower loss is the better one."


def _loss_of_size_alone() -> str:
    end = contradiction(COMPUTE, DATA, KAPLAN_2020_TABLE_6_TOKENS, KAPLAN_2020_TABLE_6_SIZE)
    return (
        f"For 1.2e12 parameters it predicts {SIZE(1.2e12):.3f} nats/token, below the {end.loss:.1f} at which the paper "
        "expects its laws to break down."
    )


def _overfitting() -> str:
    small, large = (KAPLAN_2020.overfitting(n, 1e9) for n in (1e8, 1e9))
    return (
        f"By the paper's law overfitting 1e9 tokens costs a model of 1e8 parameters {percent(small, 1)} of its loss, "
        f"and one of 1e9 parameters {percent(large, 1)}."
    )


def _steps() -> str:
    law = KAPLAN_2020_STEPS
    paper = ((law.S_c / 1e4) ** law.alpha_S) / ((law.S_c / 1e5) ** law.alpha_S)
    return (
        f"From 1e4 to 1e5 steps the excess over the converged loss falls {paper:.2g} times, by the exponent "
        f"{law.alpha_S}; the claim's exponent of 1 has it fall {(1e5 + 100) / (1e4 + 100):.2g} times."
    )


def _two_tables() -> str:
    point = 1e9, 2.2e10
    return (
        f"For 1e9 parameters on 2.2e10 tokens the loss becomes {MIXED(*point):.4f} instead of "
        f"{KAPLAN_2020(*point):.4f} nats/token."
    )


def product(n_params: float, tokens: float, pf_days: float) -> float:
    """The three laws in one variable, multiplied as the claim has it."""
    return float(SIZE(n_params) * DATA(tokens) * COMPUTE(pf_days))


def _product() -> str:
    claimed = product(GPT_3.n_params, GPT_3.tokens, GPT_3.pf_days)
    doubled = product(2 * GPT_3.n_params, 2 * GPT_3.tokens, 2 * GPT_3.pf_days) / claimed
    return (
        f"For GPT-3 the product is {claimed:.2f} instead of {KAPLAN_2020(GPT_3.n_params, GPT_3.tokens):.2f} "
        f"nats/token, and doubling all three multiplies it by {doubled:.3f}."
    )


def _largest_term() -> str:
    point = 1e8, 1e9
    two, third = max(SIZE(point[0]), DATA(point[1])), COMPUTE(pf_days_of(6 * point[0] * point[1]))
    return (
        f"For 1e8 parameters on 1e9 tokens the larger of the terms of size and data is {two:.3f}; the joint law gives "
        f"{KAPLAN_2020(*point):.3f} (Table 2), and {MIXED(*point):.3f} even with the constants of Table 5. The third "
        f"term, at the C = 6 N D of one epoch, is {third:.3f}: with it the claim is too high, without it too low."
    )


def _absolute() -> str:
    n_params, tokens = 1e9, 2.2e10
    claimed = (n_params / tokens) ** 0.38
    paper = KAPLAN_2020(n_params, tokens) - KAPLAN_2020.on_infinite_data(n_params)
    return f"For 1e9 parameters on 2.2e10 tokens it adds {claimed:.3f} nats/token; the paper's law adds {paper:.4f}."


def steps_to(loss: float, n_params: float) -> float:
    """S_min with L(N, S_min) = loss, from eq. 1.6."""
    law = KAPLAN_2020_STEPS
    return float(law.S_c / (loss - law.converged(n_params)) ** (1 / law.alpha_S))


def _fewer_steps() -> str:
    small, large = (steps_to(3.0, n) for n in (1e8, 1e9))
    return f"To 3.0 nats/token a model of 1e8 parameters takes {power(small, 2)} steps, one of 1e9 {power(large, 2)}."


ROWS = (
    Erratum(
        14,
        "For GPT-3 the paper gives two answers, L(N) = 1.604 and L(D) = 1.638.",
        "Each takes the other resource for unlimited. Size and data limit the loss together, eq. 1.5 with the "
        "constants of Table 2.",
        (("kaplan2020", "eq. 1.5 and Table 2"), ("brown2020", "Fig. 3.1")),
        Kind.READING,
        _five_losses,
    ),
    Erratum(
        15,
        "GPT-3 did better than these predictions, thanks to a better architecture.",
        "Its trend lies above them, and the architecture is of the same family.",
        (("brown2020", "Fig. 3.1"),),
        Kind.READING,
        _better_or_worse,
    ),
    Erratum(
        19,
        "A plan's loss is L(N_opt).",
        "L(N) is the loss on infinite data. A plan has so many tokens, and needs the joint law.",
        (("kaplan2020", "eq. 1.5 and sec. 6.3"),),
        Kind.FORMULA,
        _loss_of_size_alone,
    ),
    Erratum(
        29,
        "There is no plateau of overfitting: one can train much longer and nothing is hurt.",
        "Section 4 is about overfitting, has a law for it, and shows test losses that rise again.",
        (("kaplan2020", "eq. 4.3 and Fig. 16"),),
        Kind.READING,
        _overfitting,
    ),
    Erratum(
        30,
        "L(S) = L_inf + (L_0 - L_inf) S_c / (S + S_c) with S_c = 100, from Figure 3.",
        "L(N, S) = (N_c / N)^0.077 + (2.1e3 / S_min)^0.76. Figure 3 shows how a budget is split.",
        (("kaplan2020", "eq. 1.6 and Table 3"),),
        Kind.FORMULA,
        _steps,
    ),
    Erratum(
        44,
        "The joint L(N, D) takes the constants of the single laws.",
        "It was fitted by itself: its constants are in Table 2, those of the single laws in Table 5.",
        (("kaplan2020", "Tables 2 and 5"),),
        Kind.CONSTANT,
        _two_tables,
    ),
    Erratum(
        48,
        "L is proportional to N^-0.076 D^-0.095 C^-0.050.",
        "The shorter resource decides: a sum of both terms inside one power. C is no third input, being 6 N D.",
        (("kaplan2020", "eq. 1.5"),),
        Kind.FORMULA,
        _product,
    ),
    Erratum(
        49,
        "The loss is the largest of the three terms, plus L_inf.",
        "The crossover is smooth, there is no floor, and C is not independent of N and D.",
        (("kaplan2020", "eq. 1.5"),),
        Kind.FORMULA,
        _largest_term,
    ),
    Erratum(
        51,
        "Overfitting adds (N / D)^0.38 to L_inf.",
        "It is a share of the loss, and depends on N^0.74 / D. 0.38 is an exponent of transfer, from another paper.",
        (("kaplan2020", "eq. 4.3"), ("hernandez2021", "")),
        Kind.FORMULA,
        _absolute,
    ),
    Erratum(
        53,
        "Training slows down as N^-0.76.",
        "0.76 is how the excess loss falls with steps. Larger models need fewer of them.",
        (("kaplan2020", "eq. 1.6 and Fig. 2"),),
        Kind.READING,
        _fewer_steps,
    ),
)
