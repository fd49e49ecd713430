"""Tokens decode to the text they came from, and a tokenizer is fitted on the training split alone."""

import itertools
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from isoflop.errors import BadInput
from isoflop.training.tokenizer import (
    BPETokenizer,
    ByteTokenizer,
    Tokenizer,
    check_tokenizer,
    tokenizer_fingerprint,
    tokenizer_from_json,
)

WORDS = ["loss", "über", "compute", "größer", "ladder", "日本", "scaling", "law"]
TEXTS = [" ".join(random.Random(i).choices(WORDS, k=60)).encode() for i in range(50)]
BPE = BPETokenizer.fitted(TEXTS, 300)


@given(st.lists(st.text(), max_size=5))
def test_bytes_come_back(texts: list[str]) -> None:
    documents = [text.encode() for text in texts]
    tokenizer = ByteTokenizer.fitted(documents)
    tokens, starts = tokenizer.encode(documents)
    assert [tokenizer.decode(tokens[a:b]) for a, b in itertools.pairwise(starts)] == texts
    assert tokens.dtype == np.uint8
    assert tokenizer.vocab_size == len(set(b"".join(documents))) + 2


@given(st.lists(st.text(), max_size=5))
def test_byte_pairs_come_back(texts: list[str]) -> None:
    tokens, starts = BPE.encode([text.encode() for text in texts])
    assert [BPE.decode(tokens[a:b]) for a, b in itertools.pairwise(starts)] == texts
    assert tokens.dtype == np.uint16


def test_every_document_starts_with_the_separator() -> None:
    for tokenizer in (ByteTokenizer.fitted(TEXTS), BPE):
        tokens, starts = tokenizer.encode(TEXTS)
        assert np.flatnonzero(tokens == tokenizer.separator).tolist() == starts[:-1].tolist()
        assert starts[-1] == len(tokens)
        assert tokens.max() < tokenizer.vocab_size


def test_a_byte_unseen_in_training_is_other() -> None:
    tokenizer = ByteTokenizer.fitted([b"abc"])
    tokens, _ = tokenizer.encode([b"cab?"])
    assert tokens.tolist() == [0, 4, 2, 3, tokenizer.other]
    assert tokenizer.decode(tokens.tolist()) == "cab\ufffd"


def test_byte_pairs_shorten_the_text_and_are_found_again() -> None:
    assert BPE.vocab_size == 300
    tokens, _ = BPE.encode(TEXTS)
    assert len(tokens) < sum(map(len, TEXTS)) / 2
    assert BPETokenizer.fitted(TEXTS, 300) == BPE


@pytest.mark.parametrize("tokenizer", [ByteTokenizer.fitted(TEXTS), BPE], ids=["bytes", "bpe"])
def test_a_tokenizer_survives_its_json(tokenizer: Tokenizer) -> None:
    again = tokenizer_from_json(tokenizer.to_json())
    assert again == tokenizer
    assert tokenizer_fingerprint(again) == tokenizer_fingerprint(tokenizer)
    assert tokenizer_fingerprint(again) != tokenizer_fingerprint(ByteTokenizer.fitted([b"abc"]))


def test_impossible_tokenizers_say_what_is_allowed() -> None:
    for kind, vocab_size, allowed in (
        ("words", None, "Allowed: 'bytes', 'bpe'"),
        ("bytes", 300, "Leave it out"),
        ("bpe", None, "from 258"),
        ("bpe", 70_000, "to 65536"),
    ):
        with pytest.raises(BadInput, match=allowed):
            check_tokenizer(kind, vocab_size)
