"""Sections 5 and 6: repeated data, models to be served, smaller models; row 36 of the errata."""

from math import log

import numpy as np

from isoflop.allocations.repeated import allocate_repeated
from isoflop.allocations.serving import Served, serve
from isoflop.allocations.smaller import smaller, smallest_share
from isoflop.laws.chinchilla import BESIROGLU_2024, HOFFMANN_2022, HOFFMANN_2022_TEX, Chinchilla
from isoflop.laws.data_constrained import MUENNIGHOFF_2023, MUENNIGHOFF_2023_UNTIED
from isoflop.laws.overtraining import DEVRIES_2023
from specified.row import Row

LAW = MUENNIGHOFF_2023
ROUNDING = "the last bit of a double"


def constant(name: str) -> float:
    """A constant of the law."""
    return float(LAW.constants[name])


def log_of_constant(name: str) -> float:
    """The logarithm of one, as the other fit prints it."""
    return log(MUENNIGHOFF_2023_UNTIED.constants[name])


def params_per_token(unique_tokens: float) -> float:
    """U_N / U."""
    return float(LAW.best_size(unique_tokens) / unique_tokens)


def scale() -> float:
    """G: with alpha = beta, N_opt = G^2 U."""
    return float(np.sqrt(params_per_token(1e9)))


def tokens_per_param() -> float:
    """U / U_N."""
    return 1 / params_per_token(1e9)


def limit() -> float:
    """D' / U of endless epochs."""
    return float(LAW.most_tokens(1e9) / 1e9)


def split(name: str, flops: float, unique_tokens: float) -> float:
    """N, epochs or loss of the best split."""
    return float(getattr(allocate_repeated(LAW, flops, unique_tokens), name))


def served(law: Chinchilla, n_params: float, tokens: float) -> tuple[Served, Served]:
    """The cheapest model with the loss of this one at its best tokens, by this law: served, and trained alone."""
    G = (law.alpha * law.A / (law.beta * law.B)) ** (1 / (law.alpha + law.beta))
    best_tokens = (n_params / G) ** (law.alpha / law.beta) / G
    loss = law(n_params, best_tokens)
    return serve(law, loss, tokens), serve(law, loss, 0.0)


def served_size(law: Chinchilla, n_params: float, tokens: float) -> float:
    """N, in 1e9."""
    return float(served(law, n_params, tokens)[0].n_params / 1e9)


def served_data(law: Chinchilla, n_params: float, tokens: float) -> float:
    """D over that of training alone."""
    with_inference, alone = served(law, n_params, tokens)
    return float(with_inference.tokens / alone.tokens)


def overhead(law: Chinchilla, share: float) -> float:
    """In per cent."""
    return float(100 * smaller(law, share).overhead)


SEVEN_B = (7e9, 1e11)
CUT = "the post cuts its digits off: 20.8 is printed as 20, 188.9 as 188"

