"""Functions for formulas: NumPy or JAX, whichever came in, so that one formula predicts, plots and can be fitted."""

import sys
from types import ModuleType
from typing import Any

import numpy as np


def _library(*values: Any) -> ModuleType:
    """jax.numpy if any value is a JAX array or a traced one, else NumPy. Never imports JAX: it is there then."""
    if any(type(value).__module__.partition(".")[0] in {"jax", "jaxlib"} for value in values):
        return sys.modules["jax.numpy"]
    return np


def is_concrete(value: Any) -> bool:
    """True of plain numbers and NumPy values, False of JAX arrays and traced values: only the former are validated."""
    return isinstance(value, (int, float, np.generic, np.ndarray))


def floats(value: Any) -> Any:
    """Whole numbers as floats, since 6 N D overflows 64-bit integers; everything else as it came."""
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, (list, tuple)) or (isinstance(value, np.ndarray) and value.dtype.kind in "iu"):
        return np.asarray(value, dtype=np.float64)
    return value


def exp(x: Any) -> Any:
    """e^x."""
    return _library(x).exp(x)


LARGE = 300.0
"""An exponent past which a number stands for none that was measured: e^300 is 2e130, and twice that still a number."""
TINY = 1e-300


def bounded_exp(x: Any) -> Any:
    """e^x with x held within ±LARGE, so that no constants a fit tries overflow."""
    library = _library(x)
    return library.exp(library.clip(x, -LARGE, LARGE))


def expm1(x: Any) -> Any:
    """e^x - 1, exact for small x."""
    return _library(x).expm1(x)


def log(x: Any) -> Any:
    """ln x."""
    return _library(x).log(x)


def log1p(x: Any) -> Any:
    """ln(1 + x), exact for small x."""
    return _library(x).log1p(x)


def log_of(x: Any) -> Any:
    """ln x, of what may have run to 0 in a fit: never below ln TINY."""
    return log(maximum(x, TINY))


def without_slope(x: Any) -> Any:
    """x, which no derivative looks into: for iterations whose last step alone carries the slope."""
    library = _library(x)
    return x if library is np else sys.modules["jax"].lax.stop_gradient(x)


def softplus(x: Any) -> Any:
    """ln(1 + e^x) without overflow."""
    return _library(x).logaddexp(0.0, x)


def sqrt(x: Any) -> Any:
    """The square root."""
    return _library(x).sqrt(x)


def where(condition: Any, yes: Any, no: Any) -> Any:
    """Element-wise choice."""
    return _library(condition, yes, no).where(condition, yes, no)


def minimum(x: Any, y: Any) -> Any:
    """The smaller of each pair."""
    return _library(x, y).minimum(x, y)


def maximum(x: Any, y: Any) -> Any:
    """The larger of each pair."""
    return _library(x, y).maximum(x, y)


def logsumexp(*terms: Any) -> Any:
    """ln(e^x + e^y + ...) without overflow; terms broadcast."""
    library = _library(*terms)
    top = terms[0]
    for term in terms[1:]:
        top = library.maximum(top, term)
    return top + library.log(sum(library.exp(term - top) for term in terms))
