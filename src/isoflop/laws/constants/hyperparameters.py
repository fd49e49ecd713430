"""Batch size, learning rate and weight decay."""

from collections.abc import Mapping
from dataclasses import replace

from isoflop.conventions import Compute, LossUnit, Size
from isoflop.laws.constants.row import Published
from isoflop.laws.law import About

_M_D = "C is M D: M counts the layers and attention, but not the embedding and the head"
_DEEPSEEK = About(
    tokens="tokens trained on",
    flops=Compute.EXACT,
    text="DeepSeek's own corpus, its current version",
    note=f"{_M_D}; steps of 31.6 % and 10 % of the peak after 80 % and 90 % of the tokens, 2000 steps of warm-up; of "
    "settings within 0.25 % of the best loss",
    source="arXiv:2401.02954, as three texts transcribe it",
    paper="bi2024",
    tag="V2",
    fitted={"flops": (1e17, 2e19)},
)
_STEP_LAW = About(
    n_params=Size.NON_EMBEDDING,
    tokens="tokens trained on",
    text="not recorded",
    note="about 3700 runs; cosine to a rate of 1e-5 whatever the peak, 2000 steps of warm-up; the paper's table of "
    "others' rules misprints Kaplan's B_* as 2e18 (2e8)",
    source="arXiv:2503.04715, as four texts transcribe it, and code",
    paper="li2025",
    tag="V2",
    fitted={"n_params": (60e6, 1e9)},
)
_PORIAN = About(
    n_params=Size.WITH_HEAD,
    text="RefinedWeb and OpenWebText2; tokenizer not recorded",
    note="the range is that of all runs, of which the sweep over rates and batches may be a part",
    source="arXiv:2406.19146, as the table of arXiv:2503.04715 has it",
    paper="porian2024",
    tag="V2",
    unverified="that N has the head in it, as elsewhere in the paper",
    fitted={"n_params": (5e6, 901e6)},
)
_POWER_LINES = About(
    tokens="tokens trained on",
    text="not recorded",
    note="about 400 runs under muP; what N counts is not recorded",
    source="arXiv:2505.13738, as texts transcribe it",
    paper="bergsma2025",
    tag="V2",
    fitted={"n_params": (111e6, 3.3e9)},
)
_HALF_SEEN = "arXiv:2505.13738: the exponent as texts transcribe it, the prefactor from memory"
_ZHANG = About(
    n_params=Size.NON_EMBEDDING,
    tokens="about 20 a parameter at a batch of 256",
    loss=LossUnit.NATS_PER_TOKEN,
    text="C4; sequences of 512 tokens; tokenizer not recorded",
    note="steps to one loss of each size, with averaged weights in place of a decay",
    source="arXiv:2410.21676, output of the authors' notebook",
    paper="zhang2024",
    tag="C",
    fitted={"batch_sequences": (64, 16384)},
)
_ZHANG_CRITICAL = replace(
    _ZHANG,
    note="critical is the batch that needs a fifth more steps than if they fell as 1 / B from 256 on; at one D it "
    "hardly grows with N",
    fitted={"n_params": (85e6, 1.2e9)},
)
_MUP = About(
    text="any: a rule of width",
    source="arXiv:2203.03466, from memory",
    paper="yang2022",
    tag="M",
    unverified="all of it",
)
_COMPLETE_P = About(
    text="any: a rule of width and depth",
    note="beside h + F(h) / m_L, alpha = 1: with it rates carry over depth as muP's do over width",
    source="arXiv:2505.01618, Table 1, from memory",
    paper="dey2025",
    tag="M",
    unverified="all of it",
)

