"""A constant rate and a short decay: its schedule, and what it saves where several token counts are wanted."""

from collections.abc import Sequence

import numpy as np

from isoflop.errors import BadInput
from isoflop.laws.decay import COOLDOWN
from isoflop.laws.schedule import Floats, schedule


def cooldown(steps: int, peak: float, *, fraction: float = COOLDOWN, warmup: int = 0) -> Floats:
    """lr = eta (1 - sqrt((n - n_const) / n_cd)) over the last `fraction` of the steps, eta before.

    Hägele et al. 2024, arXiv:2405.18392. Runs of one peak and warm-up are the same up to the shorter one's cooldown, so
    that each can branch from the longest. n_cd is a whole number of steps. Raises `BadInput`.
    """
    _check(fraction)
    return schedule(steps, peak, warmup=warmup, decay="sqrt", begin=steps - round(fraction * steps))


def branched_tokens(horizons: Sequence[float], *, fraction: float = COOLDOWN) -> float:
    """max(D) (1 - f) + f sum D_i: tokens trained on for runs that all branch off one constant rate.

    Hägele et al. 2024, arXiv:2405.18392. With a cosine, which must end with its run, they cost sum D_i. Of one horizon
    nothing is saved; of many, all but the cooldowns. In the unit of the horizons. Raises `BadInput`.
    """
    _check(fraction)
    if not len(horizons) or not all(0 < each < np.inf for each in horizons):
        raise BadInput(f"Horizons are one or more numbers of tokens above 0; got {list(horizons)}.")
    return max(horizons) * (1 - fraction) + fraction * sum(horizons)


def _check(fraction: float) -> None:
    if not 0 < fraction <= 1:
        raise BadInput(f"A cooldown takes a share of the steps above 0 and up to 1; got {fraction}.")
