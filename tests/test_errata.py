"""What circulates and is wrong: each row costs what the specification's errata say, and the pages are the table's."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from isoflop.errata import planning, runs, training
from isoflop.errata.chinchilla import root_of_a_sixth
from isoflop.errata.erratum import Erratum, Kind, power
from isoflop.errata.joint import COMPUTE, DATA, SIZE, product, steps_to
from isoflop.errata.kaplan import size_without_coefficient
from isoflop.errata.table import ERRATA, INCONSISTENCIES
from isoflop.laws.catalog import PUBLISHED
from isoflop.laws.chinchilla import HOFFMANN_2022
from isoflop.laws.kaplan import KAPLAN_2020, KAPLAN_2020_STEPS
from isoflop.laws.kaplan_batch import KAPLAN_2020_CRITICAL_BATCH
from isoflop.laws.kaplan_frontier import KaplanOptimalSize
from isoflop.laws.kaplan_protocol import KAPLAN_2020_RUN
from isoflop.laws.kaplan_single import KAPLAN_2020_TABLE_5_SIZE
from isoflop.laws.noise_scale import StepsAndTokens
from isoflop.laws.papers import fields, papers
from isoflop.laws.power import HOFFMANN_2022_TWENTY_SIZE, HOFFMANN_2022_TWENTY_TOKENS
from isoflop.plans.models import known_run
from isoflop.units import PF_DAY

ROOT = Path(__file__).resolve().parents[1]
ROWS = {row.number: row for row in ERRATA}
TERMS = (SIZE, DATA, COMPUTE)

NUMBERS: dict[int, tuple[str, ...]] = {
    1: ("0.2369", "2.3518", "3.1e8"),
    2: ("2.2388", "2.3518"),
    3: ("5.78e14", "7.77e9", "7.442e4"),
    4: ("2.88e5", "3.87e10", "5e-10", "5.0"),
    5: ("S / S_min", "E / E_min"),
    6: ("2, 3, 5 and 6",),
    7: ("8.8e13", "1 nat/token"),
    8: ("4.066", "2.376", "1.69"),
    9: ("3.14e23", "2.29e11", "5.1e10", "1.02e12"),
    10: ("1.29e10", "2.89e9", "2.58e11", "5.77e10", "20 times"),
    11: ("0.0913", "0.05", "1.58e9"),
    12: ("5.88e23", "3.15e23", "1.87"),
    13: ("2.29e11", "1.75e11", "0.76"),
    14: ("1.604", "1.638", "1.661", "1.764", "1.734"),
    15: ("1.73", "1.60", "1.64", "worse"),
    16: ("$152", "1e5", "8.64e24", "659", "5.7e22"),
    17: ("$3640", "1264"),
    18: ("758", "333"),
    19: ("1.386", "1.7"),
    20: ("0.680", "0.25", "0.761", "0.600", "0.676"),
    21: ("0.80", "0.88", "1.077", "1.333"),
    22: ("123.6e6", "84.9e6", "2.785", "2.865"),
    23: ("a guess",),
    24: ("0.949",),
    25: ("84.9e6", "302e6", "708e6", "1.475e9", "0.786e6"),
    26: ("1.47e9", "1.32e9"),
    27: ("eq. 5.4",),
    28: ("1.18e21", "13.7"),
    29: ("7.0 %",),
    30: ("0.76", "exponent of 1"),
    31: ("10 %", "5.7"),
    32: ("nobody tested",),
    33: ("L(C) does not",),
    34: ("1.3e9", "0.73"),
    35: ("0.835", "0.497"),
    36: ("0.931",),
    37: ("Jared Kaplan",),
    38: ("2.2e7",),
    39: ("1.31e11", "2.62e11"),
    40: ("1.07e6", "2.55e6"),
    41: ("37.7e6", "42.5e6", "3.02", "3.05"),
    42: ("nats/token",),
    43: ("6.3", "3.0", "8"),
    44: ("2.4305", "2.3693"),
    45: ("7.442e4",),
    46: ("250,000", "524,288"),
    47: ("January 2020", "2001.08361"),
    48: ("4.63", "1.66", "0.858"),
    49: ("2.830", "2.957", "3.015", "3.408"),
    50: ("5.37", "1.74", "1.07"),
    51: ("0.309", "0.0505"),
    52: ("3.87e10",),
    53: ("1.8e4", "3.7e3"),
    54: ("768", "1.5e9"),
    55: ("2.4e9", "1.2e21"),
    56: ("0.02",),
    57: ("3634", "5.2e11", "1.8e11", "5.1e10", "1.0e12"),
    58: ("fit one",),
    59: ("WebText2",),
}
"""What the consequence must print: the specification's numbers with their digits; of a documentary row its point."""

