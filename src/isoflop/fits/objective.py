"""The objective of a parametric fit, and its derivatives, compiled for a batch of candidates at once (JAX, float64)."""

import functools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from isoflop.estimates.objective import LOG
from isoflop.laws.law import Law, Param

Floats = NDArray[np.float64]

LN_LOW, LN_HIGH = -40.0, 80.0  # a constant on a log scale is looked for between e^-40 and e^80


@contextmanager
def double_precision() -> Iterator[None]:
    """float64 on the CPU inside, whatever the rest of the process trains with; never a process-wide switch."""
    with jax.enable_x64(True), jax.default_device(jax.devices("cpu")[0]):
        yield


def to_search(params: tuple[Param, ...], constants: Mapping[str, Any]) -> Floats:
    """Constants (p numbers, or p arrays) → the coordinates a fit searches in: logarithms of those on a log scale."""
    with np.errstate(divide="ignore"):
        raw = [np.log(constants[p.name]) if p.scale == "log" else constants[p.name] for p in params]
    lowest = [LN_LOW if p.scale == "log" else -np.inf for p in params]
    return np.asarray([np.maximum(each, low) for each, low in zip(raw, lowest, strict=True)], dtype=np.float64)


def from_search(params: tuple[Param, ...], theta: Floats) -> dict[str, Any]:
    """The inverse of `to_search`; the bottom of the range is 0."""
    found: dict[str, Any] = {}
    for p, t in zip(params, theta, strict=True):
        bottom = p.scale == "log" and t <= LN_LOW and p.domain[0] == 0
        found[p.name] = 0.0 if bottom else float(np.exp(t)) if p.scale == "log" else float(t)
    return found


def huber(residual: Any, delta: Any) -> Any:
    """r^2 / 2 up to delta, then delta (|r| - delta / 2)."""
    size = jnp.abs(residual)
    return jnp.where(size < delta, 0.5 * residual**2, delta * (size - 0.5 * delta))


def compiled(form: type[Law], scale: str = LOG) -> tuple[Callable[..., Any], Callable[..., Any], Callable[..., Any]]:
    """(values, derivatives, jacobian) of sum_i w_i lean_i Huber(r_i), r = ln f(x_i) - ln y_i, or f(x_i) - y_i.

    Hoffmann et al. 2022, sec. D.2. All take theta (batch, p), weights (batch, n), inputs (arrays with n rows), target
    (batch, n) which is ln y or y, and (delta, lean). `derivatives` gives the value, the gradient, the Hessian, the
    curvature G of the quadratic that touches the objective here and lies above its Huber part everywhere (weights
    min(1, delta/|r|) on the Gauss-Newton matrix), and the gradient's sum without signs. G is never indefinite and steps
    with it do not overshoot kinks; the Hessian makes the end fast.
    """
    key: Any = form
    return _compiled(key, scale)


@functools.lru_cache(maxsize=32)
def _compiled(form: type[Law], scale: str) -> tuple[Callable[..., Any], Callable[..., Any], Callable[..., Any]]:
    params = form.params()

    def residuals(theta: Any, inputs: Any, target: Any) -> Any:
        constants: dict[str, Any] = {
            p.name: jnp.exp(theta[i]) if p.scale == "log" else theta[i] for i, p in enumerate(params)
        }
        said = form(**constants)(*inputs)
        return (jnp.log(said) if scale == LOG else said) - target

    def value(theta: Any, weights: Any, inputs: Any, target: Any, shape: Any) -> Any:
        delta, lean = shape
        r = residuals(theta, inputs, target)
        return jnp.sum(weights * jnp.where(r < 0, lean, 1.0) * huber(r, delta))

    def derivatives(theta: Any, weights: Any, inputs: Any, target: Any, shape: Any) -> Any:
        delta, lean = shape
        r = residuals(theta, inputs, target)
        J = jax.jacfwd(residuals)(theta, inputs, target).T
        size = jnp.abs(r)
        weights = weights * jnp.where(r < 0, lean, 1.0)
        pull = weights * jnp.clip(r, -delta, delta)

        def pulled(at: Any) -> Any:
            return jnp.sum(pull * residuals(at, inputs, target))

        # Sums of products, not matrix products: the compiler fuses them, and compiles them in half the time.
        JJ = J[:, None] * J[None]
        bend = jax.jacfwd(jax.grad(pulled))(theta)
        hessian = jnp.sum(JJ * (weights * (size < delta)), -1) + bend
        touching = jnp.sum(JJ * (weights * jnp.minimum(1, delta / jnp.maximum(size, 1e-300))), -1)
        gross = jnp.sum(jnp.abs(J * pull), -1)
        return jnp.sum(weights * huber(r, delta)), jnp.sum(J * pull, -1), hessian, touching, gross

    over = (0, 0, None, 0, None)
    return (
        jax.jit(jax.vmap(value, over)),
        jax.jit(jax.vmap(derivatives, over)),
        jax.jit(jax.jacfwd(residuals)),
    )
