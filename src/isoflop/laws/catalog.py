"""Published constants, unrounded and sourced, and the forms by name; numbers live here and nowhere else.

Rows are plain data, so that the file of a law can re-export its constants without a circle of imports; a form's module
is loaded when it is asked for.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from math import exp
from typing import Any

from isoflop.errors import BadInput
from isoflop.laws.law import About, Law

FORMS: Mapping[str, str] = {
    "Chinchilla": "isoflop.laws.chinchilla",
    "PowerLaw": "isoflop.laws.power",
    "FlooredPowerLaw": "isoflop.laws.power",
    "OptimalSize": "isoflop.laws.power",
    "BendingPowerLaw": "isoflop.laws.power",
    "OptimalTokens": "isoflop.laws.power",
    "MultiPower": "isoflop.laws.multipower",
    "Annealing": "isoflop.laws.tissue",
}


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

PUBLISHED: Mapping[str, Published] = {
    "HOFFMANN_2022_TEX": Published(
        "Chinchilla",
        # The TeX source gives the logarithms; exp keeps their digits.
        {"E": exp(0.5267228), "A": exp(6.0073404), "B": exp(6.0179186), "alpha": 0.33917084, "beta": 0.2849083},
        About(**{**vars(_HOFFMANN), "source": "arXiv:2203.15556, TeX source of approach 3", "tag": "C"}),
    ),
    "HOFFMANN_2022": Published(
        "Chinchilla",
        {"E": 1.69, "A": 406.4, "B": 410.7, "alpha": 0.34, "beta": 0.28},
        About(
            **{
                **vars(_HOFFMANN),
                "source": "arXiv:2203.15556, eq. 10, printed: rounding moves the best N at 5.76e23 from 40e9 to 32e9",
                "tag": "V2",
            }
        ),
    ),
    "BESIROGLU_2024": Published(
        "Chinchilla",
        {"E": 1.8172, "A": 482.01, "B": 2085.43, "alpha": 0.3478, "beta": 0.3658},
        About(
            **{
                **vars(_HOFFMANN),
                "source": "arXiv:2404.10102, eq. 2; E is of another estimator than A and B (theirs is 1.81686)",
                "tag": "V2",
            }
        ),
    ),
    "BESIROGLU_2024_HUBER": Published(
        "Chinchilla",
        {"E": 1.817236, "A": 477.84, "B": 2143.86, "alpha": 0.347313, "beta": 0.367183},
        About(
            **{
                **vars(_HOFFMANN),
                "source": "arXiv:2404.10102, notebook's refit with Hoffmann's objective on 240 runs",
                "tag": "C",
            }
        ),
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


def form(name: str) -> type[Law]:
    """The form of this name. Raises `BadInput` naming those there are."""
    if name not in FORMS:
        raise BadInput(f"No law is called {name!r}. There are {', '.join(FORMS)}.")
    found: type[Law] = getattr(import_module(FORMS[name]), name)
    return found


def loss_form(name: str) -> type[Law]:
    """The form of a loss by a name as people type it: `chinchilla`, `power-law`. Raises `BadInput` naming all."""
    losses = {each: found for each in FORMS if (found := form(each)).output == "loss"}
    typed = {_typed(each): each for each in losses}
    if _typed(name) not in typed:
        there = ", ".join(re.sub(r"(?<=[a-z])(?=[A-Z])", "-", each).lower() for each in losses)
        raise BadInput(f"No law of the loss is called {name!r}. There are {there}.")
    return losses[typed[_typed(name)]]


def _typed(name: str) -> str:
    return re.sub(r"[-_ ]", "", name).lower()


def law_from_json(values: Mapping[str, Any]) -> Law:
    """The law that `Law.to_json` wrote, whichever catalogued form it has."""
    return form(values["form"]).from_json(values)
