"""The FLOPs that a run executes for each of the 6 N D that a law counts: attention comes on top."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from isoflop.conventions import Size
from isoflop.costs.flops import flops_per_token
from isoflop.costs.shape import Shape
from isoflop.errors import BadInput
from isoflop.plans.shapes import Family, count, shape_of

Floats = NDArray[np.float64]

_KNOWN = 17  # sizes whose shapes are looked for, of many


@dataclass(frozen=True)
class Executed:
    """How much more than 6 N D models of a family execute: (6 N' + 12 L H Q T) / 6 N.

    It is the count that an MFU is of (Chowdhery et al. 2022, arXiv:2204.02311, app. B). N' is of matrices and head; N
    is what `counts` says; T the context, tokens. fixed: the one shape there is, where it was asked for.
    """

    like: Family
    context: int
    counts: Size
    fixed: Shape | None = None

    def at(self, n_params: float) -> float:
        """The factor of a model of N parameters; 1 where no shape of the family comes to so few."""
        return _factor(self, n_params)

    def along(self, n_params: Floats) -> Floats:
        """The factor of many sizes: of some between the smallest and the largest, in a line of ln N between them."""
        ln_n = np.log(n_params)
        known = np.unique(np.linspace(ln_n.min(), ln_n.max(), _KNOWN))
        return np.interp(ln_n, known, [self.at(float(np.exp(each))) for each in known])


@lru_cache(maxsize=4096)
def _factor(executed: Executed, n_params: float) -> float:
    try:
        shape = executed.fixed or shape_of(n_params, executed.like, executed.context, executed.counts)
    except BadInput:
        return 1.0
    return flops_per_token(shape) / (6 * count(shape, executed.counts))
