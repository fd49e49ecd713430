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
    from isoflop.estimates.objective import HUBER, LEAST_ABSOLUTE, SQUARES, UNDERTUNED, Objective
    from isoflop.estimates.opinion import Estimate, Opinion
    from isoflop.fits.agreement import agreement
    from isoflop.fits.bias import Bias, bias
    from isoflop.fits.choice import Choice, choose
    from isoflop.fits.curves import fit_curves
    from isoflop.fits.envelope import Envelope, envelope
    from isoflop.fits.holdout import HoldOut, fit_and_judge
    from isoflop.fits.ladder import LadderFit, fit_ladder
    from isoflop.fits.minima import minima
    from isoflop.fits.minimum import Minimum
    from isoflop.fits.parametric import fit
    from isoflop.fits.posterior import posterior
    from isoflop.fits.profile import profile
    from isoflop.fits.resample import bootstrap
    from isoflop.fits.sandwich import sandwich
    from isoflop.fitting.analyse import analyse
    from isoflop.fitting.wanted import Wanted
    from isoflop.laws.chinchilla import BESIROGLU_2024, HOFFMANN_2022_TEX, Chinchilla
    from isoflop.laws.fixing import fixed
    from isoflop.laws.law import About, Law, param
    from isoflop.laws.power import BendingPowerLaw, FlooredPowerLaw, OptimalSize, OptimalTokens, PowerLaw
    from isoflop.plans.analysis import Analysis
    from isoflop.plans.forecast import Forecast, read_forecast
    from isoflop.plans.plan import Plan, plan
    from isoflop.runs.budgets import with_budgets
    from isoflop.runs.curve import LossCurve
    from isoflop.runs.readers.read import read_table
    from isoflop.runs.record import Record, Status
    from isoflop.runs.run import Run
    from isoflop.runs.store import Store
    from isoflop.runs.table import Table

__all__ = [
    "BESIROGLU_2024",
    "HOFFMANN_2022_TEX",
    "HUBER",
    "LEAST_ABSOLUTE",
    "SQUARES",
    "UNDERTUNED",
    "About",
    "Allocation",
    "Analysis",
    "BadInput",
    "BendingPowerLaw",
    "Bias",
    "Check",
    "Chinchilla",
    "Choice",
    "Ensemble",
    "Envelope",
    "Estimate",
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
    "LossCurve",
    "Minimum",
    "Objective",
    "Opinion",
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
    "Wanted",
    "agreement",
    "allocate",
    "analyse",
    "bias",
    "bootstrap",
    "choose",
    "envelope",
    "fit",
    "fit_and_judge",
    "fit_curves",
    "fit_ladder",
    "fixed",
    "flops_per_token",
    "minima",
    "param",
    "plan",
    "posterior",
    "profile",
    "read_fits",
    "read_forecast",
    "read_table",
    "sandwich",
    "with_budgets",
]

# The imports above, for Python itself; a test holds the two against each other.
_NAMES = {
    "allocations.allocate": (
        "Allocation",
        "allocate",
    ),
    "costs.flops": ("flops_per_token",),
    "costs.shape": ("Shape",),
    "designs.recipe": ("Recipe",),
    "designs.study": ("Study",),
    "errors": (
        "BadInput",
        "FitError",
        "IsoflopError",
    ),
    "estimates.ensemble": ("Ensemble",),
    "estimates.fit": (
        "Check",
        "Fit",
        "FitStatus",
        "Verdict",
        "read_fits",
    ),
    "estimates.interval": ("Interval",),
    "estimates.objective": (
        "HUBER",
        "LEAST_ABSOLUTE",
        "Objective",
        "SQUARES",
        "UNDERTUNED",
    ),
    "estimates.opinion": (
        "Estimate",
        "Opinion",
    ),
    "fits.agreement": ("agreement",),
    "fits.bias": (
        "Bias",
        "bias",
    ),
    "fits.choice": (
        "Choice",
        "choose",
    ),
    "fits.curves": ("fit_curves",),
    "fits.envelope": (
        "Envelope",
        "envelope",
    ),
    "fits.holdout": (
        "HoldOut",
        "fit_and_judge",
    ),
    "fits.ladder": (
        "LadderFit",
        "fit_ladder",
    ),
    "fits.minima": ("minima",),
    "fits.minimum": ("Minimum",),
    "fits.parametric": ("fit",),
    "fits.posterior": ("posterior",),
    "fits.profile": ("profile",),
    "fits.resample": ("bootstrap",),
    "fits.sandwich": ("sandwich",),
    "fitting.analyse": ("analyse",),
    "fitting.wanted": ("Wanted",),
    "laws.chinchilla": (
        "BESIROGLU_2024",
        "Chinchilla",
        "HOFFMANN_2022_TEX",
    ),
    "laws.fixing": ("fixed",),
    "laws.law": (
        "About",
        "Law",
        "param",
    ),
    "laws.power": (
        "BendingPowerLaw",
        "FlooredPowerLaw",
        "OptimalSize",
        "OptimalTokens",
        "PowerLaw",
    ),
    "plans.analysis": ("Analysis",),
    "plans.forecast": (
        "Forecast",
        "read_forecast",
    ),
    "plans.plan": (
        "Plan",
        "plan",
    ),
    "runs.budgets": ("with_budgets",),
    "runs.curve": ("LossCurve",),
    "runs.readers.read": ("read_table",),
    "runs.record": (
        "Record",
        "Status",
    ),
    "runs.run": ("Run",),
    "runs.store": ("Store",),
    "runs.table": ("Table",),
}
_PACKAGES = ("allocations", "costs", "estimates", "fits", "laws", "plans", "runs")
"""`isoflop.laws.chinchilla` without an import of its own."""
_HOMES = {name: f"{__name__}.{module}" for module, names in _NAMES.items() for name in names}


if not TYPE_CHECKING:  # a type checker must go by the imports, or no misspelt name would be one

    def __getattr__(name: str) -> Any:
        if name in _PACKAGES:
            return import_module(f"{__name__}.{name}")
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(_HOMES[name]), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
