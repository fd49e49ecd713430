"""Findings of a ladder whose law is known: a planted Chinchilla law with seeded noise, for the tests of the report."""

import math
from dataclasses import replace
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isoflop.estimates.interval import Interval
from isoflop.reports.findings import (
    Band,
    CheckFact,
    ConstantFact,
    ExclusionFact,
    Findings,
    FitFact,
    ForecastFact,
    MinimumFact,
    PilotFact,
    ResidualFact,
    RunFact,
    Series,
)

E, ALPHA, BETA = 0.40, 0.22, 0.30
A, B = 0.75 * 111e3**ALPHA, 0.55 * 7.5e6**BETA
BUDGETS = (1e10, 2.5e10, 7e10, 2e11, 5e11)
SEEDS = (3, 3, 2, 1, 1)
CHECK = 5e12
Line = NDArray[np.float64]
SLOPE = ALPHA * BETA / (ALPHA + BETA)
START = math.log(199)


def planted_loss(n_params: float, tokens: float) -> float:
    """L(N, D) = E + A / N^alpha + B / D^beta, Hoffmann et al. 2022, eq. 2."""
    return float(E + A / n_params**ALPHA + B / tokens**BETA)


def planted_size(flops: float) -> float:
    """N_opt(C) of the planted law with C = 6 N D."""
    return float((ALPHA * A / (BETA * B)) ** (1 / (ALPHA + BETA)) * (flops / 6) ** (BETA / (ALPHA + BETA)))


def planted_best(flops: float) -> float:
    """L(C) of the planted law."""
    n = planted_size(flops)
    return planted_loss(n, flops / 6 / n)


def interval(median: float, low: float, high: float, of: str = "mean") -> Interval:
    return Interval(median, low, high, 0.9, of)


def learning_curve(tokens: float, final: float, rng: np.random.Generator) -> Series:
    seen = np.geomspace(tokens / 400, tokens, 200)
    fall = (START - final) * (1 - np.log(seen / seen[0]) / math.log(400)) ** 2.2
    wobble = np.convolve(rng.normal(0, 0.03, 209), np.ones(10) / 10, mode="valid")
    loss = np.minimum(START + 0.02, final + fall + wobble)
    return Series(tuple(map(float, seen)), tuple(map(float, loss)))


def ladder(rng: np.random.Generator) -> list[RunFact]:
    runs = []
    for budget, seeds in zip(BUDGETS, SEEDS, strict=True):
        for size in np.geomspace(0.27, 3.7, 5):
            n = planted_size(budget) * float(size)
            tokens = budget / 6 / n
            for seed in range(seeds):
                loss = planted_loss(n, tokens) + float(rng.normal(0, 0.02 * (budget / 1e10) ** -0.15))
                runs.append(
                    RunFact(
                        run_id="".join(rng.choice(list("0123456789abcdef"), 16)),
                        role="ladder",
                        status="done",
                        budget=budget,
                        flops=budget * float(rng.uniform(0.995, 1.005)),
                        n_params=round(n),
                        tokens=round(tokens),
                        steps=350,
                        n_layers=2,
                        width=8 * max(1, round(n**0.5 / 40)),
                        init_seed=seed,
                        data_seed=100 + seed,
                        loss=loss,
                        loss_se=0.006,
                        bits_per_byte=loss / math.log(2),
                        seconds=1.5 + budget / 2.5e10,
                        peak_lr=0.01,
                        curve=learning_curve(tokens, loss, rng),
                    )
                )
    return runs


def changed(run: RunFact, **values: Any) -> RunFact:
    return replace(run, **values)


def forecast_of(flops: float, seen: float, measured: float, rng: np.random.Generator) -> ForecastFact:
    median = measured * (1 + float(rng.normal(0, 0.006)))
    width = 0.011 * median * (1 + math.log10(flops / seen))
    n = planted_size(flops)
    return ForecastFact(
        flops=flops,
        n_params=round(n),
        tokens=round(flops / 6 / n),
        loss=interval(median, median - width, median + width, "new run"),
        fitted_up_to=seen,
        law="L(C) = E + k C^-a",
        measured=measured,
        relative_error=measured / median - 1,
        compute_error=(measured - median) / (SLOPE * (measured - E)),
        inside=abs(measured - median) <= width,
    )


def band(flops: Line, middle: Line, spread: Line, of: str) -> Band:
    low, high = middle * np.exp(-spread), middle * np.exp(spread)
    return Band(_line(flops), _line(middle), _line(low), _line(high), 0.9, of)


def _line(values: Line) -> tuple[float, ...]:
    return tuple(map(float, values))


