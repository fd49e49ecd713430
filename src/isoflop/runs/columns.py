"""The columns of a table: what each known one means, its unit, its other names, and what is wrong with one given."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from isoflop.errors import BadInput
from isoflop.runs.cells import Cells, numbers, rows_with, texts

EXACT_WHOLE = 2**53  # above it a float no longer holds each whole number


@dataclass(frozen=True)
class Column:
    """Kind is "text", "whole" or "number". A number may be missing (not a number inside, an empty cell in a file).

    also: names that others give it, the likelier first, read as it is where a table has no mapping.
    """

    kind: str
    unit: str
    meaning: str
    positive: bool = True
    may_miss: bool = True
    also: tuple[str, ...] = ()


COLUMNS: Mapping[str, Column] = {
    "run_id": Column("text", "", "fingerprint of the run's inputs", also=("run", "run_name", "name")),
    "status": Column("text", "", "done, diverged or failed"),
    "n_params": Column(
        "number",
        "parameters",
        "every weight matrix and the output head",
        also=(
            *(
                "N",
                "params",
                "parameters",
                "param_count",
                "parameter_count",
                "params_count",
                "model_size",
                "model_params",
            ),
            *("num_params", "num_parameters", "n_parameters", "param", "n_param"),
        ),
    ),
    "n_params_nonembedding": Column("number", "parameters", "weight matrices without embeddings and head"),
    "n_params_total": Column("number", "parameters", "everything trained"),
    "tokens": Column(
        "number",
        "tokens",
        "tokens trained on, repeats counted",
        also=(
            *("D", "n_tokens", "num_tokens", "train_tokens", "training_tokens", "tokens_trained", "tokens_seen"),
            *("trained_tokens", "token_count", "token"),
        ),
    ),
    "unique_tokens": Column(
        "number", "tokens", "different tokens trained on", also=("U", "n_unique_tokens", "num_unique_tokens")
    ),
    "flops": Column(
        "number",
        "FLOPs",
        "training FLOPs, counted exactly",
        also=(
            *("C", "compute", "flop", "train_flops", "training_flops", "train_flop", "training_flop", "total_flops"),
            *("train_compute", "training_compute", "n_flops", "num_flops"),
        ),
    ),
    "flops_6nd": Column("number", "FLOPs", "6 N D"),
    "loss": Column(
        "number",
        "nats/token",
        "held-out loss at the end of training",
        also=(
            *(
                "L",
                "final_loss",
                "val_loss",
                "validation_loss",
                "valid_loss",
                "eval_loss",
                "evaluation_loss",
                "test_loss",
            ),
            *("heldout_loss", "dev_loss", "final_val_loss", "final_eval_loss", "log_perplexity", "log_ppl"),
        ),
    ),
    "loss_se": Column(
        "number",
        "nats/token",
        "standard error of the loss, by document",
        positive=False,
        also=("loss_stderr", "loss_std_err", "loss_standard_error", "stderr_loss", "se_loss", "loss_sem"),
    ),
    "bits_per_byte": Column("number", "bits/byte", "held-out loss per byte of text"),
    "seed": Column(
        "whole", "", "seed of the model's initialisation", False, False, ("init_seed", "model_seed", "random_seed")
    ),
    "data_seed": Column("whole", "", "seed of the order of the data", positive=False, may_miss=False),
    "budget": Column(
        "number",
        "FLOPs",
        "the rung that the run belongs to",
        also=("flops_budget", "flop_budget", "compute_budget", "budget_flops", "isoflop_budget"),
    ),
    "role": Column("text", "", "ladder, check or pilot"),
    "width": Column("whole", "", "width of the model", may_miss=False),
    "n_layers": Column("whole", "", "layers of the model", may_miss=False),
    "excluded": Column("text", "", "why the row is left out of fits; empty where it is not"),
}

TRIANGLE = ("n_params", "tokens", "flops")  # any two give the third under a counting convention
NEEDED = (*TRIANGLE, "loss")  # of a table whose law is not known yet

LEFT_OUT = "give the row a reason under `excluded`"
REMEDIES = {
    "no number": "Write plain numbers such as 7e9: no unit, no comma; leave a cell empty where none is known.",
    "infinite": f"If the run diverged, {LEFT_OUT}, or the status diverged.",
    "missing": f"Fill it in, or {LEFT_OUT}.",
    "not above 0": f"Mend it, or {LEFT_OUT}.",
    "below 0": f"Mend it, or {LEFT_OUT}.",
    "not whole": "Write whole numbers, or give the column another name.",
    "beyond 2^53, where a whole number is no longer exact": "Shorten it, or give the column another name.",
}


def checked(name: str, cells: Cells, used: NDArray[np.bool_], *, needed: bool) -> tuple[NDArray[np.generic], list[str]]:
    """A column as an array of its kind, and everything wrong with it, by rows and with the remedy.

    Rows that are not used may miss their numbers, or hold those of a run that diverged. A needed column has a finite
    number above 0 in every row used. Columns not in `COLUMNS` become numbers if they are needed or all their
    cells are numbers, else text.
    """
    about = COLUMNS.get(name)
    if about is not None and about.kind == "text":
        return texts(cells), []
    values, unreadable = numbers(cells)
    if about is None:
        if not needed:
            return (texts(cells), []) if unreadable.any() else (values, [])
        about = Column("number", "", "an input of the law")
    missing = np.isnan(values) & ~unreadable
    none = np.zeros(len(values), bool)
    whole = about.kind == "whole"
    wrong = {
        "no number": unreadable,
        "infinite": np.isinf(values) & used,
        "missing": missing & used if needed or not about.may_miss else none,
        "not above 0": (values <= 0) & used if about.positive else none,
        "below 0": (values < 0) & used if not about.positive else none,
        "not whole": (values != np.floor(values)) & np.isfinite(values) if whole else none,
        "beyond 2^53, where a whole number is no longer exact": (np.abs(values) > EXACT_WHOLE) & np.isfinite(values)
        if whole
        else none,
    }
    unit = f" (the unit is {about.unit})" if about.unit else ""
    problems = [
        f"{name}: {rows_with(np.flatnonzero(rows), cells)} {'is' if rows.sum() == 1 else 'are'} {what}{unit}. "
        f"{REMEDIES[what]}"
        for what, rows in wrong.items()
        if rows.any()
    ]
    return (values.astype(np.int64) if whole and not problems and np.isfinite(values).all() else values), problems


def needs(needed: Sequence[str] | None) -> tuple[str, ...]:
    """The columns needed, `NEEDED` where none are given. Raises `BadInput` where a text is given for names."""
    if isinstance(needed, str):
        raise BadInput(f"needed lists the names of columns, such as ('examples', 'loss'); got the text {needed!r}.")
    return NEEDED if needed is None else tuple(needed)