SETS: Mapping[str, Published] = {
    "BI_2024_RATE": Published("LearningRateByCompute", {"k": 0.3118, "a": -0.1250}, _DEEPSEEK),
    "BI_2024_BATCH": Published("BatchByCompute", {"k": 0.2920, "a": 0.3271}, _DEEPSEEK),
    "BI_2024_SCALE": Published(
        "OptimalScale",
        {"k": 0.1715, "a": 0.5243},
        replace(_DEEPSEEK, note=f"{_M_D}; a is 0.450 on an earlier version of the corpus, 0.578 on OpenWebText2"),
    ),
    "BI_2024_TOKENS": Published("OptimalTokens", {"k": 5.8316, "b": 0.4757}, _DEEPSEEK),
    "LI_2025_RATE": Published(
        "LearningRate",
        {"k": 1.79, "a": -0.713, "b": 0.307},
        replace(
            _STEP_LAW,
            disputed="Bjorck et al. 2024 find the other sign: at one batch the rate falls with tokens, D^-0.32",
        ),
    ),
    "LI_2025_BATCH": Published("BatchByTokens", {"k": 0.58, "a": 0.571}, _STEP_LAW),
    "PORIAN_2024_RATE": Published("LearningRateBySize", {"k": 3.7, "a": -0.36}, _PORIAN),
    "PORIAN_2024_BATCH": Published("BatchBySize", {"k": 0.7576, "a": 0.703}, _PORIAN),
    "BJORCK_2024": Published(
        "LearningRateRatio",
        {"a": -0.23, "b": -0.32},
        About(
            tokens="tokens trained on",
            text="not recorded",
            note="at one batch; what N counts is not recorded",
            source="arXiv:2409.19913, as texts transcribe it",
            paper="bjorck2024",
            tag="V2",
            unverified="in which units N and D stand; of a rule of ratios it does not matter",
            disputed="Step Law (Li et al. 2025) finds the other sign: the rate rises with tokens, D^+0.307. The "
            "prefactor that circulates, 1.3192e-5, gives rates near 3e-11 from plain counts: left out",
        ),
    ),
    "BERGSMA_2025_TIMESCALE": Published("Timescale", {"k": 1.084, "a": -0.527}, _POWER_LINES),
    "BERGSMA_2025_BATCH": Published(
        "BatchByTokens",
        {"k": 0.0306 * 2048, "a": 0.383},  # of sequences of 2048 tokens
        replace(
            _POWER_LINES,
            note="about 400 runs under muP, their sizes in the range; a lies in 0.367 to 0.391",
            source=_HALF_SEEN,
            tag="M",
            unverified="the prefactor, 0.0306 sequences of 2048 tokens",
        ),
    ),
    "BERGSMA_2025_CRITICAL": Published(
        "CriticalBatchByTokens",
        {"k": 0.0471 * 2048, "a": 0.462},
        replace(
            _POWER_LINES,
            tokens="D_min, the fewest tokens that reach the loss, at a small batch",
            source=_HALF_SEEN,
            tag="M",
            unverified="the prefactor, 0.0471 sequences of 2048 tokens, and that critical means twice D_min",
        ),
    ),
    "ZHANG_2024_85M": Published("StepsToTarget", {"a": 1293.83, "b": 2.83426e6}, _ZHANG),
    "ZHANG_2024_151M": Published("StepsToTarget", {"a": 1752.42, "b": 5.67748e6}, _ZHANG),
    "ZHANG_2024_302M": Published("StepsToTarget", {"a": 2095.35, "b": 1.13833e7}, _ZHANG),
    "ZHANG_2024_604M": Published("StepsToTarget", {"a": 2459.93, "b": 1.94497e7}, _ZHANG),
    "ZHANG_2024_1P2B": Published("StepsToTarget", {"a": 3897.31, "b": 4.33811e7}, _ZHANG),
    # The notebook counts N in millions.
    "ZHANG_2024_CRITICAL": Published(
        "CriticalBatch", {"k": 93.196814 * 1e-6**0.468278, "a": 0.468278}, _ZHANG_CRITICAL
    ),
    "ZHANG_2024_CRITICAL_LINEAR": Published(
        "CriticalBatch",
        {"k": 99.505898 * 1e-6**0.457641, "a": 0.457641},
        replace(_ZHANG_CRITICAL, source="arXiv:2410.21676, output of the authors' notebook, by squares of batches"),
    ),
    "ZHANG_2024_CRITICAL_TOKENS": Published(
        "CriticalBatchByTokens",
        {"k": 22.91 * 512 * 1e-6**0.47, "a": 0.47},  # sequences of 512 tokens, D in millions
        replace(
            _ZHANG_CRITICAL,
            tokens="tokens trained on",
            source="arXiv:2410.21676: the exponent as texts transcribe it, the prefactor from memory",
            tag="M",
            unverified="the prefactor, 22.91 sequences of 512 tokens with D in millions: the units are those in which "
            "it agrees with the law of size at 20 tokens a parameter",
            fitted={},
        ),
    ),
    "YANG_2022_HIDDEN_RATE": Published(
        "Parametrization",
        {"a": -1.0, "b": 0.0},
        replace(_MUP, note="Adam's rate of hidden matrices; that of embeddings stays"),
    ),
    "YANG_2022_HIDDEN_VARIANCE": Published(
        "Parametrization", {"a": -1.0, "b": 0.0}, replace(_MUP, note="initial variance of hidden matrices")
    ),
    "YANG_2022_OUTPUT": Published(
        "Parametrization",
        {"a": -1.0, "b": 0.0},
        replace(_MUP, note="factor on the logits; attention is scaled by 1 / d_head, not by its root"),
    ),
    "DEY_2025_RESIDUAL": Published(
        "Parametrization",
        {"a": 0.0, "b": -1.0},
        replace(
            _COMPLETE_P,
            note="factor on what each layer adds, h + F(h) / m_L: alpha = 1; saves 12 to 34 % of FLOPs against muP",
            source="arXiv:2505.01618, its idea as texts tell it",
            tag="V2",
            unverified="",
        ),
    ),
    "DEY_2025_EPSILON": Published(
        "Parametrization", {"a": -1.0, "b": -1.0}, replace(_COMPLETE_P, note=f"AdamW's epsilon; {_COMPLETE_P.note}")
    ),
    "DEY_2025_HIDDEN_DECAY": Published(
        "Parametrization",
        {"a": 1.0, "b": 0.0},
        replace(_COMPLETE_P, note=f"weight decay of hidden matrices; {_COMPLETE_P.note}"),
    ),
}
