"""Sections 10, 11 and 13, and rows 20 and 21 of the errata: accuracy, many answers, compute at test time."""

import math

from isoflop.estimates.interval import Interval
from isoflop.laws.downstream import LossAccuracy
from isoflop.laws.law import Law
from isoflop.laws.reinforcement import JONES_2021
from isoflop.laws.test_time import BROWN_2024_SWE_BENCH, LogLinearAccuracy, pass_at_k
from isoflop.plans.forecast import Forecast
from specified.row import Row

PLAIN = LogLinearAccuracy(base=0.8, gain=0.1)
FOUR_CHOICES = LossAccuracy(chance=0.25, top=1.0, k=3.0, L_mid=2.0)


def accuracy(law: Law, at: float) -> float:
    """What a law says of accuracy."""
    return float(law(at))


def per_cent(law: Law, attempts: float) -> float:
    """Coverage of so many answers, in per cent."""
    return 100 * float(law(attempts))


def factors(samples: int, correct: int, k: int) -> float:
    """pass@k by its product, factor by factor."""
    return 1 - math.prod(1 - k / i for i in range(samples - correct + 1, samples + 1))


def decades(elo: float, log10_train: float, elo_before: float = 0.0, log10_before: float = 0.0) -> float:
    """log10 C_test of Jones's law over what it was before."""
    before = JONES_2021(elo_before, 10**log10_before)
    return math.log10(JONES_2021(elo, 10**log10_train) / before)


def compute_error(log_slope: float, miss: float = 0.01) -> float:
    """What a miss of so much of the loss is of the compute, in per cent, by a forecast that was scored."""
    loss = 2.5
    forecast = Forecast(
        flops=1e21,
        n_params=1,
        tokens=1,
        shape={},
        loss=Interval(loss, loss, loss),
        slope=-log_slope * loss,
        optimum_n_params=Interval(1, 1, 1),
        fitted_up_to=1e20,
        method="",
        study="",
    ).scored([("run", loss * (1 + miss), None)])
    assert forecast.compute_error is not None
    return 100 * forecast.compute_error


def from_the_logarithm(loss: float) -> float:
    """What circulates of MMLU: .9 - .2 ln(loss)."""
    return 0.9 - 0.2 * math.log(loss)


def by_half_more(base: float, multiplier: float) -> float:
    """What circulates of compute at test time: base (1 + .1 log1p(m) / log 2)."""
    return base * (1 + 0.1 * math.log1p(multiplier) / math.log(2))


_JONES = "log10 C_test of Jones 2021, "
_CIRCULATES = "what circulates, at "
ROWS = (
    Row("11", "pass@5 of 10 answers, 3 of them right", pass_at_k, (10, 3, 5), ".91667"),
    Row("11", "pass@5 of 10 answers, 3 of them right, by the product", factors, (10, 3, 5), ".91667"),
    Row("11", "SWE-bench Lite, 1 answer", per_cent, (BROWN_2024_SWE_BENCH, 1), "15.9"),
    Row("11", "SWE-bench Lite, 250 answers", per_cent, (BROWN_2024_SWE_BENCH, 250), "56"),
    Row("11", _JONES + "for a decade of training", decades, (0.0, 1.0), "-1.2"),
    Row("11", _JONES + "for one Elo", decades, (1.0, 0.0), ".004"),
    Row("11", _JONES + "at 0 Elo and a training of 1", lambda: math.log10(JONES_2021(0.0, 1.0)), (), "29"),
    Row("11", "accuracy at test time is its base at multiplier 1", accuracy, (PLAIN, 1), ".80"),
    Row("11", "accuracy at test time is clipped to 1", accuracy, (PLAIN, 1e4), "1"),
    Row("13", "1 % of loss is so many % of compute, log-slope .15", compute_error, (0.15,), "7"),
    Row("13", "1 % of loss is so many % of compute, log-slope .05", compute_error, (0.05,), "20"),
    Row("errata 20", "MMLU, " + _CIRCULATES + "loss 3", from_the_logarithm, (3.0,), ".680"),
    Row("errata 20", "MMLU, " + _CIRCULATES + "loss 2", from_the_logarithm, (2.0,), ".761"),
    Row("errata 20", "four choices, at a loss that knows nothing", accuracy, (FOUR_CHOICES, 10.8), ".25"),
    Row("errata 21", _CIRCULATES + "1x", by_half_more, (0.8, 1), ".88"),
    Row("errata 21", _CIRCULATES + "10x", by_half_more, (0.8, 10), "1.077"),
    Row("errata 21", _CIRCULATES + "100x", by_half_more, (0.8, 100), "1.333"),
)
