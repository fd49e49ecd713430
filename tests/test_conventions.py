"""What is counted is part of the number: a law refuses one that counts something else, and names what converts."""

from importlib import import_module
from typing import Any

import numpy as np
import pytest

from isoflop import conventions
from isoflop.conventions import Compute, Counted, LossUnit, Size
from isoflop.costs.counts import nonembedding_of, total_of, with_head_of
from isoflop.errors import BadInput
from isoflop.estimates.ensemble import Ensemble
from isoflop.laws.chinchilla import HOFFMANN_2022
from isoflop.laws.kaplan import KAPLAN_2020
from isoflop.units import bits_per_byte, flops_of, nats_per_token, pf_days_of


def test_a_law_takes_a_number_that_counts_what_it_counts() -> None:
    assert KAPLAN_2020(Counted(1e9, Size.NON_EMBEDDING), 2.2e10) == KAPLAN_2020(1e9, 2.2e10)
    assert HOFFMANN_2022(tokens=1e9, n_params=Counted(1e8, Size.TOTAL)) == HOFFMANN_2022(1e8, 1e9)


def test_a_law_refuses_another_count_and_names_both_and_the_function() -> None:
    with pytest.raises(BadInput) as refused:
        KAPLAN_2020(Counted(124e6, Size.TOTAL), 2.2e10)
    said = str(refused.value)
    assert "n_params = 1.24e+08 counts all parameters, embeddings included" in said
    assert "this law's counts parameters without embeddings" in said
    assert "isoflop.costs.counts.nonembedding_of" in said


@pytest.mark.parametrize("function", sorted(set(conventions.CONVERSIONS.values())))
def test_the_functions_that_convert_are_there(function: str) -> None:
    module, _, name = function.rpartition(".")
    assert callable(getattr(import_module(module), name))


def test_every_convention_says_what_it_means() -> None:
    assert set(conventions.MEANINGS) == {*Size, *Compute, *LossUnit}


def test_units_convert_there_and_back() -> None:
    """1 PF-day = 8.64e19 FLOPs; arXiv:2001.08361, sec. 1."""
    assert pf_days_of(1e21) == pytest.approx(11.574, abs=5e-4)
    flops = np.geomspace(1e15, 1e25, 5)
    assert flops_of(pf_days_of(flops)) == pytest.approx(flops)
    assert bits_per_byte(3.0, 4.3) == pytest.approx(3.0 / 4.3 / np.log(2))
    assert nats_per_token(bits_per_byte(3.0, 4.3), 4.3) == pytest.approx(3.0)


def test_gpt2_small_counts_all_ways() -> None:
    """12 layers of width 768: 84.9e6 non-embedding; 50,257 ids and 1,024 learned positions; the head is tied."""
    shape: dict[str, Any] = {"vocab_size": 50257, "width": 768, "positions": 1024, "tied": True}
    bare = Counted(12 * 12 * 768**2, Size.NON_EMBEDDING)
    assert total_of(bare, **shape) == Counted(124_318_464, Size.TOTAL)
    assert with_head_of(bare, **shape) == Counted(123_532_032, Size.WITH_HEAD)
    for counted in (total_of(bare, **shape), with_head_of(bare, **shape)):
        assert nonembedding_of(counted, **shape) == bare


def test_a_model_smaller_than_its_vocabulary_is_refused() -> None:
    with pytest.raises(BadInput, match="50,257 ids in width 768"):
        nonembedding_of(Counted(1e7, Size.TOTAL), vocab_size=50257, width=768)
    with pytest.raises(BadInput, match="one token uses"):
        total_of(Counted(1e7, Size.ACTIVE), vocab_size=50257, width=768)


def test_an_ensemble_does_not_mix_counts() -> None:
    with pytest.raises(BadInput, match=r"non-embedding.*total"):
        Ensemble((KAPLAN_2020, HOFFMANN_2022))
