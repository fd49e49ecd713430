"""L(N, S) from checkpoints: a planted law found again, early ones left out, runs counted rather than rows."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from isoflop.errors import BadInput
from isoflop.estimates.fit import Fit, FitStatus, Verdict
from isoflop.fits.checkpoints import fit_checkpoints, mid_schedule, without_early
from isoflop.laws.law import Law, param
from isoflop.runs.table import Table


@dataclass(frozen=True)
class SizeAndSteps(Law):
    """L(N, S) = E + A / N^alpha + B / S^beta: Kaplan et al. 2020, eq. 1.6, over a floor."""

    E: float = param("nats/token", "floor", starts=(0.5, 1.0, 2.0), linear=True)
    A: float = param("nats/token", "at N = 1", starts=(1e1, 1e2, 1e3), linear=True)
    B: float = param("nats/token", "at S = 1", starts=(1e1, 1e2, 1e3), linear=True)
    alpha: float = param("1", "of size", starts=(0.2, 0.5, 1.0), scale="linear")
    beta: float = param("1", "of steps", starts=(0.2, 0.5, 1.0), scale="linear")

    inputs = ("n_params", "steps")

    def __call__(self, n_params: Any, steps: Any) -> Any:
        return self.E + self.A / n_params**self.alpha + self.B / steps**self.beta


TRUTH = SizeAndSteps(E=1.8, A=400.0, B=60.0, alpha=0.35, beta=0.6)
SIZES = np.geomspace(1e6, 1e8, 6)
STEPS = np.linspace(500, 20000, 40)


def checkpoints(*, seed: int = 0, noise: float = 3e-3) -> Table:
    """Six runs of 40 checkpoints: noise of the run, which its checkpoints share, and a descent the law knows not."""
    rng = np.random.default_rng(seed)
    n, steps = np.repeat(SIZES, len(STEPS)), np.tile(STEPS, len(SIZES))
    own = np.repeat(rng.normal(size=len(SIZES)) * noise, len(STEPS)) + rng.normal(size=n.size) * noise / 10
    warming = np.where(steps < 2000, 0.3 * (2000 - steps) / 2000, 0.0)
    return Table(
        {
            "run_id": [f"run {i}" for i in np.repeat(np.arange(len(SIZES)), len(STEPS))],
            "n_params": n,
            "steps": steps,
            "tokens": steps * 2**19,
            "loss": TRUTH(n, steps) * np.exp(own) + warming,
        }
    )


@pytest.fixture(scope="module")
def found() -> Fit:
    return fit_checkpoints(SizeAndSteps, checkpoints(), check=False)


def test_a_planted_law_is_found_again_although_its_first_tenth_follows_another(found: Fit) -> None:
    assert found.status is FitStatus.CONVERGED, found.checks
    assert found.law(3e8, 5e4) == pytest.approx(TRUTH(3e8, 5e4), rel=5e-3)
    assert isinstance(found.law, SizeAndSteps)
    assert found.law.beta == pytest.approx(0.6, abs=0.06)


def test_with_the_first_tenth_it_is_not() -> None:
    law = fit_checkpoints(SizeAndSteps, checkpoints(), early=0.0, check=False).law
    assert isinstance(law, SizeAndSteps)
    assert abs(law.beta - 0.6) > 0.1


def test_exclusions_are_kept_with_their_reason(found: Fit) -> None:
    assert len(found.excluded) == 6 * 3
    assert {why for _, why in found.excluded} == {
        "among the first 10% of its run: warm-up and first descent (Choshen et al. 2024)"
    }
    assert without_early(checkpoints(), 0.0).excluded == ()


def test_checkpoints_of_one_run_are_said_to_be_worth_few(found: Fit) -> None:
    (check,) = (each for each in found.checks if each.name == "dependence")
    assert check.verdict is Verdict.OK
    assert "222 checkpoints of 6 runs" in check.message
    assert 6 <= int(check.message.split("about ")[1].split()[0]) < 222 / 2
    few = checkpoints().where(np.arange(240) < 120)
    assert "with fewer than 5 runs" in fit_checkpoints(SizeAndSteps, few, check=False).checks[-1].message


def test_losses_of_mid_schedule_are_told_by_the_rate_or_else_by_later_checkpoints() -> None:
    table = checkpoints()
    assert mid_schedule(table).sum() == 6 * 39
    rates = np.tile(np.where(STEPS < 15000, 1e-3, 1e-4), len(SIZES))
    decayed = Table({**table.columns, "learning_rate": rates})
    assert mid_schedule(decayed).tolist() == (rates == 1e-3).tolist()
    alone = Table({**table.columns, "run_id": [str(i) for i in range(240)]})
    assert not mid_schedule(alone).any()


def test_a_table_without_runs_or_steps_is_refused() -> None:
    columns = dict(checkpoints().columns)
    del columns["steps"], columns["run_id"]
    with pytest.raises(BadInput, match="run_id and steps is missing"):
        fit_checkpoints(SizeAndSteps, Table(columns))
