"""Laws laid beside a plan: what the specification says they advise, and what following them would cost."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from isoflop.allocations.allocate import allocate
from isoflop.allocations.repeated import allocate_repeated
from isoflop.allocations.target import flops_for
from isoflop.conventions import Size
from isoflop.estimates.ensemble import Ensemble
from isoflop.estimates.fit import Fit, FitStatus, fits_to_json
from isoflop.fits.ladder import CONVENTION
from isoflop.laws.chinchilla import BESIROGLU_2024, HOFFMANN_2022_TEX
from isoflop.laws.counting import PEARCE_2024_BPE, TotalSize
from isoflop.laws.data_constrained import MUENNIGHOFF_2023
from isoflop.laws.law import Law
from isoflop.laws.power import OptimalSize, OptimalTokens
from isoflop.plans.comparison import Row, compared
from isoflop.plans.source import Source, fitted_source
from isoflop.reports.comparison_text import comparison_text
from isoflop.reports.width import WIDEST
from isoflop.units import print_flops
from planted_bags import asked, bag


def rows(*args: Any, **given: Any) -> dict[str, Any]:
    return {row.law: row for row in compared(asked(*args, **given))}


def row_of(found: Sequence[Row], law: str) -> Any:
    return next(row for row in found if row.law == law)


def fit_of(law: Law, **more: Any) -> Fit:
    return Fit(law, "parametric", 0.0, FitStatus.CONVERGED, **more)


def with_ids(vocab_size: int) -> TotalSize:
    """Total from layers, at the aspect of Hoffmann's shapes."""
    return TotalSize.of(vocab_size=vocab_size, aspect=float(PEARCE_2024_BPE.aspect(50_257)))


def test_at_1e21_every_law_says_what_the_specification_prints() -> None:
    """Sections 3.1 and 3.3; N and D as printed. Kaplan's N is the 4.68e9 that Hoffmann et al. compare with."""
    found = rows(flops=1e21)
    printed = {
        "Kaplan 2020, Table 6": (4.68e9, 3.21e10),
        "Hoffmann 2022, approach 3, printed": (1.82e9, 9.14e10),
        "Hoffmann 2022, approach 3, TeX": (2.22e9, 7.52e10),
        "BESIROGLU_2024": (2.78e9, 6.00e10),
    }
    for name, (n, d) in printed.items():
        assert found[name].n_params == pytest.approx(n, abs=5e6), name
        assert found[name].tokens == pytest.approx(d, abs=5e7), name
    assert found["Hoffmann 2022, approach 1"].n_params == pytest.approx(2.86e9, abs=5e6)
    losses = [found[name].loss for name in printed]
    assert losses == [None, *(pytest.approx(each, abs=5e-5) for each in (2.3289, 2.2955, 2.3055))]


def test_llama_3_s_tokens_at_its_own_budget() -> None:
    """Equations 3.3: 402e9 parameters and 16.55e12 tokens at 3.8e25; 0.299 C^0.537, C / 6D."""
    found = rows(flops=3.8e25)["Llama 3"]
    assert found.tokens == pytest.approx(0.299 * 3.8e25**0.537)
    assert found.tokens == pytest.approx(16.55e12, rel=0.02)
    assert 6 * found.n_params * found.tokens == pytest.approx(3.8e25)


def test_deepseek_s_scale_is_told_as_parameters() -> None:
    """Equations 7: M = 0.1715 C^0.5243 and D = 5.8316 C^0.4757."""
    found = rows(flops=1e21)["DeepSeek LLM"]
    assert found.n_params == pytest.approx(0.1715 * 1e21**0.5243 / 6)
    assert found.tokens == pytest.approx(5.8316 * 1e21**0.4757)
    assert found.loss is None


def test_muennighoff_knows_the_unique_tokens() -> None:
    """Equations 5: 1e21 with 5e9 different tokens, 2.07e9 parameters, 16.1 epochs, loss 2.437."""
    found = rows("BESIROGLU_2024", flops=1e21, unique_tokens=5e9)
    row = found["Muennighoff 2023"]
    best = allocate_repeated(MUENNIGHOFF_2023, 1e21, 5e9)
    assert (row.n_params, row.tokens, row.loss) == pytest.approx((best.n_params, best.tokens, best.loss))
    assert row.epochs == pytest.approx(16.1, abs=0.05)
    assert rows(flops=1e21)["Muennighoff 2023"].epochs is None


