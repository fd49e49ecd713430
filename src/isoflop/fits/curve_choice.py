"""Which law of the schedule to foretell curves with: each judged by curves it was not fitted to, all in one bag."""

from collections.abc import Sequence

import numpy as np

from isoflop.errors import BadInput
from isoflop.estimates.ensemble import Ensemble
from isoflop.estimates.fit import Fit
from isoflop.estimates.objective import HUBER, Objective
from isoflop.fits.curves import fit_curves, left_out
from isoflop.laws.law import Law
from isoflop.laws.multipower import MultiPower
from isoflop.laws.tissue import Annealing
from isoflop.runs.curve import LossCurve

LAWS: tuple[type[Law], ...] = (Annealing, MultiPower)


def judge_curves(
    curves: Sequence[LossCurve], forms: Sequence[type[Law]] = LAWS, *, objective: Objective = HUBER
) -> tuple[tuple[Fit, ...], Ensemble]:
    """The fits of several laws, best foretelling first, and their laws weighted by what each said of left-out curves.

    Each law is refitted without each curve in turn and errs on it by a root mean square e; its weight is
    (mean e^2)^(-n/2) for n curves, the likelihood of normal errors of unknown size (Jeffreys' prior). How well a law
    fits its own curves plays no part: on those of Luo et al. 2025 the one with most constants fits best and foretells
    worst. Raises `BadInput` with one curve, `FitError` as `fit_curves`.
    """
    if len(curves) < 2:
        raise BadInput(f"Laws are judged by left-out curves: give two or more; got {len(curves)}.")
    fits = [fit_curves(form, curves, objective=objective) for form in forms]
    ln = np.asarray([-len(curves) / 2 * np.log(np.mean(left_out(each.law, curves, objective) ** 2)) for each in fits])
    ln = np.where(np.isfinite(ln), ln, -np.inf)
    weights = np.exp(ln - ln.max()) if np.isfinite(ln).any() else np.ones(len(fits))
    order = np.argsort(-weights, kind="stable")
    ranked = tuple(fits[i] for i in order)
    return ranked, Ensemble(tuple(each.law for each in ranked), weights[order])
