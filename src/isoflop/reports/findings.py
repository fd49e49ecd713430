"""What a report says, as plain frozen values: nothing here computes, draws or knows where the numbers came from.

Losses are in `Findings.loss_unit`, compute in FLOPs, sizes in parameters of `Findings.params_convention`, data in
tokens, time in seconds. A missing number is None, never zero. `Findings.to_json` holds it all.
"""

import dataclasses
import json
import math
from dataclasses import dataclass, field
from typing import Any

from isoflop.estimates.interval import Interval


@dataclass(frozen=True)
class Series:
    """One line of points, y against x, both of one length."""

    x: tuple[float, ...] = ()
    y: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if len(self.x) != len(self.y):
            raise ValueError(f"A series needs as many x as y; got {len(self.x)} x and {len(self.y)} y.")


@dataclass(frozen=True)
class Band:
    """A line with an interval around it: `median`, `low` and `high` at each of `flops` (FLOPs, rising)."""

    flops: tuple[float, ...]
    median: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    level: float = 0.9
    of: str = "mean"

    def __post_init__(self) -> None:
        lengths = [len(self.flops), len(self.median), len(self.low), len(self.high)]
        if len(set(lengths)) != 1:
            raise ValueError(f"A band needs flops, median, low and high of one length; got {lengths}.")

    def rows(self, name: str) -> list[dict[str, float]]:
        """A row a point, the median under `name`."""
        points = zip(self.flops, self.median, self.low, self.high, strict=True)
        return [{"flops": c, name: median, "low": low, "high": high} for c, median, low, high in points]


@dataclass(frozen=True)
class RunFact:
    """One run as the report shows it.

    `role` is "ladder", "check" or "pilot"; `status` is "done", "diverged", "failed" or "planned" (not yet trained).
    `loss` is held-out at the end of training; `curve` is training loss against tokens; `note` says why it went wrong.
    """

    run_id: str
    role: str
    status: str
    budget: float
    flops: float
    n_params: float
    tokens: float
    steps: int
    n_layers: int
    width: int
    init_seed: int
    data_seed: int
    loss: float | None = None
    loss_se: float | None = None
    bits_per_byte: float | None = None
    seconds: float | None = None
    peak_lr: float | None = None
    note: str = ""
    curve: Series = Series()


@dataclass(frozen=True)
class MinimumFact:
    """The best size of one budget: the bottom of the parabola through the seed-averaged losses (approach 2).

    `status` is "ok"; or "doubtful", when noise could have made it; or another word, when there is none: `reason` says
    why. `parabola` is loss against n_params; `seed_noise` the standard deviation between seeds (None if unknown).
    """

    budget: float
    status: str
    n_params: Interval | None = None
    tokens: Interval | None = None
    loss: Interval | None = None
    reason: str = ""
    parabola: Series = Series()
    seed_noise: float | None = None

    @property
    def usable(self) -> bool:
        """Whether there is a minimum to draw and to lay a law through."""
        return self.status in ("ok", "doubtful")


@dataclass(frozen=True)
class ForecastFact:
    """A loss forecast before its run, and how it came out.

    `relative_error` is measured / forecast median - 1: positive when the run ended worse than forecast.
    `compute_error` is that miss in compute, (measured - forecast) / |dL/d ln C|, as a fraction: 0.1 is a tenth of the
    budget. `fitted_up_to` is the largest budget (FLOPs) that the forecast had seen.
    """

    flops: float
    n_params: float | None
    tokens: float | None
    loss: Interval
    fitted_up_to: float
    law: str = ""
    written_at: str = ""
    sha256: str = ""
    measured: float | None = None
    measured_se: float | None = None
    relative_error: float | None = None
    compute_error: float | None = None
    inside: bool | None = None


@dataclass(frozen=True)
class CheckFact:
    """One check of a fit or of the ladder; `verdict` is "ok", "warn" or "fail"."""

    name: str
    verdict: str
    message: str


@dataclass(frozen=True)
class ConstantFact:
    """One fitted constant with its unit ("1" for a pure number), its meaning and, where drawn, its interval."""

    name: str
    value: float
    unit: str
    meaning: str = ""
    interval: Interval | None = None


@dataclass(frozen=True)
class FitFact:
    """One fitted law: `title` says what of what, `formula` is plain text, `status` "converged" or what went wrong."""

    title: str
    formula: str
    approach: str
    status: str
    constants: tuple[ConstantFact, ...]
    checks: tuple[CheckFact, ...] = ()
    objective: float | None = None
    n_runs: int | None = None
    draws: int | None = None


@dataclass(frozen=True)
class ResidualFact:
    """What a run measured against what the fitted L(N, D) says of it; `fitted` is False for a run the fit never saw."""

    run_id: str
    budget: float
    n_params: float
    tokens: float
    predicted: float
    measured: float
    fitted: bool = True


@dataclass(frozen=True)
class PilotFact:
    """One run of the learning-rate pilot: `factor` times the recipe's rate, in the cell called `cell`."""

    cell: str
    factor: float
    loss: float | None
    status: str = "done"


@dataclass(frozen=True)
class ExclusionFact:
    """A run left out of the fits, and why."""

    run_id: str
    why: str


@dataclass(frozen=True)
class Findings:
    """All that the page shows. Only `name` is needed: whatever is missing is left out, and the page says so."""

    name: str
    loss_unit: str = "nats/token"
    params_convention: str = "weight matrices and output head, no input embedding"
    flops_convention: str = "exact count of matrix multiplications, attention and head; forward and backward"
    corpus: str = ""
    tokenizer: str = ""
    runs: tuple[RunFact, ...] = ()
    minima: tuple[MinimumFact, ...] = ()
    loss_band: Band | None = None
    """L(C) from the lowest budget to the forecast's, for the mean or for a new run as its `of` says."""
    size_band: Band | None = None
    """N_opt(C), in parameters."""
    size_exponent: Interval | None = None
    """a of N_opt = k C^a."""
    forecast: ForecastFact | None = None
    rung_forecasts: tuple[ForecastFact, ...] = ()
    """What each rung would have forecast of the rung above it, lowest first."""
    fits: tuple[FitFact, ...] = ()
    residuals: tuple[ResidualFact, ...] = ()
    pilot: tuple[PilotFact, ...] = ()
    exclusions: tuple[ExclusionFact, ...] = ()
    checks: tuple[CheckFact, ...] = ()
    """Checks of the ladder, beside those that each fit carries; a reason for having no result goes here too."""
    seed_noise: float | None = None
    """Standard deviation of the loss between seeds, pooled over cells."""
    study_toml: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    """Software and machine, as name to version."""
    command: str = ""
    """What to type to resume or repeat this study."""
    citation: str = ""
    """How to cite the software and the text it was trained on, with its licence."""
    written_at: str = ""

    @property
    def budgets(self) -> tuple[float, ...]:
        """The budgets of the ladder in FLOPs, lowest first."""
        trained = {run.budget for run in self.runs if run.role == "ladder"}
        return tuple(sorted(trained | {minimum.budget for minimum in self.minima}))

    def to_json(self) -> str:
        """Every value of the report as JSON; a number that is not finite, as a diverged run's, is null."""
        return json.dumps(_finite(dataclasses.asdict(self)), allow_nan=False, ensure_ascii=False, indent=1)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
