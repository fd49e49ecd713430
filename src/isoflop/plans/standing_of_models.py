"""How far each public model was from compute-optimal, by the law of its time and by the law one asks for today."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from typing import Any

from isoflop.conventions import MEANINGS
from isoflop.errors import BadInput, IsoflopError
from isoflop.laws.kaplan_frontier import KaplanOptimalSize
from isoflop.plans.models import KnownRun, doubts_of, known_runs, six_nd
from isoflop.plans.reaching import MOST_DECADES
from isoflop.plans.rule import Rule, rule

LAWS_OF_THEIR_TIME = (("2020-01", "KAPLAN_2020_TABLE_6_SIZE"), ("2022-03", "HOFFMANN_2022_APPROACH_1_SIZE"))
"""In which month a law was published that models were then planned by: Kaplan's and Hoffmann's. Of Hoffmann's three,
the first, which asks for 20 tokens a parameter as the field did."""
LEAD = 6
"""Months before its release in which a model is planned, an assumption: a law is of its time if it was public by then.
PaLM came out days after Hoffmann's paper. A model of the law's own authors is by that law (`designed_by`)."""
DEFAULT_LAW = "BESIROGLU_2024"
BESIDE = (
    "KAPLAN_2020_TABLE_6_SIZE",
    "HOFFMANN_2022_APPROACH_1_SIZE",
    "HOFFMANN_2022_TEX",
    "BESIROGLU_2024",
    "DUBEY_2024",
)
"""Laws that the page of one model lays side by side."""
NOTES = (
    "Best means the lowest loss for the training compute 6 N D, whatever a model is used for: one that serves many "
    "tokens is better smaller and trained for longer.",
    "Published laws are of other texts, tokenizers and recipes: ratios of N and shares of compute lead; nats are of "
    "the law's text.",
)


@dataclass(frozen=True)
class Placing:
    """A run beside the best one of its own compute, by one rule.

    n_params, tokens: the run's, N as the rule counts it where that is known (counts says what it is). flops: 6 N D of
    them. best_n_params, best_tokens: what the rule advises for it; best_n_params_ends: 90 % over a fit's draws. loss:
    the law's at the run's N and D; penalty: that over the best, nats/token; wasted: the share of compute that the best
    run of the same loss saves; None where the rule knows no loss. decades: how far beyond what was fitted, by input.
    """

    rule: str
    counts: str
    flops: float
    n_params: float
    tokens: float
    best_n_params: float
    best_tokens: float
    best_n_params_ends: tuple[float, float] | None
    loss: float | None
    penalty: float | None
    wasted: float | None
    decades: dict[str, float]
    doubts: tuple[str, ...]

    @property
    def oversized(self) -> float:
        """N over the best N: above 1 too large and trained on too little."""
        return self.n_params / self.best_n_params

    @property
    def best_tokens_per_param(self) -> float:
        """D / N as advised."""
        return self.best_tokens / self.best_n_params

    @property
    def far(self) -> float:
        """The most decades beyond what was fitted, without their sign."""
        return max(map(abs, self.decades.values()), default=0.0)

    def to_json(self) -> dict[str, Any]:
        """Plain values, null where unknown."""
        return {**asdict(self), "oversized": self.oversized, "best_tokens_per_param": self.best_tokens_per_param}


@dataclass(frozen=True)
class ModelStanding:
    """A model by the law of its time and by today's; None where it has no place by it, and why not.

    beside: by other laws, where they were asked for.
    """

    run: KnownRun
    then: Placing | None
    now: Placing | None
    unplaced: str = ""
    beside: tuple[Placing, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """All of the run, and its placings."""
        return {
            **self.run.to_json(),
            "n_params": float(self.run.n_params.value),
            "counts": str(self.run.n_params.counts),
            "tokens_per_param": self.run.tokens_per_param,
            "then": self.then.to_json() if self.then else None,
            "now": self.now.to_json() if self.now else None,
            "unplaced": self.unplaced,
            "beside": [each.to_json() for each in self.beside],
        }


@dataclass(frozen=True)
class StandingOfModels:
    """Models by the laws of their time and by `law`, with what to know of it."""

    law: Rule
    models: tuple[ModelStanding, ...]
    notes: tuple[str, ...]

    @property
    def doubts(self) -> tuple[str, ...]:
        """What speaks against the law, and against those of the models' time."""
        earlier = dict.fromkeys(each.then.rule for each in self.models if each.then is not None)
        return (*self.law.doubts, *(doubt for name in earlier if name != self.law.name for doubt in rule(name).doubts))

    def to_json(self) -> dict[str, Any]:
        """{"law", "loss_of", "source", "models", "notes", "doubts"}."""
        return {
            "law": self.law.name,
            "loss_of": self.law.law.about.text,
            "source": self.law.law.about.source,
            "models": [each.to_json() for each in self.models],
            "notes": list(self.notes),
            "doubts": list(self.doubts),
        }


