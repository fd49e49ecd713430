"""Kaplan et al. 2020, arXiv:2001.08361: three sets that must not be mixed (Tables 2, 3, 5), Table 6; GPT-3's law."""

from collections.abc import Mapping
from dataclasses import replace

from isoflop.conventions import Compute, LossUnit, Size
from isoflop.laws.constants.row import Published
from isoflop.laws.law import About

SIZES = (768.0, 1.5e9)
"""Their smallest and largest model, parameters without embeddings."""
_TOKENS = (22e6, 23e9)
_PF_DAYS = (1.37e-7, 13.7)  # the largest standard run and 8 orders below; where the 8 orders lie is not stated

_NO_FLOOR = "It has no irreducible loss, which Henighan et al. 2020 and Hoffmann et al. 2022 find. "
_ALLOCATION = (
    "Hoffmann et al. 2022 find that size and tokens grow alike, N as C^0.5: the runs here shared one schedule of 2.5e5 "
    "steps. Pearce and Song 2024 get 0.74 to 0.78 from Hoffmann's law by counting N and C without embeddings at these "
    "sizes. Porian et al. 2024 go from 0.835 to 0.497 by the head's FLOPs, a warmup of the model's size, and tuning."
)
_UNIT = "C in PF-days of 8.64e19 FLOPs, not in FLOPs; C = 6 N B S with N non-embedding. "
_RANGE = "The range of C is derived: 8 orders up to the largest standard run."
_C_MIN = "C is C_min, what a batch far below the critical one would need: C / (1 + B / B_crit). "
_APART = "Tables 2, 3 and 5 are three fits: their constants are not to be mixed. "

_KAPLAN = About(
    n_params=Size.NON_EMBEDDING,
    tokens="tokens of the training set; early stopping",
    flops=Compute.SIX_ND_NON_EMBEDDING,
    loss=LossUnit.NATS_PER_TOKEN,
    text="WebText2, BPE 50257",
    paper="kaplan2020",
    tag="V",
)
_COMPUTE = replace(
    _KAPLAN,
    tokens="",
    flops=Compute.PF_DAYS,
    disputed=_NO_FLOOR + _ALLOCATION,
    fitted={"pf_days": _PF_DAYS},
)
_TABLE_6 = replace(
    _COMPUTE,
    tokens="tokens trained on in one epoch, at the critical batch",
    source="arXiv:2001.08361, app. A, Table 6",
    note=_UNIT + _C_MIN + _RANGE,
    disputed=_ALLOCATION,
)
_BATCH = replace(
    _KAPLAN,
    n_params="",
    tokens="",
    flops="",
    note="Measured by scans of the batch with models of 3e6 and 85e6 parameters. Of the loss, not of the size.",
)
_CONTEXT = replace(
    _KAPLAN,
    tokens="",
    flops="",
    source="arXiv:2001.08361, sec. D.5, Fig. 20",
    note="The loss on one token of the context, not its mean over the context.",
    fitted={"context_position": (1.0, 1024.0)},
)

