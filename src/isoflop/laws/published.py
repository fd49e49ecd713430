"""Published constants, unrounded, each set with its source and what its symbols count; numbers live here alone.

Plain data, so that the file of a law can re-export its constants without a circle of imports. Tags: V read in the
paper; V2 in a text that transcribes it; C in the authors' code or data.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import exp
from typing import Any

from isoflop.errors import BadInput
from isoflop.laws.law import About


@dataclass(frozen=True)
class Published:
    """One published set of constants of a form."""

    form: str
    values: Mapping[str, float]
    about: About


_HOFFMANN = About(
    n_params="all parameters, embeddings included",
    tokens="tokens trained on, none repeated",
    flops="forward and backward, embeddings included (app. F)",
    loss="nats/token",
    text="MassiveText, SentencePiece 32k",
)

_KAPLAN = About(
    n_params="parameters without embeddings",
    tokens="tokens of the training set; early stopping",
    flops="6 N D",
    loss="nats/token",
    text="WebText2, BPE 50257",
    tag="V",
)

_MUENNIGHOFF = About(
    n_params="all parameters",
    tokens="tokens trained on, repeats counted; U apart",
    loss="nats/token",
    text="C4, GPT-2 tokenizer",
    tag="C",
)

_CLARK = About(
    n_params="parameters that one token sees",
    tokens="130e9, always",
    loss="nats/token",
    text="MassiveText",
    source="arXiv:2202.01169, Table 3; 10^(-b/c) of these rounded constants is not the paper's cutoff",
    tag="V2",
)

_ZHANG = About(
    n_params="parameters",
    loss="nats/token",
    text="C4; sequences of 512 tokens",
    source="arXiv:2410.21676, output of the authors' notebook",
    tag="C",
)

PUBLISHED: Mapping[str, Published] = {
    "HOFFMANN_2022_TEX": Published(
        "Chinchilla",
        # The TeX source gives the logarithms; exp keeps their digits.
        {"E": exp(0.5267228), "A": exp(6.0073404), "B": exp(6.0179186), "alpha": 0.33917084, "beta": 0.2849083},
        replace(_HOFFMANN, source="arXiv:2203.15556, TeX source of approach 3", tag="C"),
    ),
    "HOFFMANN_2022": Published(
        "Chinchilla",
        {"E": 1.69, "A": 406.4, "B": 410.7, "alpha": 0.34, "beta": 0.28},
        replace(
            _HOFFMANN,
            source="arXiv:2203.15556, eq. 10, printed: rounding moves the best N at 5.76e23 from 40e9 to 32e9",
            tag="V2",
        ),
    ),
    "BESIROGLU_2024": Published(
        "Chinchilla",
        {"E": 1.8172, "A": 482.01, "B": 2085.43, "alpha": 0.3478, "beta": 0.3658},
        replace(
            _HOFFMANN,
            source="arXiv:2404.10102, eq. 2; E is of another estimator than A and B (theirs is 1.81686)",
            tag="V2",
        ),
    ),
    "BESIROGLU_2024_HUBER": Published(
        "Chinchilla",
        {"E": 1.817236, "A": 477.84, "B": 2143.86, "alpha": 0.347313, "beta": 0.367183},
        replace(_HOFFMANN, source="arXiv:2404.10102, notebook's refit with Hoffmann's objective on 240 runs", tag="C"),
    ),
    "KAPLAN_2020": Published(
        "Kaplan",
        {"N_c": 6.4e13, "D_c": 1.8e13, "alpha_N": 0.076, "alpha_D": 0.103},
        replace(_KAPLAN, source="arXiv:2001.08361, Table 2, the joint fit; Table 5 has other constants"),
    ),
    "KAPLAN_2020_STEPS": Published(
        "KaplanSteps",
        {"N_c": 6.5e13, "S_c": 2.1e3, "alpha_N": 0.077, "alpha_S": 0.76},
        replace(_KAPLAN, tokens="infinite data", source="arXiv:2001.08361, Table 3"),
    ),
    "MUENNIGHOFF_2023": Published(
        "DataConstrained",
        # The notebook gives the logarithms of E, A and B.
        {
            "E": exp(0.6254804),
            "A": exp(6.255414),
            "B": exp(7.3049974),
            "alpha": 0.3526596,
            "beta": 0.3526596,
            "R_D_star": 15.387756,
            "R_N_star": 5.309743,
        },
        replace(_MUENNIGHOFF, source="arXiv:2305.16264, notebook; alpha and beta tied, the first five held"),
    ),
    "MUENNIGHOFF_2023_UNTIED": Published(
        "DataConstrained",
        {
            "E": exp(0.604038),
            "A": exp(6.6229553),
            "B": exp(7.5856404),
            "alpha": 0.3724021,
            "beta": 0.36468068,
            "R_D_star": 16.257626,
            "R_N_star": 4.9642363,
        },
        replace(_MUENNIGHOFF, source="arXiv:2305.16264, notebook's other fit; alpha and beta free"),
    ),
    "CLARK_2022_S_BASE": Published(
        "Routed",
        {"a": -0.082, "b": -0.108, "c": 0.009, "d": 1.104, "E_start": 1.847, "E_max": 314.478},
        _CLARK,
    ),
    "CLARK_2022_RL_R": Published(
        "Routed",
        {"a": -0.083, "b": -0.126, "c": 0.012, "d": 1.111, "E_start": 1.880, "E_max": 469.982},
        _CLARK,
    ),
    "CLARK_2022_HASH": Published(
        "Routed",
        {"a": -0.087, "b": -0.136, "c": 0.012, "d": 1.157, "E_start": 4.175, "E_max": 477.741},
        _CLARK,
    ),
    "ZHANG_2024_85M": Published("StepsToTarget", {"a": 1293.83, "b": 2.83426e6}, _ZHANG),
    "ZHANG_2024_151M": Published("StepsToTarget", {"a": 1752.42, "b": 5.67748e6}, _ZHANG),
    "ZHANG_2024_302M": Published("StepsToTarget", {"a": 2095.35, "b": 1.13833e7}, _ZHANG),
    "ZHANG_2024_604M": Published("StepsToTarget", {"a": 2459.93, "b": 1.94497e7}, _ZHANG),
    "ZHANG_2024_1P2B": Published("StepsToTarget", {"a": 3897.31, "b": 4.33811e7}, _ZHANG),
    # The notebook counts N in millions.
    "ZHANG_2024_CRITICAL": Published("CriticalBatch", {"k": 93.196814 * 1e-6**0.468278, "a": 0.468278}, _ZHANG),
    "ZHANG_2024_CRITICAL_LINEAR": Published(
        "CriticalBatch",
        {"k": 99.505898 * 1e-6**0.457641, "a": 0.457641},
        replace(_ZHANG, source="arXiv:2410.21676, output of the authors' notebook, by squares of batches"),
    ),
    **{
        f"LUO_2025_{size}M": Published(
            "MultiPower",
            dict(zip(("L_0", "A", "alpha", "B", "C", "beta", "gamma"), values, strict=True)),
            About(
                n_params=f"{size}e6, as the paper names the size",
                loss="nats/token, of training, smoothed",
                source="arXiv:2503.12811, code src/config.py (its README rounds); far from the optimum",
                tag="C",
                fitted={"lr_sum": (0.32, 6.9)},
            ),
        )
        for size, values in {
            25: (3.04045406, 0.52468604, 0.50786857, 363.78751622, 2.06560812, 0.58279013, 0.64142257),
            100: (2.6514477, 0.60115152, 0.45295811, 437.9464276, 2.13245612, 0.59785199, 0.65523644),
            400: (2.37474466, 0.65421216, 0.42878731, 523.42464371, 2.02462735, 0.59350493, 0.63472457),
        }.items()
    },
}


def constants(name: str) -> dict[str, Any]:
    """The constants and `about` of a published set, as arguments of its form."""
    if name not in PUBLISHED:
        raise BadInput(f"No published constants are called {name!r}. There are {', '.join(PUBLISHED)}.")
    row = PUBLISHED[name]
    return {**row.values, "about": row.about}
