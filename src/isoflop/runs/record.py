"""A record is what a run left: how it ended, its losses, its curve, its cost, and where it was trained."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from isoflop.errors import BadInput
from isoflop.runs.run import Run

SCHEMA = 1
NUMBERS = ("flops", "flops_6nd", "seconds")
NUMBERS_OR_NONE = ("loss", "loss_se", "bits_per_byte", "start_loss")


class Status(StrEnum):
    """How a run ended."""

    DONE = "done"
    DIVERGED = "diverged"
    FAILED = "failed"


@dataclass(frozen=True, eq=False)
class Curve:
    """Learning curve: tokens seen, smoothed training loss (nats/token) and learning rate, one value each a point.

    Losses may be infinite or not a number where a run diverged. Raises `BadInput` if the lengths differ.
    """

    tokens: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    train_loss: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    learning_rate: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))

    def __post_init__(self) -> None:
        object.__setattr__(self, "tokens", np.asarray(self.tokens, np.int64))
        object.__setattr__(self, "train_loss", np.asarray(self.train_loss, np.float64))
        object.__setattr__(self, "learning_rate", np.asarray(self.learning_rate, np.float64))
        shapes = {name: array.shape for name, array in vars(self).items()}
        if len(set(shapes.values())) != 1 or self.tokens.ndim != 1:
            raise BadInput(f"A curve needs three lists of one length; got {shapes}.")

    def __len__(self) -> int:
        return len(self.tokens)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Curve):
            return NotImplemented
        return all(np.array_equal(mine, vars(other)[name], equal_nan=True) for name, mine in vars(self).items())

    __hash__ = None  # type: ignore[assignment]  # arrays have no hash


@dataclass(frozen=True)
class Record:
    """What a run left. Losses are nats/token on the held-out set at the end; None is missing, never zero.

    loss_se is the standard error clustered by document; start_loss the held-out loss before the first step; flops the
    exact count, flops_6nd 6 N D; seconds are of training and evaluation; note says why a run diverged or failed.
    """

    run: Run
    status: Status
    loss: float | None
    loss_se: float | None
    bits_per_byte: float | None
    start_loss: float | None
    curve: Curve
    tokens: int
    flops: float
    flops_6nd: float
    seconds: float
    environment: dict[str, str]
    note: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "status", Status(self.status))
        for name in NUMBERS_OR_NONE:
            number = getattr(self, name)
            object.__setattr__(self, name, float(number) if number is not None and math.isfinite(number) else None)
        object.__setattr__(self, "tokens", int(self.tokens))
        for name in NUMBERS:
            object.__setattr__(self, name, float(getattr(self, name)))
        if self.status is Status.DONE and self.loss is None:
            raise BadInput(f"Run {self.run.id} cannot be done without a finite loss; it has diverged or failed.")
        if self.status is not Status.DONE and not self.note:
            raise BadInput(f"Run {self.run.id} has {self.status}; its record must say why in `note`.")

    @classmethod
    def failed(cls, run: Run, note: str, *, seconds: float = 0.0, environment: Mapping[str, str] | None = None) -> Self:
        """The record of a run that has no result; note says why."""
        return cls(
            run, Status.FAILED, None, None, None, None, Curve(), 0, 0.0, 0.0, seconds, dict(environment or {}), note
        )

    def to_json(self) -> dict[str, Any]:
        """Everything but the curve as plain values (missing losses are null)."""
        plain = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in ("run", "curve")}
        return {"schema": SCHEMA, "run_id": self.run.id, **plain, "status": str(self.status), "run": self.run.to_json()}

    @classmethod
    def from_json(cls, plain: Mapping[str, Any], curve: Curve | None = None) -> Self:
        """The record of `to_json` and its curve. Raises `BadInput` where it is not a whole record of its run."""
        if plain.get("schema") != SCHEMA:
            raise BadInput(f"The record has schema {plain.get('schema')!r}; this version reads {SCHEMA}.")
        names = {f.name for f in fields(cls)} - {"curve"}
        if lacking := sorted((names | {"run_id"}) - set(plain)):
            raise BadInput(f"The record lacks {', '.join(lacking)}.")
        run = Run.from_json(plain["run"])
        if run.id != plain["run_id"]:
            raise BadInput(f"The record is of run {plain['run_id']}, but its inputs are those of {run.id}.")
        if plain["status"] not in list(Status):
            raise BadInput(f"The record's status is {plain['status']!r}; it must be one of {', '.join(Status)}.")
        if not (isinstance(plain["note"], str) and isinstance(plain["environment"], dict)):
            raise BadInput("The record's note must be a text, and its environment names with their texts.")
        values = {name: plain[name] for name in names if name != "run"}
        return cls(run=run, curve=curve or Curve(), **values)
