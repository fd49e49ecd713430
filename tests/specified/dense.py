"""Sections 3 and 4: dense models."""

from isoflop.allocations.allocate import allocate
from isoflop.laws.chinchilla import HOFFMANN_2022, Chinchilla
from specified.row import Row


def best_loss(law: Chinchilla, flops: float) -> float:
    """The lowest loss that C FLOPs buy."""
    return allocate(law, flops).loss


ROWS = (Row("3.3", "best loss at 1e21 by Hoffmann's rounded constants", best_loss, (HOFFMANN_2022, 1e21), "2.3289"),)
