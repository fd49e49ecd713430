"""The 27 published loss curves of Luo et al. 2025 with their exact schedules, and the metrics the paper judges by."""

from pathlib import Path

import numpy as np

from isoflop.laws.history import curve
from isoflop.laws.law import Law
from isoflop.laws.multipower import LUO_2025_25M, LUO_2025_100M, LUO_2025_400M
from isoflop.laws.schedule import Floats, schedule
from isoflop.runs.curve import LossCurve

SIZES = (25, 100, 400)
WARMUP, PEAK, LAST = 2160, 3e-4, 3e-5
TRAIN = ("cosine_24000", "constant_24000", "wsdcon_9")
TEST = ("cosine_72000", "constant_72000", "wsd_20000_24000", "wsdld_20000_24000", "wsdcon_3", "wsdcon_18")
PUBLISHED = {25: LUO_2025_25M, 100: LUO_2025_100M, 400: LUO_2025_400M}

# Averages over the six test curves, from the authors' README: R2, MAE, RMSE, PredE, WorstE.
METRICS = {
    25: (0.9988, 0.00376, 0.00465, 0.00110, 0.00409),
    100: (0.9983, 0.00435, 0.00592, 0.00142, 0.00583),
    400: (0.9978, 0.00484, 0.00730, 0.00168, 0.00995),
}


def rates(name: str) -> Floats:
    """The learning rate of every step of a curve, by its name."""
    kind, *numbers = name.split("_")
    if kind == "wsdcon":
        return schedule(16000, PEAK, warmup=WARMUP, decay="at once", begin=8000, last=int(numbers[0]) * 1e-5)
    decay = {"cosine": "cosine", "constant": "none", "wsd": "exponential", "wsdld": "linear"}[kind]
    begin = int(numbers[0]) if len(numbers) > 1 else None
    return schedule(int(numbers[-1]), PEAK, warmup=WARMUP, decay=decay, begin=begin, last=LAST)


def curves(folder: Path, size: int, names: tuple[str, ...]) -> list[LossCurve]:
    """The curves of a size, in millions of parameters."""
    at = folder / "curves" / f"csv_{size}"
    return [LossCurve.from_csv(at / f"{name}.csv", learning_rates=rates(name)) for name in names]


def metrics(law: Law, held_out: list[LossCurve]) -> tuple[float, ...]:
    """R2, MAE, RMSE, mean and largest relative error, each the average over curves."""
    return judged([curve(law, each.learning_rates, each.steps) for each in held_out], held_out)


def judged(said: list[Floats], held_out: list[LossCurve]) -> tuple[float, ...]:
    """The same of any predicted losses."""
    rows = []
    for p, each in zip(said, held_out, strict=True):
        y = each.losses
        off = np.abs(y - p)
        r2 = 1 - np.sum(off**2) / np.sum((y - y.mean()) ** 2)
        rows.append((r2, off.mean(), np.sqrt(np.mean(off**2)), np.mean(off / y), np.max(off / y)))
    return tuple(float(value) for value in np.mean(rows, axis=0))
