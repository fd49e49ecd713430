"""All that a ladder of runs says: minima, power laws, L(N, D), seed noise, and bags of laws to forecast from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
from scipy.special import stdtrit

from isoflop.errors import FitError
from isoflop.estimates.ensemble import Ensemble
from isoflop.estimates.fit import Check, Fit, Verdict
from isoflop.estimates.interval import Interval
from isoflop.estimates.objective import SQUARES
from isoflop.fits.bend import FEWEST, bend
from isoflop.fits.frontier import Frontier, frontier
from isoflop.fits.minima import minima
from isoflop.fits.minimum import Minimum
from isoflop.fits.noise import Noise, seed_noise
from isoflop.fits.parametric import fit
from isoflop.fits.resample import bootstrap
from isoflop.laws.chinchilla import Chinchilla
from isoflop.laws.law import Law
from isoflop.runs.table import Table

T = TypeVar("T")

CONVENTION = "N: weight matrices and output head, no input embedding. C: exact count, attention and head included."
LOSS_OBJECTIVE = SQUARES
"""Of the fit to a ladder: least squares weighted by the ladder's own seed noise. Simulated ladders were forecast with
0.55 % rms, against 0.77 % for Huber's 1e-3 that suits many runs of unknown noise."""

LEVEL = 0.9
NORMAL_90 = 1.6448536269514722
"""Half-width of a central interval of LEVEL, in standard deviations of a normal distribution."""

TOP = 3
"""How many of the highest minima the local power law goes through."""

LOSS_LAWS = ("power law", "local power law", "bending power law", "floored power law", "L(N, D)")


@dataclass(frozen=True)
class LadderFit:
    """What was fitted, None where it could not be, with the reason among `checks`.

    ensembles: by name, `LOSS_LAWS` for the loss, "n_params" and "tokens" for the best size and its data. weights: the
    share of each loss law in forecasts; drift: the relative error of such forecasts per e-fold of compute beyond the
    ladder, as `judges` shorter ladders showed it. Hold-outs (fits/holdout.py) set these.
    """

    table: Table
    minima: tuple[Minimum, ...]
    frontier: Frontier | None
    local: Fit | None
    bending: Fit | None
    parametric: Fit | None
    noise: Noise | None
    ensembles: Mapping[str, Ensemble]
    checks: tuple[Check, ...]
    weights: Mapping[str, float]
    drift: float = 0.0
    judges: int = 0

    @property
    def fits(self) -> tuple[Fit, ...]:
        """Every fit there is, L(N, D) first."""
        through = self.frontier
        of_loss = (through.loss, self.local, self.bending, through.floored) if through else ()
        best = (through.n_params, through.tokens) if through else ()
        return tuple(each for each in (self.parametric, *of_loss, *best) if each is not None)

    @property
    def laws_of_loss(self) -> Ensemble:
        """Every law of the loss in one bag, by weight: the doubt about the law is in it."""
        if not self.weights:
            raise FitError("Nothing to forecast with. " + " ".join(check.message for check in self.checks))
        return Ensemble.mixture([self.ensembles[name] for name in self.weights], list(self.weights.values()))

    def loss(
        self, n_params: float, tokens: float, flops: float, *, new_run: bool = True, best: bool = False
    ) -> Interval:
        """The loss at N, D and C, nats/token, 90 %: of one new run (with seed noise) or of the mean over seeds.

        Beyond the ladder each side is at least t * drift * ln(C / C_top) of the loss wide, t being Student's for a
        drift known from so few judges. Laws of L(C) are of the best size; at another N they are raised by what the
        parabolas say of it, unless N is known to be `best`.
        """
        sd = self.noise.at(flops) if new_run and self.noise else 0.0
        raised = 1.0 if best else self.off_best(n_params, flops)
        found = self.laws_of_loss.interval(loss_at(n_params, tokens, flops, raised=raised), noise=sd)
        beyond = max(0.0, float(np.log(flops / self.table.flops.max())))
        t = float(stdtrit(self.judges, 0.5 + LEVEL / 2)) if self.judges else 0.0
        least = float(np.hypot(t * self.drift * beyond * found.median, NORMAL_90 * sd))
        return replace(found, low=min(found.low, found.median - least), high=max(found.high, found.median + least))

    def off_best(self, n_params: float, flops: float) -> float:
        """L(N) / L(N_opt) at C: 1 + k (ln N/N_opt)^2 / 2, k the median relative curvature of the usable parabolas."""
        curvatures = [each.curvature / each.loss for each in self.minima if each.usable]
        if "n_params" not in self.ensembles or not curvatures:
            return 1.0
        best = self.ensembles["n_params"].interval(lambda law: law(flops)).median
        return float(1 + np.median(curvatures) * np.log(n_params / best) ** 2 / 2)

    def slope(self, flops: float) -> float:
        """dL/d ln C along the frontier at C, nats/token: the median over the laws of L(C)."""
        step = 0.01
        names = [name for name in self.weights if name != "L(N, D)"]
        if not names:
            raise FitError("No power law through minima, so errors have no measure in compute.")
        bag = Ensemble.mixture([self.ensembles[name] for name in names], [self.weights[name] for name in names])
        return bag.interval(lambda law: (law(flops * np.exp(step)) - law(flops * np.exp(-step))) / (2 * step)).median


