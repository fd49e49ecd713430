"""Appendix B of Kaplan et al. 2020: the closed forms against numeric optima, roots and derivatives."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isoflop.errors import BadInput
from isoflop.laws.kaplan import KAPLAN_2020_STEPS, KaplanSteps
from isoflop.laws.kaplan_batch import KAPLAN_2020_CRITICAL_BATCH, CriticalBatchOfLoss
from isoflop.laws.kaplan_efficient import ComputeEfficient
from isoflop.units import flops_of

EFFICIENT = ComputeEfficient(KAPLAN_2020_STEPS, KAPLAN_2020_CRITICAL_BATCH)
exponents = st.floats(0.05, 1.0)
frontiers = st.builds(
    lambda N_c, S_c, B_star, N, S, B: ComputeEfficient(KaplanSteps(N_c, S_c, N, S), CriticalBatchOfLoss(B_star, B)),
    st.floats(1e6, 1e14),
    st.floats(1e2, 1e5),
    st.floats(1e5, 1e9),
    exponents,
    exponents,
    exponents,
)


@given(frontiers, st.floats(1e-6, 1e6), st.floats(-10, 10))
def test_the_loss_of_a_size_and_compute_solves_its_equation(law: ComputeEfficient, pf_days: float, away: float) -> None:
    """B.3 is L(N, S_min) at S_min = C / (6 N B_crit(L)); B.15 is its inverse."""
    n = float(law.size_law(pf_days)) * float(np.exp(away))
    loss = law.loss(n, pf_days)
    steps = flops_of(pf_days) / (6 * n * law.critical(loss))
    assert law.steps(n, steps) == pytest.approx(loss, rel=1e-9)
    if loss > 1.0001 * law.steps.converged(n):
        assert law.compute(n, loss) == pytest.approx(pf_days, rel=1e-6)


@given(frontiers, st.floats(1e-6, 1e6))
def test_the_closed_forms_are_the_numeric_optimum(law: ComputeEfficient, pf_days: float) -> None:
    """B.5 to B.10 against the lowest of B.3 on a grid of sizes, within the width of its cells."""
    best = float(law.size_law(pf_days))
    grid = best * np.exp(np.linspace(-0.5, 0.5, 201))
    losses = law.loss(grid, pf_days)
    assert grid[np.argmin(losses)] == pytest.approx(best, rel=0.011)
    assert losses.min() == pytest.approx(law.loss_law(pf_days), rel=1e-9)
    assert law.loss(best, pf_days) == pytest.approx((1 + law.convergence_factor) * law.steps.converged(best))


@given(frontiers, st.floats(1e-6, 1e6))
def test_the_frontier_spends_its_compute(law: ComputeEfficient, pf_days: float) -> None:
    """6 N B S = C_min, and L(N(C), S(C)) = L(C)."""
    n, batch, steps = law.size_law(pf_days), law.batch_law(pf_days), law.steps_law(pf_days)
    assert 6 * n * batch * steps == pytest.approx(flops_of(pf_days))
    assert law.steps(n, steps) == pytest.approx(law.loss_law(pf_days))
    assert batch == pytest.approx(law.critical(law.loss_law(pf_days)))


@given(st.floats(0.3, 20), st.floats(1e-3, 1e3))
def test_another_size_costs_what_the_ratio_says(ratio: float, pf_days: float) -> None:
    """B.16 and B.17 against B.15 at equal loss."""
    best, loss = float(EFFICIENT.size_law(pf_days)), EFFICIENT.loss_law(pf_days)
    at = EFFICIENT.at_size(ratio)
    assert at.compute == pytest.approx(EFFICIENT.compute(ratio * best, loss) / pf_days, rel=1e-6)
    assert at.steps == pytest.approx(at.compute / ratio)
    assert at.compute >= 1 - 1e-12


def test_the_best_size_costs_nothing_more_and_one_too_small_is_never_enough() -> None:
    assert (EFFICIENT.at_size(1).compute, EFFICIENT.at_size(1).steps) == (1, 1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        costs = EFFICIENT.at_size(np.array([0.1, 0.999, 1.001]) * EFFICIENT.smallest_ratio).compute
    assert np.isinf(costs[:2]).all()
    assert np.isfinite(costs[2])
    assert np.isinf(EFFICIENT.compute(1e6, 1.0))


@given(frontiers, st.floats(0.01, 2))
def test_sizes_at_an_overhead_cost_it(law: ComputeEfficient, overhead: float) -> None:
    low, high = law.sizes_within(overhead)
    assert law.smallest_ratio < low < 1 < high
    assert law.at_size(low).compute == pytest.approx(1 + overhead, rel=1e-6)
    assert law.at_size(high).compute == pytest.approx(1 + overhead, rel=1e-6)


def test_an_overhead_of_nothing_is_refused() -> None:
    with pytest.raises(BadInput, match=r"overhead of 0"):
        EFFICIENT.sizes_within(0)


@given(st.floats(0.01, 1), st.floats(0.01, 1))
def test_stopping_elsewhere_costs_what_the_ratios_say(factor: float, other: float) -> None:
    """B.12 to B.14 against B.15: sizes whose converged loss is L / (1 + f)."""
    loss, converged = 2.5, KAPLAN_2020_STEPS.converged
    one, two = (converged.N_c * ((1 + f) / loss) ** (1 / converged.alpha_N) for f in (factor, other))
    ratios = EFFICIENT.to_convergence(factor, other)
    assert ratios.n_params == pytest.approx(one / two)
    assert ratios.compute == pytest.approx(EFFICIENT.compute(one, loss) / EFFICIENT.compute(two, loss))


def test_appendix_b_differentiates_through_its_solution() -> None:
    """At the best size the loss does not change with size; JAX agrees, and NumPy with JAX."""
    import jax

    with jax.enable_x64(True):
        best = float(EFFICIENT.size_law(1.0))
        value, slope = jax.value_and_grad(lambda n: EFFICIENT.loss(n, 1.0))(best)
        at_half = jax.grad(lambda n: EFFICIENT.loss(n, 1.0))(best / 2)
    assert float(value) == pytest.approx(EFFICIENT.loss(best, 1.0))
    assert abs(float(slope) * best) < 1e-9
    step = 1e-4 * best
    by_hand = (EFFICIENT.loss(best / 2 + step, 1.0) - EFFICIENT.loss(best / 2 - step, 1.0)) / (2 * step)
    assert float(at_half) == pytest.approx(by_hand, rel=1e-5)


def test_scalars_agree_with_arrays() -> None:
    n, c = np.geomspace(1e7, 1e10, 3)[:, None], np.geomspace(1e-2, 1e2, 4)
    grid = EFFICIENT.loss(n, c)
    assert grid.shape == (3, 4)
    assert grid[1, 2] == pytest.approx(EFFICIENT.loss(float(n[1, 0]), float(c[2])), rel=1e-14)
