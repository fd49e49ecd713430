"""How far the answer rests on what is counted: parameters with or without embeddings, FLOPs exactly or as 6 N D."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from isoflop.allocations.allocate import allocate, six_n
from isoflop.errors import IsoflopError
from isoflop.estimates.fit import Check, Verdict
from isoflop.fits.fitted import Fitted, verdict
from isoflop.fits.objective import Floats, from_search
from isoflop.fits.solve import minimise
from isoflop.laws.counting import PEARCE_2024
from isoflop.laws.law import Law
from isoflop.units import print_count

MANY = 512  # of more runs, so many are refitted
COUNTS = ("n_params", "n_params_nonembedding", "n_params_total")
SAME = 0.01  # counts that differ by less everywhere are one count
EXPONENT, SHARE = 0.05, 0.25  # moves of the exponent of N_opt, and of N_opt or D_opt, that warn
STEP = 0.1  # in ln C, for the exponent


@dataclass(frozen=True)
class Split:
    """The split of one budget under one count: the exponent of N_opt in C there, N_opt (that count) and D_opt."""

    exponent: float
    n_params: float
    tokens: float


def counting(fitted: Fitted) -> Check:
    """Refit with every other count of parameters in the table, and split by its own FLOPs: how the answer moves.

    The largest run's budget is split, in each count's own FLOPs. D_opt has no convention; N_opt is turned into the
    count of the fit where the table shows how. Kaplan et al. 2020 and Hoffmann et al. 2022 differ by this in part
    (Pearce and Song 2024; Porian et al. 2024, arXiv:2406.19146).
    """
    name, table, problem = "counting", fitted.table, fitted.problem
    if not fitted.splits:
        return Check(name, Verdict.OK, f"{type(fitted.law).__name__} does not split a budget, whatever is counted")
    N, D = problem.inputs
    known = {each: n for each in COUNTS if each in table and (n := _column(fitted, each)) is not None}
    others = {each: n for each, n in known.items() if np.abs(np.log(n / N)).max() > SAME}
    here = _split(fitted.law, fitted.largest)
    if here is None:
        return Check(name, Verdict.WARN, f"not looked at: there is no best size at {fitted.largest:.3g} FLOPs")
    told, bad = [], False
    for each, n in others.items():
        again = replace(fitted.smooth, inputs=(n, D)).thinned(MANY)
        theta = minimise(again, fitted.theta[None]).theta[0]
        there = _split(problem.form(**from_search(fitted.law.params(), theta)), float(np.max(6 * n * D)))
        text, moves = _told(here, there, _between(n, N))
        told.append(f"with {each} for N {text}")
        bad |= moves
    exact = np.asarray(table.flops, dtype=np.float64)
    if np.abs(np.log(exact / (6 * N * D))).max() > SAME:
        at = int(np.argmax(6 * N * D))
        there = _split(fitted.law, float(exact[at]), _between(N, exact / D))
        text, moves = _told(here, there, lambda size: size)
        told.append(f"with the FLOPs of the table for 6 N D {text}")
        bad |= moves
    if not told:
        share = [PEARCE_2024.omega / n ** (2 / 3) for n in (N.min(), N.max())]
        message = (
            "the table has one count of N and of C, so what another would change cannot be seen. An embedding of "
            f"32,000 tokens has about {share[0]:.0%} of the parameters that the smallest model has without it, and "
            f"{share[1]:.1%} of the largest's: say which N this is, and plan in the same"
        )
        return Check(name, Verdict.OK, message)
    message = (
        f"the largest budget, {fitted.largest:.3g} FLOPs, wants {print_count(here.n_params)} parameters and "
        f"{print_count(here.tokens)} tokens, N_opt growing as C^{here.exponent:.3f}; {'; '.join(told)}"
    )
    return Check(name, verdict(True, not bad), message + ("; say what is counted with every number" if bad else ""))


def _column(fitted: Fitted, name: str) -> Floats | None:
    """A count of every row in use, or nothing if it is not known of some."""
    values = np.asarray(fitted.table[name], dtype=np.float64)
    return values if np.all(np.isfinite(values) & (values > 0)) else None


def _split(law: Law, flops: float, per_token: Callable[[Any], Any] = six_n) -> Split | None:
    try:
        with np.errstate(all="ignore"):
            low, best, high = (allocate(law, flops * np.exp(step), per_token) for step in (-STEP, 0.0, STEP))
    except IsoflopError:
        return None
    return Split(float(np.log(high.n_params / low.n_params)) / (2 * STEP), best.n_params, best.tokens)


def _between(x: Floats, y: Floats) -> Callable[[Any], Any]:
    """y at x: a parabola in logarithms through all runs, its tangents beyond them.

    Straight lines from run to run have corners, and would hold an optimum at one of them.
    """
    u = np.log(x)
    low, high = float(u.min()), float(u.max())
    if high - low < SAME:
        return lambda size: size * float(np.exp(np.mean(np.log(y / x))))
    bends = np.polynomial.Polynomial.fit(u, np.log(y), min(2, len(np.unique(u)) - 1))
    slope = bends.deriv()

    def found(size: Any) -> Any:
        ln = np.log(size)
        inside = np.clip(ln, low, high)
        return np.exp(bends(inside) + slope(inside) * (ln - inside))

    return found


def _told(here: Split, there: Split | None, converted: Callable[[Any], Any]) -> tuple[str, bool]:
    """How another count splits the budget, and whether that is far from the fit's own."""
    if there is None:
        return "there is no best size", True
    size = float(converted(there.n_params))
    moves = abs(there.exponent - here.exponent) > EXPONENT or any(
        abs(np.log(new / old)) > np.log1p(SHARE) for new, old in ((size, here.n_params), (there.tokens, here.tokens))
    )
    return f"{print_count(size)}, {print_count(there.tokens)} and C^{there.exponent:.3f}", moves
