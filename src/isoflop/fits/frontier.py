"""Approach 2, second half: power laws through the minima, N_opt(C), D_opt(C) and L(C), each with its bag of laws."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from isoflop.errors import FitError
from isoflop.estimates.ensemble import Ensemble
from isoflop.estimates.fit import Check, Fit, FitStatus, Verdict
from isoflop.fits.floor import project
from isoflop.fits.minimum import Minimum
from isoflop.fits.objective import Floats
from isoflop.laws.law import About, Law
from isoflop.laws.power import FlooredPowerLaw, OptimalSize, OptimalTokens, PowerLaw

FLOORLESS = 0.05  # the floor is unidentified if at least this share of resamples does without it


@dataclass(frozen=True)
class _Points:
    """Logarithms of one quantity at the minima: y against ln C, (R, budgets) resamples of y, their variance."""

    ln_c: Floats
    y: Floats
    draws: Floats
    about: About

    @property
    def spread(self) -> Floats:
        return np.asarray(np.nanvar(self.draws, axis=0, ddof=1))


@dataclass(frozen=True)
class Frontier:
    """What the minima say of compute: fits of N_opt(C), D_opt(C) and L(C), and their ensembles by the same names.

    floored is L(C) = E + A / C^alpha, None with fewer than four minima, or where no resample has four.
    """

    n_params: Fit
    tokens: Fit
    loss: Fit
    floored: Fit | None
    ensembles: dict[str, Ensemble]


@np.errstate(all="ignore")  # garbage overflows, and is refused where it is not finite
def frontier(minima: Sequence[Minimum], *, seed: int = 0, convention: str = "") -> Frontier:
    """Least squares of logarithms through the usable minima, weighted by 1 / (their variance + the scatter beyond it).

    The scatter beyond the minima's own uncertainty (DerSimonian and Laird 1986) joins the weights and the draws: a law
    that does not describe its minima has wide intervals. Raises `FitError` with fewer than two usable minima.
    """
    used = [each for each in minima if each.usable and np.isfinite(each.draws[:, 0]).sum() > 1]
    if len(used) < 2:
        refused = "; ".join(f"{each.budget:.3g} FLOPs: {each.reason or each.status}" for each in minima)
        raise FitError(f"A power law needs two minima or more; there are {len(used)}. {refused}")
    rng = np.random.default_rng(seed)
    ln_c = np.log([each.flops for each in used])
    excluded = tuple((i, f"{m.budget:.3g} FLOPs: {m.reason}") for i, m in enumerate(minima) if m not in used)
    about = About(
        source=f"fitted to {len(used)} minima",
        tag="fitted",
        fitted={"flops": (float(np.exp(ln_c.min())), float(np.exp(ln_c.max())))},
    )
    logs = np.log([[m.n_params for m in used], [m.tokens for m in used], [m.loss for m in used]])
    draws = np.stack([each.draws for each in used], axis=1)  # (R, budgets, 3) of ln N, ln D, L
    draws[:, :, 2] = np.log(draws[:, :, 2])
    points = [_Points(ln_c, logs[i], draws[:, :, i], about) for i in range(3)]
    forms: dict[str, type[Law]] = {"n_params": OptimalSize, "tokens": OptimalTokens, "loss": PowerLaw}
    fits: dict[str, Fit] = {}
    ensembles: dict[str, Ensemble] = {}
    for (name, form), each in zip(forms.items(), points, strict=True):
        fits[name], ensembles[name] = _line(form, each, rng)
    if len(used) >= 4 and np.any(np.isfinite(draws[:, :, 2]).sum(axis=1) >= 4):
        fits["floored"], ensembles["floored"] = _floored(points[2], rng)
    ensembles = {name: replace(each, seed=seed) for name, each in ensembles.items()}
    fits = {
        name: replace(each, convention=convention, excluded=excluded).with_intervals(ensembles[name])
        for name, each in fits.items()
    }
    return Frontier(fits["n_params"], fits["tokens"], fits["loss"], fits.get("floored"), ensembles)


def weighted_line(x: Floats, y: Floats, variance: Floats) -> tuple[float, float, float]:
    """(intercept, slope, chi^2) of the weighted least-squares line."""
    w = 1 / variance
    x0 = w @ x / w.sum()
    slope = float((w * (x - x0)) @ y / ((w * (x - x0)) @ (x - x0)))
    intercept = float(w @ y / w.sum() - slope * x0)
    return intercept, slope, float(w @ (y - intercept - slope * x) ** 2)


def weighted_lines(x: Floats, y: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """(intercepts, slopes) of weighted least-squares lines through each row of y (R, n), where it is a number."""
    seen = np.isfinite(y)
    w = np.where(seen, weight, 0.0)
    filled = np.where(seen, y, 0.0)
    total = w.sum(1)
    x0 = w @ x / total
    off = x - x0[:, None]
    slopes = np.sum(w * off * filled, 1) / np.sum(w * off**2, 1)
    return np.sum(w * filled, 1) / total - slopes * x0, slopes


def excess(x: Floats, y: Floats, variance: Floats) -> float:
    """Variance of y about a line beyond the given one: DerSimonian and Laird 1986, for a regression."""
    if len(x) < 3:
        return 0.0
    w = 1 / variance
    X = np.stack([np.ones_like(x), x], axis=1)
    inverse = np.linalg.inv((X.T * w) @ X)
    trace = w.sum() - np.trace(inverse @ ((X.T * w**2) @ X))
    return max(0.0, (weighted_line(x, y, variance)[2] - (len(x) - 2)) / float(trace))


def _line(form: type[Law], points: _Points, rng: np.random.Generator) -> tuple[Fit, Ensemble]:
    """A power law as a line through logarithms, and the same for each resample."""
    ln_c, y, draws, spread, about = points.ln_c, points.y, points.draws, points.spread, points.about
    extra = excess(ln_c, y, spread)
    variance = spread + extra
    intercept, slope, chi2 = weighted_line(ln_c, y, variance)
    noisy = draws + np.sqrt(extra) * _scatter(draws.shape, len(y) - 2, rng)
    enough = np.isfinite(noisy).sum(1) >= 2
    intercepts, slopes = weighted_lines(ln_c, noisy[enough], 1 / variance)
    (law,) = power_laws(form, np.asarray([intercept]), np.asarray([slope]), about) or (None,)
    laws = power_laws(form, intercepts, slopes, about)
    if law is None or not laws:
        raise FitError(f"The minima's power law of {form.output} is out of range: look at the table's units.")
    status = FitStatus.CONVERGED if len(y) > 2 else FitStatus.UNIDENTIFIED
    found = Fit(law, "minima", chi2, status, checks=_scatter_check(len(y), extra, spread))
    return found, Ensemble(laws, dropped=len(draws) - len(laws))


def power_laws(form: type[Law], intercepts: Floats, slopes: Floats, about: About) -> tuple[Law, ...]:
    """Power laws of compute as lines through logarithms; those whose constants are no finite numbers are left out."""
    sign = -1.0 if form is PowerLaw else 1.0  # A / C^alpha, but k C^a
    scale, exponent = (p.name for p in form.params())
    scales, exponents = np.exp(intercepts), sign * slopes
    return tuple(
        form(**{scale: float(k), exponent: float(a)}, about=about)
        for k, a in zip(scales, exponents, strict=True)
        if 0 < k < np.inf and np.isfinite(a)
    )


def _scatter(shape: tuple[int, ...], df: int, rng: np.random.Generator) -> Floats:
    """Normal noise whose size is uncertain, as estimated from df differences: one size a draw.

    With one or two differences Student's tails would reach any loss at all; three keep the interval wide and finite.
    """
    free = max(df, 3)
    size = np.sqrt(free / rng.chisquare(free, size=shape[0]))
    return np.asarray(rng.standard_normal(shape) * size[:, None])


def _scatter_check(n: int, extra: float, spread: Floats) -> tuple[Check, ...]:
    if n < 3:
        return (Check("scatter", Verdict.WARN, f"{n} minima always lie on a line: nothing tests it"),)
    own = float(np.sqrt(np.mean(spread)))
    message = f"minima lie {np.sqrt(extra):.2%} off the line beyond their own uncertainty of {own:.2%}"
    return (Check("scatter", Verdict.WARN if extra > float(np.mean(spread)) else Verdict.OK, message),)


def _floored(points: _Points, rng: np.random.Generator) -> tuple[Fit, Ensemble]:
    """L = E + A / C^alpha by variable projection: E >= 0 and A follow linearly from alpha, which is searched."""
    ln_c, y, draws, spread, about = points.ln_c, points.y, points.draws, points.spread, points.about
    E, A, alpha, chi2 = project(ln_c, y[None], np.ones((1, len(y))), spread)
    fitted = np.log(E + A * np.exp(-alpha * ln_c))[0]
    extra = max(0.0, (float(chi2[0]) - (len(y) - 3)) / float(np.sum(1 / spread)))
    noisy = draws + np.sqrt(extra) * _scatter(draws.shape, len(y) - 3, rng)
    seen = np.isfinite(noisy)
    enough = seen.sum(1) >= 4
    found = project(ln_c, np.where(seen, noisy, fitted)[enough], seen[enough].astype(np.float64), spread + extra)
    laws = tuple(FlooredPowerLaw(E=e, A=a, alpha=s, about=about) for e, a, s in zip(*found[:3], strict=True))
    without = float(np.mean(found[0] == 0))
    status = FitStatus.AT_BOUND if E[0] == 0 else FitStatus.CONVERGED
    if status is FitStatus.CONVERGED and without >= FLOORLESS:
        status = FitStatus.UNIDENTIFIED
    floor = Check(
        "floor",
        Verdict.OK if without < FLOORLESS else Verdict.WARN,
        f"{without:.0%} of resamples fit best without a floor",
    )
    law = FlooredPowerLaw(E=E[0], A=A[0], alpha=alpha[0], about=about)
    checks = (floor, *_scatter_check(len(y), extra, spread))
    fit = Fit(law, "minima", float(chi2[0]), status, checks=checks)
    return fit, Ensemble(laws, dropped=int(np.sum(~enough)))
