"""A scaling law as a value: the class is the form, an instance is one set of constants."""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Self

import numpy as np

from isoflop.conventions import Compute, Convention, Counted, LossUnit, Size, mismatch
from isoflop.errors import BadInput
from isoflop.laws.arrays import floats, is_concrete
from isoflop.laws.inputs import QUANTITIES


@dataclass(frozen=True)
class Param:
    """One constant of a form: its unit and meaning, where it may lie, and where a fit starts to look for it.

    On the scale "log" a fit searches ln(constant), so it stays positive; on "linear" it searches the constant itself.
    linear says something else: with all other constants held, the output is an affine function of those so marked
    (E, A and B of E + A / N^alpha + B / D^beta), so that a fit can solve for them instead of searching.
    """

    name: str
    unit: str
    meaning: str
    domain: tuple[float, float]
    starts: tuple[float, ...]
    scale: str
    linear: bool = False


def param(
    unit: str,
    meaning: str,
    *,
    starts: tuple[float, ...],
    domain: tuple[float, float] = (0.0, np.inf),
    scale: str = "log",
    linear: bool = False,
) -> Any:
    """A constant of a law, as a dataclass field; see `Param`. starts are values, not logarithms."""
    if scale not in {"log", "linear"}:
        raise ValueError(f"A constant's scale is 'log' or 'linear', not {scale!r}.")
    return field(metadata={"param": (unit, meaning, tuple(domain), tuple(starts), scale, linear)})


@dataclass(frozen=True)
class About:
    """What a law's symbols count and where its constants come from; "" where that is not known.

    n_params, flops, loss: what N, C and L count (`isoflop.conventions`). tokens: what D counts, in words. text: corpus
    and tokenizer. note: whatever else one must know to use the constants. source: paper, and where in it; paper: its
    key in `laws/papers.py`. tag: how well the constants were checked, V V2 C D M (`published.TAGS`). unverified: which
    of them nobody has seen in a source. disputed: what others found wrong with them. fitted: the range of each input
    that was fitted.
    """

    n_params: Size | str = ""
    tokens: str = ""
    flops: Compute | str = ""
    loss: LossUnit | str = ""
    text: str = ""
    note: str = ""
    source: str = ""
    paper: str = ""
    tag: str = ""
    unverified: str = ""
    disputed: str = ""
    fitted: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def counts(self, name: str) -> Convention | None:
        """What the input or output of this name counts, where that is one of the conventions."""
        if name == "pf_days":
            return Compute.PF_DAYS
        known = {"n_params": self.n_params, "flops": self.flops, "loss": self.loss, "task_loss": self.loss}
        said = known.get(name, "")
        return next((each for kind in (Size, Compute, LossUnit) for each in kind if each == said), None)

    def to_json(self) -> dict[str, Any]:
        """Plain values; what is not known is left out."""
        known = {f.name: getattr(self, f.name) for f in fields(self) if getattr(self, f.name)}
        if self.fitted:
            known["fitted"] = {name: list(span) for name, span in self.fitted.items()}
        return known

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`."""
        fitted = {name: (float(low), float(high)) for name, (low, high) in values.get("fitted", {}).items()}
        return cls(**{**values, "fitted": fitted})


UNKNOWN = About()


@dataclass(frozen=True)
class Law:
    """Base of all laws. A subclass is a frozen dataclass of `param` fields with `inputs`, `output` and `__call__`.

    `__call__` takes the inputs in order or by name: numbers, NumPy or JAX arrays, which broadcast. Constants that are
    concrete are checked against their domain (`BadInput` lists every one outside); traced ones are not: JAX fits them.
    A constant may be an array: then the law is many laws at once.
    """

    inputs: ClassVar[tuple[str, ...]] = ()
    """Names of `laws/inputs.py`, which says their symbols and units."""
    paper: ClassVar[str] = ""
    """The paper that proposed the form, a key of `laws/papers.py`; "" where it is nobody's."""
    spends_tokens: ClassVar[bool] = True
    """Whether D is what training goes through, so that 6 N D is its compute; not so where D is the size of a set."""
    output: ClassVar[str] = "loss"
    output_unit: ClassVar[str] = "nats/token"

    about: About = field(default=UNKNOWN, kw_only=True, compare=False, repr=False)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Make the formula see floats, also where counts come as integers."""
        super().__init_subclass__(**kwargs)
        formula = cls.__dict__.get("__call__")
        if formula is not None:
            setattr(cls, "__call__", _on_floats(formula))  # noqa: B010

    def __post_init__(self) -> None:
        problems = []
        for each in self.params():
            value = floats(getattr(self, each.name))
            if isinstance(value, np.generic):
                value = value.item()
            object.__setattr__(self, each.name, value)
            low, high = each.domain
            if is_concrete(value) and not np.all((np.asarray(value) >= low) & (np.asarray(value) <= high)):
                problems.append(f"{type(self).__name__}: {each.name} = {value} is outside [{low:g}, {high:g}].")
        if problems:
            raise BadInput(problems)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The output at these inputs."""
        raise NotImplementedError(f"{type(self).__name__} has no formula: define __call__.")

    @classmethod
    def params(cls) -> tuple[Param, ...]:
        """The form's constants in order."""
        return tuple(Param(f.name, *f.metadata["param"]) for f in fields(cls) if "param" in f.metadata)

    @property
    def constants(self) -> dict[str, Any]:
        """The constants by name."""
        return {each.name: getattr(self, each.name) for each in self.params()}

    def to_json(self) -> dict[str, Any]:
        """{"form", "constants", "about"}; floats keep every bit in JSON."""
        return {"form": type(self).__name__, "constants": self.constants, "about": self.about.to_json()}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`, for a known form; `catalog.law_from_json` finds the form by its name."""
        if values["form"] != cls.__name__:
            raise BadInput(f"These are constants of a {values['form']}, not of a {cls.__name__}.")
        return cls(**values["constants"], about=About.from_json(values.get("about", {})))


def _on_floats(formula: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(formula)
    def call(self: Law, *args: Any, **kwargs: Any) -> Any:
        if any(isinstance(value, Counted) for value in (*args, *kwargs.values())):
            args, kwargs = _uncounted(self, args, kwargs)
        _check(self, args, kwargs)
        return formula(self, *map(floats, args), **{name: floats(value) for name, value in kwargs.items()})

    return call


def _check(law: Law, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Raise `BadInput` with every plain number that its quantity cannot be; arrays are not looked at."""
    given = {**dict(zip(law.inputs, args, strict=False)), **kwargs}
    problems = [
        f"{type(law).__name__}: {name} = {value:g} is no {quantity.meaning.split(';')[0]}: that is {quantity.range}."
        for name, value in given.items()
        if isinstance(value, int | float | np.generic)
        and (quantity := QUANTITIES.get(name)) is not None
        and not quantity.allows(float(value))
    ]
    if problems:
        raise BadInput(problems)


def _uncounted(law: Law, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The bare numbers. Raises `BadInput` with each that counts something else than the law's symbol."""
    given = {**dict(zip(law.inputs, args, strict=False)), **kwargs}
    problems = []
    for name, value in given.items():
        wanted = law.about.counts(name)
        if isinstance(value, Counted) and wanted is not None and value.counts != wanted:
            problems.append(mismatch(type(law).__name__, name, value, wanted))
    if problems:
        raise BadInput(problems)

    def bare(value: Any) -> Any:
        return value.value if isinstance(value, Counted) else value

    return tuple(map(bare, args)), {name: bare(value) for name, value in kwargs.items()}
