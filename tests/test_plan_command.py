"""`isoflop plan`: any mix of constraints on one screen, as JSON, as a page; wrong input answered with what to do."""

import json
from pathlib import Path
from typing import Any

import pytest

from conftest import Shell
from isoflop.arguments import PLAN, parser

QUESTIONS = (
    ("--flops", "1e22"),
    ("--dollars", "100000", "--gpu", "h100", "--price", "2.5"),
    ("--gpus", "64", "--gpu", "h200", "--days", "10", "--unique-tokens", "30e9"),
    ("--loss", "2.2", "--inference-tokens", "1e13"),
    ("--n-params", "7e9", "--tokens", "2e12"),
    ("--flops", "115PF-days", "--shape", "gpt2", "--one-gpu"),
    ("--dollars", "$2M", "--inference-tokens", "1e12", "--output-tokens", "2e11"),
)


@pytest.mark.parametrize("question", QUESTIONS, ids=" ".join)
def test_every_question_has_its_answer_and_its_json(isoflop: Shell, question: tuple[str, ...]) -> None:
    said = isoflop("plan", *question)
    assert said.returncode == 0, said.stderr
    for words in ("N, parameters", "D, tokens", "How to train it", "How to run it", "Alternatives", "Assumed"):
        assert words in said.stdout
    assert max(map(len, said.stdout.splitlines())) <= 100
    found = json.loads(isoflop("plan", *question, "--json").stdout)
    for name in ("flops", "n_params", "tokens", "loss", "gpu_hours", "days"):
        assert set(found[name]) == {"median", "low", "high", "level"}
    assert found["defaults"]
    assert found["training"]["batch_tokens"]["median"] > 0
    assert found["running"]["layout"]
    assert found["schema"] == 1


def test_help_names_every_option() -> None:
    choices: Any = next(action.choices for action in parser()._actions if action.dest == "command")
    options = [option for action in choices["plan"]._actions for option in action.option_strings]
    told = [option for option in options if option not in {"-h", "--help"}]
    assert len(told) > 20
    assert all(option in PLAN for option in told)


def test_the_page_stands_alone(isoflop: Shell) -> None:
    said = isoflop("plan", "--flops", "1e21", "--compare", "--html", "plan.html")
    assert said.returncode == 0, said.stderr
    page = (isoflop.folder / "plan.html").read_text(encoding="utf-8")
    assert len(page) < 1_000_000
    assert "<svg" in page
    assert 'src="http' not in page
    for words in ("How to train it", "How to run it", "The same compute by other laws"):
        assert words in page


def test_points_of_ones_own_give_an_accuracy(isoflop: Shell) -> None:
    points = "loss,accuracy\n3.2,0.27\n2.9,0.33\n2.6,0.44\n2.3,0.58\n2.15,0.66\n"
    (isoflop.folder / "points.csv").write_text(points)
    found = json.loads(isoflop("plan", "--flops", "1e22", "--calibrate", "points.csv", "--json").stdout)
    assert 0.64 < found["accuracy"]["value"] < 0.69
    (isoflop.folder / "bad.csv").write_text("loss,score\n3,0.2\n")
    refused = isoflop("plan", "--flops", "1e22", "--calibrate", "bad.csv")
    assert refused.returncode == 2
    assert "no column accuracy" in refused.stderr


def test_a_model_is_fine_tuned_on_what_holds_it(isoflop: Shell) -> None:
    """16 bytes a parameter: 7e9 in full do not fit a card of 24 GB; with LoRA they do."""
    lora = isoflop("plan", "--finetune", "lora", "--n-params", "7B", "--tokens", "50M", "--gpu", "4090").stdout
    assert "on 1 RTX 4090" in lora
    full = isoflop("plan", "--finetune", "full", "--n-params", "7B", "--tokens", "50M", "--gpu", "4090").stdout
    assert "does not hold it" in full
    assert json.loads(
        isoflop("plan", "--finetune", "continued", "--n-params", "7B", "--tokens", "30B", "--json").stdout
    )["worth"]["4"] == pytest.approx(0.931, abs=5e-4)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--flops", "1e22", "--n-params", "7e9", "--tokens", "2e12"), "8.4 times less"),
        (("--flops", "1e22", "--gpu", "abacus"), "H100"),
        (("--flops", "10foo", "--tokens", "many"), "10ZFLOP"),
        (("--flops", "1e40"), "--extrapolate"),
        (("--days", "10"), "--gpus"),
        ((), "needs a budget"),
        (("--flops", "1e22", "--fit", "a.json", "--law", "HOFFMANN_2022"), "leave one out"),
        (("--flops", "1e22", "--law", "chinchilla"), "HOFFMANN_2022_TEX"),
        (("--finetune", "lora"), "--n-params"),
        (("--loss", "1.83", "--extrapolate", "--days", "30"), "--days"),
        (("--flops", "1e21", "--html", "nowhere/plan.html"), "no folder nowhere"),
    ],
    ids=str,
)
def test_a_wrong_question_is_answered_with_what_to_do(isoflop: Shell, arguments: tuple[str, ...], said: str) -> None:
    refused = isoflop("plan", *arguments)
    assert refused.returncode == 2
    assert said in refused.stderr
    assert "Traceback" not in refused.stderr


