"""A file of JSON lines, an object a row, as columns of cells."""

import json
from pathlib import Path
from typing import Any

from isoflop.errors import BadInput
from isoflop.runs.text_file import read_text

TOLD = 10  # lines that are named


def json_line_columns(path: Path) -> dict[str, list[Any]]:
    """Columns of all keys; a row without the key, or with null, misses it. Raises `BadInput`, naming the lines."""
    rows: list[dict[str, Any]] = []
    problems = []
    for number, line in enumerate(read_text(path).split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            problems.append(f"{path}, line {number}: not JSON ({error}).")
            continue
        if isinstance(row, dict):
            rows.append(row)
        else:
            problems.append(f"{path}, line {number}: an object is meant, such as {{'loss': 2.5}}, not {line[:40]!r}.")
    if len(problems) > TOLD:
        problems[TOLD:] = [f"{path}: {len(problems) - TOLD} more lines are as bad."]
    if not rows and not problems:
        problems = [f"The table {path} is empty. Each line must be an object, such as {{'loss': 2.5}}, a row."]
    if problems:
        raise BadInput(problems)
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}