def standing_of_models(law: str | None = None, name: str | None = None) -> StandingOfModels:
    """Every known model, or those of this name or family, by the law of their time and by `law` (`rule` finds it).

    One alone is also laid beside other laws. Raises `BadInput` for a name that is none, with those near it.
    """
    runs, by = chosen(name), rule(law or DEFAULT_LAW)
    others = [rule(each) for each in BESIDE if each != by.name] if len(runs) == 1 else []
    models = tuple(_standing(run, by, others) for run in runs)
    return StandingOfModels(by, models, (*_reach(by, models), *NOTES, *_small_batch(models)))


def chosen(name: str | None) -> tuple[KnownRun, ...]:
    """The run of this name however it is written, or those of this family; all where none is named."""
    runs = tuple(known_runs().values())
    if name is None:
        return runs
    wanted = _letters(name)
    found = tuple(run for run in runs if _letters(run.name) == wanted)
    found = found or tuple(run for run in runs if _letters(run.family) == wanted)
    if found:
        return found
    there = {_letters(each): each for run in runs for each in (run.family, run.name)}
    near = list(dict.fromkeys(there[each] for each in get_close_matches(wanted, there, n=3, cutoff=0.5)))
    hint = f"Did you mean {' or '.join(near)}?" if near else f"There are {', '.join(run.name for run in runs)}."
    raise BadInput(f"No known model is called {name!r}. {hint} `isoflop models` lists them.")


def law_of_its_time(run: KnownRun) -> Rule | None:
    """What a model was planned by, or could have been `LEAD` months before its release; None before there was any."""
    if run.designed_by:
        return rule(run.designed_by)
    year, month = map(int, run.released.split("-"))
    since_year, since_month = divmod(12 * year + month - 1 - LEAD, 12)
    planned = f"{since_year:04}-{since_month + 1:02}"
    names = [name for since, name in LAWS_OF_THEIR_TIME if since <= planned]
    return rule(names[-1]) if names else None


def place(run: KnownRun, by: Rule) -> Placing:
    """A run beside the best of its compute. Raises `BadInput` where its tokens were never published."""
    if run.tokens is None:
        raise BadInput(f"{run.name}: the tokens it was trained on were never published, so nothing can be said of D/N.")
    counted = run.counted_as(by.counts)
    n_params = float(counted.value)
    flops = six_nd(n_params, run.tokens)
    best_n, best_d = by.best(flops)
    ends = by.best_size_interval(flops)
    loss = penalty = wasted = None
    if by.joint:
        loss = by.loss(n_params, run.tokens)
        penalty = max(0.0, loss - by.loss(best_n, best_d))
        wasted = max(0.0, 1 - by.least_flops(loss) / flops)
    return Placing(
        by.name,
        MEANINGS[counted.counts],
        flops,
        n_params,
        run.tokens,
        best_n,
        best_d,
        None if ends is None else (ends.low, ends.high),
        loss,
        penalty,
        wasted,
        dict(by.decades(n_params, run.tokens)),
        tuple(doubts_of(run, counted, by.counts, by.name)),
    )


def _standing(run: KnownRun, by: Rule, others: Sequence[Rule]) -> ModelStanding:
    if run.tokens is None:
        return ModelStanding(run, None, None, "the tokens it was trained on were never published")
    of_its_time, unplaced = law_of_its_time(run), ""
    now: Placing | None = None
    try:
        now = place(run, by)
    except IsoflopError as error:
        unplaced = str(error)
    if now is not None and now.far > MOST_DECADES:
        unplaced = f"{now.far:.1f} decades beyond what {by.name} was fitted to, where it says nothing"
        now = None
    then = None if of_its_time is None else place(run, of_its_time)
    return ModelStanding(run, then, now, unplaced, tuple(place(run, each) for each in others))


def _reach(by: Rule, models: Sequence[ModelStanding]) -> tuple[str, ...]:
    """How far beyond the law's runs the models lie."""
    if not by.law.about.fitted:
        return (f"It is not recorded what {by.name} was fitted to, so not how far it is asked beyond that.",)
    beyond = [each for each in models if each.now is not None and each.now.far > 0]
    if not beyond or len(models) == 1:
        return ()
    farthest = max(beyond, key=lambda each: each.now.far if each.now else 0.0)
    assert farthest.now is not None
    return (
        f"{len(beyond)} of {len(models)} models lie beyond what {by.name} was fitted to, {farthest.run.name} by "
        f"{farthest.now.far:.1f} decades.",
    )


def _small_batch(models: Sequence[ModelStanding]) -> tuple[str, ...]:
    """What Kaplan's law takes for C, where it was asked."""
    for law in (rule(each.rule).law for model in models for each in (model.then, *model.beside) if each is not None):
        if isinstance(law, KaplanOptimalSize):
            return (
                "Kaplan's law is of C_min, half of the C of a run at the critical batch, as Hoffmann et al. compare. "
                f"Of a batch far below it C_min is C, and the best N {2**law.a:.2f} times as large.",
            )
    return ()


def _letters(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum() or letter == ".")