INSIDE: dict[int, tuple[str, ...]] = {
    1: ("2.22e10", "1.8", "1.12e4", "1.06e5", "1.67", "1.49"),
    2: ("0.052", "0.71", "0.68", "0.73"),
    3: ("1.07e6", "1.12e6"),
    4: ("4.046", "1.995"),
    5: ("2.376", "2.319", "2.347"),
    6: ("4.76",),
    7: ("1.26e25",),
    8: ("1.8172", "1.81686", "477.84", "482.01"),
    9: ("1.07e6", "1.07e16"),
    10: ("1.629e13",),
    11: ("2.30", "3.8e6", "2.63"),
    12: ("0.60", "0.55"),
}


def says(row: Erratum, number: str) -> bool:
    """Whether the consequence prints exactly this number: "1.07" is not in "1.077"."""
    return re.search(rf"(?<![\d.]){re.escape(number)}(?![\d]|\.\d)", row.consequence) is not None


@pytest.mark.parametrize("number", NUMBERS)
def test_a_claim_costs_what_the_specification_says(number: int) -> None:
    missing = [each for each in NUMBERS[number] if not says(ROWS[number], each)]
    assert not missing, ROWS[number].consequence


@pytest.mark.parametrize("number", INSIDE)
def test_an_inconsistency_amounts_to_what_the_specification_says(number: int) -> None:
    row = INCONSISTENCIES[number - 1]
    missing = [each for each in INSIDE[number] if not says(row, each)]
    assert not missing, row.consequence


def test_every_row_of_the_specification_is_there_once() -> None:
    assert [row.number for row in ERRATA] == list(range(1, 60)) == list(NUMBERS)
    assert [row.number for row in INCONSISTENCIES] == list(range(1, 13)) == list(INSIDE)


@pytest.mark.parametrize("row", (*ERRATA, *INCONSISTENCIES), ids=lambda row: f"{row.kind.name}-{row.number}")
def test_a_row_is_whole_and_fits_a_cell(row: Erratum) -> None:
    for text in (row.claim, row.paper, row.consequence):
        assert re.fullmatch(r"[^|\n<>]+[.]", text), text
    assert row.cites
    assert all(key in papers() for key, _ in row.cites)
    assert (row.kind == Kind.INSIDE) == (row in INCONSISTENCIES)


def test_the_numbers_are_computed() -> None:
    """A row is documentary only where no law has a say: 5, 23, 27, 32, 33, 56 and 58."""
    assert {row.number for row in ERRATA if isinstance(row.cost, str)} == {5, 23, 27, 32, 33, 56, 58}
    assert all(callable(row.cost) for row in INCONSISTENCIES)