def loss_at(n_params: float, tokens: float, flops: float, *, raised: float = 1.0) -> Callable[[Law], float]:
    """The loss that a law says of one run: L(N, D) as it stands, L(C) times `raised`."""
    values: dict[str, Any] = {"n_params": n_params, "tokens": tokens, "flops": flops}

    def loss(law: Law) -> float:
        said = float(law(*(values[name] for name in law.inputs)))
        return said if "n_params" in law.inputs else said * raised

    return loss


def fit_ladder(table: Table, *, draws: int = 1000, seed: int = 0, check: bool = True) -> LadderFit:
    """Fit approaches 2 and 3 to the ladder's runs, with `draws` resamples each; nothing is refused unsaid.

    With `check` off the slower checks of L(N, D) are left out. The loss laws get equal weights.
    """
    checks: list[Check] = []
    ensembles: dict[str, Ensemble] = {}
    noise = _attempt(lambda: seed_noise(table), "seed noise", checks)
    found = _attempt(lambda: minima(table, share_curvature=True, noise=noise, draws=draws, seed=seed), "minima", checks)
    found = found or ()
    checks += [
        Check(f"minimum at {each.budget:.3g} FLOPs", Verdict.WARN, each.reason or str(each.status))
        for each in found
        if each.reason
    ]
    through = (
        _attempt(lambda: frontier(found, seed=seed, convention=CONVENTION), "power laws", checks) if found else None
    )
    local = bending = None
    if through:
        renamed = {"loss": "power law", "floored": "floored power law"}
        ensembles |= {renamed.get(name, name): bag for name, bag in through.ensembles.items()}
        top = [each for each in found if each.usable][-TOP:]
        if len(top) == TOP < len([each for each in found if each.usable]):
            nearest = frontier(top, seed=seed, convention=CONVENTION)
            local, ensembles["local power law"] = nearest.loss, nearest.ensembles["loss"]
        if len([each for each in found if each.usable]) >= FEWEST:
            bending, ensembles["bending power law"] = bend(found, seed=seed, convention=CONVENTION)
    weights = noise.weights(table) if noise else None
    parametric = _attempt(
        lambda: fit(Chinchilla, table, objective=LOSS_OBJECTIVE, weights=weights, check=check, convention=CONVENTION),
        "L(N, D)",
        checks,
    )
    if parametric is not None:
        first = parametric
        bag = _attempt(lambda: bootstrap(first, table, draws=draws, seed=seed), "intervals of L(N, D)", checks)
        if bag is not None:
            parametric, ensembles["L(N, D)"] = first.with_intervals(bag), bag
    equal = {name: 1.0 for name in LOSS_LAWS if name in ensembles}
    return LadderFit(table, tuple(found), through, local, bending, parametric, noise, ensembles, tuple(checks), equal)


def _attempt(make: Callable[[], T], what: str, checks: list[Check]) -> T | None:
    try:
        return make()
    except FitError as error:
        checks.append(Check(what, Verdict.FAIL, str(error)))
        return None
