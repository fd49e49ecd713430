"""Sums of power laws in inputs that you name: a law of your own, to be fitted like any other."""

import functools
import re
from dataclasses import make_dataclass
from typing import Any

import numpy as np

from isoflop.errors import BadInput
from isoflop.laws.arrays import bounded_exp, log
from isoflop.laws.inputs import QUANTITIES
from isoflop.laws.law import Law, param

_SCALES = tuple(float(np.exp(a)) for a in (0, 5, 10, 15))
_FLOORS = (0.1, 0.5, 1.5)
_EXPONENTS = (0.1, 0.3, 0.7)
_NO_FLOOR, _OUTPUT = "floor=False", "output="


class Powers(Law):
    """y = E + sum_i A_i / x_i^alpha_i: base of the forms that `sum_of_powers` makes."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The output at the inputs, in order or by name."""
        given = dict(zip(self.inputs, args, strict=False)) | kwargs
        if given.keys() != set(self.inputs) or len(args) + len(kwargs) != len(self.inputs):
            raise TypeError(f"{type(self).__name__} takes {', '.join(self.inputs)}, each once.")
        total = self.constants.get("E", 0.0)
        for name in self.inputs:
            falls = bounded_exp(-self.constants[f"alpha_{name}"] * log(given[name]))
            total = total + self.constants[f"A_{name}"] * falls
        return total


def sum_of_powers(*inputs: str, floor: bool = True, output: str = "loss") -> type[Law]:
    """The form y = E + sum_i A_i / x_i^alpha_i in the inputs of these names, without E where there is no floor.

        Mine = sum_of_powers("n_params", "tokens", "batch_tokens")
        fit(Mine, table)              # E, A_n_params, alpha_n_params, A_tokens, ...

    Inputs and output are columns of a table, in their units. With N and D it is the form of Chinchilla, with one input
    a power law with a floor. The same class whenever it is asked for; a law's JSON names it and is read back by it.
    Raises `BadInput` of names that can be no column, or are there twice.
    """
    names = (*inputs, output)
    wrong = [each for each in names if not re.fullmatch(r"[A-Za-z_]\w*", each)]
    problems = [f"{each!r} is no name of a column: letters, digits and _." for each in wrong]
    if not inputs:
        problems.append("A sum of power laws needs an input: name one or more.")
    if len(set(names)) < len(names):
        problems.append(f"Each is named once, the output too; got {', '.join(names)}.")
    if problems:
        raise BadInput(problems)
    return _made(inputs, bool(floor), output)


@functools.cache
def _made(inputs: tuple[str, ...], floor: bool, output: str) -> type[Law]:
    constants = []
    if floor:
        constants += [("E", param("output", "the floor: the output at infinite inputs", starts=_FLOORS, linear=True))]
    for name in inputs:
        constants += [
            (f"A_{name}", param("output", f"the term of {name}, where that is 1", starts=_SCALES, linear=True)),
            (f"alpha_{name}", param("1", f"how fast {name} helps", starts=_EXPONENTS)),
        ]
    typed = [(name, float, constant) for name, constant in constants]
    said = {
        "__doc__": _formula(inputs, floor, output) + "\n\nA law of your own, made by `sum_of_powers`.",
        "__module__": __name__,
        "inputs": inputs,
        "output": output,
        "output_unit": QUANTITIES[output].unit if output in QUANTITIES else "output",
    }
    # Named as the module's __getattr__ finds it again, so that it can be pickled and read from JSON.
    made: Any = make_dataclass(_name(inputs, floor, output), typed, bases=(Powers,), namespace=said, frozen=True)
    form: type[Law] = made
    return form


def _formula(inputs: tuple[str, ...], floor: bool, output: str) -> str:
    terms = [f"A_{name} / {name}^alpha_{name}" for name in inputs]
    return f"{output} = " + " + ".join(["E", *terms] if floor else terms)


def _name(inputs: tuple[str, ...], floor: bool, output: str) -> str:
    options = ([] if floor else [_NO_FLOOR]) + ([] if output == "loss" else [_OUTPUT + output])
    return "SumOfPowers" if (inputs, options) == (("x",), []) else f"SumOfPowers({', '.join([*inputs, *options])})"


def __getattr__(name: str) -> type[Law]:
    """The form by its name: SumOfPowers(n_params, tokens, floor=False), say."""
    if said := re.fullmatch(r"SumOfPowers\((.*)\)", name):
        words = [word.strip() for word in said.group(1).split(",")]
        output = next((word.removeprefix(_OUTPUT) for word in words if word.startswith(_OUTPUT)), "loss")
        inputs = [word for word in words if word != _NO_FLOOR and not word.startswith(_OUTPUT)]
        return sum_of_powers(*inputs, floor=_NO_FLOOR not in words, output=output)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


SumOfPowers = sum_of_powers("x")
