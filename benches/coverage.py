"""Planted worlds: how often 90 % intervals of best size, data and loss at 100x the largest compute hold the truth.

    python benches/coverage.py --worlds 1000 --draws 200 --seed 0

The procedure is `choose` with its defaults, the same in every world. Beside it the percentile bootstrap of Chinchilla's
fit alone, as it is usually done. Widths and scores are of logarithms: 0.1 is 10 %; the interval score of Gneiting and
Raftery 2007, eq. 43, is the width plus 20 times what the truth lies outside, and the smaller the better.
"""

import argparse
import json
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from worlds import AHEAD, DIVERGED, KINDS, Floats, World, world

from isoflop.errors import IsoflopError
from isoflop.fits.choice import LAWS, choose
from isoflop.fits.forward import sample_of, starts_of
from isoflop.fits.optima import Middle, optima
from isoflop.fits.problem import problem_of
from isoflop.fits.resample import counts
from isoflop.fits.swarm import descend, law_at
from isoflop.laws.chinchilla import Chinchilla

LEVEL = 0.9
TARGETS = {"chinchilla": (0.87, 0.93), "diverged": (0.82, 1.0)}
MISDESCRIBED = (0.80, 1.0)
NAIVE = 100  # worlds of a kind that the bootstrap of one law is tried on too
ROUND = 100  # worlds of each kind between two writings of the results
QUANTITIES = ("n_params", "tokens", "loss")
RESULTS = Path(__file__).parent / "results" / "coverage.json"


@dataclass(frozen=True)
class Tried:
    """ln low, ln high and ln truth of each quantity (3,), and the weights of laws."""

    low: Floats
    high: Floats
    truth: Floats


def tried(found: Floats, planted: World) -> Tried:
    """From low and high (2, 3) of N, D, L in logarithms."""
    return Tried(found[0], found[1], np.log([planted.n_params, planted.tokens, planted.loss]))


def by_choice(planted: World, draws: int, seed: int) -> Floats:
    """The package's default: (2, 3); endless where it gives no answer, which counts as a miss."""
    try:
        outlook = choose(LAWS, planted.table, draws=draws, seed=seed).at(AHEAD * planted.flops, LEVEL)
    except IsoflopError:
        return np.full((2, 3), np.nan)
    found = (outlook.n_params, outlook.tokens, outlook.loss)
    return np.log([[each.low for each in found], [each.high for each in found]])


def by_bootstrap(planted: World, draws: int, seed: int) -> Floats:
    """Cases drawn within budgets, Chinchilla refitted by Huber's 1e-3, percentiles: (2, 3)."""
    problem = problem_of(Chinchilla, planted.table)
    sample, delta = sample_of(problem), problem.objective.delta
    theta, value = descend(Chinchilla, starts_of(problem, 16), sample, delta=delta)
    weights = counts(planted.table["budget"], draws, np.random.default_rng(seed))
    start = np.repeat(theta[[np.argmin(value)]], draws, axis=0)
    refits, _ = descend(Chinchilla, start, sample.weighing(weights), delta=delta)
    ln_c = np.log(planted.flops * AHEAD)
    middle = Middle(0.5 * (ln_c - np.log(120)), 0.5, ln_c, ln_c)
    found = optima([law_at(Chinchilla, each) for each in refits], planted.flops * AHEAD, middle)
    tail = (1 - LEVEL) / 2
    return np.asarray(np.nanquantile(found, [tail, 1 - tail], axis=0))


def summary(runs: list[Tried]) -> dict[str, dict[str, float]]:
    """Coverage with its standard error, median width, and mean interval score, by quantity."""
    low, high, truth = (np.stack([getattr(each, name) for each in runs]) for name in ("low", "high", "truth"))
    answered = np.isfinite(low) & np.isfinite(high)
    inside = answered & (truth >= low) & (truth <= high)
    miss = np.maximum(low - truth, 0) + np.maximum(truth - high, 0)
    score = np.where(answered, high - low + 2 / (1 - LEVEL) * miss, np.nan)
    found = {}
    for i, name in enumerate(QUANTITIES):
        p = float(inside[:, i].mean())
        found[name] = {
            "coverage": p,
            "standard_error": float(np.sqrt(p * (1 - p) / len(runs))),
            "width": float(np.nanmedian((high - low)[:, i])),
            "score": float(np.nanmean(score[:, i])),
        }
    return found | {"answered": {"share": float(answered.all(1).mean())}}


