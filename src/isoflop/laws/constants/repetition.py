"""Repeated data: Muennighoff et al. 2023."""

from collections.abc import Mapping
from dataclasses import replace
from math import exp

from isoflop.conventions import Compute, LossUnit, Size
from isoflop.laws.constants.row import Published
from isoflop.laws.law import About

_MUENNIGHOFF = About(
    n_params=Size.TOTAL,
    tokens="tokens trained on, repeats counted; U apart",
    flops=Compute.SIX_ND,
    loss=LossUnit.NATS_PER_TOKEN,
    text="C4, GPT-2 tokenizer",
    paper="muennighoff2023",
    tag="C",
    note=(
        "182 runs, up to 1500 epochs by the paper, 9000 in their data; runs that repetition or size had harmed were "
        "left out, so the law cannot say that either harms. E, A, B, alpha and beta are of 54 points read off a figure "
        "for C4 without repetition, which are not published. R_D* is a constant of e-folding, no half-life: up to 4 "
        "epochs are nearly as good as new data (0.93), which does not say that 4 are needed"
    ),
    disputed=(
        "R_D* is barely held by the runs: the authors' objective is lower by 0.13 % at R_D* 95, R_N* 1.7 than at those "
        "of MUENNIGHOFF_2023, a local optimum. Lovelace et al. 2026, arXiv:2605.01640, find that repetition does harm"
    ),
    fitted={"n_params": (7.098752e6, 8.67e9), "tokens": (1e8, 9e11), "unique_tokens": (1e8, 1.78e11)},
)

SETS: Mapping[str, Published] = {
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
}
