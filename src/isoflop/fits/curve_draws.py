"""Intervals of a fit to loss curves: curves, or blocks of them, drawn again and again."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from isoflop.errors import BadInput, FitError
from isoflop.estimates.ensemble import Ensemble
from isoflop.estimates.fit import Fit
from isoflop.fits.curve_checks import correlation, residuals
from isoflop.fits.curves import problem_of_curves
from isoflop.fits.objective import from_search
from isoflop.fits.resample import counts
from isoflop.fits.solve import minimise
from isoflop.fits.tangent import search_point
from isoflop.laws.law import Law
from isoflop.runs.curve import LossCurve

MANY = 8  # with so many curves whole ones are drawn; with fewer, blocks within each
BLOCKS = 6  # blocks of a curve at the least


def resample_curves(found: Fit, curves: Sequence[LossCurve], *, draws: int = 200, seed: int = 0) -> Ensemble:
    """Refit to curves drawn with replacement; with fewer than MANY, to blocks of consecutive losses drawn in each.

    The losses of one run depend on each other, so single ones must not be drawn. Blocks are a few correlation lengths
    long (Künsch 1989); they hold what a curve shows of its own noise, not how another seed or schedule would
    differ, so intervals from few curves are too narrow beyond those curves. Draws without an optimum in the law's
    domain are dropped and counted; `FitError` if that is more than a tenth.
    """
    if found.minimised is None or draws < 1:
        raise BadInput(f"A fit to curves is drawn once or more; got {draws} draws of a fit by {found.approach}.")
    form, params = type(found.law), found.law.params()
    problem = problem_of_curves(form, curves, found.minimised)
    block, stratum = blocks(found.law, curves)
    weights = counts(stratum, draws, np.random.default_rng(seed))[:, block] * problem.weights
    solution = minimise(problem, np.repeat(search_point(found.law)[None], draws, axis=0), weights)
    laws: list[Law] = []
    for theta, good in zip(solution.theta, solution.converged | (solution.gradient.max(1) < 1e-3), strict=True):
        constants = from_search(params, theta)
        if good and all(p.domain[0] <= constants[p.name] <= p.domain[1] for p in params):
            laws.append(form(**constants, about=found.law.about))
    dropped = draws - len(laws)
    if dropped > draws / 10:
        raise FitError(
            f"{dropped} of {draws} fits of {form.__name__} to redrawn curves have no optimum in its domain: the "
            "curves do not determine the law. Add curves under other schedules, or fit a law with fewer constants."
        )
    return Ensemble(tuple(laws), seed=seed, dropped=dropped)


def blocks(law: Law, curves: Sequence[LossCurve]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """(the block of each loss, the stratum of each block): a block a curve where there are many, else parts of each."""
    if len(curves) >= MANY:
        return np.repeat(np.arange(len(curves)), [len(each) for each in curves]), np.zeros(len(curves), np.intp)
    block: list[NDArray[np.intp]] = []
    stratum: list[int] = []
    for number, r in enumerate(residuals(law, curves)):
        rho = correlation(r)
        length = max(1, min(int(np.ceil(2 * (1 + rho) / (1 - rho))), len(r) // BLOCKS))
        of = np.arange(len(r)) // length
        block.append(len(stratum) + of)
        stratum += [number] * int(of[-1] + 1)
    return np.concatenate(block), np.asarray(stratum)
