"""Points of loss and accuracy, as a CSV file of a user's own models."""

import csv
from pathlib import Path

from isoflop.errors import BadInput


def read_points(path: Path) -> tuple[tuple[float, float], ...]:
    """(loss, accuracy) of each row of a CSV with these two columns. Raises `BadInput` with every row that is wrong."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadInput(f"{path} cannot be read: {error}.") from None
    there = list(rows[0]) if rows else []
    if missing := [name for name in ("loss", "accuracy") if name not in there]:
        raise BadInput(f"{path} has no column {' and none '.join(missing)}; it has {', '.join(there) or 'no rows'}.")
    points, problems = [], []
    for number, row in enumerate(rows):
        try:
            points.append((float(row["loss"]), float(row["accuracy"])))
        except (TypeError, ValueError):
            problems.append(f"{path}, row {number}: {row['loss']!r}, {row['accuracy']!r} are no loss and accuracy.")
    if problems:
        raise BadInput(problems)
    return tuple(points)
