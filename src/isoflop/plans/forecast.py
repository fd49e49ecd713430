"""A forecast: what one run will lose, written and hashed before that run exists, scored afterwards, never rewritten."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from isoflop.errors import BadInput, StorageError
from isoflop.estimates.interval import Interval
from isoflop.runs.durable import write_durably

SCHEMA = 1
SCORED = ("measured", "runs", "relative_error", "compute_error", "inside")


@dataclass(frozen=True)
class Measured:
    """One run that a forecast was about: its id, its held-out loss with standard error (nats/token), inside or not."""

    run_id: str
    loss: float
    loss_se: float | None
    inside: bool


@dataclass(frozen=True)
class Forecast:
    """The loss of one new run of a given shape, before it is trained.

    flops (exact), n_params (matrices and head) and tokens are of the shape that will be trained; optimum_n_params
    is the continuous optimum apart. slope = dL/d ln C along the frontier: it turns an error of loss into compute.
    fitted_up_to is the largest budget that the laws had seen, method how the laws were made. sha256 is of all that was
    written before the run.
    """

    flops: float
    n_params: int
    tokens: int
    shape: Mapping[str, int]
    loss: Interval
    slope: float
    optimum_n_params: Interval
    fitted_up_to: float
    method: str
    study: str
    run_ids: tuple[str, ...] = ()
    written_at: str = ""
    sha256: str = ""
    runs: tuple[Measured, ...] = field(default=(), compare=False)

    def sealed(self) -> Self:
        """The same forecast with the time and the hash of its content."""
        dated = replace(self, written_at=datetime.now(UTC).isoformat(timespec="seconds"))
        return replace(dated, sha256=dated.content_hash())

    def content_hash(self) -> str:
        """SHA-256 of the canonical JSON of what was said before the run."""
        said = {name: value for name, value in self.to_json().items() if name not in {"sha256", *SCORED}}
        return hashlib.sha256(json.dumps(said, sort_keys=True, separators=(",", ":")).encode()).hexdigest()

    def scored(self, runs: Sequence[tuple[str, float, float | None]]) -> Self:
        """With (run id, loss, standard error) of the runs it was about."""
        return replace(self, runs=tuple(Measured(name, loss, se, loss in self.loss) for name, loss, se in runs))

    @property
    def measured(self) -> float | None:
        """Mean loss of the runs it was about."""
        return sum(run.loss for run in self.runs) / len(self.runs) if self.runs else None

    @property
    def relative_error(self) -> float | None:
        """measured / median - 1: positive where the run ended worse than forecast."""
        return None if self.measured is None else self.measured / self.loss.median - 1

    @property
    def compute_error(self) -> float | None:
        """(measured - median) / |dL/d ln C|: the miss as a share of the budget."""
        return None if self.measured is None else (self.measured - self.loss.median) / abs(self.slope)

    @property
    def inside(self) -> bool | None:
        """Whether every run it was about lies in the interval, which is for one new run."""
        return all(run.inside for run in self.runs) if self.runs else None

    def to_json(self) -> dict[str, Any]:
        """The content of forecast.json; what is not known yet is null."""
        return {
            "schema": SCHEMA,
            "study": self.study,
            "flops": self.flops,
            "n_params": self.n_params,
            "tokens": self.tokens,
            "shape": dict(self.shape),
            "run_ids": list(self.run_ids),
            "loss": self.loss.to_json(),
            "slope": self.slope,
            "optimum": {"n_params": self.optimum_n_params.to_json()},
            "fitted_up_to": self.fitted_up_to,
            "method": self.method,
            "written_at": self.written_at,
            "sha256": self.sha256,
            "measured": self.measured,
            "runs": [asdict(run) for run in self.runs],
            "relative_error": self.relative_error,
            "compute_error": self.compute_error,
            "inside": self.inside,
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`. Raises `BadInput` where it is no whole forecast, or was changed after its seal."""
        try:
            forecast = cls(
                flops=values["flops"],
                n_params=values["n_params"],
                tokens=values["tokens"],
                shape=dict(values["shape"]),
                loss=Interval.from_json(values["loss"]),
                slope=values["slope"],
                optimum_n_params=Interval.from_json(values["optimum"]["n_params"]),
                fitted_up_to=values["fitted_up_to"],
                method=values["method"],
                study=values["study"],
                run_ids=tuple(values["run_ids"]),
                written_at=values["written_at"],
                sha256=values["sha256"],
                runs=tuple(Measured(**run) for run in values["runs"]),
            )
        except (KeyError, TypeError) as error:
            raise BadInput(f"This is no forecast: {error}.") from error
        if forecast.content_hash() != forecast.sha256:
            raise BadInput(
                f"The forecast written at {forecast.written_at} no longer has its hash {forecast.sha256[:12]}…: it was "
                "changed after it was made. A forecast is never rewritten; restore the file or start in a new folder."
            )
        return forecast

    def write(self, path: Path) -> None:
        """Write it durably. A forecast that is there already may be scored, but never replaced by another."""
        if path.exists() and (there := read_forecast(path)) and there.sha256 != self.sha256:
            raise BadInput(
                f"{path} holds another forecast, written at {there.written_at}; forecasts are never rewritten. "
                "Run the changed study with another --out."
            )
        write_durably(path, (json.dumps(self.to_json(), indent=2) + "\n").encode())


def read_forecast(path: Path) -> Forecast | None:
    """The forecast written at path, None where there is none. Raises `BadInput` if it is broken or was changed."""
    try:
        return Forecast.from_json(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StorageError(f"{path} could not be read: {error.strerror}.") from error
    except ValueError as error:
        raise BadInput(f"{path} is not JSON: {error}.") from error
    except BadInput as bad:
        raise BadInput([f"{path}: {problem}" for problem in bad.problems]) from None
