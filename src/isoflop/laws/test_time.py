"""Many answers to one problem: how often one of so many is right, and accuracy against compute at test time.

Snell et al. 2024, arXiv:2408.03314, spend it best by the difficulty of the problem, and give no formula for all.
"""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from isoflop.errors import BadInput
from isoflop.laws.arrays import bounded_exp, expm1, log, log1p, maximum, minimum
from isoflop.laws.law import About, Law, param
from isoflop.laws.published import constants

_ANY = (-np.inf, np.inf)
_SHIFT = 8
_STIRLING = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360)  # to rounding from _SHIFT on


def pass_at_k(samples: ArrayLike, correct: ArrayLike, k: ArrayLike) -> NDArray[np.float64]:
    """1 - C(n - c, k) / C(n, k) = 1 - prod_{i = n - c + 1}^n (1 - k / i): the unbiased estimate of pass@k.

    Chen et al. 2021, arXiv:2107.03374: n answers were drawn for a problem and c of them are right: how likely is it
    that one of k would be? 1 - (1 - c / n)^k is too low. n, c and k broadcast, and n may be in the millions:
    `pass_at_k(n, c[:, None], k).mean(axis=0)` is the coverage of all problems at each k. Raises `BadInput`.
    """
    n, c, draws = np.broadcast_arrays(*(np.asarray(each, dtype=np.float64) for each in (samples, correct, k)))
    problems = []
    if not all(np.all(each == np.floor(each)) and np.all(np.isfinite(each)) for each in (n, c, draws)):
        problems.append("Answers are counted in whole numbers: n, c and k have no fractions.")
    if np.any(wrong := (c < 0) | (c > n)):
        problems.append(f"{c[wrong][0]:g} right answers of {n[wrong][0]:g}: c is 0 to n.")
    if np.any(wrong := (draws < 1) | (draws > n)):
        problems.append(f"k = {draws[wrong][0]:g} of {n[wrong][0]:g} answers: k is 1 to n. Draw more answers.")
    if problems:
        raise BadInput(problems)
    # c and k may change places in the formula: the smaller of them is the number of its factors.
    few, many = np.minimum(c, draws), np.maximum(c, draws)
    may_fail = few + many <= n
    left = np.where(may_fail, n - many - few + 1, 1.0)
    estimate = -np.expm1(_ln_rising(left, few) - _ln_rising(n - few + 1, few))
    return np.asarray(np.where(few == 0, 0.0, np.where(may_fail, estimate, 1.0)))


def _ln_rising(x: Any, a: Any) -> Any:
    """ln Gamma(x + a) - ln Gamma(x) for x > 0 and a >= 0, without the cancellation of the two where x is large."""
    top = x + _SHIFT
    low = sum(log1p(a / (x + i)) for i in range(_SHIFT))
    return (top - 0.5) * log1p(a / top) + a * (log(top + a) - 1) + _stirling(top + a) - _stirling(top) - low


def _stirling(x: Any) -> Any:
    """What ln Gamma(x) adds to (x - 1/2) ln x - x + ln(2 pi) / 2."""
    square, total = 1 / x**2, 0.0
    for each in reversed(_STIRLING):
        total = total * square + each
    return total / x


@dataclass(frozen=True)
class Coverage(Law):
    """c(k) = exp(a k^b)

    Brown et al. 2024, arXiv:2407.21787: the share of problems that one of k answers solves. a is the logarithm of what
    one answer solves and below 0, and so is b: the law says that in the end all problems are solved.
    """

    a: float = param(
        "1", "ln of what one answer covers, below 0", starts=(-3.0, -1.0, -0.3), domain=_ANY, scale="linear"
    )
    b: float = param("1", "how fast answers help, below 0", starts=(-0.7, -0.3, -0.1), domain=_ANY, scale="linear")

    inputs = ("attempts",)
    output = "coverage"
    output_unit = "1"
    paper = "brown2024"

    def __call__(self, attempts: Any) -> Any:
        """Coverage of k answers, 0 to 1."""
        return bounded_exp(self.a * bounded_exp(self.b * log(attempts)))


