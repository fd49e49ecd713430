"""How far each public model was from compute-optimal, by the law of its time and by the law one asks for today."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from isoflop.conventions import MEANINGS, Counted, Size
from isoflop.errors import BadInput, IsoflopError
from isoflop.laws.kaplan_frontier import KaplanOptimalSize
from isoflop.plans.law_of_time import LAWS_OF_THEIR_TIME, LEAD_MONTHS, LawOfTime, law_of_its_time
from isoflop.plans.models import KnownRun, from_memory, known_runs, runs_called, six_nd
from isoflop.plans.reaching import MOST_DECADES
from isoflop.plans.rule import Rule, rule
from isoflop.units import print_count

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
    the law's at the run's N and D; penalty: that over the lowest of the same compute, nats/token; wasted: the share of
    compute that the best run of the same loss saves; None where the rule knows no loss. decades, best_decades: how far
    the run and the best one lie beyond what was fitted, by input. doubts: why this rule may say little of this run.
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
    best_decades: dict[str, float]
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
        """The most decades beyond what was fitted, of the run or of the best one, without their sign."""
        return max(map(abs, (*self.decades.values(), *self.best_decades.values())), default=0.0)

    def to_json(self) -> dict[str, Any]:
        """Plain values, null where unknown."""
        return {**asdict(self), "oversized": self.oversized, "best_tokens_per_param": self.best_tokens_per_param}


@dataclass(frozen=True)
class ModelStanding:
    """A model by the law of its time and by today's; None where it has no place by it, and why not.

    by: which law was of its time and why. plan: the command that advises what `now` calls best; "" where a plan cannot
    be made by that law. beside: by other laws, where they were asked for.
    """

    run: KnownRun
    by: LawOfTime | None
    then: Placing | None
    now: Placing | None
    unplaced: str = ""
    plan: str = ""
    beside: tuple[Placing, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """All of the run, and its placings."""
        return {
            **self.run.to_json(),
            "n_params": float(self.run.n_params.value),
            "counts": str(self.run.n_params.counts),
            "tokens_per_param": self.run.tokens_per_param,
            "law_of_its_time": self.by.to_json() if self.by else None,
            "then": self.then.to_json() if self.then else None,
            "now": self.now.to_json() if self.now else None,
            "plan": self.plan or None,
            "unplaced": self.unplaced,
            "beside": [each.to_json() for each in self.beside],
        }


@dataclass(frozen=True)
class PlaceDoubt:
    """Why these laws may say little of these models."""

    said: str
    laws: tuple[str, ...]
    models: tuple[str, ...]


@dataclass(frozen=True)
class StandingOfModels:
    """Models by the laws of their time and by `law`, with what to know of it."""

    law: Rule
    models: tuple[ModelStanding, ...]
    notes: tuple[str, ...]

    @property
    def doubts(self) -> tuple[str, ...]:
        """What speaks against the law, and against those of the models' time; each once, and names its law."""
        earlier = dict.fromkeys(each.then.rule for each in self.models if each.then is not None)
        those = [doubt for name in earlier if name != self.law.name for doubt in rule(name).doubts]
        name = self.law.name
        own = [each if each.startswith(name) else f"{name}, {each}" for each in self.law.doubts]
        return tuple(dict.fromkeys((*own, *those)))

    @property
    def doubts_of_places(self) -> tuple[PlaceDoubt, ...]:
        """Why a law may say little of some models, each said once."""
        who: dict[tuple[str, str], list[str]] = {}
        for model in self.models:
            places = {each.rule: each for each in (model.now, model.then, *model.beside) if each is not None}
            for each in places.values():
                for said in each.doubts:
                    who.setdefault((said, each.rule), []).append(model.run.name)
        laws: dict[tuple[str, tuple[str, ...]], list[str]] = {}
        for (said, law), names in who.items():
            laws.setdefault((said, tuple(names)), []).append(law)
        return tuple(PlaceDoubt(said, tuple(by), names) for (said, names), by in laws.items())

    def to_json(self) -> dict[str, Any]:
        """The law, the order and the lead taken, every model, notes, doubts of the laws and of single places."""
        return {
            "law": self.law.name,
            "loss_of": self.law.law.about.text,
            "source": self.law.law.about.source,
            "order": "released, family, n_params",
            "lead_months": LEAD_MONTHS,
            "laws_of_their_time": [{"law": name, "public": since} for since, name in LAWS_OF_THEIR_TIME],
            "models": [each.to_json() for each in self.models],
            "notes": list(self.notes),
            "doubts": list(self.doubts),
            "doubts_of_places": [asdict(each) for each in self.doubts_of_places],
        }


