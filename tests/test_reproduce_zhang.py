"""Zhang et al. 2024, arXiv:2410.21676: the critical batch from steps to a target loss."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from isoflop.estimates.fit import FitStatus
from isoflop.estimates.objective import RAW, SQUARES, Objective
from isoflop.fits.parametric import fit
from isoflop.laws import critical_batch
from isoflop.laws.critical_batch import ZHANG_2024_CRITICAL, ZHANG_2024_CRITICAL_LINEAR, CriticalBatch, StepsToTarget
from isoflop.laws.law import Law
from isoflop.runs.readers.read import read_table
from isoflop.runs.table import Table

CRITICAL = {"85M": 745.32, "151M": 955.16, "302M": 1393.73, "604M": 1888.52, "1.2B": 2533.41}  # sequences of 512 tokens


@pytest.fixture(scope="module")
def runs(reference: Callable[[str], Path]) -> Table:
    mapping = {"batch_sequences": "batch_size_seqs", "steps": "steps_used_in_fit"}
    path = reference("zhang2024_critical_batch") / "steps_to_target.csv"
    return read_table(path, mapping, needed=("batch_sequences", "steps"))


@pytest.fixture(scope="module")
def laws(runs: Table) -> dict[str, Law]:
    """ln Y = ln(a + b / B) by least squares, for each model."""
    found = {}
    for model in CRITICAL:
        each = fit(StepsToTarget, runs.where(runs["model"] == model), objective=SQUARES, check=False)
        assert each.status is FitStatus.CONVERGED, each.checks
        found[model] = each.law
    return found


@pytest.mark.parametrize("model", CRITICAL)
def test_steps_to_the_target_follow_the_published_constants(laws: dict[str, Law], model: str) -> None:
    """a and b to the six digits of the notebook."""
    published: StepsToTarget = getattr(critical_batch, f"ZHANG_2024_{model.replace('.', 'P')}")
    assert laws[model].constants == pytest.approx(published.constants, rel=5e-6)


@pytest.mark.parametrize("model", CRITICAL)
def test_the_critical_batch_is_the_published_one(laws: dict[str, Law], model: str) -> None:
    law = laws[model]
    assert isinstance(law, StepsToTarget)
    assert round(law.critical_batch(), 2) == CRITICAL[model]
    assert law.critical_batch() == pytest.approx(law.b / (5 * law.a) + 1.2 * 256)


def test_at_the_critical_batch_steps_exceed_linear_scaling_by_a_fifth(laws: dict[str, Law]) -> None:
    for law in laws.values():
        assert isinstance(law, StepsToTarget)
        batch = law.critical_batch()
        assert law(batch) / (law(256) * 256 / batch) == pytest.approx(1.2)
        assert 2.5 < law.b / law.a / batch < 4.5  # McCandlish et al. 2018 call this the critical batch


@pytest.mark.parametrize(
    ("objective", "published", "digits"),
    [
        (SQUARES, ZHANG_2024_CRITICAL, (93.196814, 0.468278)),
        (Objective(delta=float("inf"), scale=RAW), ZHANG_2024_CRITICAL_LINEAR, (99.505898, 0.457641)),
    ],
    ids=["of logarithms", "of batches"],
)
def test_it_grows_with_size_as_published(
    laws: dict[str, Law], objective: Objective, published: CriticalBatch, digits: tuple[float, float]
) -> None:
    """93.196814 N^.468278 with N in millions; 99.505898 N^.457641 by squares of batches."""
    sizes = np.asarray([85e6, 151e6, 302e6, 604e6, 1.2e9])
    batches = [law.critical_batch() for law in laws.values() if isinstance(law, StepsToTarget)]
    table = Table({"n_params": sizes, "batch_sequences": batches}, needed=("n_params", "batch_sequences"))
    law = fit(CriticalBatch, table, objective=objective, check=False).law
    assert isinstance(law, CriticalBatch)
    assert (law.k * 1e6**law.a, law.a) == pytest.approx(digits, rel=2e-6)
    assert published(sizes) == pytest.approx(law(sizes), rel=5e-6)
