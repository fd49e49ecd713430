"""Bags of laws about published ones, and answers by them, as a user's fit would give."""

from typing import Any

import numpy as np

from isoflop.conventions import Size
from isoflop.estimates.ensemble import Ensemble
from isoflop.laws.chinchilla import BESIROGLU_2024
from isoflop.laws.law import Law
from isoflop.plans.answer import Answer, answer
from isoflop.plans.question import Question
from isoflop.plans.source import Source, published_source


def bag(law: Law = BESIROGLU_2024, laws: int = 1000, spread: float = 0.02) -> Source:
    """Laws whose every constant is spread by so much of itself, as if they were the user's."""
    rng = np.random.default_rng(0)
    many = (
        type(law)(
            **{name: float(value * np.exp(spread * rng.normal())) for name, value in law.constants.items()},
            about=law.about,
        )
        for _ in range(laws)
    )
    return Source("mine", Ensemble(tuple(many)), Size.TOTAL, own=True)


def asked(source: Source | str | None = None, **given: Any) -> Answer:
    """The answer by a source, by a published law, or by the default."""
    question = Question(**given)
    if not isinstance(source, Source):
        source = published_source(source, repeats=question.unique_tokens is not None)
    return answer(question, source)
