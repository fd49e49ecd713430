"""Learning curves in the number of examples: the estimators M1 to M4 of Alabdulmohsin et al. 2022, arXiv:2209.06640."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from isoflop.laws.arrays import bounded_exp, log, log_of, logsumexp, maximum, softplus, where, without_slope
from isoflop.laws.law import Law, param

_SCALES = tuple(float(np.exp(a)) for a in (-5, 0, 5, 10, 15))
_FLOORS = (0.01, 0.1, 0.5, 1.5)
_FALLS = (-1.0, -0.5, -0.2, -0.05)
_ANY = (-np.inf, np.inf)
_NEWTON_STEPS = 10  # to rounding; 8 leave up to 2e-6 where alpha is near 0
_SMOOTH_STEPS = 2  # the last of them: each doubles the number of derivatives that are right, from none


@dataclass(frozen=True)
class M1(Law):
    """L(D) = beta D^c

    Alabdulmohsin et al. 2022, M1. D (there x) are the examples seen, L an error rate or a loss.
    """

    beta: float = param("output", "the loss after one example", starts=_SCALES, linear=True)
    c: float = param("1", "the exponent, below 0", starts=_FALLS, domain=_ANY, scale="linear")

    inputs = ("examples",)
    output_unit = "output"
    paper = "alabdulmohsin2022"

    def __call__(self, examples: Any) -> Any:
        """L after D examples."""
        return self.beta * bounded_exp(self.c * log(examples))


@dataclass(frozen=True)
class M2(Law):
    """L(D) = beta D^c + E

    Alabdulmohsin et al. 2022, M2. D (there x) are the examples seen, L an error rate or a loss. The authors fit it as
    `M2Excess`.
    """

    beta: float = param("output", "the reducible loss after one example", starts=_SCALES, linear=True)
    c: float = param("1", "the exponent, below 0", starts=_FALLS, domain=_ANY, scale="linear")
    E: float = param("output", "the loss after infinitely many examples", starts=_FLOORS, linear=True)

    inputs = ("examples",)
    output_unit = "output"
    paper = "alabdulmohsin2022"

    def __call__(self, examples: Any) -> Any:
        """L after D examples."""
        return self.beta * bounded_exp(self.c * log(examples)) + self.E


@dataclass(frozen=True)
class M2Excess(Law):
    """1 = beta D^c / (L - E)

    M2 as Alabdulmohsin et al. 2022 fit it: logarithms of this ratio are residuals of ln(L - E), so that a loss counts
    the more the nearer it is to the floor. A table needs L as it was measured, and a column `ratio` of ones.
    """

    beta: float = param("output", "the reducible loss after one example", starts=_SCALES, linear=True)
    c: float = param("1", "the exponent, below 0", starts=_FALLS, domain=_ANY, scale="linear")
    E: float = param("output", "the loss after infinitely many examples", starts=_FLOORS)

    inputs = ("examples", "loss")
    output = "ratio"
    output_unit = "1"
    paper = "alabdulmohsin2022"

    def __call__(self, examples: Any, loss: Any) -> Any:
        """What the law says of the reducible loss after D examples, over what is left of L above the floor."""
        return self.beta * bounded_exp(self.c * log(examples) - log_of(loss - self.E))


@dataclass(frozen=True)
class M3(Law):
    """L(D) = beta (1 / D + gamma)^c

    Alabdulmohsin et al. 2022, M3, with c above 0. D (there x) are the examples seen, L an error rate or a loss.
    """

    beta: float = param("output", "the loss after about one example", starts=_SCALES, linear=True)
    gamma: float = param("1", "where the curve flattens, 1 / examples", starts=(1e-12, 1e-10, 1e-8, 1e-6, 1e-4))
    c: float = param("1", "the exponent", starts=(0.05, 0.2, 0.5, 1.0))

    inputs = ("examples",)
    output_unit = "output"
    paper = "alabdulmohsin2022"

    def __call__(self, examples: Any) -> Any:
        """L after D examples."""
        return self.beta * bounded_exp(self.c * logsumexp(-log(examples), log_of(self.gamma)))


@dataclass(frozen=True)
class M4(Law):
    """(L - E) / (e0 - L)^alpha = beta D^c, solved for L(D)

    Alabdulmohsin et al. 2022, M4: from the loss e0 of a random guess (1 of an error rate) down to the floor E. D
    (there x) are the examples seen. With alpha at 0 it is M2, as long as that is below e0.
    """

    beta: float = param("output^(1 - alpha)", "the two sides after one example", starts=_SCALES)
    c: float = param("1", "the exponent, below 0", starts=_FALLS, domain=_ANY, scale="linear")
    E: float = param("output", "the loss after infinitely many examples", starts=_FLOORS)
    alpha: float = param("1", "how long the loss stays near e0", starts=(0.1, 0.5, 1.5))
    e0: float = param("output", "the loss before any example", starts=(1.0, 3.0, 10.0))

    inputs = ("examples",)
    output_unit = "output"
    paper = "alabdulmohsin2022"

    def __call__(self, examples: Any) -> Any:
        """L after D examples."""
        alpha = maximum(self.alpha, 1e-9)
        span = maximum(self.e0 - self.E, 1e-12)
        right = log_of(self.beta) + self.c * log(examples) - (1 - alpha) * log(span)
        # With L = E + span / (1 + e^-u) the logarithm of the left side is u - (1 - alpha) ln(1 + e^u): it rises, and is
        # convex or concave, so that Newton's method from the nearer asymptote cannot miss.
        u = where(right > 0, right / alpha, right)
        fixed, left = map(without_slope, (alpha, right))
        u = without_slope(u)
        for step in range(_NEWTON_STEPS):
            if step == _NEWTON_STEPS - _SMOOTH_STEPS:
                fixed, left = alpha, right
            slope = 1 - (1 - fixed) * bounded_exp(-softplus(-u))
            u = u - (u - (1 - fixed) * softplus(u) - left) / slope
        return self.E + span * bounded_exp(-softplus(-u))