def test_shares_and_thousands_are_read_as_people_write_them(isoflop: Shell) -> None:
    asked = (("--gpus", "1,024", "--days", "2.50", "--mfu", "40%"), ("--gpus", "1024", "--days", "2.5", "--mfu", "0.4"))
    written, plain = (json.loads(isoflop("plan", *each, "--json").stdout) for each in asked)
    assert written["flops"] == plain["flops"]
    assert written["n_params"] == plain["n_params"]


def test_a_model_that_no_family_can_build_is_planned_without_a_shape(isoflop: Shell) -> None:
    said = isoflop("plan", "--flops", "1e17", "--inference-tokens", "1e12", "--law", "BESIROGLU_2024", "--extrapolate")
    assert said.returncode == 0, said.stderr
    assert "smaller vocabulary" in " ".join(said.stdout.split())
    assert "How to run it" not in said.stdout
    assert "no cache is counted" in said.stdout


def test_a_fixed_shape_decides_the_size(isoflop: Shell) -> None:
    """32 layers of 4,096 with a feed-forward of 14,336 and 128,256 ids are Llama 3's 8.03e9 parameters."""
    found = json.loads(isoflop("plan", "--shape", "32x4096x14336", "--tokens", "15T", "--json").stdout)
    assert found["n_params"]["median"] == pytest.approx(8.03e9, rel=1e-3)
    assert (found["shape"]["n_layers"], found["shape"]["width"], found["shape"]["ff_width"]) == (32, 4096, 14336)
    budget = json.loads(
        isoflop("plan", "--shape", "gpt2:12x768", "--vocab", "50257", "--flops", "1e19", "--json").stdout
    )
    assert budget["shape"]["n_layers"] == 12
    assert budget["n_params"]["median"] * budget["tokens"]["median"] * 6 == pytest.approx(1e19)


def test_a_vocabulary_makes_small_models_possible(isoflop: Shell) -> None:
    large, small = (
        json.loads(isoflop("plan", "--flops", "1e16", "--extrapolate", *more, "--json").stdout)
        for more in ((), ("--vocab", "256"))
    )
    assert large["shape"] is None
    assert small["shape"]["vocab_size"] == 256
    assert small["running"] is not None


def test_epochs_are_passes_over_the_unique_tokens(isoflop: Shell) -> None:
    found = json.loads(isoflop("plan", "--flops", "1e21", "--unique-tokens", "5B", "--epochs", "4", "--json").stdout)
    assert found["tokens"]["median"] == 20e9
    assert found["epochs"]["median"] == 4


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--shape", "mamba", "--flops", "1e20"), "llama, gpt2"),
        (("--shape", "32x", "--flops", "1e20"), "32x4096"),
        (("--shape", "3x100", "--flops", "1e20"), "no multiple of llama's heads"),
        (("--shape", "0x4096", "--flops", "1e20"), "n_layers = 0"),
        (("--shape", "32x4096", "--n-params", "7B", "--flops", "1e22"), "leave one"),
        (("--flops", "1e20", "--vocab", "0.5"), "--vocab 0.5 is no whole number"),
        (("--flops", "1e20", "--epochs", "3"), "say how many those are"),
        (("--flops", "1e20", "--unique-tokens", "1B", "--epochs", "nan"), "--epochs nan"),
        (("--flops", "1e20", "--gpus", "nan"), "--gpus nan"),
        (("--flops", "1e20", "--gpus", "1e400"), "--gpus 1e400"),
        (("--flops", "1e20", "--gpus", "-8"), "--gpus -8"),
        (("--flops", "1e20", "--days", "nan", "--gpus", "8"), "--days nan"),
        (("--flops", "1e20", "--mfu", "nan"), "--mfu nan"),
        (("--loss", "nan"), "--loss nan"),
        (("--flops", "1e20", "--mfu", "forty"), "--mfu forty is no positive number: write it as 0.4 or 40%"),
        (("--flops", "1e20", "--mfu", "140%"), "--mfu 1.4 is above 1"),
        (("--flops", "1e20", "--gpus", "many", "--days", "2,5"), "--days 2,5 is no positive number"),
        (("--loss", "low"), "--loss low is no positive number: write it as 2.2"),
        (("--flops", "1,5e22"), "For 1.5e22, write that"),
        (("--flops", "1e20", "--gpus", "100000000000"), "plan for fewer"),
        (("--flops", "1e20", "--html", "."), "is a folder"),
    ],
    ids=str,
)
def test_no_number_that_is_none_is_a_traceback(isoflop: Shell, arguments: tuple[str, ...], said: str) -> None:
    refused = isoflop("plan", *arguments)
    assert refused.returncode == 2
    assert said in refused.stderr
    assert "Traceback" not in refused.stderr
    assert "usage:" not in refused.stderr


def test_dollars_need_a_price(isoflop: Shell, unpriced: Path) -> None:
    asks = ("plan", "--dollars", "1e5", "--devices", str(unpriced), "--gpu", "mine")
    refused = isoflop(*asks)
    assert refused.returncode == 2
    assert "add --price" in refused.stderr
    assert isoflop(*asks, "--price", "1").returncode == 0
