"""Bytes of a model's states in training: weights, gradients and optimiser; whole, split (ZeRO), or with LoRA."""

from dataclasses import dataclass
from typing import Literal

from isoflop.errors import BadInput

Zero = Literal[0, 1, 2, 3]

WEIGHT = 2.0  # bf16
GRADIENT = 2.0  # bf16; 4 where gradients are kept in fp32
OPTIMIZER = 12.0  # Adam: fp32 master weight, first and second moment
LORA_FLOPS = 4.0  # forward 2 N, and 2 N of gradients of activations; frozen weights need none of their own


@dataclass(frozen=True)
class States:
    """Bytes of weights, gradients and optimiser: of one parameter, or of all that one device holds."""

    weights: float
    gradients: float
    optimizer: float

    @property
    def total(self) -> float:
        """All three."""
        return self.weights + self.gradients + self.optimizer

    def times(self, n_params: float) -> "States":
        """Of n parameters."""
        return States(self.weights * n_params, self.gradients * n_params, self.optimizer * n_params)


def states_per_param(zero: Zero = 0, ranks: int = 1, *, gradient_bytes: float = GRADIENT) -> States:
    """Bytes a parameter takes on each of d data-parallel ranks, mixed-precision Adam (Rajbhandari et al. 2020, fig. 1).

    ZeRO 0: 2 + 2 + 12 = 16; 1: 4 + 12 / d; 2: 2 + 14 / d; 3: 16 / d. With gradients in fp32 (gradient_bytes = 4) 18.
    """
    problems = []
    if zero not in (0, 1, 2, 3):
        problems.append(f"ZeRO has stages 0 to 3; got {zero!r}.")
    if ranks < 1:
        problems.append(f"ZeRO splits over 1 or more ranks; got {ranks!r}.")
    if problems:
        raise BadInput(problems)
    return States(
        WEIGHT / (ranks if zero >= 3 else 1),
        gradient_bytes / (ranks if zero >= 2 else 1),
        OPTIMIZER / (ranks if zero >= 1 else 1),
    )


def training_bytes(n_params: float, zero: Zero = 0, ranks: int = 1, *, gradient_bytes: float = GRADIENT) -> float:
    """Bytes of a model's states on one rank, without activations. N counts all that is trained."""
    return states_per_param(zero, ranks, gradient_bytes=gradient_bytes).total * n_params


def lora_bytes(n_params: float, n_adapter: float) -> float:
    """2 N frozen + 16 n of adapters: bytes of states when only low-rank adapters are trained, without activations."""
    return WEIGHT * n_params + states_per_param().total * n_adapter


def lora_flops_per_token(n_params: float, n_adapter: float) -> float:
    """4 N + 6 n: FLOPs a token of training adapters; full training takes 6 N. Without the attention term."""
    return LORA_FLOPS * n_params + 6.0 * n_adapter


def adapter_params(width_in: int, width_out: int, rank: int, n_matrices: int) -> int:
    """n = r (d_in + d_out) of each adapted matrix: the parameters of low-rank adapters."""
    return rank * (width_in + width_out) * n_matrices
