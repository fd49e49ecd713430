"""How fast fits are, beside a plain SciPy L-BFGS-B loop in the same run: CPU seconds, after compilation.

    python benches/fit_speed.py                  # 240 published runs where they are, else as many planted ones

Peers are timed on a part of the work and scaled up, since the whole takes minutes; the table says so.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

# Small products on several threads cost CPU seconds and save no time, which would be unfair to SciPy's loop.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from scipy.optimize import minimize

from isoflop.estimates.fit import FitStatus
from isoflop.fits.parametric import fit, solve
from isoflop.fits.problem import Problem, problem_of
from isoflop.fits.resample import bootstrap, counts
from isoflop.fits.solve import minimise, screen
from isoflop.fits.starts import grid
from isoflop.fits.tangent import search_point
from isoflop.laws.chinchilla import BESIROGLU_2024_HUBER, Chinchilla
from isoflop.runs.table import Table

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = Path(os.environ.get("ISOFLOP_REFERENCE", ROOT.parent / "shared" / "reference"))
POLISHED = 64  # of Hoffmann's 4,500 starts: the best, after all were looked at
DRAWS = 4000
PEER_STARTS, PEER_REFITS = 45, 20


def runs() -> tuple[Table, str]:
    """The 240 runs of Besiroglu et al. 2024, or 240 planted ones."""
    published = REFERENCE / "besiroglu2024" / "svg_extracted_data.csv"
    if published.is_file():
        table = Table.from_csv(published, {"n_params": "Model Size", "flops": "Training FLOP"})
        return table.without_worst(5), "240 published runs (Besiroglu et al. 2024)"
    return planted(240), "240 planted runs: the published ones are not here"


def planted(n: int) -> Table:
    """Runs of a known law with noise of 0.5 %."""
    rng = np.random.default_rng(0)
    n_params, tokens = np.exp(rng.uniform(np.log(4e7), np.log(1.6e10), n)), np.exp(rng.uniform(20, 26.5, n))
    loss = BESIROGLU_2024_HUBER(n_params, tokens) * np.exp(rng.normal(0, 0.005, n))
    return Table({"n_params": n_params, "tokens": tokens, "loss": loss})


def cpu(work: Callable[[], Any]) -> tuple[float, Any]:
    """CPU seconds of this process, all threads, and what came out."""
    began = time.process_time()
    found = work()
    return time.process_time() - began, found


def peer(problem: Problem, start: Any, weights: Any) -> Any:
    """One fit as notebooks have it: SciPy's L-BFGS-B on a log-sum-exp, gradients by differences, tight tolerances."""
    ln_n, ln_d = (np.log(each) for each in problem.inputs)
    ln_loss, delta = problem.target, problem.objective.delta

    def objective(theta: Any) -> float:
        e, a, b, alpha, beta = theta
        terms = np.stack([np.full_like(ln_n, e), a - alpha * ln_n, b - beta * ln_d])
        top = terms.max(axis=0)
        r = np.abs(top + np.log(np.exp(terms - top).sum(axis=0)) - ln_loss)
        return float(weights @ np.where(r < delta, r**2 / 2, delta * (r - delta / 2)))

    with np.errstate(all="ignore"):
        options: Any = {"ftol": 1e-15, "gtol": 1e-10, "maxiter": 2000, "maxfun": 20000}
        return minimize(objective, start, method="L-BFGS-B", options=options)


def starts(problem: Problem) -> list[dict[str, Any]]:
    """Hoffmann's 4,500 starts to the certified optimum."""
    theta = grid(problem.form)

    def ours() -> Any:
        best = np.argsort(screen(problem, theta), kind="stable")[:POLISHED]
        return solve(problem, theta[best])

    ours()
    seconds, found = cpu(ours)
    rng = np.random.default_rng(0)
    some = theta[rng.choice(len(theta), PEER_STARTS, replace=False)]
    theirs, ended = cpu(lambda: [peer(problem, each, problem.weights).fun for each in some])
    reached = float(np.mean(np.asarray(ended) <= found.objective.min() * (1 + 1e-6)))
    return [
        {
            "what": f"{len(theta):,} starts to the optimum", "cpu_s": seconds, "target_cpu_s": 2.0,
            "peer_cpu_s": theirs * len(theta) / PEER_STARTS,
            "note": f"objective {found.objective.min():.12g}; of SciPy's {PEER_STARTS} starts {reached:.0%} reach it "
            f"(its time is theirs x {len(theta) / PEER_STARTS:.0f})",
        }
    ]  # fmt: skip


