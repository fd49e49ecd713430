"""A run is its resolved inputs: everything that determines its bits, and a fingerprint of them."""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from typing import Any, Self

from isoflop.costs.flops import flops_per_token
from isoflop.costs.shape import Shape
from isoflop.errors import BadInput

DTYPES = ("float32", "bfloat16")
ROLES = ("ladder", "check", "pilot")
DECAYS = ("linear", "cosine")


@dataclass(frozen=True)
class Optimizer:
    """AdamW with gradient clipping, warm-up and decay, all numbers resolved; a learning rate for each kind of matrix.

    Warm-up is linear over warmup_steps; the decay then ends at final_lr_fraction of the peak at the last step.
    """

    peak_lr: float
    embedding_lr: float
    head_lr: float
    beta1: float
    beta2: float
    eps: float
    weight_decay: float
    clip: float
    warmup_steps: int
    decay: str
    final_lr_fraction: float

    def __post_init__(self) -> None:
        _check_types(self)
        positive = "peak_lr", "embedding_lr", "head_lr", "eps", "clip"
        problems = [
            f"{name} = {getattr(self, name)!r} must be above 0" for name in positive if not getattr(self, name) > 0
        ]
        if not (0 <= self.beta1 < 1 and 0 <= self.beta2 < 1):
            problems.append(f"beta1 = {self.beta1!r} and beta2 = {self.beta2!r} must be at least 0 and below 1")
        if self.weight_decay < 0 or self.warmup_steps < 0 or not 0 <= self.final_lr_fraction <= 1:
            problems.append(
                "weight_decay and warmup_steps must not be negative, final_lr_fraction must be within 0 and 1"
            )
        if self.decay not in DECAYS:
            problems.append(f"decay = {self.decay!r} must be one of {', '.join(DECAYS)}")
        if problems:
            raise BadInput([f"An optimizer is not possible: {problem}." for problem in problems])


@dataclass(frozen=True)
class Run:
    """One training run to be: a shape, its data, its optimizer, its seeds.

    tokens = steps * batch_tokens; batch_tokens is a whole number of micro-batches. corpus and tokenizer are
    fingerprints of the tokenised training split and of the tokenizer. micro_batch is how many sequences go through the
    model at once; their gradients are summed over the batch. budget is the FLOPs of the rung that the run belongs to.
    Neither the host nor the version of this package is an input; the trainer's own version is.
    """

    shape: Shape
    tokens: int
    steps: int
    batch_tokens: int
    optimizer: Optimizer
    init_seed: int
    data_seed: int
    dtype: str
    corpus: str
    tokenizer: str
    eval_tokens: int
    trainer: str
    threads: int
    budget: float
    role: str
    micro_batch: int = 1

    def __post_init__(self) -> None:
        _check_types(self)
        counts = "tokens", "steps", "batch_tokens", "eval_tokens", "threads", "micro_batch"
        problems = [
            f"{name} = {getattr(self, name)!r} must be at least 1" for name in counts if getattr(self, name) < 1
        ]
        if self.tokens != self.steps * self.batch_tokens:
            problems.append(f"tokens = {self.tokens} is not steps * batch_tokens = {self.steps} * {self.batch_tokens}")
        at_once = max(1, self.micro_batch) * self.shape.context
        if self.batch_tokens % at_once:
            problems.append(
                f"batch_tokens = {self.batch_tokens} is no multiple of micro_batch contexts, "
                f"{self.micro_batch} * {self.shape.context}"
            )
        if min(self.init_seed, self.data_seed) < 0:
            problems.append(f"init_seed = {self.init_seed} and data_seed = {self.data_seed} must not be negative")
        if not self.budget > 0:
            problems.append(f"budget = {self.budget!r} FLOPs must be above 0")
        if self.dtype not in DTYPES:
            problems.append(f"dtype = {self.dtype!r} must be one of {', '.join(DTYPES)}")
        if self.role not in ROLES:
            problems.append(f"role = {self.role!r} must be one of {', '.join(ROLES)}")
        if problems:
            raise BadInput([f"A run is not possible: {problem}." for problem in problems])

    @cached_property
    def id(self) -> str:
        """First 16 hex digits of the SHA-256 of the canonical JSON of all inputs (keys sorted, no spaces)."""
        canonical = json.dumps(self.to_json(), sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(canonical.encode()).hexdigest()[:16]

    @property
    def flops(self) -> float:
        """Exact training FLOPs: tokens times FLOPs per token of the shape."""
        return self.tokens * flops_per_token(self.shape)

    @property
    def flops_6nd(self) -> float:
        """6 N D, N counting matrices and head (Kaplan et al. 2020, sec. 2.1)."""
        return self.tokens * flops_per_token(self.shape, "6nd")

    def to_json(self) -> dict[str, Any]:
        """The inputs as plain values, ready for `json.dumps`."""
        return asdict(self)

    @classmethod
    def from_json(cls, inputs: Mapping[str, Any]) -> Self:
        """The run of `to_json`. Raises `BadInput` where fields are missing, unknown or impossible."""
        nested = {"shape": Shape, "optimizer": Optimizer}
        made = {name: _make(nested[name], inputs.get(name)) for name in nested}
        run = _make(cls, {**inputs, **made})
        assert isinstance(run, cls)
        return run


def _make(kind: type[Any], inputs: Any) -> Any:
    names = {field.name for field in fields(kind)}
    if not isinstance(inputs, Mapping) or set(inputs) != names:
        given = sorted(inputs) if isinstance(inputs, Mapping) else inputs
        raise BadInput(f"The {kind.__name__.lower()} must have exactly the fields {sorted(names)}; it has {given!r}.")
    return kind(**inputs)


def _check_types(value: Optimizer | Run) -> None:
    """Raise where a value is not of its field's type; 1 in a float field becomes 1.0, so that both have one id."""
    problems = []
    for field in fields(value):
        given = getattr(value, field.name)
        if field.type is float and type(given) is int:
            object.__setattr__(value, field.name, float(given))
        elif not isinstance(field.type, type) or type(given) is not field.type:
            problems.append(f"{field.name} = {given!r} must be {getattr(field.type, '__name__', field.type)}")
        elif isinstance(given, float) and not math.isfinite(given):
            problems.append(f"{field.name} = {given!r} must be finite")
    if problems:  # at once: the checks that follow compare numbers
        raise BadInput([f"A {type(value).__name__.lower()} is not possible: {problem}." for problem in problems])
