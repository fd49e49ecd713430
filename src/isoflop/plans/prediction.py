"""What a law says at one point: by each of its published sets of constants, or by a fit with its interval."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from math import inf, log10
from pathlib import Path
from typing import Any

import numpy as np

from isoflop.allocations.allocate import Floats, allocate
from isoflop.allocations.lowest import lowest
from isoflop.allocations.repeated import allocate_repeated
from isoflop.conventions import Counted, Size
from isoflop.errors import BadInput, IsoflopError
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
    counts: str = ""
    text: str = ""
    impossible: str = ""
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
        told = {**found.inputs, **row.inputs}
        at = {name: told[name] for name in fit.law.inputs}
        interval = fit.sample.interval(lambda law: law(**at))
        row = replace(row, low=interval.low, high=interval.high)
    doubts = tuple(f"{check.name}: {check.message}" for check in fit.doubts)
    notes = tuple(each for each in found.notes if each != OTHER_TEXTS)
    return replace(found, predictions=(row,), notes=(*doubts, *notes))


def _predict(
    title: str, kind: type[Law], laws: Mapping[str, Law], given: Mapping[str, float], counts: Size | None
) -> Prediction:
    asked = _asked(title, kind, given)
    rows, refused = [], []
    for name, law in laws.items():
        try:
            where = asked.place(law)
            rows.append(_predicted(name, law, where, _value(law, where, counts), shown=asked.budget is not None))
        except (BadInput, IsoflopError) as bad:
            problems = bad.problems if isinstance(bad, BadInput) else (str(bad),)
            refused += [f"{name}: {problem.removeprefix(f'{kind.__name__}: ')}" for problem in problems]
    if not rows:
        raise BadInput(refused)
    notes = [*asked.notes, *([OTHER_TEXTS] if kind.output == "loss" else [])]
    shown = dict(given) if asked.budget is not None else asked.inputs
    return Prediction(
        title, formula(kind), kind.output, kind.output_unit, shown, tuple(rows), tuple(notes), tuple(refused)
    )


@dataclass(frozen=True)
class _Asked:
    """Where laws are asked: the inputs given, and a budget (FLOPs) whose best N and D are to be taken, or None."""

    inputs: dict[str, float]
    budget: float | None
    notes: tuple[str, ...]

    def place(self, law: Law) -> dict[str, float]:
        """Every input of this law."""
        if self.budget is None:
            return self.inputs
        best = _best_size(law, self.budget, self.inputs)
        found = {"n_params": best, "tokens": self.budget / (6 * best), **self.inputs}
        return {each: found[each] for each in law.inputs}


def _asked(title: str, kind: type[Law], given: Mapping[str, float]) -> _Asked:
    """The law's inputs out of what was given, and what was assumed. Raises `BadInput` for what does not fit it."""
    wanted, have, notes, budget = set(kind.inputs), dict(given), [], None
    if many := [each for each in kind.inputs if QUANTITIES[each].many]:
        raise BadInput(f"{title} takes {', '.join(many)}, many numbers each: call it from Python instead.")
    if "flops" in have and {"n_params", "tokens"} <= wanted and kind.output == "loss":
        if not kind.spends_tokens:
            raise BadInput(
                f"{title}: its D is the size of a training set, whatever number of tokens is trained on, so that no "
                "budget follows from N and D. Give --n-params and --tokens; the best size is in kaplan-optimal-size."
            )
        flops, known = have.pop("flops"), [each for each in ("n_params", "tokens") if each in have]
        if len(known) == 2:
            raise BadInput(f"{title}: n_params and tokens say the compute already; leave out --flops, or one of them.")
        if known:
            other = "tokens" if known[0] == "n_params" else "n_params"
            have[other] = flops / (6 * have[known[0]])
            notes.append(f"{QUANTITIES[other].symbol} is C / (6 {QUANTITIES[known[0]].symbol}).")
        else:
            budget = flops
            notes.append("N and D are the best by each set of constants, with C = 6 N D.")
    if "pf_days" in wanted and "flops" in have and "pf_days" not in have:
        have["pf_days"] = float(pf_days_of(have.pop("flops")))
        notes.append("C was turned into PF-days of 8.64e19 FLOPs.")
    found = {"n_params", "tokens"} if budget is not None else set()
    missing = [each for each in kind.inputs if each not in have and each not in found]
    strange = [each for each in have if each not in wanted]
    if missing or strange:
        told = ", ".join(f"{each} ({QUANTITIES[each].unit})" for each in kind.inputs)
        lacks = [f"it lacks {', '.join(missing)}"] if missing else []
        has = [f"it has no use for {', '.join(strange)}"] if strange else []
        raise BadInput(f"{title} takes {told}; {' and '.join(lacks + has)}.")
    return _Asked({each: have[each] for each in kind.inputs if each in have}, budget, tuple(notes))


def _best_size(law: Law, flops: float, others: Mapping[str, float]) -> float:
    """N of the least loss for C = 6 N D, the law's other inputs held."""
    if not others:
        return allocate(law, flops).n_params
    if set(others) == {"unique_tokens"}:
        return allocate_repeated(law, flops, others["unique_tokens"]).n_params

    def loss(log_n: Floats) -> Floats:
        n = np.exp(log_n)
        return np.asarray(law(**{**others, "n_params": n, "tokens": flops / (6 * n)}), dtype=np.float64)

    found = lowest(loss, np.zeros((1, 1)), np.full((1, 1), np.log(flops / 6)))
    if not found.certified[0]:
        raise IsoflopError(f"there is no best size at {flops:.3g} FLOPs: the loss is lowest at an edge")
    return float(np.exp(found.at[0]))


def _value(law: Law, where: Mapping[str, float], counts: Size | None) -> float:
    """The law's number there. Raises `BadInput` where N counts something else, or it is no number."""
    said: dict[str, Any] = dict(where)
    if counts is not None and "n_params" in said:
        said["n_params"] = Counted(said["n_params"], counts)
    with np.errstate(all="ignore"):
        value = float(law(**said))
    if not np.isfinite(value):
        raise BadInput("the law gives no number there, so far is it from anything it describes.")
    return value


def _predicted(name: str, law: Law, inputs: Mapping[str, float], value: float, *, shown: bool) -> Predicted:
    about = law.about
    return Predicted(
        name,
        value,
        inputs={each: inputs[each] for each in ("n_params", "tokens")} if shown else {},
        decades={
            each: far for each, at in inputs.items() if (far := _decades(at, about.fitted.get(each, (0.0, inf)))) != 0
        },
        ranged=any(each in about.fitted for each in inputs),
        counts=str(about.counts("n_params") or "") if "n_params" in inputs else "",
        text=about.text,
        impossible=_impossible(law, value),
        unverified=about.unverified,
        disputed=about.disputed,
    )


def _impossible(law: Law, value: float) -> str:
    """Why no such quantity can have this value."""
    about = QUANTITIES[law.output]
    if about.allows(value):
        return ""
    return f"{about.symbol} = {value:.4g} cannot be: it is {about.range}. The law does not hold there"


def _decades(value: float, span: Sequence[float]) -> float:
    """How many factors of ten a value lies above (+) or below (-) a range; 0 within."""
    low, high = span
    if value > high:
        return log10(value / high)
    return log10(value / low) if 0 < value < low else 0.0
