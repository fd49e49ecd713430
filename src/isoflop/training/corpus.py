"""What can be trained on: two corpora by name, and any folder, file or glob of texts."""

import difflib
import os
import platform
import sysconfig
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from isoflop.errors import BadInput
from isoflop.training import readers, wiki
from isoflop.training.readers import Texts

CORPORA = ("vital-wiki", "python-stdlib")

# Tests repeat themselves, and tables (of code points, codecs, help topics) are no language: both teach little.
TEST_FOLDERS = {"test", "tests", "idle_test"}
TABLE_FOLDERS = {"encodings", "pydoc_data"}
FOREIGN_FOLDERS = {"site-packages", "dist-packages", "__pycache__"}
LEFT_OUT_FILES = ("stringprep.py", "entities.py", "_sysconfigdata")


@dataclass(frozen=True)
class Corpus:
    """A source of documents: how it is called, what it is, whether it has changed, how it is read."""

    name: str
    description: str
    stamp: str
    """differs when the content may differ; taken without reading the text"""
    read: Callable[[], Texts]


def find_corpus(
    name: str | None = None,
    path: str | None = None,
    field: str = "text",
    *,
    cache: Path,
    say: Callable[[str], None] = lambda _: None,
) -> Corpus:
    """The corpus called `name`, or the texts at `path` (their `field`, of JSONL and Parquet); reads no text yet."""
    if (name is None) == (path is None):
        raise BadInput(f"corpus: give a name ({', '.join(CORPORA)}) or a path; got name = {name!r}, path = {path!r}.")
    if path is not None:
        files = readers.find_files(path)
        return Corpus(
            name=path,
            description=f"{len(files)} files at {path}",
            stamp=readers.stamp(files, field),
            read=lambda: readers.read_files(files, field),
        )
    if name == "vital-wiki":
        return Corpus(
            name=name,
            description="leads of vital Wikipedia articles in English, French and Spanish (CC BY-SA 4.0)",
            stamp=wiki.SHA256,
            read=lambda: wiki.read_wiki(cache, say),
        )
    if name == "python-stdlib":
        files = stdlib_files()
        return Corpus(
            name=name,
            description=f"standard library of Python {platform.python_version()}, without tests and tables",
            stamp=readers.stamp(files),
            read=lambda: readers.read_files(files, field),
        )
    near = difflib.get_close_matches(str(name), CORPORA, 1)
    raise BadInput(
        f"corpus.name = {name!r} is not known{f'; did you mean {near[0]!r}?' if near else '.'} "
        f"Allowed: {', '.join(CORPORA)}, or corpus.path for texts of your own."
    )


def stdlib_files() -> tuple[Path, ...]:
    """The `.py` files of the running Python's standard library that are prose and code, in a fixed order."""
    root = sysconfig.get_path("stdlib")
    files = []
    for folder, subfolders, names in os.walk(root):
        subfolders[:] = set(subfolders) - TEST_FOLDERS - TABLE_FOLDERS - FOREIGN_FOLDERS
        files += [Path(folder, n) for n in names if n.endswith(".py") and not n.startswith(LEFT_OUT_FILES)]
    if not files:
        raise BadInput(f"python-stdlib: no .py files in {root}; this Python keeps them elsewhere. Give corpus.path.")
    return tuple(sorted(files))
