"""isoflop plan --finetune: what it takes, what it refuses, and what would have to give."""

import json
import re

import pytest

from conftest import Shell

SEVEN = ("plan", "--finetune", "full", "--n-params", "7B", "--tokens", "1e9")


def test_the_run_is_on_the_fewest_gpus_that_hold_it_and_end_in_time(isoflop: Shell) -> None:
    free, hurried = (json.loads(isoflop(*SEVEN, *more, "--json").stdout) for more in ((), ("--days", "1")))
    assert free["gpus"] == free["enough"] == 2
    assert free["held"]["fits"]
    assert not free["one_gpu"]["fits"]
    assert hurried["days"] <= 1 < hurried["days"] * 2
    assert "--days 1" in hurried["defaults"]["gpus"]


def test_epochs_are_as_many_as_are_asked_for(isoflop: Shell) -> None:
    two, four = (json.loads(isoflop(*SEVEN, "--epochs", e, "--json").stdout) for e in ("2", "4"))
    assert four["flops"] == 2 * two["flops"] == 6 * 7e9 * 4e9
    assert "epochs" not in two["defaults"]


def test_what_does_not_fit_is_said_first(isoflop: Shell) -> None:
    lines = isoflop(*SEVEN, "--gpus", "1").stdout.splitlines()
    assert lines[0].startswith("It does not fit 1 x H100 SXM")
    assert "2 would do (--gpus" in " ".join(" ".join(lines).split())


def test_a_missing_price_is_said(isoflop: Shell) -> None:
    assert "no price is known (--price)" in " ".join(isoflop(*SEVEN, "--gpu", "mi300x").stdout.split())


@pytest.mark.parametrize(
    "limits",
    [
        ("--gpus", "8", "--days", "1"),
        ("--dollars", "100"),
        ("--gpus", "8", "--days", "1", "--dollars", "100"),
        ("--gpus", "4096", "--days", "0.0005"),
        ("--gpus", "8", "--days", "1", "--epochs", "8"),
    ],
)
def test_every_way_out_of_too_little_time_or_money_is_one(isoflop: Shell, limits: tuple[str, ...]) -> None:
    options = {**dict(zip(SEVEN[1::2], SEVEN[2::2], strict=True)), **dict(zip(limits[::2], limits[1::2], strict=True))}
    options["--n-params"] = "70B"
    refused = isoflop("plan", *(each for pair in options.items() for each in pair))
    assert refused.returncode == 2, refused.stdout
    told = re.search(r"Relax one: (.*)\.$", refused.stderr.strip())
    assert told, refused.stderr
    for way in re.split(r", or |, ", told[1]):
        changed = dict(options)
        for part in way.split(" together with "):
            option, value = part.split(" to ")
            changed[option] = value
        done = isoflop("plan", *(each for pair in changed.items() for each in pair))
        assert done.returncode == 0, (way, done.stderr)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "needs the model's --n-params (or --shape) and the corpus's --tokens"),
        (("--n-params", "7B"), "the corpus's --tokens"),
        (("--n-params", "7B", "--tokens", "0"), "no positive number"),
        (("--n-params", "7B", "--tokens", "1B", "--unique-tokens", "1B"), "both the corpus"),
        (("--n-params", "7B", "--tokens", "1B", "--epochs", "0"), "--epochs 0"),
        (("--n-params", "7B", "--tokens", "1B", "--epochs", "nan"), "--epochs nan"),
        (("--n-params", "7B", "--tokens", "1B", "--gpus", "0.5"), "no whole number"),
        (("--n-params", "7B", "--tokens", "1B", "--gpu", "abacus"), "H100"),
        (("--n-params", "1e5", "--tokens", "1B"), "smaller vocabulary"),
        (
            ("--n-params", "7B", "--tokens", "1B", "--flops", "1e20", "--compare", "--html", "x.html", "--one-gpu"),
            "no use for --flops, --html, --one-gpu, --compare",
        ),
    ],
    ids=str,
)
def test_what_is_missing_or_means_nothing_is_refused(isoflop: Shell, arguments: tuple[str, ...], said: str) -> None:
    refused = isoflop("plan", "--finetune", "full", *arguments)
    assert refused.returncode == 2
    told = refused.stderr
    missing = re.search(r"no use for (.*): leave", told)
    if said.startswith("no use for") and missing:
        assert set(missing[1].split(", ")) == set(said.removeprefix("no use for ").split(", "))
    else:
        assert said in told


def test_a_corpus_shorter_than_a_sequence_is_doubted(isoflop: Shell) -> None:
    said = isoflop("plan", "--finetune", "lora", "--n-params", "7B", "--tokens", "100").stdout
    assert "not even one sequence of 4,096" in " ".join(said.split())


def test_the_screen_keeps_to_its_width_and_the_json_is_whole(isoflop: Shell) -> None:
    for how in ("full", "lora", "continued"):
        asks = ("plan", "--finetune", how, "--n-params", "70B", "--tokens", "1e8")
        assert max(map(len, isoflop(*asks).stdout.splitlines())) <= 100
        found = json.loads(isoflop(*asks, "--json").stdout)
        assert found["schema"] == 1
        assert found["held"]["memory"]["total"] <= found["held"]["memory"]["available"]
        assert set(found["largest_on_one_gpu"]) == {"full", "lora"}
