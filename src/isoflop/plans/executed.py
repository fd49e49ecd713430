"""The FLOPs that a run executes for each of the 6 N D that a law counts: attention comes on top."""

from dataclasses import dataclass
from functools import lru_cache

from isoflop.conventions import Size
from isoflop.costs.flops import flops_per_token
from isoflop.costs.shape import Shape
from isoflop.errors import BadInput
from isoflop.plans.shapes import Family, count, shape_of


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


@lru_cache(maxsize=4096)
def _factor(executed: Executed, n_params: float) -> float:
    try:
        shape = executed.fixed or shape_of(n_params, executed.like, executed.context, executed.counts)
    except BadInput:
        return 1.0
    return flops_per_token(shape) / (6 * count(shape, executed.counts))
