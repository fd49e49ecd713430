"""How far beyond its runs a law is asked: in decades of compute, in sizes, in data, and in D/N."""

from collections.abc import Mapping

import numpy as np

from isoflop.estimates.fit import Check, Verdict
from isoflop.laws.law import Law
from isoflop.units import print_count

FAR, VERY_FAR = 10.0, 1000.0  # times the end of what was fitted: a warning, and a failure; Hoffmann et al. went 10x
RATIO = 3.0  # D/N beyond the fitted ones by more than this warns
NARROW = 0.5  # decades of compute; fewer say nothing of how anything grows

COMPUTE, SIZE, DATA, PER_PARAM = "flops", "n_params", "tokens", "tokens_per_param"
_UNITS = {COMPUTE: "FLOPs", SIZE: "parameters", DATA: "tokens", PER_PARAM: "tokens per parameter"}


def spans(inputs: Mapping[str, np.ndarray]) -> dict[str, tuple[float, float]]:
    """Lowest and highest of each input of the runs, and of 6 N D and D/N where they have both."""
    columns = dict(inputs)
    if {SIZE, DATA} <= columns.keys():
        columns[COMPUTE] = columns.get(COMPUTE, 6 * columns[SIZE] * columns[DATA])
        columns[PER_PARAM] = columns[DATA] / columns[SIZE]
    return {name: (float(each.min()), float(each.max())) for name, each in columns.items()}


def reach(law: Law, *, flops: float | None = None, n_params: float | None = None, tokens: float | None = None) -> Check:
    """How far a forecast lies beyond the runs that a law was fitted to (`about.fitted`), each way.

    Of flops (FLOPs), n_params and tokens, what is given is looked at, and D/N where both are. Beyond FAR times the runs
    the form of the law decides more than its constants do. Without anything given it tells what the runs span.
    """
    fitted = law.about.fitted
    if not fitted:
        return Check("extrapolation", Verdict.WARN, "it is not known what runs the law was fitted to")
    if flops is None and n_params is None and tokens is None:
        return _spanned(fitted)
    asked = {COMPUTE: flops, SIZE: n_params, DATA: tokens}
    if n_params is not None and tokens is not None:
        asked[PER_PARAM] = tokens / n_params
        asked[COMPUTE] = 6 * n_params * tokens if flops is None else flops
    said, worst = [], Verdict.OK
    for name, value in asked.items():
        if value is None or name not in fitted:
            continue
        low, high = fitted[name]
        beyond = max(value / high, low / value)
        if beyond <= 1:
            continue
        side = "beyond the largest" if value > high else "below the smallest"
        decades = f" ({np.log10(beyond):.1f} decades)" if name == COMPUTE else ""
        end = _number(name, high if value > high else low)
        said.append(f"{_number(name, value)} {_UNITS[name]} are {beyond:.3g}x {side} fitted, {end}{decades}")
        if beyond > (RATIO if name == PER_PARAM else FAR):
            worst = Verdict.FAIL if beyond > VERY_FAR or worst is Verdict.FAIL else Verdict.WARN
    if not said:
        return Check("extrapolation", Verdict.OK, "within what the law was fitted to")
    advice = "" if worst is Verdict.OK else "; here the form of the law decides: compare laws, and widen the interval"
    return Check("extrapolation", worst, "; ".join(said) + advice)


def _spanned(fitted: Mapping[str, tuple[float, float]]) -> Check:
    told = [
        f"{_number(name, low)} to {_number(name, high)} {_UNITS[name]}"
        for name, (low, high) in fitted.items()
        if name in _UNITS
    ]
    message = (
        f"the runs span {', '.join(told)}"
        if told
        else "the runs span " + ", ".join(f"{name} {low:.3g} to {high:.3g}" for name, (low, high) in fitted.items())
    )
    if COMPUTE not in fitted:
        return Check("extrapolation", Verdict.OK, message)
    low, high = fitted[COMPUTE]
    decades = np.log10(high / low)
    message += (
        f": {decades:.1f} decades of compute. Forecasts beyond {FAR * high:.3g} FLOPs lean on the form of the law"
    )
    if decades < NARROW:
        return Check("extrapolation", Verdict.WARN, f"{message}; so few say little of how the loss falls: add budgets")
    return Check("extrapolation", Verdict.OK, message)


def _number(name: str, value: float) -> str:
    return f"{value:.3g}" if name in {COMPUTE, PER_PARAM} else print_count(value)
