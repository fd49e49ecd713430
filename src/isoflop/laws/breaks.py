"""Broken neural scaling laws (Caballero et al. 2023): power laws whose exponent changes, smoothly, once or more."""

import functools
import re
from dataclasses import make_dataclass
from typing import Any, ClassVar

import numpy as np

from isoflop.errors import BadInput
from isoflop.laws.arrays import bounded_exp, log, log_of, maximum, softplus
from isoflop.laws.law import Law, param

_ANY = (-np.inf, np.inf)
_PLACES = tuple(10.0**k for k in range(2, 27, 2))
_STARTS = 600  # at the most, of all breaks together; the other constants multiply them by 30


class BNSL(Law):
    """L(D) = a + b D^(-c0) Π_i (1 + (D / d_i)^(1 / f_i))^(-c_i f_i)

    Caballero et al. 2023, arXiv:2210.14891, eq. 1. D (there x) are the examples seen (subclass it to name another
    input), L a loss or an error rate. Each break adds c_i to the exponent around d_i; f_i is how many e-folds it
    takes. Any number of breaks: `bnsl(n)` makes the form with n, and without any it is a power law with a floor.
    """

    n_breaks: ClassVar[int]

    inputs = ("examples",)
    output_unit = "output"
    paper = "caballero2022"

    def __call__(self, examples: Any) -> Any:
        """L after D examples."""
        constants = self.constants
        x = log(examples)
        ln_y = -constants["c0"] * x
        for i in range(1, self.n_breaks + 1):
            c, d, f = (constants[f"{each}{i}"] for each in "cdf")
            f = maximum(f, 1e-9)
            ln_y = ln_y - c * f * softplus((x - log_of(d)) / f)
        return constants["a"] + constants["b"] * bounded_exp(ln_y)


@functools.cache
def bnsl(n_breaks: int) -> type[BNSL]:
    """The form with so many breaks, the same class whenever it is asked for. Raises `BadInput` below 0.

    A fit has 3 n + 3 constants to find: more than a few breaks need more runs than most tables have.
    """
    if n_breaks < 0:
        raise BadInput(f"A broken law has 0 breaks or more; got {n_breaks}. Each costs three constants.")
    fields = [
        ("a", param("output", "the floor: the loss at infinite D", starts=(0.01, 0.5), linear=True)),
        ("b", param("output", "the reducible loss at D = 1", starts=(0.1, 3.0, 50.0, 3e3, 2e5), linear=True)),
        ("c0", param("1", "the exponent before the breaks", starts=(0.0, 0.2, 0.6), domain=_ANY, scale="linear")),
    ]
    turns = {1: (-0.3, 0.3, 1.0), 2: (-0.3, 0.3)}.get(n_breaks, (0.3,))
    widths = {1: (0.3, 1.5)}.get(n_breaks, (0.5,))
    for i in range(1, n_breaks + 1):
        ways = len(turns) * len(widths)
        places = _PLACES[i - 1 :: n_breaks][: max(1, int(_STARTS ** (1 / n_breaks) / ways))]
        if n_breaks > len(_PLACES):
            places = (_PLACES[-1] ** (i / n_breaks),)
        fields += [
            (f"c{i}", param("1", f"what break {i} adds to the exponent", starts=turns, domain=_ANY, scale="linear")),
            (f"d{i}", param("input", f"where break {i} is", starts=places)),
            (f"f{i}", param("1", f"how many e-folds break {i} takes", starts=widths)),
        ]
    typed = [(name, float, constant) for name, constant in fields]
    # Named as the module's __getattr__ finds it again, so that it can be pickled.
    about = {"__doc__": BNSL.__doc__, "__module__": __name__, "n_breaks": n_breaks}
    made: Any = make_dataclass(f"BNSL{n_breaks}", typed, bases=(BNSL,), namespace=about, frozen=True)
    form: type[BNSL] = made
    return form


def __getattr__(name: str) -> type[BNSL]:
    if re.fullmatch(r"BNSL\d+", name):
        return bnsl(int(name[4:]))
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
