"""Published runs as tables, from the reference folder, for several test files."""

import csv
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from isoflop.laws.arrays import exp, where
from isoflop.laws.law import Law, param
from isoflop.runs.table import Table


def besiroglu(folder: Path) -> Table:
    """The 240 runs of Besiroglu et al. 2024."""
    names = {"n_params": "Model Size", "flops": "Training FLOP"}
    return Table.from_csv(folder / "svg_extracted_data.csv", names).without_worst(5)


def gemstones(folder: Path, subset: str) -> Table:
    """Checkpoints of McLeish et al. 2025, run_id being the run's name; N counts embeddings."""
    text = (folder / f"wandb_df_for_fitting_{subset}.jsonl").read_text(encoding="utf-8")
    rows = [json.loads(line) for line in text.splitlines()]
    theirs = {"run_id": "run_name", "n_params": "params_active_precise", "tokens": "tokens", "loss": "final_loss"}
    return Table({ours: [row[name] for row in rows] for ours, name in theirs.items()})


_E, _A, _B, _ALPHA = np.exp(0.6254804), np.exp(6.255414), np.exp(7.3049974), 0.3526596


@dataclass(frozen=True)
class Repetition(Law):
    """Muennighoff et al. 2023 with all but R_D* and R_N* held: E + A / N'^alpha + B / D'^alpha, alpha = beta.

    D' = U + U R_D* (1 - e^(-R_D / R_D*)), N' likewise; the excesses R_D = D / U - 1 and R_N are columns here.
    """

    R_D: float = param("1", "repetitions worth something", starts=(1.0, 4.0, 16.0, 64.0, 256.0))
    R_N: float = param("1", "the same of parameters", starts=(0.5, 2.0, 8.0, 32.0))

    inputs = ("base_params", "unique", "excess_params", "repeats")

    def __call__(self, base_params: Any, unique: Any, excess_params: Any, repeats: Any) -> Any:
        """L, nats/token."""
        size = base_params * (1 + self.R_N * _spent(excess_params / self.R_N))
        data = unique * (1 + self.R_D * _spent(repeats / self.R_D))
        return _E + _A / size**_ALPHA + _B / data**_ALPHA


def _spent(x: Any) -> Any:
    """1 - e^-x, exact for small x too: else a fit finds R_D = 1e16, where its rounding helps."""
    return where(x < 1e-5, x - x * x / 2, 1 - exp(-x))


def muennighoff(folder: Path) -> Table:
    """The 182 runs fitted by Muennighoff et al. 2023, with the columns that `Repetition` takes."""
    with (folder / "datablations_c4_runs.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["fit_set"] == "1"]
    n, d, u = (np.asarray([float(row[name]) for row in rows]) for name in ("params", "tokens", "unique_tokens"))
    u = np.minimum(u, d)
    best = (_A / _B) ** (1 / _ALPHA) * u  # alpha = beta: N_opt is proportional to U
    base = np.minimum(n, best)
    tiny = np.finfo(float).tiny  # a law of powers takes numbers above 0; no excess is as good as this one
    columns = {
        "base_params": base,
        "unique": u,
        "excess_params": np.maximum(n / base - 1, tiny),
        "repeats": np.maximum(d / u - 1, tiny),
    }
    return Table({"n_params": n, "tokens": d, "loss": [float(row["loss"]) for row in rows], **columns})
