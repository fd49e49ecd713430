"""How the residuals move with the constants near a law: the Jacobian that checks and standard errors start from."""

import jax
import numpy as np

from isoflop.fits.objective import Floats, compiled, double_precision, to_search
from isoflop.fits.problem import Problem
from isoflop.laws.law import Law


def search_point(law: Law) -> Floats:
    """A law's constants in search coordinates."""
    return to_search(law.params(), law.constants)


def jacobian(problem: Problem, theta: Floats) -> Floats:
    """(n, p): the derivatives of the residuals with respect to the search coordinates."""
    _, _, derivative = compiled(problem.form, problem.objective.scale)
    with double_precision():
        J = np.asarray(jax.device_get(derivative(theta, problem.padded_inputs(), problem.pad(problem.target))))
    return J[: len(problem.measured)]
