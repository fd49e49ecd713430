"""The page of a fit: one HTML file that needs nothing else, the verdict first, what speaks against it second."""

import inspect
from typing import Any

from isoflop.estimates.fit import Fit, fits_to_json
from isoflop.laws.law import Param
from isoflop.plans.analysis import Analysis
from isoflop.reports import fit_verdict, palette, prose
from isoflop.reports.compared import Compared, compared, title
from isoflop.reports.markup import fill
from isoflop.runs.cost import counts_6nd
from isoflop.units import print_count


def fit_page(analysis: Analysis) -> str:
    """The whole page as HTML text, a pure function of the analysis; under 1 MB for tables of any length."""
    from isoflop.reports.analysis_figures import draw  # noqa: PLC0415 – charts are slow to import

    runs = compared(analysis)
    fit = analysis.fit
    doubtful = fit_verdict.doubtful(analysis)
    values = {
        "a": analysis,
        "law": name_of(fit),
        "headline": fit_verdict.headline(analysis, runs, lambda flops: f"{prose.power(flops)} FLOPs"),
        # Numbers that should not be planned by are not set large.
        "numbers": [] if doubtful else numbers(analysis),
        "doubts": fit_verdict.doubts(analysis),
        "named": named(runs),
        "inputs": list(looked_at(runs)),
        "have_ids": any(runs.run_ids),
        "left_out": fit_verdict.left_out(fit),
        "passed": fit_verdict.passed(analysis),
        "figures": draw(analysis, runs),
        "others": [each for i, each in enumerate(analysis.fits) if i != analysis.chosen],
        "minimised": fit_verdict.minimised(fit),
        "resampled": fit_verdict.resampled(fit),
        "made": made(analysis, runs),
        "fit_json": fits_to_json(analysis.fits, analysis.chosen, analysis.to_json()),
        "name_of": name_of,
        "formula_of": formula_of,
        "unit_of": unit_of,
        "shown": {"size": size, "loss": prose.loss, "ratio": prose.ratio, "number": three_digits},
    }
    return fill("fit.html", palette.SHADES, values)


def numbers(analysis: Analysis) -> list[tuple[str, str, str]]:
    """What people came for, set large: (what, value, interval)."""
    found: list[tuple[str, str, str]] = []
    for times, plan in zip(("", "10 times that", "100 times that"), analysis.ahead, strict=False):
        at = times or f"{prose.power(plan.flops)} FLOPs"
        if plan.n_params:
            found.append((f"best size at {at}", *_with_ends(plan.n_params, size)))
        if times.startswith("10 ") and plan.tokens_per_param and plan.loss:
            found.append(("tokens per parameter there", *_with_ends(plan.tokens_per_param, prose.ratio)))
            found.append((f"loss there, {analysis.fit.law.output_unit}", *_with_ends(plan.loss, prose.loss)))
    return found[:4]


def named(runs: Compared) -> list[dict[str, Any]]:
    """The runs that a check proposes for exclusion, the furthest off first."""
    order = sorted(runs.named.nonzero()[0].tolist(), key=lambda i: -abs(runs.residual[i]))
    inputs = looked_at(runs)
    return [
        {
            "row": int(runs.rows[i]), "run_id": runs.run_ids[i],
            "inputs": [float(values[i]) for values in inputs.values()],
            "measured": float(runs.measured[i]), "fitted": float(runs.fitted[i]), "residual": float(runs.residual[i]),
        }
        for i in order
    ]  # fmt: skip


def looked_at(runs: Compared) -> dict[str, Any]:
    """What a run is told by: the law's inputs, and D / N where it has both."""
    inputs = {title(name): values for name, values in runs.inputs.items()}
    if {"n_params", "tokens"} <= runs.inputs.keys():
        inputs["D / N"] = runs.inputs["tokens"] / runs.inputs["n_params"]
    return inputs


def made(analysis: Analysis, runs: Compared) -> list[tuple[str, str]]:
    """How the fit came about, as name and value."""
    table, fit = analysis.table, analysis.fit
    pairs = [
        ("Table", analysis.source),
        ("Runs", f"{len(table):,} in use, {len(fit.excluded):,} left out"),
        ("Approach", fit.approach),
    ]
    if "n_params" in runs.inputs:
        pairs.append(("N counts", fit.convention or "what the table's n_params counts"))
    if runs.flops_per_token is not None:
        pairs.append(("C counts", "6 N D in every run" if counts_6nd(table) else "what the table's flops counts"))
    for name, (low, high) in fit.law.about.fitted.items():
        pairs.append((f"Fitted {title(name)}", f"{size(low)} to {size(high)}"))
    return [(name, value) for name, value in pairs if value]


def name_of(fit: Fit) -> str:
    """The law's name."""
    return type(fit.law).__name__


def formula_of(fit: Fit) -> str:
    """The first line of the law's own words, which is its formula where it is one."""
    return (inspect.getdoc(type(fit.law)) or "").partition("\n")[0]


def unit_of(fit: Fit, param: Param) -> str:
    """A constant's unit, that of the output where it has that."""
    return fit.law.output_unit if param.unit == "output" else param.unit


def size(value: float | None) -> str:
    """A number of parameters, tokens or FLOPs to three digits."""
    if value is None:
        return prose.MISSING
    return print_count(value) if value < 1e15 else prose.power(value, 3)


def three_digits(value: float | None) -> str:
    """An exponent."""
    return prose.number(value, 3)


def _with_ends(quantity: Any, show: Any) -> tuple[str, str]:
    ends = "" if quantity.low is None else f"[{show(quantity.low)}, {show(quantity.high)}]"
    return show(quantity.median), ends
