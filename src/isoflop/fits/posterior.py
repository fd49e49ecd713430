"""A posterior for few runs: robust likelihood, seed noise, weak priors on exponents only; by NUTS, in float64."""

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from isoflop.errors import BadInput, FitError, MissingExtra
from isoflop.estimates.check import Check, Verdict
from isoflop.estimates.ensemble import Ensemble
from isoflop.estimates.fit import Fit
from isoflop.fits.noise import seed_noise
from isoflop.fits.objective import Floats, double_precision
from isoflop.fits.priors import Coordinates, flat_terms, positive
from isoflop.fits.problem import problem_of
from isoflop.fits.resample import clusters
from isoflop.laws.law import Law
from isoflop.runs.table import Table

FEW = 60  # runs up to which a posterior is what one wants; with more, a bootstrap says the same sooner
MOST = 300
CHAINS, WARMUP = 4, 400
THINNED = 5  # one state in so many is kept: so it is nearly worth an independent draw
DEEPEST = 7  # doublings of a trajectory; in whitened coordinates three or four do
NOISE = 0.01, 1.5  # median of one run's relative noise and the spread of its logarithm, where no seeds tell it
MISFIT = 0.5  # the same spread where seeds do: a law that does not describe the runs shows as more noise
GOOD_RHAT, POOR_RHAT, ENOUGH, FEWEST = 1.02, 1.1, 200, 50  # of the chains: R-hat, and draws worth of independent ones