@dataclass(frozen=True)
class BetaCoverage(Law):
    """c(k) = 1 - E[(1 - p)^k] = 1 - B(a, b + k) / B(a, b), p ~ Beta(a, b)

    Schaeffer et al. 2025, arXiv:2502.17578: every problem has its own chance p of a right answer, and is failed by all
    of k answers with (1 - p)^k, an exponential. That the share failed by all falls as a power law is the work of the
    hardest problems: of the density of p near 0, as p^(a - 1).
    """

    a: float = param("1", "how few problems are nearly hopeless", starts=(0.1, 0.3, 1.0, 3.0))
    b: float = param("1", "how few problems are nearly sure", starts=(0.3, 1.0, 3.0, 30.0))

    inputs = ("attempts",)
    output = "coverage"
    output_unit = "1"
    paper = "schaeffer2025"

    def __call__(self, attempts: Any) -> Any:
        """Coverage of k answers, 0 to 1; k need not be whole."""
        return -expm1(minimum(self._ln_missed(attempts), 0.0))

    def missed(self, attempts: Any) -> Any:
        """E[(1 - p)^k]: the share of problems that k answers leave unsolved, to all digits where it is small."""
        return bounded_exp(minimum(self._ln_missed(attempts), 0.0))

    def _ln_missed(self, attempts: Any) -> Any:
        a, b = maximum(self.a, 1e-12), maximum(self.b, 1e-12)
        return _ln_rising(b, a) - _ln_rising(b + attempts, a)

    @property
    def tail_exponent(self) -> Any:
        """alpha of missed(k) -> tail_scale k^-alpha for large k: it is a."""
        return self.a

    @property
    def tail_scale(self) -> Any:
        """Gamma(a + b) / Gamma(b), of the same limit."""
        return bounded_exp(_ln_rising(self.b, self.a))

    @classmethod
    def from_counts(cls, samples: ArrayLike, correct: ArrayLike) -> Self:
        """a and b by the moments of p over problems, of each of which `correct` of `samples` answers were right.

        E[p] and E[p^2] are estimated without bias by the means of c / n and c (c - 1) / n (n - 1). Raises `BadInput`
        where these are of no Beta distribution: chances that differ no more than luck does, or too few answers.
        """
        n, c = np.broadcast_arrays(*(np.asarray(each, dtype=np.float64) for each in (samples, correct)))
        problems = []
        if not np.all(n >= 2):
            problems.append("Each problem needs two answers or more: one says nothing of how chances differ.")
        if not np.all((c >= 0) & (c <= n)):
            problems.append("The right answers of a problem are 0 to n.")
        if problems or n.size == 0:
            raise BadInput(problems or ["There are no problems to count answers of."])
        first, second = float(np.mean(c / n)), float(np.mean(c * (c - 1) / (n * (n - 1))))
        spread = second - first**2
        if not (0 < first < 1 and 0 < spread < first - first**2):
            raise BadInput(
                f"Over {n.size} problems the mean chance is {first:.4g} and its variance {spread:.4g}: of no Beta "
                "distribution. Draw more answers a problem, or add problems."
            )
        size = (first - second) / spread
        about = About(source=f"moments of {n.size} problems", tag="fitted", fitted={"attempts": (1.0, float(n.max()))})
        return cls(a=first * size, b=(1 - first) * size, about=about)


@dataclass(frozen=True)
class LogLinearAccuracy(Law):
    """Acc(m) = base + gain log10 m, held within 0 and 1

    How accuracy is drawn against compute at test time since OpenAI's o1 and s1: m is the compute of an answer over that
    of a plain one, so that m = 1 gives base. A line through the multipliers that were tried, and no more: it ends where
    `about.fitted` does, and certainly at 1.
    """

    base: float = param("1", "accuracy of a plain answer, m = 1", starts=(0.1, 0.3, 0.6, 0.9))
    gain: float = param("1", "what ten times the compute adds", starts=(0.03, 0.1), domain=_ANY, scale="linear")

    inputs = ("multiplier",)
    output = "accuracy"
    output_unit = "1"

    def __call__(self, multiplier: Any) -> Any:
        """Acc at m times the compute of a plain answer."""
        return minimum(maximum(self.base + self.gain * log(multiplier) / np.log(10), 0.0), 1.0)


BROWN_2024_SWE_BENCH = Coverage(**constants("BROWN_2024_SWE_BENCH"))
