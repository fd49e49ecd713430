"""Known runs are what their papers report, and stand as far from the best as a law says."""

import re

import numpy as np
import pytest

from isoflop.allocations.allocate import allocate
from isoflop.conventions import Size
from isoflop.costs.hardware import device
from isoflop.costs.utilisation import device_hours
from isoflop.errors import BadInput
from isoflop.laws.chinchilla import BESIROGLU_2024, HOFFMANN_2022_TEX, Chinchilla
from isoflop.laws.kaplan import KAPLAN_2020
from isoflop.laws.power import PowerLaw
from isoflop.plans.models import KnownRun, distance, known_run, known_runs, six_nd

PYTHIA = {"70M": 2.888, "160M": 2.512, "410M": 2.164, "1B": 2.044, "1.4B": 1.960, "2.8B": 1.871, "6.9B": 1.777}
CEREBRAS = {"111M": 2.566, "256M": 2.299, "590M": 2.184, "1.3B": 1.996, "2.7B": 1.834, "6.7B": 1.704, "13B": 1.575}


def made(**given: object) -> KnownRun:
    usual = {"name": "x", "family": "x", "released": "2024-01", "tag": "V", "source": "here", "paper": "x"}
    return KnownRun(**{**usual, "sizes": {Size.TOTAL: 1e9}, **given})  # type: ignore[arg-type]


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


def test_losses_of_the_two_suites_fall_with_size() -> None:
    for family, losses in (("Pythia", PYTHIA), ("Cerebras-GPT", CEREBRAS)):
        runs = [known_run(f"{family} {size}") for size in losses]
        assert [run.loss for run in runs] == list(losses.values())
        assert all("Pile" in run.loss_of for run in runs)


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
        assert run.unverified or run.tag != "M"
        assert re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", run.released)
        assert bool(run.flops) == bool(run.flops_note)
        assert bool(run.loss) == bool(run.loss_of)
        assert run.device or run.device_hours is None
        assert run.name == known_run(run.name.upper().replace(" ", "-")).name


def test_a_run_becomes_plain_values() -> None:
    written = known_run("DeepSeek-V3").to_json()
    assert written["sizes"] == {"active": 37e9, "total": 671e9}
    assert written["flops_6nd"] == six_nd(37e9, 14.8e12)
    assert known_run("GPT-2 XL").to_json()["flops_6nd"] is None


def test_a_decimal_point_tells_models_apart() -> None:
    assert known_run("cerebras-gpt-1.3b").name == "Cerebras-GPT 1.3B"
    assert known_run("Cerebras-GPT-13B").name == "Cerebras-GPT 13B"


def test_an_unknown_model_lists_the_known_ones() -> None:
    with pytest.raises(BadInput, match=r"'GPT-5'.*GPT-2 XL, GPT-3"):
        known_run("GPT-5")


def test_a_run_at_the_optimum_wastes_nothing() -> None:
    law = Chinchilla(E=1.8, A=400.0, B=2000.0, alpha=0.34, beta=0.37)
    best = allocate(law, 1e21)
    found = distance(made(sizes={Size.TOTAL: best.n_params}, tokens=best.tokens), law)
    assert found.penalty == pytest.approx(0, abs=1e-9)
    assert found.wasted == pytest.approx(1, abs=1e-6)
    assert found.oversized == pytest.approx(1, rel=1e-4)


@pytest.mark.parametrize("factor", [0.25, 4.0])
def test_the_wasted_compute_is_what_the_best_run_of_that_loss_saves(factor: float) -> None:
    """alpha = beta: N off by k costs as much as C off by ((k^a + k^-a) / 2)^(2/a)."""
    law = Chinchilla(E=1.8, A=400.0, B=400.0, alpha=0.35, beta=0.35)
    best = allocate(law, 1e21)
    found = distance(made(sizes={Size.TOTAL: best.n_params * factor}, tokens=best.tokens / factor), law)
    assert found.wasted == pytest.approx(((factor**0.35 + factor**-0.35) / 2) ** (2 / 0.35), rel=1e-4)
    assert found.oversized == pytest.approx(factor, rel=1e-4)
    assert found.penalty > 0


def test_gpt_3_was_too_large_and_chinchilla_was_not() -> None:
    for law in (BESIROGLU_2024, HOFFMANN_2022_TEX):
        assert distance(known_run("GPT-3"), law).oversized > 3
    assert distance(known_run("Chinchilla"), BESIROGLU_2024).wasted < 1.01
    assert distance(known_run("Gopher"), BESIROGLU_2024).wasted > 1.5


def test_the_count_of_n_is_the_law_s_where_it_is_known() -> None:
    run = known_run("Pythia 1B")
    assert distance(run, BESIROGLU_2024).n_params == run.sizes[Size.TOTAL]
    kaplan = distance(run, KAPLAN_2020)
    assert kaplan.n_params == run.sizes[Size.NON_EMBEDDING]
    assert kaplan.flops == six_nd(kaplan.n_params, run.tokens or 0)
    assert not kaplan.doubts
    (said,) = distance(known_run("Gopher"), KAPLAN_2020).doubts
    assert "known only as all parameters" in said
    assert any("mixture of experts" in each for each in distance(known_run("DeepSeek-V3"), BESIROGLU_2024).doubts)


def test_what_cannot_be_placed_is_refused() -> None:
    with pytest.raises(BadInput, match=r"GPT-2 XL.*never published"):
        distance(known_run("GPT-2 XL"), BESIROGLU_2024)
    with pytest.raises(BadInput, match=r"Only a law of n_params and tokens"):
        distance(known_run("GPT-3"), PowerLaw(A=10.0, alpha=0.1))
