"""Known runs are what the specification's tables say of them, number by number, and what is from memory is marked."""

import re

import numpy as np
import pytest

from isoflop.conventions import Size
from isoflop.costs.hardware import device
from isoflop.costs.utilisation import device_hours
from isoflop.errors import BadInput
from isoflop.laws.catalog import PUBLISHED
from isoflop.plans.models import COLUMNS, from_memory, known_run, known_runs, runs_called, six_nd

REAL_RUNS = """
GPT-2 XL       | 1.54e9   | -     | -               | -        | -       | M
GPT-3          | 174.6e9  | 300e9 | 3.14e23         | 3.143e23 | -       | V2
Gopher         | 280e9    | 300e9 | 5.76e23 6.31e23 | 5.04e23  | -       | V2
Chinchilla     | 70e9     | 1.4e12 | 5.76e23 5.88e23 | 5.88e23 | -       | V2
PaLM           | 540.35e9 | 780e9 | 2.53e24         | 2.529e24 | -       | V2
LLaMA 65B      | 65.2e9   | 1.4e12 | -              | 5.5e23   | 1.02e6  | M
Llama 2 70B    | 69e9     | 2e12  | -               | 8.3e23   | 1.72e6  | M
Llama 3.1 405B | 405e9    | 15.6e12 | 3.8e25        | 3.79e25  | 30.84e6 | V2
DeepSeek-V3    | 37e9     | 14.8e12 | -             | 3.29e24  | 2.788e6 | V2
OLMo 2 7B      | -        | 4e12  | 1.8e23          | -        | -       | M
OLMo 2 13B     | -        | 5e12  | 4.6e23          | -        | -       | M
OLMo 2 32B     | -        | 6e12  | 1.3e24          | -        | -       | M
"""
"""Section 12, "Real runs": model, N, D, C reported, 6ND, device-hours, tag. The specification has OLMo's FLOPs under
6ND; they are not 6 N D of those D."""
PYTHIA = """
70M  | 2.888 | 18.9e6   | 510
160M | 2.512 | 85.06e6  | 1030
410M | 2.164 | 302.3e6  | 2540
1B   | 2.044 | 805.7e6  | 4830
1.4B | 1.960 | 1.2086e9 | 7120
2.8B | 1.871 | 2.5177e9 | 14240
6.9B | 1.777 | 6.4442e9 | 33500
12B  | 1.741 | 11.327e9 | 72300
"""
"""Size, loss, N without embeddings, A100-hours."""
CEREBRAS = """
111M | 2.6e18 | 2.566
256M | 1.3e19 | 2.299
590M | 6.1e19 | 2.184
1.3B | 2.8e20 | 1.996
2.7B | 1.1e21 | 1.834
6.7B | 6.3e21 | 1.704
13B  | 2.3e22 | 1.575
"""
"""Size, FLOPs, loss."""


def rows(table: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()]


def same(value: float | None, printed: str) -> bool:
    """Whether a number is the printed one: to half a unit of its last digit; "-" for none."""
    if printed == "-":
        return value is None
    digits, _, power = printed.partition("e")
    unit = 10.0 ** (int(power or 0) - len(digits.partition(".")[2]))
    return value is not None and abs(value - float(printed)) <= 0.5 * unit * (1 + 1e-9)


@pytest.mark.parametrize("row", rows(REAL_RUNS), ids=lambda row: row[0])
def test_real_runs_are_the_specification_s(row: list[str]) -> None:
    name, n, d, reported, counted, hours, tag = row
    run = known_run(name)
    assert n == "-" or same(float(run.n_params.value), n)
    assert same(run.tokens, d)
    assert [f"{each:.4g}" for each in run.flops] == [f"{float(each):.4g}" for each in reported.split() if each != "-"]
    assert name.startswith("OLMo") or same(run.six_nd, counted)
    assert same(run.device_hours, hours)
    assert run.tag == tag


