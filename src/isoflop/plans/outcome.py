"""What a study came to, whole or as far as it got: what the page, the JSON and the terminal are made from."""

from dataclasses import dataclass
from typing import Any

from isoflop.designs.kept import Kept
from isoflop.designs.study import Study
from isoflop.plans.forecast import Forecast
from isoflop.runs.record import Record, Status
from isoflop.runs.run import Run
from isoflop.runs.table import Table


@dataclass(frozen=True)
class Ladder:
    """What became of the ladder: its records and the pilot's, runs that have no record yet, and why it ends there."""

    records: tuple[Record, ...] = ()
    pilot: tuple[Record, ...] = ()
    missing: tuple[Run, ...] = ()
    why: str = ""

    @property
    def table(self) -> Table:
        """The ladder's runs, without the pilot's."""
        return Table.from_records(self.records)


@dataclass(frozen=True)
class Outcome:
    """All that a study came to.

    fit is None, and forecast too, where the ladder is unfinished or has no result; why says so.
    """

    kept: Kept
    ladder: Ladder
    check: tuple[Record, ...] = ()
    fit: Any = None  # fits.ladder.LadderFit, which brings JAX, so it is not imported where values live
    forecast: Forecast | None = None
    rung_forecasts: tuple[tuple[float, Forecast], ...] = ()
    why: str = ""

    @property
    def study(self) -> Study:
        """The study."""
        return self.kept.study

    @property
    def records(self) -> tuple[Record, ...]:
        """Every record: ladder, pilot, check."""
        return self.ladder.records + self.ladder.pilot + self.check

    def ended(self, status: Status) -> tuple[Record, ...]:
        """The records that ended so."""
        return tuple(record for record in self.records if record.status is status)
