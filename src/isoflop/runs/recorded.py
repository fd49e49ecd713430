"""The row of a table that a record makes."""

from typing import Any

from isoflop.runs.columns import COLUMNS
from isoflop.runs.record import Record

RECORDED = tuple(name for name in COLUMNS if name != "excluded")


def row_of(record: Record) -> dict[str, Any]:
    """A record's value for each column of `RECORDED`; None where it has none."""
    run, shape = record.run, record.run.shape
    return {
        "run_id": run.id,
        "status": str(record.status),
        "n_params": shape.n_params,
        "n_params_nonembedding": shape.n_params_nonembedding,
        "n_params_total": shape.n_params_total,
        "tokens": record.tokens or None,
        "unique_tokens": None,
        "flops": record.flops or None,
        "flops_6nd": record.flops_6nd or None,
        "loss": record.loss,
        "loss_se": record.loss_se,
        "bits_per_byte": record.bits_per_byte,
        "seed": run.init_seed,
        "data_seed": run.data_seed,
        "budget": run.budget,
        "role": run.role,
        "width": shape.width,
        "n_layers": shape.n_layers,
    }