@dataclass
class Measured:
    """All that was tried in worlds of one kind so far."""

    kind: str
    chosen: list[Tried] = field(default_factory=list)
    naive: list[Tried] = field(default_factory=list)
    severity: list[float] = field(default_factory=list)
    seconds: Floats = field(default_factory=lambda: np.zeros(2))

    def more(self, until: int, draws: int, seed: int) -> None:
        """Go on up to so many worlds; each has its own seed, whatever was asked before."""
        for i in range(len(self.chosen), until):
            planted = world(self.kind, np.random.default_rng([seed, KINDS.index(self.kind), i]))
            began = time.process_time()
            self.chosen.append(tried(by_choice(planted, draws, i), planted))
            middle = time.process_time()
            if i < NAIVE:
                self.naive.append(tried(by_bootstrap(planted, draws, i), planted))
            self.severity.append(planted.severity)
            self.seconds += [middle - began, time.process_time() - middle]

    def row(self) -> dict[str, Any]:
        """Coverage, width and score against the target."""
        low, high = TARGETS.get(self.kind, MISDESCRIBED)
        found = summary(self.chosen)
        harder = np.asarray(self.severity) > np.median(self.severity)
        halves = {"milder half": ~harder, "harder half": harder} if harder.any() else {}
        return {
            "kind": self.kind,
            "worlds": len(self.chosen),
            "target": [low, high],
            "reached": {name: bool(low <= found[name]["coverage"] <= high) for name in QUANTITIES},
            "choice": found,
            "bootstrap": summary(self.naive),
            "by_severity": {
                name: summary([each for each, is_in in zip(self.chosen, half, strict=True) if is_in])
                for name, half in halves.items()
            },
            "cpu_seconds": dict(zip(("choice", "bootstrap"), self.seconds.round(1).tolist(), strict=True)),
        }


def table(rows: list[dict[str, Any]]) -> str:
    """Plain and aligned."""
    heads = f"{'N':>6}{'D':>7}{'L':>7}   {'width N':>8}{'width L':>9}   score N  score L"
    lines = [f"{'worlds':12}{'intervals':12}{'target':>9}   {heads}"]
    for row in rows:
        low, high = row["target"]
        target = f"{low:.0%}" + (f"-{high:.0%}" if high < 1 else "+")
        for name in ("choice", "bootstrap"):
            found: dict[str, dict[str, float]] = row[name]
            n, d, loss = (found[each] for each in QUANTITIES)
            lines.append(
                f"{row['kind'] if name == 'choice' else '':12}{name:12}{target if name == 'choice' else '':>9}   "
                f"{n['coverage']:6.1%}{d['coverage']:7.1%}{loss['coverage']:7.1%}   "
                f"{n['width']:8.3f}{loss['width']:9.4f}   {n['score']:7.3f}  {loss['score']:7.4f}"
            )
        for name, part in row["by_severity"].items():
            cover = "".join(f"{part[each]['coverage']:7.1%}" for each in QUANTITIES)
            lines.append(f"{'':12}  {name:19}   {cover}")
    return "\n".join(lines)


def main() -> None:
    """Print the table and write benches/results/coverage.json."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worlds", type=int, default=1000, help="of each kind (1000)")
    parser.add_argument("--draws", type=int, default=200, help="laws in a bag (200)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kinds", default=",".join(KINDS), help="some of " + ", ".join(KINDS))
    parser.add_argument("--out", type=Path, default=RESULTS)
    asked = parser.parse_args()
    kinds = [Measured(kind) for kind in asked.kinds.split(",")]
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    for until in [*range(ROUND, asked.worlds, ROUND), asked.worlds]:
        for each in kinds:
            each.more(until, asked.draws, asked.seed)
        rows = [each.row() for each in kinds]
        plain = {"worlds": until, "draws": asked.draws, "seed": asked.seed, "level": LEVEL, "kinds": rows}
        asked.out.write_text(json.dumps(plain, indent=1) + "\n", encoding="utf-8")
        print(f"{until} worlds of each kind after {time.process_time():.0f} CPU-s", file=sys.stderr, flush=True)
    print(table(rows))
    print(
        f"{asked.worlds} worlds each, the bootstrap in the first {NAIVE}; "
        f"{DIVERGED:.0%} of the runs diverged where said; {time.process_time():.0f} CPU-s"
    )


if __name__ == "__main__":
    main()
