"""What every command ends with: JSON for programs, or words for people."""

import json
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

    folder = Path(path).parent if path else None
    if folder is not None and not folder.is_dir():
        raise BadInput(f"{path} cannot be written: there is no folder {folder}. Make it, or choose another.")
