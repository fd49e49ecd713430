"""What several test files share: where published runs lie, and ladders planted with a known truth."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def reference() -> Callable[[str], Path]:
    """The folder of a paper's published runs, in ISOFLOP_REFERENCE or ../shared/reference; skips where absent."""

    def folder(name: str) -> Path:
        default = Path(__file__).resolve().parents[2] / "shared" / "reference"
        path = Path(os.environ.get("ISOFLOP_REFERENCE", default)) / name
        if not path.is_dir():
            pytest.skip(f"published runs of {name} are not here: set ISOFLOP_REFERENCE to the folder that holds them")
        return path

    return folder
