"""What laws, published or fitted, say is best for a budget: N and D, and the loss of those that have one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from isoflop.conventions import MEANINGS, Compute, Size
from isoflop.errors import IsoflopError
from isoflop.estimates.ensemble import Ensemble
from isoflop.estimates.fit import Fit
from isoflop.laws.catalog import published_law
from isoflop.laws.law import Law
from isoflop.plans.discrepancy import ADVISERS, advice
from isoflop.plans.plan import Quantity
from isoflop.plans.reaching import LEAST_DECADES, MOST_DECADES, decades
from isoflop.plans.source import SPLITS
from isoflop.plans.split import Aim, Split, split

REPEATED = "MUENNIGHOFF_2023"
_APPROACH_3 = "Hoffmann 2022, approach 3"
COMPARED: Mapping[str, tuple[str, ...]] = {
    **{name: sets for name, sets in ADVISERS.items() if name not in {_APPROACH_3, "Besiroglu 2024"}},
    f"{_APPROACH_3}, printed": ("HOFFMANN_2022",),
    f"{_APPROACH_3}, TeX": ADVISERS[_APPROACH_3],
    "Besiroglu 2024": ADVISERS["Besiroglu 2024"],
    "Muennighoff 2023": (REPEATED,),
    "Llama 3": ("DUBEY_2024",),
    "DeepSeek LLM": ("BI_2024_SCALE", "BI_2024_TOKENS"),
}
"""Whom a plan is laid beside, by their sets of constants."""
_SYMBOLS = {"n_params": "N", "tokens": "D", "flops": "C", "pf_days": "C"}
_EXACT = "C: exact count"
_EXACT_C = "its C is counted exactly, attention and head included, and asked at the plan's 6 N D"
YOURS = "your runs"
"""The text of a loss by a law of the user's own."""


@dataclass(frozen=True)
class Said:
    """What one law says: N, D, its loss (nats/token, of the text loss_of) or None, epochs or None.

    sets: its published constants. spread: intervals of n_params, tokens, loss, where there are many laws. beyond: the
    quantity that lies furthest outside what was fitted, and by how many decades. size: what N counts, None where that
    is no known count; counts: the same in words. planned: whether the plan is by it.
    """

    law: str
    sets: tuple[str, ...]
    n_params: float
    tokens: float
    size: Size | None
    counts: str
    loss: float | None = None
    loss_of: str = ""
    epochs: float | None = None
    planned: bool = False
    notes: tuple[str, ...] = ()
    spread: Mapping[str, Quantity] = field(default_factory=dict)
    beyond: tuple[str, float] | None = None


def published_said(name: str, sets: tuple[str, ...], flops: float, unique_tokens: float | None) -> Said:
    """What a row of `COMPARED` says is best for C FLOPs; of a law that values repetition, for U unique tokens too."""
    laws = [published_law(each) for each in sets]
    about, loss, epochs = laws[0].about, None, None
    size, notes = about.counts("n_params"), [""]
    if sets == ("DUBEY_2024",):
        d = float(laws[0](flops))
        n, notes = flops / (6 * d), ["it names D alone; N = C / 6D"]
    elif sets[0] == "BI_2024_SCALE":
        n, d, size = float(laws[0](flops)) / 6, float(laws[1](flops)), Size.NON_EMBEDDING
        notes = ["it names M FLOPs a token, without vocabulary; N = M / 6, in which attention counts as parameters"]
    elif sets == (REPEATED,):
        best = split(Ensemble((laws[0],)), Aim(flops=flops, unique_tokens=unique_tokens))
        n, d, loss = (best.median(each) for each in ("n_params", "tokens", "loss"))
        epochs, notes = _epochs(best, unique_tokens), ["none of its tokens repeated"] if unique_tokens is None else [""]
    else:
        best_of = advice(name, sets, flops)
        n, d = best_of.n_params, best_of.tokens
        loss = float(laws[0](n, d)) if len(sets) == 1 else None
        if about.flops == Compute.PF_DAYS:
            spent = 6 * n * d / flops
            notes = [f"6 N D is {spent:.3g} C: its D is of the critical batch, where C is twice C_min"]
    said = Said(
        law=name,
        sets=sets,
        n_params=n,
        tokens=d,
        size=size if isinstance(size, Size) else None,
        counts=MEANINGS[size] if isinstance(size, Size) else str(about.n_params),
        loss=loss,
        loss_of="" if loss is None else about.text,
        epochs=epochs,
        notes=tuple(each for each in notes if each),
    )
    return within_reach(said, laws[0])


