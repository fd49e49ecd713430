"""The four decisions that docs/planning.md walks through: what it says of their outcome is what the plans say."""

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from isoflop.costs.hardware import device
from isoflop.plans.alternatives import alternatives
from isoflop.plans.answer import Answer, answer
from isoflop.plans.comparison import compared
from isoflop.plans.question import Question
from isoflop.plans.source import published_source

TEXT = (Path(__file__).resolve().parents[1] / "docs" / "planning.md").read_text(encoding="utf-8")
PAGE = " ".join(TEXT.split())


@cache
def asked(**given: Any) -> Answer:
    question = Question(**given)
    return answer(question, published_source(None, repeats=question.unique_tokens is not None))


def startup() -> Answer:
    return asked(dollars=1e5, gpu="h100", price=2.5)


def lab(**more: Any) -> Answer:
    return asked(gpus=64.0, gpu="h200", days=10.0, **more)


def test_a_startup_s_money_is_what_the_page_says() -> None:
    found = startup()
    assert found.have.hours(found.flops) == pytest.approx(40_000)
    assert f"{found.flops * found.have.executed:.1e}".replace("+", "") + " executed FLOPs" in PAGE
    assert f"which are {found.flops:.1e}".replace("+", "") + " as 6 N D" in PAGE
    assert f"about {found.n_params / 1e9:.0f} B parameters on {round(found.tokens / 1e10) * 10} B tokens" in PAGE
    assert found.basin is not None
    assert f"from {found.basin.low / 1e9:.0f} B to {found.basin.high / 1e9:.0f} B the loss" in PAGE
    smaller, serving, *_ = alternatives(found, one_gpu=None)
    assert smaller.extra == pytest.approx(0.02, abs=0.005)
    assert serving.n_params < found.n_params / 2


def test_the_laws_since_chinchilla_differ_by_two_in_size_and_hardly_in_loss() -> None:
    rows = compared(startup())
    since = [row for row in rows if not row.law.startswith("Kaplan")]
    kaplan = next(row for row in rows if row.law.startswith("Kaplan"))
    assert 1.9 < max(row.n_params for row in since) / min(row.n_params for row in since) < 2.3
    assert max(row.loss_added or 0 for row in since) < 0.01
    assert kaplan.n_params / startup().n_params == pytest.approx(4, rel=0.05)
    assert kaplan.compute_lost == pytest.approx(0.5, abs=0.03)


def test_a_lab_s_ten_days_are_what_the_page_says() -> None:
    found = lab()
    assert f"become {found.flops:.3g} FLOPs".replace("e+", "e") in PAGE
    assert lab(one_gpu=True).n_params == found.n_params
    assert lab(mfu=0.3).flops / found.flops == pytest.approx(0.75, abs=0.03)


def test_thirty_billion_tokens_are_repeated_as_often_as_the_page_says() -> None:
    found = lab(unique_tokens=30e9)
    assert f"repeat the text {found.split.median('epochs'):.3g} times" in PAGE
    more = next(each for each in alternatives(found, one_gpu=None) if "unique" in each.name)
    assert more.loss_change == pytest.approx(-0.02, abs=0.005)
    small = asked(flops=1e21, unique_tokens=30e9)
    assert small.split.median("epochs") == pytest.approx(2, abs=0.1)
    new = asked(flops=1e21, unique_tokens=1e15)
    assert small.split.median("loss") - new.split.median("loss") < 0.005


def test_seven_billion_parameters_are_best_for_what_they_serve_with_two_trillion_tokens() -> None:
    served, taught = (asked(n_params=7e9, tokens=d, inference_tokens=1e13) for d in (2e12, 140e9))
    assert "2e12 tokens, 286 for each parameter" in PAGE
    assert served.split.median("tokens_per_param") == pytest.approx(286, abs=0.5)
    assert served.split.median("serving_flops") > served.flops
    best = asked(loss=served.split.median("loss"), inference_tokens=1e13)
    assert best.n_params == pytest.approx(7e9, rel=0.02)
    cheapest = asked(loss=taught.split.median("loss"), inference_tokens=1e13)
    assert cheapest.n_params < 7e9 / 3


def test_the_contradiction_on_the_page_is_the_one_that_is_told() -> None:
    told = re.search(r"isoflop: (--n-params 7\.00B .*?--n-params to \w+\.)", PAGE)
    assert told
    with pytest.raises(Exception, match="times less") as refused:
        asked(flops=1e22, n_params=7e9, tokens=2e12)
    assert str(refused.value) == told[1]


def test_the_gpu_of_ones_own_on_the_page_is_read_whole(tmp_path: Path) -> None:
    written = re.search(r"```toml\n(.*?)```", TEXT, re.DOTALL)
    assert written
    file = tmp_path / "mine.toml"
    file.write_text(written[1], encoding="utf-8")
    own = device("mine", file)
    assert (own.name, own.domain, own.memory_bytes) == ("My GPU", 8, 96e9)
    assert own.link_bytes_per_second == 300e9
    assert own.network_bytes_per_second == 25e9
    assert asked(flops=1e21, gpu="My GPU", devices=str(file)).have.price == 1.9
