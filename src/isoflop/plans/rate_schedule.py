"""The learning rate over a planned run: how long it warms up, stays, and cools down."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from isoflop.laws.decay import COOLDOWN
from isoflop.laws.schedule import Floats, schedule

WARMUP_STEPS = 2000  # in the runs of Step Law and of DeepSeek LLM (arXiv:2503.04715, arXiv:2401.02954)
MOST_WARMUP = 0.1
"""Share of the steps that warm up at most; an assumption. A long one biases short runs (Porian et al. 2024)."""


def warmup_of(steps: ArrayLike) -> Floats:
    """WARMUP_STEPS, or MOST_WARMUP of the steps where that is less."""
    return np.minimum(WARMUP_STEPS, np.round(MOST_WARMUP * np.asarray(steps, np.float64)))


def cooldown_of(steps: ArrayLike) -> Floats:
    """COOLDOWN of the steps."""
    return np.round(COOLDOWN * np.asarray(steps, np.float64))


@dataclass(frozen=True)
class Schedule:
    """A linear warm-up, the peak rate, and over the last steps a decay to 0: lr = eta (1 - sqrt((n - n_const) / n_cd)).

    Hägele et al. 2024, arXiv:2405.18392: a cooldown of about 20 % of the steps gains what a cosine does.
    """

    peak: float
    steps: int
    warmup_steps: int
    cooldown_steps: int
    source: str = "Hägele et al. 2024, arXiv:2405.18392: as good as a cosine, and shorter runs can branch off it"
    otherwise: str = (
        "a cosine or a straight line down from the peak must end with the run: one made for a longer run leaves the "
        "loss too high (Hoffmann et al. 2022, arXiv:2203.15556, sec. 2)"
    )

    @classmethod
    def of(cls, peak: float, steps: int) -> Self:
        """WARMUP_STEPS, if they are no more than MOST_WARMUP of all, and a cooldown over COOLDOWN of the steps."""
        return cls(peak, steps, int(warmup_of(steps)), int(cooldown_of(steps)))

    def rates(self) -> Floats:
        """The rate of each step."""
        begin = self.steps - self.cooldown_steps
        return schedule(self.steps, self.peak, warmup=self.warmup_steps, decay="sqrt", begin=begin)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {"shape": "linear warm-up, constant, 1 - sqrt", **vars(self)}

    @property
    def note(self) -> str:
        """Why it warms up for so long."""
        whose = f"{WARMUP_STEPS:,}, as in the runs of Step Law and of DeepSeek LLM"
        if not self.shortened:
            return f"Warm-up: {whose}."
        return (
            f"Warm-up: {self.warmup_steps:,} of {self.steps:,} steps. {whose}, are more than {MOST_WARMUP:.0%} of this "
            "run, which is assumed to be enough: a long warm-up biases short runs (Porian et al. 2024, "
            "arXiv:2406.19146)."
        )

    @property
    def shortened(self) -> bool:
        """Whether WARMUP_STEPS are more than MOST_WARMUP of this run."""
        return self.warmup_steps < WARMUP_STEPS

    def __str__(self) -> str:
        if not self.warmup_steps:
            return "too few to warm up: constant"
        return f"{self.warmup_steps:,} warm up, constant, the last {self.cooldown_steps:,} down to 0 by 1 - sqrt"
