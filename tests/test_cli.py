"""The command line: quick where nothing is trained, clear where it is asked wrong, JSON that programs can read."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from conftest import TINY, Shell, Tiny
from isoflop.designs.study import Study
from isoflop.estimates.fit import read_fits
from isoflop.runs.store import Store

COMMANDS = ("init", "run", "status", "report", "fit", "laws", "predict", "why", "plan", "models")
HEAVY = {"jax", "jaxlib", "scipy", "pandas", "altair", "rich", "jinja2", "optax"}


@pytest.mark.parametrize("command", [(), *((command,) for command in COMMANDS)], ids=str)
def test_help_fits_a_screen(isoflop: Shell, command: tuple[str, ...]) -> None:
    lines = isoflop(*command, "--help").stdout.splitlines()
    assert 5 < len(lines) <= 24
    assert max(map(len, lines)) <= 80


def test_commands_that_train_nothing_import_nothing_heavy(tiny: Tiny) -> None:
    """Which is what makes them answer at once."""
    program = (
        "import sys; from isoflop.cli import main\n"
        f"codes = main(['plan', '--flops', '1e22']), main(['status', {str(tiny.folder)!r}]), main(['init', '-'])\n"
        f"print(codes, sorted({{name.partition('.')[0] for name in sys.modules}} & {HEAVY!r}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=tiny.folder.parent
    )
    assert done.stdout.splitlines()[-1] == "(0, 0, 0) []"
    (tiny.folder.parent / "-").unlink()


def test_the_version_is_the_package_s(isoflop: Shell) -> None:
    from importlib.metadata import version

    assert isoflop("--version").stdout == f"isoflop {version('isoflop')}\n"


def test_what_cannot_be_parsed_is_bad_input(isoflop: Shell) -> None:
    for arguments in ((), ("fly",), ("plan",), ("run",), ("run", "a", "--ot", "b"), ("fit", "a", "--draws", "many")):
        assert isoflop(*arguments).returncode == 2, arguments


def test_init_writes_a_study_that_reads_back_and_is_not_overwritten(isoflop: Shell) -> None:
    assert isoflop("init", "new/study.toml").returncode == 0
    path = isoflop.folder / "new" / "study.toml"
    assert Study.from_toml(path) == Study()
    assert path.read_text().count("#") > 30
    path.write_text("mine")
    refused = isoflop("init", "new/study.toml", "--json")
    assert refused.returncode == 2
    assert "--force" in refused.stderr
    assert "--force" in json.loads(refused.stdout)["problems"][0]
    assert path.read_text() == "mine"
    assert isoflop("init", "new/study.toml", "--force").returncode == 0
    assert Study.from_toml(path) == Study()


def test_every_problem_of_a_study_is_told_and_nothing_is_trained(isoflop: Shell) -> None:
    text = TINY.read_text()
    text = text.replace("seeds = [2, 2, 1]", "seds = [2, 2, 1]").replace("context = 32", 'context = "long"')
    (isoflop.folder / "bad.toml").write_text(text.replace("budgets = [1.2e9,", "budgets = [-1.2e9,"))
    refused = isoflop("run", "bad.toml", "--out", "out", "--json")
    assert refused.returncode == 2
    for said in ("ladder.seds", "Did you mean ladder.seeds?", "model.context", "long", "ladder.budgets", "-1200000000"):
        assert said in refused.stderr
    assert len(json.loads(refused.stdout)["problems"]) >= 3
    assert not (isoflop.folder / "out").exists()


def test_a_corpus_too_small_is_refused_with_the_numbers(isoflop: Shell) -> None:
    (isoflop.folder / "texts").mkdir()
    for i in range(40):
        (isoflop.folder / "texts" / f"{i}.txt").write_text(
            f"{i} " + f"the tale of {i} that was told {i * i} times\n" * 20
        )
    study = TINY.read_text().replace('name = "python-stdlib"', 'path = "texts"\nheld_out = 0.5')
    (isoflop.folder / "small.toml").write_text(study.replace("tokens = 16384", "tokens = 1024"))
    refused = isoflop("run", "small.toml", "--out", "out")
    assert refused.returncode == 2
    assert re.search(r"needs [\d,]+ tokens; the training text has [\d,]+", refused.stderr)
    assert "allow_repeats" in refused.stderr
    assert not list(isoflop.folder.glob("out/*"))


def test_a_dry_run_shows_the_runs_and_writes_nothing(isoflop: Shell, tiny: Tiny) -> None:
    shown = isoflop("run", TINY, "--dry-run", "--out", "out")
    assert shown.returncode == 0
    assert re.search(r"20 runs, \d\.\d+e10 FLOPs, about \d+ s", shown.stdout)
    found = json.loads(isoflop("run", TINY, "--dry-run", "--json").stdout)
    assert len(found["runs"]) == 20
    assert found["flops"] == pytest.approx(sum(run["flops"] for run in found["runs"]))
    first = {record.run.id for record in Store(tiny.folder).records() if record.run.budget == 1.2e9}
    assert first <= {run["run_id"] for run in found["runs"]}
    assert not list(isoflop.folder.iterdir())


@pytest.mark.parametrize("command", [("run", TINY, "--out"), ("report",), ("init",)], ids=lambda c: c[0])
def test_a_folder_that_cannot_be_written_is_told_with_a_way_out(isoflop: Shell, command: tuple[str, ...]) -> None:
    (isoflop.folder / "file").write_text("")
    refused = isoflop(*command, "file/below")
    assert refused.returncode in (1, 2)
    assert "file" in refused.stderr
    assert re.search("choose another folder|isoflop run", refused.stderr, re.IGNORECASE)


def test_no_network_is_told_with_ways_out(isoflop: Shell) -> None:
    study = TINY.read_text().replace('name = "python-stdlib"', 'name = "vital-wiki"')
    (isoflop.folder / "wiki.toml").write_text(study)
    nowhere = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_EXTRA_INDEX_URL": "", "PIP_RETRIES": "0",
               "PIP_CONFIG_FILE": os.devnull, "UV_OFFLINE": "1", "PIP_FIND_LINKS": ""}  # fmt: skip
    refused = isoflop("run", "wiki.toml", "--out", "out", ISOFLOP_CACHE=str(isoflop.folder / "empty"), **nowhere)
    assert refused.returncode == 1
    assert "python-stdlib" in refused.stderr
    assert "by hand" in refused.stderr


def test_status_counts_a_finished_study(isoflop: Shell, tiny: Tiny) -> None:
    found = json.loads(isoflop("status", tiny.folder, "--json").stdout)
    assert found["state"] == "finished"
    assert found["runs"]["ladder"] == {"planned": 15, "done": 15, "diverged": 0, "failed": 0}
    assert found["runs"]["check"]["done"] == 1
    assert found["forecast"]["measured"] is not None
    assert "finished" in isoflop("status", tiny.folder).stdout


def test_a_changed_study_leaves_forecast_and_folder_as_they_are(isoflop: Shell, tiny: Tiny) -> None:
    shutil.copytree(tiny.folder, isoflop.folder / "out")
    before = {path: path.read_bytes() for path in (isoflop.folder / "out").rglob("*") if path.is_file()}
    for old, new, said in (
        ("first_n_params = 5000", "first_n_params = 6000", "ladder.first_n_params was 5000.0, now 6000.0"),
        ('name = "tiny"', 'name = "other"', "name was tiny, now other"),
    ):
        assert old in TINY.read_text()
        (isoflop.folder / "changed.toml").write_text(TINY.read_text().replace(old, new, 1))
        refused = isoflop("run", "changed.toml", "--out", "out")
        assert refused.returncode == 2
        assert said in refused.stderr
        assert "--out" in refused.stderr
    assert before == {path: path.read_bytes() for path in (isoflop.folder / "out").rglob("*") if path.is_file()}


def test_a_forecast_that_was_tampered_with_is_told(isoflop: Shell, tiny: Tiny) -> None:
    shutil.copytree(tiny.folder, isoflop.folder / "out")
    path = isoflop.folder / "out" / "forecast.json"
    forecast = json.loads(path.read_text())
    forecast["loss"]["median"] = forecast["loss"]["high"] = 9.0
    path.write_text(json.dumps(forecast))
    refused = isoflop("report", "out")
    assert refused.returncode == 2
    assert "no longer has its hash" in refused.stderr


def test_a_forecast_made_after_its_run_is_called_none(isoflop: Shell, tiny: Tiny) -> None:
    shutil.copytree(tiny.folder, isoflop.folder / "out")
    (isoflop.folder / "out" / "forecast.json").unlink()
    time.sleep(max(0.0, 1.1 - (time.time() - tiny.folder.stat().st_mtime)))  # moments are kept to the second
    ended = isoflop("report", "out")
    assert ended.returncode == 1
    assert "This is no forecast: it was written at" in ended.stdout
    assert "This is no forecast: it was written at" in (isoflop.folder / "out" / "report.html").read_text()


def test_a_diverged_run_is_left_out_and_named(isoflop: Shell, tiny: Tiny) -> None:
    shutil.copytree(tiny.folder, isoflop.folder / "out")
    broken = next(r.run.id for r in Store(tiny.folder).records() if r.run.role == "ladder" and r.run.budget == 1.2e9)
    path = isoflop.folder / "out" / "records" / f"{broken}.json"
    path.write_text(
        json.dumps(json.loads(path.read_text()) | {"status": "diverged", "note": "It ended above its start."})
    )
    ended = isoflop("report", "out")
    assert ended.returncode == 0
    assert f"{broken} diverged: It ended above its start." in ended.stdout
    page = (isoflop.folder / "out" / "report.html").read_text()
    assert page.count(broken[:8]) > (tiny.folder / "report.html").read_text().count(broken[:8])
    assert "1 diverged" in page
    fits, chosen = read_fits(isoflop.folder / "out" / "fit.json")
    assert [why for _, why in fits[chosen].excluded] == ["it has diverged: It ended above its start."]
    assert "diverged" in isoflop("status", "out").stdout


def test_a_study_of_which_nothing_is_trained_has_a_report_and_no_result(isoflop: Shell, tiny: Tiny) -> None:
    (isoflop.folder / "out").mkdir()
    for name in ("study.toml", "text.json"):
        shutil.copy(tiny.folder / name, isoflop.folder / "out" / name)
    ended = isoflop("report", "out")
    assert ended.returncode == 1
    assert "8 runs of rung 1 are missing" in ended.stdout
    assert "still to be trained" in (isoflop.folder / "out" / "report.html").read_text()
    assert "Go on: isoflop run" in isoflop("status", "out").stdout


def test_a_fit_goes_from_a_table_into_a_plan_with_intervals(isoflop: Shell, tmp_path: Path) -> None:
    """A law is planted with little noise; the plan's intervals hold what the law itself would plan."""
    import numpy as np

    from isoflop.allocations.allocate import allocate
    from isoflop.laws.chinchilla import Chinchilla

    law = Chinchilla(E=1.7, A=400.0, B=1500.0, alpha=0.35, beta=0.36)
    random = np.random.default_rng(0)
    rows = ["size,D,final"]
    for C in np.geomspace(1e17, 1e20, 6):
        for N in np.geomspace(0.2, 5, 6) * np.sqrt(C / 120):
            D = C / (6 * N)
            rows.append(
                f"{N!r},{D!r},{law(N, D) * np.exp(0.002 * random.standard_normal())!r}".replace("np.float64", "")
            )
    (tmp_path / "runs.csv").write_text("\n".join(rows).replace("(", "").replace(")", "") + "\n")
    asked = ("runs.csv", "--map", "n_params=size", "tokens=D", "loss=final", "--delta", "0.01", "--out", "fit.json")
    ended = isoflop("fit", *asked, "--draws", "100", "--json")
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout)
    assert found["law"] == "Chinchilla"
    assert found["fits"][found["chosen"]]["constants"] == found["constants"]
    assert {"intervals", "objective", "status", "checks", "excluded"} <= set(found)
    planned = json.loads(isoflop("plan", "--flops", "1e21", "--fit", "fit.json", "--json").stdout)
    best = allocate(law, 1e21)
    for name in ("n_params", "tokens", "loss"):
        assert planned[name]["level"] == 0.9
        assert planned[name]["low"] < getattr(best, name) < planned[name]["high"], name


