"""What the checks of a fit cost: CPU seconds each, after compilation, and of a fit of 100,000 rows with its memory.

    python benches/check_speed.py

The 240 runs are published ones where they are, else planted ones.
"""

import os
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from isoflop.fits.checks import looked_into
from isoflop.fits.counting import counting
from isoflop.fits.fitted import Fitted
from isoflop.fits.identifiability import loose_constants
from isoflop.fits.influence import influence
from isoflop.fits.outliers import law_of_the_others
from isoflop.fits.parametric import fit
from isoflop.fits.problem import problem_of
from isoflop.fits.proposal import proposal
from isoflop.fits.repeats import seed_noise_explains
from isoflop.fits.suspects import suspects
from isoflop.fits.trends import trends
from isoflop.laws.chinchilla import BESIROGLU_2024_HUBER, Chinchilla
from isoflop.runs.table import Table

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = Path(os.environ.get("ISOFLOP_REFERENCE", ROOT.parent / "shared" / "reference"))
MANY = 100_000


def published() -> Table:
    """The 245 runs of Besiroglu et al. 2024, or as many planted ones."""
    path = REFERENCE / "besiroglu2024" / "svg_extracted_data.csv"
    if path.is_file():
        return Table.from_csv(path, {"n_params": "Model Size", "flops": "Training FLOP"})
    return planted(245)


def planted(n: int, diverged: float = 0.0) -> Table:
    """Runs of a known law with noise of 0.5 %; a share lies 10 % too high."""
    rng = np.random.default_rng(0)
    n_params, tokens = np.exp(rng.uniform(17.5, 23.5, n)), np.exp(rng.uniform(20, 26.5, n))
    loss = BESIROGLU_2024_HUBER(n_params, tokens) * np.exp(rng.normal(0, 0.005, n))
    return Table({"n_params": n_params, "tokens": tokens, "loss": loss * np.where(rng.random(n) < diverged, 1.1, 1.0)})


def cpu(work: Callable[[], Any]) -> tuple[float, Any]:
    """CPU seconds of this process, all threads, of the second time."""
    work()
    began = time.process_time()
    found = work()
    return time.process_time() - began, found


def of_few(table: Table) -> None:
    """A line a check."""
    law = fit(Chinchilla, table).law

    def fresh() -> Fitted:
        return Fitted(problem_of(Chinchilla, table), law, table)

    others = law_of_the_others(fresh())
    found = tuple(suspects(fresh(), others))
    parts: dict[str, Callable[[], Any]] = {
        "fit without checks": lambda: fit(Chinchilla, table, check=False),
        "all checks": lambda: looked_into(fresh()),
        "  law of the others": lambda: law_of_the_others(fresh()),
        "  suspects": lambda: tuple(suspects(fresh(), others)),
        "  proposal": lambda: proposal(fresh(), found),
        "  influence": lambda: influence(fresh()),
        "  loose constants": lambda: loose_constants(fresh()),
        "  trends": lambda: trends(fresh(), others.off),
        "  seed noise": lambda: seed_noise_explains(fresh(), others.off),
        "  counting": lambda: counting(fresh()),
    }
    for name, work in parts.items():
        print(f"  {name:24s}{cpu(work)[0]:8.3f} CPU-s")


def of_many() -> None:
    """A fit with certificate and checks of clean runs, and of runs of which one in twenty diverged."""
    for diverged in (0.0, 0.05):
        table = planted(MANY, diverged)
        seconds, found = cpu(lambda table=table: fit(Chinchilla, table))  # type: ignore[misc]
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        doubts = ", ".join(check.name for check in found.doubts) or "none"
        cost = f"{seconds:.1f} CPU-s (limit 10), {memory:.2f} GB at the most (limit 2)"
        print(f"  {diverged:.0%} diverged: {cost}, doubts: {doubts}")


def main() -> None:
    """The whole table."""
    table = published()
    for name, runs in (("without the 5 highest losses", table.without_worst(5)), ("all", table)):
        print(f"{len(runs)} runs, {name} (all checks: limit 1 CPU-s)")
        of_few(runs)
    print(f"{MANY:,} rows, fit with certificate and checks")
    of_many()


if __name__ == "__main__":
    main()