def refits(problem: Problem, table: Table) -> list[dict[str, Any]]:
    """4,000 bootstrap refits, and how far each is from where a longer search ends."""
    found = fit(Chinchilla, table, check=False)
    bootstrap(found, draws=64)
    seconds, bag = cpu(lambda: bootstrap(found, draws=DRAWS, seed=0))
    weights = counts(np.zeros(len(table)), DRAWS, np.random.default_rng(0))
    at = np.stack([search_point(law) for law in bag.laws])
    ours = np.asarray(
        [problem.objective.value(problem.residuals(law), w) for law, w in zip(bag.laws, weights, strict=True)]
    )
    again = minimise(problem, at + np.random.default_rng(1).normal(0, 1e-2, at.shape), weights)
    gap = float(np.max(ours / np.minimum(ours, again.objective) - 1))
    start = search_point(found.law)
    theirs, ended = cpu(lambda: [peer(problem, start, each).fun for each in weights[:PEER_REFITS]])
    missed = float(np.mean(np.asarray(ended) > ours[:PEER_REFITS] * (1 + 1e-8)))
    return [
        {
            "what": f"{DRAWS:,} bootstrap refits", "cpu_s": seconds, "target_cpu_s": 8.0,
            "peer_cpu_s": theirs * DRAWS / PEER_REFITS,
            "note": f"each within {gap:.1e} of its optimum; of SciPy's {PEER_REFITS} refits {missed:.0%} stop "
            f"more than 1e-8 above (its time is theirs x {DRAWS // PEER_REFITS})",
        }
    ]  # fmt: skip


def large() -> list[dict[str, Any]]:
    """100,000 runs: point fit, certificate and checks, in a process of its own for its memory."""
    done = subprocess.run([sys.executable, __file__, "--only-large"], capture_output=True, text=True, check=True)
    return [json.loads(done.stdout)]


def only_large() -> dict[str, Any]:
    """What `large` prints from its own process; compilations are counted."""
    table = planted(100_000)
    seconds, found = cpu(lambda: fit(Chinchilla, table))
    assert found.status is FitStatus.CONVERGED, found.checks
    gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return {
        "what": "100,000 runs, fit and checks", "cpu_s": seconds, "target_cpu_s": 10.0,
        "note": f"peak {gb:.2f} GB (target 2); compilation included",
    }  # fmt: skip


def cold(table: Table) -> list[dict[str, Any]]:
    """`isoflop fit` from the shell: a new process each time, compilations and byte code cached."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "runs.csv")
        table.to_csv(path)
        environment = os.environ | {"ISOFLOP_CACHE": folder}
        command = [sys.executable, "-m", "isoflop.cli", "fit", str(path), "--draws", "200"]
        walls = []
        for _ in range(4):
            began = time.monotonic()
            subprocess.run(command, env=environment, capture_output=True, check=True)
            walls.append(time.monotonic() - began)
    return [
        {
            "what": "isoflop fit, cold, 200 draws", "wall_s": float(np.median(walls[1:])), "target_wall_s": 4.0,
            "note": f"the first, with an empty cache: {walls[0]:.1f} s",
        }
    ]  # fmt: skip


def main() -> None:
    """Print the table, and write it where it is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="write the results as JSON")
    parser.add_argument("--only-large", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.only_large:
        print(json.dumps(only_large()))
        return
    table, about = runs()
    problem = problem_of(Chinchilla, table)
    rows = [*starts(problem), *refits(problem, table), *large(), *cold(table)]
    print(f"{about}; {os.cpu_count()} cores")
    for row in rows:
        kind = "cpu_s" if "cpu_s" in row else "wall_s"
        ratio = (
            f", SciPy's loop {row['peer_cpu_s']:.0f} s, {row['peer_cpu_s'] / row['cpu_s']:.0f} times as long"
            if "peer_cpu_s" in row
            else ""
        )
        print(
            f"{row['what']:32} {row[kind]:6.2f} {kind[:-2]} s (target {row['target_' + kind]:g}){ratio}; {row['note']}"
        )
    if arguments.out:
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        arguments.out.write_text(json.dumps({"runs": about, "cores": os.cpu_count(), "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
