"""Documents are split in a seeded order, and near-duplicates stay together."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isoflop.training.splits import near_duplicates, seeded_order, split
from made_texts import document, words


@given(st.integers(0, 300), st.integers(0, 2**32))
def test_a_seeded_order_is_a_permutation(n: int, seed: int) -> None:
    assert sorted(seeded_order(n, seed).tolist()) == list(range(n))


def test_the_order_of_a_seed_never_changes() -> None:
    """Fixed for good: a record's id rests on it."""
    assert seeded_order(8, 0).tolist() == [3, 2, 1, 6, 0, 7, 4, 5]


def test_texts_that_share_most_of_their_words_are_near_duplicates() -> None:
    original = words(0, 200)
    edited = [b"other" if i % 40 == 7 else word for i, word in enumerate(original)]
    texts = [
        b" ".join(original),
        document(1),
        b" ".join(edited),
        b" ".join(original).upper().replace(b" ", b"-"),
        b" ".join(original[:150]),  # a part of the first
        document(2),
        b" ".join(original[:20]) + b" " + document(3),  # a quotation
        b"short",
        b"",
    ]
    groups = near_duplicates(texts).tolist()
    assert groups[0] == groups[2] == groups[3] == groups[4]
    assert len(set(groups)) == 6


def test_boilerplate_in_hundreds_of_texts_is_one_group() -> None:
    texts = [document(0) + f" number {i}".encode() for i in range(300)] + [document(i) for i in range(1, 50)]
    groups = near_duplicates(texts)
    assert len(set(groups[:300])) == 1
    assert len(set(groups)) == 50


def test_a_split_parts_all_documents_and_no_near_duplicates() -> None:
    texts = [document(i // 2) + b" x" * (i % 2) for i in range(400)]
    groups = near_duplicates(texts)
    for seed in range(5):
        train, held, n_near = split(texts, 0.1, seed)
        assert sorted([*train, *held]) == list(range(400))
        assert not set(groups[train]) & set(groups[held])
        assert n_near == 400
        assert len(held) / 400 == pytest.approx(0.1, abs=0.01)
        assert np.any(train != sorted(train)), "the order is the seed's, not the file's"


def test_a_split_depends_on_its_seed_alone() -> None:
    texts = [document(i) for i in range(100)]
    assert [ids.tolist() for ids in split(texts, 0.2, 3)[:2]] == [ids.tolist() for ids in split(texts, 0.2, 3)[:2]]
    assert split(texts, 0.2, 3)[1].tolist() != split(texts, 0.2, 4)[1].tolist()


def test_a_giant_document_is_not_held_out() -> None:
    texts = [document(0, 20_000), *(document(i, 100) for i in range(1, 200))]
    for seed in range(20):
        _, held, _ = split(texts, 0.05, seed)
        assert 0 not in held
        assert sum(len(texts[i]) for i in held) == pytest.approx(0.05 * sum(map(len, texts)), rel=0.5)
