"""Resampling: each refit at its own optimum, dependence of rows respected, spreads as the truth has them, refusals."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import linprog, minimize

from isoflop.errors import BadInput
from isoflop.estimates.ensemble import Ensemble
from isoflop.estimates.fit import Fit, Verdict
from isoflop.estimates.objective import LEAST_ABSOLUTE, SQUARES, UNDERTUNED
from isoflop.fits.parametric import fit
from isoflop.fits.problem import problem_of
from isoflop.fits.resample import bootstrap, counts, refits
from isoflop.fits.residuals import centre, flipped, redrawn
from isoflop.fits.solve import minimise
from isoflop.fits.tangent import search_point
from isoflop.fitting.analyse import fit_by
from isoflop.fitting.wanted import Wanted
from isoflop.laws.chinchilla import Chinchilla
from isoflop.runs.table import Table
from planted_ladders import BYTES, ladder
from published_runs import Repetition, besiroglu, gemstones, muennighoff

Reference = Callable[[str], Path]
Floats = NDArray[np.float64]
DELTA = 1e-3


@pytest.fixture(scope="module")
def huber(reference: Reference) -> Fit:
    return fit(Chinchilla, besiroglu(reference("besiroglu2024")), check=False)


@pytest.fixture(scope="module")
def absolute(reference: Reference) -> Fit:
    return fit(Chinchilla, besiroglu(reference("besiroglu2024")), objective=LEAST_ABSOLUTE, check=False)


@pytest.fixture(scope="module")
def planted() -> Fit:
    return fit(Chinchilla, ladder(), objective=SQUARES, check=False)


def spread(bag: Ensemble, name: str) -> float:
    return float(np.std(np.asarray(getattr(bag.stacked(), name))))


def residuals(table: Table, theta: Floats) -> tuple[Floats, Floats]:
    """Log residuals of L(N, D) and their derivatives (5, n) by ln E, ln A, ln B, alpha, beta, in NumPy alone."""
    e, a, b, alpha, beta = theta
    ln_n, ln_d = np.log(table.n_params), np.log(table.tokens)
    terms = np.exp(np.stack([np.full(len(table), e), a - alpha * ln_n, b - beta * ln_d]))
    said = terms.sum(axis=0)
    return np.log(said / table.loss), np.stack([*terms, -ln_n * terms[1], -ln_d * terms[2]]) / said


def polished(table: Table, weights: Floats, theta: Floats) -> float:
    """How much lower (relative) BFGS takes a Huber objective where its coordinates are round; begun three times."""
    J = residuals(table, theta)[1]
    sizes, axes = np.linalg.eigh((J * weights) @ J.T)
    axes = axes / np.sqrt(sizes)

    def objective(z: Any) -> tuple[float, Floats]:
        r, J = residuals(table, theta + axes @ z)
        size = np.abs(r)
        each = np.where(size < DELTA, r**2 / 2, DELTA * (size - DELTA / 2))
        return float(weights @ each), np.asarray(axes.T @ (J @ (weights * np.clip(r, -DELTA, DELTA))))

    here = objective(np.zeros(5))[0]
    z, lowest = np.zeros(5), here

    def relative(z: Any) -> tuple[float, Floats]:
        value, gradient = objective(z)
        return value / here, gradient / here

    for _ in range(3):
        found: Any = minimize(relative, z, jac=True, options={"gtol": 1e-13})
        z, lowest = found.x, min(lowest, objective(found.x)[0])
    return (here - lowest) / lowest


def test_each_refit_is_at_its_optimum(huber: Fit) -> None:
    """Within 1e-8 (relative) of where another optimiser takes it; 1e-14 was seen."""
    weights = counts(np.zeros(240), 50, np.random.default_rng(7))
    bag = refits(huber, huber.table, weights)
    assert bag.dropped == 0
    gaps = [polished(huber.table, w, search_point(law)) for w, law in zip(weights, bag.laws, strict=True)]
    assert max(gaps) < 1e-8


def test_refits_take_milliseconds(huber: Fit) -> None:
    """4,000 took 3.9 CPU-s, the target is 8: a quarter of them here in half as much again."""
    bootstrap(huber, draws=64)
    began = time.process_time()
    bag = bootstrap(huber, draws=1000, seed=1)
    assert time.process_time() - began < 3
    assert len(bag) == 1000
    assert bag.how == "case bootstrap of all rows"


def test_each_refit_of_absolute_deviations_is_an_optimum_of_a_linear_program(absolute: Fit) -> None:
    """No small step lowers the sum to first order: the simplex method of HiGHS finds none."""
    table = absolute.table
    weights = counts(np.zeros(240), 12, np.random.default_rng(8))
    bag = refits(absolute, table, weights)
    assert bag.dropped == 0
    for w, law in zip(weights, bag.laws, strict=True):
        r, J = residuals(table, search_point(law))
        scale = np.abs(J).max(axis=1)
        A = np.concatenate([J.T / scale, -np.eye(240), np.eye(240)], axis=1)
        small = [(-1e-4, 1e-4)] * 5 + [(0, None)] * 480
        lower = linprog(np.concatenate([np.zeros(5), w, w]), A_eq=A, b_eq=-r, bounds=small, method="highs").fun
        assert w @ np.abs(r) - lower < 1e-8 * (w @ np.abs(r))


def test_absolute_deviations_spread_as_huber_s_1e_3_and_cost_little_more(huber: Fit, absolute: Fit) -> None:
    began = time.process_time()
    bag = bootstrap(absolute, draws=300)
    assert time.process_time() - began < 4
    of_huber = bootstrap(huber, draws=300)
    for name in ("E", "alpha", "beta"):
        assert spread(bag, name) == pytest.approx(spread(of_huber, name), rel=0.15), name


@pytest.mark.parametrize(
    ("subset", "n_runs", "published"),
    [("hot", 22, (0.2929, 0.7129, 0.7623)), ("cool_end", 20, (0.3003, 0.5802, 0.7298))],
)
def test_checkpoints_of_gemstones_are_drawn_by_the_run(
    reference: Reference, subset: str, n_runs: int, published: tuple[float, ...]
) -> None:
    """McLeish et al. 2025: alpha, beta and ln E of the authors' fits, cut off after four digits.

    Intervals by run are wider than by checkpoint. What differs between runs (E, alpha, A) was three times as
    uncertain; beta is seen within runs, and was not.
    """
    table = gemstones(reference("gemstones2025"), subset)
    found = fit(Chinchilla, table, check=False)
    assert isinstance(found.law, Chinchilla)
    assert (found.law.alpha, found.law.beta, np.log(found.law.E)) == pytest.approx(published, abs=1e-4)
    by_run = bootstrap(found, draws=150)
    by_row = bootstrap(found, draws=150, kind="case")
    assert by_run.how == f"cluster bootstrap of {n_runs} runs (rows with one run_id)"
    assert not by_run.checks
    assert [check.verdict for check in by_row.checks] == [Verdict.WARN]
    assert f"{len(table)} rows of {n_runs} runs were drawn as if" in by_row.checks[0].message
    for name in ("E", "alpha"):
        assert spread(by_run, name) > 1.5 * spread(by_row, name), name
    assert by_run.interval(lambda law: law(7e9, 1e12)).high > by_row.interval(lambda law: law(7e9, 1e12)).high


def test_a_run_thrice_in_the_table_is_drawn_as_one(planted: Fit) -> None:
    """Three equal rows a run: clusters of them give the bootstrap of single rows, draw by draw."""
    plain = Table({name: planted.table[name] for name in ("n_params", "tokens", "loss")})
    thrice = {name: np.repeat(plain[name], 3) for name in plain.columns}
    tripled = Table({**thrice, "run_id": np.repeat([f"run {i:02}" for i in range(len(plain))], 3)})
    one, three = (
        bootstrap(fit(Chinchilla, each, objective=SQUARES, check=False), draws=40) for each in (plain, tripled)
    )
    assert three.values(lambda law: law.alpha) == pytest.approx(one.values(lambda law: law.alpha), rel=1e-5)


@pytest.fixture(scope="module")
def worlds(planted: Fit) -> tuple[list[Fit], dict[str, float]]:
    """Fits of six worlds of even noise, and the true spread of the constants over 200 worlds."""
    table = planted.table
    truth = np.asarray(BYTES(table.n_params, table.tokens))
    outputs = truth * np.exp(0.01 * np.random.default_rng(2).normal(size=(200, len(table))))
    inputs = {name: table[name] for name in ("n_params", "tokens")}
    found = [fit(Chinchilla, Table({**inputs, "loss": y}), objective=SQUARES, check=False) for y in outputs[:6]]
    problem = problem_of(Chinchilla, table, SQUARES)
    theta = minimise(problem, np.repeat(search_point(BYTES)[None], 200, axis=0), measured=outputs).theta
    names = [p.name for p in Chinchilla.params()]
    return found, {name: float(np.std(theta[:, i])) for i, name in enumerate(names)}


@pytest.mark.parametrize("kind", ["case", "residual", "wild"])
def test_every_kind_spreads_as_new_worlds_do(worlds: tuple[list[Fit], dict[str, float]], kind: str) -> None:
    """Even normal noise, where all are right: in the middle of six worlds within a fifth of the spread over worlds."""
    found, true = worlds
    bags = [bootstrap(each, draws=150, kind=kind) for each in found]
    for name in ("alpha", "beta"):
        assert np.mean([spread(bag, name) for bag in bags]) == pytest.approx(true[name], rel=0.2), name


def test_residuals_are_centred_as_the_objective_has_it(planted: Fit) -> None:
    skewed = np.random.default_rng(0).exponential(size=501)
    for objective, expected in ((SQUARES, np.mean(skewed)), (LEAST_ABSOLUTE, np.median(skewed))):
        problem = problem_of(Chinchilla, planted.table, objective)
        assert centre(problem, skewed) == pytest.approx(expected, rel=1e-6)


def test_redrawn_outputs_keep_each_run_s_own_noise(planted: Fit) -> None:
    """A run of weight 1/9 gets residuals three times as large; flipped signs keep each residual's size."""
    weights = np.where(np.arange(len(planted.table)) % 2, 1.0, 1 / 9)
    problem = problem_of(Chinchilla, planted.table, SQUARES, weights)
    theta = search_point(planted.law)
    moved = np.log(redrawn(problem, theta, 4000, np.random.default_rng(0)) / problem.fitted(theta)).std(axis=0)
    assert moved[::2].mean() / moved[1::2].mean() == pytest.approx(3, rel=0.02)
    pairs = np.repeat(np.arange(len(weights)), 2)[: len(weights)]
    signs = np.log(flipped(problem, theta, pairs, 50, np.random.default_rng(0)) / problem.fitted(theta))
    assert np.abs(signs).std(axis=0).max() < 1e-12
    agree = np.sign(signs[:, :-1:2] * signs[:, 1::2])
    assert (agree == agree[0]).all()  # two rows of a cluster always turn together
    assert 0.3 < np.mean(signs > 0) < 0.7


