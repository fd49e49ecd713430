"""How long the small-model trainer takes on one CPU core, for `--dry-run` and the time left."""

from isoflop.costs.flops import flops_per_token
from isoflop.costs.shape import Shape

# Measured for widths 16 to 96 at depth 2 and context 128 on one core of a Xeon with AVX-512, float32 (2026-11). The
# live display corrects the pace by what runs really take, so another machine needs no other numbers.
SECONDS_A_TOKEN = 2.1e-6
SECONDS_A_FLOP = 1 / 60e9
SECONDS_A_RUN = 1.0
"""Two evaluations, checkpoints, and its share of compiling."""


def core_seconds(shape: Shape, tokens: float) -> float:
    """Seconds on one core: tokens (2.1 us + FLOPs per token / 60 GFLOP/s) + 1 s."""
    return tokens * (SECONDS_A_TOKEN + flops_per_token(shape) * SECONDS_A_FLOP) + SECONDS_A_RUN
