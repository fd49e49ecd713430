"""Design a ladder of small training runs, train them, fit scaling laws with honest uncertainty, plan the big run.

The public names, each loaded when it is first used: `import isoflop` alone loads neither NumPy nor JAX.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from isoflop.allocations.allocate import Allocation, allocate
    from isoflop.costs.flops import flops_per_token
    from isoflop.costs.shape import Shape
    from isoflop.designs.recipe import Recipe
    from isoflop.designs.study import Study
    from isoflop.errors import BadInput, FitError, IsoflopError
    from isoflop.estimates.ensemble import Ensemble
    from isoflop.estimates.fit import Check, Fit, FitStatus, Verdict, read_fits
    from isoflop.estimates.interval import Interval
    from isoflop.fits.holdout import HoldOut, fit_and_judge
    from isoflop.fits.ladder import LadderFit, fit_ladder
    from isoflop.fits.minima import minima
    from isoflop.fits.minimum import Minimum
    from isoflop.fits.parametric import fit
    from isoflop.fits.resample import bootstrap
    from isoflop.laws.chinchilla import BESIROGLU_2024, HOFFMANN_2022_TEX, Chinchilla
    from isoflop.laws.law import About, Law, param
    from isoflop.laws.power import BendingPowerLaw, FlooredPowerLaw, OptimalSize, OptimalTokens, PowerLaw
    from isoflop.plans.forecast import Forecast, read_forecast
    from isoflop.plans.plan import Plan, plan
    from isoflop.runs.record import Record, Status
    from isoflop.runs.run import Run
    from isoflop.runs.store import Store
    from isoflop.runs.table import Table

__all__ = [
    "BESIROGLU_2024",
    "HOFFMANN_2022_TEX",
    "About",
    "Allocation",
    "BadInput",
    "BendingPowerLaw",
    "Check",
    "Chinchilla",
    "Ensemble",
    "Fit",
    "FitError",
    "FitStatus",
    "FlooredPowerLaw",
    "Forecast",
    "HoldOut",
    "Interval",
    "IsoflopError",
    "LadderFit",
    "Law",
    "Minimum",
    "OptimalSize",
    "OptimalTokens",
    "Plan",
    "PowerLaw",
    "Recipe",
    "Record",
    "Run",
    "Shape",
    "Status",
    "Store",
    "Study",
    "Table",
    "Verdict",
    "allocate",
    "bootstrap",
    "fit",
    "fit_and_judge",
    "fit_ladder",
    "flops_per_token",
    "minima",
    "param",
    "plan",
    "read_fits",
    "read_forecast",
]

# The imports above, for Python itself; a test holds the two against each other.
_NAMES = {
    "allocations.allocate": ("Allocation", "allocate"),
    "costs.flops": ("flops_per_token",),
    "costs.shape": ("Shape",),
    "designs.recipe": ("Recipe",),
    "designs.study": ("Study",),
    "errors": ("BadInput", "FitError", "IsoflopError"),
    "estimates.ensemble": ("Ensemble",),
    "estimates.fit": ("Check", "Fit", "FitStatus", "Verdict", "read_fits"),
    "estimates.interval": ("Interval",),
    "fits.holdout": ("HoldOut", "fit_and_judge"),
    "fits.ladder": ("LadderFit", "fit_ladder"),
    "fits.minima": ("minima",),
    "fits.minimum": ("Minimum",),
    "fits.parametric": ("fit",),
    "fits.resample": ("bootstrap",),
    "laws.chinchilla": ("BESIROGLU_2024", "Chinchilla", "HOFFMANN_2022_TEX"),
    "laws.law": ("About", "Law", "param"),
    "laws.power": ("BendingPowerLaw", "FlooredPowerLaw", "OptimalSize", "OptimalTokens", "PowerLaw"),
    "plans.forecast": ("Forecast", "read_forecast"),
    "plans.plan": ("Plan", "plan"),
    "runs.record": ("Record", "Status"),
    "runs.run": ("Run",),
    "runs.store": ("Store",),
    "runs.table": ("Table",),
}
_HOMES = {name: f"{__name__}.{module}" for module, names in _NAMES.items() for name in names}


if not TYPE_CHECKING:  # a type checker must go by the imports, or no misspelt name would be one

    def __getattr__(name: str) -> Any:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(_HOMES[name]), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
