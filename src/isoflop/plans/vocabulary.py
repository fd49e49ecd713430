"""How many ids a planned model's vocabulary has, and N counted with its embeddings or without."""

import json
from dataclasses import dataclass
from pathlib import Path

from isoflop.conventions import MEANINGS, Size
from isoflop.laws.counting import PEARCE_2024_BPE, TotalSize
from isoflop.plans.question import Question

_ASPECT = float(PEARCE_2024_BPE.aspect(50_257))  # width over layers, of Hoffmann's models on average
_WITH_VOCABULARY = {Size.TOTAL, Size.WITH_HEAD}
"""Counts that a tied head, or none at all, makes one: they are not converted into each other."""


@dataclass(frozen=True)
class Vocabulary:
    """The number of ids, None where it is not known, and who says so, or why not, in words."""

    size: int | None
    source: str


def vocabulary(question: Question, *, own: bool, recorded: int | None = None) -> Vocabulary:
    """The ids of the model that is planned: those asked for, those that the user's runs had, or the family's.

    own: planned by the user's fit, whose runs had the `recorded` ids. A fit that records none is of no known
    vocabulary: the family's is not its, and is not taken.
    """
    if question.vocab is not None:
        return Vocabulary(int(question.vocab), "--vocab")
    if not own:
        return Vocabulary(question.like.vocab_size, f"{question.family}'s; --vocab")
    if recorded is not None:
        return Vocabulary(recorded, "your study's")
    return Vocabulary(None, "how many ids your runs had is not recorded; say it with --vocab")


def recorded_vocabulary(fit: Path) -> int | None:
    """The ids of the text that a fit.json of `isoflop run` is of, as the text.json beside it has them; None without."""
    try:
        found = json.loads((fit.parent / "text.json").read_text(encoding="utf-8"))["text"]["vocab_size"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found if isinstance(found, int) and not isinstance(found, bool) and found > 0 else None


def counted_as(n_params: float, size: Size | None, counts: Size, ids: Vocabulary) -> tuple[float | None, str]:
    """N of one count by another, and how it was converted; None, with the reason, where nothing converts.

    N_T = N + omega N^(1/3), Pearce & Song 2024, arXiv:2406.12907, omega by the number of ids. size: what N counts, None
    where that is not known.
    """
    if size is None:
        return n_params, "followed as it stands: what its N counts is not known"
    if size == counts or {size, counts} <= _WITH_VOCABULARY:
        return n_params, ""
    if Size.ACTIVE in {size, counts}:
        return None, f"not followed: nothing turns {MEANINGS[size]} into {MEANINGS[counts]}"
    if ids.size is None:
        return None, f"not followed, since its N is {MEANINGS[size]}: {ids.source}"
    total = TotalSize.of(vocab_size=ids.size, aspect=_ASPECT)
    found = float(total(n_params) if size == Size.NON_EMBEDDING else total.nonembedding(n_params))
    return found, f"followed with N as {MEANINGS[counts]}, by Pearce & Song 2024 with {ids.size:,} ids ({ids.source})"