def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("errata", ROOT / "docs" / "errata.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_pages_are_those_of_the_table() -> None:
    """Renew them: python docs/errata.py"""
    for path, page in script().PAGES.items():
        assert path.read_text(encoding="utf-8") == page(), path.name


@pytest.mark.parametrize("flops", [1e15, 1e21, 3.8e25])
def test_3_the_best_size_is_too_large_by_one_factor_at_every_budget(flops: float) -> None:
    assert size_without_coefficient(flops) == pytest.approx(7.442e4, rel=1e-4)


def test_5_the_equation_that_is_cited_for_the_best_size_holds_no_size() -> None:
    assert "n_params" not in {*StepsAndTokens.inputs, StepsAndTokens.output}
    assert "eq. 6.1" in (KaplanOptimalSize.__doc__ or "")


def test_7_at_its_scale_the_law_of_size_gives_one_nat() -> None:
    assert KAPLAN_2020_TABLE_5_SIZE(KAPLAN_2020_TABLE_5_SIZE.N_c) == pytest.approx(1.0)


def test_8_kaplan_s_laws_have_no_floor() -> None:
    assert KAPLAN_2020(1e40, 1e40) < 0.1 < HOFFMANN_2022(1e40, 1e40)


@pytest.mark.parametrize("flops", [1e18, 1e21, 1e25])
def test_10_twenty_tokens_a_parameter_spend_the_budget_and_the_claim_twenty_times_it(flops: float) -> None:
    claimed = root_of_a_sixth(flops)
    assert 6 * claimed * 20 * claimed == pytest.approx(20 * flops)
    assert 6 * HOFFMANN_2022_TWENTY_SIZE(flops) * HOFFMANN_2022_TWENTY_TOKENS(flops) == pytest.approx(flops)


def test_20_the_claimed_accuracy_knows_neither_chance_nor_one() -> None:
    assert planning.mmlu_of_loss(30.0) < runs.MMLU_CHANCE < planning.mmlu_of_loss(3.0)
    assert planning.mmlu_of_loss(0.5) > 1


def test_21_the_claimed_accuracy_gains_without_more_compute_and_passes_one() -> None:
    assert planning.thinking_longer(0.8, 1) > 0.8
    assert planning.thinking_longer(0.8, 10) > 1


def test_22_the_claimed_count_and_what_it_leaves_out_are_gpt_2_small() -> None:
    """Positions, biases of attention and the last norm: 124,439,808 in all."""
    left_out = 1024 * 768 + 12 * 4 * 768 + 2 * 768
    assert training.counted_with_embedding() + left_out == 124_439_808


def test_23_the_tokens_of_gpt_2_are_unknown() -> None:
    assert known_run("GPT-2 XL").tokens is None


def test_26_and_54_shapes_and_sizes_leave_the_claimed_ranges() -> None:
    deep, wide = runs.gpt_2_shape(207, 768), runs.gpt_2_shape(6, 4288)
    assert deep.n_layers > 64
    assert wide.width > 1024
    assert max(shape.n_params_nonembedding for shape in (deep, wide)) < runs.LARGEST.n_params
    assert runs.SMALLEST.n_params < 1e3


def test_27_and_46_the_usual_batch_and_steps() -> None:
    assert KAPLAN_2020_RUN.batch_tokens == 524_288
    assert KAPLAN_2020_RUN.steps == 250_000


def test_28_the_claimed_total_is_two_hundred_of_the_largest_runs() -> None:
    assert 2.5e23 / runs.LARGEST.flops > 200


def test_29_a_finite_set_is_overfitted() -> None:
    assert KAPLAN_2020.overfitting(1e9, 1e9) > KAPLAN_2020.overfitting(1e8, 1e9) > 0


def test_39_only_at_the_critical_batch_are_there_twice_the_fewest_steps() -> None:
    trade = KAPLAN_2020_CRITICAL_BATCH.trade(3.0, 1e4)
    critical = KAPLAN_2020_CRITICAL_BATCH(3.0)
    assert trade(critical) == pytest.approx(2e4)
    assert trade(10 * critical) < 1.2e4


def test_40_the_critical_batch_knows_the_loss_alone() -> None:
    assert KAPLAN_2020_CRITICAL_BATCH.inputs == ("loss",)


def test_42_losses_are_per_token() -> None:
    sets = [row for row in PUBLISHED.values() if row.about.paper == "kaplan2020" and row.about.loss]
    assert {row.about.loss for row in sets} == {"nats/token"}


def test_43_sizes_span_six_decades_and_data_more_than_two() -> None:
    size, data = training.orders()
    assert 6 <= size < 7
    assert 2 < data < 7
    assert power(runs.FEWEST_TOKENS, 2) == "2.2e7"


def test_47_the_paper_is_of_2020() -> None:
    assert fields("kaplan2020")["year"] == "2020"


def test_48_a_product_rewards_each_resource_whatever_the_other() -> None:
    """By the joint law, parameters beyond the data's limit bring nothing."""
    assert product(1e20, 1e9, 1.0) < 0.5 * product(1e10, 1e9, 1.0)
    assert KAPLAN_2020(1e20, 1e9) == pytest.approx(KAPLAN_2020(1e15, 1e9), rel=0.01)


def test_49_a_larger_term_alone_is_too_optimistic_where_both_limit() -> None:
    assert max(KAPLAN_2020.on_infinite_data(1e8), KAPLAN_2020.of_infinite_size(1e9)) < KAPLAN_2020(1e8, 1e9)


def test_49_with_the_third_term_the_claim_is_too_high_and_without_it_too_low() -> None:
    size, data, compute = (float(law(at)) for law, at in zip(TERMS, (1e8, 1e9, 6e17 / PF_DAY), strict=True))
    assert max(size, data) < KAPLAN_2020(1e8, 1e9) < max(size, data, compute)


@pytest.mark.parametrize("loss", [2.9, 3.5])
def test_53_larger_models_take_fewer_steps(loss: float) -> None:
    assert steps_to(loss, 1e10) < steps_to(loss, 1e9) < steps_to(loss, 1e8)
    assert KAPLAN_2020_STEPS(1e8, steps_to(loss, 1e8)) == pytest.approx(loss)


def test_55_both_ends_of_the_claimed_compute_are_too_low() -> None:
    assert training.one_step() > 3.5e3
    assert runs.LARGEST.flops > 2.4e17


def test_the_models_of_the_claims_are_the_public_ones() -> None:
    """`plans/models.toml` has them too; GPT-3's exact size rounds to the one that is quoted."""
    gpt_3, chinchilla, gopher = (known_run(name) for name in ("GPT-3", "Chinchilla", "Gopher"))
    assert gpt_3.n_params.value == pytest.approx(runs.GPT_3.n_params, rel=3e-3)
    assert gpt_3.tokens == runs.GPT_3.tokens
    assert gpt_3.flops == (runs.GPT_3_FLOPS,)
    assert (chinchilla.n_params.value, chinchilla.tokens) == (runs.CHINCHILLA.n_params, runs.CHINCHILLA.tokens)
    assert (gopher.mmlu, chinchilla.mmlu) == (runs.MMLU_GOPHER, runs.MMLU_CHINCHILLA)


@pytest.mark.parametrize(
    ("x", "digits", "printed"),
    [(7.7676e9, 3, "7.77e9"), (4.99e-10, 1, "5e-10"), (1e5, 1, "1e5"), (9.999e9, 2, "1.0e10")],
)
def test_a_number_of_any_size_is_printed_short(x: float, digits: int, printed: str) -> None:
    assert power(x, digits) == printed