@pytest.mark.parametrize(("size", "loss", "n", "hours"), rows(PYTHIA))
def test_pythia_is_the_specification_s(size: str, loss: str, n: str, hours: str) -> None:
    run = known_run(f"Pythia {size}")
    assert same(run.loss, loss)
    assert same(run.sizes[Size.NON_EMBEDDING], n)
    assert same(run.device_hours, hours)
    assert same(run.tokens, "299.9e9")
    assert run.tokens == 143_000 * 2_097_152
    assert (run.tag, run.memory) == ("V2", ())


@pytest.mark.parametrize(("size", "flops", "loss"), rows(CEREBRAS))
def test_cerebras_gpt_is_the_specification_s(size: str, flops: str, loss: str) -> None:
    run = known_run(f"Cerebras-GPT {size}")
    assert same(run.flops[0], flops)
    assert same(run.loss, loss)
    assert run.tokens_per_param == pytest.approx(20, rel=0.02)  # N is that of its name
    assert (run.tag, run.memory) == ("V2", ())


def test_mmlu_is_the_specification_s() -> None:
    scores = {run.name: run.mmlu for run in known_runs().values() if run.mmlu is not None}
    assert scores == {"GPT-3": 0.439, "Gopher": 0.600, "Chinchilla": 0.676}
    assert known_run("DeepSeek-V3").sizes == {Size.ACTIVE: 37e9, Size.TOTAL: 671e9}


@pytest.mark.parametrize("name", ["GPT-3", "PaLM", "Llama 3.1 405B"])
def test_six_nd_is_within_a_hundredth_of_the_reported_compute(name: str) -> None:
    run = known_run(name)
    assert run.six_nd == pytest.approx(run.flops[0], rel=0.01)


def test_llama_3_s_hours_follow_from_mfu_and_goodput() -> None:
    """MFU 0.40 and goodput 0.90 give 29.6 M H100-hours for 30.84 M reported: 4 % too few."""
    run = known_run("Llama 3.1 405B")
    assert run.six_nd is not None
    hours = device_hours(run.six_nd, device("H100"), 0.40, goodput=0.90)
    assert hours == pytest.approx(run.device_hours, rel=0.05)
    assert hours == pytest.approx(29.58e6, rel=1e-3)


def test_losses_of_the_two_suites_are_of_the_pile() -> None:
    suites = [run for run in known_runs().values() if run.loss is not None]
    assert {run.family for run in suites} == {"Pythia", "Cerebras-GPT"}
    assert all("Pile" in run.loss_of for run in suites)


def test_the_suites_are_whole() -> None:
    families = [run.family for run in known_runs().values()]
    assert [families.count(each) for each in ("Pythia", "Cerebras-GPT", "OLMo 2")] == [8, 7, 3]
    assert len(families) == 27
    assert all(
        run.tokens_per_param == pytest.approx(20, rel=0.02)
        for run in known_runs().values()
        if run.family == "Cerebras-GPT"
    )


def test_cerebras_counts_more_than_six_nd() -> None:
    """Their FLOPs are counted, not 6ND: attention and embeddings make small models dearer."""
    runs = [run for run in known_runs().values() if run.family == "Cerebras-GPT"]
    ratios = [run.flops[0] / (run.six_nd or np.nan) for run in runs]
    assert ratios[0] == max(ratios) == pytest.approx(1.76, abs=0.01)
    assert min(ratios) > 1.1


def test_pythia_s_counts_differ_by_its_two_embeddings() -> None:
    widths = {"70M": 512, "160M": 768, "410M": 1024, "1B": 2048, "1.4B": 2048, "2.8B": 2560}
    for size, width in widths.items():
        sizes = known_run(f"Pythia {size}").sizes
        assert sizes[Size.TOTAL] - sizes[Size.NON_EMBEDDING] == 2 * 50304 * width


