"""How well six laws extrapolate 92 published learning curves: medians of the error beyond what they were fitted to.

    python benches/alabdulmohsin.py              # about 4 CPU-minutes; needs the published curves

Alabdulmohsin et al. 2022, arXiv:2209.06640: image classification (IC), translation (NMT), language models (LM) and
BIG-bench (BB). Each curve is fitted by least squares of logarithms up to a number of examples, and judged by the root
mean square of log residuals beyond it. Not the paper's table: there M3 and M4 end short of their optima, and M2 of some
curves at a local one.
"""

import csv
import os
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from isoflop.errors import FitError
from isoflop.estimates.fit import Fit, FitStatus
from isoflop.estimates.objective import SQUARES
from isoflop.fits.parametric import fit
from isoflop.laws.breaks import bnsl
from isoflop.laws.fixing import fixed
from isoflop.laws.law import Law
from isoflop.laws.learning_curves import M1, M2, M3, M4, M2Excess
from isoflop.runs.table import Table

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = Path(os.environ.get("ISOFLOP_REFERENCE", ROOT.parent / "shared" / "reference"))
FILES = ("benchmark.vision.csv", "benchmark.lang.csv")
FORMS: tuple[type[Law], ...] = (M1, M2, M2Excess, M3, M4, bnsl(1))
DOMAINS = ("IC", "NMT", "LM", "BB")


@dataclass(frozen=True)
class Curve:
    """One task and model: the losses to fit, and those to foresee."""

    domain: str
    seen: Table
    ahead: Table

    def error(self, law: Law) -> float:
        """Root mean square of the log residuals ahead; infinite where the law says no positive loss."""
        with np.errstate(all="ignore"):
            residuals = np.log(law(self.ahead["examples"])) - np.log(self.ahead.loss)
        return float(np.sqrt(np.mean(residuals**2))) if np.isfinite(residuals).all() else np.inf


def curves(folder: Path) -> Iterator[Curve]:
    """All curves, without the points that are there twice."""
    points: dict[tuple[str, str, str], dict[float, tuple[float, bool]]] = {}
    for name in FILES:
        with (folder / name).open(encoding="utf-8") as file:
            for row in csv.DictReader(file):
                curve = points.setdefault((row["Domain"], row["Task"], row["Model"]), {})
                curve.setdefault(float(row["Seen Examples"]), (float(row["Loss"]), row["Training"] == "1"))
    for (domain, _, _), found in points.items():
        columns = {"examples": list(found), "loss": [loss for loss, _ in found.values()], "ratio": [1.0] * len(found)}
        table = Table(columns, needed=("examples", "loss", "ratio"))
        seen = np.asarray([training for _, training in found.values()])
        yield Curve(domain, table.where(seen), table.where(~seen))


def fitted(form: type[Law], curve: Curve) -> Fit:
    """The law of a curve; of an error rate M4 has no more than 1 before any example, as in the paper."""
    found = fit(form, curve.seen, objective=SQUARES, check=False)
    if form is M4 and curve.domain == "IC" and found.law.constants["e0"] > 1:
        found = fit(fixed(M4, e0=1.0), curve.seen, objective=SQUARES, check=False)
    return found


def main() -> None:
    """Print the table of medians."""
    folder = REFERENCE / "alabdulmohsin2022"
    if not folder.is_dir():
        raise SystemExit("The published curves are not here: set ISOFLOP_REFERENCE to the folder that holds them.")
    every = list(curves(folder))
    counts = Counter(curve.domain for curve in every)
    heads = "".join(f"{f'{domain} ({counts[domain]})':>12}" for domain in DOMAINS)
    print(f"Median root mean square of log residuals beyond the fit, {len(every)} curves")
    print(f"{'law':<10}{f'all ({len(every)})':>12}{heads}{'converged':>12}{'CPU-s':>8}")
    for form in FORMS:
        began = time.process_time()
        errors, certified = [], 0
        for curve in every:
            try:
                found = fitted(form, curve)
            except FitError:  # no optimum in the law's domain, or fewer points than constants
                errors.append(np.inf)
                continue
            certified += found.status in {FitStatus.CONVERGED, FitStatus.AT_BOUND}
            errors.append(curve.error(M2(**found.law.constants) if form is M2Excess else found.law))
        medians = [np.median(errors)]
        medians += [
            np.median([e for e, curve in zip(errors, every, strict=True) if curve.domain == d]) for d in DOMAINS
        ]
        cells = "".join(f"{median:>12.5f}" for median in medians)
        print(f"{form.__name__:<10}{cells}{certified:>12}{time.process_time() - began:>8.0f}", flush=True)


if __name__ == "__main__":
    main()
