"""Loss curves under a schedule."""

from collections.abc import Mapping

from isoflop.conventions import LossUnit
from isoflop.laws.constants.row import Published
from isoflop.laws.law import About

SETS: Mapping[str, Published] = {
    **{
        f"LUO_2025_{size}M": Published(
            "MultiPower",
            dict(zip(("L_0", "A", "alpha", "B", "C", "beta", "gamma"), values, strict=True)),
            About(
                loss=LossUnit.NATS_PER_TOKEN,
                text="not recorded",
                note=f"{size}e6 parameters, as the paper names the size; the loss is of training, smoothed; the rates "
                "have the warm-up among them, 2160 steps to 3e-4; fitted to a cosine, a constant and two steps",
                paper="luo2025",
                source="arXiv:2503.12811, code src/config.py (its README rounds)",
                tag="C",
                disputed="far from the optimum of their own objective: at 100e6 another set has 12 times less of it, "
                "and forecasts slightly worse",
                fitted={"lr_sum": (0.32, 6.9)},
            ),
        )
        for size, values in {
            25: (3.04045406, 0.52468604, 0.50786857, 363.78751622, 2.06560812, 0.58279013, 0.64142257),
            100: (2.6514477, 0.60115152, 0.45295811, 437.9464276, 2.13245612, 0.59785199, 0.65523644),
            400: (2.37474466, 0.65421216, 0.42878731, 523.42464371, 2.02462735, 0.59350493, 0.63472457),
        }.items()
    },
}