def test_every_row_says_where_it_is_from_and_what_is_doubtful() -> None:
    for run in known_runs().values():
        assert run.source
        assert run.paper
        assert run.tag in {"V", "V2", "C", "D", "M"}
        assert run.memory or run.tag != "M"
        assert re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", run.released)
        assert bool(run.flops) == bool(run.flops_note)
        assert bool(run.loss) == bool(run.loss_of)
        assert run.device or run.device_hours is None
        assert run.name == known_run(run.name.upper().replace(" ", "-")).name


def test_what_is_from_memory_is_named_column_by_column() -> None:
    for run in known_runs().values():
        assert set(run.memory) <= set(COLUMNS), run.name
        for key in run.memory:
            assert key == "n_params" or getattr(run, key), (run.name, key)
        assert bool(run.unverified) == bool(run.memory)
    assert known_run("GPT-3").memory == ("device", "designed_by")
    assert known_run("Gopher").unverified == ""
    assert known_run("GPT-3").unverified == "device and law it was sized by are from memory"
    assert from_memory(("tokens", "n_params")) == "size and tokens are from memory"
    assert from_memory(("device",)) == "device is from memory"
    assert from_memory(("tokens",)) == "tokens are from memory"


def test_who_was_sized_by_a_law_names_a_published_one_and_where_that_is_said() -> None:
    by = {run.name: run.designed_by for run in known_runs().values() if run.designed_by}
    assert {each for each in by if not each.startswith("Cerebras")} == {"GPT-3", "Chinchilla", "Llama 3.1 405B"}
    assert set(by.values()) <= set(PUBLISHED)
    assert all(bool(run.designed_by) == bool(run.designed_source) for run in known_runs().values())


def test_runs_are_in_the_order_of_their_release() -> None:
    runs = list(known_runs().values())
    assert runs == sorted(runs, key=lambda run: (run.released, run.family, run.n_params.value))
    assert [run.name for run in runs[:5]] == ["GPT-2 XL", "GPT-3", "Gopher", "Chinchilla", "PaLM"]
    assert runs[-1].name == "OLMo 2 32B"


def test_months_of_papers_are_those_of_their_arxiv_numbers() -> None:
    """But for weights that were out before their paper."""
    for run in known_runs().values():
        number = re.search(r"arXiv:(\d\d)(\d\d)\.", run.source)
        if number and run.family not in {"OLMo 2", "Cerebras-GPT"}:
            assert run.released == f"20{number[1]}-{number[2]}", run.name


def test_a_run_becomes_plain_values() -> None:
    written = known_run("DeepSeek-V3").to_json()
    assert written["sizes"] == {"active": 37e9, "total": 671e9}
    assert written["flops_6nd"] == six_nd(37e9, 14.8e12)
    assert known_run("GPT-2 XL").to_json()["flops_6nd"] is None


def test_a_decimal_point_tells_models_apart() -> None:
    assert known_run("cerebras-gpt-1.3b").name == "Cerebras-GPT 1.3B"
    assert known_run("Cerebras-GPT-13B").name == "Cerebras-GPT 13B"


def test_an_unknown_model_lists_those_near_it_or_all() -> None:
    with pytest.raises(BadInput, match=r"'GPT-5'.*Did you mean GPT-") as refused:
        known_run("GPT-5")
    assert "Pythia" not in str(refused.value)
    with pytest.raises(BadInput, match=r"families are GPT-2, GPT-3, Gopher"):
        runs_called("zzzzzzz")


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("llama", ["LLaMA 65B", "Llama 2 70B", "Llama 3.1 405B"]),
        ("gpt", ["GPT-2 XL", "GPT-3"]),
        ("Llama 3", ["Llama 3.1 405B"]),
        ("pythia 1b", ["Pythia 1B"]),
    ],
)
def test_the_beginning_of_a_family_s_name_is_enough(name: str, found: list[str]) -> None:
    assert [run.name for run in runs_called(name)] == found
    for short in ("", "p"):
        with pytest.raises(BadInput, match="No known model"):
            runs_called(short)