def test_following_another_law_costs_what_the_law_planned_by_says() -> None:
    found = rows(flops=1e22)
    best, tex = allocate(BESIROGLU_2024, 1e22), found["Hoffmann 2022, approach 3, TeX"]
    loss = float(BESIROGLU_2024(HOFFMANN_2022_TEX.optimal_size(1e22), HOFFMANN_2022_TEX.optimal_tokens(1e22)))
    assert tex.loss_added == pytest.approx(loss - best.loss)
    assert tex.share_added == pytest.approx(loss / best.loss - 1)
    assert tex.compute_lost == pytest.approx(1 - float(flops_for(BESIROGLU_2024, loss)[0]) / 1e22, rel=1e-6)
    plan = found["BESIROGLU_2024"]
    assert plan.planned
    assert (plan.loss_added, plan.compute_lost) == (None, None)  # it loses nothing to itself
    assert all(row.loss_added >= 0 for row in found.values() if not row.planned)


def test_kaplan_is_followed_with_n_as_the_plan_counts_it_and_the_tokens_that_are_left() -> None:
    row = rows(flops=1e22)["Kaplan 2020, Table 6"]
    assert row.counts == "parameters without embeddings and head"
    assert row.follow_n_params == pytest.approx(float(with_ids(128_256)(row.n_params)))
    assert "128,256 ids" in row.notes[1]
    loss = float(BESIROGLU_2024(row.follow_n_params, 1e22 / (6 * row.follow_n_params)))
    assert row.loss_added == pytest.approx(loss - allocate(BESIROGLU_2024, 1e22).loss)
    assert row.compute_lost > 0.3
    spent = 6 * row.n_params * row.tokens / 1e22
    assert f"6 N D is {spent:.3g} C" in row.notes[0]


def test_a_plan_by_non_embedding_size_takes_embeddings_off_the_others() -> None:
    row = rows("KRAJEWSKI_2024_DENSE", flops=1e21)["Besiroglu 2024"]
    assert float(with_ids(128_256)(row.follow_n_params)) == pytest.approx(row.n_params)


@pytest.mark.parametrize("vocab", [256.0, 50_257.0])
def test_embeddings_are_those_of_the_plan_s_vocabulary(vocab: float) -> None:
    """A byte model has hardly any: what Kaplan's N comes to is nearly his N."""
    row = rows(flops=1e22, vocab=vocab)["Kaplan 2020, Table 6"]
    assert row.follow_n_params == pytest.approx(float(with_ids(int(vocab))(row.n_params)))
    assert f"{vocab:,.0f} ids" in row.notes[1]


def test_how_far_each_law_is_asked_is_told_and_past_six_decades_no_loss() -> None:
    """1e22 FLOPs are within Besiroglu's runs, and more than two decades beyond DeepSeek LLM's small ones."""
    near, far = rows(flops=1e22), rows("KRAJEWSKI_2024_DENSE", flops=1e30, extrapolate=True)
    assert near["DeepSeek LLM"].beyond[0] == "C"
    assert near["DeepSeek LLM"].beyond[1] > 2
    assert near["BESIROGLU_2024"].beyond is None
    tex = far["Hoffmann 2022, approach 3, TeX"]
    assert tex.beyond[1] > 6
    assert tex.loss is None
    assert "decades outside" in " ".join(tex.notes)
    assert "Decades above (+) or below" in comparison_text(tuple(near.values()))


def test_laws_of_the_user_s_own_carry_their_intervals() -> None:
    found = compared(asked(bag(BESIROGLU_2024), flops=1e22))
    plan = found[0].to_json()
    for name in ("n_params", "tokens", "loss"):
        assert plan[name]["low"] < plan[name]["median"] < plan[name]["high"]
    assert found[1].to_json()["n_params"]["low"] is None
    assert "90% of its laws: N" in " ".join(comparison_text(found).split())


