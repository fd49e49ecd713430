"""How long commands that train nothing take: a new process each, byte code warm; and a plan by 1,000 laws.

python benches/command_speed.py
"""

import statistics
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np

from isoflop.conventions import Size
from isoflop.estimates.ensemble import Ensemble
from isoflop.laws.chinchilla import BESIROGLU_2024
from isoflop.laws.data_constrained import MUENNIGHOFF_2023, DataConstrained
from isoflop.plans.question import Question
from isoflop.plans.source import Source
from isoflop.plans.whole import whole_plan

TARGET = 0.5  # seconds
TARGET_BAG = 2.0
COMMANDS = {
    "laws": ("laws",),
    "laws chinchilla": ("laws", "chinchilla"),
    "predict": ("predict", "chinchilla", "--flops", "1e22"),
    "why": ("why", "kaplan-vs-chinchilla"),
    "plan --flops 1e22": ("plan", "--flops", "1e22"),
    "plan, unique tokens": ("plan", "--flops", "1e22", "--unique-tokens", "30e9"),
    "plan --compare": ("plan", "--flops", "1e22", "--compare"),
    "models": ("models",),
}
TIMES = 7


def seconds(command: tuple[str, ...]) -> float:
    """Wall seconds of a new process, the median of several after one that warms the byte code."""
    taken = []
    for _ in range(TIMES + 1):
        before = time.perf_counter()
        subprocess.run([sys.executable, "-m", "isoflop.cli", *command], check=True, capture_output=True)
        taken.append(time.perf_counter() - before)
    return statistics.median(taken[1:])


def bag(count: int) -> Ensemble:
    """Laws around Besiroglu's, their constants spread as far as a good fit leaves them open."""
    random = np.random.default_rng(0)
    spread = random.normal(0, (0.2, 0.3, 0.03, 0.03), (count, 4))
    names = ("A", "B", "alpha", "beta")
    return Ensemble(
        tuple(
            replace(
                BESIROGLU_2024,
                **{name: getattr(BESIROGLU_2024, name) * np.exp(x) for name, x in zip(names, row, strict=True)},
            )
            for row in spread
        )
    )


def repeated(laws: Ensemble) -> Ensemble:
    """The same with Muennighoff's worth of repetitions."""
    stars = {name: MUENNIGHOFF_2023.constants[name] for name in ("R_D_star", "R_N_star")}
    return replace(laws, laws=tuple(DataConstrained(**law.constants, **stars, about=law.about) for law in laws.laws))


def main() -> None:
    """Print a table; the exit code says whether every target was met."""
    late = False
    for name, command in COMMANDS.items():
        took = seconds(command)
        late |= took > TARGET
        print(f"{name:<22} {took:6.3f} s   target {TARGET} s{'   MISSED' if took > TARGET else ''}")
    laws, repeating = bag(1000), repeated(bag(1000))
    for name, (question, by) in {
        "1,000 laws, FLOPs": (Question(flops=1e22), laws),
        "1,000 laws, a loss": (Question(loss=2.2), laws),
        "1,000 laws, serving": (Question(loss=2.2, inference_tokens=1e13), laws),
        "1,000 laws, repeats": (Question(flops=1e22, unique_tokens=30e9), repeating),
        "1,000 laws, all": (
            Question(loss=2.3, unique_tokens=3e11, inference_tokens=1e13, output_tokens=2e12),
            repeating,
        ),
    }.items():
        before = time.process_time()
        whole_plan(question, Source("planted", by, Size.TOTAL))
        took = time.process_time() - before
        late |= took > TARGET_BAG
        print(f"{name:<22} {took:6.3f} s   target {TARGET_BAG} s{'   MISSED' if took > TARGET_BAG else ''}")
    sys.exit(late)


if __name__ == "__main__":
    main()