def within_reach(said: Said, law: Law) -> Said:
    """The same with how far it lies outside what the law was fitted to; too far off, without a loss."""
    far = decades(law, n_params=said.n_params, tokens=said.tokens)
    name = max(far, key=lambda each: abs(far[each]), default="")
    if not name or abs(far[name]) < LEAST_DECADES:
        return said
    said = replace(said, beyond=(_SYMBOLS[name], far[name]))
    if abs(far[name]) <= MOST_DECADES:
        return said
    note = f"more than {MOST_DECADES:g} decades outside what was fitted: N and D are drawn on, and no loss is told"
    spread = {each: value for each, value in said.spread.items() if each != "loss"}
    return replace(said, loss=None, loss_of="", spread=spread, notes=(*said.notes, note))


def fitted_said(fits: Sequence[Fit], flops: float, unique_tokens: float | None) -> tuple[Said, ...]:
    """What the fits of a user's file say: each L(N, D), and the laws of minima together, N(C) and where it is, D(C).

    Fits that split no budget, or have no best size here, say nothing.
    """
    found = [_joint(fit, flops, unique_tokens) for fit in fits if fit.law.inputs in SPLITS]
    return tuple(each for each in (*found, *_minima(fits, flops)) if each is not None)


def _joint(fit: Fit, flops: float, unique_tokens: float | None) -> Said | None:
    repeats = "unique_tokens" in fit.law.inputs
    unique = unique_tokens if repeats else None
    try:
        best = split(fit.sample or Ensemble((fit.law,)), Aim(flops=flops, unique_tokens=unique))
    except IsoflopError:
        return None
    n, d, loss = (best.median(each) for each in ("n_params", "tokens", "loss"))
    size, counts = _counted(fit)
    name = f"{type(fit.law).__name__}, yours"
    said = Said(name, (), n, d, size, counts, loss, YOURS, _epochs(best, unique), spread=spread_of(best))
    return within_reach(said, fit.law)


def spread_of(found: Split) -> dict[str, Quantity]:
    """Intervals of N, D and loss; nothing of one law alone."""
    if len(found.bag) < 2:
        return {}
    return {name: Quantity.of(found.interval(name)) for name in ("n_params", "tokens", "loss")}


def _minima(fits: Sequence[Fit], flops: float) -> tuple[Said, ...]:
    """Approaches 1 and 2, each by the fits that it left."""
    found = []
    for approach in dict.fromkeys(fit.approach for fit in fits if fit.law.inputs == ("flops",)):
        of = {fit.law.output: fit for fit in fits if fit.approach == approach and fit.law.inputs == ("flops",)}
        values = {name: _median(fit, flops) for name, fit in of.items()}
        if "n_params" in values:
            n, (size, counts) = values["n_params"], _counted(of["n_params"])
            d = values.get("tokens", flops / (6 * n))
            loss = values.get("loss")
            of_loss = "" if loss is None else YOURS
            notes = (_EXACT_C,) if _EXACT in of["n_params"].convention else ()
            spread = _spread_at(of, flops)
            said = Said(f"{approach}, yours", (), n, d, size, counts, loss, of_loss, notes=notes, spread=spread)
            found.append(within_reach(said, of["n_params"].law))
    return tuple(found)


def _spread_at(of: Mapping[str, Fit], flops: float) -> dict[str, Quantity]:
    """Intervals of N, D and loss by laws of C; of D = C / 6N by those of N where none gives D."""
    spread: dict[str, Quantity] = {}
    for name in ("n_params", "tokens", "loss"):
        if name in of and (laws := of[name].sample):
            spread[name] = Quantity.of(laws.interval(lambda law: law(flops)))
        elif name == "tokens" and name not in of and (laws := of["n_params"].sample):
            spread[name] = Quantity.of(laws.interval(lambda law: flops / (6 * law(flops))))
    return spread


def _median(fit: Fit, flops: float) -> float:
    return fit.sample.interval(lambda law: law(flops)).median if fit.sample else float(fit.law(flops))


def _counted(fit: Fit) -> tuple[Size, str]:
    """What N counts in a fit, taken for matrices and head where it is not said."""
    said = fit.convention
    size = next((each for each in Size if said == each or said.startswith(f"N: {MEANINGS[each]}.")), None)
    return size or Size.WITH_HEAD, MEANINGS[size] if size else "as your table does"


def _epochs(best: Split, unique_tokens: float | None) -> float | None:
    return None if unique_tokens is None else best.median("epochs")
