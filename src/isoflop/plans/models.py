"""Public models: what was trained, when, on how much, at what cost, and what of it is from memory (`models.toml`)."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import Any

from isoflop.conventions import Counted, Size
from isoflop.errors import BadInput

_COUNTS = {
    "total": Size.TOTAL,
    "with_head": Size.WITH_HEAD,
    "non_embedding": Size.NON_EMBEDDING,
    "active": Size.ACTIVE,
}
_FIRST = (Size.ACTIVE, Size.TOTAL, Size.WITH_HEAD, Size.NON_EMBEDDING)
"""Which count stands for a run where nothing else is asked: what a token uses, then all of it."""
_SHORTEST = 3  # letters of a family's name that say which is meant
COLUMNS: Mapping[str, str] = {
    "released": "month of release",
    "n_params": "size",
    "tokens": "tokens",
    "flops": "FLOPs",
    "device": "device",
    "device_hours": "hours",
    "designed_by": "law it was sized by",
}
"""Keys of a row that may be from memory, as a text names them."""


@dataclass(frozen=True)
class KnownRun:
    """A public model and its training.

    sizes: N by what it counts. tokens: D; None where unpublished. flops: C as reported, by flops_note: one, several
    that differ, or none. device_hours: hours of one `device`. loss: nats/token on loss_of. mmlu: share right,
    five-shot. released: year-month. designed_by: the published law it was sized by, if its authors say so, at
    designed_source. tag: how well the row was checked; memory: which of its keys (`COLUMNS`) nobody has seen in a
    source. paper: a key of papers.bib.
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
    designed_by: str = ""
    designed_source: str = ""
    memory: tuple[str, ...] = ()
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

    @property
    def unverified(self) -> str:
        """What is from memory, in words: "size and tokens are from memory"; empty where nothing is."""
        return from_memory(self.memory)

    def to_json(self) -> dict[str, Any]:
        """Plain values, null where unknown."""
        sizes = {str(counts): value for counts, value in self.sizes.items()}
        plain = {"sizes": sizes, "flops": list(self.flops), "memory": list(self.memory)}
        return {**vars(self), **plain, "flops_6nd": self.six_nd, "unverified": self.unverified}


def six_nd(n_params: float, tokens: float) -> float:
    """6 N D: training FLOPs (Kaplan et al. 2020, eq. 2.2, without the context term)."""
    return 6.0 * n_params * tokens


def from_memory(keys: tuple[str, ...]) -> str:
    """Keys of `COLUMNS` in words: "size and tokens are from memory"; empty for none."""
    words = [said for key, said in COLUMNS.items() if key in keys]
    if not words:
        return ""
    several = len(words) > 1 or words[0].endswith("s")
    listed = " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))
    return f"{listed} {'are' if several else 'is'} from memory"


@cache
def known_runs() -> Mapping[str, KnownRun]:
    """Every known run by its name, by month of release, those of one month by family and size."""
    text = files("isoflop.plans").joinpath("models.toml").read_text(encoding="utf-8")
    runs = (_made(name, row) for name, row in tomllib.loads(text).items())
    return {run.name: run for run in sorted(runs, key=lambda run: (run.released, run.family, run.n_params.value))}


def known_run(name: str) -> KnownRun:
    """The run of this name, however it is written: gpt-3, GPT3. Raises `BadInput` with those near it."""
    for each in known_runs().values():
        if _letters(each.name) == _letters(name):
            return each
    raise _unknown(name)


def runs_called(name: str) -> tuple[KnownRun, ...]:
    """The run of this name, else all of the families whose names begin so: pythia, llama.

    Raises `BadInput` with the names near it.
    """
    runs, wanted = tuple(known_runs().values()), _letters(name)
    found = tuple(run for run in runs if _letters(run.name) == wanted)
    if not found and len(wanted) >= _SHORTEST:
        found = tuple(run for run in runs if _letters(run.family).startswith(wanted))
    if not found:
        raise _unknown(name)
    return found


def _unknown(name: str) -> BadInput:
    runs = known_runs().values()
    there = {_letters(each): each for run in runs for each in (run.family, run.name)}
    near = list(dict.fromkeys(there[each] for each in get_close_matches(_letters(name), there, n=3, cutoff=0.5)))
    families = ", ".join(dict.fromkeys(run.family for run in runs))
    hint = f"Did you mean {' or '.join(near)}?" if near else f"The families are {families}."
    return BadInput(f"No known model is called {name!r}. {hint} `isoflop models` lists them all.")


def _letters(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum() or letter == ".")


def _made(name: str, row: Mapping[str, Any]) -> KnownRun:
    plain = {key: value for key, value in row.items() if key not in {"n_params", "flops", "memory"}}
    sizes = {_COUNTS[key]: float(value) for key, value in row["n_params"].items()}
    flops = tuple(float(each) for each in row.get("flops", ()))
    return KnownRun(name, sizes=sizes, flops=flops, memory=tuple(row.get("memory", ())), **plain)
