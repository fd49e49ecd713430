"""What a law says at one point: by each of its published sets of constants, or by a fit with its interval."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from math import inf, log10
from pathlib import Path
from typing import Any

from isoflop.allocations.allocate import allocate
from isoflop.conventions import Counted, Size
from isoflop.errors import BadInput
from isoflop.estimates.fit import read_fits
from isoflop.laws.catalog import find, form, published_law, typed_name
from isoflop.laws.description import formula
from isoflop.laws.inputs import QUANTITIES
from isoflop.laws.law import Law
from isoflop.units import pf_days_of

OTHER_TEXTS = (
    "Published constants belong to other texts and tokenizers: they give no absolute loss of yours. Between laws, "
    "compare ratios and optima."
)


@dataclass(frozen=True)
class Predicted:
    """The output by one set of constants.

    decades: how far each input lies outside what was fitted, above (+) or below (-), where it does. ranged: whether it
    is known what was fitted. inputs: where the law was asked, if that depends on the constants (the best size).
    """

    constants: str
    value: float
    low: float | None = None
    high: float | None = None
    inputs: Mapping[str, float] = field(default_factory=dict)
    decades: Mapping[str, float] = field(default_factory=dict)
    ranged: bool = False
    text: str = ""
    unverified: str = ""
    disputed: str = ""


@dataclass(frozen=True)
class Prediction:
    """All that a law says at one point; refused holds the sets that do not count as asked, with the reason."""

    law: str
    formula: str
    output: str
    unit: str
    inputs: Mapping[str, float]
    predictions: tuple[Predicted, ...]
    notes: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def predict(name: str, given: Mapping[str, float], *, counts: Size | None = None) -> Prediction:
    """What the law of this name (a form, or one of its published sets) gives at the inputs.

    given: inputs by name. `flops` also serves a law of PF-days, and of a law of N and D it is the budget: alone, the
    best N and D are taken; beside one of the two, the other is C / 6 of it. counts: what the N given counts. Raises
    `BadInput` where inputs are missing or the law has no use for them, or no set of constants counts like that.
    """
    form_name, sets = find(name)
    title = typed_name(form_name)
    if not sets:
        raise BadInput(
            f"No constants of {title} are published: the law is there to be fitted. `isoflop fit TABLE --law {title}` "
            "does it where the table has its inputs."
        )
    return _predict(title, form(form_name), {each: published_law(each) for each in sets}, given, counts)


def predict_fitted(path: Path, given: Mapping[str, float], *, counts: Size | None = None) -> Prediction:
    """`predict` by the chosen fit of a fit.json, with the interval of its draws."""
    fits, chosen = read_fits(path)
    fit = fits[chosen]
    found = _predict(str(path), type(fit.law), {type(fit.law).__name__: fit.law}, given, counts)
    row = found.predictions[0]
    if fit.sample is not None:
        at = row.inputs or found.inputs
        interval = fit.sample.interval(lambda law: law(**at))
        row = replace(row, low=interval.low, high=interval.high)
    doubts = tuple(f"{check.name}: {check.message}" for check in fit.doubts)
    notes = tuple(each for each in found.notes if each != OTHER_TEXTS)
    return replace(found, predictions=(row,), notes=(*doubts, *notes))


def _predict(
    title: str, kind: type[Law], laws: Mapping[str, Law], given: Mapping[str, float], counts: Size | None
) -> Prediction:
    inputs, notes = _inputs(title, kind, given)
    rows, refused = [], []
    for name, law in laws.items():
        where = inputs if inputs is not None else _best(law, given["flops"])
        if counts is not None and "n_params" in where and inputs is not None:
            said: dict[str, Any] = {**where, "n_params": Counted(where["n_params"], counts)}
        else:
            said = dict(where)
        try:
            value = float(law(**said))
        except BadInput as bad:
            refused += [problem.replace(f"{kind.__name__}:", f"{name}:", 1) for problem in bad.problems]
            continue
        rows.append(_predicted(name, law, where, value, shown=inputs is None))
    if not rows:
        raise BadInput(refused)
    if kind.output == "loss":
        notes.append(OTHER_TEXTS)
    asked = dict(given) if inputs is None else inputs
    return Prediction(
        title, formula(kind), kind.output, kind.output_unit, asked, tuple(rows), tuple(notes), tuple(refused)
    )


def _inputs(title: str, kind: type[Law], given: Mapping[str, float]) -> tuple[dict[str, float] | None, list[str]]:
    """The law's inputs out of what was given, and what was assumed; None where they are the best for a budget."""
    wanted, have, notes = kind.inputs, dict(given), []
    if wanted == ("n_params", "tokens") and "flops" in have:
        flops = have.pop("flops")
        if not have:
            return None, ["N and D are the best by each set of constants, with C = 6 N D."]
        if len(have) == 2 and set(have) == set(wanted):
            raise BadInput(f"{title}: n_params and tokens say the compute already; leave out --flops, or one of them.")
        known = next(iter(have))
        other = next(each for each in wanted if each != known)
        have[other] = flops / (6 * have[known])
        notes.append(f"{QUANTITIES[other].symbol} is C / (6 {QUANTITIES[known].symbol}).")
    if "pf_days" in wanted and "flops" in have:
        have["pf_days"] = float(pf_days_of(have.pop("flops")))
        notes.append("C was turned into PF-days of 8.64e19 FLOPs.")
    if many := [each for each in wanted if QUANTITIES[each].many]:
        raise BadInput(
            f"{title} takes {', '.join(many)}, many numbers each: call it from Python (`isoflop laws {title}`)."
        )
    missing = [each for each in wanted if each not in have]
    strange = [each for each in have if each not in wanted]
    if missing or strange:
        told = ", ".join(f"{each} ({QUANTITIES[each].unit})" for each in wanted)
        lacks = [f"it lacks {', '.join(missing)}"] if missing else []
        has = [f"it has no use for {', '.join(strange)}"] if strange else []
        raise BadInput(f"{title} takes {told}; {' and '.join(lacks + has)}.")
    return {each: have[each] for each in wanted}, notes


def _best(law: Law, flops: float) -> dict[str, float]:
    best = allocate(law, flops)
    return {"n_params": best.n_params, "tokens": best.tokens}


def _predicted(name: str, law: Law, inputs: Mapping[str, float], value: float, *, shown: bool) -> Predicted:
    about = law.about
    return Predicted(
        name,
        value,
        inputs=dict(inputs) if shown else {},
        decades={
            each: far for each, at in inputs.items() if (far := _decades(at, about.fitted.get(each, (0.0, inf)))) != 0
        },
        ranged=any(each in about.fitted for each in inputs),
        text=about.text,
        unverified=about.unverified,
        disputed=about.disputed,
    )


def _decades(value: float, span: Sequence[float]) -> float:
    """How many factors of ten a value lies above (+) or below (-) a range; 0 within."""
    low, high = span
    if value > high:
        return log10(value / high)
    return log10(value / low) if 0 < value < low else 0.0
