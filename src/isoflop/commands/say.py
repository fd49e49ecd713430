"""What every command ends with: JSON for programs, or words for people."""

import json
from argparse import Namespace
from typing import Any

SCHEMA = 1


def say(arguments: Namespace, found: dict[str, Any], words: str) -> int:
    """Print what was found; the exit code of a command that succeeded."""
    print(json.dumps({"schema": SCHEMA, **found}, ensure_ascii=False) if arguments.json else words)
    return 0
