"""The laws that a plan is made by: published ones, or those of a user's fit, with what N counts in them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from isoflop.conventions import MEANINGS, Size
from isoflop.errors import BadInput
from isoflop.estimates.ensemble import Ensemble
from isoflop.estimates.fit import Fit, read_fits
from isoflop.laws.catalog import find, published_law
from isoflop.laws.chinchilla import Chinchilla
from isoflop.laws.data_constrained import MUENNIGHOFF_2023, DataConstrained
from isoflop.laws.law import Law
from isoflop.laws.published import PUBLISHED
from isoflop.plans.vocabulary import recorded_vocabulary

DEFAULT_LAW = "BESIROGLU_2024"
REPEATED_LAW = "MUENNIGHOFF_2023"
"""By which a plan is made where unique tokens are limited."""
OTHER_TEXT = (
    "Published constants are of another text and tokenizer: losses are marked so, optima and ratios lead. Fit your own "
    "runs (isoflop fit), then plan with --fit fit.json."
)
SPLITS = (("n_params", "tokens"), ("n_params", "tokens", "unique_tokens"))


@dataclass(frozen=True)
class Source:
    """A bag of laws with its name; counts: what N counts; own: whether they were fitted to the user's runs.

    text: of which text and tokenizer a loss is. vocab_size: the ids of that text, where the user's runs record them.
    defaults: what was assumed. notes, doubts: what to know of the laws.
    """

    name: str
    bag: Ensemble
    counts: Size
    own: bool = False
    text: str = ""
    vocab_size: int | None = None
    defaults: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()

    @property
    def law(self) -> Law:
        """One of the laws, for what they share."""
        return self.bag.laws[0]


def published_source(name: str | None, *, repeats: bool) -> Source:
    """The law of a published set, or the default; where tokens repeat, one that values repetition.

    Raises `BadInput` for a name that is none, or for a law that splits no budget.
    """
    defaults: dict[str, str] = {}
    if name is None:
        name = REPEATED_LAW if repeats else DEFAULT_LAW
        defaults["law"] = f"{name}, {PUBLISHED[name].about.source.split(';')[0]} (--law, --fit)"
    form, sets = find(name)
    if len(sets) != 1:
        there = f"one of its sets: {', '.join(sets)}" if sets else "a law with published constants (isoflop laws)"
        raise BadInput(f"--law {name}: {form} is a form. A plan needs constants; name {there}.")
    law = _repeating(published_law(sets[0]), sets[0], repeats, defaults)
    about = law.about
    counts = about.counts("n_params")
    size = counts if isinstance(counts, Size) else Size.TOTAL
    defaults["N counts"] = MEANINGS[size]
    notes = tuple(f"{sets[0]}: {said}" for said in (about.unverified and f"UNVERIFIED: {about.unverified}",) if said)
    return Source(sets[0], Ensemble((law,)), size, text=about.text, defaults=defaults, notes=(*notes, OTHER_TEXT))


def fitted_source(path: Path, *, repeats: bool) -> Source:
    """The laws of a fit.json that split a budget: the chosen fit if it does, else the first that does."""
    fit = first_fit(path, lambda form: form.inputs in SPLITS and form.output == "loss")
    bag, defaults = fit.sample or Ensemble((fit.law,)), dict[str, str]()
    bag = replace(bag, laws=tuple(_repeating(law, str(path), repeats, defaults) for law in bag.laws))
    counts = next((each for each in Size if each == fit.convention), Size.WITH_HEAD)
    defaults["N counts"] = fit.convention or f"as the table does; for shapes, {MEANINGS[counts]}"
    doubts = tuple(f"{check.name}: {check.message}" for check in fit.doubts)
    status = () if str(fit.status) == "converged" else (f"The fit is {fit.status}. {fit.status.advice}",)
    return Source(
        f"{type(fit.law).__name__} of {path}",
        bag,
        counts,
        own=True,
        vocab_size=recorded_vocabulary(path),
        defaults=defaults,
        doubts=(*status, *doubts),
    )


def first_fit(path: Path, able: Callable[[type[Law]], bool]) -> Fit:
    """The chosen fit of a fit.json if its law is able to split a budget, else the first that is; `BadInput` if none."""
    fits, chosen = read_fits(path)
    for fit in (fits[chosen], *fits):
        if able(type(fit.law)):
            return fit
    there = ", ".join(type(fit.law).__name__ for fit in fits)
    raise BadInput(
        f"No fit in {path} says how to split a budget (its fits: {there}). "
        "Fit L(N, D): isoflop fit TABLE --law chinchilla"
    )


def _repeating(law: Law, name: str, repeats: bool, defaults: dict[str, str]) -> Law:
    """The law itself where it can value what is asked; Chinchilla's form with Muennighoff's worth of repetitions."""
    if law.inputs not in SPLITS or law.output != "loss":
        raise BadInput(
            f"{name}: a law that gives {law.output} from {', '.join(law.inputs)} splits no budget. Plan by one "
            "that gives the loss from n_params and tokens (isoflop laws)."
        )
    if not repeats or "unique_tokens" in law.inputs:
        return law
    if not isinstance(law, Chinchilla):
        raise BadInput(
            f"{name}: {type(law).__name__} does not say what a repeated token is worth. Leave out --unique-tokens, or "
            "plan by a law that does: --law MUENNIGHOFF_2023, or a fit of data-constrained or chinchilla."
        )
    stars = {each: MUENNIGHOFF_2023.constants[each] for each in ("R_D_star", "R_N_star")}
    defaults["repeats"] = f"worth what Muennighoff et al. 2023 found: R_D* {stars['R_D_star']:.3g}, on C4"
    return DataConstrained(**law.constants, **stars, about=law.about)
