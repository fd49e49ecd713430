"""Alternatives on a screen: plain numbers, and no row of what is no alternative."""

import re

import pytest

from isoflop.plans import repeats
from isoflop.plans.alternatives import alternatives
from isoflop.reports.others_text import alternatives_text
from planted_bags import asked


def test_a_smaller_model_that_takes_over_three_times_the_compute_is_a_sentence_without_a_row() -> None:
    found = asked(loss=2.2, inference_tokens=3e13, extrapolate=True)
    small = alternatives(found, one_gpu=1e15)[0]
    assert small.name == "20% smaller at the same loss"
    assert small.tokens is small.extra is small.days is None
    times = re.match(r"It would take ([0-9.]+) times the compute", small.why)
    assert times
    assert float(times[1]) == pytest.approx(3.65)
    assert re.search(r"; in all, serving included, it takes \d+% more compute\.", small.why)
    said = alternatives_text(found, [small])
    assert "would take" in said
    assert "D / N" not in said


def test_the_rows_of_alternatives_have_no_exponent_and_are_never_quite_all() -> None:
    found = asked(flops=1e21, unique_tokens=1e6, extrapolate=True)
    said = alternatives_text(found, alternatives(found, one_gpu=1e15))
    assert "−99.99%" in said
    assert "−100%" not in said
    assert "57,200" in said
    assert not re.search(r"[0-9]e[+-][0-9]", said)
    assert repeats.doubts(found.split)[0].startswith("57,200 epochs: past about 40")
