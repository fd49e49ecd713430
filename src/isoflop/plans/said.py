"""What laws, published or fitted, say is best for a budget: N and D, and the loss of those that have one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from isoflop.conventions import MEANINGS, Compute, Size
from isoflop.errors import IsoflopError
from isoflop.estimates.ensemble import Ensemble
from isoflop.estimates.fit import Fit
from isoflop.laws.catalog import published_law
from isoflop.plans.discrepancy import ADVISERS, advice
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
YOURS = "your runs"
"""The text of a loss by a law of the user's own."""


@dataclass(frozen=True)
class Said:
    """What one law says: N, D, its loss (nats/token, of the text loss_of) or None, epochs or None.

    sets: its published constants. size: what N counts, None where that is no known count; counts: the same in words.
    planned: whether the plan is by it.
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
            notes = [f"6 N D is {spent:.3g} C: its D is of the critical batch, at which twice C_min is spent"]
    return Said(
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
    return Said(f"{type(fit.law).__name__}, yours", (), n, d, size, counts, loss, YOURS, _epochs(best, unique))


def _minima(fits: Sequence[Fit], flops: float) -> tuple[Said, ...]:
    """Approaches 1 and 2, each by the fits that it left."""
    found = []
    for approach in dict.fromkeys(fit.approach for fit in fits if fit.law.inputs == ("flops",)):
        of = {fit.law.output: fit for fit in fits if fit.approach == approach and fit.law.inputs == ("flops",)}
        values = {name: _median(fit, flops) for name, fit in of.items()}
        if "n_params" in values:
            n, size_and_counts = values["n_params"], _counted(of["n_params"])
            d = values.get("tokens", flops / (6 * n))
            loss = values.get("loss")
            found.append(Said(f"{approach}, yours", (), n, d, *size_and_counts, loss, "" if loss is None else YOURS))
    return tuple(found)


def _median(fit: Fit, flops: float) -> float:
    return fit.sample.interval(lambda law: law(flops)).median if fit.sample else float(fit.law(flops))


def _counted(fit: Fit) -> tuple[Size, str]:
    """What N counts in a fit, taken for matrices and head where it is not said."""
    size = next((each for each in Size if each == fit.convention), None)
    return size or Size.WITH_HEAD, MEANINGS[size] if size else "as your table does"


def _epochs(best: Split, unique_tokens: float | None) -> float | None:
    return None if unique_tokens is None else best.median("epochs")