ROWS = (
    Row("5", "E", constant, ("E",), "1.8691"),
    Row("5", "A", constant, ("A",), "520.8"),
    Row("5", "B", constant, ("B",), "1487.7"),
    Row("5", "ln A of the untied fit", log_of_constant, ("A",), "6.6229553"),
    Row("5", "ln B of the untied fit", log_of_constant, ("B",), "7.5856404"),
    Row("5", "ln E of the untied fit", log_of_constant, ("E",), ".604038"),
    Row("5", "G", scale, (), ".22580"),
    Row("5", "U_N / U_D", params_per_token, (1e9,), "0.05099"),
    Row("5", "U_D / U_N", tokens_per_param, (), "19.6"),
    Row("5", "first test vector", LAW, (6.34e9, 242e9, 25e9), "2.2256440889984477", 1e-15, ROUNDING),
    Row("5", "second test vector", LAW, (8.67e9, 178e9, 25e9), "2.2269634075087867", 1e-15, ROUNDING),
    Row("5", "worth of 2 epochs", LAW.worth_of_epochs, (2.0,), ".984"),
    Row("5", "worth of 4 epochs", LAW.worth_of_epochs, (4.0,), ".931"),
    Row("5", "worth of 8 epochs", LAW.worth_of_epochs, (8.0,), ".828"),
    Row("5", "worth of 16 epochs", LAW.worth_of_epochs, (16.0,), ".661"),
    Row("5", "worth of 40 epochs", LAW.worth_of_epochs, (40.0,), ".379"),
    Row("5", "worth of endless epochs", limit, (), "16.39"),
    Row("5", "best size, 1e21 and 5e9 tokens", split, ("n_params", 1e21, 5e9), "2.07e9"),
    Row("5", "epochs, 1e21 and 5e9 tokens", split, ("epochs", 1e21, 5e9), "16.1"),
    Row("5", "loss, 1e21 and 5e9 tokens", split, ("loss", 1e21, 5e9), "2.437"),
    Row("5", "best size, 1e21 and 25e9 tokens", split, ("n_params", 1e21, 25e9), "2.63e9"),
    Row("5", "epochs, 1e21 and 25e9 tokens", split, ("epochs", 1e21, 25e9), "2.5"),
    Row("5", "best size, 9.3e21 and 25e9 tokens", split, ("n_params", 9.3e21, 25e9), "6.8e9"),
    Row("5", "epochs, 9.3e21 and 25e9 tokens", split, ("epochs", 9.3e21, 25e9), "9.1"),
    Row("errata 36", "a token of 4 epochs is worth .931 of a new one", LAW.worth_of_epochs, (4.0,), ".931"),
    Row("6", "7B's loss, 1e11 tokens served, in 1e9: the paper", served_size, (DEVRIES_2023, *SEVEN_B), "6"),
    Row("6", "data for it: the paper", served_data, (DEVRIES_2023, *SEVEN_B), "1.18"),
    Row(
        "6",
        "7B's loss, 1e11 tokens served, in 1e9: TeX constants",
        served_size,
        (HOFFMANN_2022_TEX, *SEVEN_B),
        "6.06",
        0.006,
        "6.0547 is printed as 6.06, rounded twice",
    ),
    Row("6", "data for it: TeX constants", served_data, (HOFFMANN_2022_TEX, *SEVEN_B), "1.164"),
    Row("6", "7B's loss, 1e11 tokens served, in 1e9: rounded", served_size, (HOFFMANN_2022, *SEVEN_B), "6.34"),
    Row("6", "data for it: rounded", served_data, (HOFFMANN_2022, *SEVEN_B), "1.108"),
    Row("6", "overhead at half the size: the post", overhead, (DEVRIES_2023, 0.5), "20", 1.0, CUT),
    Row("6", "overhead at .3 of the size: the post", overhead, (DEVRIES_2023, 0.3), "100", 6.0, "it says 'around'"),
    Row("6", "overhead at a quarter of the size: the post", overhead, (DEVRIES_2023, 0.25), "188", 1.0, CUT),
    Row("6", "overhead at half the size: Hoffmann", overhead, (HOFFMANN_2022, 0.5), "20.8"),
    Row("6", "overhead at .3 of the size: Hoffmann", overhead, (HOFFMANN_2022, 0.3), "105.5"),
    Row("6", "overhead at a quarter of the size: Hoffmann", overhead, (HOFFMANN_2022, 0.25), "188.6"),
    Row("6", "overhead at half the size: Besiroglu", overhead, (BESIROGLU_2024, 0.5), "25.9"),
    Row("6", "overhead at .3 of the size: Besiroglu", overhead, (BESIROGLU_2024, 0.3), "161"),
    Row("6", "overhead at a quarter of the size: Besiroglu", overhead, (BESIROGLU_2024, 0.25), "347"),
    Row("6", "smallest share: Hoffmann", smallest_share, (HOFFMANN_2022,), ".0965"),
    Row("6", "smallest share: Besiroglu", smallest_share, (BESIROGLU_2024,), ".146"),
)
