"""What every command ends with: JSON for programs, or words for people."""

import json
import os
from argparse import Namespace
from pathlib import Path
from typing import Any

SCHEMA = 1


def say(arguments: Namespace, found: dict[str, Any], words: str) -> int:
    """Print what was found; the exit code of a command that succeeded."""
    print(json.dumps({"schema": SCHEMA, **found}, ensure_ascii=False) if arguments.json else words)
    return 0


def writable(path: str | None) -> None:
    """Raise `BadInput` before anything is computed for a page that could not be written."""
    from isoflop.errors import BadInput  # noqa: PLC0415

    if not path:
        return
    file, folder = Path(path), Path(path).parent
    if not folder.is_dir():
        raise BadInput(f"{path} cannot be written: there is no folder {folder}. Make it, or choose another.")
    if file.is_dir():
        raise BadInput(f"{path} is a folder. Name a file in it, such as {file / 'plan.html'}.")
    if not os.access(file if file.exists() else folder, os.W_OK):
        raise BadInput(f"{path} cannot be written: you have no right to. Choose another place.")
