"""Analyses whose law is known, for the tests of a fit's page and text: no fit is made for them."""

from dataclasses import replace
from typing import Any

import numpy as np

from isoflop.estimates.check import Check, Verdict
from isoflop.estimates.ensemble import Ensemble
from isoflop.estimates.fit import Fit, FitStatus
from isoflop.estimates.interval import Interval
from isoflop.estimates.objective import HUBER
from isoflop.estimates.opinion import Estimate, Opinion
from isoflop.laws.finetuning import MultiplicativeFineTuning, RectifiedFineTuning
from isoflop.laws.law import About, Law
from isoflop.laws.power import FlooredPowerLaw
from isoflop.plans.analysis import Analysis
from isoflop.plans.plan import plan
from isoflop.runs.table import Table
from planted_ladders import BYTES, ladder

WHY = "diverged at step 40"
SUSPECTS = (3, 17)
FINE = Check("optimum", Verdict.OK, "objective 0.0002; gradient 3.1e-10 of its parts; 94% of 64 starts agree")
WARNED = Check("influence", Verdict.WARN, "leaving one run out moves the best size by 31%")
FAILED = Check("suspicious runs", Verdict.FAIL, "Rows 3 and 17 lie 12 % above the law of the others.", SUSPECTS)


def sample_of(law: Law, n: int = 60, spread: float = 0.02) -> Ensemble:
    """Laws about a law, every constant with its own small error."""
    rng = np.random.default_rng(0)
    drawn = ({k: v * np.exp(rng.normal(0, spread)) for k, v in law.constants.items()} for _ in range(n))
    return Ensemble(tuple(type(law)(**each) for each in drawn), seed=7, how="case bootstrap of planted runs")


def fit_of(law: Law, table: Table, *checks: Check, draws: bool = True) -> Fit:
    """A fit that found this very law."""
    fitted = {name: (float(table[name].min()), float(table[name].max())) for name in law.inputs}
    found = Fit(
        replace(law, about=About(fitted=fitted)), "parametric", 2.5e-4, FitStatus.CONVERGED, minimised=HUBER,
        checks=checks, excluded=tuple((each.row, each.why) for each in table.excluded), table=table,
    )  # fmt: skip
    return found.with_intervals(sample_of(law)) if draws else found


def opinions(top: float) -> tuple[Opinion, ...]:
    """Approach 1 that could not be run, approach 2 and approach 3."""

    def about(value: float) -> Estimate:
        return Estimate(value, Interval(value, value * 0.9, value * 1.1))

    at = (top, 10 * top)
    return (
        Opinion("approach 1", at, reason="An envelope needs three sizes that were trained to two horizons or more."),
        Opinion("approach 2 (parabola)", at, about(0.4321), (about(18765.0), about(51234.0)), (about(1.9), about(1.6))),
        Opinion("approach 3", at, about(0.4648), (about(17654.0), about(50123.0)), (about(1.9), about(1.6))),
    )


def planted_analysis(*checks: Check, draws: bool = True, table: Table | None = None, **changes: Any) -> Analysis:
    """A ladder of 54 runs and one left out, fitted by the law that it was made from."""
    if table is None:
        whole = ladder()
        names = [f"run-{i:02d}" for i in range(len(whole))]
        table = Table({**whole.columns, "run_id": names}).excluding([54], WHY)
    found = fit_of(BYTES, table, *(checks or (FINE,)), draws=draws)
    top = float(table.flops.max())
    about: dict[str, Any] = {
        "source": "ladder.csv",
        "table": table,
        "fits": (found,),
        "ahead": tuple(plan(found.sample or found.law, top * times) for times in (1, 10, 100)),
        "opinions": opinions(top),
        "notes": ("tokens is not in the table: in all 55 rows it is C / (6 N).",),
    }
    return Analysis(**{**about, **changes})


def of_compute(draws: bool = True) -> Analysis:
    """L(C) with a floor, fitted to twelve runs."""
    law, flops = FlooredPowerLaw(E=1.7, A=120.0, alpha=0.11), np.geomspace(1e18, 1e21, 12)
    return _plain(law, {"flops": flops}, draws)


def of_examples(draws: bool = True) -> Analysis:
    """A fine-tuning law of one input."""
    law = RectifiedFineTuning(B=900.0, D_l=300.0, beta=0.7, E=0.8)
    return _plain(law, {"examples": np.geomspace(200, 3e5, 14)}, draws)


def of_size_and_examples(scattered: bool = False) -> Analysis:
    """A fine-tuning law of two inputs, on a grid or anywhere."""
    law = MultiplicativeFineTuning(A=80.0, alpha=0.1, beta=0.12, E=0.9)
    n, x = map(np.ravel, np.meshgrid(np.geomspace(1e9, 16e9, 4), np.geomspace(1e3, 1e6, 6)))
    if scattered:
        rng = np.random.default_rng(0)
        n, x = n * np.exp(rng.uniform(0, 1, n.size)), x * np.exp(rng.uniform(0, 1, x.size))
    return _plain(law, {"n_params": n, "examples": x}, draws=True)


def _plain(law: Law, inputs: dict[str, Any], draws: bool) -> Analysis:
    rng = np.random.default_rng(0)
    values = np.asarray(law(**inputs))
    columns = {**inputs, "loss": values * np.exp(rng.normal(0, 0.004, values.shape))}
    table = Table(columns, needed=tuple(columns))
    return Analysis("plain.csv", table, (fit_of(law, table, FINE, draws=draws),))