def test_published_laws_are_side_by_side_and_say_whose_losses_they_are(isoflop: Shell) -> None:
    """20 tokens a parameter near 6e23 FLOPs is what Besiroglu et al. 2024 find; Hoffmann's own fit gave some 60."""
    found = json.loads(isoflop("plan", "--flops", "5.76e23", "--compare", "--json").stdout)
    assert found["n_params"]["low"] is None
    assert 15 < found["tokens_per_param"]["median"] < 30
    beside = {row["law"]: row for row in found["beside"]}
    assert beside["BESIROGLU_2024"]["planned"]
    tex = beside["Hoffmann 2022, approach 3, TeX"]
    assert tex["tokens"]["median"] / tex["n_params"]["median"] > 50
    assert "6 N D" in found["defaults"]["FLOPs"]
    assert "another text" in " ".join(found["notes"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("plan", "--flops", "10foo"), "10ZFLOP"),
        (("plan", "--flops", "1e22", "--fit", "none.json"), "none.json could not be read"),
        (("plan", "--flops", "1e22", "--fit", "wrong.json"), "isoflop fit --out"),
        (("fit", "none.csv"), "none.csv could not be read"),
        (("fit", "few.csv"), "Add runs"),
        (("fit", "few.csv", "--law", "chinchila"), "chinchilla"),
        (("fit", "few.csv", "--map", "loss"), "OURS=THEIRS"),
        (("fit", "few.csv", "--map", "loss=final"), "no column final"),
        (("fit", "words.csv"), "no number"),
        (("status", "nowhere"), "isoflop run STUDY"),
        (("run", "nowhere.toml"), "nowhere.toml could not be read"),
        (("run", "few.csv"), "not TOML"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_mistake_is_answered_with_what_to_do(isoflop: Shell, arguments: tuple[str, ...], said: str) -> None:
    (isoflop.folder / "wrong.json").write_text('{"schema": 1, "fits": [{}], "chosen": 0}')
    (isoflop.folder / "few.csv").write_text("n_params,tokens,loss\n1e6,1e8,3.5\n2e6,1e8,3.3\n")
    (isoflop.folder / "words.csv").write_text("n_params,tokens,loss\n1e6,1e8,low\n")
    refused = isoflop(*arguments)
    assert refused.returncode in (1, 2)
    assert said in refused.stderr
    assert refused.stdout == ""


@pytest.mark.skipif(os.name != "posix", reason="signals as POSIX has them")
@pytest.mark.parametrize("seconds", [0.4, 0.8, 2.0, 5.0])
def test_ctrl_c_ends_a_command_at_once_and_without_a_traceback(isoflop: Shell, tiny: Tiny, seconds: float) -> None:
    """At moments of a report while it imports, fits and draws."""
    shutil.copytree(tiny.folder, isoflop.folder / "out")
    process = isoflop.start("report", "out")
    time.sleep(seconds)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert process.returncode in (130, 0)  # 0 where it was quicker
    assert "Traceback" not in err
    assert ("interrupted" in err) == (process.returncode == 130)


def test_a_reader_that_leaves_early_causes_no_traceback(isoflop: Shell) -> None:
    process = isoflop.start("plan", "--flops", "1e22")
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    err = process.stderr.read()
    process.stderr.close()
    assert process.wait(20) in (0, 1)
    assert err == ""
