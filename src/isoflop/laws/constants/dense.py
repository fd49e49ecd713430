"""Loss of dense models from size and data, and the best size for a budget: Hoffmann et al. 2022 and after."""

from collections.abc import Mapping
from dataclasses import replace
from math import exp

from isoflop.conventions import Compute, LossUnit, Size
from isoflop.laws.constants.row import Published
from isoflop.laws.law import About

_HOFFMANN = About(
    n_params=Size.TOTAL,
    tokens="tokens trained on, none repeated",
    flops=Compute.EXACT,
    loss=LossUnit.NATS_PER_TOKEN,
    text="MassiveText, SentencePiece 32k",
    note="C as in app. F: forward and backward, embeddings included",
    paper="hoffmann2022",
)

SETS: Mapping[str, Published] = {
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
            paper="besiroglu2024",
            source="arXiv:2404.10102, eq. 2; E is of another estimator than A and B (theirs is 1.81686)",
            tag="V2",
        ),
    ),
    "BESIROGLU_2024_HUBER": Published(
        "Chinchilla",
        {"E": 1.817236, "A": 477.84, "B": 2143.86, "alpha": 0.347313, "beta": 0.367183},
        replace(
            _HOFFMANN,
            paper="besiroglu2024",
            source="arXiv:2404.10102, notebook's refit with Hoffmann's objective on 240 runs",
            tag="C",
        ),
    ),
}