def test_budgets_with_one_run_each_are_drawn_together(planted: Fit) -> None:
    table = Table({**planted.table.columns, "budget": planted.table.flops * (1 + 1e-6 * np.arange(len(planted.table)))})
    found = fit(Chinchilla, table, objective=SQUARES, check=False)
    assert spread(bootstrap(found, draws=60), "alpha") == pytest.approx(
        spread(bootstrap(planted, draws=60), "alpha"), rel=0.5
    )


def test_any_column_may_say_what_is_one_cluster(planted: Fit) -> None:
    few = bootstrap(planted, draws=60, kind="wild", cluster="budget")
    assert few.how == "wild bootstrap of 5 runs (rows with one budget)"
    with_seeds = bootstrap(planted, draws=60, cluster="n_params")
    assert with_seeds.how.startswith("cluster bootstrap of 25 runs")
    assert "within each budget" in with_seeds.how


def test_where_the_objective_has_several_optima_draws_are_looked_for_in_all(reference: Reference) -> None:
    """Muennighoff et al. 2023: R_D* of 95, 47, 15 and 161 are all optima; draws end in the lowest of theirs."""
    found = fit(Repetition, muennighoff(reference("muennighoff2023")), check=False)
    draws = 30
    bag = bootstrap(found, draws=draws)
    (doubt,) = bag.checks
    assert doubt.verdict is Verdict.WARN
    assert "optima at least" in doubt.message
    interval = bag.interval(lambda law: law.R_D)
    assert interval.low < 20
    assert interval.high > 300
    problem = problem_of(Repetition, found.table)
    drawn = counts(np.zeros(len(found.table)), draws, np.random.default_rng(0))
    starts = np.log([(15.4, 5.3), (95.0, 1.7), (1e6, 0.74), (5.0, 5.0)])
    tried = minimise(problem, np.repeat(starts, draws, axis=0), np.tile(drawn, (len(starts), 1))).objective
    each = problem.objective.value(np.stack([problem.residuals(law) for law in bag.laws])[..., None])
    ended = np.sum(drawn * each, axis=1)
    assert (ended <= tried.reshape(len(starts), draws).min(axis=0) * (1 + 1e-3)).all()