def test_a_law_that_is_not_followed_wastes_no_share_of_anything() -> None:
    """A user's fit whose vocabulary nobody says: Kaplan's N without embeddings is no N of its."""
    answer = asked(Source("Chinchilla of fit.json", Ensemble((BESIROGLU_2024,)), Size.WITH_HEAD, own=True), flops=1e21)
    kaplan = next(row for row in compared(answer) if row.law == "Kaplan 2020, Table 6")
    assert (kaplan.follow_n_params, kaplan.loss_added, kaplan.share_added, kaplan.compute_lost) == (None,) * 4
    assert "not followed" in kaplan.notes[1]
    assert "--vocab" in kaplan.notes[1]


def test_a_study_s_vocabulary_is_that_of_its_runs_until_another_is_asked_for() -> None:
    study = Source("mine", Ensemble((BESIROGLU_2024,)), Size.WITH_HEAD, own=True, vocab_size=148)
    for asked_for, ids in ((None, 148), (300.0, 300)):
        found = compared(asked(study, flops=1e21, vocab=asked_for))
        kaplan = next(row for row in found if row.law == "Kaplan 2020, Table 6")
        assert kaplan.follow_n_params == pytest.approx(float(with_ids(ids)(kaplan.n_params)))
        assert f"with {ids} ids" in kaplan.notes[1]


def test_a_fit_of_a_study_s_folder_brings_the_vocabulary_that_its_text_had(tmp_path: Path) -> None:
    (tmp_path / "fit.json").write_text(fits_to_json([fit_of(BESIROGLU_2024)]))
    assert fitted_source(tmp_path / "fit.json", repeats=False).vocab_size is None
    (tmp_path / "text.json").write_text('{"text": {"vocab_size": 148}}')
    assert fitted_source(tmp_path / "fit.json", repeats=False).vocab_size == 148


def test_what_a_study_says_its_n_and_c_count_is_understood() -> None:
    """`isoflop run` writes a sentence, not the name of a count; its C is not 6 N D."""
    minima = replace(fit_of(OptimalSize(k=0.1, a=0.5)), approach="minima", convention=CONVENTION)
    (row,) = (row for row in compared(asked(bag(), flops=1e21), [minima]) if row.law == "minima, yours")
    assert row.counts == "weight matrices and output head, no input embedding"
    assert any("counted exactly" in note for note in row.notes)


def test_past_six_decades_no_loss_is_told_in_any_way_and_n_and_d_are_marked() -> None:
    far = fit_of(HOFFMANN_2022_TEX, sample=bag(HOFFMANN_2022_TEX).bag.thinned(20))
    found = compared(asked("KRAJEWSKI_2024_DENSE", flops=1e30, extrapolate=True), [far])
    tex, first = (row_of(found, name) for name in ("Chinchilla, yours", "Hoffmann 2022, approach 1"))
    assert tex.to_json()["loss"]["low"] is None
    assert tex.to_json()["loss"]["median"] is None
    for row in (tex, first):
        assert abs(row.beyond[1]) > 6
        assert "N and D are drawn on" in " ".join(row.notes)
    assert "approach 1 +8.5 (C)" in " ".join(comparison_text(found).split())


def test_minima_have_an_interval_of_d_where_they_give_n_alone() -> None:
    sizes = Ensemble(tuple(OptimalSize(k=k, a=0.5) for k in (0.09, 0.1, 0.11)))
    minima = replace(fit_of(sizes.laws[1], sample=sizes), approach="minima")
    row = row_of(compared(asked(flops=1e21), [minima]), "minima, yours")
    plain = row.to_json()
    assert list(row.spread) == ["n_params", "tokens"]
    assert plain["tokens"]["low"] < plain["tokens"]["median"] < plain["tokens"]["high"]
    assert plain["tokens"]["low"] == pytest.approx(1e21 / (6 * plain["n_params"]["high"]))


def test_the_heading_is_the_compute_that_all_are_asked_at() -> None:
    """Of a bag that is asked for a loss the median of 6 N D is not that of N times that of D."""
    answer = asked(bag(), loss=2.3)
    found = compared(answer)
    assert found[0].flops == answer.flops
    assert print_flops(answer.flops) != print_flops(6 * answer.n_params * answer.tokens)
    assert print_flops(answer.flops) in comparison_text(found).splitlines()[0]


