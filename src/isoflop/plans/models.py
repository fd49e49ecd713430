"""Public models: what was trained, when, on how much, at what cost (`models.toml`); and how far each is from best."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np

from isoflop.allocations.allocate import allocate
from isoflop.allocations.target import flops_for
from isoflop.conventions import MEANINGS, Counted, Size
from isoflop.errors import BadInput
from isoflop.laws.law import Law

_COUNTS = {
    "total": Size.TOTAL,
    "with_head": Size.WITH_HEAD,
    "non_embedding": Size.NON_EMBEDDING,
    "active": Size.ACTIVE,
}
_FIRST = (Size.ACTIVE, Size.TOTAL, Size.WITH_HEAD, Size.NON_EMBEDDING)
"""Which count stands for a run where nothing else is asked: what a token uses, then all of it."""


@dataclass(frozen=True)
class KnownRun:
    """A public model and its training.

    sizes: N by what it counts. tokens: D; None where unpublished. flops: C as reported, by flops_note: one, several
    that differ, or none. device_hours: hours of one `device`. loss: nats/token on loss_of. mmlu: share right,
    five-shot. released: year-month. tag, unverified: how well the row was checked, and what nobody
    has seen in a source; unsure: the same as names of fields. designed_by: the set of the law that its authors, being
    the law's, planned it by, as designed_note says. paper: a key of papers.bib.
    """

    name: str
    family: str
    sizes: Mapping[Size, float]
    released: str
    tag: str
    source: str
    paper: str
    tokens: float | None = None
    flops: tuple[float, ...] = ()
    flops_note: str = ""
    device: str = ""
    device_hours: float | None = None
    loss: float | None = None
    loss_of: str = ""
    mmlu: float | None = None
    unverified: str = ""
    unsure: tuple[str, ...] = ()
    designed_by: str = ""
    designed_note: str = ""
    note: str = ""

    @property
    def n_params(self) -> Counted:
        """N as the run is known by: what a token uses for a mixture of experts, else all parameters."""
        counts = next(each for each in _FIRST if each in self.sizes)
        return Counted(self.sizes[counts], counts)

    def counted_as(self, counts: Size | None) -> Counted:
        """N by this count where it is known, else `n_params`, which says what it counts.

        Of a mixture of experts always what a token uses: all of it times 6 D is no compute that was ever spent.
        """
        known = counts is not None and counts in self.sizes and Size.ACTIVE not in self.sizes
        return Counted(self.sizes[counts], counts) if known and counts is not None else self.n_params

    @property
    def six_nd(self) -> float | None:
        """6 N D, FLOPs; None where D is unknown. N: active parameters of a mixture of experts, else all."""
        return None if self.tokens is None else six_nd(float(self.n_params.value), self.tokens)

    @property
    def tokens_per_param(self) -> float | None:
        """D / N; None where D is unknown."""
        return None if self.tokens is None else self.tokens / float(self.n_params.value)

    def to_json(self) -> dict[str, Any]:
        """Plain values, null where unknown."""
        sizes = {str(counts): value for counts, value in self.sizes.items()}
        return {
            **vars(self),
            "sizes": sizes,
            "flops": list(self.flops),
            "unsure": list(self.unsure),
            "flops_6nd": self.six_nd,
        }


def six_nd(n_params: float, tokens: float) -> float:
    """6 N D: training FLOPs (Kaplan et al. 2020, eq. 2.2, without the context term)."""
    return 6.0 * n_params * tokens


@cache
def known_runs() -> Mapping[str, KnownRun]:
    """Every known run by its name, families together by their first release, in a family by release, then by size."""
    text = files("isoflop.plans").joinpath("models.toml").read_text(encoding="utf-8")
    runs = [_made(name, row) for name, row in tomllib.loads(text).items()]
    first = {run.family: min(each.released for each in runs if each.family == run.family) for run in runs}
    runs.sort(key=lambda run: (first[run.family], run.family, run.released, float(run.n_params.value)))
    return {run.name: run for run in runs}


def known_run(name: str) -> KnownRun:
    """The run of this name, however it is written: gpt-3, GPT3. Raises `BadInput`, which lists the known ones."""
    for each in known_runs().values():
        if _plain(each.name) == _plain(name):
            return each
    raise BadInput(f"No known model is called {name!r}. There are {', '.join(known_runs())}.")


def _made(name: str, row: Mapping[str, Any]) -> KnownRun:
    plain = {key: value for key, value in row.items() if key not in {"n_params", "flops", "unsure"}}
    sizes = {_COUNTS[key]: float(value) for key, value in row["n_params"].items()}
    return KnownRun(
        name, sizes=sizes, flops=tuple(map(float, row.get("flops", ()))), unsure=tuple(row.get("unsure", ())), **plain
    )


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum() or letter == ".")


@dataclass(frozen=True)
class Distance:
    """How far a run is from the compute-optimal one of its own 6 N D, under a law.

    penalty: loss over the best, nats/token. wasted: C over the C that reaches the same loss at best, 1 for an optimal
    run. n_params, tokens: its own; best_n_params, best_tokens: those of the optimum. doubts: where the law's N counts
    something else, or the run is of a kind that the law was not fitted to. Losses are of the law's text: only their
    difference says something of the run.
    """

    run: str
    flops: float
    n_params: float
    tokens: float
    best_n_params: float
    best_tokens: float
    penalty: float
    wasted: float
    doubts: tuple[str, ...]

    @property
    def oversized(self) -> float:
        """N over the best N: above 1 too large and trained on too little."""
        return self.n_params / self.best_n_params


def distance(run: KnownRun, law: Law) -> Distance:
    """How far from compute-optimal a run is by L(N, D), at C = 6 N D, whatever it will be used for.

    Raises `BadInput` where D is unpublished or the law is none of size and tokens; `IsoflopError` where the law has no
    best size at that C.
    """
    if law.inputs != ("n_params", "tokens"):
        raise BadInput(f"Only a law of n_params and tokens says what is best; {type(law).__name__} has {law.inputs}.")
    if run.tokens is None:
        raise BadInput(f"{run.name}: the tokens it was trained on were never published, so nothing can be said of D/N.")
    meant = law.about.counts("n_params")
    n = run.counted_as(meant if isinstance(meant, Size) else None)
    n_params = float(n.value)
    C = six_nd(n_params, run.tokens)
    best = allocate(law, C)
    loss = float(law(n_params, run.tokens))
    least = float(np.ravel(flops_for(law, loss))[0])
    return Distance(
        run.name,
        C,
        n_params,
        run.tokens,
        best.n_params,
        best.tokens,
        loss - best.loss,
        C / least,
        tuple(doubts_of(run, n, meant, type(law).__name__)),
    )


def doubts_of(run: KnownRun, n_params: Counted, meant: Any, law: str) -> list[str]:
    """Why a law of this name whose N counts `meant` may say little of a run of this N."""
    said = []
    if isinstance(meant, Size) and n_params.counts != meant and Size.ACTIVE not in run.sizes:
        said.append(
            f"{run.name}: N is known only as {MEANINGS[n_params.counts]}; that of {law} counts {MEANINGS[meant]}."
        )
    if Size.ACTIVE in run.sizes:
        said.append(
            f"{run.name} is a mixture of experts: {law}, of dense models, says little of it. N is what a token uses."
        )
    if run.unverified:
        said.append(f"{run.name}: {run.unverified}.")
    return said
