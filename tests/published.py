"""Published runs as tables, read where they lie: the folder comes from the fixture `reference`."""

import csv
from collections.abc import Callable
from pathlib import Path

from isoflop.runs.table import Table

Reference = Callable[[str], Path]
Configuration = tuple[str, ...]

KEYS = ("dataset", "hparams", "warmup", "decay", "param_count", "split")
TUNED = ("rw", "tuned", "short", "const", "standard", "val")


def rows(reference: Reference, name: str) -> dict[Configuration, list[dict[str, str]]]:
    """The rows of a file of Porian et al. 2024 by configuration."""
    found: dict[Configuration, list[dict[str, str]]] = {}
    with (reference("porian2024") / name).open(newline="") as file:
        for row in csv.DictReader(file):
            found.setdefault(tuple(row[key] for key in KEYS), []).append(row)
    return found


def porian_runs(reference: Reference) -> dict[Configuration, Table]:
    """Porian et al. 2024, arXiv:2406.19146: isoFLOP points in 15 configurations, without a column for the budget."""
    names = {"n_params": "n", "tokens": "tokens", "flops": "flops", "loss": "loss"}
    return {
        key: Table({ours: [float(row[theirs]) for row in points] for ours, theirs in names.items()})
        for key, points in rows(reference, "isoflop_points.csv").items()
    }


def hoffmann_runs(reference: Reference) -> Table:
    """Hoffmann et al. 2022's runs as read off their figure 4 by Besiroglu et al. 2024: the 240 they fitted."""
    path = reference("besiroglu2024") / "svg_extracted_data.csv"
    return Table.from_csv(path, {"n_params": "Model Size", "flops": "Training FLOP"}).without_worst(5)
