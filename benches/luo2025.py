"""Loss curves of Luo et al. 2025 foretold under six other schedules: published, and at certified optima of two laws.

    python benches/luo2025.py              # about 1 CPU-minute; needs the published curves

arXiv:2503.12811: three sizes; each law is fitted to three training curves, and judged by the average over six others.
The optimum of the paper's own law fits its training curves 2 to 13 times better than the published constants and
foretells 400M worse than the target; the law of Tissue et al. 2024, with fewer constants, reaches it for each size.
Which to believe is decided without the test curves, by leaving out each training curve in turn.
"""

import os
import time
from pathlib import Path

import luo_curves as luo
import numpy as np

from isoflop.estimates.fit import Fit
from isoflop.fits.curve_choice import judge_curves
from isoflop.fits.curve_draws import resample_curves
from isoflop.laws.history import curve
from isoflop.runs.curve import LossCurve

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = Path(os.environ.get("ISOFLOP_REFERENCE", ROOT.parent / "shared" / "reference"))
TARGET = 0.997
DRAWS = 40


def row(size: int, what: str, found: tuple[float, ...], note: str = "") -> None:
    """One line of the table: the five metrics, and whether R2 reaches the target."""
    r2, *errors = found
    cells = "".join(f"{value:>10.5f}" for value in errors)
    print(f"{size:>4}M  {what:<28}{r2:>9.5f}{cells}  {'' if r2 >= TARGET else 'MISSED '}{note}", flush=True)


def spread(fit: Fit, train: list[LossCurve], held_out: list[LossCurve]) -> str:
    """The middle 90 % of R2 over laws refitted to blocks of the training curves."""
    bag = resample_curves(fit, train, draws=DRAWS)
    low, high = np.quantile([luo.metrics(law, held_out)[0] for law in bag.laws], [0.05, 0.95])
    return f"R2 of {len(bag)} redrawn {low:.4f} to {high:.4f}"


def main() -> None:
    """Print the table."""
    folder = REFERENCE / "luo2025_multipower"
    if not folder.is_dir():
        print("The published curves are not here: set ISOFLOP_REFERENCE to the folder that holds them.")
        return
    print(f"{'size':>5}  {'law':<28}{'R2':>9}{'MAE':>10}{'RMSE':>10}{'PredE':>10}{'WorstE':>10}  target R2 {TARGET}")
    for size in luo.SIZES:
        train, held_out = (luo.curves(folder, size, names) for names in (luo.TRAIN, luo.TEST))
        row(size, "as published", luo.METRICS[size])
        began = time.process_time()
        exact = luo.metrics(luo.PUBLISHED[size], held_out)
        row(size, "published constants", exact, f"{time.process_time() - began:.1f} CPU-s for six curves")
        began = time.process_time()
        fits, bag = judge_curves(train)
        seconds = time.process_time() - began
        for fit, weight in zip(fits, bag.weights, strict=True):
            name = type(fit.law).__name__
            note = f"{fit.status}, objective {fit.objective:.4e}, weight {weight:.0%}; {spread(fit, train, held_out)}"
            row(size, f"{name} at its optimum", luo.metrics(fit.law, held_out), note)
            for check in fit.doubts:
                print(f"       {name} {check.verdict}: {check.message}")
        said = [
            bag.weights @ np.asarray([curve(law, each.learning_rates, each.steps) for law in bag.laws])
            for each in held_out
        ]
        row(size, "both in one bag", luo.judged(said, held_out), f"{seconds:.1f} CPU-s for both fits")


if __name__ == "__main__":
    main()
