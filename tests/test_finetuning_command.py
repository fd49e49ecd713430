"""`isoflop plan --finetune`: on one screen, as JSON; wrong input answered with what to do."""

import json
import shlex
from pathlib import Path

import pytest

from conftest import Shell

MODEL = ("--n-params", "7B", "--tokens", "1B")


@pytest.mark.parametrize("how", ["full", "lora", "continued"])
@pytest.mark.parametrize("columns", ["60", "80", "200"])
def test_the_screen_says_all_of_it_and_keeps_to_its_width(isoflop: Shell, how: str, columns: str) -> None:
    said = isoflop("plan", "--finetune", how, *MODEL, COLUMNS=columns)
    assert said.returncode == 0, said.stderr
    assert max(map(len, said.stdout.splitlines())) <= min(100, int(columns))
    words = " ".join(said.stdout.split())
    for part in (
        "1.00B tokens, 4 epochs",
        "GPU-hours",
        "tokens/s",
        "checkpoints",
        "largest on one",
        "QLoRA",
        "Assumed",
    ):
        assert part in words
    assert ("new tokens" in words) == (how == "continued")
    assert ("adapters" in words) == (how == "lora")
    assert words.count("6.94B") == 1  # the shape's own N, beside the 7.00B asked


def test_what_does_not_fit_comes_first(isoflop: Shell) -> None:
    said = isoflop("plan", "--finetune", "full", "--n-params", "70B", "--tokens", "1B", "--gpus", "8")
    assert said.returncode == 0
    assert said.stdout.startswith("Problem: It does not fit 8 x H100 SXM")
    assert "if it fitted" in said.stdout


def test_memory_is_that_of_the_gpus_that_are_used(isoflop: Shell) -> None:
    asked = ("plan", "--finetune", "full", *MODEL, "--gpus", "8")
    words = " ".join(isoflop(*asked).stdout.split())
    held = json.loads(isoflop(*asked, "--json").stdout)["memory"]
    assert f"{held['total'] / 1e9:.3g} GB a GPU" in words
    assert "split over 8 (ZeRO 3)" in words
    assert held["weights"] + held["gradients"] + held["optimizer"] == pytest.approx(2 * 6.94e9, rel=0.01)


def test_a_price_that_nobody_knows_is_said(isoflop: Shell, unpriced: Path) -> None:
    own = ("--devices", str(unpriced), "--gpu", "mine")
    said = isoflop("plan", "--finetune", "lora", *MODEL, *own).stdout
    assert "no price of mine is known (--price)" in " ".join(said.split())
    assert "add --price" in isoflop("plan", "--finetune", "lora", *MODEL, *own, "--dollars", "100").stderr
    priced = json.loads(
        isoflop("plan", "--finetune", "lora", *MODEL, "--gpu", "4090", "--price", "$1", "--json").stdout
    )
    assert priced["dollars"] == priced["hours"]


def test_epochs_are_passes_over_the_corpus(isoflop: Shell) -> None:
    found = json.loads(isoflop("plan", "--finetune", "full", *MODEL, "--epochs", "2.5", "--json").stdout)
    assert found["tokens"] == 2.5e9
    assert found["flops"] == pytest.approx(6 * 7e9 * 2.5e9)
    assert "epochs" not in found["defaults"]


def test_each_way_out_can_be_typed_and_is_enough(isoflop: Shell) -> None:
    options = {"--n-params": "7B", "--tokens": "10B", "--gpus": "8", "--days": "3", "--epochs": "3"}
    refused = isoflop("plan", "--finetune", "full", *(each for pair in options.items() for each in pair))
    assert refused.returncode == 2
    assert "on 8 H100 SXM (--days allows 3)" in refused.stderr
    ways = refused.stderr.split("Relax one: ")[1].strip().rstrip(".").replace("or ", "").split(", ")
    assert {way.split()[0] for way in ways} == {"--days", "--gpus", "--tokens", "--epochs"}
    for way in ways:
        option, value = shlex.split(way.replace(" to ", " "))
        relaxed = {**options, option: value}
        said = isoflop("plan", "--finetune", "full", *(each for pair in relaxed.items() for each in pair))
        assert said.returncode == 0, (way, said.stderr)


def test_options_that_mean_nothing_are_refused_all_at_once(isoflop: Shell) -> None:
    flags = ("--one-gpu", "--compare", "--extrapolate")
    valued = {
        "--flops": "1e20", "--loss": "2", "--law": "X", "--fit": "f.json", "--html": "x.html", "--calibrate": "c.csv",
        "--unique-tokens": "1B", "--inference-tokens": "1B", "--output-tokens": "1M", "--tokens-per-second": "9",
    }  # fmt: skip
    given = [each for pair in valued.items() for each in pair]
    refused = isoflop("plan", "--finetune", "lora", *MODEL, *flags, *given)
    assert refused.returncode == 2
    (said,) = refused.stderr.splitlines()
    assert "mean nothing with --finetune" in said
    assert all(option in said.split(" mean nothing")[0] for option in (*flags, *valued))
    assert not (isoflop.folder / "x.html").exists()
    assert "--html means nothing" in isoflop("plan", "--finetune", "lora", *MODEL, "--html", "x.html").stderr
    assert "--loss means nothing" in isoflop("plan", "--finetune", "lora", *MODEL, "--loss", "0").stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "needs the model's --n-params (or its --shape) and the corpus's --tokens"),
        (("--days", "3", "--gpus", "8"), "needs the model's --n-params"),
        (("--n-params", "7B"), "needs the corpus's --tokens"),
        (("--n-params", "7B", "--tokens", "0"), "'0' is no positive number of tokens"),
        ((*MODEL, "--epochs", "0"), "--epochs 0 is no positive number"),
        ((*MODEL, "--epochs", "-1"), "--epochs -1 is no positive number"),
        ((*MODEL, "--epochs", "nan"), "--epochs nan is no positive number"),
        ((*MODEL, "--gpus", "0.5"), "--gpus 0.5 is no whole number"),
        ((*MODEL, "--mfu", "40"), "--mfu 40 is above 1"),
        ((*MODEL, "--gpu", "abacus"), "H100"),
        ((*MODEL, "--shape", "32x4096"), "leave one out"),
        ((*MODEL, "--gpus", "1e11"), "plan for fewer"),
        (("--n-params", "1e5", "--tokens", "1M"), "--vocab"),
        (("--n-params", "7B", "--tokens", "1K"), "not even one sequence of --context 4,096"),
        (("--n-params", "1e14", "--tokens", "1B"), "fit no number of H100"),
        ((*MODEL, "--gpu", "4090", "--context", "262144"), "It fits with --context"),
    ],
    ids=str,
)
def test_a_wrong_question_is_answered_with_what_to_do(isoflop: Shell, arguments: tuple[str, ...], said: str) -> None:
    refused = isoflop("plan", "--finetune", "full", *arguments)
    assert refused.returncode == 2
    assert said in refused.stderr
