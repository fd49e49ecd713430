"""Learning-rate schedules: one rate a step, from step 0."""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from isoflop.errors import BadInput

Floats = NDArray[np.float64]

# How much of the way from the last rate up to the peak is left when a share x of the decay is done.
SHAPES: Mapping[str, Callable[[Floats], Floats]] = {
    "cosine": lambda x: (1 + np.cos(np.pi * x)) / 2,
    "linear": lambda x: 1 - x,
    "sqrt": lambda x: 1 - np.sqrt(x),
    "at once": np.zeros_like,
}
DECAYS = (*SHAPES, "exponential", "none")


def schedule(
    steps: int, peak: float, *, warmup: int = 0, decay: str = "cosine", begin: int | None = None, last: float = 0.0
) -> Floats:
    """The learning rates of steps 0 ... steps - 1: a linear warm-up from 0, the peak up to `begin`, a decay to `last`.

    The warm-up takes `warmup` steps, of which the last has the peak (Luo et al. 2025). The decay begins at its end
    unless told otherwise, and would reach `last` at step `steps`. decay: "cosine"; "linear"; "sqrt" (1 - sqrt(x),
    Hägele et al. 2024, arXiv:2405.18392); "exponential" (straight in its logarithm); "at once"; "none".
    Raises `BadInput`.
    """
    first = warmup if begin is None else begin
    problems = []
    if decay not in DECAYS:
        problems.append(f"A decay is one of {', '.join(DECAYS)}; got {decay!r}.")
    if not (0 <= warmup <= first <= steps and steps >= 1):
        problems.append(f"Warm-up {warmup}, begin {first} and steps {steps} are step numbers and come in this order.")
    if not 0 <= last <= peak < np.inf or peak <= 0:
        problems.append(f"A rate decays from a peak above 0 to a last rate of 0 or more; got {peak} to {last}.")
    if decay == "exponential" and last == 0:
        problems.append("An exponential decay never reaches 0: give the last learning rate.")
    if problems:
        raise BadInput(problems)
    rates = np.full(steps, float(peak))
    rates[:warmup] = np.linspace(0, peak, warmup)
    done = np.arange(steps - first) / max(steps - first, 1)
    if decay == "exponential":
        rates[first:] = peak * (last / peak) ** done
    elif decay != "none":
        rates[first:] = last + (peak - last) * SHAPES[decay](done)
    return rates