@cache
def planted_findings() -> Findings:
    """Five budgets of five sizes, one run diverged, one excluded; forecast 1.70, measured 1.71."""
    rng = np.random.default_rng(2)
    runs = ladder(rng)
    runs[14] = changed(runs[14], status="diverged", loss=None, bits_per_byte=None, loss_se=None, curve=Series(),
                       note="the loss was not finite at step 112 of 350")  # fmt: skip
    runs[37] = changed(runs[37], loss=float(runs[37].loss or 0) + 0.17)
    check_n = 111_000
    check = changed(
        runs[-1], run_id="c4ec0123456789ab", role="check", budget=CHECK, flops=CHECK, n_params=check_n, width=64,
        tokens=round(CHECK / 6 / check_n), steps=3660, loss=1.71, loss_se=0.005, bits_per_byte=1.71 / math.log(2),
        seconds=141.0, curve=learning_curve(CHECK / 6 / check_n, 1.70, rng),
    )  # fmt: skip
    minima = []
    for budget, seeds in zip(BUDGETS, SEEDS, strict=True):
        n = planted_size(budget) * float(np.exp(rng.normal(0, 0.06)))
        best = planted_best(budget) + float(rng.normal(0, 0.005))
        sizes = np.geomspace(planted_size(budget) * 0.25, planted_size(budget) * 4, 40)
        minima.append(
            MinimumFact(
                budget=budget,
                status="ok",
                n_params=interval(n, n * 0.84, n * 1.2),
                tokens=interval(budget / 6 / n, budget / 6 / n / 1.2, budget / 6 / n / 0.84),
                loss=interval(best, best - 0.013, best + 0.013),
                parabola=Series(
                    tuple(map(float, sizes)), tuple(float(best + 0.062 * np.log(s / n) ** 2) for s in sizes)
                ),
                seed_noise=0.02 if seeds > 1 else None,
            )
        )
    flops = np.geomspace(BUDGETS[0], CHECK, 60)
    reach = 0.005 + 0.0078 * np.log10(np.maximum(1, flops / BUDGETS[-2]))
    law = np.array([planted_best(c) for c in flops]) * (1.70 / planted_best(CHECK))
    kept = [run for run in runs if run.loss is not None and run is not runs[37]]
    return Findings(
        name="quickstart",
        loss_unit="nats/byte",
        corpus="vital-wiki: 25,915 documents, 11.7 MB, 5 % held out by document",
        tokenizer="bytes, 199 in use",
        runs=(*runs, check),
        minima=tuple(minima),
        loss_band=band(flops, law, reach, "new run"),
        size_band=band(
            flops, np.array([planted_size(c) for c in flops]), 0.06 + 0.05 * np.abs(np.log10(flops / 7e10)), "mean"
        ),
        size_exponent=interval(0.5771, 0.531, 0.6214),
        forecast=ForecastFact(
            flops=CHECK, n_params=check_n, tokens=round(CHECK / 6 / check_n),
            loss=interval(1.70, 1.66, 1.74, "new run"), fitted_up_to=BUDGETS[-1], law="L(C) = E + k C^-a",
            written_at="2026-01-05T10:21:44Z", sha256="9f2c" * 16, measured=1.71, measured_se=0.005,
            relative_error=1.71 / 1.70 - 1, compute_error=0.01 / (SLOPE * (1.70 - E)), inside=True,
        ),
        rung_forecasts=tuple(
            forecast_of(c, seen, planted_best(c), rng) for seen, c in pairwise(BUDGETS[1:])
        ),
        fits=(
            FitFact(
                "Loss of size and data, L(N, D)", "L = E + A / N^alpha + B / D^beta", "parametric (approach 3)",
                "converged",
                (
                    ConstantFact("E", E, "nats/byte", "loss of an infinite model on infinite data",
                                 interval(E, 0.21, 0.55)),
                    ConstantFact("A", A, "nats/byte", "what a finite model costs, at N = 1", interval(A, 7.1, 13.9)),
                    ConstantFact("B", B, "nats/byte", "what finite data costs, at D = 1", interval(B, 39.0, 101.0)),
                    ConstantFact("alpha", ALPHA, "1", "how fast size helps", interval(ALPHA, 0.171, 0.262)),
                    ConstantFact("beta", BETA, "1", "how fast data helps", interval(BETA, 0.266, 0.337)),
                ),
                (
                    CheckFact("identifiability", "warn", "E and A trade off: the correlation of their draws is 0.97."),
                    CheckFact("influence", "ok", "No run moves alpha by more than 0.4 of its interval."),
                ),
                0.001018, 48, 1000,
            ),
            FitFact(
                "Best loss of compute, L(C)", "L = E + k C^-a", "minima (approach 2)", "converged",
                (
                    ConstantFact("E", E, "nats/byte", "loss at infinite compute", interval(E, 0.1, 0.72)),
                    ConstantFact("k", 45.2, "nats/byte", "reducible loss at C = 1", interval(45.2, 30.3, 67.0)),
                    ConstantFact("a", SLOPE, "1", "how fast compute helps", interval(SLOPE, 0.109, 0.146)),
                ),
                (CheckFact("curvature", "ok", "All five parabolas open upward and hold their minimum."),),
                0.00021, 5, 1000,
            ),
        ),
        residuals=tuple(
            ResidualFact(
                run.run_id, run.budget, run.n_params, run.tokens, planted_loss(run.n_params, run.tokens),
                float(run.loss or 0), fitted=run is not check,
            )
            for run in (*kept, check)
        ),
        pilot=tuple(
            PilotFact(cell, factor, loss * (1 + 0.004 * math.log2(factor / best) ** 2))
            for cell, best, loss in (("3,000 parameters, 10¹⁰", 1.2, 2.83), ("33,000 parameters, 5 × 10¹¹", 0.9, 2.07))
            for factor in (0.25, 0.5, 1.0, 2.0, 4.0)
        ),
        exclusions=(
            ExclusionFact(runs[14].run_id, "diverged: the loss was not finite at step 112 of 350"),
            ExclusionFact(runs[37].run_id, "0.17 nats above its siblings, 8 standard deviations of the seed noise"),
        ),
        checks=(CheckFact("undertuning", "ok", "Both pilot cells are within 0.5 % of their best learning rate."),),
        seed_noise=0.0183,
        study_toml='name = "quickstart"\nseed = 0\n\n[corpus]\nname = "vital-wiki"\nheld_out = 0.05\n',
        versions={"isoflop": "0.1.0", "python": "3.11.9", "jax": "0.10.2", "numpy": "2.4.6", "cpu": "2 cores"},
        command="isoflop run studies/quickstart.toml --out runs/quickstart",
        citation="Text: the encyclopaedia's leads, CC BY-SA 4.0.",
        written_at="2026-01-05T10:25:10Z",
    )  # fmt: skip
