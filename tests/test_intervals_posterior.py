"""A posterior for few runs: planted truths inside it, wider with fewer runs, its doubts told, its limits kept."""

import sys

import jax.numpy as jnp
import numpy as np
import pytest

from isoflop.allocations.allocate import allocate, allocate_all
from isoflop.errors import BadInput, MissingExtra
from isoflop.estimates.ensemble import Ensemble
from isoflop.estimates.fit import Fit, FitStatus, Verdict
from isoflop.estimates.objective import SQUARES
from isoflop.fits import posterior as module
from isoflop.fits.posterior import log_density, posterior
from isoflop.fits.priors import EXPONENT, flat_terms, positive
from isoflop.laws.chinchilla import Chinchilla
from isoflop.laws.power import BendingPowerLaw
from isoflop.runs.table import Table
from planted_ladders import BUDGETS, BYTES, ladder

AHEAD = 10 * BUDGETS[-1]
DRAWS = 300


def near(table: Table) -> Fit:
    """A fit that a posterior can begin at; where it begins does not matter."""
    return Fit(BYTES, "parametric", 0.0, FitStatus.CONVERGED, minimised=SQUARES, table=table)


def width(bag: Ensemble, name: str) -> float:
    interval = bag.intervals()[name]
    return interval.high - interval.low


@pytest.fixture(scope="module")
def posteriors() -> list[Ensemble]:
    pytest.importorskip("numpyro")
    return [posterior(near(ladder(seed=seed, seeds=(1,) * 5)), draws=DRAWS, seed=seed) for seed in range(6)]


def test_planted_truths_lie_inside(posteriors: list[Ensemble]) -> None:
    """25 runs each; 90 % intervals of alpha, beta and N_opt at ten times the compute: five of six worlds or more."""
    truth = {"alpha": BYTES.alpha, "beta": BYTES.beta, "n_params": allocate(BYTES, AHEAD).n_params}
    inside = dict.fromkeys(truth, 0)
    for bag in posteriors:
        intervals = bag.intervals()
        intervals["n_params"] = bag.interval(allocate_all(bag.stacked(), AHEAD).n_params)
        for name, value in truth.items():
            inside[name] += value in intervals[name]
    assert min(inside.values()) >= 5, inside


def test_its_chains_are_looked_at_and_its_noise_is_told(posteriors: list[Ensemble]) -> None:
    for seed, bag in enumerate(posteriors):
        assert (len(bag), bag.dropped, bag.seed) == (DRAWS, 0, seed)
        assert bag.how == "posterior of 25 runs, noise estimated"
        (chains,) = bag.checks
        assert chains.verdict is not Verdict.FAIL, chains
        assert "R-hat 1.0" in chains.message or "R-hat 0.99" in chains.message
        assert "one run's noise" in chains.message


def test_fewer_runs_are_less_certain() -> None:
    """Five sizes at five budgets, then the same at the lower three: the loss ahead is known half as well, or worse."""
    pytest.importorskip("numpyro")
    table = ladder(seed=7, seeds=(1,) * 5)
    some = table.where(table["budget"] < BUDGETS[2] * 1.01)
    all_, fewer = (posterior(near(each), draws=DRAWS) for each in (table, some))
    assert len(some) == 15
    for name in ("E", "beta"):
        assert width(fewer, name) > 1.3 * width(all_, name), name
    ahead = [bag.interval(allocate_all(bag.stacked(), AHEAD).loss) for bag in (all_, fewer)]
    assert np.ptp((ahead[1].low, ahead[1].high)) > 1.5 * np.ptp((ahead[0].low, ahead[0].high))


def test_a_bad_run_hardly_moves_it_and_repeated_seeds_are_used() -> None:
    pytest.importorskip("numpyro")
    table = ladder(seed=3)
    wild = np.array(table.loss)
    wild[-1] *= 1.5
    clean, robust = (
        posterior(near(Table({**table.columns, "loss": loss})), draws=DRAWS) for loss in (table.loss, wild)
    )
    assert clean.how == "posterior of 55 runs, noise from repeated seeds"
    medians = [bag.intervals()["alpha"].median for bag in (clean, robust)]
    assert abs(medians[1] - medians[0]) < width(clean, "alpha") / 2


def test_the_same_seed_gives_the_same_draws_and_the_process_stays_in_single_precision() -> None:
    pytest.importorskip("numpyro")
    found = near(ladder(seed=1, seeds=(1,) * 5))
    one, again, other = (posterior(found, draws=DRAWS, seed=seed) for seed in (1, 1, 2))
    assert one == again
    assert one != other
    assert jnp.ones(2).dtype == jnp.float32


def test_e_a_and_b_are_flat_and_exponents_have_a_weak_prior() -> None:
    """With no run that counts, the density is the priors alone: moved by units of A, it stays but for its own term."""
    table = ladder(seeds=(1,) * 5)
    assert flat_terms(Chinchilla) == ("E", "A", "B")
    assert positive(BendingPowerLaw) == (True, False, False)
    eye = np.eye(5)
    middle = (np.asarray(1e4), np.asarray(1e6))
    inputs = (table.n_params, table.tokens)
    mean = np.asarray([0, 0, 0, np.log(EXPONENT[0]), np.log(EXPONENT[0])])
    precision = np.asarray([0, 0, 0, 1, 1]) / EXPONENT[1] ** 2
    at = np.log([0.9, 20.0, 82.0, 0.35, 0.35])
    data = (at, eye, mean, precision, middle, inputs, np.log(table.loss), np.ones(25), np.zeros(25), 0.0, 1.0)

    def density(*moves: float) -> float:
        return float(log_density(Chinchilla, np.asarray([*moves, 0.0, 0.0]), data))

    here = density(0, 0, 0, 0, 0)
    # Flat in E itself, and in each term's size: in its logarithm the density grows by as much as the logarithm does.
    for place in range(3):
        moved = [0.0] * 5
        moved[place] = 0.7
        assert density(*moved) - here == pytest.approx(0.7, abs=1e-4)
    # One spread of ln alpha away, half a unit less, and the size of A's term moves with N in the middle as told.
    steeper = 0.35 * np.exp(EXPONENT[1])
    smaller = -(steeper - 0.35) * np.log(1e4)
    assert density(0, 0, 0, EXPONENT[1], 0) - here == pytest.approx(-0.5 + smaller, abs=1e-3)


def test_many_runs_are_sent_to_the_bootstrap() -> None:
    many = ladder(seeds=(20,) * 5)
    with pytest.raises(BadInput, match="this table has 500"):
        posterior(near(many))
    with pytest.raises(BadInput, match="draws or more"):
        posterior(near(ladder()), draws=1)


def test_without_numpyro_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numpyro.infer.hmc", None)
    module._sampler.cache_clear()
    with pytest.raises(MissingExtra, match=r"A posterior needs the extra `posterior`.*isoflop\[posterior\]"):
        posterior(near(ladder(seeds=(1,) * 5)), draws=DRAWS)
