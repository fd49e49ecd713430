"""The code is built as docs/architecture.md draws it: imports run down the floors, JAX stays with the engines."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "isoflop"
DRAWING = ROOT / "docs" / "architecture.md"
FILES = sorted(SOURCE.rglob("*.py"))
ENGINES = {"fits", "training"}
JAX = {"jax", "jaxlib", "optax"}
CLUSTERS = {"ray", "submitit"}
TEXT = {"cache", "corpus", "dataset", "prepare", "readers", "splits", "tokenizer", "version", "wiki", "windows"}


def floors() -> dict[str, int]:
    """Floor of each folder (`laws`) and file (`errors.py`) drawn; a line without a number continues the one above."""
    (block,) = re.findall(r"^```floors\n(.*?)^```", DRAWING.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    found: dict[str, int] = {}
    floor = 0
    for line in block.splitlines():
        number, name = re.fullmatch(r"(\d*)\s+(\w+(?:/|\.py))\s{2,}\S.*", line).groups()  # type: ignore[union-attr]
        floor = int(number or floor)
        found[name.rstrip("/")] = floor
    return found


FLOORS = floors()


def place(file: Path) -> str:
    """The folder, or for a file of the top the file, that has a floor."""
    return file.relative_to(SOURCE).parts[0]


def named(file: Path) -> str:
    return file.relative_to(SOURCE).as_posix()


def modules(file: Path) -> Iterator[str]:
    """Full dotted names of all that a file imports, wherever in it, as they would be looked up."""
    package = ["isoflop", *file.relative_to(SOURCE).parent.parts]
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            yield from (f"{base}.{alias.name}" for alias in node.names)


def imported(file: Path) -> set[Path]:
    """The files of this project that a file imports; a name that is no module is looked up in its package."""
    found = set()
    for module in modules(file):
        first, *parts = module.split(".")
        if first == "isoflop":
            found.add(next(f for n in range(len(parts), -1, -1) if (f := source(parts[:n])) is not None))
    return found


def source(parts: list[str]) -> Path | None:
    path = SOURCE.joinpath(*parts)
    if parts and path.with_suffix(".py").is_file():
        return path.with_suffix(".py")
    return path / "__init__.py" if (path / "__init__.py").is_file() else None


def test_everything_has_a_floor() -> None:
    assert {place(file) for file in FILES} <= FLOORS.keys()
    assert min(FLOORS.values()) == 0


@pytest.mark.parametrize("file", FILES, ids=named)
def test_imports_run_down_the_floors(file: Path) -> None:
    here = FLOORS[place(file)]
    for other in imported(file):
        inside = place(other) == place(file) and file.parent != SOURCE
        assert inside or FLOORS[place(other)] < here, f"{named(file)} may not import {named(other)}"


def test_there_are_no_circles() -> None:
    try:
        TopologicalSorter({file: imported(file) for file in FILES}).prepare()
    except CycleError as circle:
        pytest.fail(" ← ".join(named(file) for file in circle.args[1]))


@pytest.mark.parametrize("file", FILES, ids=named)
def test_engines_alone_import_jax_and_executors_alone_clusters(file: Path) -> None:
    roots = {module.partition(".")[0] for module in modules(file)}
    if place(file) not in ENGINES or file.name == "__init__.py" or (place(file) == "training" and file.stem in TEXT):
        assert not roots & JAX
    if place(file) != "executors":
        assert not roots & CLUSTERS


def test_values_work_where_jax_cannot_be_imported() -> None:
    """Every module of values, and the text side of training, is imported and a few are used, with JAX forbidden."""
    values = [f for f in FILES if place(f) not in ENGINES and FLOORS[place(f)] < FLOORS["lab.py"]]
    values += [SOURCE / "training" / f"{name}.py" for name in sorted(TEXT)]
    names = [
        ".".join(["isoflop", *f.relative_to(SOURCE).with_suffix("").parts]) for f in values if f.stem != "__init__"
    ]
    program = f"""
import importlib, sys

class Forbidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {JAX!r}:
            raise AssertionError(f"{{name}} was imported")

sys.meta_path.insert(0, Forbidden())
import isoflop
for name in {names!r}:
    importlib.import_module(name)

from isoflop.allocations.allocate import allocate
from isoflop.costs.shape import Shape
from isoflop.laws.chinchilla import Chinchilla
law = Chinchilla(E=1.8, A=400.0, B=2000.0, alpha=0.34, beta=0.37)
best = allocate(law, flops=1e21)
assert abs(6 * best.n_params * best.tokens / 1e21 - 1) < 1e-6
assert Shape(2, 16, 2, 8, 64, 200, 128).n_params == 2 * 16 * 2 * (2 * 16 + 64) + 16 * 200
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("file", FILES, ids=named)
def test_files_are_short_and_named_by_what_they_hold(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 300
    assert not {"utils", "util", "common", "misc", "helpers"} & set(file.relative_to(SOURCE).with_suffix("").parts)
    assert ast.get_docstring(ast.parse(text)), "a file opens with one sentence"


def test_the_attribution_names_what_is_fetched() -> None:
    from isoflop.training import wiki

    text = (ROOT / "docs" / "corpora.md").read_text(encoding="utf-8")
    assert wiki.SHA256 in text
    assert wiki.WHEEL in text
    assert "CC BY-SA 4.0" in text