def standing_of_models(law: str | None = None, name: str | None = None) -> StandingOfModels:
    """Every known model, or those of this name or family, by the law of their time and by `law` (`rule` finds it).

    By month of release. One alone is also laid beside other laws. Raises `BadInput` for a name that is none, with
    those near it.
    """
    runs = runs_called(name) if name is not None else tuple(known_runs().values())
    by = rule(law or DEFAULT_LAW)
    models = tuple(_standing(run, by, beside=len(runs) == 1) for run in runs)
    return StandingOfModels(by, models, (*_reach(by, models), *NOTES, *_small_batch(models)))


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
        penalty = max(0.0, loss - by.least_loss(flops))
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
        dict(by.decades(best_n, best_d)),
        tuple(_doubts(run, counted, by)),
    )


def _doubts(run: KnownRun, n_params: Counted, by: Rule) -> list[str]:
    """Why a law may say little of a run of this N."""
    said = []
    if Size.ACTIVE in run.sizes:
        whole = f" of {print_count(run.sizes[Size.TOTAL])}" if Size.TOTAL in run.sizes else ""
        used = f"N is the {print_count(float(n_params.value))}{whole} parameters that a token uses"
        said.append(f"a law that knows no mixtures of experts; {used}")
    elif by.counts is not None and n_params.counts != by.counts:
        said.append(f"the law counts {MEANINGS[by.counts]}; N is known only as {MEANINGS[n_params.counts]}")
    unsure = from_memory(tuple(key for key in ("n_params", "tokens") if key in run.memory))
    return [*said, *([f"{unsure}, so is the place"] if unsure else [])]


def _standing(run: KnownRun, by: Rule, *, beside: bool) -> ModelStanding:
    of_its_time = law_of_its_time(run)
    if run.tokens is None:
        return ModelStanding(run, of_its_time, None, None, "the tokens it was trained on were never published")
    now: Placing | None = None
    unplaced = ""
    try:
        now = place(run, by)
    except IsoflopError as error:
        unplaced = str(error)
    if now is not None and now.far > MOST_DECADES:
        unplaced = f"{now.far:.1f} decades beyond what {by.name} was fitted to, where it says nothing"
        now = None
    then = None if of_its_time is None else place(run, of_its_time.rule)
    names = dict.fromkeys((*BESIDE, *([of_its_time.rule.name] if of_its_time else []))) if beside else ()
    others = tuple(place(run, rule(each)) for each in names if each != by.name)
    flops = "" if now is None else f"{now.flops:.6g}".replace("e+", "e")
    plan = f"isoflop plan --flops {flops} {by.option}" if flops and by.option else ""
    return ModelStanding(run, of_its_time, then, now, unplaced, plan, others)


def _reach(by: Rule, models: Sequence[ModelStanding]) -> tuple[str, ...]:
    """How far beyond the law's runs the models lie."""
    if not by.law.about.fitted:
        return (f"It is not recorded what {by.name} was fitted to, so not how far it is asked beyond that.",)
    beyond = [each for each in models if each.now is not None and each.now.far > 0]
    if not beyond or len(models) == 1:
        return ()
    farthest = max(beyond, key=lambda each: each.now.far if each.now else 0.0)
    assert farthest.now is not None
    lie = "lies" if len(beyond) == 1 else "lie"
    return (
        f"{len(beyond)} of {len(models)} models {lie} beyond what {by.name} was fitted to, {farthest.run.name} by "
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