def test_what_a_bootstrap_cannot_do_is_refused(planted: Fit, huber: Fit) -> None:
    with pytest.raises(BadInput, match="case, cluster, residual, wild; got 'jackknife'"):
        bootstrap(planted, kind="jackknife")
    with pytest.raises(BadInput, match="cannot be exchanged"):
        bootstrap(planted, kind="residual", cluster="budget")
    leaning = fit(Chinchilla, planted.table, objective=UNDERTUNED, check=False)
    with pytest.raises(BadInput, match="leans"):
        bootstrap(leaning, kind="wild")
    with pytest.raises(BadInput, match="no column 'family'"):
        bootstrap(planted, cluster="family")
    with pytest.raises(BadInput, match="at least one draw"):
        bootstrap(huber, draws=0)


def test_the_seed_is_recorded_and_gives_the_same_draws(planted: Fit) -> None:
    for kind in ("residual", "wild"):
        one, again, other = (bootstrap(planted, draws=20, seed=seed, kind=kind) for seed in (5, 5, 6))
        assert one == again
        assert one != other
        assert one.seed == 5


def test_a_fit_s_intervals_tell_their_doubts() -> None:
    table = ladder()
    twice = Table({**table.columns, "run_id": [f"{i % 4}" for i in range(len(table))]})
    found = fit_by(Chinchilla, twice, Wanted(SQUARES, draws=40))
    assert found.draws == 40
    assert any("4 clusters are too few" in check.message for check in found.doubts)
