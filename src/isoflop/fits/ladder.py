"""All that a ladder of runs says: minima, power laws, L(N, D), seed noise, and one bag of laws to forecast from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from isoflop.errors import FitError
from isoflop.estimates.ensemble import Ensemble
from isoflop.estimates.fit import Check, Fit, Verdict
from isoflop.estimates.interval import Interval
from isoflop.fits.frontier import Frontier, frontier
from isoflop.fits.noise import Noise, seed_noise
from isoflop.fits.parabola import Minimum, minima
from isoflop.fits.parametric import fit
from isoflop.fits.resample import bootstrap
from isoflop.laws.chinchilla import Chinchilla
from isoflop.laws.law import Law
from isoflop.runs.table import Table

T = TypeVar("T")

CONVENTION = "N: weight matrices and output head, no input embedding. C: exact count, attention and head included."
DELTA = 0.03
"""Huber threshold of the fit to a ladder, in ln L: near least squares, since a ladder's own seeds scatter by about 1 %;
1e-3, for a few runs with this noise, would be least absolute deviations, which wastes a third of them."""


@dataclass(frozen=True)
class LadderFit:
    """What was fitted, None where it could not be, with the reason among `checks`.

    ensembles: by fit name ("loss", "floored": L(C) through the minima; "parametric": L(N, D); "n_params", "tokens").
    """

    table: Table
    minima: tuple[Minimum, ...]
    frontier: Frontier | None
    parametric: Fit | None
    noise: Noise | None
    ensembles: dict[str, Ensemble]
    checks: tuple[Check, ...]

    @property
    def fits(self) -> tuple[Fit, ...]:
        """Every fit there is, L(N, D) first."""
        through = self.frontier
        every = (
            self.parametric,
            *((through.loss, through.floored, through.n_params, through.tokens) if through else ()),
        )
        return tuple(each for each in every if each is not None)

    @property
    def laws_of_loss(self) -> Ensemble:
        """L(C) with and without a floor and L(N, D) in one bag, a third each: the doubt about the law is in it."""
        parts = [self.ensembles[name] for name in ("loss", "floored", "parametric") if name in self.ensembles]
        if not parts:
            raise FitError("Nothing to forecast with. " + " ".join(c.message for c in self.checks))
        return Ensemble.mixture(parts)

    def loss(
        self, n_params: float, tokens: float, flops: float, *, new_run: bool = True, level: float = 0.9
    ) -> Interval:
        """The loss at N, D and C, nats/token: of one new run (with seed noise) or of the mean over seeds."""
        sd = self.noise.at(flops) if new_run and self.noise else 0.0
        return self.laws_of_loss.interval(loss_at(n_params, tokens, flops), level, noise=sd)

    def slope(self, flops: float) -> float:
        """dL/d ln C along the frontier at C, nats/token: the median over the laws of L(C)."""
        step = 0.01
        through = [self.ensembles[name] for name in ("loss", "floored") if name in self.ensembles]
        if not through:
            raise FitError("No power law through minima, so errors have no measure in compute.")
        bag = Ensemble.mixture(through)
        return bag.interval(lambda law: (law(flops * np.exp(step)) - law(flops * np.exp(-step))) / (2 * step)).median


def loss_at(n_params: float, tokens: float, flops: float) -> Callable[[Law], float]:
    """The loss that a law, of L(C) or of L(N, D), says of one run."""
    values: dict[str, Any] = {"n_params": n_params, "tokens": tokens, "flops": flops}
    return lambda law: float(law(*(values[name] for name in law.inputs)))


def fit_ladder(table: Table, *, draws: int = 1000, seed: int = 0) -> LadderFit:
    """Fit approaches 2 and 3 to the ladder's runs, with `draws` resamples each; nothing is refused unsaid."""
    checks: list[Check] = []
    ensembles: dict[str, Ensemble] = {}
    noise = _attempt(lambda: seed_noise(table), "seed noise", checks)
    found = (
        _attempt(lambda: minima(table, share_curvature=True, noise=noise, draws=draws, seed=seed), "minima", checks)
        or ()
    )
    checks += [
        Check(f"minimum at {each.budget:.3g} FLOPs", Verdict.WARN, each.reason or str(each.status))
        for each in found
        if each.reason
    ]
    through = (
        _attempt(lambda: frontier(found, seed=seed, convention=CONVENTION), "power laws", checks) if found else None
    )
    if through:
        ensembles |= through.ensembles
    parametric = _attempt(lambda: fit(Chinchilla, table, delta=DELTA, convention=CONVENTION), "L(N, D)", checks)
    if parametric:
        bag = _attempt(lambda: bootstrap(parametric, table, draws=draws, seed=seed), "intervals of L(N, D)", checks)
        if bag:
            parametric = parametric.with_intervals(bag)
            ensembles["parametric"] = bag
    return LadderFit(table, tuple(found), through, parametric, noise, ensembles, tuple(checks))


def budgets_of(table: Table) -> Sequence[float]:
    """The budgets in the table, rising."""
    return [float(budget) for budget in np.unique(table["budget"])]


def _attempt(make: Callable[[], T], what: str, checks: list[Check]) -> T | None:
    try:
        return make()
    except FitError as error:
        checks.append(Check(what, Verdict.FAIL, str(error)))
        return None
