"""Axes of a plan's pictures: size with what N counts, loss with whose it is."""

from collections.abc import Sequence
from typing import Any

import altair as alt

from isoflop.conventions import MEANINGS, Size
from isoflop.plans.answer import Answer
from isoflop.reports import axes, prose
from isoflop.reports.plan_marks import counted, loss_unit

AXIS_WORDS = {
    Size.NON_EMBEDDING: "without embeddings",
    Size.WITH_HEAD: "matrices and head",
    Size.TOTAL: "all, with embeddings",
    Size.ACTIVE: "active ones",
}
"""What N counts, as short as an axis needs it."""


def size_axis(axis: type[Any], field: str, found: Answer, values: Sequence[float]) -> Any:
    """A log axis of N, with the convention it counts by where it is one with a name."""
    known = next((size for size in Size if MEANINGS[size] == counted(found)), None)
    words = AXIS_WORDS[known] if known else "as the fit counts"
    return axes.log(axis, field, f"Model size N (parameters, {words})", values, label=prose.short)


def loss_axis(found: Answer, values: Sequence[float], pad: float = 0.04) -> Any:
    """A log axis of loss, marked where it is of another text."""
    return axes.log(alt.Y, "loss", f"Loss ({loss_unit(found)}), log scale", values, pad=pad)
