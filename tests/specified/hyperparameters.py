"""Sections 4, 7 and 8: learning rate, batch, weight decay, schedules."""

from isoflop.laws.batch import BI_2024_BATCH, LI_2025_BATCH, PORIAN_2024_BATCH
from isoflop.laws.deepseek import BI_2024_SCALE, BI_2024_TOKENS
from isoflop.laws.learning_rate import BI_2024_RATE, BJORCK_2024, LI_2025_RATE, PORIAN_2024_RATE, LearningRate
from isoflop.laws.multipower import LUO_2025_25M, LUO_2025_100M, LUO_2025_400M
from specified.row import Row


def product(flops: float) -> float:
    """M_opt D_opt as a share of C."""
    return float(BI_2024_SCALE(flops) * BI_2024_TOKENS(flops) / flops)


LUO = {
    "25M": (LUO_2025_25M, ("3.040", ".525", ".508", "363.788", "2.066", ".583", ".641")),
    "100M": (LUO_2025_100M, ("2.651", ".601", ".453", "437.946", "2.132", ".598", ".655")),
    "400M": (LUO_2025_400M, ("2.375", ".654", ".429", "523.425", "2.025", ".594", ".635")),
}

ROWS = (
    Row("4", "Porian's rate at 1e8", PORIAN_2024_RATE, (1e8,), "4.9e-3"),
    Row("4", "Porian's batch at 1e8, tokens", PORIAN_2024_BATCH, (1e8,), "3.2e5"),
    Row("7", "DeepSeek's rate at 1e21", BI_2024_RATE, (1e21,), "7.39e-4"),
    Row("7", "DeepSeek's batch at 1e21, tokens", BI_2024_BATCH, (1e21,), "2.16e6"),
    Row("7", "DeepSeek's M_opt D_opt / C", product, (1e21,), "1.0001"),
    Row("7", "Step Law's rate at 1e9 and 1e11", LI_2025_RATE, (1e9, 1e11), "1.63e-3"),
    Row("7", "Step Law's batch at 1e11, tokens", LI_2025_BATCH, (1e11,), "1.11e6"),
    Row(
        "7",
        "the rate that Bjorck's circulating prefactor gives at 1e9 and 1e11 from plain counts",
        LearningRate(1.3192e-5, BJORCK_2024.a, BJORCK_2024.b),
        (1e9, 1e11),
        "3e-11",
    ),
    *(
        Row("8", f"the multi-power law's {name} at {size}", getattr, (law, name), value)
        for size, (law, values) in LUO.items()
        for name, value in zip(("L_0", "A", "alpha", "B", "C", "beta", "gamma"), values, strict=True)
    ),
)
