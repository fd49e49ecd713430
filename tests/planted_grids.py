"""Grids of runs made up from a known law at large scale, 0.4 % of noise: eight rungs of five sizes."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from isoflop.estimates.reach import spans
from isoflop.fits.fitted import Fitted
from isoflop.fits.objective import from_search
from isoflop.fits.problem import problem_of
from isoflop.fits.solve import minimise
from isoflop.fits.tangent import search_point
from isoflop.laws.chinchilla import Chinchilla
from isoflop.laws.law import About
from isoflop.runs.table import Table

TRUTH = Chinchilla(E=1.82, A=480.0, B=2100.0, alpha=0.348, beta=0.366)
RUNGS, SIZES = 8, 5
NOISE = 0.004

Columns = dict[str, NDArray[Any]]


def grid(seed: int = 0, *, rungs: int = RUNGS, noise: float = NOISE) -> Columns:
    """N a factor of 8 around 20 tokens per parameter, rungs from 1e18 to 1e21 FLOPs, D = C / 6N."""
    flops = np.repeat(np.geomspace(1e18, 1e21, rungs), SIZES)
    n_params = np.sqrt(flops / 120) * np.tile(np.geomspace(1 / 8, 8, SIZES), rungs)
    tokens = flops / 6 / n_params
    loss = TRUTH(n_params, tokens) * np.exp(noise * np.random.default_rng(seed).normal(size=len(flops)))
    return {"n_params": n_params, "tokens": tokens, "loss": loss}


def changed(columns: Columns, name: str, rows: Any, times: Any) -> Table:
    """The table with some cells of a column multiplied."""
    column = columns[name].copy()
    column[rows] *= times
    return Table({**columns, name: column})


def fitted(table: Table, flops: float | None = None) -> Fitted:
    """A quick fit of Chinchilla's law from the truth, as checks look at it."""
    problem = problem_of(Chinchilla, table)
    theta = minimise(problem, search_point(TRUTH)[None]).theta[0]
    about = About(fitted=spans(dict(zip(Chinchilla.inputs, problem.inputs, strict=True))))
    return Fitted(problem, Chinchilla(**from_search(Chinchilla.params(), theta), about=about), table, flops)
