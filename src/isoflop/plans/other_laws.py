"""The published laws by which a plan could be made as well, and what speaks against them there."""

from collections.abc import Iterator

from isoflop.errors import BadInput
from isoflop.laws.law import Law
from isoflop.laws.published import PUBLISHED
from isoflop.plans.reaching import decades
from isoflop.plans.source import Source, published_source

SPLITTING = ("Chinchilla", "DataConstrained", "Farseer", "Kaplan", "Overtraining", "RepetitionPenalty")
"""Forms of a loss by N and D, which split a budget."""
_SAID = 0.05  # decades off that are worth a word


def other_laws(source: Source, *, repeats: bool) -> Iterator[Source]:
    """Published sets that split a budget and count N alike, but those recalled from memory alone.

    As in the catalogue, those of the source's own paper last. Where tokens repeat, only those that can value it.
    """
    own = source.law.about.paper

    def alike(name: str) -> bool:
        row = PUBLISHED[name]
        counted = row.about.counts("n_params") == source.counts and row.about.tag != "M"
        return row.form in SPLITTING and name != source.name and counted

    for name in sorted(filter(alike, PUBLISHED), key=lambda name: PUBLISHED[name].about.paper == own):
        try:
            yield published_source(name, repeats=repeats)
        except BadInput:  # it does not value repetition
            continue


def against(law: Law, *, n_params: float, tokens: float) -> str:
    """What speaks against a law here: constants that nobody has seen, and how far off it is asked; "" for nothing."""
    far = decades(law, n_params=n_params, tokens=tokens)
    most = max(far.values(), key=abs, default=0.0)
    off = ""
    if abs(most) >= _SAID:
        off = f"{abs(most):.1f} decades {'above' if most > 0 else 'below'} what was fitted"
    return "; ".join(each for each in ("constants unverified" if law.about.unverified else "", off) if each)
