"""Forms with some of their constants held, so that a fit looks for the others alone."""

import copyreg
import functools
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from isoflop.errors import BadInput
from isoflop.laws.law import Law


class _Held(type):
    """The type of such forms. They are made while a program runs, so pickle must make them again, not import them."""

    form: type[Law]
    held: tuple[tuple[str, float], ...]


def fixed(form: type[Law], **constants: float) -> type[Law]:
    """The form with these constants held: a subclass whose `params` are the others, the same one for the same values.

        Repeated = fixed(DataConstrained, E=1.87, A=520.8, B=1487.7, alpha=0.353, beta=0.353)
        fit(Repeated, table)         # R_D_star and R_N_star
        Repeated(15.4, 5.3)          # a law like any other; its `constants` and JSON give all, as of the whole form

    Raises `BadInput` of constants that the form does not have, values outside their domain, or if none is left free.
    """
    values = {name: float(value) for name, value in constants.items()}
    whole: Any = form
    if isinstance(whole, _Held):
        values = dict(whole.held) | values
        whole = whole.form
    params = {each.name: each for each in whole.params()}
    problems = [
        f"{form.__name__} has no constant {name!r}; it has {', '.join(params)}."
        for name in values
        if name not in params
    ]
    for name in values.keys() & params.keys():
        low, high = params[name].domain
        if not low <= values[name] <= high or not np.isfinite(values[name]):
            problems.append(f"{form.__name__}: {name} = {values[name]} is outside [{low:g}, {high:g}].")
    if not problems and len(values) == len(params):
        problems.append(f"All constants of {form.__name__} would be held: then there is nothing to fit.")
    if problems:
        raise BadInput(problems)
    if not values:
        return form
    made: type[Law] = _made(whole, tuple((name, values[name]) for name in params if name in values))
    return made


@functools.cache
def _made(form: Any, held: tuple[tuple[str, float], ...]) -> Any:
    names = [each.name for each in form.params()]

    def constants(self: Law) -> dict[str, Any]:
        return {name: getattr(self, name) for name in names}

    def from_json(cls: type[Law], values: Any) -> Law:
        whole = form.from_json(values)
        return cls(**{each.name: getattr(whole, each.name) for each in cls.params()}, about=whole.about)

    namespace: dict[str, Any] = {name: field(init=False, default=value) for name, value in held}
    namespace |= {"__annotations__": {name: float for name, _ in held}, "__doc__": form.__doc__}
    namespace |= {"__module__": form.__module__, "form": form, "held": held}
    namespace |= {"constants": property(constants), "from_json": classmethod(from_json)}
    made: Any = _Held(form.__name__, (form,), namespace)
    return dataclass(frozen=True)(made)


copyreg.pickle(_Held, lambda made: (_made, (made.form, made.held)))
