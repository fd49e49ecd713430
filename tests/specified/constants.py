"""Constants that sections 3.3, 4, 7 and 9 print, as the catalogue has them: none from memory, to the digit printed."""

from collections.abc import Mapping

from isoflop.laws.catalog import PUBLISHED
from isoflop.laws.constants.frontiers import PORIAN_BUDGETS, PORIAN_SIZES, PORIAN_WATERFALL
from isoflop.laws.vocabulary import TAO_2024
from specified.row import Row

MILLION, BILLION = 1e6, 1e9  # in which Tao et al. count sizes, and data
_SETS: Mapping[tuple[str, str], Mapping[str, str]] = {
    ("3.3", "BESIROGLU_2024"): {"A": "482.01", "B": "2085.43", "E": "1.8172", "alpha": "0.3478", "beta": "0.3658"},
    ("3.3", "BESIROGLU_2024_LAD"): {
        "A": "482.006",
        "B": "2085.43",
        "E": "1.81686",
        "alpha": ".34781",
        "beta": ".36585",
    },
    ("3.3", "BESIROGLU_2024_HUBER"): {"A": "477.8", "E": "1.8172", "alpha": ".34731"},
    ("3.3", "DUBEY_2024"): {"k": "0.299", "b": "0.537"},
    ("3.3", "DUBEY_2024_PRINTED"): {"k": "0.29", "b": "0.53"},
    ("4", "PEARCE_2024"): {"omega": "47491"},
    ("4", "PORIAN_2024_RATE"): {"k": "3.7", "a": "-0.36"},
    ("4", "PORIAN_2024_BATCH"): {"k": "0.7576", "a": "0.703"},
    ("7", "BI_2024_RATE"): {"k": "0.3118", "a": "-0.1250"},
    ("7", "BI_2024_BATCH"): {"k": "0.2920", "a": "0.3271"},
    ("7", "BI_2024_SCALE"): {"k": "0.1715", "a": "0.5243"},
    ("7", "BI_2024_TOKENS"): {"k": "5.8316", "b": "0.4757"},
    ("7", "LI_2025_RATE"): {"k": "1.79", "a": "-0.713", "b": "0.307"},
    ("7", "LI_2025_BATCH"): {"k": "0.58", "a": "0.571"},
    ("7", "BJORCK_2024"): {"a": "-0.23", "b": "-0.32"},
    ("7", "BERGSMA_2025_TIMESCALE"): {"k": "1.084", "a": "-0.527"},
    ("7", "BERGSMA_2025_BATCH"): {"a": "0.383"},
    ("7", "BERGSMA_2025_CRITICAL"): {"a": "0.462"},
    ("7", "ZHANG_2024_CRITICAL_TOKENS"): {"a": "0.47"},
    ("9", "CLARK_2022_S_BASE"): {
        "a": "-.082",
        "b": "-.108",
        "c": ".009",
        "d": "1.104",
        "E_start": "1.847",
        "E_max": "314.478",
    },
    ("9", "CLARK_2022_RL_R"): {
        "a": "-.083",
        "b": "-.126",
        "c": ".012",
        "d": "1.111",
        "E_start": "1.880",
        "E_max": "469.982",
    },
    ("9", "CLARK_2022_HASH"): {
        "a": "-.087",
        "b": "-.136",
        "c": ".012",
        "d": "1.157",
        "E_start": "4.175",
        "E_max": "477.741",
    },
    ("9", "KRAJEWSKI_2024"): {
        "a": "18.1",
        "alpha": ".115",
        "b": "30.8",
        "beta": ".147",
        "g": "2.1",
        "gamma": ".58",
        "c": ".47",
    },
    ("9", "KRAJEWSKI_2024_DENSE"): {"A": "16.3", "alpha": ".126", "B": "26.7", "beta": ".127", "E": ".47"},
    ("9", "ABNAR_2025"): {
        "alpha": ".5962",
        "beta": ".3954",
        "lambda_": "-.1666",
        "delta": ".1603",
        "gamma": ".1595",
        "a": "16612.5",
        "b": "5455.67",
        "c": ".4598",
        "d": "17.26",
        "e": ".94",
    },
    ("9", "KUMAR_2024"): {"gamma_w": "2.6745", "gamma_a": "2.2102", "gamma_kv": ".9578"},
    ("9", "KUMAR_2024_QUANTIZED"): {"C_T": ".0598", "gamma_D": ".5068", "gamma_N": ".3439"},
    ("9", "TAO_2024"): {"E": "5.533", "alpha1": ".447", "alpha2": ".671", "beta": ".447"},
    ("9", "TAO_2024_COMPRESSION"): {"a": ".00639222", "b": "-.15811069", "c": "1.20470122"},
    ("9", "HERNANDEZ_2021_TEXT"): {"k": "1.9e4", "alpha": ".18", "beta": ".38"},
    ("9", "HERNANDEZ_2021_MIXED"): {"k": "2.1e5", "alpha": ".096", "beta": ".38"},
}
_WATERFALL = ((".835", "3e12"), (".706", "787e9"), (".602", "292e9"), (".571", "183e9"), (".497", "77e9"))


def of_set(name: str, constant: str) -> float:
    """A constant as the catalogue has it."""
    return float(PUBLISHED[name].values[constant])


def tao(scale: str, exponent: str, unit: float) -> float:
    """A term's scale with sizes in millions or data in billions, as the authors count."""
    return float(TAO_2024.constants[scale] * unit ** -TAO_2024.constants[exponent])


_HUBER = "BESIROGLU_2024_HUBER"
ROWS: tuple[Row, ...] = (
    *(
        Row(section, f"{constant} of {name}", of_set, (name, constant), value)
        for (section, name), values in _SETS.items()
        for constant, value in values.items()
    ),
    Row("3.3", f"B of {_HUBER}", of_set, (_HUBER, "B"), "2143", 1.0, "the notebook prints 2143.86, the optimum 2143.4"),
    Row("3.3", f"beta of {_HUBER}", of_set, (_HUBER, "beta"), ".36717", 2e-5, "the notebook prints .367183"),
    Row("3.3", "B with outliers", of_set, ("BESIROGLU_2024_ALL_RUNS", "B"), "1.25e4", 500, "the spec prints '≈'"),
    Row("3.3", "beta with outliers", of_set, ("BESIROGLU_2024_ALL_RUNS", "beta"), "0.45"),
    Row("3.3", "E with outliers", of_set, ("BESIROGLU_2024_ALL_RUNS", "E"), "1.89"),
    *(
        Row("4", f"Porian's {what}, {step.name}", getattr, (step, attribute), value)
        for step, pair in zip(PORIAN_WATERFALL, _WATERFALL, strict=True)
        for what, attribute, value in zip(("exponent", "N*"), ("exponent", "n_params"), pair, strict=True)
    ),
    Row("4", "Porian's smallest budget", min, (PORIAN_BUDGETS,), "1.25e16"),
    Row("4", "Porian's number of budgets", len, (PORIAN_BUDGETS,), "12"),
    Row("4", "Porian's smallest model", min, (PORIAN_SIZES,), "5e6"),
    Row("4", "Porian's largest model", max, (PORIAN_SIZES,), "901e6"),
    Row("9", "Tao's A1, sizes in millions", tao, ("A1", "alpha1", MILLION), "1.831"),
    Row("9", "Tao's A2, sizes in millions", tao, ("A2", "alpha2", MILLION), ".196"),
    Row("9", "Tao's B, data in billions", tao, ("B", "beta", BILLION), "2.124"),
)
