"""Data mixing laws (Ye et al. 2024): the loss on one text from the shares of all domains in the training data."""

import functools
import re
from collections.abc import Sequence
from dataclasses import make_dataclass
from typing import Any, ClassVar

import numpy as np

from isoflop.errors import BadInput
from isoflop.laws.arrays import bounded_exp
from isoflop.laws.law import Law, param

MOST = 9
_ANY = (-np.inf, np.inf)
_STARTS = {2: (-3.0, -1.0, 0.0, 1.0), 3: (-2.0, -0.5, 1.0)}


class Mixing(Law):
    """L(r) = c + k e^(Σ_j t_j r_j)

    Ye et al. 2024, arXiv:2403.16952, eq. 7: the loss on one domain, from the shares r_j of all. t_j below 0: domain j
    helps. Shares sum to 1, so that adding a number to all t_j and dividing k by its exponential changes nothing: hold
    one t_j at 0 (`fixed`) where the constants matter. All runs are of one size and number of tokens; the authors nest
    the law with power laws of those. L in nats/token. `mixing(n)` makes the form of n domains.
    """

    n_domains: ClassVar[int]
    paper = "ye2024"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """L at these shares, in the order of the domains or by name (share_1, ...), nats/token."""
        shares = {**dict(zip(self.inputs, args, strict=False)), **kwargs}
        if shares.keys() != set(self.inputs) or len(args) + len(kwargs) != self.n_domains:
            raise BadInput(f"{type(self).__name__} takes the shares of {self.n_domains} domains; got {len(shares)}.")
        constants = self.constants
        exponent = sum(constants[f"t_{j}"] * shares[f"share_{j}"] for j in range(1, self.n_domains + 1))
        return constants["c"] + constants["k"] * bounded_exp(exponent)


@functools.cache
def mixing(n_domains: int) -> type[Mixing]:
    """The form of so many domains, the same class whenever it is asked for. Raises `BadInput` outside 2 to MOST."""
    if not 2 <= n_domains <= MOST:
        raise BadInput(f"A mixing law has 2 to {MOST} domains here; got {n_domains}. Each costs a constant.")
    fields = [
        ("c", param("nats/token", "what no mixture lowers", starts=(0.5, 1.5, 2.5), linear=True)),
        ("k", param("nats/token", "what mixing changes, at Σ_j t_j r_j = 0", starts=(0.5, 2.0), linear=True)),
    ]
    for j in range(1, n_domains + 1):
        help_of = f"what domain {j} adds to the exponent; below 0 it helps"
        starts = _STARTS.get(n_domains, (-1.0, 0.5))
        fields.append((f"t_{j}", param("1", help_of, starts=starts, domain=_ANY, scale="linear")))
    typed = [(name, float, constant) for name, constant in fields]
    # Named as the module's __getattr__ finds it again, so that it can be pickled.
    inputs = tuple(f"share_{j}" for j in range(1, n_domains + 1))
    about = {"__doc__": Mixing.__doc__, "__module__": __name__, "n_domains": n_domains, "inputs": inputs}
    made: Any = make_dataclass(f"Mixing{n_domains}", typed, bases=(Mixing,), namespace=about, frozen=True)
    form: type[Mixing] = made
    return form


def overall_loss(laws: Sequence[Mixing], weights: Sequence[float], *shares: Any) -> Any:
    """Σ_i s_i L_i(r), nats/token: the loss on a text that is a mixture of domains, s_i their shares in it.

    Ye et al. 2024, sec. 3.3: where the domains of a text are not known, their laws and s_i are fitted together. Raises
    `BadInput` where laws and weights differ in number, or weights are below 0 or do not sum to 1.
    """
    problems = []
    if len(laws) != len(weights):
        problems.append(f"There are {len(laws)} laws and {len(weights)} weights; each law needs its weight.")
    if any(weight < 0 for weight in weights) or abs(sum(weights) - 1) > 1e-6:
        problems.append(f"Weights {tuple(weights)} are no shares: they must be 0 or more and sum to 1.")
    if problems:
        raise BadInput(problems)
    return sum(weight * law(*shares) for law, weight in zip(laws, weights, strict=True))


def __getattr__(name: str) -> type[Mixing]:
    if re.fullmatch(r"Mixing[2-9]", name):
        return mixing(int(name[6:]))
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
