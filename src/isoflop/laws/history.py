"""What a curve law sees of a learning-rate schedule at a step: the sum of the rates, and each drop behind it.

A curve law is an ordinary `Law` of some of these, where eta_t is the rate of step t, from t = 0:

    lr_sum        S_1(t) = sum of eta_0 ... eta_t, the warm-up's included
    lr_drops      eta_(k-1) - eta_k for each step k = 1 ... t; negative in a warm-up
    lr_after      eta_k, what the rate dropped to
    lr_since      S_k(t) = sum of eta_k ... eta_t
    steps_since   t - k + 1

lr_sum has a row for each step t asked for; the others have the drops as a second axis, filled up with drops of 0.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from isoflop.errors import BadInput
from isoflop.laws.law import Law
from isoflop.laws.schedule import Floats

NAMES = ("lr_sum", "lr_drops", "lr_after", "lr_since", "steps_since")
NEAR = 1.5  # drops are taken together within this factor in the rate and in the sum of rates since
SMALLEST = 2e-2  # rates below this share of the peak are not told apart when drops are taken together
STILL = 1e-12  # a change of the rate by less than this share of the peak is rounding
ZERO = 1e-9  # what a rate of 0 counts as, a share of the peak: laws raise it to negative powers
COLUMNS = 8  # groups are filled up to a multiple of this, so that one compiled fit serves many schedules
CELLS = 2**20  # drops at once in a forward evaluation

Steps = NDArray[np.int64]


def curve(law: Law, learning_rates: ArrayLike, steps: ArrayLike) -> Floats:
    """The loss that a curve law says of each given step of a schedule, nats/token, from every single drop.

    24,000 steps at 170 points take 0.05 s where the rate is constant after a warm-up, 0.2 s where it always falls.
    """
    rates, at = _checked(type(law), learning_rates, steps)
    rows = max(1, CELLS // (int(at.max()) + 1))
    parts = [whole(rates, at[first : first + rows]) for first in range(0, len(at), rows)]
    return np.concatenate([np.asarray(law(*(part[name] for name in law.inputs))) for part in parts])


def features(form: type[Law], learning_rates: ArrayLike, steps: ArrayLike, *, near: float = NEAR) -> tuple[Floats, ...]:
    """A curve law's inputs at given steps of a schedule, in the law's order, with drops that lie together as one.

    That makes tens of columns of tens of thousands and moves a loss by less than 1e-4 of itself. Raises `BadInput`
    where the law has other inputs, or the schedule has no such steps.
    """
    rates, at = _checked(form, learning_rates, steps)
    found = grouped(rates, at, near)
    return tuple(found[name] for name in form.inputs)


def stacked(form: type[Law], parts: list[tuple[Floats, ...]]) -> tuple[Floats, ...]:
    """The inputs of several curves as one, with drops of 0 where others have more."""
    width = max((each.shape[1] for part in parts for each in part if each.ndim > 1), default=0)
    filler = {name: 1.0 if name == "lr_after" else 0.0 for name in NAMES}

    def wide(each: Floats, name: str) -> Floats:
        missing = width - each.shape[1] if each.ndim > 1 else 0
        return np.pad(each, ((0, 0), (0, missing)), constant_values=filler[name]) if missing else each

    return tuple(np.concatenate([wide(part[i], name) for part in parts]) for i, name in enumerate(form.inputs))


def _checked(form: type[Law], learning_rates: ArrayLike, steps: ArrayLike) -> tuple[Floats, Steps]:
    rates, at = np.asarray(learning_rates, dtype=np.float64), np.atleast_1d(np.asarray(steps, dtype=np.int64))
    problems = []
    if others := [name for name in form.inputs if name not in NAMES]:
        problems.append(
            f"{form.__name__} is no law of a learning-rate schedule: of its inputs {', '.join(others)} a schedule says "
            f"nothing. It gives {', '.join(NAMES)}."
        )
    if rates.ndim != 1 or not np.all((rates >= 0) & (rates < np.inf)) or not rates.any():
        problems.append("Learning rates are one list of finite numbers, none below 0, and not all 0.")
    elif not len(at) or at.min() < 0 or at.max() >= len(rates):
        span = f"{at.min()} to {at.max()}" if len(at) else "none"
        problems.append(f"The schedule has steps 0 to {len(rates) - 1}; asked for {span}.")
    if problems:
        raise BadInput(problems)
    return rates, at


def whole(rates: Floats, at: Steps) -> dict[str, Floats]:
    """Each drop by itself: (rows, drops of the schedule up to the last step asked for)."""
    reached, change = np.cumsum(rates), _drops(rates)
    k = np.flatnonzero(change[: at.max() + 1])
    behind = k <= at[:, None]
    return {
        "lr_sum": reached[at],
        "lr_drops": np.where(behind, change[k], 0.0),
        "lr_after": np.maximum(rates[k], ZERO * rates.max())[None],
        "lr_since": np.where(behind, reached[at, None] - (reached - rates)[k], 0.0),
        "steps_since": np.where(behind, at[:, None] - k + 1.0, 0.0),
    }


def grouped(rates: Floats, at: Steps, near: float) -> dict[str, Floats]:
    """Neighbouring drops as one at their centre: their sum, and the means, weighted by drop, of what they reach.

    A group ends where the rate leaves a band a factor `near` wide, where it turns, and where the sum of rates since has
    grown by that factor: narrow near the step itself, where a law bends, and one step wide at its end.
    """
    reached, change = np.cumsum(rates), _drops(rates)
    edges = np.concatenate([_behind(reached, rates, at, near), _bands(rates, change, at, near)], axis=1)
    edges.sort(axis=1)

    def summed(each: Floats) -> Floats:
        return np.diff(np.concatenate([[0.0], np.cumsum(change * each)])[edges], axis=1)

    drops = summed(np.ones(len(rates)))
    count = np.count_nonzero(drops, axis=1)
    width = COLUMNS * -(-max(1, int(count.max())) // COLUMNS)
    first = np.argsort(drops == 0, axis=1, kind="stable")[:, :width]
    first = np.pad(first, ((0, 0), (0, width - first.shape[1])), mode="edge")
    filled = np.arange(width) < count[:, None]
    drops = np.where(filled, np.take_along_axis(drops, first, 1), 0.0)

    def centre(each: Floats, otherwise: float) -> Floats:
        return np.where(filled, np.take_along_axis(summed(each), first, 1) / np.where(filled, drops, 1.0), otherwise)

    k, one = np.arange(len(rates), dtype=np.float64), at[:, None] + 1.0
    return {
        "lr_sum": reached[at],
        "lr_drops": drops,
        "lr_after": np.maximum(centre(rates, 1.0), ZERO * rates.max()),
        "lr_since": np.where(filled, np.maximum(reached[at, None] - centre(reached - rates, 0.0), 0.0), 0.0),
        "steps_since": np.where(filled, one - centre(k, 0.0), 0.0),
    }


def _drops(rates: Floats) -> Floats:
    """eta_(k-1) - eta_k for each k, that of k = 0 being 0."""
    change = -np.diff(rates, prepend=rates[:1])
    change[np.abs(change) < STILL * rates.max()] = 0.0
    return change


def _behind(reached: Floats, rates: Floats, at: Steps, near: float) -> NDArray[np.intp]:
    """Edges, for each row, where the sum of rates from there to the row has grown by a factor: from one step to all."""
    count = int(np.ceil(np.log(reached.max() / rates.max()) / np.log(near))) + 1
    since = reached[at, None] * near ** -np.arange(count, dtype=np.float64)
    return np.concatenate(
        [np.searchsorted(reached - rates, reached[at, None] - since), np.zeros((len(at), 1), int), at[:, None] + 1],
        axis=1,
    )


def _bands(rates: Floats, change: Floats, at: Steps, near: float) -> NDArray[np.intp]:
    """Edges, the same for each row up to it, where the rate enters another band or turns."""
    band = np.floor(np.log(np.maximum(rates / rates.max(), SMALLEST)) / np.log(near))
    moves = np.flatnonzero(change)
    turns = moves[1:][np.diff(np.sign(change[moves])) != 0]
    edges = np.union1d(np.flatnonzero(np.diff(band, prepend=band[:1])), turns)
    return np.asarray(np.minimum(np.broadcast_to(edges, (len(at), len(edges))), at[:, None] + 1))