def test_a_loss_asked_for_is_said_to_be_asked_of_the_plan_alone_and_binds_nothing() -> None:
    plan = compared(asked(loss=2.3))[0]
    assert "others are not asked for that loss" in plan.notes[0]
    assert plan.compute_lost is None


def test_which_limit_on_the_size_binds_is_named() -> None:
    plan = compared(asked(flops=1e24, one_gpu=True, gpu="a100"))[0]
    assert plan.notes == ("bound by --one-gpu, as the others are not",)
    assert (plan.compute_lost or 0) > 0.2


@pytest.mark.parametrize("columns", [60, 80, 100])
def test_it_keeps_to_the_terminal_s_width(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    for answer in (asked(bag(), loss=2.3, inference_tokens=1e13), asked(flops=1e30, extrapolate=True)):
        assert max(map(len, comparison_text(compared(answer)).splitlines())) <= columns


def test_a_bound_plan_says_so_and_others_may_beat_it() -> None:
    found = rows(n_params=7e9, tokens=2e12)
    plan = found["BESIROGLU_2024"]
    assert plan.notes == ("bound by N given, D given, as the others are not",)
    assert plan.compute_lost > 0.4
    assert found["Hoffmann 2022, approach 1"].loss_added < 0


def test_the_plan_s_law_stands_once_and_is_marked_alone() -> None:
    for name in ("BESIROGLU_2024", "HOFFMANN_2022_TEX", "MUENNIGHOFF_2023"):
        found = compared(asked(name, flops=1e21, unique_tokens=1e12))
        assert [row.planned for row in found] == [True, *[False] * (len(found) - 1)]
        assert [row.law for row in found if name in row.sets] == [name]


def test_the_user_s_fits_stand_beside_the_published_but_not_beside_themselves() -> None:
    own = Ensemble((BESIROGLU_2024, replace(BESIROGLU_2024, A=400.0)))
    planned = asked(Source("Chinchilla of fit.json", own, Size.WITH_HEAD, own=True), flops=1e21)
    fits = (
        fit_of(own.laws[0], sample=own, convention="matrices and head"),
        fit_of(HOFFMANN_2022_TEX),
        fit_of(MUENNIGHOFF_2023),
        replace(fit_of(OptimalSize(k=0.1, a=0.5)), approach="minima"),
        replace(fit_of(OptimalTokens(k=1.7, b=0.5)), approach="minima"),
    )
    found = compared(planned, fits)
    assert found[0].law == "Chinchilla, yours"
    assert found[0].planned
    assert found[0].loss_of == "your runs"
    assert [row.law for row in found if "yours" in row.law and not row.planned] == [
        "Chinchilla, yours",
        "DataConstrained, yours",
        "minima, yours",
    ]
    tex, minima = (next(row for row in found[1:] if row.law == name) for name in ("Chinchilla, yours", "minima, yours"))
    assert tex.n_params == pytest.approx(float(HOFFMANN_2022_TEX.optimal_size(1e21)))
    assert (minima.n_params, minima.tokens) == pytest.approx((0.1 * 1e21**0.5, 1.7 * 1e21**0.5))
    assert minima.loss is None
    assert minima.loss_added is not None


@pytest.mark.parametrize(
    "given",
    [{"flops": 1e22}, {"loss": 2.2, "inference_tokens": 1e13}, {"flops": 1e22, "unique_tokens": 3e10}],
)
def test_it_fits_the_screen_and_json_holds_it(given: dict[str, Any]) -> None:
    law = MUENNIGHOFF_2023 if "unique_tokens" in given else BESIROGLU_2024
    for source in (None, bag(law)):
        answer = asked(source, **given)
        found = compared(answer)
        lines = comparison_text(found).splitlines()
        assert max(map(len, lines)) <= WIDEST
        assert sum("*" in line for line in lines[1 : len(found) + 1]) == 1
        plain = json.loads(json.dumps([row.to_json() for row in found], allow_nan=False))
        assert all(np.isfinite(row["tokens_per_param"]) for row in plain)
