"""Repeated data: Muennighoff et al. 2023."""

from collections.abc import Mapping
from dataclasses import replace
from math import exp

from isoflop.conventions import LossUnit, Size
from isoflop.laws.constants.row import Published
from isoflop.laws.law import About

_MUENNIGHOFF = About(
    n_params=Size.TOTAL,
    tokens="tokens trained on, repeats counted; U apart",
    loss=LossUnit.NATS_PER_TOKEN,
    text="C4, GPT-2 tokenizer",
    paper="muennighoff2023",
    tag="C",
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
