"""What the documentation says is so: its commands and its code run, its links lead somewhere, its numbers hold."""

import importlib
import importlib.util
import json
import re
import shlex
import subprocess
import sys
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import isoflop
from isoflop.arguments import parser
from isoflop.cli import main
from isoflop.designs.study import Study, reference_markdown
from isoflop.plans.forecast import Forecast
from isoflop.runs.table import Table

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
RESULTS = sorted((ROOT / "docs" / "results").glob("*.json"))
SHELL = {"console", "sh", "bash", "shell"}
OFFLINE = "python-stdlib"


def named(path: Path) -> str:
    return path.name


def blocks(page: Path) -> Iterator[tuple[str, str]]:
    """(language, content) of each fenced block."""
    yield from re.findall(r"^```(\w*)\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def commands() -> list[str]:
    """Every line of every shell block, in the order of the pages."""
    content = (content for page in PAGES for language, content in blocks(page) if language in SHELL)
    return [line.removeprefix("$ ") for block in content for line in block.splitlines() if line.strip()]


def script(name: str) -> ModuleType:
    """A script of docs/ as a module."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "docs" / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def checkout(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that looks like a checkout to read from, where commands may write."""
    for name in ("docs", "studies"):
        (tmp_path / name).symlink_to(ROOT / name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ISOFLOP_CACHE", str(cache))
    return tmp_path


def told(arguments: list[str]) -> Namespace:
    """What the command line makes of it; it ends the test where it is refused."""
    try:
        return parser().parse_args(arguments)
    except SystemExit as ended:
        pytest.fail(f"isoflop {shlex.join(arguments)} is refused with exit code {ended.code}")


def test_every_command_is_one_that_exists() -> None:
    """isoflop's own are parsed; make's targets, scripts and studies must be there; anything else is a mistake here."""
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert {"isoflop run", "isoflop plan", "make run", "make test"} <= {" ".join(c.split()[:2]) for c in commands()}
    for command in commands():
        words = shlex.split(command, comments=True)
        if words[:2] == ["uv", "run"]:
            words = words[2:]
        match words:
            case ["isoflop", *arguments]:
                asked = told(arguments)
                if "study" in asked and asked.study.startswith("studies/"):
                    Study.from_toml(ROOT / asked.study)
            case ["make", target, *_]:
                assert target in targets, command
            case ["pytest", *_]:
                pass
            case ["python", file, *_]:
                assert (ROOT / file).is_file(), command
            case _:
                pytest.fail(f"{command!r}: this test does not know how to hold it against the program")


def test_commands_that_are_cheap_do_what_they_say(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In the documented order, since one writes what the next reads; nothing that trains or needs a network."""
    ran = set()
    for words in (shlex.split(command, comments=True) for command in commands()):
        if words[0] != "isoflop" or not (asked := cheap(words[1:])):
            continue
        assert main(words[1:]) == 0, (words, capsys.readouterr().err)
        assert capsys.readouterr().out.strip(), words
        ran.add(asked)
    assert ran == {"init", "run", "fit", "laws", "predict", "why", "plan", "models"}
    assert Study.from_toml(checkout / "study.toml") == Study()


def cheap(arguments: list[str]) -> str:
    """The command, if it takes seconds; else nothing."""
    asked = told(arguments)
    if asked.command == "run":
        dry = asked.dry_run and Study.from_toml(asked.study).corpus.name == OFFLINE
        return "run" if dry else ""
    return asked.command if asked.command in {"init", "fit", "laws", "predict", "why", "plan", "models"} else ""


def test_every_command_is_told_of_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (choices,) = (action.choices for action in parser()._actions if action.dest == "command")
    assert choices
    for name in choices:
        assert f"| `{name}` |" in readme
        assert any(command.startswith(f"isoflop {name} ") for command in commands()), name


def python_blocks() -> list[tuple[str, str]]:
    return [(page.name, content) for page in PAGES for language, content in blocks(page) if language == "python"]


@pytest.mark.parametrize("block", python_blocks(), ids=lambda block: block[0])
def test_code_in_the_documentation_runs(
    block: tuple[str, str], checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name, code = block
    exec(compile(code, name, "exec"), {"__name__": "documentation"})
    assert capsys.readouterr().out.strip()


def test_the_readme_has_a_tour_of_about_twenty_lines() -> None:
    (tour,) = (code for name, code in python_blocks() if name == "README.md")
    assert 15 <= len(tour.splitlines()) <= 25


def anchors(page: Path) -> set[str]:
    """The names that headings get."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_lead_somewhere(page: Path) -> None:
    """Those within the project, pictures too; addresses elsewhere are not asked."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if link.startswith("https://"):
            continue
        path, _, anchor = link.partition("#")
        there = page.parent / path if path else page
        assert there.exists(), link
        assert not anchor or anchor in anchors(there), link


def test_the_reference_of_the_study_file_is_the_programs_own() -> None:
    """Renew it: python -c "import isoflop.designs.study as s; print(s.reference_markdown(), end='')" > docs/study.md"""
    assert (ROOT / "docs" / "study.md").read_text(encoding="utf-8") == reference_markdown()


def test_the_readmes_numbers_are_those_collected() -> None:
    """Renew them: make results RUNS="runs/quickstart ..." """
    collect = script("collect")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    results = collect.stored()
    assert results[0]["study"] == "quickstart"
    assert collect.with_table(readme, collect.table(results)) == readme
    measured = results[0]["forecast"]["measured"]
    assert f"**{measured:.4f}**" in readme
    assert collect.with_table(readme, "| another table |\n") != readme


def test_the_coverage_told_of_is_what_was_measured() -> None:
    """Renew it: make bench-coverage."""
    coverage = script("coverage")
    found = json.loads(coverage.RESULTS.read_text(encoding="utf-8"))
    page = coverage.PAGE.read_text(encoding="utf-8")
    assert coverage.with_table(page, coverage.table(found)) == page
    assert {each["kind"] for each in found["kinds"]} == coverage.WORLDS.keys()


@pytest.mark.parametrize("path", RESULTS, ids=named)
def test_collected_numbers_agree_with_each_other(path: Path) -> None:
    """The forecast has its seal and its score; the table beside it has the runs, their losses and FLOPs."""
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    sealed = found["forecast"]
    forecast = Forecast.from_json(sealed)  # raises where it was changed after its seal
    assert forecast.to_json() == sealed
    table = Table.from_csv(path.with_suffix(".csv"))
    for role, counts in found["runs"].items():
        rows = table["role"] == role
        assert rows.sum() == counts["done"]
        assert table.flops[rows].sum() == pytest.approx(found["flops"][role], rel=0.05 if counts["diverged"] else 1e-9)
    check = table["role"] == "check"
    assert table.loss[check].mean() == pytest.approx(forecast.measured)
    assert {str(run_id) for run_id in table["run_id"][check]} == set(forecast.run_ids)
    assert sorted({float(budget) for budget in table["budget"][table["role"] == "ladder"]}) == found["budgets"]
    assert forecast.fitted_up_to == found["budgets"][-1]


def test_the_public_names_are_told_once_and_are_all_there() -> None:
    """Three lists name them: for people, for type checkers, and for Python."""
    source = (ROOT / "src" / "isoflop" / "__init__.py").read_text(encoding="utf-8")
    (typed,) = re.findall(r"^if TYPE_CHECKING:\n((?:    .*\n)+)", source, re.MULTILINE)
    imports = re.findall(r"from isoflop\.([\w.]+) import (.+)", typed)
    assert {f"isoflop.{module}": {n.strip() for n in names.split(",")} for module, names in imports} == {
        home: {name for name, where in isoflop._HOMES.items() if where == home} for home in isoflop._HOMES.values()
    }
    assert sorted(isoflop.__all__) == sorted(isoflop._HOMES)
    for name in isoflop.__all__:
        assert getattr(isoflop, name) is getattr(sys.modules[isoflop._HOMES[name]], name)
    assert set(isoflop.__all__) <= set(dir(isoflop))
    with pytest.raises(AttributeError, match="no attribute 'Tabel'"):
        getattr(isoflop, "Tabel")  # noqa: B009


def test_importing_isoflop_loads_nothing_heavy() -> None:
    code = "import sys, isoflop; print(*({'numpy', 'jax', 'scipy', 'rich', 'altair', 'argparse'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == []


def test_no_page_names_this_machine() -> None:
    for page in PAGES:
        assert not re.search(r"/(?:work|home|root|Users)/", page.read_text(encoding="utf-8")), page.name


def test_every_dotted_name_in_the_page_of_laws_exists() -> None:
    names = re.findall(r"`(isoflop(?:\.\w+)+)`", (ROOT / "docs" / "laws.md").read_text(encoding="utf-8"))
    assert len(names) > 20
    for name in names:
        parts = name.split(".")
        depth = max(n for n in range(1, len(parts) + 1) if is_module(".".join(parts[:n])))
        found: Any = importlib.import_module(".".join(parts[:depth]))
        for part in parts[depth:]:
            found = getattr(found, part)


def is_module(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False
