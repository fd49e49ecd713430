"""How far beyond its runs a plan asks a law, in decades; past some it is refused."""

from math import log10

from isoflop.errors import BadInput
from isoflop.laws.kaplan_frontier import least_compute
from isoflop.laws.law import Law
from isoflop.units import print_count, print_flops

MOST_DECADES = 6.0
LEAST_DECADES = 0.05  # beyond a range: less is as good as within
FAR_TOKENS = 100.0
"""D / N from which a law says little unless it was fitted so far: refits up to 10,000 gave other exponents."""


def decades(law: Law, *, n_params: float, tokens: float) -> dict[str, float]:
    """By how many factors of ten N, D and 6 N D lie outside what was fitted, above (+) or below (-); 0 within.

    Only of what is known of the law; of one in PF-days (Kaplan et al. 2020) C_min is taken as half of C.
    """
    fitted = fitted_ranges(law)
    asked = {"n_params": n_params, "tokens": tokens, "flops": 6 * n_params * tokens}
    asked["pf_days"] = float(least_compute(asked["flops"]))
    found = {}
    for name, value in asked.items():
        if name in fitted:
            low, high = fitted[name]
            found[name] = log10(value / high) if value > high else log10(value / low) if value < low else 0.0
    return found


def fitted_ranges(law: Law) -> dict[str, tuple[float, float]]:
    """What is known of the N, D and 6 N D that the law was fitted to; C from the corners of the others if need be."""
    fitted = {name: (float(low), float(high)) for name, (low, high) in law.about.fitted.items()}
    if "flops" not in fitted and {"n_params", "tokens"} <= fitted.keys():
        (low_n, high_n), (low_d, high_d) = fitted["n_params"], fitted["tokens"]
        fitted["flops"] = (6 * low_n * low_d, 6 * high_n * high_d)
    return fitted


def reach_notes(law: Law, *, n_params: float, tokens: float, extrapolate: bool) -> tuple[str, ...]:
    """What to say of the distance. Raises `BadInput` beyond MOST_DECADES, unless extrapolation is asked for."""
    found = decades(law, n_params=n_params, tokens=tokens)
    if not found:
        return ("It is not known what the law was fitted to, so not how far this reaches beyond it.",)
    far = {name: each for name, each in found.items() if abs(each) > MOST_DECADES}
    values = {
        "n_params": print_count(n_params),
        "tokens": print_count(tokens),
        "flops": print_flops(6 * n_params * tokens),
    }
    symbol = {"n_params": "N", "tokens": "D", "flops": "C"}
    said = [
        f"{symbol[name]} = {values[name]} is {abs(each):.1f} decades {'above' if each > 0 else 'below'} what was fitted"
        for name, each in found.items()
        if abs(each) >= LEAST_DECADES
    ]
    if far and not extrapolate:
        raise BadInput(
            f"{'; '.join(said)}: so far off a law says nothing. Ask for less than {MOST_DECADES:g} decades, fit runs "
            "nearer to it, or add --extrapolate."
        )
    if tokens / n_params > FAR_TOKENS:
        said.append(
            f"D / N = {tokens / n_params:,.0f}: few laws were fitted so far, and refits that were have other exponents "
            "(Sardana et al. 2024, arXiv:2401.00448)"
        )
    return tuple(f"{each}." for each in said)
