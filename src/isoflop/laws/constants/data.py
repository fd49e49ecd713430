"""Data mixtures, transfer, fine-tuning, modalities."""

from collections.abc import Mapping
from dataclasses import replace

from isoflop.conventions import LossUnit, Size
from isoflop.laws.constants.row import Published
from isoflop.laws.law import About

_HERNANDEZ = About(
    n_params=Size.NON_EMBEDDING,
    tokens="characters of Python, in D_F and D_T",
    loss=LossUnit.NATS_PER_TOKEN,
    source="arXiv:2102.01293, Table 1",
    paper="hernandez2021",
    tag="V2",
    note="while D_F is at most a tenth of what a model of this size can use; far beyond, small models are harmed",
    unverified="that D_F and D_T are in characters of Python, from memory",
)

_SHUKOR = About(
    source="arXiv:2504.07951, fits of early, late and sparse models",
    paper="shukor2025",
    tag="V2",
    note="the exponent alone: the prefactor was not seen. What N, D and C count is not recorded",
)

SETS: Mapping[str, Published] = {
    "HERNANDEZ_2021_TEXT": Published(
        "Transfer",
        {"k": 1.9e4, "alpha": 0.18, "beta": 0.38},
        replace(_HERNANDEZ, text="pre-trained on English text"),
    ),
    "HERNANDEZ_2021_MIXED": Published(
        "Transfer",
        {"k": 2.1e5, "alpha": 0.096, "beta": 0.38},
        replace(_HERNANDEZ, text="pre-trained on half text, half code that is not Python"),
    ),
    "HENIGHAN_2020_SIZE": Published(
        "SizeGrowth",
        {"a": 0.7},
        About(
            text="images, video, mathematics, images with text: each about this",
            source="arXiv:2010.14701, abstract and sec. 1",
            paper="henighan2020",
            tag="V2",
            note="an approximate exponent, of all domains; the prefactor was not seen. What N and C count is not "
            "recorded",
            disputed="fitted as by Kaplan et al. 2020, whose exponent of text, 0.73, did not last",
        ),
    ),
    **{
        f"SHUKOR_2025_{kind}_{what}": Published(form, {constant: exponent}, replace(_SHUKOR, text=text, disputed=doubt))
        for kind, text, exponents, doubt in (
            ("EARLY", "text with images, one model for both", (0.526, 0.473), ""),
            (
                "LATE",
                "text with images, through an image encoder",
                (0.636, 0.462),
                "a + b = 1.098: were C = 6 N D, they would sum to 1",
            ),
            ("SPARSE", "text with images, mixture of experts", (0.361, 0.656), ""),
        )
        for what, form, constant, exponent in (
            ("SIZE", "SizeGrowth", "a", exponents[0]),
            ("TOKENS", "TokensGrowth", "b", exponents[1]),
        )
    },
}
