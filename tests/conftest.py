"""What several test files share: published runs, a cache, the command line, and one tiny study that was run whole."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TINY = ROOT / "studies" / "tiny.toml"
os.environ["COLUMNS"] = "100"  # of every screen, whatever terminal the tests run in


@pytest.fixture(scope="session")
def reference() -> Callable[[str], Path]:
    """The folder of a paper's published runs, in ISOFLOP_REFERENCE or ../shared/reference; skips where absent."""

    def folder(name: str) -> Path:
        default = ROOT.parent / "shared" / "reference"
        path = Path(os.environ.get("ISOFLOP_REFERENCE", default)) / name
        if not path.is_dir():
            pytest.skip(f"published runs of {name} are not here: set ISOFLOP_REFERENCE to the folder that holds them")
        return path

    return folder


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An ISOFLOP_CACHE of this session: empty at first, so that the first to come pays for texts and compilations."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def unpriced(tmp_path: Path) -> Path:
    """A user's file with one device, `mine`, that has no price."""
    path = tmp_path / "own.toml"
    path.write_text("[mine]\nflops_per_second = 400e12\nmemory_bytes = 96e9\nbytes_per_second = 3e12\n")
    return path


class Shell:
    """The command line, in processes of its own as a user has it, in a folder of its own."""

    def __init__(self, folder: Path, cache: Path):
        self.folder = folder
        self.environment = os.environ | {"ISOFLOP_CACHE": str(cache), "COLUMNS": "80", "PYTHONUNBUFFERED": "1"}

    def start(self, *arguments: str | Path, **environment: str) -> "subprocess.Popen[str]":
        """Begin a command; the caller waits for it."""
        return subprocess.Popen(
            [sys.executable, "-m", "isoflop.cli", *map(str, arguments)],
            cwd=self.folder,
            env=self.environment | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __call__(self, *arguments: str | Path, **environment: str) -> "subprocess.CompletedProcess[str]":
        """A command from beginning to end. Whatever it was asked, it must not end in a traceback."""
        process = self.start(*arguments, **environment)
        out, err = process.communicate(timeout=300)
        assert "Traceback" not in err, err
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)


@pytest.fixture
def isoflop(tmp_path: Path, cache: Path) -> Shell:
    """`isoflop("plan", "--flops", "1e22")`, in the test's own folder, with the session's cache."""
    return Shell(tmp_path, cache)


@dataclass(frozen=True)
class Tiny:
    """studies/tiny.toml, run whole with nothing cached: its folder, what it printed, its wall time in seconds."""

    folder: Path
    printed: str
    code: int
    seconds: float


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Tiny:
    """Looked at by many tests and changed by none: copy the folder to change something in it."""
    home = tmp_path_factory.mktemp("tiny")
    began = time.monotonic()
    ended = Shell(home, cache)("run", TINY, "--out", "out")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return Tiny(home / "out", ended.stdout, ended.returncode, time.monotonic() - began)
