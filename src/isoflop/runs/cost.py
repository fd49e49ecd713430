"""What a token costs in a table: its own training FLOPs per token, as a function of size."""

from collections.abc import Callable
from typing import Any

import numpy as np

from isoflop.runs.table import Table

SAME = 1e-3  # in ln C; runs nearer to 6 N D than this were counted so


def cost_of(table: Table) -> Callable[[Any], Any]:
    """FLOPs per token as a function of N: 6 N where the table's runs have that, else the power law through theirs."""
    ln_n, ln_cost = np.log(table.n_params), np.log(table.flops / table.tokens)
    if counts_6nd(table):
        return lambda n_params: 6 * n_params
    power, scale = np.polyfit(ln_n, ln_cost, 1)
    return lambda n_params: np.exp(scale) * n_params**power


def counts_6nd(table: Table) -> bool:
    """Whether every run in use has C = 6 N D (Kaplan et al. 2020, sec. 2.1)."""
    return bool(np.allclose(np.log(table.flops / table.tokens), np.log(6 * table.n_params), rtol=0, atol=SAME))