SETS: Mapping[str, Published] = {
    "KAPLAN_2020": Published(
        "Kaplan",
        {"N_c": 6.4e13, "D_c": 1.8e13, "alpha_N": 0.076, "alpha_D": 0.103},
        replace(
            _KAPLAN,
            source="arXiv:2001.08361, Table 2, the joint fit; Table 5 has other constants",
            note=_APART + "10 % dropout and early stopping. Poor at 2e7 tokens, 40 updates an epoch.",
            disputed=_NO_FLOOR.strip(),
            fitted={"n_params": SIZES, "tokens": _TOKENS},
        ),
    ),
    "KAPLAN_2020_STEPS": Published(
        "KaplanSteps",
        {"N_c": 6.5e13, "S_c": 2.1e3, "alpha_N": 0.077, "alpha_S": 0.76},
        replace(
            _KAPLAN,
            tokens="infinite data",
            source="arXiv:2001.08361, Table 3",
            note=_APART + "The steps are S_min = S / (1 + B_crit / B). Fitted to all steps after warmup; poor at few.",
            disputed=_NO_FLOOR
            + "One schedule of 2.5e5 steps was read at all steps before its end (Hoffmann et al. 2022).",
            fitted={"n_params": SIZES, "steps": (3e3, 2.5e5)},
        ),
    ),
    "KAPLAN_2020_TABLE_5_SIZE": Published(
        "KaplanSize",
        {"N_c": 8.8e13, "alpha_N": 0.076},
        replace(
            _KAPLAN,
            tokens="infinite data, trained to convergence",
            source="arXiv:2001.08361, eq. 1.1, Table 5",
            note=_APART + "For N far below N_c; N_c depends on the tokenizer and has no deeper meaning.",
            disputed=_NO_FLOOR.strip(),
            fitted={"n_params": SIZES},
        ),
    ),
    "KAPLAN_2020_TABLE_5_DATA": Published(
        "KaplanData",
        {"D_c": 5.4e13, "alpha_D": 0.095},
        replace(
            _KAPLAN,
            source="arXiv:2001.08361, eq. 1.2, Table 5",
            note=_APART + "A model of 36 layers and width 1280, stopped early.",
            disputed=_NO_FLOOR.strip(),
            fitted={"tokens": _TOKENS},
        ),
    ),
    "KAPLAN_2020_TABLE_5_COMPUTE_MIN": Published(
        "KaplanCompute",
        {"C_c": 3.1e8, "alpha_C": 0.050},
        replace(
            _COMPUTE,
            source="arXiv:2001.08361, eq. 1.3, Table 5",
            note=_UNIT + _C_MIN + "The exponent measured; appendix B derives 0.052, eq. 6.4 says 0.054. " + _RANGE,
        ),
    ),
    "KAPLAN_2020_TABLE_5_COMPUTE_NAIVE": Published(
        "KaplanCompute",
        {"C_c": 1.6e7, "alpha_C": 0.057},
        replace(
            _COMPUTE,
            source="arXiv:2001.08361, eq. 3.3, Table 5",
            note=_UNIT + "C as spent, at one batch of 2^19 tokens: not C_min, whose law is eq. 1.3. " + _RANGE,
        ),
    ),
    "BROWN_2020": Published(
        "KaplanCompute",
        {"C_c": 2.57 ** (1 / 0.048), "alpha_C": 0.048},  # printed as L = 2.57 C^-0.048
        About(
            flops=Compute.PF_DAYS,
            loss=LossUnit.NATS_PER_TOKEN,
            text="GPT-3's training mixture and tokenizer",
            note="C in PF-days of 8.64e19 FLOPs, not in FLOPs; GPT-3 itself took 3640. Printed as 2.57 C^-0.048.",
            source="arXiv:2005.14165, Fig. 3.1",
            paper="brown2020",
            tag="V2",
            disputed=_NO_FLOOR.strip(),
        ),
    ),
    "KAPLAN_2020_FIG_23_LOGARITHM": Published(
        "KaplanLogarithm",
        {"k": 0.25, "N_0": 7.1e12},
        replace(
            _KAPLAN,
            tokens="infinite data, trained to convergence",
            source="arXiv:2001.08361, Fig. 23",
            disputed="The paper itself rejects this form: the power law fits better. It is negative beyond N_0.",
            fitted={"n_params": SIZES},
        ),
    ),
    "KAPLAN_2020_CONTEXT_LARGEST": Published("LossInContext", {"a": 2.3, "b": 5.4, "c": 0.62}, _CONTEXT),
    **{
        f"KAPLAN_2020_CONTEXT_{place}": Published(
            "LossInContext",
            dict(zip(("a", "b", "c"), values, strict=True)),
            replace(
                _CONTEXT,
                note=_CONTEXT.note + f" Model {place} of the figure, from the smallest; its size is not known here.",
                tag="M",
                unverified="all three constants",
            ),
        )
        for place, values in {
            1: (4.0, 3.2, 0.47),
            2: (3.4, 4.0, 0.56),
            3: (2.9, 4.5, 0.56),
            4: (2.7, 4.9, 0.60),
            5: (2.4, 5.1, 0.61),
        }.items()
    },
    "KAPLAN_2020_DATA_NEEDED": Published(
        "DataNeeded",
        {"k": 5e3, "a": 0.74},
        replace(
            _KAPLAN,
            source="arXiv:2001.08361, eq. 4.4",
            note="Solving eq. 4.3 = 0.02 with Table 2 gives 5.52e3 N^0.738, 6 % more at 1e9 parameters.",
            fitted={"n_params": SIZES},
        ),
    ),
    "KAPLAN_2020_CRITICAL_BATCH": Published(
        "CriticalBatchOfLoss",
        {"B_star": 2e8, "alpha_B": 0.21},
        replace(_BATCH, source="arXiv:2001.08361, eq. 1.4 and 5.3; Table 5 has B_* 2.1e8"),
    ),
    "KAPLAN_2020_TABLE_5_CRITICAL_BATCH": Published(
        "CriticalBatchOfLoss",
        {"B_star": 2.1e8, "alpha_B": 0.21},
        replace(_BATCH, source="arXiv:2001.08361, Table 5; eq. 1.4 and 5.3 have B_* 2e8"),
    ),
    "KAPLAN_2020_TABLE_6_SIZE": Published("KaplanOptimalSize", {"k": 1.3e9, "a": 0.73}, _TABLE_6),
    "KAPLAN_2020_TABLE_6_BATCH": Published("KaplanOptimalBatch", {"k": 2.0e6, "a": 0.24}, _TABLE_6),
    "KAPLAN_2020_TABLE_6_STEPS": Published(
        "KaplanOptimalSteps", {"k": 5.4e3, "a": 0.03}, replace(_TABLE_6, note=_TABLE_6.note + " A lower bound.")
    ),
    "KAPLAN_2020_TABLE_6_TOKENS": Published("KaplanOptimalTokens", {"k": 2e10, "a": 0.27}, _TABLE_6),
    "KAPLAN_2020_EQ_6_7_TOKENS": Published(
        "KaplanOptimalTokens",
        {"k": 4e10, "a": 0.26},
        replace(
            _TABLE_6,
            source="arXiv:2001.08361, eq. 6.7",
            disputed="The paper's own Table 6 disagrees: 2 C_min / (6 N_opt) is 2.22e10 at 1 PF-day, 1.8 times less. "
            + _ALLOCATION,
        ),
    ),
    "KAPLAN_2020_LEARNING_RATE": Published(
        "LearningRateOfSize",
        {"a": 0.003239, "b": 0.0001395},
        replace(
            _KAPLAN,
            tokens="",
            flops="",
            source="arXiv:2001.08361, eq. D.1",
            note="ln is natural. Breaks down for N > 1e10; 0 at 1.21e10. Adam, Adafactor above 1e9 parameters.",
            fitted={"n_params": SIZES},
        ),
    ),
}

STANDARD_RUN = {"batch_sequences": 512, "context": 1024, "steps": 250_000, "warmup_steps": 3000}
"""Kaplan et al. 2020, sec. 2.2."""

TEXT = {"documents": 20.3e6, "words": 1.62e10, "tokens": 2.29e10, "test_tokens": 6.6e8}
"""WebText2, Kaplan et al. 2020, sec. 2.3: 96 GB of it."""
