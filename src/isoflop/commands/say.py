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
    """Raise `BadInput` before anything is computed for a page that could not be written, or would replace no file."""
    from isoflop.errors import BadInput  # noqa: PLC0415

    if path and (wrong := _unwritable(Path(path))):
        raise BadInput(wrong)


def _unwritable(path: Path) -> str:
    """Why no page can be put there, and what to do; "" where one can."""
    folder = path.parent
    try:
        if path.is_dir():
            return f"{path} is a folder. Name a file in it, such as {path / 'plan.html'}."
        if not folder.is_dir():
            return f"{path} cannot be written: there is no folder {folder}. Make it, or choose another."
        if path.exists() and not path.is_file():
            return f"{path} is no file but a device or a pipe, which a page must not replace. Name a file."
    except OSError as error:  # a name too long, a folder one may not look into
        return f"{path} cannot be written: {error.strerror}. Choose another place."
    if not os.access(folder, os.W_OK | os.X_OK) or (path.exists() and not os.access(path, os.W_OK)):
        return f"{path} cannot be written: you have no right to. Choose another place."
    return ""