def posterior(found: Fit, table: Table | None = None, *, draws: int = 1000, seed: int = 0) -> Ensemble:
    """Laws drawn from p(constants | runs), with ln y_i = ln f(x_i) + s g_i t_nu.

    t is Student's, so that a bad run does not pull (Lange, Little and Taylor 1989), nu ~ Gamma(2, 0.1) (Juarez and
    Steel 2010). g is the relative noise of each run where seeds were repeated, and then ln s ~ N(0, 0.5); else 1 over
    the root of the fit's weights, and s is about 1 %, within a factor of 20. Priors of the law's constants are in
    fits/priors.py: exponents alone carry over between texts and tokenizers and have a weak one; E, A and B are flat.

    Four chains of NUTS (Hoffman and Gelman 2014), begun apart; the check "chains" has R-hat and the effective number of
    draws, and the noise found. For up to 60 runs or so: raises `BadInput` beyond 300, and `MissingExtra` without
    `numpyro`.
    """
    table = found.table if table is None else table
    if table is None or draws < CHAINS:
        raise BadInput(
            f"A posterior needs the table of a fit and {CHAINS} draws or more; got {draws} draws of {table}."
        )
    if len(table) > MOST:
        raise BadInput(
            f"A posterior is for few runs (up to {FEW} or so), and this table has {len(table)}: its priors would not "
            "matter and its chains take long. Use `bootstrap`."
        )
    form = type(found.law)
    problem = problem_of(form, table, weights=found.weights if table is found.table else None)
    try:
        noise = seed_noise(table) if {"budget", "flops"} <= table.columns.keys() else None
    except FitError:  # no cell has two runs
        noise = None
    if noise:
        relative = np.asarray([noise.at(c) / y for c, y in zip(table.flops, table.loss, strict=True)])
        level, spread = 0.0, MISFIT
    else:
        relative = 1 / np.sqrt(np.where(problem.weights > 0, problem.weights, np.inf))
        level, spread = float(np.log(NOISE[0])), NOISE[1]
    used = (problem.weights > 0) & (relative > 0)
    at = Coordinates.around(found.law, problem, np.where(used, relative, np.inf))
    padded = problem.pad(np.where(used, relative, 1.0)), problem.pad(used.astype(float), zero=True)
    data = (*at.arrays, problem.padded_inputs(), problem.pad(problem.target), *padded, level, spread)
    chain = -(-draws // CHAINS)
    u, diverged = _sample(form, chain, seed, data, len(at.centre))
    flat = u.reshape(-1, u.shape[-1])[:draws]
    laws = at.laws(found.law, flat)
    codes = clusters(table, "run_id")
    doubts = [_chains(u, at, diverged, np.exp(flat[:, -2] * spread + level) * float(np.median(relative[used])))]
    if int(codes.max()) + 1 < len(table):
        message = (
            f"{len(table)} rows of {int(codes.max()) + 1} runs are taken as independent: the intervals are too narrow"
        )
        doubts.append(Check("clusters", Verdict.WARN, f"{message}; use a cluster bootstrap"))
    how = f"posterior of {int(used.sum())} runs, noise {'from repeated seeds' if noise else 'estimated'}"
    return Ensemble(laws, seed=seed, dropped=len(flat) - len(laws), how=how, checks=tuple(doubts))


def log_density(form: type[Law], u: Any, data: Any) -> Any:
    """ln p(runs | u) + ln p(u), but for a constant; u are whitened coordinates, then ln s and ln nu, standardised."""
    centre, axes, prior_mean, precision, middle, inputs, target, relative, used, level, spread = data
    params, on_log, flat = form.params(), positive(form), flat_terms(form)
    k = len(params)
    place = centre + axes @ u[:k]
    log_s, log_nu = level + spread * u[k], jnp.log(10.0) + u[k + 1]
    constants: dict[str, Any] = {p.name: jnp.exp(place[i]) if on_log[i] else place[i] for i, p in enumerate(params)}

    nu, ln_s = jnp.exp(log_nu), log_s + jnp.log(relative)
    r = (jnp.log(form(**constants)(*inputs)) - target) * jnp.exp(-ln_s)
    gamma = jax.scipy.special.gammaln
    each = gamma((nu + 1) / 2) - gamma(nu / 2) - 0.5 * log_nu - ln_s - (nu + 1) / 2 * jnp.log1p(r**2 / nu)
    # The size of each linear term in the middle of the runs, in the output's unit, which its prior is flat in.
    whole = form(**constants)(*middle)
    sizes = [whole - form(**constants | {name: 0.0 * constants[name]})(*middle) for name in flat]
    of_flat = sum(jnp.sum(jnp.log(jnp.maximum(jnp.abs(size), 1e-300))) for size in sizes)
    of_exponents = -0.5 * jnp.sum(precision * (place - prior_mean) ** 2)
    of_noise = -0.5 * u[k] ** 2 + 2 * log_nu - 0.1 * nu  # the Jacobian of ln nu included
    found = jnp.sum(used * each) + of_flat + of_exponents + of_noise
    return jnp.where(jnp.isfinite(found), found, -1e10)


def _sample(form: type[Law], chain: int, seed: int, data: Any, k: int) -> tuple[Floats, int]:
    """(chains, draws, k + 2) whitened draws, and how many trajectories diverged."""
    key: Any = form
    sampler = _sampler(key, chain)
    begin = np.random.default_rng(seed).standard_normal((CHAINS, k + 2))
    begin[:, -1] *= 0.3
    with double_precision(), np.errstate(all="ignore"):
        u, diverged = sampler(jax.random.split(jax.random.PRNGKey(seed), CHAINS), begin, data)
        return np.asarray(u), int(np.sum(np.asarray(diverged)))


@functools.lru_cache(maxsize=8)
def _sampler(form: type[Law], chain: int) -> Any:
    """Chains side by side, compiled once for a form and tables of one padded size; MCMC of numpyro compiles each time.

    Raises `MissingExtra` without numpyro.
    """
    try:
        from numpyro.infer.hmc import hmc  # noqa: PLC0415  (an extra)
    except ImportError as error:
        raise MissingExtra("A posterior", "posterior") from error

    def potential(data: Any) -> Any:
        return lambda u: -log_density(form, u, data)

    begin, step = hmc(potential_fn_gen=potential, algo="NUTS")

    def one(key: Any, u: Any, data: Any) -> Any:
        options = {"target_accept_prob": 0.8, "max_tree_depth": DEEPEST, "trajectory_length": None, "dense_mass": True}
        state = begin(u, WARMUP, step_size=0.5, model_args=(data,), rng_key=key, **options)

        def further(state: Any, _: Any) -> Any:
            state = step(state, (data,))
            return state, state.diverging

        def kept(state: Any, _: Any) -> Any:
            state, diverged = jax.lax.scan(further, state, None, length=THINNED)
            return state, (state.z, jnp.any(diverged))

        state, (u, diverged) = jax.lax.scan(kept, state, None, length=WARMUP // THINNED + chain)
        return u[-chain:], diverged[-chain:]

    return jax.jit(jax.vmap(one, (0, 0, None)))


def _chains(u: Floats, at: Coordinates, diverged: int, noise: Floats) -> Check:
    """Whether the chains tell one story: the worst R-hat and the fewest effective draws of the constants."""
    from numpyro.diagnostics import effective_sample_size, split_gelman_rubin  # noqa: PLC0415

    k = len(at.centre)
    place = at.centre + u[..., :k] @ at.axes.T
    rhat, effective = float(np.max(split_gelman_rubin(place))), float(np.min(effective_sample_size(place)))
    low, median, high = np.quantile(noise, [0.05, 0.5, 0.95])
    message = f"R-hat {rhat:.3f} at the most, {effective:.0f} of {u.shape[0] * u.shape[1]} draws worth independent ones"
    message += f"; one run's noise, the scale of Student's t, {median:.2%} of its output ({low:.2%} to {high:.2%})"
    if diverged:
        message += f"; {diverged} trajectories diverged"
    poor = rhat > POOR_RHAT or effective < FEWEST
    good = rhat < GOOD_RHAT and effective >= ENOUGH and diverged <= 0.01 * u.shape[0] * u.shape[1]
    if not good:
        message += ": draw more, or doubt what the runs determine"
    return Check("chains", Verdict.FAIL if poor else Verdict.OK if good else Verdict.WARN, message)
